"""Tests of drua.similarity: scikit-image's numbers where it defines the measure."""

import numpy as np
import pytest
from drua import similarity
from drua.similarity import Fit, Moments
from scipy.ndimage import gaussian_filter
from skimage import metrics

from tests.simulated import nuclei


@pytest.fixture
def truth() -> np.ndarray:
    return nuclei()


@pytest.fixture
def noisy(truth: np.ndarray) -> np.ndarray:
    return truth + np.random.default_rng(1).normal(0, 9, truth.shape)


def test_psnr_is_that_of_scikit_image(truth: np.ndarray, noisy: np.ndarray) -> None:
    ours = similarity.psnr(similarity.nrmse(noisy, truth, np.ptp(truth)))
    assert ours == pytest.approx(
        metrics.peak_signal_noise_ratio(truth, noisy, data_range=np.ptp(truth)), abs=1e-9
    )


def test_nrmse_is_that_of_scikit_image(truth: np.ndarray, noisy: np.ndarray) -> None:
    theirs = metrics.normalized_root_mse(truth, noisy, normalization="min-max")
    assert similarity.nrmse(noisy, truth, np.ptp(truth)) == pytest.approx(theirs, rel=1e-12)


def test_ssim_is_that_of_scikit_image(truth: np.ndarray, noisy: np.ndarray) -> None:
    theirs = metrics.structural_similarity(
        truth, noisy, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert similarity.ssim(noisy, truth, 255) == pytest.approx(theirs, rel=1e-12)


def test_pearson_is_that_of_numpy(truth: np.ndarray, noisy: np.ndarray) -> None:
    assert similarity.pearson(noisy, truth) == pytest.approx(np.corrcoef(noisy.ravel(), truth.ravel())[0, 1])


@pytest.mark.parametrize("side", [11, 17, 21])
def test_multi_scale_ssim_of_one_scale_is_ssim(truth: np.ndarray, noisy: np.ndarray, side: int) -> None:
    small, reference = noisy[40 : 40 + side, 40:90], truth[40 : 40 + side, 40:90]
    assert similarity.scales_of(small.shape) == 1
    assert similarity.ms_ssim(small, reference, 255) == pytest.approx(similarity.ssim(small, reference, 255))


def test_multi_scale_ssim_agrees_with_a_plain_loop(truth: np.ndarray, noisy: np.ndarray) -> None:
    """An independent reading of Wang 2003: every window summed for itself."""
    offsets = np.arange(-5, 6)
    kernel = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(kernel, kernel) / kernel.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

    def terms(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
        views = [np.lib.stride_tricks.sliding_window_view(image, (11, 11)) for image in (a, b)]
        mean = [np.einsum("yxij,ij->yx", view, window) for view in views]
        deviations = [view - m[..., None, None] for view, m in zip(views, mean, strict=True)]
        (va, vb, cov) = (
            np.einsum("yxij,yxij,ij->yx", one, other, window)
            for one, other in (
                (deviations[0], deviations[0]),
                (deviations[1], deviations[1]),
                (deviations[0], deviations[1]),
            )
        )
        light = (2 * mean[0] * mean[1] + c1) / (mean[0] ** 2 + mean[1] ** 2 + c1)
        structure = (2 * cov + c2) / (va + vb + c2)
        return float(structure.mean()), float((light * structure).mean())

    a, b, found = noisy[:181, :190], truth[:181, :190], []
    for _ in range(5):
        found.append(terms(a, b))
        height, width = (side // 2 * 2 for side in a.shape)
        a, b = (i[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)) for i in (a, b))
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    parts = [structure for structure, _ in found[:4]] + [found[4][1]]
    expected = np.prod(
        [part**weight for part, weight in zip(parts, np.array(weights) / sum(weights), strict=True)]
    )
    assert similarity.ms_ssim(noisy[:181, :190], truth[:181, :190], 255) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("side", "scales"), [(10, 0), (11, 1), (22, 2), (43, 2), (44, 3), (175, 4), (176, 5), (2000, 5)]
)
def test_scales_are_as_many_as_fit(side: int, scales: int) -> None:
    assert similarity.scales_of((side, 3000)) == scales


def test_planes_below_the_window_have_no_ssim(truth: np.ndarray) -> None:
    small = truth[:10, :50]
    assert similarity.ssim(small, small, 255) is None
    assert similarity.ms_ssim(small, small, 255) is None


def test_equal_images_are_perfect(truth: np.ndarray) -> None:
    assert similarity.psnr(similarity.nrmse(truth, truth, 1)) == float("inf")
    assert similarity.ssim(truth, truth, 255) == pytest.approx(1)
    assert similarity.ms_ssim(truth, truth, 255) == pytest.approx(1)


def test_opposed_structure_scores_nothing(truth: np.ndarray) -> None:
    fine = np.random.default_rng(0).normal(0, 50, truth.shape)
    assert similarity.ms_ssim(-fine, fine, 255) == 0


def test_fit_finds_gain_and_offset(truth: np.ndarray) -> None:
    line = similarity.fit(truth / 4 - 7, truth)
    assert (line.gain, line.offset) == (pytest.approx(4), pytest.approx(28))
    np.testing.assert_allclose(line.apply(truth / 4 - 7), truth)


def test_fit_of_a_constant_is_the_mean_of_the_truth(truth: np.ndarray) -> None:
    assert similarity.fit(np.full_like(truth, 3), truth) == Fit(0.0, pytest.approx(truth.mean()))
    assert similarity.pearson(np.full_like(truth, 3), truth) is None


def test_moments_of_parts_are_those_of_the_whole(truth: np.ndarray, noisy: np.ndarray) -> None:
    moments = Moments()
    for rows in (slice(0, 50), slice(50, 51), slice(51, None)):
        moments.add(noisy[rows] + 1e6, truth[rows])
    slope, constant = np.polyfit(noisy.ravel() + 1e6, truth.ravel(), 1)
    assert moments.fit().gain == pytest.approx(slope, rel=1e-8)
    assert moments.fit().offset == pytest.approx(constant, rel=1e-8)
    assert moments.pearson() == pytest.approx(np.corrcoef(noisy.ravel(), truth.ravel())[0, 1], rel=1e-9)


def test_blur_costs_more_at_one_scale_than_at_several(truth: np.ndarray) -> None:
    blurred = gaussian_filter(truth, 1.5)
    single, several = similarity.ssim(blurred, truth, 255), similarity.ms_ssim(blurred, truth, 255)
    assert single is not None
    assert several is not None
    assert single < several < 1
