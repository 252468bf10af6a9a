import numpy as np
import pytest
from drua import similarity
from drua.similarity import Moments
from hypothesis import assume, given, settings
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
gains = st.floats(0.01, 100).flatmap(lambda gain: st.sampled_from([gain, -gain]))


def pair(seed):
    random = np.random.default_rng(seed)
    truth = random.gamma(2, 50, (23, 29))
    return truth + random.normal(0, 20, truth.shape), truth


@given(seeds, gains, st.floats(-1e4, 1e4))
@settings(deadline=None)
def test_nothing_depends_on_gain_and_offset_after_the_fit(seed, gain, offset):
    image, truth = pair(seed)
    plain = similarity.fit(image, truth).apply(image)
    changed = gain * image + offset
    np.testing.assert_allclose(similarity.fit(changed, truth).apply(changed), plain, rtol=1e-6, atol=1e-6)
    for measure in (similarity.ssim, similarity.ms_ssim, similarity.nrmse):
        again = measure(similarity.fit(changed, truth).apply(changed), truth, 300)
        assert again == pytest.approx(measure(plain, truth, 300), abs=1e-6)


@given(seeds)
@settings(deadline=None)
def test_measures_are_symmetric_with_one_range(seed):
    image, truth = pair(seed)
    for measure in (similarity.ssim, similarity.ms_ssim, similarity.nrmse):
        assert measure(image, truth, 300) == pytest.approx(measure(truth, image, 300), rel=1e-9)
    assert similarity.pearson(image, truth) == pytest.approx(similarity.pearson(truth, image), rel=1e-9)


@given(seeds)
@settings(deadline=None)
def test_the_fit_never_makes_the_error_larger(seed):
    image, truth = pair(seed)
    fitted = similarity.fit(image, truth).apply(image)
    assert similarity.nrmse(fitted, truth, 1) <= similarity.nrmse(image, truth, 1) * (1 + 1e-12)
    error, r = similarity.nrmse(fitted, truth, 1), similarity.pearson(image, truth)
    assert error == pytest.approx(truth.std() * np.sqrt(1 - r**2), rel=1e-9)


@given(seeds, st.lists(st.integers(1, 22), min_size=1, max_size=4, unique=True))
@settings(deadline=None)
def test_moments_do_not_depend_on_how_the_planes_are_cut(seed, cuts):
    image, truth = pair(seed)
    assume(image.std() > 0)
    moments = Moments()
    for part, reference in zip(np.split(image, sorted(cuts)), np.split(truth, sorted(cuts)), strict=True):
        moments.add(part, reference)
    assert moments.fit().gain == pytest.approx(similarity.fit(image, truth).gain, rel=1e-9)
    assert moments.pearson() == pytest.approx(similarity.pearson(image, truth), rel=1e-9)
