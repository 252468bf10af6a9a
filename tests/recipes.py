"""The modules of the shipped models' recipes: what is learnt from, what noise is, what is simulated."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

MODELS = Path(__file__).resolve().parents[1] / "models"


def recipe(model: str, name: str) -> ModuleType:
    """Return a module of a model's recipe."""
    spec = importlib.util.spec_from_file_location(
        f"{model}_{name}".replace("-", "_"), MODELS / model / "recipe" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the types of their fields
    spec.loader.exec_module(module)
    return module
