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

from tests.network_maps import maps_of

MODELS = Path(__file__).resolve().parents[2] / "models"
SHARED = Path(__file__).resolve().parents[3] / "shared/data/dsb2018/fluorescence"
PACKAGES = sorted(path.parent for path in MODELS.glob("*/bioimageio.yaml"))
NUCLEI = MODELS / "nuclei-fluorescence"
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
