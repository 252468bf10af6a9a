"""The networks that the engine ships, for weights that come as a state dict: no code of a package is run.

A state dict holds tensors under names and nothing about how they are used. So an architecture is taken for
one of ours only if its description says where it comes from: the library it is imported from, or a source
file whose SHA-256 is known here. That the names and shapes of the tensors fit is checked as well, but would
not be enough: another activation or another order of concatenation leaves them the same.

Importing this package imports no torch; `build` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from drua.errors import CardError, one_line

__all__ = ["SHIPPED", "Architecture", "build", "find"]


@dataclass(frozen=True)
class Architecture:
    """A class of this package, and by which names and sources descriptions call it.

    `imported_from` are modules that a description may name (with everything below them); `sources` are the
    SHA-256 of source files that define it; `ignored` are parameters that do not change the network.
    """

    callable: str
    module: str
    imported_from: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()

    def matches(self, described: Mapping[str, Any]) -> bool:
        """Return whether a description of an architecture (its JSON) means this one."""
        if described.get("callable") != self.callable:
            return False
        library = str(described.get("import_from") or "")
        if library:
            return any(library == name or library.startswith(f"{name}.") for name in self.imported_from)
        return described.get("sha256") in self.sources


TORCH_EM = frozenset(
    {
        "2f3fdc10ca7922afa377250e7622326f4285b94ef7fc90bff09c171cffe1f349",  # 0.9.0 to 0.10.5
        "fd96361344a5dec3f9519228710dbbb9c86d93fc7958cca4bf461b42fe031112",  # 0.10.9
    }
)
"""torch-em's `model/unet.py`, which its exporter puts into every package."""

SHIPPED = (
    Architecture(
        "UNet2d",
        "broad",
        sources=frozenset({"d00721e7d00f55222e8cbf90019dd85ce9df0ae42fd46a07f0e6ea45729b310d"}),
    ),
    Architecture(
        "MultiTensorUNet",
        "torch_em",
        sources=frozenset({"74b6d27cd17b40560e70fde4d57b5675614979ffab4f1e0328a6c3a3f64a1ff2"}),
    ),
    *(
        Architecture(name, "torch_em", ("torch_em.model",), TORCH_EM, frozenset({"check_shape"}))
        for name in ("UNet2d", "UNet3d", "AnisotropicUNet")
    ),
    Architecture("UNet", "careamics", ("careamics.models",), ignored=frozenset({"architecture", "dropout"})),
    Architecture("NucleiNet", "nuclei", ("drua.backends.architectures.nuclei",)),
)
"""Every architecture that is shipped; `dropout` does nothing in a network that only predicts."""


def find(described: Mapping[str, Any]) -> Architecture | None:
    """Return the shipped architecture that a description of one means, or None. Imports no torch."""
    return next((each for each in SHIPPED if each.matches(described)), None)


def build(architecture: Architecture, parameters: Mapping[str, Any]) -> Any:
    """Return the network, a `torch.nn.Module` with random weights.

    Parameters
    ----------
    architecture : Architecture
        One of `SHIPPED`.
    parameters : mapping
        The `kwargs` of the description.

    Raises
    ------
    CardError
        If the architecture does not take these parameters, or not with these values.
    """
    module = import_module(f"{__name__}.{architecture.module}")
    given = {name: value for name, value in parameters.items() if name not in architecture.ignored}
    try:
        return getattr(module, architecture.callable)(**given)
    except (TypeError, ValueError, LookupError, AttributeError, RuntimeError) as error:
        raise CardError(
            f"the architecture {architecture.callable!r} cannot be built with {given}: {one_line(error)}"
        ) from error
