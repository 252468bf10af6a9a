from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from drua.errors import ImageError, SettingError
from drua.training import pairs
from scipy.ndimage import shift

from tests.training.conftest import noisy, scene


def test_names_that_do_not_match_are_told(pair_folders: tuple[Path, Path]) -> None:
    (pair_folders[1] / "field1.tif").rename(pair_folders[1] / "fied1.tif")
    with pytest.raises(SettingError) as caught:
        pairs.match(pair_folders)
    text = str(caught.value)
    assert "noisy has no fied1" in text
    assert "clean has no field1" in text
    assert "field0" not in text


def test_folders_match_by_name_and_files_as_they_are(pair_folders: tuple[Path, Path]) -> None:
    assert list(pairs.match(pair_folders)) == ["field0", "field1", "field2"]
    files = [pair_folders[0] / "field0.tif", pair_folders[1] / "field2.tif"]
    assert pairs.match(files) == {"field0": files}
    with pytest.raises(SettingError, match="some are folders"):
        pairs.match([files[0], pair_folders[1]])


def test_an_empty_folder_and_a_name_twice_are_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="holds no TIFF"):
        pairs.images_in(tmp_path)
    for ending in ("tif", "tiff"):
        tifffile.imwrite(tmp_path / f"a.{ending}", np.zeros((4, 4), np.uint8))
    with pytest.raises(ImageError, match="same name"):
        pairs.images_in(tmp_path)


@pytest.mark.parametrize("polarity", [1, -1])
def test_a_shift_is_measured_whatever_the_contrast(polarity: int) -> None:
    clean = scene(5, (151, 173))
    moved = shift(clean, (4, -3), mode="reflect")
    found = pairs.shift_between("a", noisy(clean, 1, 15), polarity * moved)
    assert (found.y, found.x) == pytest.approx((4, -3), abs=0.3)
    assert found.believed
    assert found.length == pytest.approx(5, abs=0.4)
    assert "+4.0" in found.text or "+3.9" in found.text or "+4.1" in found.text


def test_a_shift_between_unlike_images_is_not_believed() -> None:
    for seed in range(5):
        unlike = np.random.default_rng(seed).random((151, 173))
        assert pairs.shift_between("a", scene(6, (151, 173)), unlike).length == 0


def test_gain_and_offset_are_those_of_the_noisy_image() -> None:
    clean = scene(7)
    gain, offset = pairs.gain_and_offset(noisy(3 * clean - 50, 1), clean)
    assert gain == pytest.approx(3, rel=0.02)
    assert offset == pytest.approx(-50, abs=10)
    with pytest.raises(ImageError, match="do not show the same"):
        pairs.gain_and_offset(-clean, clean)


def test_edges_that_agree_nowhere_tell_no_shift() -> None:
    """The best of all shifts of two channels with hardly an edge in common, as it was measured."""
    far = pairs.Shift("D7", -19.3, -103.4, -0.01, 0.08, 1_106_496)
    assert not far.believed
    assert pairs.Shift("D7", 6.4, -3.0, 0.006, 0.114, 1_106_496).believed
