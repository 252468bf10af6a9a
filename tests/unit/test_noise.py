"""Tests of drua.noise on noise that is known."""

import numpy as np
import pytest
from drua import noise
from scipy.ndimage import gaussian_filter

from tests.simulated import nuclei


@pytest.mark.parametrize("sigma", [1, 5, 20])
def test_level_is_that_of_the_noise_and_not_of_the_structure(sigma: float) -> None:
    truth = nuclei()
    noisy = truth + np.random.default_rng(1).normal(0, sigma, truth.shape)
    assert noise.level(noisy) == pytest.approx(sigma, rel=0.06)
    assert noise.level(truth) < 0.3


def test_level_of_few_photons() -> None:
    counts = np.random.default_rng(1).poisson(0.05, (256, 256))
    assert noise.level(counts) == pytest.approx(np.sqrt(0.05), rel=0.05)


@pytest.mark.parametrize("gain", [0.2, 1, 3])
def test_model_finds_gain_and_read_out_noise(gain: float) -> None:
    truth = nuclei()
    random = np.random.default_rng(1)
    noisy = 100 + gain * random.poisson(truth / gain) + random.normal(0, 2, truth.shape)
    found = noise.model([noisy], [truth + 100])
    assert found.slope == pytest.approx(gain, rel=0.12)
    bright = np.array([150.0, 300.0])
    np.testing.assert_allclose(found.sigma(bright), np.sqrt(gain * (bright - 100) + 4), rtol=0.06)


def test_model_of_noise_that_is_the_same_everywhere() -> None:
    truth = nuclei()
    found = noise.model([truth + np.random.default_rng(seed).normal(0, 7, truth.shape) for seed in range(2)])
    np.testing.assert_allclose(found.sigma(np.array([20.0, 250.0])), 7, rtol=0.08)


def test_model_of_an_image_without_noise() -> None:
    flat = np.full((40, 50), 9.0)
    assert noise.model([flat]) == noise.NoiseModel(0.0, 0.0, 0.0)
    assert noise.level(flat) == 0


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sigma", [1, 3])
def test_stripes_are_found_along_their_axis_only(axis: int, sigma: float) -> None:
    truth = nuclei()
    random = np.random.default_rng(1)
    offsets = random.normal(0, sigma, truth.shape[axis])
    noisy = truth + random.normal(0, 5, truth.shape) + np.expand_dims(offsets, 1 - axis)
    assert noise.stripes(noisy, axis) == pytest.approx(sigma, rel=0.35)
    assert noise.stripes(noisy, 1 - axis) == 0


def test_structure_and_other_noise_are_no_stripes() -> None:
    truth = nuclei()
    random = np.random.default_rng(1)
    photons = random.poisson(truth)
    alike = truth + 10 * gaussian_filter(random.normal(0, 1, truth.shape), 0.7)
    assert [noise.stripes(plane, axis) for plane in (truth, photons, alike) for axis in (0, 1)] == [0] * 6


@pytest.mark.parametrize("photons", [0.3, 1, 2, 5])
def test_few_photons_are_no_stripes(photons: float) -> None:
    truth = nuclei()
    expected = photons * truth / truth.max()
    seen = np.random.default_rng(1).poisson(expected)
    normalised = (seen - expected) / np.sqrt(expected)
    assert [noise.stripes(normalised, axis) for axis in (0, 1)] == [0, 0]


def test_stripes_by_chance_are_rare_and_faint() -> None:
    found = [noise.stripes(np.random.default_rng(seed).normal(size=(64, 67)), 0) for seed in range(200)]
    assert sum(value > 0 for value in found) <= 10
    assert max(found) < 0.2


def test_tiny_planes_have_no_measurable_noise() -> None:
    assert noise.level(np.eye(2)) == 0
    assert noise.stripes(np.eye(15), 0) == 0
