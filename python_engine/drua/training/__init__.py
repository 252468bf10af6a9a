"""Training: from a user's own images to a package that is ready to use. Plain PyTorch.

`images` reads images, `pairs` matches them, `data` makes `examples` of them; `blindspot` hides pixels where
there is no clean target; `network` is what learns, `losses` by what; `loop` trains, stops and resumes;
`package` writes what came out; `tasks` puts them together for the command line and the protocol. Importing
this package imports no torch; call `require` before you import `tasks`.
"""

from __future__ import annotations

from importlib.util import find_spec

from drua.backends import pytorch
from drua.errors import BackendMissingError

__all__ = ["require"]


def require() -> None:
    """Check that what training needs is installed.

    Raises
    ------
    BackendMissingError
        If torch or onnx is not, or torch too old to be safe.
    """
    if not pytorch.installed():
        raise BackendMissingError("PyTorch is not installed, and training needs it", remedy=pytorch.INSTALL)
    pytorch.require()
    if find_spec("onnx") is None:
        raise BackendMissingError(
            "the Python package onnx is not installed, and torch needs it to export a network",
            remedy=pytorch.INSTALL,
        )
