"""Tests of drua.resolution on images whose finest detail is known."""

import numpy as np
import pytest
from drua.resolution import HALVES, REFERENCE, own_resolution, shared_resolution, spectra
from scipy.ndimage import gaussian_filter

from tests.simulated import band_limited


def _noise(seed: int, sigma: float, shape: tuple[int, int] = (256, 256)) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, shape)


@pytest.mark.parametrize("cut_off", [0.1, 0.2, 0.3, 0.4])
@pytest.mark.parametrize("shape", [(256, 256), (251, 313)])
def test_two_noisy_images_share_what_lies_below_the_cut_off(cut_off: float, shape: tuple[int, int]) -> None:
    texture = band_limited(cut_off, shape=shape)
    found = shared_resolution(texture + _noise(1, 0.1, shape), texture + _noise(2, 0.1, shape))
    assert found == pytest.approx(1 / cut_off, rel=0.1)


@pytest.mark.parametrize("cut_off", [0.1, 0.2, 0.3, 0.4])
@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_decorrelation_finds_the_cut_off_of_a_single_image(cut_off: float, sigma: float) -> None:
    assert own_resolution(band_limited(cut_off) + _noise(1, sigma)) == pytest.approx(1 / cut_off, rel=0.15)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
def test_the_threshold_for_a_truth_fits_the_one_for_halves(sigma: float) -> None:
    """Rosenthal & Henderson: the mean of two halves reaches 1/2 where the halves reach 1/7."""
    texture = band_limited(0.3)
    one, two = texture + _noise(1, sigma), texture + _noise(2, sigma)
    assert shared_resolution((one + two) / 2, texture, REFERENCE) == pytest.approx(
        shared_resolution(one, two, HALVES), rel=0.1
    )


def test_more_noise_leaves_coarser_detail() -> None:
    texture = band_limited(0.3)
    found = [shared_resolution(texture + _noise(1, sigma), texture, REFERENCE) for sigma in (0.1, 1, 3)]
    assert found == sorted(found)
    assert found[2] > 1.5 * found[0]


def test_gain_offset_and_order_do_not_matter() -> None:
    texture = band_limited(0.2)
    noisy = texture + _noise(1, 0.5)
    expected = shared_resolution(noisy, texture)
    assert shared_resolution(3 * noisy + 1000, texture) == pytest.approx(expected)
    assert shared_resolution(texture, noisy) == pytest.approx(expected)
    assert own_resolution(3 * noisy + 1000) == pytest.approx(own_resolution(noisy))


def test_blur_keeps_what_is_right_but_not_its_contrast() -> None:
    texture = band_limited(0.4) + _noise(3, 0.2)
    sums = spectra(gaussian_filter(texture, 2), texture)
    assert sums.shared_resolution(REFERENCE) < 2.5
    # a Gaussian of sigma s halves the contrast at the frequency sqrt(ln 2 / 2) / (pi s)
    assert sums.kept_resolution() == pytest.approx(2 * np.pi / np.sqrt(np.log(2) / 2), rel=0.1)


def test_noise_does_not_change_the_contrast_that_is_kept() -> None:
    texture = band_limited(0.5) + _noise(3, 0.5)
    sums = spectra(texture + _noise(4, 1), texture)
    assert sums.kept_resolution() < 2.5


def test_power_beyond_tells_lost_from_invented() -> None:
    texture = band_limited(0.4)
    assert spectra(gaussian_filter(texture, 3), texture).finer_power(5) < 0.01
    assert spectra(texture + _noise(1, 2), texture).finer_power(5) > 10
    assert spectra(texture, texture).finer_power(5) == pytest.approx(1)
    assert spectra(texture, texture).finer_power(2) is None


def test_images_without_anything_in_common_share_nothing() -> None:
    found = [shared_resolution(_noise(2 * seed, 1), _noise(2 * seed + 1, 1)) for seed in range(20)]
    # the innermost rings have few values, and may agree by chance
    assert all(value is None or value > 15 for value in found)
    assert found.count(None) >= 14


def test_noise_alone_has_no_detail_of_its_own() -> None:
    assert [own_resolution(_noise(seed, 1)) for seed in range(20)] == [None] * 20


def test_equal_images_share_everything() -> None:
    texture = band_limited(0.5) + _noise(1, 0.1)
    assert shared_resolution(texture, texture) == 2


def test_planes_are_pooled_by_adding() -> None:
    planes = [band_limited(0.2, seed) for seed in range(3)]
    pairs = [spectra(plane + _noise(seed, 1), plane) for seed, plane in enumerate(planes)]
    pooled = pairs[0] + pairs[1] + pairs[2]
    assert pooled.pixels.sum() == 3 * pairs[0].pixels.sum()
    assert pooled.shared_resolution() == pytest.approx(pairs[0].shared_resolution(), rel=0.15)


@pytest.mark.parametrize("shape", [(31, 100), (100, 5)])
def test_small_planes_are_not_told(shape: tuple[int, int]) -> None:
    assert spectra(np.zeros(shape), np.zeros(shape)) is None
    assert shared_resolution(np.zeros(shape), np.zeros(shape)) is None


def test_a_constant_image_has_no_detail() -> None:
    flat = np.full((64, 64), 5.0)
    assert shared_resolution(flat, band_limited(0.2, shape=(64, 64))) is None
    assert own_resolution(flat) is None
    assert spectra(flat, flat).correlation().max() == 0
