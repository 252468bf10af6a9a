from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drua.errors import Cancelled, CardError, ImageError, SettingError
from drua.image import Image
from drua.pipeline import Region, open_model, predict, predict_maps

from tests.network_maps import maps_of
from tests.small_networks import write_colour
from tests.tiny_model import write_package


def test_objects_are_found_where_they_are(tiny_package: Path, discs: np.ndarray) -> None:
    prediction = predict(Image(discs, "YX"), str(tiny_package))
    assert prediction.kind == "label_image"
    assert prediction.image.axes == "TZYX"
    labels = prediction.image.pixels[0, 0]
    assert prediction.count == 4
    assert len({int(labels[row, column]) for row, column in ((20, 20), (20, 60), (70, 100), (88, 30))}) == 4


def test_the_image_is_left_as_it_was(tiny_package: Path, discs: np.ndarray) -> None:
    before = discs.copy()
    discs.flags.writeable = False
    predict(Image(discs, "YX"), str(tiny_package))
    np.testing.assert_array_equal(discs, before)


@pytest.mark.parametrize("tile", [16, 32, 64, 96])
def test_tiled_and_untiled_maps_agree_where_the_halo_covers_the_receptive_field(
    tiny_package: Path, discs: np.ndarray, tile: int
) -> None:
    with open_model(tiny_package) as model:
        whole = maps_of(discs, model.card, model.backend, 132)
        tiled = maps_of(discs, model.card, model.backend, tile)
    assert np.abs(whole - tiled).max() <= 1e-6


def test_progress_counts_tiles_up_to_all_of_them(tiny_package: Path, discs: np.ndarray) -> None:
    seen: list[tuple[str, int, int]] = []
    stack = np.stack([discs, discs[::-1]])
    prediction = predict(Image(stack, "ZYX"), str(tiny_package), progress=lambda *step: seen.append(step))
    total = prediction.run["tiles"]
    assert total == 2 * 2 * 3, "two planes, each cut in 2 x 3"
    assert [step for step in seen if step[0] == "tiles"] == [("tiles", n, total) for n in range(total + 1)]
    steps = [what for what, _, count in seen if count == 0]
    assert steps == ["finding objects", "finding objects", "tracing outlines", "measuring"]


def test_progress_may_cancel(tiny_package: Path, discs: np.ndarray) -> None:
    def stop(_what: str, done: int, _total: int) -> None:
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        predict(Image(discs, "YX"), str(tiny_package), progress=stop)


def test_labels_are_unique_in_a_stack_and_tell_their_plane(tiny_package: Path, discs: np.ndarray) -> None:
    stack = np.stack([discs, np.zeros_like(discs), discs[:, ::-1]])
    prediction = predict(Image(stack, "TYX"), str(tiny_package))
    assert prediction.count == 8
    assert prediction.outlines.planes.tolist() == [0] * 4 + [2] * 4
    frames = prediction.table.rows[:, prediction.table.columns.index("Frame")]
    assert frames.tolist() == [1] * 4 + [3] * 4


@pytest.mark.parametrize("level", [0, 100, 65535])
def test_a_constant_image_has_no_objects(tiny_package: Path, level: int) -> None:
    image = Image(np.full((97, 131), level, np.uint16), "YX")
    prediction = predict(image, str(tiny_package))
    assert prediction.count == 0
    assert prediction.table.rows.shape == (0, len(prediction.table.columns))


def test_camera_noise_has_no_objects(tiny_package: Path) -> None:
    noise = np.random.default_rng(5).poisson(100, (97, 131)).astype(np.uint16)
    assert predict(Image(noise, "YX"), str(tiny_package)).count == 0


@pytest.mark.parametrize("sides", [(1, 1), (1, 17), (7, 3), (15, 16), (64, 64), (65, 131)])
def test_images_of_any_size_are_predicted(tiny_package: Path, sides: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, sides, np.uint8)
    assert predict(Image(pixels, "YX"), str(tiny_package)).image.pixels.shape == (1, 1, *sides)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(tiny_package: Path, discs: np.ndarray, value: float) -> None:
    pixels = discs.astype(np.float32)
    pixels[3, 5] = value
    with pytest.raises(ImageError, match="1 "):
        predict(Image(pixels, "YX"), str(tiny_package))


def test_several_channels_need_a_choice(tiny_package: Path, discs: np.ndarray) -> None:
    image = Image(np.stack([discs, discs[::-1]]), "CYX", channel_names=("DAPI", "GFP"))
    with pytest.raises(
        ImageError, match=r"2 channels \(DAPI, GFP\), but model 'tiny' takes one; choose channel 1 to 2"
    ):
        predict(image, str(tiny_package))
    chosen = predict(image, str(tiny_package), channel=2)
    alone = predict(Image(discs[::-1], "YX"), str(tiny_package))
    np.testing.assert_array_equal(chosen.image.pixels, alone.image.pixels)


def test_a_channel_that_is_not_there_is_refused(tiny_package: Path, discs: np.ndarray) -> None:
    with pytest.raises(ImageError, match="channel 2 was chosen, but the image has 1"):
        predict(Image(discs, "YX"), str(tiny_package), channel=2)


def test_grey_stored_as_rgb_counts_as_one_channel(tiny_package: Path, discs: np.ndarray) -> None:
    coloured = predict(Image(np.stack([discs] * 3, axis=-1), "YXC"), str(tiny_package))
    grey = predict(Image(discs, "YX"), str(tiny_package))
    np.testing.assert_array_equal(coloured.image.pixels, grey.image.pixels)


def test_a_region_is_predicted_alone_in_the_coordinates_of_the_image(
    tiny_package: Path, discs: np.ndarray
) -> None:
    image = Image(discs, "YX", {"X": 0.5, "Y": 0.5}, "micron")
    prediction = predict(image, str(tiny_package), region=Region(x=43, y=5, width=37, height=31))
    alone = predict(Image(discs[5:36, 43:80], "YX"), str(tiny_package))
    assert prediction.count == alone.count == 1
    np.testing.assert_array_equal(prediction.image.pixels[..., 5:36, 43:80], alone.image.pixels)
    assert prediction.image.pixels.shape == (1, 1, *discs.shape)
    x, y = (prediction.table.rows[0, prediction.table.columns.index(name)] for name in "XY")
    assert (x, y) == pytest.approx((60.5 / 2, 20.5 / 2), abs=0.5)


@pytest.mark.parametrize("region", [Region(-1, 0, 9, 9), Region(125, 0, 9, 9), Region(0, 0, 0, 9)])
def test_a_region_outside_is_refused(tiny_package: Path, discs: np.ndarray, region: Region) -> None:
    with pytest.raises(ImageError, match="does not lie in the image of 131 x 97; move the selection"):
        predict(Image(discs, "YX"), str(tiny_package), region=region)


def test_a_wrong_setting_is_refused_before_any_work(tiny_package: Path, discs: np.ndarray) -> None:
    with pytest.raises(SettingError, match="mask_threshold is 2"):
        predict(Image(discs, "YX"), str(tiny_package), settings={"mask_threshold": 2})


def test_an_intensity_model_gives_an_image(tmp_path: Path, discs: np.ndarray) -> None:
    package = write_package(tmp_path / "tiny", task="denoise", decoder="image")
    prediction = predict(Image(discs, "YX", {"X": 0.5}, "micron"), str(package))
    assert (prediction.kind, prediction.image.axes) == ("intensity", "TZCYX")
    assert prediction.image.pixels.shape == (1, 1, 1, *discs.shape)
    assert prediction.image.pixel_size == {"X": 0.5}
    assert prediction.outlines is None


def test_an_unknown_decoder_is_said(tmp_path: Path, discs: np.ndarray) -> None:
    package = write_package(tmp_path / "tiny", decoder="star")
    with pytest.raises(CardError, match="decoder 'star'"):
        predict(Image(discs, "YX"), str(package))


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    from drua.errors import HashError

    package = write_package(tmp_path / "tiny")
    with (package / "weights.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(HashError, match="install the model again"):
        open_model(package)


def test_a_device_that_is_not_there_is_refused(tiny_package: Path) -> None:
    from drua.errors import DeviceError

    with pytest.raises(DeviceError, match="'cuda:7' is not available here; choose auto or cpu"):
        open_model(tiny_package, "cuda:7")


def test_maps_name_their_channels_and_lie_where_their_pixels_come_from(tmp_path: Path) -> None:
    colours = np.random.default_rng(2).integers(0, 255, (40, 52, 3)).astype(np.uint8)
    image = Image(colours, "YXC", {"X": 0.5, "Y": 0.5}, "micron", origin={"X": -4.0})
    model = str(write_colour(tmp_path / "colour"))
    maps = predict_maps(image, model, region=Region(10, 8, 20, 24)).maps
    blue, large = maps["blue"], maps["large"]
    np.testing.assert_array_equal(blue.pixels[0, 0, 0, 8:32, 10:30], colours[8:32, 10:30, 2])
    assert not blue.pixels[0, 0, 0, :8].any()
    assert (dict(blue.pixel_size), dict(blue.origin)) == ({"X": 0.5, "Y": 0.5}, {"X": -4.0})
    red = colours[8:32, 10:30, 0].repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(large.pixels[0, 0, 0], red)
    assert dict(large.pixel_size) == {"X": 0.25, "Y": 0.25}
    assert dict(large.origin) == {"X": 12.0, "Y": 16.0}
    assert (blue.channel_names, large.channel_names) == (("blue",), ("red",))
