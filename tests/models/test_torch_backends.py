"""TorchScript and state dicts run as ONNX does: the backend contract, the packages, and what is refused."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from drua import backends
from drua.backends import Backend, architectures, onnx, pytorch, statedict, torchscript
from drua.errors import (
    BackendMissingError,
    CardError,
    DeviceError,
    DeviceMemoryError,
    UntrustedModelError,
    WeightsMissingError,
)
from drua.models.card import Weights, read_card
from drua.pipeline import open_model
from drua.selftest import reproduce
from safetensors.torch import save_file

from tests.contract import test_backend
from tests.models.test_packages import PACKAGES
from tests.state_package import write_state_package

ZOO = Path(__file__).resolve().parents[3] / "shared/data/bioimageio"
NEEDS_ZOO = pytest.mark.skipif(not ZOO.is_dir(), reason="the shared packages are not beside this checkout")
UNET = {
    "callable": "UNet",
    "import_from": "careamics.models.unet",
    "kwargs": {"architecture": "UNet", "conv_dims": 2, "depth": 2, "num_channels_init": 8},
}
"""An architecture as CAREamics describes its own."""


class Tiny(torch.nn.Module):
    """The network of the tiny package."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        kernel = torch.full((1, 1, 5, 5), 1 / 25, device=image.device)
        return torch.sigmoid(20 * (torch.nn.functional.conv2d(image, kernel, padding=2) - 0.3))


class Doubled(torch.nn.Module):
    """A network that works in place, as careless ones do."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.mul_(2)


class Spy(torch.nn.Module):
    """A network that leaves a trace on the disk."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image + torch.from_file("/etc/hostname", False, 1)


def _script(network: torch.nn.Module, path: Path) -> Weights:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(network).save(str(path))
    return Weights("torchscript", path, None)


def _state(path: Path, described: dict = UNET) -> tuple[Weights, torch.nn.Module]:
    """Write a state dict with random tensors; return it and its network."""
    torch.manual_seed(5)
    network = architectures.build(architectures.find(described), described["kwargs"]).eval()
    if path.suffix == ".safetensors":
        save_file(network.state_dict(), path)
    else:
        torch.save(network.state_dict(), path)
    return Weights("pytorch_state_dict", path, None, described), network


class TestTorchScript(test_backend.BackendContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        return torchscript.open_script(_script(Tiny(), tmp_path / "weights.pt"), "auto")

    def test_it_agrees_with_onnx(self, backend: Backend, tiny_package: Path) -> None:
        other = onnx.open_session(Weights("onnx", tiny_package / "weights.onnx", None), "cpu")
        image = np.random.default_rng(4).random((2, 1, 32, 20), np.float32)
        np.testing.assert_allclose(backend.run([image])[0], other.run([image])[0], atol=1e-5)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
class TestStateDict(test_backend.BackendContract):
    @pytest.fixture
    def backend(self, tmp_path: Path, suffix: str) -> Backend:
        return statedict.open_state(_state(tmp_path / f"weights{suffix}")[0], "auto")

    def test_it_gives_what_its_network_gives(self, backend: Backend, tmp_path: Path, suffix: str) -> None:
        _, network = _state(tmp_path / f"again{suffix}")
        image = np.random.default_rng(4).random((1, 1, 32, 20), np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(image)).numpy()
        np.testing.assert_array_equal(backend.run([image])[0], expected)


def test_a_network_that_works_in_place_leaves_the_input_alone(tmp_path: Path) -> None:
    backend = torchscript.open_script(_script(Doubled(), tmp_path / "weights.pt"), "cpu")
    image = np.ones((1, 1, 8, 8), np.float32)
    assert backend.run([image])[0].max() == 2
    assert image.max() == 1


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_torchscript_and_onnx_agree(package: Path) -> None:
    card = read_card(package)
    weights = next(weights for weights in card.weights if weights.format == "torchscript")
    image = np.random.default_rng(4).random((1, len(card.input.channels), 160, 224), np.float32)
    scripted = torchscript.open_script(weights, "cpu").run([image])[0]
    with open_model(package) as model:
        np.testing.assert_allclose(model.backend.run([image])[0], scripted, atol=1e-4)


@NEEDS_ZOO
@pytest.mark.parametrize(
    ("package", "form", "provider"),
    [
        ("unet2d_nuclei_broad", "torchscript", "TorchScript"),
        ("unet2d_multi_tensor", "torchscript", "TorchScript"),
        ("unet2d_multi_tensor", "pytorch_state_dict", "PyTorch"),
    ],
)
def test_packages_of_the_zoo_reproduce_their_test_tensors(
    package: str, form: str, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "FORMATS", {form: backends.FORMATS[form]})
    outcome = reproduce(str(ZOO / package))
    assert outcome["provider"] == provider
    assert outcome["difference"] <= 1e-4


def test_loading_says_nothing_that_users_could_see(tmp_path: Path) -> None:
    # A process of its own: torch warns once.
    _script(Tiny(), tmp_path / "weights.pt")
    code = (
        "import sys; from pathlib import Path; from drua.backends import torchscript;"
        " from drua.models.card import Weights;"
        " torchscript.open_script(Weights('torchscript', Path(sys.argv[1]), None), 'cpu')"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "weights.pt")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("device", ["cuda:7", "mps:3", "gpu", "cpu:1", ""])
def test_a_device_that_is_not_there_is_an_error(device: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=f"'{device}' is not available"):
        torchscript.open_script(_script(Tiny(), tmp_path / "weights.pt"), device)


def test_full_memory_has_a_name(tmp_path: Path) -> None:
    class Greedy(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return torch.zeros(1 << 50) + image.sum()

    backend = torchscript.open_script(_script(Greedy(), tmp_path / "weights.pt"), "cpu")
    with pytest.raises(DeviceMemoryError, match="memory of cpu"):
        backend.run([np.zeros((1, 1, 8, 8), np.float32)])


def test_every_device_is_listed_once_with_the_cpu_last() -> None:
    found = backends.all_devices()
    assert found[-1] == "cpu"
    assert len(set(found)) == len(found)
    assert set(found) >= {*onnx.devices(), *pytorch.devices()}


# What is refused


@pytest.mark.parametrize("version", ["2.9.1+cpu", "1.13.0", "2.6"])
def test_a_torch_that_is_not_safe_is_refused_by_name(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytorch, "version", lambda: version)
    with pytest.raises(BackendMissingError, match=rf"PyTorch {version[:3]}.*torch>=2\.10"):
        pytorch.require()
    assert pytorch.devices() == ()


def test_a_script_that_reads_files_is_refused(tmp_path: Path) -> None:
    weights = _script(Spy(), tmp_path / "weights.pt")
    with pytest.raises(UntrustedModelError, match="from_file"):
        torchscript.open_script(weights, "cpu")


class Evil:
    """A pickle that writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_among_the_scripts_is_refused(protocol: int, tmp_path: Path) -> None:
    weights = _script(Tiny(), tmp_path / "weights.pt")
    with zipfile.ZipFile(weights.path, "a") as archive:
        archive.writestr("weights/extra.pkl", pickle.dumps(Evil(tmp_path / "done"), protocol))
    with pytest.raises(UntrustedModelError, match=r"extra\.pkl"):
        torchscript.open_script(weights, "cpu")
    assert not (tmp_path / "done").exists()


def test_a_script_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights/data/0", bytes(2**27))
    with pytest.raises(UntrustedModelError, match="unpacks"):
        torchscript.check(tmp_path / "weights.pt")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_what_is_no_script_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(CardError, match="not a TorchScript file"):
        torchscript.open_script(Weights("torchscript", tmp_path / "weights.pt", None), "cpu")


@pytest.mark.parametrize("form", ["zip", "old"])
def test_a_state_dict_with_code_is_refused(form: str, tmp_path: Path) -> None:
    path, target = tmp_path / "weights.pt", tmp_path / "done"
    content = OrderedDict(weight=torch.zeros(2), extra=Evil(target))
    torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(UntrustedModelError, match="more than tensors"):
        statedict.read_tensors(path)
    assert not target.exists()


@pytest.mark.parametrize("content", [[1, 2], {"weight": 3}, {"state_dict": {"weight": torch.zeros(2)}}])
def test_what_is_no_state_dict_is_told(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(CardError, match="not a state dict"):
        statedict.read_tensors(tmp_path / "weights.pt")


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 100, bytes(64)])
def test_a_broken_state_dict_is_told(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((CardError, UntrustedModelError), match=name):
        statedict.read_tensors(tmp_path / name)


def test_tensors_of_another_network_are_told(tmp_path: Path) -> None:
    weights, _ = _state(tmp_path / "weights.pt")
    deeper = {**UNET, "kwargs": {**UNET["kwargs"], "depth": 3}}
    with pytest.raises(CardError, match=r"cannot be loaded.*Missing key"):
        statedict.open_state(Weights(weights.format, weights.path, None, deeper), "cpu")


def test_a_source_that_is_not_known_is_refused_with_the_remedy(tmp_path: Path) -> None:
    package, _ = write_state_package(tmp_path / "tiny")
    with pytest.raises(UntrustedModelError, match=r"'Smooth' of network\.py.*--allow-code"):
        backends.open_backend(read_card(package))


def test_the_next_format_runs_what_the_first_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = read_card(PACKAGES[0])
    monkeypatch.setattr(onnx, "_installed", lambda: False)
    assert backends.open_backend(card).provider == "TorchScript"
    monkeypatch.setattr(pytorch, "installed", lambda: False)
    with pytest.raises(BackendMissingError, match=r"drua\[cpu\]"):
        backends.open_backend(card)


def test_a_file_that_is_missing_is_no_error_where_another_format_runs(tmp_path: Path) -> None:
    from dataclasses import replace

    card = read_card(PACKAGES[0])
    gone = replace(card.weights[0], path=tmp_path / "gone.onnx")
    assert backends.open_backend(replace(card, weights=(gone, *card.weights[1:]))).provider == "TorchScript"
    with pytest.raises(WeightsMissingError, match=r"gone\.onnx"):
        backends.open_backend(replace(card, weights=(gone,)))
