"""Every shipped package is valid, reproduces its own test output, and keeps what its card promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bioimageio.spec import ValidationContext, load_description
from bioimageio.spec.model.v0_5 import ModelDescr
from drua.files import read_image
from drua.image import Image
from drua.metrics import match, pool, score
from drua.models.card import read_card
from drua.pipeline import open_model, predict
from drua.selftest import reproduce
from drua.similarity import nrmse, pearson, psnr

from tests.network_maps import maps_of
from tests.recipes import recipe

MODELS = Path(__file__).resolve().parents[2] / "models"
DATA = Path(__file__).resolve().parents[3] / "shared/data"
SHARED = DATA / "dsb2018/fluorescence"
PACKAGES = sorted(path.parent for path in MODELS.glob("*/bioimageio.yaml"))
NUCLEI = MODELS / "nuclei-fluorescence"
DENOISE = MODELS / "denoise-fluorescence"
HISTOLOGY = MODELS / "stain-nuclei-histology"
NEURONS = MODELS / "stain-neurons-phase"
MIB = 2**20


def _drua_config(package: Path) -> dict:
    with ValidationContext(perform_io_checks=False):
        return load_description(package / "bioimageio.yaml").model_dump(mode="json")["config"]["drua"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_package_is_valid_and_its_hashes_fit(package: Path) -> None:
    with ValidationContext(perform_io_checks=True):
        description = load_description(package / "bioimageio.yaml")
    assert isinstance(description, ModelDescr), description.validation_summary.format()
    assert description.id == package.name


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_package_reproduces_its_test_output(package: Path) -> None:
    assert reproduce(str(package))["difference"] <= 1e-4


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_weights_are_small(package: Path) -> None:
    card = read_card(package)
    assert {weights.format for weights in card.weights} == {"onnx", "torchscript"}
    assert sum(weights.path.stat().st_size for weights in card.weights) < 20 * MIB


def _largest_difference(tile: int, halo: int | None) -> float:
    """Return how far tiled maps of the sample are from untiled ones, in probability."""
    pixels = read_image(NUCLEI / "sample/nuclei-sample.tif").pixels
    with open_model(NUCLEI) as model:
        card = model.card
        if halo is not None:
            card = _with_halo(card, halo)
        whole = maps_of(pixels, card, model.backend, 4096)
        tiled = maps_of(pixels, card, model.backend, tile)
    return float(np.abs(whole - tiled).max())


def _with_halo(card, halo: int):
    from dataclasses import replace

    return replace(card, outputs=(replace(card.output, halo={"Y": halo, "X": halo}),))


def test_tiling_at_the_declared_halo_costs_what_the_card_says() -> None:
    stated = _drua_config(NUCLEI)["tiling_error"]
    assert stated <= 1e-3
    assert max(_largest_difference(256, None), _largest_difference(384, None)) <= stated


def test_tiling_is_exact_where_the_halo_covers_the_receptive_field() -> None:
    config = _drua_config(NUCLEI)
    halo = -(-config["receptive_field"] // config["stride"]) * config["stride"]
    tile = max(384, 2 * halo + config["stride"])
    assert tile < 500, "the sample must need several tiles"
    assert _largest_difference(tile, halo) <= 1e-6


def test_the_sample_is_segmented_as_its_truth_says() -> None:
    truth = read_image(NUCLEI / "sample/nuclei-sample-truth.tif").pixels
    prediction = predict(read_image(NUCLEI / "sample/nuclei-sample.tif"), str(NUCLEI))
    assert score(match(prediction.image.pixels[0, 0], truth)).ap >= 0.8


@pytest.mark.parametrize("noise", ["gaussian", "poisson"])
def test_an_empty_field_has_no_nuclei(noise: str) -> None:
    random = np.random.default_rng(11)
    field = random.normal(300, 9, (307, 401)) if noise == "gaussian" else random.poisson(40, (307, 401))
    assert predict(Image(field.astype(np.uint16), "YX"), str(NUCLEI)).count == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared DSB 2018 images are not beside this checkout")
def test_the_accuracy_on_unseen_images_is_what_the_card_says() -> None:
    paths = [path for path in sorted((SHARED / "images").glob("*.png")) if int(path.stem, 16) % 5 == 0]
    with open_model(NUCLEI) as model:
        matches = [
            match(
                predict(read_image(path), model).image.pixels[0, 0],
                read_image(SHARED / "labels" / path.name).pixels,
            )
            for path in paths
        ]
    pooled = score(pool(matches)).ap
    assert pooled >= 0.83
    assert pooled == pytest.approx(_drua_config(NUCLEI)["accuracy"]["value"], abs=0.002)


def test_all_that_is_shipped_is_in_the_wheel() -> None:
    text = (MODELS.parent / "pyproject.toml").read_text(encoding="utf-8")
    for package in PACKAGES:
        assert f'"models/{package.name}" = "drua/packages/{package.name}"' in text


@pytest.mark.parametrize("package", [DENOISE, HISTOLOGY, NEURONS], ids=lambda package: package.name)
def test_a_prediction_of_intensities_says_whether_they_may_be_measured(package: Path) -> None:
    assert _drua_config(package)["intensities"] == "not validated"
    assert "do not measure intensities" in (package / "README.md").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("package", [HISTOLOGY, NEURONS], ids=lambda package: package.name)
def test_a_stain_has_a_colour_for_every_channel_and_says_what_it_is_for(package: Path) -> None:
    config = _drua_config(package)
    assert len(config["colours"]) == len(read_card(package).output.channels)
    assert config["modality"]["channels"] == len(read_card(package).input.channels)


def _decibels_gained(light: np.ndarray, level: str, model) -> float:
    """Return by how much the PSNR of light, (Y, X), 0 to about 1, rises when its noise is removed."""
    noise = recipe(DENOISE.name, "noise")
    one = noise.LEVELS[level]
    noisy = noise.expose(light, one, np.random.default_rng(5))
    result = predict(Image(noisy, "YX"), model).image.pixels.reshape(light.shape)
    truth = light * one.photons
    before, after = (psnr(nrmse(np.float64(each), truth, one.photons)) for each in (noisy, result))
    return after - before


@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_the_denoiser_removes_noise_from_the_simulated_nuclei(level: str) -> None:
    light = recipe(DENOISE.name, "noise").clean(
        read_image(NUCLEI / "sample/nuclei-sample.tif").pixels[:320, :320]
    )
    with open_model(DENOISE) as model:
        assert _decibels_gained(light, level, model) >= 6


def test_the_denoiser_keeps_gain_and_offset_of_the_camera() -> None:
    pixels = read_image(NUCLEI / "sample/nuclei-sample.tif").pixels[:200, :240].astype(np.float32)
    with open_model(DENOISE) as model:
        plain, changed = (
            predict(Image(each, "YX"), model).image.pixels for each in (pixels, 3 * pixels + 500)
        )
    assert np.abs(changed - (3 * plain + 500)).max() < 1e-3 * np.ptp(plain)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared DSB 2018 images are not beside this checkout")
@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_the_denoiser_removes_noise_from_unseen_images(level: str) -> None:
    noise = recipe(DENOISE.name, "noise")
    paths = [path for path in sorted((SHARED / "images").glob("*.png")) if noise.is_validation(path.stem)]
    with open_model(DENOISE) as model:
        gains = [
            _decibels_gained(
                noise.clean(read_image(path).to("TZCYX").pixels[0, 0, 0, :256, :256]), level, model
            )
            for path in paths[::12]
        ]
    assert len(gains) == 8
    assert np.mean(gains) >= {"low": 9, "medium": 12, "high": 13}[level]


def _found_in_stain(colours: np.ndarray, stain, nuclei) -> np.ndarray:
    """Return labels, (Y, X), of nuclei in the virtual stain of an image, (Y, X, C)."""
    light = predict(Image(np.moveaxis(colours, -1, 0), "CYX"), stain).image.pixels[0, 0, 0]
    return predict(Image(light, "YX"), nuclei).image.pixels[0, 0]


def test_nuclei_are_found_in_the_stain_of_the_simulated_tissue() -> None:
    colours, truth = recipe(HISTOLOGY.name, "simulate").sample()
    with open_model(HISTOLOGY) as stain, open_model(NUCLEI) as nuclei:
        assert score(match(_found_in_stain(colours, stain, nuclei), truth)).ap >= 0.7


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared histology images are not beside this checkout")
def test_nuclei_are_found_in_the_stain_of_unseen_tissue_and_not_in_its_inverted_grey() -> None:
    fields = list(recipe(HISTOLOGY.name, "data").fields(DATA / "dsb2018/histology", validation=True))[::3]
    with open_model(HISTOLOGY) as stain, open_model(NUCLEI) as nuclei:
        ours = [match(_found_in_stain(colours, stain, nuclei), truth) for _, colours, truth in fields]
        grey = [
            match(predict(Image(255 - colours.mean(axis=2), "YX"), nuclei).image.pixels[0, 0], truth)
            for _, colours, truth in fields
        ]
    assert len(fields) >= 5
    assert score(pool(ours)).ap >= score(pool(grey)).ap + 0.1


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared field of neurons is not beside this checkout")
def test_the_stain_of_neurons_is_like_the_truth_on_the_strip_left_out() -> None:
    data, field = recipe(NEURONS.name, "data"), DATA / "real/staining/isl_neurons"
    phase = np.stack([data.read(field, name) for name in data.DEPTHS])
    strip = (slice(None), slice(data.border(phase.shape[-1]), None))
    result = predict(Image(phase, "CYX"), str(NEURONS)).image.pixels[0, 0]
    for channel, (name, source) in enumerate(data.STAINS.items()):
        truth = data.read(field, source)[strip].astype(np.float64)
        likeness = pearson(result[channel][strip].astype(np.float64), truth)
        assert likeness is not None
        assert likeness >= {"nuclei": 0.6, "neurites": 0.4}[name]
