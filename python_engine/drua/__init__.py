"""Drua's engine: segmentation, denoising and virtual staining of microscopy images.

>>> import drua
>>> prediction = drua.predict(drua.read_image("field.tif"), "nuclei-fluorescence")  # doctest: +SKIP
>>> prediction.count, prediction.image.pixels.shape                                 # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drua.files import read_image
    from drua.image import Image
    from drua.models.catalog import list_models
    from drua.pipeline import Model, Prediction, open_model, predict

_HOMES = {
    "Image": "drua.image",
    "Model": "drua.pipeline",
    "Prediction": "drua.pipeline",
    "list_models": "drua.models.catalog",
    "open_model": "drua.pipeline",
    "predict": "drua.pipeline",
    "read_image": "drua.files",
}

__all__ = ["Image", "Model", "Prediction", "list_models", "open_model", "predict", "read_image"]


def __getattr__(name: str) -> Any:
    # Public names load their modules when they are first used, so that `import drua` takes no time.
    if name not in _HOMES:
        raise AttributeError(f"module 'drua' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
