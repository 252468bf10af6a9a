"""The packages of the shared data by Drua and by the reference."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from drua.image import Image
from drua.pipeline import predict
from drua.selftest import reproduce

from tests.oracle.compare import difference, predicted
from tests.oracle.reference import CannotError, Reference

SHARED = Path(__file__).resolve().parents[3] / "shared/data/bioimageio"
NUCLEI = SHARED / "unet2d_nuclei_broad"
TWO = SHARED / "unet2d_multi_tensor"
CLOSE = 1e-4

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared packages are not beside this checkout: ../shared/data/bioimageio"
)


@pytest.fixture(params=["bioimageio.yaml", "v0_4_9.bioimageio.yaml"])
def description(request: pytest.FixtureRequest) -> str:
    """The package's description in format 0.5, and in 0.4."""
    return request.param


@pytest.fixture
def nuclei(tmp_path: Path, description: str) -> Path:
    """A folder with the package, of which one description is the only one."""
    folder = tmp_path / "package"
    shutil.copytree(NUCLEI, folder, ignore=shutil.ignore_patterns("*.yaml"))
    shutil.copy(NUCLEI / description, folder / "bioimageio.yaml")
    return folder


def _field(rows: int, columns: int) -> np.ndarray:
    """Return a field (Y, X) of the test input's own nuclei, with another brightness everywhere."""
    one = np.load(NUCLEI / "test_input.npy")[0, 0]
    many = np.tile(one, (-(-rows // one.shape[0]), -(-columns // one.shape[1])))[:rows, :columns]
    return (many * np.linspace(0.5, 1.5, columns)).astype(np.float32)


def test_the_test_tensor_is_reproduced(nuclei: Path) -> None:
    outcome = reproduce(str(nuclei))
    assert outcome["passed"]
    assert outcome["difference"] <= CLOSE


def test_an_image_larger_than_a_tile(nuclei: Path, reference: Reference) -> None:
    # at 448 + 288 px the last tile of the reference begins at a multiple of the network's downsampling, too
    image = _field(736, 736)
    tile = {"y": 512, "x": 512}
    # of the description in format 0.4 it takes no tiles; both say the same
    expected = reference.predict(NUCLEI, {"raw": image[None, None]}, {"raw": tile})["probability"]
    prediction = predict(Image(image, "YX"), str(nuclei), maps=True)
    assert prediction.run["tiles"] == 4
    made = prediction.maps["probability"].pixels[:, 0]
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() <= CLOSE


def test_a_whole_image_of_the_size_that_the_network_takes(nuclei: Path, reference: Reference) -> None:
    image = _field(512, 512)
    if (nuclei / "bioimageio.yaml").read_text() == (NUCLEI / "bioimageio.yaml").read_text():
        # it puts the halo around the image, and the network takes no more than 512 pixels
        with pytest.raises(CannotError, match="Got: 576 Expected: 512"):
            reference.predict(nuclei, {"raw": image[None, None]})
    expected = reference.predict(NUCLEI / "v0_4_9.bioimageio.yaml", {"raw": image[None, None]})["probability"]
    made = predict(Image(image, "YX"), str(nuclei), maps=True).maps["probability"].pixels[:, 0]
    assert made.shape == expected.shape
    # tiles surround the image by the halo, the reference's whole image has nothing around it
    assert np.abs(made - expected)[..., 128:-128, 128:-128].max() <= CLOSE


def test_two_inputs_and_two_outputs(reference: Reference) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; make test brings it")
    images = {f"input{number}": np.load(TWO / f"test_input_{number}.npy") for number in (0, 1)}
    ours = predicted(TWO, images)
    expected = reference.predict(TWO, images, weights="torchscript")
    assert set(ours) == {"output0", "output1"}
    assert max(difference(ours[name], expected[name]) for name in ours) <= CLOSE
