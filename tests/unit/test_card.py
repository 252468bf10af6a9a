from __future__ import annotations

from pathlib import Path

import pytest
from drua.errors import CardError, SettingError, UnknownModelError
from drua.models.card import read_card
from drua.models.catalog import find_model, list_models
from drua.models.setting import Setting

from tests.package_writer import Port, same, write
from tests.tiny_model import write_package


def test_a_card_holds_what_the_description_says(tiny_package: Path) -> None:
    card = read_card(tiny_package)
    assert (card.id, card.task, card.licence) == ("tiny", "segment", "CC0-1.0")
    assert (card.input.axes, card.input.channels) == ("BCYX", ("fluorescence",))
    assert [operation.name for operation in card.input.operations][:2] == ["ensure_dtype", "scale_range"]
    assert card.output.halo == card.margin == card.stride == {"Y": 4, "X": 4}
    assert card.tile == {"Y": 64, "X": 64}
    assert (card.input.least, card.input.step) == ({"Y": 16, "X": 16}, {"Y": 4, "X": 4})
    assert [weights.format for weights in card.weights] == ["onnx"]
    names = ["mask_threshold", "marker_height", "min_size", "statistics", "scale"]
    assert [setting.name for setting in card.settings] == names


def test_the_second_reading_does_not_need_the_validator(
    tiny_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_card(tiny_package)
    monkeypatch.setattr("drua.models.description.load_model", None)
    assert read_card(tiny_package) == first


def test_a_changed_description_is_validated_again(tmp_path: Path) -> None:
    package = write_package(tmp_path / "tiny")
    read_card(package)
    description = package / "bioimageio.yaml"
    description.write_text(description.read_text().replace("name: Tiny model", "name: Other model"))
    assert read_card(package).name == "Other model"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("license: CC0-1.0", "license: none of your business", "is not a valid bioimage.io description"),
        ("task: segment", "task: dance", "task 'dance'"),
        ("default: 0.5, min: 0.05", "default: 7, min: 0.05", "mask_threshold is 7"),
        ("type: integer", "type: whole", "type 'whole'"),
    ],
)
def test_a_wrong_description_is_a_card_error(tmp_path: Path, old: str, new: str, part: str) -> None:
    package = write_package(tmp_path / "tiny")
    description = package / "bioimageio.yaml"
    description.write_text(description.read_text().replace(old, new))
    with pytest.raises(CardError) as caught:
        read_card(package)
    assert part in str(caught.value)


def test_a_folder_without_description_is_a_card_error(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be read"):
        read_card(tmp_path)


def test_a_model_is_found_by_id_and_by_folder(tiny_package: Path) -> None:
    assert find_model("tiny", (tiny_package.parent,)) == find_model(tiny_package)


def test_an_unknown_model_names_the_nearest(tiny_package: Path) -> None:
    with pytest.raises(UnknownModelError, match="did you mean 'tiny'"):
        find_model("tiney", (tiny_package.parent,))


def test_a_broken_package_does_not_hide_the_others(tmp_path: Path) -> None:
    write_package(tmp_path / "good")
    broken = write_package(tmp_path / "broken")
    (broken / "bioimageio.yaml").write_text("name: 1")
    assert [card.id for card in list_models((tmp_path,))] == ["tiny"]


def test_settings_are_resolved_with_defaults(tiny_package: Path) -> None:
    card = read_card(tiny_package)
    own = {"mask_threshold": 0.5, "marker_height": 1.0, "min_size": 7}
    assert card.resolve({"min_size": "7"}) == own | {"statistics": "plane", "scale": 1.0}


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"masc_threshold": 1}, "'masc_threshold' is not a setting of model 'tiny'; use mask_threshold"),
        ({"mask_threshold": 7}, "mask_threshold is 7, but must lie between 0.05 and 0.95"),
        ({"mask_threshold": "nan"}, "must be a number"),
        ({"mask_threshold": True}, "must be a number"),
        ({"min_size": 1.5}, "must be a whole number"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tiny_package: Path, settings: dict, part: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_card(tiny_package).resolve(settings)
    assert part in str(caught.value)


def test_flags_and_choices_are_read_from_text() -> None:
    flag = Setting("fill", "Fill", "flag", default=True)
    choice = Setting("mode", "Mode", "choice", default="a", choices=("a", "b"))
    assert (flag.parse("false"), flag.parse(True), choice.parse("b")) == (False, True, "b")
    with pytest.raises(SettingError, match="must be true or false"):
        flag.parse("yes")
    with pytest.raises(SettingError, match="must be one of a, b"):
        choice.parse("c")


@pytest.mark.parametrize(("side", "halo", "stride"), [(512, 32, 32), (32, 4, 16), (48, 17, 8), (24, 4, 8)])
def test_the_stride_that_a_fixed_size_suggests_leaves_a_core(
    tmp_path: Path, side: int, halo: int, stride: int
) -> None:
    package = write(
        tmp_path / "fixed",
        lambda graph, given: [graph.add("Identity", given)],
        [Port("raw", "bcyx", {"y": side, "x": side})],
        [same("made", "bcyx", "raw", halo=halo)],
        {},
    )
    assert read_card(package).stride == {"Y": stride, "X": stride}
