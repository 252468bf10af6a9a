import numpy as np
from drua.tiling import TileGrid, pad_to_multiple, split, stitch
from hypothesis import given, settings
from hypothesis import strategies as st


@st.composite
def sides(draw):
    """Return image, tile, halo and stride of one axis."""
    stride = draw(st.integers(1, 8))
    halo = draw(st.integers(0, 11))
    tile = (-(-2 * halo // stride) + draw(st.integers(1, 5))) * stride
    return draw(st.integers(1, 40)) * stride, tile, halo, stride


grids = st.lists(sides(), min_size=1, max_size=2).map(
    lambda axes: TileGrid(*(tuple(side) for side in zip(*axes, strict=True)))
)


@given(grids)
@settings(deadline=None)
def test_cores_partition_the_image(grid):
    visits = np.zeros(grid.shape, int)
    for tile in grid:
        visits[tile.core] += 1
    assert (visits == 1).all()


@given(grids)
@settings(deadline=None)
def test_tiles_are_equal_inside_the_image_and_at_multiples_of_the_stride(grid):
    for tile in grid:
        for part, side, length, stride in zip(tile.tile, grid.shape, grid.tile, grid.stride, strict=True):
            assert 0 <= part.start <= part.stop <= side
            assert part.stop - part.start == min(length, side)
            assert part.start % stride == 0


@given(grids)
@settings(deadline=None)
def test_cores_have_their_halo_except_at_the_edge_of_the_image(grid):
    for tile in grid:
        for part, core, side, halo in zip(tile.tile, tile.core, grid.shape, grid.halo, strict=True):
            assert core.start == 0 or core.start - part.start >= halo
            assert core.stop == side or part.stop - core.stop >= halo


@given(grids, st.sampled_from([(), (1,), (3,)]))
@settings(deadline=None)
def test_stitch_of_split_is_the_image(grid, channels):
    image = np.random.default_rng(0).random(channels + grid.shape)
    np.testing.assert_array_equal(stitch(split(image, grid), grid), image)


@given(st.lists(st.tuples(st.integers(1, 13), st.integers(1, 17)), min_size=1, max_size=3))
def test_padding_fits_and_cropping_undoes_it(axes):
    shape, stride = zip(*axes, strict=True)
    image = np.random.default_rng(0).random((2, *shape))
    padded, crop = pad_to_multiple(image, stride)
    assert all(side % step == 0 for side, step in zip(padded.shape[1:], stride, strict=True))
    np.testing.assert_array_equal(padded[crop], image)


@given(st.integers(2, 7), st.integers(1, 40))
def test_padding_is_numpys_reflection(side, target):
    image = np.arange(side)
    total = -(-side // target) * target
    np.testing.assert_array_equal(
        pad_to_multiple(image, (target,))[0], np.pad(image, (0, total - side), "reflect")
    )
