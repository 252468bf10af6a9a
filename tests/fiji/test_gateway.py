"""The gateway of `drua.fiji` in processes of their own: starting, adopting, images, errors, threads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.fiji.imagej import JARS, ROOT, SAMPLE, plugin_jar, run_python

NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}

TOLD = """
import json, sys
from drua.errors import DruaError
import drua.fiji
def error_of(call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except DruaError as error:
        return [type(error).__name__, error.code, str(error)]
    return None
"""


def _told(code: str, *arguments: object, **environment: str) -> dict[str, Any]:
    """Run code that fills the dictionary `told`, and return it."""
    script = f"{TOLD}\ntold = {{}}\n{code}\nprint(json.dumps(told))"
    done = run_python(script, *arguments, **environment)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    return told


def test_a_second_start_gives_the_same_gateway_or_an_error() -> None:
    told = _told(
        """
gateway = drua.fiji.start()
told['same'] = drua.fiji.start() is gateway
told['folder'] = error_of(drua.fiji.start, sys.argv[1])
told['mode'] = error_of(drua.fiji.start, mode='interactive')
told['unknown'] = error_of(drua.fiji.start, mode='gui')
told['window'] = error_of(gateway.show)
""",
        ROOT,
    )
    assert told["same"] is True
    name, code, text = told["folder"]
    assert (name, code) == ("BridgeError", "BRIDGE")
    assert text.startswith("this process runs plain ImageJ in mode 'headless' already, so that")
    assert told["mode"][:2] == ["BridgeError", "BRIDGE"]
    assert told["unknown"][1:] == ["SETTING", "mode is 'gui', but must be of headless, interactive"]
    assert told["window"][1] == "DEVICE"


ADOPT = """
import scyjava
scyjava.config.set_java_constraints(fetch="auto")
scyjava.config.add_classpath(*sys.argv[3:])
scyjava.config.add_options(["-Djava.awt.headless=true", "--add-opens=java.base/java.lang=ALL-UNNAMED"])
scyjava.start_jvm()
scyjava.jimport("net.imagej.patcher.LegacyInjector").preinit()
"""


def test_an_imagej_that_somebody_else_started_is_adopted(tmp_path: Path) -> None:
    (tmp_path / "labels.ijm").write_text(
        'open(getArgument()); run("Drua Segment...", "output=labels");'
        'if (getTitle() != "nuclei-sample-labels") exit("it went on without labels");'
    )
    told = _told(
        ADOPT
        + """
image = scyjava.jimport('ij.IJ').openImage(sys.argv[1])
told['objects'] = drua.fiji.segment(None, image).count
told['route'] = str(scyjava.jimport('io.github.drua.engine.Engines').get().route())
gateway = drua.fiji.start()
told['open'] = str(gateway.open(sys.argv[1]).getTitle())
gateway.run_macro(sys.argv[2], sys.argv[1])
image.setRoi(10, 20, 200, 200)
scyjava.jimport('ij.IJ').run(image, 'Drua Segment...', 'output=overlay')
told['overlay'] = image.getOverlay().size()
told['other'] = error_of(drua.fiji.start, sys.argv[1])
""",
        SAMPLE,
        tmp_path / "labels.ijm",
        *JARS.glob("*.jar"),
    )
    assert told["objects"] == 92
    assert told["route"] == "inprocess"
    assert told["open"] == SAMPLE.name
    assert told["overlay"] == 1
    assert told["other"][1] == "BRIDGE"


def test_a_java_without_imagej_is_an_error() -> None:
    told = _told(
        """
import scyjava
scyjava.config.set_java_constraints(fetch='auto')
scyjava.start_jvm()
told['start'] = error_of(drua.fiji.start)
"""
    )
    assert told["start"][1] == "BRIDGE"
    assert "JVM without ImageJ" in told["start"][2]


def test_what_is_missing_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "Fiji.app/jars").mkdir(parents=True)
    told = _told(
        """
told['host'] = error_of(drua.fiji.host)
told['folder'] = error_of(drua.fiji.start, sys.argv[1])
told['display'] = error_of(drua.fiji.start, mode='interactive')
import os; os.environ.update(PATH=sys.argv[1], JAVA_HOME='')
told['java'] = error_of(drua.fiji.start)
sys.modules['scyjava'] = None
told['packages'] = error_of(drua.fiji.start)
""",
        tmp_path / "Fiji.app",
        DISPLAY="",
        **NO_NETWORK,
    )
    assert [told[name][1] for name in ("host", "folder", "display", "java", "packages")] == [
        "BRIDGE",
        "IMAGE",
        "DEVICE",
        "BACKEND_MISSING",
        "BACKEND_MISSING",
    ]
    assert "no jars" in told["folder"][2]
    assert "JAVA_HOME" in told["java"][2]


def _fiji(folder: Path) -> Path:
    """Make a folder that is laid out like a Fiji, with what Maven Central has of one."""
    jars = folder / "Fiji.app/jars"
    jars.mkdir(parents=True)
    (folder / "Fiji.app/plugins").mkdir()
    for jar in JARS.glob("*.jar"):
        (jars / jar.name).symlink_to(jar)
    return folder / "Fiji.app"


def test_a_fiji_that_is_not_complete_is_an_error_of_ours_and_asks_no_network(tmp_path: Path) -> None:
    told = _told("told['start'] = error_of(drua.fiji.start, sys.argv[1])", _fiji(tmp_path), **NO_NETWORK)
    name, code, text = told["start"]
    assert (name, code) == ("BackendError", "BACKEND")
    assert "imglib2-imglyb" in text


PYIMAGEJ = """
import pathlib
import scyjava
scyjava.config.endpoints.append("net.imglib2:imglib2-imglyb:1.1.0")  # as imglyb does when it is imported

class Gateway:
    def context(self): return "context"

def init(folder, mode):
    assert scyjava.config.endpoints == []
    assert scyjava.config.get_fetch_java() == "auto"
    jars = [*pathlib.Path(folder, "jars").glob("*.jar"), *pathlib.Path(folder, "plugins").glob("*.jar")]
    scyjava.config.add_classpath(*map(str, jars))
    scyjava.config.add_option(f"-Dplugins.dir={folder}/plugins")
    scyjava.start_jvm()
    scyjava.jimport("net.imagej.patcher.LegacyInjector").preinit()
    return Gateway()
"""


def _start_fiji(folder: Path) -> dict[str, Any]:
    """Start a Fiji by a stand-in for pyimagej, whose own gateway class is in no public repository."""
    (folder.parent / "imagej.py").write_text(PYIMAGEJ)
    (folder.parent / "names.ijm").write_text(
        "open(getArgument()); run('Drua Segment...', 'output=labels');".replace("'", '"')
    )
    return _told(
        """
gateway = drua.fiji.start(sys.argv[1])
told['context'] = gateway.ij.context()
told['same'] = drua.fiji.start(sys.argv[1] + '/') is gateway
told['other'] = error_of(drua.fiji.start)
gateway.run_macro(sys.argv[1] + '/../names.ijm', sys.argv[2])
told['objects'] = gateway.segment(gateway.open(sys.argv[2])).count
""",
        folder,
        SAMPLE,
        PYTHONPATH=str(folder.parent),
        **NO_NETWORK,
    )


def test_a_fiji_without_the_plugin_gets_ours(tmp_path: Path) -> None:
    told = _start_fiji(_fiji(tmp_path))
    assert told["context"] == "context"
    assert told["same"] is True
    assert told["other"][1] == "BRIDGE"
    assert told["objects"] == 92


def test_a_fiji_with_the_plugin_uses_its_own(tmp_path: Path) -> None:
    folder = _fiji(tmp_path)
    (folder / "plugins" / plugin_jar().name).symlink_to(plugin_jar())
    assert _start_fiji(folder)["objects"] == 92


def test_an_old_plugin_is_told(tmp_path: Path) -> None:
    import zipfile

    folder = _fiji(tmp_path)
    old = folder / "plugins/Drua_-0.0.1.jar"
    with zipfile.ZipFile(plugin_jar()) as new, zipfile.ZipFile(old, "w") as archive:
        for name in new.namelist():
            if "RunHost" not in name:
                archive.writestr(name, new.read(name))
    (tmp_path / "imagej.py").write_text(PYIMAGEJ)
    told = _told("told['start'] = error_of(drua.fiji.start, sys.argv[1])", folder, PYTHONPATH=str(tmp_path))
    assert told["start"][1] == "BRIDGE"
    assert "older than the engine" in told["start"][2]


CODES = {
    "setting": "SETTING",
    "key": "SETTING",
    "model": "UNKNOWN_MODEL",
    "channel": "IMAGE",
    "device": "DEVICE",
    "axes": "SETTING",
    "kind": "IMAGE",
    "file": "IMAGE",
    "macro": "SETTING",
    "syntax": "REQUEST",
    "route": "SETTING",
    "operation": "DRUA",
    "session": "DRUA",
}


def test_errors_of_java_and_python_cross_with_code_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "wrong.ijm").write_text(
        'newImage("g", "16-bit ramp", 67, 71, 1);\nrun("Drua Segment...", "min_siz=3");'
    )
    (tmp_path / "broken.ijm").write_text("print(1);\nfoo bar;")
    told = _told(
        """
gateway = drua.fiji.start()
image = gateway.open(sys.argv[1])
told['setting'] = error_of(gateway.segment, image, mask_threshold=7)
told['key'] = error_of(gateway.segment, image, mask_treshold=0.4)
told['model'] = error_of(gateway.segment, image, 'nuclei-flourescence')
told['channel'] = error_of(gateway.segment, image, channel=3)
told['device'] = error_of(gateway.segment, image, device='cuda:9')
told['axes'] = error_of(gateway.segment, image, axes='YX')
told['kind'] = error_of(gateway.segment, [1, 2])
told['file'] = error_of(gateway.open, 'none.tif')
told['macro'] = error_of(gateway.run_macro, sys.argv[2] + '/wrong.ijm')
told['syntax'] = error_of(gateway.run_macro, sys.argv[2] + '/broken.ijm')
told['route'] = error_of(gateway.run_macro, sys.argv[2] + '/broken.ijm', route='ssh')
import drua.operations, drua.session
def explode(*_): raise ValueError('boom')
drua.operations.OPERATIONS['segment'] = explode
told['operation'] = error_of(gateway.segment, image)
drua.session.Session._execute = explode
told['session'] = error_of(gateway.segment, image)
""",
        SAMPLE,
        tmp_path,
    )
    codes = {name: value[1] for name, value in told.items()}
    assert codes == CODES
    assert "boom" in told["operation"][2]
    assert told["setting"][2].startswith(
        "mask_threshold is '7', but must lie in its range (0.05 to 0.95); its"
    )
    assert "did you mean 'nuclei-fluorescence'?" in str(told["model"])
    assert told["macro"][0] == "MacroError"
    assert "; write min_size" in str(told["macro"])
    assert "in line 2" in str(told["syntax"])


def test_several_threads_several_images_and_a_cancel() -> None:
    told = _told(
        """
from concurrent.futures import ThreadPoolExecutor
from drua.errors import Cancelled
import numpy as np, drua
gateway = drua.fiji.start()
pixels = drua.read_image(sys.argv[1]).pixels.squeeze()
images = [gateway.open(sys.argv[1]), pixels, gateway.open(sys.argv[1]), pixels]
with ThreadPoolExecutor(4) as pool:
    done = list(pool.map(gateway.segment, images))
told['counts'] = [each.count for each in done]
shown = np.asarray(done[0].labels.getProcessor().getPixels())
told['equal'] = bool(np.array_equal(shown, done[1].labels.ravel()))
told['rows'] = bool(np.array_equal(done[0].table.rows[:, [0, 2]], done[1].table.rows[:, [0, 2]]))
def stop(*_): raise Cancelled
for kind, image in (('image', images[0]), ('array', pixels)):
    try:
        gateway.segment(image, progress=stop)
    except Cancelled:
        told[kind] = 'cancelled'
told['after'] = gateway.segment(images[0]).count
import threading
told['engines'] = sum(thread.name == 'drua-engine' for thread in threading.enumerate())
""",
        SAMPLE,
    )
    assert told == {
        "counts": [92] * 4,
        "equal": True,
        "rows": True,
        "image": "cancelled",
        "array": "cancelled",
        "after": 92,
        "engines": 1,
    }


DATASET = """
package net.imagej;
public class Dataset {
  public final ij.ImagePlus image;
  private final String last;
  public Dataset(ij.ImagePlus image, String last) { this.image = image; this.last = last; }
  public int numDimensions() { return 3; }
  public Axis axis(int number) { return new Axis(new String[] {"X", "Y", last}[number]); }
  public static class Axis {
    private final String label;
    Axis(String label) { this.label = label; }
    public Axis type() { return this; }
    public String getLabel() { return label; }
  }
}
"""


def test_a_dataset_is_converted_by_its_gateway(tmp_path: Path) -> None:
    source = tmp_path / "net/imagej/Dataset.java"
    source.parent.mkdir(parents=True)
    source.write_text(DATASET)
    (ij,) = JARS.glob("ij-*.jar")
    subprocess.run(["javac", "-cp", ij, source], check=True)
    told = _told(
        """
import scyjava
scyjava.config.add_classpath(sys.argv[2])
gateway = drua.fiji.start()
Dataset = scyjava.jimport('net.imagej.Dataset')
class Service:
    def convert(self, given, kind):
        return given.image if isinstance(given, Dataset) else kind(given, 'Z')
class PyImageJ:
    def convert(self): return Service()
dataset = Dataset(gateway.open(sys.argv[1]), 'Channel')
done = drua.fiji.segment(PyImageJ(), dataset)
told['kind'] = isinstance(done.labels, Dataset)
told['title'] = str(done.labels.image.getTitle())
told['rois'] = len(done.rois)
told['axis'] = error_of(drua.fiji.segment, PyImageJ(), Dataset(dataset.image, 'Lifetime'))
told['gateway'] = error_of(gateway.segment, dataset)
""",
        SAMPLE,
        tmp_path,
    )
    assert told["kind"] is True
    assert (told["title"], told["rois"]) == ("nuclei-sample-labels", 92)
    assert told["axis"][1] == "AXES"
    assert "'Lifetime'" in told["axis"][2]
    assert told["gateway"][1] == "SETTING"
