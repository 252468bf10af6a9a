"""Which architectures are taken for ours, and what is said without torch. Needs no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from drua.backends import architectures, pytorch, statedict, torchscript
from drua.errors import BackendMissingError, UntrustedModelError
from drua.models.card import Weights

BROAD = "d00721e7d00f55222e8cbf90019dd85ce9df0ae42fd46a07f0e6ea45729b310d"
CAREAMICS = {"callable": "UNet", "import_from": "careamics.models.unet"}


@pytest.mark.parametrize(
    ("described", "module"),
    [
        ({"callable": "UNet2d", "source": "unet2d.py", "sha256": BROAD}, "broad"),
        ({"callable": "UNet2d", "import_from": "torch_em.model.unet"}, "torch_em"),
        ({"callable": "UNet3d", "import_from": "torch_em.model"}, "torch_em"),
        (CAREAMICS, "careamics"),
        ({"callable": "NucleiNet", "import_from": "drua.backends.architectures.nuclei"}, "nuclei"),
    ],
)
def test_an_architecture_is_known_by_its_library_or_source(described: dict, module: str) -> None:
    found = architectures.find(described)
    assert found is not None
    assert found.module == module


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"callable": "UNet2d"},
        {"callable": "UNet2d", "source": "unet2d.py", "sha256": "0" * 64},
        {"callable": "UNet2d", "source": "unet2d.py", "sha256": None},
        {"callable": "UNet", "import_from": "careamics.models_of_mine"},
        {"callable": "LVAE", "import_from": "careamics.models"},
        {"callable": "UNet", "import_from": "monai.networks"},
    ],
)
def test_a_name_alone_is_not_enough(described: dict, tmp_path: Path) -> None:
    assert architectures.find(described) is None
    with pytest.raises(
        UntrustedModelError, match=r"weights\.pt is a state dict .*drua models add --allow-code"
    ):
        statedict.open_state(
            Weights("pytorch_state_dict", tmp_path / "weights.pt", None, described or None), "auto"
        )


def test_without_torch_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "installed", lambda: False)
    weights = Weights("torchscript", tmp_path / "weights.pt", None, CAREAMICS)
    for opener in (torchscript.open_script, statedict.open_state):
        with pytest.raises(BackendMissingError, match=r"pip install 'drua\[torch\]'"):
            opener(weights, "auto")
    assert pytorch.devices() == ()
    assert pytorch.version() is None


def test_nothing_imports_torch_before_it_is_needed() -> None:
    code = (
        "import sys, drua.session, drua.backends as b, drua.conversion; b.devices(); b.versions();"
        " print('torch' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
