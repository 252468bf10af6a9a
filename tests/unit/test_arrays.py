"""segment() of arrays: no Java, no guess, the same kind back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import drua
import numpy as np
import pytest
import xarray
from drua import fiji
from drua.errors import AxesError, Cancelled, ImageError, SettingError

from tests.small_networks import write_colour, write_pair
from tests.tiny_model import write_package


def _counts(labels: Any) -> int:
    return len(np.unique(np.asarray(labels))) - 1


def test_numpy_gives_what_predict_gives(tiny_package: Path, discs: np.ndarray) -> None:
    done = fiji.segment(None, discs, tiny_package)
    expected = drua.predict(drua.Image(discs, "YX"), str(tiny_package))
    np.testing.assert_array_equal(done.labels, expected.image.pixels[0, 0])
    assert done.labels.dtype == np.uint32
    assert done.count == _counts(done.labels) == len(done.table.rows) == len(done.outlines or ()) > 0
    assert done.rois is None
    assert done.run["model"] == "tiny"


@pytest.mark.parametrize(
    ("axes", "shape"),
    [("ZYX", (3, 97, 131)), ("YXC", (97, 131)), ("XCTY", (131, 3, 97)), ("TZCYX", (3, 1, 97, 131))],
)
def test_labels_have_the_axes_of_the_array_but_for_c(
    axes: str, shape: tuple[int, ...], tiny_package: Path, discs: np.ndarray
) -> None:
    planes = np.stack([discs, discs, discs])
    ordered = {
        "ZYX": planes,
        "YXC": np.stack([np.zeros_like(discs), discs], axis=-1),
        "XCTY": np.stack([np.zeros_like(planes), planes]).transpose(3, 0, 1, 2),
        "TZCYX": planes[:, None, None],
    }[axes]
    done = fiji.segment(
        None, ordered, tiny_package, axes=axes, channel=2 if ordered.shape[axes.find("C")] == 2 else 0
    )
    assert done.labels.shape == shape
    assert done.count == _counts(done.labels) > 0


def test_axes_are_never_guessed(tiny_package: Path, discs: np.ndarray) -> None:
    with pytest.raises(AxesError, match=r"\(1, 97, 131\) does not tell its axes.*axes='ZYX'"):
        fiji.segment(None, discs[None], tiny_package)
    with pytest.raises(AxesError, match="3 letters"):
        fiji.segment(None, discs, tiny_package, axes="ZYX")


@pytest.mark.parametrize(
    "names", [("t", "pln", "row", "col"), ("T", "Z", "Y", "X"), ("T", "PLN", "Row", "x")]
)
def test_xarray_keeps_names_coordinates_and_units(
    names: tuple[str, ...], tiny_package: Path, discs: np.ndarray
) -> None:
    given = xarray.DataArray(
        np.stack([discs, discs])[:, None],
        dims=names,
        coords={names[2]: np.arange(97) * 0.5 + 3, names[3]: np.arange(131) * 0.25},
        attrs={"unit": "micron", "note": "mine"},
        name="field",
    )
    done = fiji.segment(None, given, tiny_package)
    assert done.labels.dims == names
    assert set(done.labels.coords) == set(names[2:])
    np.testing.assert_array_equal(done.labels.coords[names[2]], given.coords[names[2]])
    assert done.labels.attrs == {"unit": "micron"}
    assert done.run["source"] == "field"
    area = done.table.rows[0, done.table.columns.index("Area")]
    assert area == pytest.approx(np.sum(done.labels.values == 1) * 0.5 * 0.25)


def test_the_channel_of_an_xarray_is_dropped(tiny_package: Path, discs: np.ndarray) -> None:
    given = xarray.DataArray(
        np.stack([np.zeros_like(discs), discs], axis=-1), dims=("row", "col", "ch"), coords={"ch": ["a", "b"]}
    )
    done = fiji.segment(None, given, tiny_package, channel=2)
    assert done.labels.dims == ("row", "col")
    assert "ch" not in done.labels.coords
    with pytest.raises(ImageError, match="2"):
        fiji.segment(None, given, tiny_package)


def test_what_an_xarray_cannot_have(tiny_package: Path, discs: np.ndarray) -> None:
    with pytest.raises(AxesError, match="leave axes out"):
        fiji.segment(None, xarray.DataArray(discs, dims=("y", "x")), tiny_package, axes="YX")
    with pytest.raises(AxesError, match="dim_0"):
        fiji.segment(None, xarray.DataArray(discs), tiny_package)


def test_an_opened_model_is_used_and_stays_open(tiny_package: Path, discs: np.ndarray) -> None:
    with drua.open_model(tiny_package) as model:
        counts = {fiji.segment(None, discs, model, mask_threshold=0.4).count for _ in range(2)}
    assert len(counts) == 1


def test_settings_and_progress_reach_the_model(tiny_package: Path, discs: np.ndarray) -> None:
    told: list[tuple[str, int, int]] = []
    done = fiji.segment(None, discs, tiny_package, min_size=7, progress=lambda *step: told.append(step))
    assert done.run["settings"]["min_size"] == 7
    tiles = [step for step in told if step[0] == "tiles"]
    assert tiles[0] == ("tiles", 0, len(tiles) - 1)
    assert tiles[-1][1] == tiles[-1][2] > 1
    with pytest.raises(SettingError, match="min_siz"):
        fiji.segment(None, discs, tiny_package, min_siz=7)


def test_progress_stops_it(tiny_package: Path, discs: np.ndarray) -> None:
    def stop(*_step: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fiji.segment(None, discs, tiny_package, progress=stop)


def test_models_and_pixels_that_do_not_fit(tiny_package: Path, discs: np.ndarray, tmp_path: Path) -> None:
    restoring = write_package(tmp_path / "restoring", task="denoise", decoder="image")
    with pytest.raises(SettingError, match="made to denoise"):
        fiji.segment(None, discs, restoring)
    with pytest.raises(ImageError, match="complex64"):
        fiji.segment(None, discs.astype(np.complex64), tiny_package)
    with pytest.raises(ImageError, match="list"):
        fiji.segment(None, discs.tolist(), tiny_package)


def test_arrays_need_no_java(tiny_package: Path) -> None:
    code = (
        "import sys, numpy as np, drua.fiji\n"
        "drua.fiji.segment(None, np.random.default_rng(1).random((67, 71)), sys.argv[1])\n"
        "print([name for name in ('jpype', 'scyjava', 'imagej', 'xarray') if name in sys.modules])"
    )
    out = subprocess.check_output([sys.executable, "-c", code, tiny_package], text=True)
    assert out.strip() == "[]"


def test_a_network_gives_maps_of_the_kind_and_axes_of_the_image(tmp_path: Path) -> None:
    pair = write_pair(tmp_path / "pair")
    field = np.random.default_rng(3).integers(0, 999, (3, 40, 52, 2)).astype(np.uint16)
    dark = np.full((3, 40, 52), 5, np.uint16)
    with pytest.raises(AxesError, match="does not tell its axes"):
        fiji.run(None, field, pair, axes="ZYXC", inputs={"Dark_field": dark})
    done = fiji.run(None, field, pair, axes="ZYXC", inputs={"Dark_field": dark[..., None]}, channel="2,1")
    swapped = field[..., 1].astype(np.float32) - field[..., 0] - 5
    np.testing.assert_array_equal(done.maps["difference"], swapped)
    np.testing.assert_array_equal(done.maps["both"], field)
    assert done.run["channel"] == "2,1"


def test_an_xarray_gives_maps_with_names_units_and_their_own_pixel_size(tmp_path: Path) -> None:
    colours = np.random.default_rng(4).integers(0, 255, (40, 52, 3)).astype(np.uint8)
    given = xarray.DataArray(
        colours,
        dims=("row", "col", "ch"),
        coords={"row": np.arange(40) * 0.5 + 3, "col": np.arange(52) * 0.5},
        attrs={"unit": "micron"},
    )
    maps = fiji.run(None, given, write_colour(tmp_path / "colour")).maps
    assert maps["blue"].dims == maps["large"].dims == ("row", "col")
    np.testing.assert_allclose(maps["blue"].coords["row"], given.coords["row"])
    assert maps["large"].shape == (80, 104)
    np.testing.assert_allclose(maps["large"].coords["row"][[0, -1]], [3, 3 + 79 * 0.25])
    assert maps["large"].attrs["unit"] == "micron"
    assert maps["large"].attrs["pixel_size"] == {"Y": 0.25, "X": 0.25}


def test_further_images_must_be_given_and_of_one_kind(tmp_path: Path) -> None:
    pair = write_pair(tmp_path / "pair")
    field = np.zeros((2, 40, 52), np.uint16)
    with pytest.raises(SettingError, match=r"takes 2 images, but none is given for Dark_field"):
        fiji.run(None, field, pair, axes="CYX")
    with pytest.raises(ImageError, match=r"the image for 'Dark_field' is of <class 'list'>"):
        fiji.run(None, field, pair, axes="CYX", inputs={"Dark_field": [[1]]})
    with pytest.raises(SettingError, match="has no further input 'Dark'"):
        fiji.run(None, field, pair, axes="CYX", inputs={"Dark": field[0], "Dark_field": field[0]})


def test_masked_pixels_are_refused(tiny_package: Path) -> None:
    array = np.ma.masked_less(np.arange(1024.0).reshape(32, 32), 3)
    with pytest.raises(ImageError, match=r"3 of 1024 pixels are masked.*filled"):
        fiji.segment(None, array, tiny_package)
