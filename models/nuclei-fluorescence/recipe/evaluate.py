"""Turn the network's output into nuclei with Drua's decoder, and score them.

    python models/nuclei-fluorescence/recipe/evaluate.py --data PATH/TO/dsb2018/fluorescence

scores the package's ONNX weights on the validation fifth. Axes: C channels, Y rows, X columns; lengths are
in pixels.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from data import Field, FloatImage, read_fields
from drua.backends.architectures.nuclei import CHANNELS, STRIDE, NucleiNet
from drua.decoders import watershed
from drua.metrics import Match, match, pool, score
from numpy.typing import NDArray

PACKAGE = Path(__file__).resolve().parents[1]

Predictor = Callable[[FloatImage], FloatImage]
"""Maps a normalised batch, N1YX, to probabilities, NCYX."""


@dataclass(frozen=True)
class Settings:
    """What a user may change about the decoder."""

    mask_threshold: float = 0.5
    marker_height: float = 0.1
    smoothing: float = 1.0
    min_size: int = 20


def decode(maps: FloatImage, settings: Settings) -> NDArray[np.uint32]:
    """Turn probabilities, CYX, into a label image, YX, with the engine's own decoder."""
    roles = {"marker": "distance", "foreground": "foreground", "distance": "distance"}
    labels: NDArray[np.uint32] = watershed.decode(maps, CHANNELS[: len(maps)], {**roles, **asdict(settings)})
    return labels


def pad(image: FloatImage) -> FloatImage:
    """Reflect an image, YX, at its lower and right edge until its sides are multiples of the stride."""
    rows, columns = (-side % STRIDE for side in image.shape)
    return np.pad(image, ((0, rows), (0, columns)), mode="reflect")


def predict(predictor: Predictor, image: FloatImage) -> FloatImage:
    """Probabilities, CYX, of one normalised image, YX, seen whole."""
    height, width = image.shape
    return predictor(pad(image)[None, None])[0, :, :height, :width]


def torch_predictor(network: NucleiNet) -> Predictor:
    """Run the network in training's own library."""
    import torch

    device = next(network.parameters()).device

    def run(batch: FloatImage) -> FloatImage:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(batch).to(device)).sigmoid().cpu().numpy())

    return run


def onnx_predictor(weights: Path) -> Predictor:
    """Run exported weights in ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0])


def compare(predictor: Predictor, fields: Iterable[Field], settings: Settings) -> list[Match]:
    """Match the prediction of every field with its truth at an IoU of 0.5."""
    matches = []
    for field in fields:
        maps = predict(predictor, field.image)
        matches.append(match(decode(maps, settings), field.labels))
    return matches


def report(matches: list[Match]) -> dict[str, float]:
    """Pooled figures, the mean over images of AP@0.5, and what they rest on."""
    pooled = pool(matches)
    return {
        **asdict(score(pooled)),
        "ap_image_mean": float(np.mean([score(one).ap for one in matches])),
        "objects": pooled.tp + pooled.fn,
        "images": len(matches),
    }


def main() -> None:
    """Read the command line and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and labels/")
    parser.add_argument("--weights", type=Path, default=PACKAGE / "weights.onnx")
    arguments = parser.parse_args()
    fields = read_fields(arguments.data, validation=True)
    print(json.dumps(report(compare(onnx_predictor(arguments.weights), fields, Settings())), indent=2))


if __name__ == "__main__":
    main()
