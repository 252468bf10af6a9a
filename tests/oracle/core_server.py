"""bioimageio.core behind a pipe: a line for each request, and one for each answer. Arrays go by files.

It runs in the oracle's own environment, which has no Drua (docs/decisions/0012).
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# last, so that all else is the oracle's own
sys.path += filter(None, [os.environ.get("DRUA_TORCH")])

import numpy as np
from bioimageio.core import Tensor, create_prediction_pipeline
from bioimageio.core.digest_spec import create_sample_for_model, get_axes_infos, get_member_id
from bioimageio.spec import ValidationContext, load_model_description
from loguru import logger


def predict(request: dict[str, Any]) -> dict[str, Any]:
    """Return the files of the outputs, how long the prediction took, and by which weights.

    It has the `package` (a description's path), the files of the `inputs` by name, the `block` (the sides of
    a tile, by input and axis; None for whole), the `weights` to use (None for its default), and the folder
    `out`.
    """
    with ValidationContext(perform_io_checks=False):
        model = load_model_description(request["package"])
    # an array without its axes may have no other sides than the description's
    axes = {get_member_id(each): get_axes_infos(each) for each in model.inputs}
    inputs = {name: Tensor(np.load(path), axes[name]) for name, path in request["inputs"].items()}
    with create_prediction_pipeline(model, weights_format=request["weights"]) as pipeline:
        started = time.perf_counter()
        sample = create_sample_for_model(model, inputs=inputs)
        if request["block"] is None:
            result = pipeline.predict_sample_without_blocking(sample)
        else:
            result = pipeline.predict_sample_with_fixed_blocking(sample, request["block"])
        seconds = time.perf_counter() - started
        used = type(pipeline._adapter).__name__
    files = {}
    for output in model.outputs:
        name = get_member_id(output)
        path = Path(request["out"]) / f"{name}.npy"
        np.save(path, np.asarray(result.members[name].data))
        files[str(name)] = str(path)
    return {"outputs": files, "seconds": seconds, "by": used}


def main() -> None:
    """Answer until stdin ends; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    logger.remove()
    warnings.simplefilter("ignore")
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = predict(json.loads(line))
        except Exception as error:  # whatever the reference cannot do is an answer, too
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
