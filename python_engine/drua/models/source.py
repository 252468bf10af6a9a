"""From a folder, a zip archive or an address to a folder of ours that holds the package, for a while.

What is fetched: of an archive everything; of a folder, and of the address of a description alone, the files
that the description names and that are needed. Nothing is judged here but names and archives; see `trust`.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from drua.errors import CardError, OutputError, SourceError, one_line
from drua.models import archive, download, trust
from drua.models.contents import Engine, File, chosen, files, remote_name, weights_of
from drua.models.description import NAMES, described

DESCRIPTION = NAMES[0]
DESCRIPTIONS = (*NAMES, "model.yaml", "bioimageio.yml", "rdf.yml")
NETWORKS = (".onnx", ".pt", ".pth", ".torchscript", ".ts")
LARGEST_DESCRIPTION = 1 << 22

Progress = Callable[[str, int, int], None]


def is_address(source: str) -> bool:
    """Return whether a source is an address on the network."""
    return source.lower().startswith(("http://", "https://"))


@contextmanager
def staged(source: str, folder: Path, engine: Engine, progress: Progress) -> Iterator[Path]:
    """Put what a source holds into an empty folder and give the package's folder, or a bare network file.

    Parameters
    ----------
    source : str
        A folder with a package, its description, a zip archive, a network file, or an address of one.
    folder : Path
        An empty folder; a package gets a folder `package` in it.
    engine : Engine
        Which weights are worth fetching.
    progress : callable
        Called with the step, and whole megabytes done and in all; may raise Cancelled.

    Raises
    ------
    SourceError
        If there is no such thing, or it holds no model.
    UntrustedModelError, CardError, OutputError
        If it is hostile, invalid, or there is too little room.
    """
    target = folder / "package"
    if is_address(source):
        with download.downloaded(source, progress) as path:
            yield _from_download(source, path, target, engine, progress)
        return
    path = Path(source).expanduser().absolute()
    if path.is_dir():
        yield _copied(_description_in(path), target, engine, progress)
    elif not path.is_file():
        raise SourceError(
            f"{source} is no folder, file or address", remedy="give a package, a network file or an address"
        )
    elif path.suffix.lower() in (".yaml", ".yml"):
        yield _copied(path, target, engine, progress)
    else:
        yield _from_file(path, path.name, target, engine, progress)


def _from_download(address: str, path: Path, target: Path, engine: Engine, progress: Progress) -> Path:
    name = remote_name(address)
    if not name.lower().endswith((".yaml", ".yml")):
        return _from_file(path, name, target, engine, progress)
    _begin(path, target)

    def fetch(file: File, to: Path) -> None:
        with download.downloaded(
            file.source if file.remote else sibling(address, file.name), progress
        ) as got:
            _copy(got, to, progress)

    _gather(target, engine, fetch, lambda _file: True)
    return target


def _from_file(path: Path, name: str, target: Path, engine: Engine, progress: Progress) -> Path:
    """Take a package out of an archive; anything else may be a network (TorchScript is an archive, too)."""
    if zipfile.is_zipfile(path) or name.lower().endswith(".zip"):
        inside = [_without_top(each) for each in archive.names(path)]
        if any(each in DESCRIPTIONS for each in inside):
            archive.unpack(path, target.with_name("unpacked"), progress)
            return _settled(target.with_name("unpacked"), target, engine, progress)
        if name.lower().endswith(".zip"):
            raise SourceError(f"{name} holds no bioimage.io package ({DESCRIPTION} is missing)")
    if not name.lower().endswith(NETWORKS):
        raise SourceError(
            f"{name} is no model that Drua knows", remedy=f"give a zip, or one of {', '.join(NETWORKS)}"
        )
    if path.name == name:
        return path
    target.mkdir()  # a download has no name of its own
    _copy(path, target / _plain_name(name), progress)
    return target / _plain_name(name)


def _settled(unpacked: Path, target: Path, engine: Engine, progress: Progress) -> Path:
    """Move the package of an unpacked archive to its place; fetch weights that it only has addresses of."""
    tops = list(unpacked.iterdir())
    inner = unpacked if any((unpacked / name).is_file() for name in DESCRIPTIONS) else None
    if inner is None:
        if len(tops) != 1:
            raise SourceError(
                "the archive holds several folders, but a package is one", remedy="zip one alone"
            )
        inner = tops[0]
    description = _description_in(inner)
    if description.name != DESCRIPTION:
        description.rename(inner / DESCRIPTION)
    inner.rename(target)
    _gather(target, engine, _fetcher(None, progress), lambda file: (target / file.name).is_file())
    return target


def _copied(path: Path, target: Path, engine: Engine, progress: Progress) -> Path:
    """Copy the package of a description file."""
    folder = path.parent
    trust.refuse_links(folder, path.name)
    _begin(path, target)

    def there(file: File) -> bool:
        return trust.refuse_links(folder, file.name).is_file()

    _gather(target, engine, _fetcher(folder, progress), there, everything=True)
    return target


def _fetcher(folder: Path | None, progress: Progress) -> Callable[[File, Path], None]:
    def fetch(file: File, to: Path) -> None:
        if file.remote:
            with download.downloaded(file.source, progress) as got:
                _copy(got, to, progress)
        elif folder is not None:
            _copy(folder / file.name, to, progress)

    return fetch


def _gather(
    target: Path,
    engine: Engine,
    fetch: Callable[[File, Path], None],
    there: Callable[[File], bool],
    *,
    everything: bool = False,
) -> None:
    """Fetch the files that the description in a folder names: the needed ones, or all that are there.

    Weights that cannot be had cost the package nothing as long as others can; the ones that it needs are
    missed later, by name. Remote files get a place in the package, and the description their names.
    """
    description = described(target)
    wanted = list(_wanted(description, engine, there))
    if everything:
        wanted += [
            file for file in files(description) if not file.remote and file not in wanted and there(file)
        ]
    for file in wanted:
        place = target / file.name
        if not file.remote and (place.is_file() or not there(file)):
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            fetch(file, place)
        except SourceError:
            if file.role in ("weights", "external", "architecture"):
                raise
    _localise(target, [file for file in wanted if file.remote and (target / file.name).is_file()])


def _wanted(description: Mapping[str, Any], engine: Engine, there: Callable[[File], bool]) -> Iterator[File]:
    """Yield the files of the weights to use, the test tensors, the first cover and the documentation."""
    local = {
        kind: entry
        for kind, entry in description["weights"].items()
        if (first := weights_of(description, kind)[0]) and not first.remote and there(first)
    }
    kind = chosen({**description, "weights": local}, engine) or chosen(description, engine)
    if kind:
        yield from weights_of(description, kind)
    others = [file for file in files(description) if not file.format]
    yield from (file for file in others if file.role == "test_tensor")
    for role in ("cover", "documentation"):
        yield from [file for file in others if file.role == role][:1]


def _localise(target: Path, fetched: list[File]) -> None:
    """Write the names of remote files that are now in the package into its description."""
    if not fetched:
        return
    path = target / DESCRIPTION
    text = path.read_text(encoding="utf-8")
    for file in fetched:
        # Only where the address ends: it may be the beginning of another one.
        text = re.sub(re.escape(file.source) + r"(?=[\s'\",}\]]|$)", file.name, text)
    path.write_text(text, encoding="utf-8")


def _begin(description: Path, target: Path) -> None:
    size = description.stat().st_size
    if size > LARGEST_DESCRIPTION:
        raise CardError(f"{description.name} has {size} bytes, which is too much for a description")
    target.mkdir()
    shutil.copyfile(description, target / DESCRIPTION)


def _description_in(folder: Path) -> Path:
    for name in DESCRIPTIONS:
        if (folder / name).is_file():
            return folder / name
    raise SourceError(
        f"{folder} holds no bioimage.io package", remedy=f"give a folder with {DESCRIPTION} in it"
    )


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy a file in blocks, so that it can be cancelled."""
    size, done = source.stat().st_size, 0
    archive.need_room(target.parent, size)
    try:
        with source.open("rb") as read, target.open("xb") as write:
            while block := read.read(1 << 20):
                write.write(block)
                done += len(block)
                progress("copying (MB)", done >> 20, size >> 20)
    except OSError as error:
        raise OutputError(f"{source.name} cannot be copied to {target}: {one_line(error)}") from error


def _without_top(name: str) -> str:
    """Return a name in an archive without the one folder that it may lie in."""
    top, _, rest = name.replace("\\", "/").partition("/")
    return rest if rest and "/" not in rest else top if not rest else name


def _plain_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".-")
    return plain or "network"


def sibling(address: str, name: str) -> str:
    """Return the address of a file beside the description at an address.

    The last part of the path that is a description's name is replaced, so that what a server puts behind it
    (`/content`, `?download=1`) stays.
    """
    parts = urlsplit(address)
    steps = parts.path.split("/")
    last = max(n for n, step in enumerate(steps) if step.lower().endswith((".yaml", ".yml")))
    steps[last] = quote(name)
    return urlunsplit(parts._replace(path="/".join(steps)))
