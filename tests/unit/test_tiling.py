import numpy as np
import pytest
from drua.errors import ShapeError
from drua.tiling import TileGrid, pad_to_multiple, split, stitch


def starts(grid):
    return [tuple(part.start for part in tile.tile) for tile in grid]


def test_last_tile_is_shifted_inward():
    assert starts(TileGrid((101,), (41,), (7,), (1,))) == [(0,), (27,), (54,), (60,)]


def test_starts_are_multiples_of_the_stride():
    grid = TileGrid((1040, 208), (256, 128), (46, 23), (16, 16))
    assert all(start % 16 == 0 for tile in starts(grid) for start in tile)


def test_image_not_larger_than_the_tile_is_one_tile():
    (tile,) = TileGrid((32, 48), (48, 48), (8, 8), (16, 16))
    assert tile.tile == tile.core == tile.inner == (slice(0, 32), slice(0, 48))


def test_side_not_larger_than_the_tile_is_not_cut():
    grid = TileGrid((13, 101), (17, 41), (3, 7), (1, 1))
    assert all(tile.tile[0] == slice(0, 13) for tile in grid)


def test_core_reaches_the_edge_of_the_image():
    tiles = list(TileGrid((101,), (41,), (7,), (1,)))
    assert (tiles[0].core[0].start, tiles[-1].core[0].stop) == (0, 101)


def test_inner_is_the_core_seen_from_the_tile():
    for tile in TileGrid((101, 67), (41, 31), (7, 5), (1, 1)):
        for whole, core, inner in zip(tile.tile, tile.core, tile.inner, strict=True):
            assert (core.start - whole.start, core.stop - whole.start) == (inner.start, inner.stop)


def test_length_is_the_number_of_tiles():
    grid = TileGrid((11, 101, 67), (7, 41, 31), (1, 7, 5), (1, 1, 1))
    assert len(grid) == len(list(grid)) == 2 * 4 * 3


def test_tile_no_larger_than_its_halos_is_refused():
    with pytest.raises(
        ShapeError, match=r"tile of 64 leaves no core .* halos of 32 with stride 16; .* at least 80"
    ):
        TileGrid((256,), (64,), (32,), (16,))


@pytest.mark.parametrize(("shape", "tile", "what"), [((100,), (64,), "image"), ((128,), (65,), "tile")])
def test_side_that_is_no_multiple_of_the_stride_is_refused(shape, tile, what):
    with pytest.raises(ShapeError, match=f"of the {what} is not a multiple of the stride 16"):
        TileGrid(shape, tile, (4,), (16,))


def test_sides_of_different_numbers_are_refused():
    with pytest.raises(ShapeError, match="differ in axes"):
        TileGrid((64, 64), (32,), (4,), (16,))


@pytest.mark.parametrize("stride", [0, -1])
def test_stride_below_one_is_refused(stride):
    with pytest.raises(ShapeError, match="only the halo may be 0"):
        TileGrid((64,), (32,), (4,), (stride,))


def test_split_gives_views():
    image = np.zeros((2, 101, 67))
    grid = TileGrid((101, 67), (41, 31), (7, 5), (1, 1))
    assert all(np.shares_memory(view, image) and view.shape == (2, 41, 31) for _, view in split(image, grid))


def test_split_refuses_an_array_of_other_sides():
    with pytest.raises(ShapeError, match=r"\(2, 67, 101\) does not end in the sides \(101, 67\)"):
        next(split(np.zeros((2, 67, 101)), TileGrid((101, 67), (41, 31), (7, 5), (1, 1))))


def test_stitch_takes_channels_and_type_from_the_results():
    grid = TileGrid((101, 67), (41, 31), (7, 5), (1, 1))
    image = stitch(((tile, np.ones((3, 41, 31), np.float32)) for tile in grid), grid)
    assert (image.shape, image.dtype, image.min()) == ((3, 101, 67), np.float32, 1)


def test_stitch_never_uses_the_halo():
    grid = TileGrid((101,), (41,), (7,), (1,))
    results = []
    for tile in grid:
        result = np.zeros(41)
        result[:7] = result[-7:] = np.nan
        if tile.tile[0].start == 0:
            result[:7] = 0
        if tile.tile[0].stop == 101:
            result[-7:] = 0
        results.append((tile, result))
    assert np.isfinite(stitch(results, grid)).all()


def test_stitch_refuses_a_result_of_other_sides():
    grid = TileGrid((101,), (41,), (7,), (1,))
    with pytest.raises(ShapeError, match=r"a tile of \(41,\) gave a result of \(40,\)"):
        stitch(((tile, np.zeros(40)) for tile in grid), grid)


def test_stitch_refuses_missing_tiles():
    grid = TileGrid((101,), (41,), (7,), (1,))
    with pytest.raises(ShapeError, match="0 results for a grid of 4 tiles"):
        stitch([], grid)


def test_padding_mirrors_about_the_last_pixel():
    padded, crop = pad_to_multiple(np.array([[1, 2, 3]]), (1, 5))
    assert padded.tolist() == [[1, 2, 3, 2, 1]]
    assert padded[crop].tolist() == [[1, 2, 3]]


def test_padding_longer_than_the_side_mirrors_again():
    assert pad_to_multiple(np.array([[1, 2]]), (1, 7))[0].tolist() == [[1, 2, 1, 2, 1, 2, 1]]


def test_side_of_one_pixel_is_repeated():
    assert pad_to_multiple(np.array([[4]]), (2, 3))[0].tolist() == [[4, 4, 4], [4, 4, 4]]


def test_array_that_fits_is_not_copied():
    array = np.zeros((3, 32, 48))
    assert pad_to_multiple(array, (16, 16))[0] is array


def test_padding_leaves_channels_alone():
    padded, crop = pad_to_multiple(np.zeros((3, 5, 17, 29)), (2, 16, 16))
    assert padded.shape == (3, 6, 32, 32)
    assert padded[crop].shape == (3, 5, 17, 29)


def test_network_of_fixed_size_gets_its_size():
    assert pad_to_multiple(np.zeros((17, 29)), (16, 16), (64, 16))[0].shape == (64, 32)
