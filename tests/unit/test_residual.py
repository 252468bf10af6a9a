"""Tests of drua.residual: the verdict on denoised images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from drua import residual
from drua.errors import ImageError, ShapeError
from drua.image import Image
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, median_filter

from tests.simulated import nuclei

RANDOM = np.random.default_rng


def assess(noisy: np.ndarray, result: np.ndarray, axes: str = "YX") -> residual.Residual:
    (found,) = residual.assess(Image(noisy, axes), Image(result, axes))
    return found


def noisy_of(truth: np.ndarray, kind: str, seed: int = 1) -> np.ndarray:
    random = RANDOM(seed)
    return {
        "gaussian": lambda: truth + random.normal(0, 10, truth.shape),
        "photons": lambda: random.poisson(truth).astype(np.uint16),
        "both": lambda: 3 * random.poisson(truth / 3) + random.normal(0, 2, truth.shape),
        "few photons": lambda: 20 * random.poisson(truth / 20),
    }[kind]()


KINDS = ("gaussian", "photons", "both", "few photons")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_an_oracle_removes_pure_noise(kind: str, seed: int) -> None:
    truth = nuclei(seed)
    found = assess(noisy_of(truth, kind, seed), truth)
    assert found.verdict == "noise"
    assert (
        found.sentences[0]
        == "What was removed looks like pure noise: no structure of the image was found in it."
    )
    assert found.excess == pytest.approx(1, abs=0.05)
    assert found.noise_after < 0.1 * found.noise_before
    assert found.size is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sigma", [2, 4])
def test_smoothing_too_much_is_named_with_the_size_of_what_was_lost(kind: str, sigma: float) -> None:
    noisy = noisy_of(nuclei(), kind)
    found = assess(noisy, gaussian_filter(noisy.astype(float), sigma))
    assert found.verdict == "signal removed"
    assert "Structures of about" in found.sentences[0]
    assert 2 <= found.size <= 8
    assert found.dimmed > 0.03


def test_signal_is_named_where_noise_was_left_as_well() -> None:
    noisy = noisy_of(nuclei(), "photons").astype(float)
    found = assess(noisy, 0.7 * gaussian_filter(noisy, 1.2) + 0.3 * noisy)
    assert found.flat < -0.05 < 0 < found.structured
    assert found.verdict == "signal removed"


def test_noise_left_at_edges_is_no_signal() -> None:
    noisy = noisy_of(nuclei(), "gaussian")
    edges = gaussian_gradient_magnitude(nuclei(), 1.5) > 2
    found = assess(noisy, np.where(edges, noisy, gaussian_filter(noisy, 1)))
    assert found.verdict == "noise"


def test_means_are_of_all_planes() -> None:
    random = RANDOM(1)
    noisy = 100 + random.normal(0, 10, (40, 48, 48))
    noisy[1] += 1000  # not among the planes that are looked at
    found = assess(noisy, noisy - 5, "TYX")
    assert (found.planes, found.mean_before) == (16, pytest.approx(noisy.mean()))
    assert found.mean_after == pytest.approx(noisy.mean() - 5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_without_content_lost_everything(kind: str) -> None:
    noisy = noisy_of(nuclei(), kind)
    assert assess(noisy, np.full(noisy.shape, noisy.mean())).verdict == "signal removed"


@pytest.mark.parametrize("kind", KINDS)
def test_the_input_itself_has_nothing_removed(kind: str) -> None:
    noisy = noisy_of(nuclei(), kind)
    found = assess(noisy, noisy)
    assert found.verdict == "nothing removed"
    assert found.sentences[0].startswith("Nothing was removed")
    assert found.noise_before == found.noise_after


@pytest.mark.parametrize(("axis", "name"), [(0, "rows"), (1, "columns")])
def test_stripes_that_were_removed_are_structured_noise(axis: int, name: str) -> None:
    truth = nuclei()
    offsets = np.expand_dims(RANDOM(2).normal(0, 3, truth.shape[axis]), 1 - axis)
    found = assess(truth + RANDOM(1).normal(0, 5, truth.shape) + offsets, truth)
    assert found.verdict == "structured noise"
    assert f"stripes along {name}" in found.sentences[0]


def test_stripes_that_were_left_are_said() -> None:
    truth = nuclei()
    striped = truth + RANDOM(2).normal(0, 3, (truth.shape[0], 1))
    found = assess(striped + RANDOM(1).normal(0, 5, truth.shape), striped)
    assert found.verdict == "noise"
    assert any("The result has stripes along rows" in sentence for sentence in found.sentences)


def test_noise_that_neighbours_share_is_structured_noise_and_no_signal() -> None:
    truth = nuclei()
    found = assess(truth + 10 * gaussian_filter(RANDOM(1).normal(0, 1, truth.shape), 0.7), truth)
    assert found.verdict == "structured noise"
    assert "neighbouring pixels" in found.sentences[0]


@pytest.mark.parametrize("sigma", [0.7, 1, 2, 4])
def test_smoothing_an_empty_image_removes_noise_only(sigma: float) -> None:
    empty = RANDOM(1).normal(50, 5, (211, 257))
    found = assess(empty, gaussian_filter(empty, sigma))
    assert found.verdict == "noise"
    assert found.dimmed == 0


def test_noise_that_is_left_smoothed_is_said_and_is_no_signal() -> None:
    noisy = noisy_of(nuclei(), "gaussian")
    found = assess(noisy, median_filter(noisy, 3))
    assert found.verdict == "noise"
    assert found.neighbours < -0.05
    assert "Part of the noise is still in the result, smoothed." in found.sentences


def test_a_shift_of_the_mean_is_said_and_is_no_structure() -> None:
    truth = nuclei()
    found = assess(noisy_of(truth, "photons"), truth + 25)
    assert found.verdict == "noise"
    assert any(sentence.startswith("The mean changed") for sentence in found.sentences)
    kept = assess(noisy_of(truth, "photons"), truth)
    assert any(sentence.startswith("The mean was kept") for sentence in kept.sentences)


def test_dimmed_structures_are_said() -> None:
    truth = nuclei()
    found = assess(noisy_of(truth, "gaussian"), 20 + 0.8 * (truth - 20))
    assert found.dimmed == pytest.approx(0.2, abs=0.02)
    assert any("dimmed by 20 %" in sentence for sentence in found.sentences)


@pytest.mark.parametrize("kept", [0.5, 0.9, 1.25])
def test_a_gain_is_told_as_what_it_is(kept: float) -> None:
    truth = nuclei()
    (found,) = residual.assess(Image(truth, "YX"), Image(kept * truth, "YX"))
    assert found.dimmed == pytest.approx(1 - kept, abs=1e-6)


def test_a_mean_that_fell_by_a_tenth_was_not_kept() -> None:
    """Of a dark field with a few bright spots, whose contrast is a hundred times the mean."""
    random = np.random.default_rng(5)
    spots = np.where(random.random((128, 128)) < 0.003, 60_000.0, 0.0)
    field = 900 + gaussian_filter(spots, 1.2)
    (found,) = residual.assess(Image(random.poisson(field), "YX"), Image(0.91 * field, "YX"))
    assert any(sentence.startswith("The mean changed") for sentence in found.sentences)


def test_size_is_told_in_the_unit_of_the_image() -> None:
    noisy = noisy_of(nuclei(), "gaussian")
    image = Image(noisy, "YX", pixel_size={"Y": 0.5, "X": 0.5}, unit="micron")
    (found,) = residual.assess(image, image.with_pixels(gaussian_filter(noisy, 2), "YX"))
    assert "pixels (1.5 micron)" in found.sentences[0]


def test_stacks_are_looked_at_in_evenly_spread_planes_and_channels_by_themselves() -> None:
    truth = nuclei()
    stack = np.stack([noisy_of(truth, "gaussian", seed) for seed in range(20)])
    found = assess(stack, np.broadcast_to(truth, stack.shape), "TYX")
    assert (found.verdict, found.planes) == ("noise", 16)
    pair = Image(stack[:2], "CYX", channel_names=("DAPI", "actin"))
    result = pair.with_pixels(np.stack([truth, gaussian_filter(stack[1], 3)]), "CYX")
    verdicts = {one.channel: one.verdict for one in residual.assess(pair, result)}
    assert verdicts == {"DAPI": "noise", "actin": "signal removed"}


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (20, 40), (31, 300)])
def test_small_images_are_not_judged(shape: tuple[int, int]) -> None:
    noisy = RANDOM(1).normal(50, 5, shape)
    assert assess(noisy, np.full(shape, 30.0)).verdict in ("too small to tell", "nothing removed")


def test_constant_images_have_nothing_to_remove() -> None:
    found = assess(np.full((50, 60), 7, np.uint8), np.full((50, 60), 7, np.uint8))
    assert found.verdict == "nothing removed"
    assert "The input has no noise that could be measured." in found.sentences


def test_autocorrelation_is_one_in_the_middle_and_symmetric() -> None:
    truth = nuclei()
    found = assess(noisy_of(truth, "photons"), truth).autocorrelation
    assert found.shape == (31, 31)
    assert found[15, 15] == 1
    np.testing.assert_allclose(found, found[::-1, ::-1], atol=1e-9)
    assert np.abs(np.delete(found.ravel(), 15 * 31 + 15)).max() < 0.03


def test_picture_has_four_panels() -> None:
    noisy = Image(noisy_of(nuclei(), "photons"), "YX")
    (found,) = residual.assess(noisy, noisy.with_pixels(nuclei(), "YX"))
    picture = residual.picture(noisy, noisy.with_pixels(nuclei(), "YX"), found)
    assert picture.dtype == np.uint8
    assert picture.shape[1] > 3 * 2 * 257


def test_images_that_do_not_fit_are_refused() -> None:
    image = Image(np.zeros((40, 50)), "YX")
    with pytest.raises(ShapeError, match="result has the sides Y 50, X 40, but the input has Y 40, X 50"):
        residual.assess(image, Image(np.zeros((50, 40)), "YX"))
    with pytest.raises(ImageError, match="the result has 1 pixels that are infinite or no numbers"):
        residual.assess(
            image, image.with_pixels(np.where(np.eye(40, 50) * np.arange(50) == 3, np.nan, 0), "YX")
        )
