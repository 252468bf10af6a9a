from fractions import Fraction

import numpy as np
import pytest
from drua.errors import ShapeError
from drua.tiling import Placement, Tile, TileGrid, continued, fit_tile, window


def starts(grid):
    return [tuple(part.start for part in tile.tile) for tile in grid]


def test_last_tile_is_shifted_inward():
    assert starts(TileGrid((101,), (41,), (7,), (1,))) == [(0,), (27,), (54,), (60,)]


def test_starts_are_multiples_of_the_stride():
    grid = TileGrid((1040, 208), (256, 128), (46, 23), (16, 16))
    assert all(start % 16 == 0 for tile in starts(grid) for start in tile)


def test_tiles_with_context_start_before_the_image_at_multiples_of_the_stride_from_each_other():
    grid = TileGrid((101,), (64,), (10,), (16,), context=True)
    assert starts(grid) == [(-10,), (22,), (54,)]
    assert [tile.core[0] for tile in grid] == [slice(0, 32), slice(32, 64), slice(64, 101)]


def test_context_is_as_the_reference_lays_its_blocks():
    grid = TileGrid((4096,), (512,), (32,), (16,), context=True)
    cores = [tile.core[0].start for tile in grid]
    assert cores == [*range(0, 3648, 448), 3648], "bioimageio.core: multiples of 448, the last one shifted"


def test_image_not_larger_than_the_tile_is_one_tile():
    (tile,) = TileGrid((32, 48), (48, 48), (8, 8), (16, 16))
    assert (tile.tile, tile.core) == ((slice(0, 48), slice(0, 48)), (slice(0, 32), slice(0, 48)))


def test_inner_is_the_core_seen_from_the_tile():
    for tile in TileGrid((101, 67), (41, 31), (7, 5), (1, 1)):
        for whole, core, inner in zip(tile.tile, tile.core, tile.inner, strict=True):
            assert (core.start - whole.start, core.stop - whole.start) == (inner.start, inner.stop)


def test_length_is_the_number_of_tiles():
    grid = TileGrid((11, 101, 67), (7, 41, 31), (1, 7, 5), (1, 1, 1))
    assert len(grid) == len(list(grid)) == 2 * 4 * 3


def test_tile_no_larger_than_its_margins_is_refused():
    with pytest.raises(
        ShapeError, match=r"tile of 64 leaves no core .* margins of 32 with stride 16; .* at least 80"
    ):
        TileGrid((256,), (64,), (32,), (16,))


def test_sides_of_different_numbers_are_refused():
    with pytest.raises(ShapeError, match="differ in axes"):
        TileGrid((64, 64), (32,), (4,), (16,))


@pytest.mark.parametrize("stride", [0, -1])
def test_stride_below_one_is_refused(stride):
    with pytest.raises(ShapeError, match="only the margin may be 0"):
        TileGrid((64,), (32,), (4,), (stride,))


@pytest.mark.parametrize(
    ("side", "context", "expected"),
    [(100, False, 112), (100, True, 144), (512, False, 512), (600, False, 320), (600, True, 336)],
)
def test_tiles_are_as_small_as_they_cover_the_image_evenly(side, context, expected):
    assert fit_tile(side, 512, 16, 16, 16, 64, context=context) == expected


def test_a_fixed_tile_is_what_it_is():
    assert fit_tile(100, 999, 32, 16, 0, 512, context=True) == 512


def test_a_tile_is_its_least_side_plus_steps():
    assert fit_tile(100, 512, 0, 16, 16, 88, context=False) == 104


def test_a_window_inside_is_a_view():
    image = np.zeros((2, 101, 67))
    assert np.shares_memory(window(image, (slice(3, 44), slice(5, 36))), image)


@pytest.mark.parametrize("padding", ["symmetric", "reflect", "edge", "constant"])
def test_a_window_over_the_edges_is_what_numpy_pads(padding):
    image = np.arange(2 * 5 * 7).reshape(2, 5, 7)
    kwargs = {"constant_values": 9} if padding == "constant" else {}
    expected = np.pad(image, [(0, 0), (4, 11), (20, 3)], padding, **kwargs)
    np.testing.assert_array_equal(window(image, (slice(-4, 16), slice(-20, 10)), padding, 9), expected)


def test_a_window_reads_only_what_it_shows():
    class File:
        shape, dtype = (1, 100, 100), np.dtype(np.uint8)

        def __getitem__(self, index):
            read.append(index)
            return np.zeros(self.shape, self.dtype)[index]

    read = []
    assert window(File(), (slice(-4, 10), slice(90, 110))).shape == (1, 14, 20)
    assert read == [(..., slice(0, 10), slice(90, 100))]


def test_a_side_of_one_pixel_is_repeated():
    assert continued(slice(-2, 3), 1, "reflect").tolist() == [0] * 5


def test_a_result_of_half_the_size_has_its_place():
    half = Placement((Fraction(1, 2),), (0,))
    tile = Tile((slice(32, 96),), (slice(40, 88),))
    assert half.shape((101,)) == (50,)
    assert half.of(tile, (50,)) == ((slice(20, 44),), (slice(4, 28),))


def test_a_result_without_the_border_has_its_place():
    valid = Placement((Fraction(1),), (-8,))
    tile = Tile((slice(-4, 60),), (slice(0, 56),))
    assert valid.of(tile, (101,)) == ((slice(0, 56),), (slice(0, 56),))
