import numpy as np
from drua.tiling import Placement, TileGrid, continued, fit_tile, window
from hypothesis import example, given, settings
from hypothesis import strategies as st


@st.composite
def sides(draw):
    """Return image, tile, margin and stride of one axis."""
    stride = draw(st.integers(1, 8))
    margin = draw(st.integers(0, 11))
    tile = (-(-2 * margin // stride) + draw(st.integers(1, 5))) * stride
    return draw(st.integers(1, 200)), tile, margin, stride


@st.composite
def grids(draw):
    axes = draw(st.lists(sides(), min_size=1, max_size=2))
    return TileGrid(*(tuple(side) for side in zip(*axes, strict=True)), context=draw(st.booleans()))


@given(grids())
@settings(deadline=None)
def test_cores_partition_the_image(grid):
    visits = np.zeros(grid.shape, int)
    for tile in grid:
        visits[tile.core] += 1
    assert (visits == 1).all()


@given(grids())
@settings(deadline=None)
def test_tiles_are_equal_and_at_multiples_of_the_stride_from_each_other(grid):
    for tile in grid:
        for part, length, stride, margin in zip(tile.tile, grid.tile, grid.stride, grid.margin, strict=True):
            assert part.stop - part.start == length
            assert (part.start + (margin if grid.context else 0)) % stride == 0


@given(grids())
@settings(deadline=None)
def test_cores_lie_in_their_tiles_with_their_margin_except_at_the_edge_of_the_image(grid):
    for tile in grid:
        for part, core, side, margin in zip(tile.tile, tile.core, grid.shape, grid.margin, strict=True):
            assert part.start <= core.start < core.stop <= part.stop
            assert (core.start == 0 and not grid.context) or core.start - part.start >= margin
            assert (core.stop == side and not grid.context) or part.stop - core.stop >= margin


@given(grids(), st.sampled_from([(1,), (3,)]), st.sampled_from(["symmetric", "reflect", "edge"]))
@settings(deadline=None)
def test_the_cores_of_all_windows_are_the_image(grid, channels, padding):
    image = np.random.default_rng(0).random(channels + grid.shape)
    stitched = np.full_like(image, np.nan)
    placement = Placement.same(len(grid.shape))
    for tile in grid:
        target, source = placement.of(tile, grid.shape)
        stitched[(..., *target)] = window(image, tile.tile, padding)[(..., *source)]
    np.testing.assert_array_equal(stitched, image)


@given(sides(), st.booleans())
@example((71, 42, 1, 7), True)
def test_a_fitted_tile_covers_the_image_with_no_more_tiles_than_the_largest(side, context):
    length, tile, margin, stride = side
    fitted = fit_tile(length, tile, margin, stride, stride, stride, context=context)
    count = len(TileGrid((length,), (fitted,), (margin,), (stride,), context))
    assert fitted <= tile
    assert count <= len(TileGrid((length,), (tile,), (margin,), (stride,), context))


@given(st.integers(1, 9), st.integers(-40, 40), st.integers(1, 60))
def test_continuing_is_numpys_padding(side, start, length):
    for padding in ("symmetric", "edge", "reflect"):
        image = np.arange(side)
        padded = np.pad(image, 100, "edge" if side == 1 else padding)
        expected = padded[100 + start : 100 + start + length]
        found = continued(slice(start, start + length), side, padding)
        np.testing.assert_array_equal(found, expected)
