"""Denoising and virtual staining in a real ImageJ by every route, with networks whose results are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.fiji.imagej import ROOT, SAMPLE, Finished, run_drua, run_imagej, run_python
from tests.recipes import recipe
from tests.small_networks import write_half

LABELS = [f"{channel} {frame}" for frame in ("t1", "t2", "t3") for channel in ("DAPI", "GFP")]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A denoiser and a stain that halve an image."""
    folder = tmp_path_factory.mktemp("models")
    return {task: write_half(folder, task) for task in ("denoise", "stain")}


@pytest.fixture
def field(tmp_path: Path) -> Path:
    """Three frames of two channels, 16-bit, shown in blue and green, with labels and an info."""
    pixels = np.random.default_rng(5).integers(0, 4001, (3, 2, 40, 52)).astype(np.uint16)
    blue, green = (np.zeros((3, 256), np.uint8) for _ in range(2))
    blue[2] = green[1] = np.arange(256)
    path = tmp_path / "field.tif"
    metadata = {"axes": "TCYX", "mode": "composite", "Ranges": (100.0, 2000.0, 200.0, 3000.0)}
    metadata |= {"LUTs": [blue, green], "finterval": 2.0, "Labels": LABELS, "Info": "objective: 63x"}
    tifffile.imwrite(path, pixels, imagej=True, metadata=metadata)
    return path


def _macro(folder: Path, text: str) -> Path:
    path = folder / "trial.ijm"
    path.write_text(text)
    return path


def _done(finished: Finished) -> Finished:
    assert finished.code == 0, finished.out + finished.err
    return finished


@pytest.mark.parametrize("route", ["worker", "inprocess", "cli"])
def test_every_route_writes_the_same_files(
    route: str, models: dict[str, Path], field: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    if route == "cli":
        arguments = ["--model", models["denoise"], "--output", out, "--type", "input", "--difference"]
        done = run_drua("denoise", field, *arguments)
    else:
        options = f"model=[{models['denoise']}] output=[denoised,difference] type=input save=[{out}]"
        macro = _macro(tmp_path, f'open("{field}");\nrun("Drua Denoise...", "{options}");')
        done = run_imagej(macro) if route == "worker" else run_drua("macro", macro)
    assert _done(done).err.count("a prediction of the model 'denoise', not a measurement") == 1
    names = ["field-denoised.tif", "field-difference.tif", "field-run.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    given = tifffile.imread(field)
    made = tifffile.imread(out / "field-denoised.tif")
    assert made.dtype == np.uint16
    np.testing.assert_array_equal(made, np.rint(given / 2))
    np.testing.assert_array_equal(tifffile.imread(out / "field-difference.tif"), given - np.rint(given / 2))
    with tifffile.TiffFile(out / "field-denoised.tif") as tiff:
        metadata = tiff.imagej_metadata
    assert metadata["Ranges"] == (100.0, 2000.0, 200.0, 3000.0)
    assert [table[:, 255].tolist() for table in metadata["LUTs"]] == [[0, 0, 255], [0, 255, 0]]
    assert metadata["finterval"] == 2.0
    assert metadata["Labels"] == LABELS
    assert metadata["Info"].endswith("\nobjective: 63x")
    assert "Do not measure intensities on it" in json.loads((out / "field-run.json").read_text())["warning"]


def test_a_denoised_image_looks_like_its_input(models: dict[str, Path], field: Path, tmp_path: Path) -> None:
    macro = _macro(
        tmp_path,
        f'open("{field}"); Stack.setPosition(2, 1, 3);\n'
        f'run("Drua Denoise...", "model=[{models["denoise"]}]");\n'
        "print(getTitle(), bitDepth(), Stack.getFrameInterval());\n"
        "Stack.getPosition(c, z, t); Stack.getDisplayMode(mode); print(t, mode);\n"
        "for (c = 1; c <= 2; c++) {\n"
        "  Stack.setChannel(c); getMinAndMax(low, high); getLut(r, g, b); print(low, high, g[255], b[255]);\n"
        "}\n"
        'print(getInfo("warning"));',
    )
    lines = _done(run_imagej(macro)).out.splitlines()
    assert lines[0] == "field-denoised 32 2"
    assert lines[1] == "3 composite"
    assert lines[2:4] == ["100 2000 0 255", "200 3000 255 0"]
    assert "a prediction" in lines[4]


def test_results_keep_the_labels_of_their_planes(
    models: dict[str, Path], field: Path, tmp_path: Path
) -> None:
    denoise = f'run("Drua Denoise...", "model=[{models["denoise"]}] output=[denoised,difference]'
    stain = (
        f'run("Drua Virtual Stain...", "model=[{models["stain"]}] channel=1 output=[stained,appended]");\n'
    )
    tell = (
        "function tell(title) {\n"
        '  selectImage(title); labels = "";\n'
        '  for (i = 1; i <= nSlices; i++) { setSlice(i); labels += getInfo("slice.label") + ";"; }\n'
        '  print(title, labels, endsWith(getMetadata("Info"), "objective: 63x"));\n'
        "}\n"
    )
    macro = _macro(
        tmp_path,
        f'{tell}open("{field}"); Stack.setPosition(1, 1, 2);\n'
        f'{denoise} channel=2"); tell("field-denoised"); close(); tell("field-difference"); close();\n'
        f'selectImage("field.tif"); {denoise} planes=current"); tell("field-denoised");\n'
        f'selectImage("field.tif"); {stain} tell("field-stained"); tell("field-appended");',
    )
    assert _done(run_imagej(macro)).out.splitlines() == [
        "field-denoised GFP t1;GFP t2;GFP t3; 1",
        "field-difference GFP t1;GFP t2;GFP t3; 1",
        "field-denoised DAPI t2;GFP t2; 1",
        "field-stained half;half;half; 1",
        "field-appended DAPI t1;GFP t1;half;DAPI t2;GFP t2;half;DAPI t3;GFP t3;half; 1",
    ]


def test_outside_the_selection_the_image_stays(models: dict[str, Path], field: Path, tmp_path: Path) -> None:
    macro = _macro(
        tmp_path,
        f'open("{field}"); makeRectangle(8, 4, 20, 24);\n'
        f'run("Drua Denoise...", "model=[{models["denoise"]}] channel=2");\n'
        f'saveAs("Tiff", "{tmp_path}/made.tif");',
    )
    _done(run_imagej(macro))
    expected = tifffile.imread(field)[:, 1].astype(np.float32)
    expected[:, 4:28, 8:28] /= 2
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "made.tif"), expected)


def test_the_report_is_told_and_kept(models: dict[str, Path], field: Path, tmp_path: Path) -> None:
    options = f"model=[{models['denoise']}] output=report channel=1 save=[{tmp_path}/out]"
    macro = _macro(tmp_path, f'open("{field}");\nrun("Drua Denoise...", "{options}");')
    done = _done(run_imagej(macro))
    run = json.loads((tmp_path / "out/field-run.json").read_text())
    assert run["report"]
    assert all(sentence in done.err for sentence in run["report"])
    assert (tmp_path / "out/field-report.png").is_file()


def test_a_stain_is_shown_and_appended(models: dict[str, Path], field: Path, tmp_path: Path) -> None:
    macro = _macro(
        tmp_path,
        f'open("{field}");\n'
        f'run("Drua Virtual Stain...", "model=[{models["stain"]}] channel=2 output=[stained,appended]");\n'
        "print(getTitle());\n"
        'selectImage("field-appended"); getDimensions(w, h, c, z, t); print(c, z, t, bitDepth());\n'
        "Stack.getDisplayMode(mode); print(mode);\n"
        'Stack.setChannel(3); print(getInfo("slice.label"));\n'
        "Stack.setChannel(1); getMinAndMax(low, high); print(low, high);\n"
        f'saveAs("Tiff", "{tmp_path}/appended.tif");',
    )
    lines = _done(run_imagej(macro)).out.splitlines()
    assert lines == ["field-stained", "3 1 3 32", "composite", "half", "100 2000"]
    given, made = tifffile.imread(field), tifffile.imread(tmp_path / "appended.tif")
    np.testing.assert_array_equal(made[:, :2], given)
    np.testing.assert_array_equal(made[:, 2], given[:, 1] / 2)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ("type=8-bit", "type is '8-bit', but must be of 32-bit, input"),
        ("output=labels", "output is 'labels', but must be of denoised, difference, report"),
        ("channel=7", "channel 7 was chosen, but the image has 2"),
        ("model=nuclei-fluorescence", "is made to segment, not to denoise"),
    ],
)
def test_a_wrong_option_stops_the_macro(
    options: str, part: str, models: dict[str, Path], field: Path, tmp_path: Path
) -> None:
    model = "" if "model=" in options else f"model=[{models['denoise']}] "
    text = f'open("{field}");\nrun("Drua Denoise...", "{model}{options}");\nprint("went on");'
    wrong = run_imagej(_macro(tmp_path, text))
    assert (wrong.code, "went on" in wrong.out) == (1, False)
    assert part in wrong.err


GATEWAY = """
import json, sys
import numpy as np
import drua.fiji
gateway = drua.fiji.start()
image = gateway.open(sys.argv[1])
denoised = gateway.denoise(image, sys.argv[2], difference=True, report=True)
stained = gateway.stain(image, sys.argv[3], channel=2, append=True)
array = np.arange(3 * 2 * 40 * 52, dtype=np.uint16).reshape(3, 2, 40, 52)
plain = drua.fiji.denoise(None, array, sys.argv[2], axes="TCYX", type="input")
stain = drua.fiji.stain(None, array, sys.argv[3], axes="TCYX", channel=1, append=True)
print(json.dumps({
    "titles": [str(each.getTitle()) for each in (denoised.image, denoised.difference, stained.image, stained.appended)],
    "depth": int(denoised.image.getBitDepth()),
    "report": denoised.run["report"],
    "equal": bool(np.array_equal(plain.image, np.rint(array / 2).astype(np.uint16))),
    "none": plain.difference is None,
    "shapes": [list(stain.image.shape), list(stain.appended.shape)],
}))
"""  # noqa: E501 - code of another process


def test_python_gets_images_of_the_kind_it_gave(models: dict[str, Path], field: Path) -> None:
    done = _done(run_python(GATEWAY, field, models["denoise"], models["stain"]))
    told = json.loads(done.out.splitlines()[-1])
    assert told["titles"] == ["field-denoised", "field-difference", "field-stained", "field-appended"]
    assert told["depth"] == 32
    assert told["report"]
    assert (told["equal"], told["none"]) == (True, True)
    assert told["shapes"] == [[3, 40, 52], [3, 3, 40, 52]]


@pytest.mark.parametrize("route", ["imagej", "inprocess"])
def test_the_documented_macro_denoises(route: str, tmp_path: Path) -> None:
    macro, argument = ROOT / "macros/denoise.ijm", f"{SAMPLE}|{tmp_path}"
    done = _done(run_imagej(macro, argument) if route == "imagej" else run_drua("macro", macro, argument))
    assert "denoised on cpu in" in done.out
    names = ["denoised.tif", "difference.tif", "report.png", "run.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"nuclei-sample-{name}" for name in names]
    difference = tifffile.imread(tmp_path / "nuclei-sample-difference.tif")
    # the simulated camera adds 5 to 30 grey values of noise, and it is noise that goes
    assert 5 < difference.std() < 40
    assert abs(difference.mean()) < 1


@pytest.mark.parametrize("route", ["imagej", "inprocess"])
def test_the_documented_macro_stains(route: str, tmp_path: Path) -> None:
    colours, truth = recipe("stain-nuclei-histology", "simulate").sample()
    tifffile.imwrite(tmp_path / "tissue.tif", colours, photometric="rgb")
    macro, argument = ROOT / "macros/virtual_stain.ijm", f"{tmp_path}/tissue.tif|{tmp_path}/out"
    done = _done(run_imagej(macro, argument) if route == "imagej" else run_drua("macro", macro, argument))
    assert "stained on cpu in" in done.out
    assert "a prediction of the model 'stain-nuclei-histology'" in done.err
    names = ["tissue-appended.tif", "tissue-run.json", "tissue-stained.tif"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    stained = tifffile.imread(tmp_path / "out/tissue-stained.tif")
    appended = tifffile.imread(tmp_path / "out/tissue-appended.tif")
    assert appended.shape == (4, *stained.shape)
    np.testing.assert_array_equal(appended[:3], np.moveaxis(colours, -1, 0))
    assert stained[truth > 0].mean() > 4 * stained[truth == 0].mean(), "nuclei are bright"
