"""TorchScript and ONNX weights of a package are one network. Needs the extra `torch`, which `make test` does
not install (it weighs gigabytes): `.venv/bin/pip install -e '.[torch]'` switches this on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drua.models.card import read_card
from drua.pipeline import open_model

from tests.models.test_packages import PACKAGES

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_and_onnx_agree(package: Path) -> None:
    card = read_card(package)
    path = next(weights.path for weights in card.weights if weights.format == "torchscript")
    image = np.random.default_rng(4).random((1, 1, 160, 224), np.float32)
    with torch.no_grad():
        scripted = torch.jit.load(path)(torch.from_numpy(image)).numpy()
    with open_model(package) as model:
        np.testing.assert_allclose(model.backend.run([image])[0], scripted, atol=1e-4)
