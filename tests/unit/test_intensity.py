import numpy as np
import pytest
from drua.errors import CardError, ImageError
from drua.flatness import is_flat
from drua.intensity import FITS, OPERATIONS, Operation, Source, apply
from drua.statistics import SMALL, check_finite, percentiles

CYX = np.random.default_rng(1).gamma(2, 300, (2, 13, 17)).astype(np.float32)


def run(name, array=CYX, letters="CYX", reference=None, **kwargs):
    references = {} if reference is None else {"raw": Source(reference, letters)}
    return apply([Operation(name, kwargs)], array, letters, references)


def test_the_ten_operations_of_the_format_are_there():
    assert len({*OPERATIONS, *FITS}) == 10


def test_no_operation_gives_float32():
    assert apply([], np.ones((3, 5), np.uint16), "YX").dtype == np.float32


def test_operations_run_in_order():
    steps = [Operation("scale_linear", {"gain": 2.0}), Operation("scale_linear", {"offset": 1.0})]
    assert apply(steps, np.full((1, 1), 3), "YX").tolist() == [[7.0]]


def test_binarize_is_above_not_at_the_threshold():
    assert run("binarize", np.array([[1.0, 2.0, 3.0]]), "YX", threshold=2.0).tolist() == [[0, 0, 1]]


def test_binarize_along_channels():
    result = run("binarize", np.full((2, 1, 1), 5.0), threshold=[4.0, 6.0], axis="channel")
    assert result.ravel().tolist() == [1, 0]


def test_clip_to_values():
    assert run("clip", np.array([[-1.0, 2.0, 9.0]]), "YX", min=0.0, max=3.0).tolist() == [[0, 2, 3]]


def test_clip_to_one_side_only():
    assert run("clip", np.array([[-1.0, 9.0]]), "YX", min=0.0).tolist() == [[0, 9]]


def test_clip_to_percentiles_of_each_channel():
    result = run("clip", min_percentile=10.0, max_percentile=90.0, axes=("batch", "x", "y"))
    expected = np.percentile(CYX.astype(np.float64), [10, 90], axis=(1, 2))
    np.testing.assert_allclose([result.min(axis=(1, 2)), result.max(axis=(1, 2))], expected, rtol=1e-6)


def test_clip_needs_a_limit():
    with pytest.raises(CardError, match="clip has neither a minimum nor a maximum"):
        run("clip")


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", [0, 1, 255]),
        ("int64", [-3, 1, 2**40]),
        ("bool", [1, 1, 1]),
        ("float64", [-3.0, 1.5, 2.0**40]),
    ],
)
def test_ensure_dtype_limits_to_the_range_of_the_type(dtype, expected):
    result = run("ensure_dtype", np.array([[-3.0, 1.5, 2.0**40]]), "YX", dtype=dtype)
    assert result.dtype == dtype
    assert result.tolist() == [expected]


def test_ensure_dtype_survives_the_largest_float():
    assert run("ensure_dtype", np.array([[1e30]]), "YX", dtype="int64").item() > 2**62


def test_fixed_mean_and_std_along_channels():
    result = run("fixed_zero_mean_unit_variance", mean=[100.0, 200.0], std=[2.0, 4.0], axis="channel")
    np.testing.assert_allclose(result[1], (CYX[1] - 200) / 4, rtol=1e-6)


def test_scale_linear_along_channels_with_one_offset():
    result = run("scale_linear", gain=[2.0, 3.0], offset=1.0, axis="channel")
    np.testing.assert_allclose(result[1], CYX[1] * 3 + 1, rtol=1e-6)


def test_scale_range_does_not_clip():
    result = run("scale_range", min_percentile=5.0, max_percentile=95.0)
    low, high = np.percentile(CYX.astype(np.float64), [5, 95])
    np.testing.assert_allclose(result, (CYX - low) / (high - low + 1e-6), rtol=1e-5, atol=1e-6)
    assert result.min() < 0
    assert result.max() > 1


def test_scale_range_of_each_channel():
    result = run("scale_range", axes=["x", "y"])
    np.testing.assert_allclose(result.max(axis=(1, 2)), [1, 1], rtol=1e-6)


def test_scale_range_of_a_constant_is_zero():
    assert not run("scale_range", np.full((3, 5), 7.0), "YX").any()


def test_scale_range_takes_percentiles_from_its_reference():
    result = run("scale_range", np.full((1, 1), 5.0), "YX", np.array([[0.0, 10.0]]), reference_tensor="raw")
    assert result.item() == pytest.approx(0.5)


def test_sigmoid_never_overflows():
    result = run("sigmoid", np.array([[-1e4, -1.0, 0.0, 1.0, 1e4]]), "YX")
    np.testing.assert_allclose(result, [[0, 0.26894142, 0.5, 0.73105858, 1]], rtol=1e-6)


def test_softmax_sums_to_one_over_channels():
    result = run("softmax", CYX * 100)
    np.testing.assert_allclose(result.sum(axis=0), 1, rtol=1e-6)


def test_zero_mean_unit_variance_of_each_channel():
    result = run("zero_mean_unit_variance", axes=["y", "x"])
    np.testing.assert_allclose(result.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(result.std(axis=(1, 2)), 1, rtol=1e-5)


def test_zero_mean_unit_variance_is_exact_on_a_high_background():
    pixels = (60_000 + np.arange(15) % 3).reshape(3, 5)
    expected = (pixels - pixels.mean()) / (pixels.std() + 1e-6)
    np.testing.assert_allclose(run("zero_mean_unit_variance", pixels, "YX"), expected, rtol=1e-6, atol=1e-7)


def test_scale_mean_variance_matches_the_reference():
    result = run("scale_mean_variance", CYX, "CYX", CYX * 3 + 7, reference_tensor="raw")
    np.testing.assert_allclose(result, CYX * 3 + 7, rtol=1e-5)


@pytest.mark.parametrize("name", ["scale_range", "zero_mean_unit_variance"])
def test_input_is_never_changed(name):
    before = CYX.copy()
    run(name)
    np.testing.assert_array_equal(CYX, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float64])
@pytest.mark.parametrize("name", ["scale_range", "zero_mean_unit_variance", "sigmoid", "softmax"])
def test_result_is_float32_for_every_pixel_type(name, dtype):
    assert run(name, CYX.astype(dtype)).dtype == np.float32


def test_unknown_operation_is_named():
    with pytest.raises(
        CardError, match=r"operation 'stardist_postprocessing' is none of binarize, .*choose a model"
    ):
        run("stardist_postprocessing")


def test_unknown_parameter_is_named():
    with pytest.raises(CardError, match=r"operation sigmoid cannot take .*'slope': 2"):
        run("sigmoid", slope=2)


def test_missing_reference_is_an_error():
    with pytest.raises(CardError, match="scale_mean_variance needs the input 'raw' as its reference"):
        run("scale_mean_variance", reference_tensor="raw")


def test_axis_that_the_image_lacks_is_an_error():
    with pytest.raises(CardError, match="softmax works along 'channel', but the image has axes 'YX'"):
        run("softmax", np.ones((3, 5)), "YX")


def test_unknown_axis_is_an_error():
    with pytest.raises(CardError, match="has the axis 'index', which is no letter of TCZYX"):
        run("scale_range", axes=["index", "x"])


def test_values_must_fit_their_axis():
    with pytest.raises(CardError, match="binarize has 3 values for an axis of length 2"):
        run("binarize", threshold=[1.0, 2.0, 3.0], axis="channel")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_are_counted_and_placed(wrong):
    pixels = np.ones((3, 5, 7), np.float32)
    pixels[1, 2, 6] = pixels[2, 4, 0] = wrong
    message = "2 of 105 pixels are NaN or infinite, the first at C 1, Y 2, X 6 .*Remove NaNs"
    with pytest.raises(ImageError, match=message):
        run("zero_mean_unit_variance", pixels)


def test_integers_are_always_finite():
    check_finite(np.zeros((3, 5), np.uint16), "YX")


def test_percentiles_interpolate_linearly():
    assert percentiles(np.array([[0, 10]], np.uint8), [25]).item() == 2.5


@pytest.fixture
def noise():
    return np.random.default_rng(2)


def nuclei(shape, number):
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.zeros(shape)
    centres = np.random.default_rng(3).integers(10, np.array(shape) - 10, (number, 2))
    for row, column in centres:
        image[(y - row) ** 2 + (x - column) ** 2 < 64] = 1
    return image


@pytest.mark.parametrize("level", [0, 7, 65_535])
def test_constant_image_is_flat(level):
    assert is_flat(np.full((3, 5), level, np.uint16), "YX")


@pytest.mark.parametrize("sigma", [1e-3, 0.4, 10.0, 1e3])
@pytest.mark.parametrize("shape", [(37, 41), (131, 257)])
def test_gaussian_noise_is_flat(noise, sigma, shape):
    assert is_flat(noise.normal(1000, sigma, shape), "YX")


@pytest.mark.parametrize("photons", [0.01, 0.1, 1, 30, 1000])
def test_photon_noise_is_flat(noise, photons):
    assert is_flat(noise.poisson(photons, (257, 263)).astype(np.uint16), "YX")


def test_noise_with_hot_pixels_is_flat(noise):
    image = noise.normal(100, 5, (257, 263))
    image[noise.random(image.shape) < 1e-3] = 5000
    assert is_flat(image, "YX")


def test_one_nucleus_in_a_large_field_is_not_flat(noise):
    assert not is_flat(nuclei((509, 521), 1) * 30 + noise.normal(100, 10, (509, 521)), "YX")


@pytest.mark.parametrize("background", [0.5, 10, 100])
def test_dim_nuclei_are_not_flat(noise, background):
    image = noise.poisson(nuclei((257, 263), 30) * background**0.5 + background)
    assert not is_flat(image.astype(np.uint16), "YX")


def test_a_hot_pixel_does_not_hide_nuclei(noise):
    image = nuclei((257, 263), 30) * 20 + noise.normal(100, 10, (257, 263))
    image[100, 100] = 60_000
    assert not is_flat(image, "YX")


def test_a_mosaic_of_one_field_is_not_flat(noise):
    field = nuclei((64, 64), 5) * 30 + noise.normal(100, 10, (64, 64))
    assert not is_flat(np.tile(field, (8, 8)), "YX")


def test_nuclei_without_noise_are_not_flat():
    assert not is_flat((nuclei((257, 263), 1) * 255).astype(np.uint8), "YX")


def test_small_image_that_varies_is_not_called_flat(noise):
    assert not is_flat(noise.normal(100, 5, (13, 17)), "YX")


def test_stack_with_one_plane_of_content_is_not_flat(noise):
    stack = noise.normal(100, 10, (67, 3, 71))
    stack[:, 1] += nuclei((67, 71), 3) * 50
    assert not is_flat(stack, "YZX")
    assert is_flat(stack[:, ::2], "YZX")


def test_clip_takes_pixels_as_limits_within_a_sample_and_interpolates_over_a_batch():
    array = np.arange(10.0).reshape(1, 2, 5)
    alone = run("clip", array, max_percentile=75.0, axes=["channel", "y", "x"])
    over_batch = run("clip", array, max_percentile=75.0, axes=["batch", "channel", "y", "x"])
    assert (alone.max(), over_batch.max()) == (7.0, 6.75)


@pytest.mark.parametrize("size", [999, SMALL + 7])
@pytest.mark.parametrize("rank", [0.0, 0.1, 33.0, 50.0, 99.9, 100.0])
def test_percentiles_without_interpolation_are_numpys(size, rank):
    array = np.random.default_rng(5).gamma(2, 300, size).astype(np.float32)
    found = percentiles(array, [rank], interpolated=False).item()
    assert found == np.percentile(array, rank, method="inverted_cdf")
