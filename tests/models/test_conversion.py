"""Packages that need their own Python source become packages with ONNX weights, and no source gets out."""

from __future__ import annotations

import ctypes
import hashlib
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from bioimageio.spec import ValidationContext, load_description
from bioimageio.spec.model.v0_5 import ModelDescr
from drua.backends.architectures import torch_em
from drua.conversion import WALLS, Limits, convert
from drua.errors import Cancelled, CardError, DruaError, HashError, UntrustedModelError
from drua.pipeline import open_model
from drua.selftest import reproduce

from tests.state_package import SOURCE, write_state_package

GIB = 2**30
ZOO = Path(__file__).resolve().parents[3] / "shared/data/bioimageio"


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _refused(folder: Path, source: str, limits: Limits | None = None) -> DruaError:
    """Return the error, having checked that the package is as it was."""
    package, sha256 = write_state_package(folder, source)
    before = _files(package)
    with pytest.raises(DruaError) as caught:
        convert(package, sha256, _silent, limits or Limits(120, 2 * GIB))
    assert _files(package) == before
    return caught.value


class TestAConversion:
    @pytest.fixture(scope="class")
    @staticmethod
    def converted(tmp_path_factory: pytest.TempPathFactory):
        package, sha256 = write_state_package(tmp_path_factory.mktemp("fine") / "tiny")
        return package, convert(package, sha256, _silent)

    def test_the_package_runs_as_onnx_and_reproduces_its_test_tensors(self, converted) -> None:
        package, conversion = converted
        assert conversion.difference <= 1e-5
        assert reproduce(str(package))["difference"] <= 1e-5
        with open_model(package) as model:
            assert model.backend.provider == "CPUExecutionProvider"

    def test_the_package_stays_valid_and_keeps_what_it_had(self, converted) -> None:
        package, _ = converted
        with ValidationContext(perform_io_checks=True):
            description = load_description(package / "bioimageio.yaml")
        assert isinstance(description, ModelDescr), description.validation_summary.format()
        assert description.weights.onnx.parent == "pytorch_state_dict"
        assert description.weights.pytorch_state_dict is not None
        assert description.config.model_dump()["drua"]["stride"] == 4
        assert not list(package.glob("*.new"))

    def test_batch_and_sides_are_free_as_the_card_says(self, converted) -> None:
        package, _ = converted
        with open_model(package) as model:
            assert model.backend.run([np.zeros((3, 1, 44, 28), np.float32)])[0].shape == (3, 1, 44, 28)

    @pytest.mark.skipif(sys.platform != "linux", reason="the walls are those of Linux")
    def test_people_are_told_which_walls_the_system_could_not_build(self, converted) -> None:
        namespaces = (
            subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True).returncode == 0
        )
        landlock = ctypes.CDLL(None).syscall(444, None, 0, 1) > 0
        expected = {
            WALLS[name] for name, there in (("network", namespaces), ("files", landlock)) if not there
        }
        assert set(converted[1].notes) == expected


@pytest.mark.skipif(not ZOO.is_dir(), reason="the shared packages are not beside this checkout")
def test_a_package_of_the_zoo_with_two_inputs_and_outputs_is_converted(tmp_path: Path) -> None:
    package = tmp_path / "multi"
    shutil.copytree(ZOO / "unet2d_multi_tensor", package)
    # Its own source is not there; ours defines the same class, and stands for it.
    source = Path(torch_em.__file__).read_bytes()
    sha256 = hashlib.sha256(source).hexdigest()
    (package / "multi_tensor_unet.py").write_bytes(source)
    card = package / "bioimageio.yaml"
    text = card.read_text()
    card.write_text(re.sub(r"sha256: 74b6d27c\w+", f"sha256: {sha256}", text).split("  torchscript:")[0])
    assert convert(package, sha256, _silent).difference <= 1e-4
    outcome = reproduce(str(package))
    assert outcome["provider"] == "CPUExecutionProvider"
    assert outcome["difference"] <= 1e-4


def test_a_source_that_was_not_confirmed_is_not_run(tmp_path: Path) -> None:
    package, sha256 = write_state_package(tmp_path / "tiny", SOURCE + "raise SystemExit\n")
    with pytest.raises(UntrustedModelError, match="was confirmed"):
        convert(package, "0" * 64, _silent)
    (package / "network.py").write_text(SOURCE)
    with pytest.raises(HashError, match=r"network\.py"):
        convert(package, sha256, _silent)


def test_a_package_without_source_has_nothing_to_convert(tiny_package: Path) -> None:
    with pytest.raises(CardError, match="no state dict"):
        convert(tiny_package, "0" * 64, _silent)


def test_a_network_that_gives_other_pixels_than_the_test_tensor_is_not_installed(tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", SOURCE.replace("0.3", "0.31"))
    assert isinstance(error, CardError)
    assert "test tensor" in str(error)


def test_a_network_whose_sides_are_fixed_in_its_code_is_not_installed(tmp_path: Path) -> None:
    fixed = SOURCE.replace("return torch", "image = image.reshape(1, 1, 32, 32)\n        return torch")
    assert "no larger sides" in str(_refused(tmp_path / "tiny", fixed))


def test_a_state_dict_with_other_tensors_is_told(tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", SOURCE.replace("self.mean", "self.average"))
    assert "Missing key" in str(error)


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", "import no_such_library\n" + SOURCE)
    assert isinstance(error, CardError)
    assert "no_such_library" in str(error)


def test_cancelling_ends_the_process(tmp_path: Path) -> None:
    package, sha256 = write_state_package(tmp_path / "tiny", "import time\ntime.sleep(600)\n" + SOURCE)
    before = _files(package)

    def cancel(_what: str, done: int, _total: int) -> None:
        if done >= 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(package, sha256, cancel)
    assert _files(package) == before
    assert not _children()


def _children() -> list[str]:
    found = psutil.Process().children(recursive=True)
    return [" ".join(child.cmdline()) for child in found if "sandboxed_export" in " ".join(child.cmdline())]


HOSTILE = {
    "socket": ("import socket; socket.create_connection(('127.0.0.1', {port}))", "socket"),
    "http": ("import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/')", "socket"),
    "program": ("import subprocess; subprocess.run(['touch', '{target}'])", "subprocess"),
    "shell": ("import os; os.system('touch {target}')", "os.system"),
    "fork": ("import os; os.fork() or open('{target}', 'w')", "os.fork"),
    "write": ("open('{target}', 'w').write('x')", "write"),
    "low level write": ("import os; os.open('{target}', os.O_WRONLY | os.O_CREAT)", "write"),
    "rename": ("open('a', 'w').close(); import os; os.rename('a', '{target}')", "os.rename"),
    "delete": ("import os; os.remove('{victim}')", "os.remove"),
    "truncate": ("import os; os.truncate('{victim}', 0)", "os.truncate"),
    "foreign function": ("import ctypes; ctypes.CDLL(None).system(b'touch {target}')", "ctypes"),
    "limit": ("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", "resource.setrlimit"),
    "link": ("import os; os.symlink('{victim}', 'weights.onnx')", "os.symlink"),
}
"""What hostile code does, and what it is told for."""


@pytest.fixture
def port():
    """A port of this machine that nobody must knock at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def attacks(port: int, tmp_path: Path) -> dict[str, str]:
    """The code of every attack, on things of this test, which are as they were at its end."""
    target, victim = tmp_path / "target", tmp_path / "victim"
    victim.write_text("mine")
    yield {name: code.format(port=port, target=target, victim=victim) for name, (code, _) in HOSTILE.items()}
    assert not target.exists()
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("attack", ["socket", "program", "write"])
def test_hostile_code_is_refused_and_told(attack: str, attacks: dict[str, str], tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", f"{attacks[attack]}\n{SOURCE}")
    assert isinstance(error, UntrustedModelError)
    assert HOSTILE[attack][1] in str(error)


def test_hostile_code_that_hides_its_failures_has_still_tried(
    attacks: dict[str, str], tmp_path: Path
) -> None:
    lines = [f"try:\n    {code}\nexcept BaseException:\n    pass" for code in attacks.values()]
    error = _refused(tmp_path / "tiny", "\n".join([*lines, SOURCE]))
    assert isinstance(error, UntrustedModelError)
    assert all(told in str(error) for _, told in HOSTILE.values())


BEHIND_THE_HOOKS = {
    "file": "import torch; torch.from_file('{target}', shared=True, size=8)",
    "program": (
        "import os, _posixsubprocess as p; pipe = os.pipe();"
        " p.fork_exec([b'/usr/bin/touch', b'{target}'], [b'/usr/bin/touch'], True, (), None, None,"
        " -1, -1, -1, -1, -1, -1, pipe[0], pipe[1], False, False, {more} None)"
    ),
    "connection": (
        "import datetime, torch.distributed as d;"
        " d.TCPStore('127.0.0.1', {port}, is_master=False, timeout=datetime.timedelta(seconds=2))"
    ),
}
"""What Python's audit hooks do not see."""


@pytest.mark.skipif(sys.platform != "linux", reason="the walls are those of Linux")
def test_what_hooks_do_not_see_the_system_refuses(tmp_path: Path) -> None:
    target = tmp_path / "target"
    more = "0, None, None, None, -1," if sys.version_info >= (3, 11) else "None, None, None, -1,"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        codes = [each.format(target=target, more=more, port=port) for each in BEHIND_THE_HOOKS.values()]
        lines = [f"try:\n    {code}\nexcept Exception:\n    pass" for code in codes]
        package, sha256 = write_state_package(tmp_path / "tiny", "\n".join([*lines, SOURCE]))
        notes = convert(package, sha256, _silent, Limits(120, 2 * GIB)).notes
        assert WALLS["files"] in notes or not target.exists()
        if WALLS["network"] not in notes:
            with pytest.raises(BlockingIOError):
                server.accept()


def test_code_that_never_ends_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    error = _refused(tmp_path / "tiny", "import time\ntime.sleep(600)\n" + SOURCE, Limits(12, 2 * GIB))
    assert isinstance(error, CardError)
    assert "more than 12 s" in str(error)
    assert time.monotonic() - started < 60
    assert not _children()


@pytest.mark.parametrize("greed", ["[bytearray(2**26) for _ in range(200)]", "torch.ones(200, 2**24)"])
def test_code_that_eats_memory_is_stopped(greed: str, tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", f"import torch\nkept = {greed}\n{SOURCE}", Limits(120, GIB))
    assert isinstance(error, CardError)
    assert "memory" in str(error).lower()


def test_code_that_ends_its_process_is_told(tmp_path: Path) -> None:
    error = _refused(tmp_path / "tiny", "import os\nprint('bye', flush=True)\nos._exit(3)\n" + SOURCE)
    assert isinstance(error, CardError)
    assert "exit code 3" in str(error)
    assert "bye" in str(error)


def test_code_that_forges_its_answer_convinces_nobody(tmp_path: Path) -> None:
    forged = (
        "import os, json\n"
        "open('answer.json', 'w').write(json.dumps({'walls': [], 'refused': [], 'error': None}))\n"
        "open('weights.onnx', 'w').write('no network')\n"
        "os._exit(0)\n"
    )
    assert isinstance(_refused(tmp_path / "tiny", forged + SOURCE), CardError)


def test_code_sees_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUA_SECRET", "hunter2")
    told = "import os\nraise RuntimeError(f\"{os.environ.get('DRUA_SECRET')} {os.environ['HOME']}\")\n"
    message = str(_refused(tmp_path / "tiny", told + SOURCE))
    assert "hunter2" not in message
    assert str(Path.home()) + "/" not in message
