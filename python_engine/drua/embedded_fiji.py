"""How an ImageJ gets into this Python process, how it reaches the engine here, and how Python leaves.

The functions behind `drua.fiji`; nothing of a JVM is loaded before one of them is called.
"""

from __future__ import annotations

import atexit
import faulthandler
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from drua.errors import (
    BackendError,
    BackendMissingError,
    BridgeError,
    Cancelled,
    DeviceError,
    ImageError,
    error_of,
    one_line,
)
from drua.progress import Progress
from drua.protocol import failure, task_of
from drua.session import Session

IMAGEJ = ("net.imagej:ij:1.54p", "net.imagej:ij1-patcher:2.0.0")
"""What is resolved from Maven Central where neither a Fiji folder nor a checkout has the jars."""

INSTALL = "install it in Drua's folder with: pip install -e '.[cpu,fiji]'"
OLDEST_JAVA = "11"
WARNS_OF_NATIVE_ACCESS = 22
"""The first Java that warns of libraries like JPype, unless it is told that they may be used."""

TOLD_BY_SEVERAL_THREADS = (
    "java.lang.String",
    "java.lang.Boolean",
    "java.lang.Long",
    "io.github.drua.engine.LineListener",
    "io.github.drua.engine.Progress",
    "io.github.drua.engine.HostedEngine",
    "io.github.drua.engine.HostedEngine$Connection",
)
"""Java classes that the engine's thread uses, too: JPype 1.7.1 must meet them before there are threads."""

ENGINE_THREAD = "drua-engine"
SECONDS_TO_LEAVE = 3.0
SECONDS_TO_BE_GONE = 30.0
SECONDS_TO_STOP = 10.0
SECONDS_BETWEEN_LOOKS = 0.1

T = TypeVar("T")


def java(name: str) -> Any:
    """Return a Java class by its full name."""
    import jpype

    return jpype.JClass(name)


def has_java(name: str) -> bool:
    """Return whether the JVM that runs has a class."""
    try:
        java(name)
    except TypeError:  # JPype's word for a class that is not there
        return False
    return True


def jvm_started() -> bool:
    """Return whether a JVM runs in this process; BackendMissingError if the libraries for it are missing."""
    if importlib.util.find_spec("scyjava") is None:
        raise BackendMissingError("scyjava is not installed", remedy=INSTALL)
    import scyjava

    return bool(scyjava.jvm_started())


def start_plain(mode: str) -> None:
    """Start a JVM with plain ImageJ, ij1-patcher and the plugin."""
    import scyjava

    jar = plugin_jar()
    _configure(mode)
    scyjava.config.add_classpath(str(jar))
    scyjava.config.add_option(f"-Dplugins.dir={_folder_with(jar)}")
    built_with = sorted((jar.parents[1] / "fiji_plugin" / "target" / "imagej").glob("*.jar"))
    if built_with:
        scyjava.config.add_classpath(*map(str, built_with))
    else:
        scyjava.config.endpoints.extend(IMAGEJ)
    scyjava.start_jvm()
    # Before any class of ij is touched, or headless dialogs and menus do not work.
    java("net.imagej.patcher.LegacyInjector").preinit()


def start_fiji(folder: Path, mode: str) -> Any:
    """Start a JVM with a Fiji or ImageJ2 and return pyimagej's gateway; asks no network for anything."""
    if not any((folder / "jars").rglob("*.jar")):
        raise ImageError(f"{folder} is no Fiji: it has no jars", remedy="give the folder of a Fiji")
    if importlib.util.find_spec("imagej") is None:
        raise BackendMissingError("pyimagej is not installed", remedy=INSTALL)
    # A clash with another version of the plugin in the folder is found by check_plugin.
    jar = None if list(folder.glob("plugins/**/Drua_-*.jar")) else plugin_jar()
    import imagej
    import scyjava

    _configure(mode)
    if jar is not None:
        scyjava.config.add_classpath(str(jar))
    try:
        return imagej.init(os.fspath(folder), mode=mode)
    except Exception as error:
        raise BackendError(
            f"the Fiji in {folder} does not start in Python: {one_line(error)}",
            remedy="update it; it needs imagej-legacy, imglib2-imglyb and imglib2-unsafe in its folder jars",
        ) from error


def plugin_jar() -> Path:
    """Return the plugin's jar that `make plugin` wrote; BackendMissingError if there is none."""
    jars = sorted((Path(__file__).resolve().parents[2] / "dist").glob("Drua_-*.jar"))
    if not jars:
        raise BackendMissingError("the plugin's jar is not built", remedy="run `make plugin`, or give --fiji")
    return jars[-1]


def _folder_with(jar: Path) -> Path:
    """Return a folder whose plugins ImageJ puts into its menus; it goes when Python leaves."""
    folder = Path(tempfile.mkdtemp(prefix="drua-imagej-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "plugins").mkdir()
    try:
        (folder / "plugins" / jar.name).symlink_to(jar)  # a killed Python leaves no more than this
    except OSError:  # Windows lets only some users make links
        shutil.copy(jar, folder / "plugins")
    return folder


def _configure(mode: str) -> None:
    """Set what every JVM of ours needs; errors come before anything is started."""
    import scyjava
    from jgo.exec import JavaLocator, JavaSource

    # read by the plugin where a worker is asked for: the engine of this Python is the one that fits
    os.environ.setdefault("DRUA_PYTHON", sys.executable)
    if mode == "interactive" and sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        raise DeviceError(
            "there is no display, but mode 'interactive' opens windows",
            remedy="use mode='headless', or run Python under xvfb-run",
        )
    try:
        JavaLocator(java_source=JavaSource.SYSTEM, java_version=OLDEST_JAVA).locate()
    except RuntimeError as error:
        raise BackendMissingError(
            f"Java {OLDEST_JAVA} or newer is needed, but there is none: {one_line(error)}",
            remedy="install a JDK, or set JAVA_HOME to one",
        ) from error
    # One is there, so that nothing is downloaded; "never" crashes pyimagej 1.8.0.
    scyjava.config.set_java_constraints(fetch="auto")
    # imglyb adds an endpoint when it is imported, so that even a local folder would ask the network.
    scyjava.config.endpoints.clear()
    # Else Ctrl-C would end the JVM, and Python with it, before anybody can tidy up.
    scyjava.config.add_kwargs(interrupt=False)
    # ij1-patcher 2.0.0 changes classes while they load, which Java 9 and later allow only when asked.
    headless = str(mode == "headless").lower()
    scyjava.config.add_options(
        [f"-Djava.awt.headless={headless}", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
    )
    if _java_version() >= WARNS_OF_NATIVE_ACCESS:
        scyjava.config.add_options(["--enable-native-access=ALL-UNNAMED"])


def _java_version() -> int:
    """Return the number of the Java that will run, 0 if JPype does not know it before it runs."""
    import scyjava

    try:
        return int(scyjava.jvm_version()[0])
    except (RuntimeError, ValueError):
        return 0


def check_plugin() -> None:
    """Make sure that the JVM that runs has ImageJ and a plugin that fits; adds the plugin if it has none.

    Without windows its commands are made known to macros; with windows they are where the menus have them.

    Raises
    ------
    BridgeError
        If it has no ImageJ, or a plugin of another version.
    """
    import jpype

    if not has_java("ij.ImagePlus"):
        raise BridgeError(
            "a JVM without ImageJ runs in this process, and there can be only one",
            remedy="call drua.fiji.start() before anything else starts Java",
        )
    if not has_java("io.github.drua.engine.Engines"):
        jpype.addClassPath(plugin_jar())
    if not has_java("io.github.drua.command.RunHost"):
        raise BridgeError(
            "the plugin in this ImageJ is older than the engine",
            remedy="copy the jar that `make plugin` writes to its folder plugins",
        )
    for name in TOLD_BY_SEVERAL_THREADS:
        java(name)
    if current_mode() == "headless":
        java("io.github.drua.command.MacroHost").register()


def current_mode() -> str:
    """Return 'headless' or 'interactive', as the JVM was started."""
    return "headless" if java("java.awt.GraphicsEnvironment").isHeadless() else "interactive"


def current_folder() -> Path | None:
    """Return the folder of the Fiji that runs; None for plain ImageJ."""
    plugins = java("java.lang.System").getProperty("plugins.dir")
    if not plugins:
        return None
    path = Path(str(plugins)).resolve()
    return path.parent if path.name == "plugins" else path


def hosted_engine() -> Any:
    """Return this process's engine as the plugin's Java interface ``HostedEngine``.

    Nothing that Python raises crosses it: Java would get an exception without a text.
    """
    import jpype

    # JPype 1.7.1 calls __init__ of such a class twice: it may only keep what it is given.
    @jpype.JImplements("io.github.drua.engine.HostedEngine$Connection")
    class Connection:
        def __init__(self, session: Session) -> None:
            self._session = session

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def send(self, line: Any) -> None:
            try:
                self._session.receive(str(line))
            except Exception as error:
                traceback.print_exc(file=sys.stderr)
                self._session.send(failure(task_of(str(line)), error))

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def close(self) -> None:
            self._session.stop()

    @jpype.JImplements("io.github.drua.engine.HostedEngine")
    class Engine:
        @jpype.JOverride  # type: ignore[untyped-decorator]
        def connect(self, listener: Any) -> Any:
            session = Session(listener.line)
            threading.Thread(target=_serve, args=(session, listener), name=ENGINE_THREAD, daemon=True).start()
            return Connection(session)

    return Engine()


def _serve(session: Session, listener: Any) -> None:
    reason = "the engine was closed"
    try:
        session.greet()
        session.run()
    except Exception as error:  # the plugin would wait for an engine that is no more
        reason = f"the engine in this process failed: {one_line(error)}"
        traceback.print_exc(file=sys.stderr)
    if jvm_started():
        listener.closed(reason)


def watcher(progress: Progress | None) -> Any:
    """Return a Java ``Progress`` that keeps what `progress` raises, and stops the work for it."""
    import jpype

    @jpype.JImplements("io.github.drua.engine.Progress")
    class Watcher:
        def __init__(self) -> None:
            self.error: BaseException | None = None

        def stop(self) -> None:
            self.error = KeyboardInterrupt()

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def update(self, what: Any, done: Any, total: Any) -> None:
            try:
                if progress is not None and self.error is None:
                    progress(str(what), int(done), int(total))
            except BaseException as error:  # raised again on the side of Python
                self.error = error

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def cancelled(self) -> bool:
            return self.error is not None

    return Watcher()


def java_exception() -> type[BaseException]:
    """Return the class of everything that Java throws."""
    import jpype

    kind: type[BaseException] = jpype.JException
    return kind


def drua_error(error: Any) -> BaseException:
    """Return what a Java exception means in Python; itself if nobody foresaw it."""
    if isinstance(error, java("io.github.drua.engine.CancelledException")):
        return Cancelled()
    if isinstance(error, java("io.github.drua.engine.EngineException")):
        return error_of(str(error.code().name()), str(error.message()), str(error.remedy()))
    kept: BaseException = error
    return kept


def interruptible(call: Callable[[], T], stop: Callable[[], Any]) -> T:
    """Return what a call of Java returns, so that Ctrl-C stops it, too.

    The main thread hears of Ctrl-C only while it runs Python, and JPype 1.7.1 fails where a Ctrl-C arrives
    together with an exception of Java; so another thread does the work, and the main one waits in Python.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    returned: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # raised again where somebody can catch it
            errors.append(error)

    thread = threading.Thread(target=work, name="drua-java", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        stop()
        thread.join(SECONDS_TO_STOP)
        # JPype has told this thread in Java, too, which must not stop the next call.
        java("java.lang.Thread").interrupted()
        raise
    if errors:
        raise errors[0]
    return returned[0]


def close() -> None:
    """Close the engine and ImageJ's pool, whose threads keep a JVM alive and never end by themselves."""
    if not jvm_started():
        return
    # The last resort, which says where Python hung; it needs neither the interpreter's lock nor a JVM.
    faulthandler.dump_traceback_later(SECONDS_TO_BE_GONE, exit=True)
    if has_java("io.github.drua.engine.Engines"):
        java("io.github.drua.engine.Engines").unhost()
    for thread in threading.enumerate():
        if thread.name == ENGINE_THREAD:
            thread.join(SECONDS_TO_LEAVE)
    if has_java("ij.util.ThreadUtil") and (pool := java("ij.util.ThreadUtil").threadPoolExecutor):
        pool.shutdownNow()


def leave() -> None:
    """End everything of ImageJ for which the end of Python would wait.

    The JVM ends after its last thread that is no daemon, and a plugin may have some that last for ever. What
    does not end within seconds is left to the end of the process.
    """
    import jpype

    close()
    if current_mode() == "interactive":
        for window in java("java.awt.Window").getWindows():
            window.dispose()
    deadline = time.monotonic() + SECONDS_TO_LEAVE
    while (lasting := _lasting_threads()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if lasting:
        jpype.config.destroy_jvm = False


def _lasting_threads() -> list[str]:
    """Return the names of the threads that keep the JVM alive, but for the one that asks."""
    threads = java("java.lang.Thread")
    own = threads.currentThread()
    return [
        str(thread.getName())
        for thread in threads.getAllStackTraces().keySet()
        if thread.isAlive() and not thread.isDaemon() and not thread.equals(own)
    ]
