"""Denoising and virtual staining: channels, types, what was removed, what is appended, and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua import results
from drua.display import Display, of_pixels
from drua.errors import CardError, ImageError, SettingError, ShapeError
from drua.files import read_captions, read_display, read_image
from drua.image import Image
from drua.modality import mismatches
from drua.models.card import read_card
from drua.pipeline import Region, open_model, predict_maps
from drua.translation import Request, as_type, denoise, stain

from tests.package_writer import Graph, Port, same, write

SIDES = {letter: {"min": 16, "step": 4} for letter in "yx"}
STANDARD = ("zero_mean_unit_variance", {"axes": ["channel", "y", "x"]})


def _mean(graph: Graph, given: str) -> list[str]:
    """Smooth by 3 x 3 pixels."""
    return [graph.add("Conv", given, graph.constant(np.full((1, 1, 3, 3), 1 / 9)), pads=[1] * 4)]


def _half(graph: Graph, given: str) -> list[str]:
    return [graph.add("Mul", given, graph.constant(0.5))]


def _double(graph: Graph, given: str) -> list[str]:
    return [graph.add("Mul", given, graph.constant(2.0))]


def _write(
    folder: Path,
    body,
    channels: int = 1,
    made: Sequence[str] = ("c1",),
    operations=(),
    after=(),
    **config: object,
) -> Path:
    output = same("made", "bcyx", "raw", channels=len(made), halo=4, operations=after, names=made)
    return write(
        folder,
        body,
        [Port("raw", "bcyx", SIDES | {"c": channels}, operations=operations)],
        [output],
        {"raw": {"y": 32, "x": 32}},
        {"task": "denoise", "decoder": {"id": "image"}, "settings": [], **config},
    )


@pytest.fixture(scope="module")
def smoother(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A denoiser that normalises, and leaves it to others to bring the grey values back."""
    folder = tmp_path_factory.mktemp("smoother") / "smoother"
    return _write(folder, _mean, operations=[("ensure_dtype", {"dtype": "float32"}), STANDARD])


@pytest.fixture(scope="module")
def stainer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stain of two channels: the image, and twice the image."""

    def both(graph: Graph, given: str) -> list[str]:
        return [graph.add("Concat", given, *_double(graph, given), axis=1)]

    return _write(
        tmp_path_factory.mktemp("stainer") / "stainer",
        both,
        made=("nuclei", "neurites"),
        task="stain",
        colours=["#0000ff", "#ffff00"],
        modality={"kind": "phase contrast", "background": "light", "bits": 8},
        intensities="linear between 0 and 1000",
    )


def _noisy(*shape: int, kind: type = np.uint16) -> np.ndarray:
    random = np.random.default_rng(4)
    return random.poisson(200, shape).astype(kind)


def _smooth(pixels: np.ndarray) -> np.ndarray:
    """Return the 3 x 3 mean away from the edges."""
    return np.lib.stride_tricks.sliding_window_view(pixels.astype(np.float64), (3, 3), (-2, -1)).mean(
        (-2, -1)
    )


def test_a_denoised_image_has_the_grey_values_of_the_input(smoother: Path) -> None:
    pixels = _noisy(40, 48) + np.uint16(1000)
    with open_model(smoother) as model:
        result = denoise(Image(pixels, "YX", {"X": 0.5}, "micron"), model, Request())
        as_is = predict_maps(Image(pixels, "YX"), model).maps["made"].pixels
    made = result.maps["denoised"]
    assert (made.pixels.dtype, made.axes, made.unit) == (np.float32, "TZCYX", "micron")
    np.testing.assert_allclose(made.pixels[0, 0, 0, 1:-1, 1:-1], _smooth(pixels), rtol=1e-5)
    assert abs(as_is.mean()) < 0.1, "run without a task it stays what the network gives"


def test_what_a_card_does_to_its_result_is_left_to_it(tmp_path: Path) -> None:
    package = _write(
        tmp_path / "own-scale",
        _half,
        operations=[STANDARD],
        after=[("scale_linear", {"gain": 4.0, "offset": 7.0})],
    )
    pixels = _noisy(32, 32)
    with open_model(package) as model:
        made = denoise(Image(pixels, "YX"), model, Request()).maps["denoised"].pixels[0, 0, 0]
    np.testing.assert_allclose(made, 2 * (pixels - pixels.mean()) / pixels.std() + 7, rtol=1e-4, atol=1e-4)


def test_frames_of_a_movie_are_normalised_together(smoother: Path, tmp_path: Path) -> None:
    def limit(graph: Graph, given: str) -> list[str]:
        return [graph.add("Tanh", given)]

    package = _write(tmp_path / "limit", limit, operations=[STANDARD])
    movie = np.stack([_noisy(32, 32), _noisy(32, 32) * np.uint16(3)])
    with open_model(package) as model:
        made = denoise(Image(movie, "TYX"), model, Request()).maps["denoised"].pixels[:, 0, 0]
    mean, std = movie.mean(), movie.std()
    np.testing.assert_allclose(made, np.tanh((movie - mean) / std) * std + mean, rtol=1e-4)


def test_every_channel_is_denoised_by_itself(smoother: Path) -> None:
    pixels = np.stack([_noisy(40, 48), _noisy(40, 48) + np.uint16(500)])
    image = Image(pixels, "CYX", channel_names=("DAPI", "GFP"))
    calls = []
    shown = Display(((0.0, 300.0), (10.0, 900.0)), ("#0000ff", "#00ff00"))
    request = Request(display=shown, progress=lambda *told: calls.append(told))
    with open_model(smoother) as model:
        both = denoise(image, model, request)
        second = denoise(image, model, Request(channel="GFP", display=shown))
    made = both.maps["denoised"]
    assert made.channel_names == ("DAPI", "GFP")
    np.testing.assert_allclose(made.pixels[0, 0, :, 1:-1, 1:-1], _smooth(pixels), rtol=1e-5)
    assert both.displays["denoised"] == shown
    assert second.maps["denoised"].channel_names == ("GFP",)
    assert second.displays["denoised"] == Display(((10.0, 900.0),), ("#00ff00",))
    np.testing.assert_array_equal(second.image.pixels[0, 0, 0], made.pixels[0, 0, 1])
    tiles = [told for told in calls if told[0] == "tiles"]
    assert tiles[-1][1] == tiles[-1][2] == both.run["tiles"] == 2 * second.run["tiles"]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (np.uint8, [-3.0, 1.5, 2.4, 255.4, 300.0], [0, 2, 2, 255, 255]),
        (np.uint16, [-1.0, 0.5, 65535.6, 1e9], [0, 0, 65535, 65535]),
        (np.int16, [-40000.0, -1.5, 40000.0], [-32768, -2, 32767]),
        (np.float32, [-1.5, 0.25], [-1.5, 0.25]),
    ],
)
def test_the_type_of_the_input_is_rounded_and_limited(kind: type, given: list, expected: list) -> None:
    image = as_type(Image(np.array([given], np.float32), "YX"), np.dtype(kind))
    assert image.pixels.dtype == kind
    np.testing.assert_array_equal(image.pixels[0], expected)


def test_values_beyond_the_type_are_never_wrapped(tmp_path: Path) -> None:
    package = _write(tmp_path / "double", _double)
    pixels = np.full((32, 32), 200, np.uint8)
    with open_model(package) as model:
        made = denoise(
            Image(pixels, "YX"), model, Request(), kind="input", outputs=("denoised", "difference")
        )
    assert made.maps["denoised"].pixels.dtype == np.uint8
    assert np.all(made.maps["denoised"].pixels == 255)
    assert np.all(made.maps["difference"].pixels == -55), "what was removed is of what is returned"


def test_files_keep_types_that_imagej_has(tmp_path: Path) -> None:
    package = _write(tmp_path / "half-it", _half)
    expected = {np.uint8: np.uint8, np.uint16: np.uint16, np.int16: np.int16, np.uint32: np.float32}
    with open_model(package) as model:
        for kind, written in expected.items():
            pixels = (_noisy(32, 32).astype(np.int64) - (200 if kind is np.int16 else 0)).clip(-150, 250)
            made = denoise(Image(pixels.astype(kind), "YX"), model, Request(), kind="input")
            assert bool(made.run["notes"]) == (kind is np.uint32), "that is said"
            results.save(made, tmp_path, kind.__name__)
            back = read_image(tmp_path / f"{kind.__name__}-denoised.tif").pixels
            assert back.dtype == written
            np.testing.assert_array_equal(back, np.rint(pixels / 2))


def test_a_mask_is_an_image_of_numbers(smoother: Path) -> None:
    mask = _noisy(32, 32) > 200
    with open_model(smoother) as model:
        made = denoise(Image(mask, "YX"), model, Request(), outputs=("denoised", "difference"), kind="input")
    assert made.maps["denoised"].pixels.dtype == np.uint8
    assert set(np.unique(made.maps["denoised"].pixels)) <= {0, 1}


def test_the_difference_is_input_minus_result(smoother: Path) -> None:
    image = Image(_noisy(40, 48), "YX")
    with open_model(smoother) as model:
        made = denoise(image, model, Request(), outputs=("difference",))
    assert set(made.maps) == {"difference"}
    difference = made.maps["difference"].pixels
    np.testing.assert_allclose(difference + made.image.pixels, image.pixels[None, None, None], rtol=1e-6)
    ((low, high),) = made.displays["difference"].ranges
    assert low == -high


def test_outside_a_selection_the_image_stays(smoother: Path) -> None:
    pixels = _noisy(64, 64)
    with open_model(smoother) as model:
        made = denoise(Image(pixels, "YX"), model, Request(region=Region(8, 16, 32, 24)))
    result = made.maps["denoised"].pixels[0, 0, 0]
    inside = np.zeros((64, 64), bool)
    inside[16:40, 8:40] = True
    np.testing.assert_array_equal(result[~inside], pixels[~inside])
    np.testing.assert_allclose(result[17:39, 9:39], _smooth(pixels)[16:38, 8:38], rtol=1e-5)


def test_a_colour_image_stays_one_in_its_own_type(smoother: Path) -> None:
    names = ("Red", "Green", "Blue")
    image = Image(_noisy(3, 32, 32, kind=np.uint8), "CYX", channel_names=names)
    with open_model(smoother) as model:
        floats = denoise(image, model, Request())
        bytes_ = denoise(image, model, Request(), kind="input")
    assert floats.displays["denoised"].colours == ("#ff0000", "#00ff00", "#0000ff")
    assert not floats.displays["denoised"].is_rgb
    assert bytes_.displays["denoised"].is_rgb


def test_the_report_says_what_was_removed(smoother: Path, tmp_path: Path) -> None:
    image = Image(_noisy(128, 128), "YX")
    with open_model(smoother) as model:
        made = denoise(image, model, Request(), outputs=("denoised", "report"))
    assert "noise" in made.run["report"][0]
    assert any("The noise fell from" in sentence for sentence in made.run["report"])
    files = results.save(made, tmp_path, "field")
    assert [path.name for path in files] == ["field-denoised.tif", "field-report.png", "field-run.json"]


def test_the_report_is_of_what_was_selected(smoother: Path) -> None:
    image = Image(_noisy(128, 128), "YX")
    part = Region(16, 24, 80, 72)
    cut = replace(image, pixels=part.of(image.pixels))
    with open_model(smoother) as model:
        selected = denoise(image, model, Request(region=part), outputs=("report",))
        alone = denoise(cut, model, Request(), outputs=("report",))
    assert selected.run["report"] == alone.run["report"]
    assert selected.run["region"] == {"x": 16, "y": 24, "width": 80, "height": 72}
    assert "region" not in alone.run


def test_the_report_is_of_what_is_returned(tmp_path: Path) -> None:
    image = Image(_noisy(64, 64) / 1000, "YX")
    with open_model(_write(tmp_path / "half-it", _half)) as model:
        mask = replace(image, pixels=image.pixels > 0.1)
        made = denoise(mask, model, Request(), outputs=("denoised", "report"), kind="input")
    after = made.maps["denoised"].pixels.mean()
    assert any(f"{after:.4g} after" in sentence for sentence in made.run["report"])


def test_results_of_an_earlier_run_that_stay_are_named(smoother: Path, tmp_path: Path) -> None:
    image = Image(_noisy(64, 64), "YX")
    with open_model(smoother) as model:
        everything = denoise(image, model, Request(), outputs=("denoised", "difference", "report"))
        results.save(everything, tmp_path, "field")
        made = denoise(image, model, Request())
    results.save(made, tmp_path, "field")
    said = "beside the results there are some of an earlier run: field-difference.tif, field-report.png"
    assert (everything.run["notes"], made.run["notes"]) == ([], [said])


def test_a_prediction_says_that_it_is_one(smoother: Path, stainer: Path) -> None:
    image = Image(_noisy(32, 32), "YX")
    with open_model(smoother) as model:
        warning = denoise(image, model, Request()).run["warning"]
    assert "a prediction of the model 'smoother'" in warning
    assert "Do not measure intensities on it" in warning
    with open_model(stainer) as model:
        warning = stain(image, model, Request()).run["warning"]
    assert "says of its intensities: linear between 0 and 1000" in warning


def test_a_stain_has_names_and_colours(stainer: Path) -> None:
    with open_model(stainer) as model:
        made = stain(Image(_noisy(32, 48), "YX", {"X": 0.5}, "micron"), model, Request())
    stained = made.maps["stained"]
    assert (stained.channel_names, stained.sizes["C"]) == (("nuclei", "neurites"), 2)
    assert made.displays["stained"].colours == ("#0000ff", "#ffff00")
    np.testing.assert_allclose(stained.pixels[:, :, 1], 2 * stained.pixels[:, :, 0])


def test_a_stain_is_appended_to_the_image(stainer: Path) -> None:
    pixels = _noisy(2, 32, 48)
    image = Image(pixels, "CYX", channel_names=("phase", "other"))
    shown = Display(((0.0, 300.0), (0.0, 900.0)), ("#ffffff", "#ff00ff"))
    with open_model(stainer) as model:
        made = stain(image, model, Request(channel=1, display=shown), outputs=("stained", "appended"))
    both = made.maps["appended"]
    assert both.channel_names == ("phase", "other", "nuclei", "neurites")
    np.testing.assert_array_equal(both.pixels[0, 0, :2], pixels)
    np.testing.assert_array_equal(both.pixels[0, 0, 2:], made.maps["stained"].pixels[0, 0])
    assert made.displays["appended"].colours == ("#ffffff", "#ff00ff", "#0000ff", "#ffff00")
    assert made.displays["appended"].ranges[:2] == shown.ranges


def test_a_stain_in_red_green_and_blue_is_a_colour_picture(tmp_path: Path) -> None:
    def three(graph: Graph, given: str) -> list[str]:
        return [graph.add("Concat", given, *_double(graph, given), *_half(graph, given), axis=1)]

    package = _write(tmp_path / "hande", three, made=("red", "green", "blue"), task="stain")
    with open_model(package) as model:
        made = stain(Image(np.full((32, 32), 200, np.uint8), "YX"), model, Request())
    assert made.displays["stained"].is_rgb
    assert made.maps["stained"].pixels[0, 0, :, 5, 5].tolist() == [200, 255, 100]
    results.save(made, tmp_path, "field")
    back = read_image(tmp_path / "field-stained.tif")
    assert back.channel_names == ("Red", "Green", "Blue")
    assert back.to("TZCYX").pixels[0, 0, :, 5, 5].tolist() == [200, 255, 100]


def _cells(light: bool, kind: type = np.uint8) -> np.ndarray:
    y, x = np.mgrid[:64, :64]
    spot = np.hypot(y - 30, x - 30) < 12
    return np.where(spot, 40, 200).astype(kind) if light else np.where(spot, 200, 40).astype(kind)


def test_an_image_of_another_kind_is_said(stainer: Path) -> None:
    with open_model(stainer) as model:
        notes = {
            (light, kind): stain(Image(_cells(light, kind), "YX"), model, Request()).run["notes"]
            for light in (True, False)
            for kind in (np.uint8, np.uint16)
        }
    assert notes[True, np.uint8] == []
    assert notes[False, np.uint8] == [
        "the image shows light structures on a dark background, but stainer was made for dark structures on a"
        " light background (phase contrast)"
    ]
    assert notes[True, np.uint16] == ["the image is 16-bit, but stainer was made from 8-bit phase contrast"]
    assert len(notes[False, np.uint16]) == 2


@pytest.mark.parametrize(
    ("light", "told"), [(0.1, "light structures on a dark"), (0.5, ""), (0.9, "dark structures")]
)
def test_a_grey_background_is_neither_dark_nor_light(light: float, told: str) -> None:
    pixels = np.random.default_rng(2).uniform(0, 1, (64, 64))
    pixels[:, 8:] = light
    notes = mismatches(Image(pixels[None], "CYX"), {"background": "grey", "kind": "phase contrast"}, "phase")
    assert [told in note for note in notes] == ([True] if told else [])


def test_grey_colours_are_said_where_colours_are_needed(tmp_path: Path) -> None:
    def first(graph: Graph, given: str) -> list[str]:
        return [graph.add("ReduceMean", given, axes=[1], keepdims=1)]

    package = _write(tmp_path / "colour", first, channels=3, made=("nuclei",), task="stain",
                     modality={"kind": "bright-field histology", "colour": True})  # fmt: skip
    grey = Image(np.stack([_cells(True)] * 3), "CYX", channel_names=("Red", "Green", "Blue"))
    with open_model(package) as model:
        assert "the same in its 3 channels" in stain(grey, model, Request()).run["notes"][0]
        with pytest.raises(ImageError, match="takes 3"):
            stain(Image(_cells(True), "YX"), model, Request())


def test_colours_are_said_where_channels_are_none(tmp_path: Path) -> None:
    def first(graph: Graph, given: str) -> list[str]:
        return [graph.add("ReduceMean", given, axes=[1], keepdims=1)]

    package = _write(tmp_path / "depths", first, channels=3, made=("nuclei",), task="stain",
                     modality={"kind": "phase contrast at three depths", "colour": False})  # fmt: skip
    pixels = _noisy(3, 32, 32)
    with open_model(package) as model:
        (said,) = stain(Image(pixels, "CYX", channel_names=("Red", "Green", "Blue")), model, Request()).run[
            "notes"
        ]
        assert stain(Image(pixels, "CYX"), model, Request()).run["notes"] == []
    assert said == (
        "the channels of the image are red, green and blue, but those of depths are no colours"
        " (phase contrast at three depths)"
    )


def test_an_image_of_one_value_is_said(stainer: Path) -> None:
    with open_model(stainer) as model:
        notes = stain(Image(np.full((32, 32), 116, np.uint8), "YX"), model, Request()).run["notes"]
    assert notes == ["all pixels of the image are 116, so that there is nothing to predict from"]


def test_values_a_little_below_zero_are_shown_black() -> None:
    ramp = np.linspace(0, 1, 10_000).reshape(1, 1, 1, 100, 100)
    ((low, high),) = of_pixels(300 * ramp - 40, ["#00ffff"]).ranges
    assert (low, high) == (0, pytest.approx(260, rel=0.01))
    ((low, high),) = of_pixels(300 * ramp - 140, ["#00ffff"]).ranges
    assert low == pytest.approx(-140, rel=0.01), "values of their own are shown"


def test_a_card_tells_what_it_is_made_for(stainer: Path, smoother: Path, tmp_path: Path) -> None:
    told = read_card(stainer).to_message()
    assert told["made_for"] == "phase contrast, dark structures on a light background, 8-bit"
    assert told["intensities"] == "linear between 0 and 1000"
    other = read_card(smoother).to_message()
    open_one = read_card(_write(tmp_path / "open-card", _half, intensities="not validated"))
    assert (open_one.intensities, open_one.to_message()["intensities"]) == ("", "not validated")
    assert (other["made_for"], other["intensities"]) == ("", "not validated")


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({"colours": ["blue"]}, "needs one as #rrggbb"),
        ({"colours": ["#0000ff", "#00ff00"]}, "needs one as #rrggbb"),
        ({"modality": {"background": "pink"}}, "must be light, dark, grey"),
    ],
)
def test_a_card_that_does_not_hold_together_is_refused(tmp_path: Path, config: dict, part: str) -> None:
    with pytest.raises(CardError, match=part):
        read_card(_write(tmp_path / "odd-card", _half, task="stain", **config))


def test_a_model_of_another_task_is_refused(smoother: Path, stainer: Path) -> None:
    image = Image(_noisy(32, 32), "YX")
    with open_model(smoother) as model, pytest.raises(SettingError, match="made to denoise, not to stain"):
        stain(image, model, Request())
    with open_model(stainer) as model, pytest.raises(SettingError, match="made to stain, not to denoise"):
        denoise(image, model, Request())


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"outputs": ("noise",)}, "'noise' is none of denoised, difference, report"),
        ({"outputs": ()}, "no output is asked for"),
        ({"kind": "8-bit"}, "type is '8-bit', but must be of 32-bit, input"),
    ],
)
def test_what_nobody_can_have_is_refused(smoother: Path, options: dict, part: str) -> None:
    with open_model(smoother) as model, pytest.raises(SettingError, match=part):
        denoise(Image(_noisy(32, 32), "YX"), model, Request(), **options)


def test_a_result_of_another_size_is_no_denoised_image(tmp_path: Path) -> None:
    def large(graph: Graph, given: str) -> list[str]:
        scales = graph.constant([1.0, 1.0, 2.0, 2.0])
        return [graph.add("Resize", given, "", scales, mode="nearest")]

    package = write(
        tmp_path / "large",
        large,
        [Port("raw", "bcyx", SIDES | {"c": 1})],
        [same("made", "bcyx", "raw", scale={"y": 0.5, "x": 0.5})],
        {"raw": {"y": 32, "x": 32}},
        {"task": "denoise", "decoder": {"id": "image"}, "settings": []},
    )
    with open_model(package) as model, pytest.raises(ShapeError, match="no denoised one"):
        denoise(Image(_noisy(32, 32), "YX"), model, Request())


def test_files_keep_display_colours_and_calibration(stainer: Path, tmp_path: Path) -> None:
    image = Image(_noisy(3, 32, 48), "TYX", {"X": 0.5, "Y": 0.5, "T": 2.0}, "micron")
    with open_model(stainer) as model:
        made = stain(image, model, Request(), outputs=("stained", "appended"))
    results.save(made, tmp_path, "field")
    back = read_image(tmp_path / "field-appended.tif")
    np.testing.assert_array_equal(back.to("TZCYX").pixels, made.maps["appended"].pixels)
    assert (back.unit, dict(back.pixel_size)) == ("micron", {"X": 0.5, "Y": 0.5, "T": 2.0})
    assert read_display(tmp_path / "field-appended.tif") == made.displays["appended"]
    with tifffile.TiffFile(tmp_path / "field-appended.tif") as tiff:
        metadata = tiff.imagej_metadata
    assert metadata["Labels"][:3] == ["input", "nuclei", "neurites"]
    assert "warning: This image is a prediction" in metadata["Info"]


def test_a_file_keeps_what_is_written_on_the_image(smoother: Path, tmp_path: Path) -> None:
    labels = [f"{name}\nframe {t}" for t in (1, 2) for name in ("DAPI", "GFP")]
    tifffile.imwrite(
        tmp_path / "movie.tif",
        _noisy(2, 2, 32, 48),
        imagej=True,
        metadata={"axes": "TCYX", "Labels": labels, "Info": "objective: 63x", "mode": "color"}
        | {"min": 0.0, "max": 9.0, "Ranges": (0.0, 9.0, 1.0, 8.0)},
    )
    source = tmp_path / "movie.tif"
    image = read_image(source)
    assert image.channel_names == ("DAPI", "GFP")
    request = Request(display=read_display(source), captions=read_captions(source))
    with open_model(smoother) as model:
        made = denoise(image, model, request, outputs=("denoised", "difference"))
        second = denoise(image, model, replace(request, channel="GFP"))
    results.save(made, tmp_path, "movie")
    results.save(second, tmp_path, "second")
    with tifffile.TiffFile(tmp_path / "movie-denoised.tif") as tiff:
        metadata = tiff.imagej_metadata
    assert metadata["Labels"] == labels
    assert metadata["mode"] == "color"
    assert "warning: This image is a prediction" in metadata["Info"]
    assert metadata["Info"].endswith("\nobjective: 63x")
    assert read_captions(tmp_path / "movie-difference.tif").labels == tuple(labels)
    assert read_captions(tmp_path / "second-denoised.tif").labels == tuple(labels[1::2])


@pytest.mark.parametrize("pixels", [np.zeros((2, 32, 48), np.uint16), _noisy(1, 32, 48).repeat(2, 0)])
def test_equal_channels_stay_channels(smoother: Path, pixels: np.ndarray) -> None:
    with open_model(smoother) as model:
        made = denoise(Image(pixels, "CYX"), model, Request())
    assert made.image.size("C") == 2


def test_a_file_without_a_display_has_none(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "plain.tif", _noisy(8, 8))
    assert read_display(tmp_path / "plain.tif") is None
    assert read_display(tmp_path / "picture.png") is None


@pytest.mark.parametrize("shape", [(61, 1), (1, 61), (1, 1)])
def test_an_image_one_pixel_wide_keeps_its_sides(
    shape: tuple[int, int], smoother: Path, tmp_path: Path
) -> None:
    with open_model(smoother) as model:
        made = denoise(Image(_noisy(*shape), "YX"), model, Request())
    results.save(made, tmp_path, "thin")
    assert read_image(tmp_path / "thin-denoised.tif").pixels.shape == shape


@pytest.mark.parametrize("kind", [np.uint64, np.int64])
def test_the_largest_whole_numbers_are_not_wrapped(kind: type) -> None:
    limits = np.iinfo(kind)
    made = as_type(Image(np.array([[0.6, 1e30, -1e30]], np.float32), "YX"), np.dtype(kind)).pixels[0]
    assert made[0] == 1
    assert limits.max - 2048 < made[1] <= limits.max
    assert made[2] == limits.min


def test_values_that_networks_cannot_take_are_refused(smoother: Path) -> None:
    with open_model(smoother) as model, pytest.raises(ImageError, match="largest pixel value is 2e\\+38"):
        denoise(Image(np.full((32, 32), 2e38, np.float32), "YX"), model, Request())


def test_the_file_tells_settings_and_reports_line_by_line(smoother: Path, tmp_path: Path) -> None:
    with open_model(smoother) as model:
        made = denoise(Image(_noisy(64, 64), "YX"), model, Request(), outputs=("denoised", "report"))
    results.save(made, tmp_path, "field")
    info = read_captions(tmp_path / "field-denoised.tif").info.splitlines()
    assert {
        "settings.statistics: stack",
        "settings.scale: 1.0",
        "outputs: denoised",
        "outputs: report",
    } <= set(info)
    assert sum(line.startswith("report: ") for line in info) == len(made.run["report"])


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_half_precision_is_looked_at_as_any_other(strange: float, smoother: Path) -> None:
    pixels = np.random.default_rng(3).uniform(0, 60_000, (32, 32)).astype(np.float16)
    with open_model(smoother) as model:
        denoise(Image(pixels, "YX"), model, Request())
        pixels[3, 5] = strange
        with pytest.raises(ImageError, match="1 of 1024 pixels are NaN or infinite"):
            denoise(Image(pixels, "YX"), model, Request())
