from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua.errors import AxesError, ImageError
from drua.files import read_image
from PIL import Image as Picture


def _ramp(*shape: int, dtype: str = "uint16") -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def test_imagej_tiff_keeps_axes_and_calibration(tmp_path: Path) -> None:
    pixels = _ramp(3, 2, 5, 13, 17)
    metadata = {
        "axes": "TZCYX",
        "unit": "micron",
        "spacing": 2.5,
        "finterval": 30.0,
        "tunit": "sec",
        "xorigin": 4.0,
    }
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        imagej=True,
        resolution=(1 / 0.325, 1 / 0.5),
        resolutionunit="NONE",
        metadata=metadata,
    )
    image = read_image(tmp_path / "a.tif")
    assert image.axes == "TZCYX"
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.unit == "micron"
    assert image.pixel_size == pytest.approx({"X": 0.325, "Y": 0.5, "Z": 2.5, "T": 30.0}, rel=1e-6)
    assert image.origin == {"X": -4.0}


def test_imagej_unit_outside_ascii_is_unescaped(tmp_path: Path) -> None:
    metadata = {"unit": "\\u00B5m"}
    tifffile.imwrite(tmp_path / "a.tif", _ramp(13, 17), imagej=True, resolution=(4, 4), metadata=metadata)
    assert read_image(tmp_path / "a.tif").unit == "µm"


def test_ome_tiff_keeps_axes_and_pixel_size(tmp_path: Path) -> None:
    metadata = {
        "axes": "ZCYX",
        "PhysicalSizeX": 0.25,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.25,
        "PhysicalSizeZ": 1.5,
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", _ramp(3, 2, 13, 17), ome=True, metadata=metadata)
    image = read_image(tmp_path / "a.ome.tif")
    assert (image.axes, image.unit) == ("ZCYX", "micron")
    assert image.pixel_size == {"X": 0.25, "Y": 0.25, "Z": 1.5}


def test_unnamed_pages_are_slices_as_in_imagej(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", _ramp(5, 13, 17), photometric="minisblack", metadata=None)
    assert read_image(tmp_path / "a.tif").axes == "ZYX"


def test_two_unnamed_axes_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", _ramp(5, 3, 13, 17), photometric="minisblack", metadata={"axes": "QRYX"}
    )
    with pytest.raises(AxesError, match="are not named; open it in ImageJ"):
        read_image(tmp_path / "a.tif")


def test_72_pixels_per_inch_mean_nothing_and_300_mean_inches(tmp_path: Path) -> None:
    for dpi in (72, 300):
        tifffile.imwrite(tmp_path / f"{dpi}.tif", _ramp(13, 17), resolution=(dpi, dpi), resolutionunit="INCH")
    assert (read_image(tmp_path / "72.tif").unit, dict(read_image(tmp_path / "72.tif").pixel_size)) == (
        "pixel",
        {},
    )
    assert read_image(tmp_path / "300.tif").unit == "inch"
    assert read_image(tmp_path / "300.tif").scale("X") == pytest.approx(1 / 300)


def test_rgb_samples_are_named_channels_and_transparency_is_dropped(tmp_path: Path) -> None:
    for samples in (3, 4):
        tifffile.imwrite(tmp_path / "a.tif", _ramp(13, 17, samples, dtype="uint8"), photometric="rgb")
        image = read_image(tmp_path / "a.tif")
        assert (image.axes, image.pixels.shape) == ("YXC", (13, 17, 3))
        assert image.channel_names == ("Red", "Green", "Blue")


@pytest.mark.parametrize(
    ("mode", "axes", "dtype"),
    [("L", "YX", "uint8"), ("I;16", "YX", "uint16"), ("RGB", "YXC", "uint8"), ("RGBA", "YXC", "uint8"),
     ("P", "YXC", "uint8"), ("LA", "YX", "uint8"), ("1", "YX", "uint8")],
)  # fmt: skip
def test_png_of_every_mode_is_read(tmp_path: Path, mode: str, axes: str, dtype: str) -> None:
    Picture.new(mode, (17, 13)).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert (image.axes, image.pixels.dtype.name) == (axes, dtype)
    assert image.pixels.shape[:2] == (13, 17)


def test_jpeg_is_read(tmp_path: Path) -> None:
    Picture.new("RGB", (17, 13)).save(tmp_path / "a.JPG")
    assert read_image(tmp_path / "a.JPG").axes == "YXC"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\0nonsense")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "plate").mkdir()
    for name, part in [
        ("missing.tif", "is not a file; check the path"),
        ("plate", "plate is a folder; give the images in it, such as"),
        ("notes.txt", "is no TIFF, PNG, JPEG or OME-Zarr"),
        ("broken.tif", "cannot be read"),
        ("empty.png", "cannot be read"),
    ]:
        with pytest.raises(ImageError) as caught:
            read_image(tmp_path / name)
        assert part in str(caught.value)


def test_complex_values_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((13, 17), np.complex64))
    with pytest.raises(ImageError, match="real numbers"):
        read_image(tmp_path / "a.tif")
