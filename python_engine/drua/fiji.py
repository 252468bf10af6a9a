"""The pyimagej door: a headless ImageJ in this Python process, with the engine in the same process.

The only importer of imagej, scyjava and jpype. The plugin finds the engine through its Java interface
``HostedEngine`` and speaks the same protocol with it as with a worker; only the carrier of the lines differs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drua.errors import BackendMissingError, ImageError, RequestError
from drua.session import Session

IMAGEJ = ("net.imagej:ij:1.54p", "net.imagej:ij1-patcher:2.0.0")
"""What is resolved from Maven Central where neither a Fiji folder nor a checkout has the jars."""

ROUTES = ("inprocess", "worker")
INSTALL = "install it in Drua's folder with: pip install -e '.[fiji]'"


class MacroError(RequestError):
    """A macro that did not reach its end; `told` if the plugin has already written why to stderr."""

    def __init__(self, message: str, *, told: bool = False) -> None:
        super().__init__(message)
        self.told = told


def run_macro(macro: Path, argument: str = "", fiji: Path | None = None, route: str = "inprocess") -> str:
    """Run a macro file in a headless ImageJ and return what it returned.

    Parameters
    ----------
    macro : Path
        An ImageJ macro (.ijm).
    argument : str
        What the macro gets from getArgument().
    fiji : Path
        The folder of a Fiji or ImageJ2; plain ImageJ is used if None.
    route : str
        'inprocess': the plugin uses this process as its engine; 'worker': it starts a worker.

    Raises
    ------
    MacroError
        If the macro stopped before its end.
    """
    if not macro.is_file():
        raise ImageError(f"{macro} is not a file", remedy="check the path of the macro")
    start(fiji)
    import jpype
    import scyjava

    host = scyjava.jimport("io.github.drua.command.MacroHost")
    try:
        if route == "worker":
            return str(host.run(str(macro), argument))
        with hosted_engine():
            return str(host.run(str(macro), argument))
    except jpype.JException as error:
        raise MacroError(str(error.getMessage() or error), told=bool(host.wasTold())) from error
    finally:
        _end_imagej_threads()


def start(fiji: Path | None = None) -> None:
    """Start a headless ImageJ with the plugin in this process, once.

    Raises
    ------
    BackendMissingError
        If the Python packages, Java or the plugin's jar are missing.
    """
    try:
        import scyjava
    except ImportError as error:
        raise BackendMissingError("scyjava is not installed", remedy=INSTALL) from error
    if scyjava.jvm_started():
        return
    scyjava.config.set_java_constraints(fetch="never" if fiji is None else "auto")
    # ij1-patcher 2.0.0 changes classes while they load, which Java 9 and later allow only when asked.
    scyjava.config.add_options(["-Djava.awt.headless=true", "--add-opens=java.base/java.lang=ALL-UNNAMED"])
    if fiji is None:
        _start_plain()
    else:
        _start_fiji(fiji)


@contextmanager
def hosted_engine() -> Iterator[None]:
    """Make this process the plugin's engine while the context lasts."""
    import scyjava

    engines = scyjava.jimport("io.github.drua.engine.Engines")
    engines.host(_hosted_engine())
    try:
        yield
    finally:
        engines.unhost()


def plugin_jar() -> Path:
    """Return the plugin's jar that `make plugin` wrote; BackendMissingError if there is none."""
    jars = sorted((Path(__file__).resolve().parents[2] / "dist").glob("Drua_-*.jar"))
    if not jars:
        raise BackendMissingError("the plugin's jar is not built", remedy="run `make plugin`, or give --fiji")
    return jars[-1]


def _start_plain() -> None:
    import scyjava

    jar = plugin_jar()
    scyjava.config.add_classpath(str(jar))
    built_with = sorted((jar.parents[1] / "fiji_plugin" / "target" / "imagej").glob("*.jar"))
    scyjava.config.endpoints.clear()
    if built_with:
        scyjava.config.add_classpath(*map(str, built_with))
    else:
        scyjava.config.endpoints.extend(IMAGEJ)
    scyjava.start_jvm()
    # Before any class of ij is touched, or headless dialogs and menus do not work.
    scyjava.jimport("net.imagej.patcher.LegacyInjector").preinit()


def _start_fiji(folder: Path) -> None:
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder", remedy="give the folder of a Fiji")
    try:
        import imagej
    except ImportError as error:
        raise BackendMissingError("pyimagej is not installed", remedy=INSTALL) from error
    import scyjava

    # imglyb adds an endpoint when it is imported, so that even a local folder would ask the network.
    scyjava.config.endpoints.clear()
    if not list(folder.glob("plugins/**/Drua_-*.jar")):
        scyjava.config.add_classpath(str(plugin_jar()))
    imagej.init(os.fspath(folder), mode="headless")


def _hosted_engine() -> Any:
    import jpype

    connection_interface = jpype.JClass("io.github.drua.engine.HostedEngine$Connection")
    engine_interface = jpype.JClass("io.github.drua.engine.HostedEngine")

    @jpype.JImplements(connection_interface)
    class Connection:
        def __init__(self, listener: Any) -> None:
            self._listener = listener
            self._session = Session(listener.line)
            threading.Thread(target=self._serve, name="drua-engine", daemon=True).start()

        def _serve(self) -> None:
            self._session.greet()
            self._session.run()
            self._listener.closed("the engine was closed")

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def send(self, line: Any) -> None:
            self._session.receive(str(line))

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def close(self) -> None:
            self._session.stop()

    @jpype.JImplements(engine_interface)
    class Engine:
        @jpype.JOverride  # type: ignore[untyped-decorator]
        def connect(self, listener: Any) -> Any:
            return Connection(listener)

    return Engine()


def _end_imagej_threads() -> None:
    """Stop ImageJ's thread pool: its threads are no daemons, so that Python's exit would wait for ever."""
    import scyjava

    pool = scyjava.jimport("ij.util.ThreadUtil").threadPoolExecutor
    if pool is not None:
        pool.shutdown()
