from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from drua.errors import CardError, UntrustedModelError
from drua.models import pickles, trust
from drua.models.contents import Engine, File
from drua.models.description import described
from onnx import numpy_helper

from tests.tiny_model import write_package

MODELS = Path(__file__).resolve().parents[2] / "models"
SHARED = Path(__file__).resolve().parents[3] / "shared/data/bioimageio"
# a state dict as torch writes it: OrderedDict(w=_rebuild_tensor_v2(storage, 0, (1,), (1,), False, ...))
TENSOR = (
    b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02ctorch._utils\n_rebuild_tensor_v2\n"
    b"q\x03((X\x07\x00\x00\x00storageq\x04ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpu"
    b"q\x07K\x01tq\x08QK\x00K\x01\x85q\tK\x01\x85q\n\x89h\x00)Rq\x0btq\x0cRq\rs."
)


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ("touch /tmp/never",)


def _torch_file(path: Path, content: bytes, name: str = "archive/data.pkl") -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(name, content)
        made.writestr("archive/data/0", bytes(4))
    return path


def _check(folder: Path) -> None:
    trust.check(folder, described(folder))


def _change(folder: Path, old: str, new: str) -> None:
    description = folder / "bioimageio.yaml"
    text = description.read_text()
    assert old in text
    description.write_text(text.replace(old, new))


def test_a_state_dict_of_tensors_is_trusted(tmp_path: Path) -> None:
    pickles.check(_torch_file(tmp_path / "w.pt", TENSOR))


def test_an_old_torch_file_is_read_pickle_by_pickle(tmp_path: Path) -> None:
    old = pickle.dumps(pickles._OLD_FILE, 2) + pickle.dumps(1001, 2) + pickle.dumps({"a": 1}, 2)
    (tmp_path / "w.pt").write_bytes(old + TENSOR + pickle.dumps(["0"], 2) + bytes(12))
    pickles.check(tmp_path / "w.pt")
    (tmp_path / "w.pt").write_bytes(old + pickle.dumps(Evil(), 2) + pickle.dumps(["0"], 2))
    with pytest.raises(UntrustedModelError, match="system"):
        pickles.check(tmp_path / "w.pt")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("torch_file", [True, False])
def test_a_pickle_that_calls_anything_is_refused_by_name_in_every_protocol(
    tmp_path: Path, protocol: int, torch_file: bool
) -> None:
    content = pickle.dumps(OrderedDict(w=Evil()), protocol)
    path = tmp_path / "w.pt"
    if torch_file:
        _torch_file(path, content)
    else:
        path.write_bytes(content)
    with pytest.raises(UntrustedModelError, match=r"w\.pt would call (posix|nt) system"):
        pickles.check(path)


def test_a_second_pickle_in_a_torch_file_is_read_too(tmp_path: Path) -> None:
    path = _torch_file(tmp_path / "w.pt", TENSOR)
    with zipfile.ZipFile(path, "a") as made:
        made.writestr("archive/more.pkl", pickle.dumps(Evil()))
    with pytest.raises(UntrustedModelError, match="system"):
        pickles.check(path)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\x80\x04\x8c\x02osq\x00\x8c\x06systemq\x010h\x00h\x01\x93.", "os system"),
        (b"\x80\x04\x8c\x02os\x940\x8c\x06system\x94h\x00h\x01\x93.", "os system"),
        (b"\x80\x04\x8c\x02os\x8c\x03sys\x8c\x03tem\x86\x93.", "a name that is computed"),
        (b"\x80\x02\x82\x01.", "extension 1"),
        (b"(ios\nsystem\n.", "os system"),
        (b"nonsense", "neither a torch file nor a pickle"),
        (b"\x80\x04\x8c", "neither a torch file nor a pickle"),
    ],
)
def test_a_pickle_that_hides_its_calls_is_refused(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(UntrustedModelError, match=part):
        pickles.check(tmp_path / "w.pt")


def test_every_global_that_python_meets_is_found() -> None:
    class Finder(pickle.Unpickler):
        met: list[str]

        def find_class(self, module: str, name: str) -> object:
            self.met.append(f"{module} {name}")
            return super().find_class(module, name)

    values = [OrderedDict(a=np.arange(3)), np.float32(1), {Path("a"), Path("b")}, [complex(1, 2), range(3)]]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        content = pickle.dumps(values, protocol)
        finder = Finder(io.BytesIO(content))
        finder.met = []
        finder.load()
        assert set(finder.met) - {"copy_reg _reconstructor"} <= {
            *pickles.imports(io.BytesIO(content)),
            *(name.replace("__builtin__ ", "builtins ") for name in pickles.imports(io.BytesIO(content))),
        }


def test_the_tiny_package_is_trusted(tmp_path: Path) -> None:
    _check(write_package(tmp_path / "tiny"))


def test_custom_operations_are_refused_by_name(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    custom = "{id: custom, callable: evil, source: evil.py, kwargs: {}}"
    test = "  test_tensor: {source: test_output"
    _change(folder, test, f"  postprocessing:\n  - {custom}\n{test}")
    (folder / "evil.py").write_text("")
    with pytest.raises(UntrustedModelError, match=r"custom operation 'evil' of the Python file evil\.py"):
        _check(folder)


@pytest.mark.parametrize("source", ["../weights.onnx", "/etc/passwd", "sub/../../w.onnx"])
def test_files_outside_the_package_are_refused(tmp_path: Path, source: str) -> None:
    folder = write_package(tmp_path / "tiny")
    _change(folder, "onnx: {source: weights.onnx", f"onnx: {{source: {source}")
    with pytest.raises((UntrustedModelError, CardError)):
        _check(folder)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("weights.onnx", "weights.onnx"),
        ("./sub/w.onnx", "sub/w.onnx"),
        ("sub\\w.onnx", "sub/w.onnx"),
        ("https://example.org/files/w.onnx?download=1", "w.onnx"),
        ("https://example.org/files/w.onnx/content", "w.onnx"),
        ("https://example.org/files/my%20w.onnx", "my w.onnx"),
    ],
)
def test_a_file_has_one_name_in_the_package(source: str, name: str) -> None:
    assert File("weights", source).name == name


@pytest.mark.parametrize(
    "source",
    ["", "/etc/passwd", "../w", "a/../../w", "..\\w", "C:\\w", "file:///etc/passwd", "nul", "https://example.org/",
     "https://example.org", "https://example.org/..", "https://example.org/a%2F..", "https://example.org/a:b"],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_package_is_refused(source: str) -> None:
    with pytest.raises(UntrustedModelError, match="unsafe or outside the package"):
        str(File("weights", source).name)


@pytest.mark.parametrize("name", ["weights.onnx", "test_input.npy", "README.md"])
def test_links_are_refused(tmp_path: Path, name: str) -> None:
    folder = write_package(tmp_path / "tiny")
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(UntrustedModelError, match="is a link"):
        _check(folder)


def test_a_linked_folder_is_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    (tmp_path / "elsewhere").mkdir()
    (folder / "weights.onnx").rename(tmp_path / "elsewhere/weights.onnx")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    _change(folder, "source: weights.onnx", "source: sub/weights.onnx")
    with pytest.raises(UntrustedModelError, match="is a link"):
        _check(folder)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    (folder / "weights.onnx").unlink()
    os.mkfifo(folder / "weights.onnx")
    with pytest.raises(UntrustedModelError, match="is no plain file"):
        _check(folder)


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    np.save(folder / "test_input.npy", np.array([Evil()], object), allow_pickle=True)
    with pytest.raises(UntrustedModelError, match="holds Python objects"):
        _check(folder)


def test_an_array_that_is_none_is_a_card_error(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    (folder / "test_input.npy").write_bytes(b"no")
    with pytest.raises(CardError, match="no array"):
        _check(folder)


def _with_external(folder: Path, location: str) -> None:
    model = onnx.load(folder / "weights.onnx")
    tensor = model.graph.initializer[0]
    content = numpy_helper.to_array(tensor).tobytes()
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(len(content)))):
        tensor.external_data.add(key=key, value=value)
    (folder / "weights.onnx").write_bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.data", "link.data"])
def test_external_data_outside_the_package_is_refused(tmp_path: Path, location: str) -> None:
    folder = write_package(tmp_path / "tiny")
    (tmp_path / "secret.data").write_bytes(bytes(100))
    (folder / "link.data").symlink_to(tmp_path / "secret.data")
    _with_external(folder, location)
    with pytest.raises(UntrustedModelError):
        _check(folder)


def test_external_data_in_the_package_is_trusted(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    (folder / "weights.data").write_bytes(bytes(100))
    _with_external(folder, "weights.data")
    _check(folder)


def _with_torchscript(folder: Path, code: str) -> None:
    _change(folder, "weights:\n", "weights:\n  torchscript: {source: w.pt, pytorch_version: 2.5.1}\n")
    with zipfile.ZipFile(folder / "w.pt", "w") as made:
        made.writestr("w/code/__torch__/net.py", code)
        made.writestr("w/data.pkl", TENSOR)


def test_torchscript_that_only_computes_is_trusted(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    _with_torchscript(folder, "def forward(self, x):\n  return torch.relu(x)\n")
    _check(folder)


@pytest.mark.parametrize("call", ["torch.from_file('/etc/passwd')", "torch.save(x, 'a')", "ops.aten.save(x)"])
def test_torchscript_that_touches_files_is_refused(tmp_path: Path, call: str) -> None:
    folder = write_package(tmp_path / "tiny")
    _with_torchscript(folder, f"def forward(self, x):\n  return {call}\n")
    with pytest.raises(UntrustedModelError, match="reads or writes files"):
        _check(folder)


def test_a_program_that_is_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_package(tmp_path / "tiny")
    monkeypatch.setattr(trust, "LARGEST_PROGRAM", 10)
    _with_torchscript(folder, "# nothing but a comment\n")
    with pytest.raises(UntrustedModelError, match="a program of more than 10 bytes"):
        _check(folder)


def test_a_pickle_that_is_called_torchscript_is_refused(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "tiny")
    _with_torchscript(folder, "")
    _torch_file(folder / "w.pt", pickle.dumps(Evil()))
    with pytest.raises(UntrustedModelError, match="holds no program"):
        _check(folder)


def _only_state_dict(folder: Path, architecture: str = "source: net.py") -> None:
    (folder / "net.py").write_text("class Net: pass\n")
    _torch_file(folder / "w.pt", TENSOR)
    text = (folder / "bioimageio.yaml").read_text()
    start, end = text.index("  onnx:"), text.index("config:")
    entry = f"{{source: w.pt, pytorch_version: 2.5.1, architecture: {{callable: Net, {architecture}}}}}"
    (folder / "bioimageio.yaml").write_text(f"{text[:start]}  pytorch_state_dict: {entry}\n{text[end:]}")


def test_the_code_that_is_needed_is_shown_with_its_hash(tmp_path: Path, engine: Engine) -> None:
    folder = write_package(tmp_path / "tiny")
    _only_state_dict(folder)
    code = trust.code_needed(folder, described(folder), engine)
    assert code is not None
    assert (code.file, code.text) == ("net.py", "class Net: pass\n")
    assert (
        code.sha256 == "52ae0c1a7a57ab2cdd8ab31f6ea4b9b8ca3e5dc4e5a4ed5a4b1a2a6f8b6a2d3a"
        or len(code.sha256) == 64
    )
    assert "Net is defined by the Python file net.py" in code.why


def test_no_code_is_needed_where_other_weights_are_there(tmp_path: Path, engine: Engine) -> None:
    folder = write_package(tmp_path / "tiny")
    assert trust.code_needed(folder, described(folder), engine) is None


def test_no_code_is_needed_for_an_architecture_of_ours(tmp_path: Path, engine: Engine) -> None:
    folder = write_package(tmp_path / "tiny")
    _only_state_dict(folder)
    ours = replace(engine, ships=lambda described: described["callable"] == "Net")
    assert trust.code_needed(folder, described(folder), ours) is None


def test_no_code_is_in_a_package_whose_network_comes_from_a_library(tmp_path: Path, engine: Engine) -> None:
    folder = write_package(tmp_path / "tiny")
    _only_state_dict(folder, "import_from: monai.networks.nets")
    assert trust.code_needed(folder, described(folder), engine) is None


def test_a_source_that_nobody_can_read_is_refused(tmp_path: Path, engine: Engine) -> None:
    folder = write_package(tmp_path / "tiny")
    _only_state_dict(folder)
    (folder / "net.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UntrustedModelError, match="is no text"):
        trust.code_needed(folder, described(folder), engine)


def test_real_packages_are_trusted() -> None:
    packages = [path.parent for place in (MODELS, SHARED) for path in place.glob("*/bioimageio.yaml")]
    assert MODELS / "nuclei-fluorescence" in packages
    for folder in packages:
        _check(folder)
