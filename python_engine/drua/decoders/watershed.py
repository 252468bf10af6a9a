"""Decoder `watershed`: markers grown by a watershed inside the foreground.

Three rules make the markers (parameter `marker`), for the three kinds of maps that networks are trained on:

``foreground_minus_boundary``
    Components of foreground - boundary > `marker_threshold`; grown over the boundary map. The commonest kind
    in the bioimage.io collection.
``centre_and_boundary``
    Components of centre < `centre_threshold` and boundary < `boundary_threshold`, both distances smoothed;
    grown over the boundary distance (micro-SAM, torch-em).
``distance``
    Maxima at least `marker_height` high (h-maxima) of the smoothed distance map, or, if the network has none,
    of the distance to the edge of the foreground; grown over its negative (Mesmer, U-Net with distance).

The parameters `foreground`, `boundary`, `centre` and `distance` name the channels. `smoothing` (a standard
deviation) and the distance to the edge are in pixels of X also where those of Z are larger: see `sampling` in
`drua.decoders.Decoder`. `min_size` counts pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua.decoders.maps import channel, sampling, with_activation
from drua.decoders.maxima import h_maxima
from drua.errors import CardError
from drua.labels import fill_holes, relabel, remove_small

Maps = Mapping[str, NDArray[Any]]


def decode(maps: NDArray[Any], channels: tuple[str, ...], parameters: Mapping[str, Any]) -> NDArray[Any]:
    """Return the label image (Y, X) or (Z, Y, X), uint32, of maps (C, Y, X) or (C, Z, Y, X).

    Raises
    ------
    CardError
        If the card names a marker rule or a channel that is not there.
    """
    from skimage.segmentation import watershed  # a slow import that a start does not need

    activated = with_activation(maps, parameters.get("activation", "none"))
    named = {
        role: channel(activated, channels, parameters[role])
        for role in ("foreground", "boundary", "centre", "distance")
        if role in parameters
    }
    rule = MARKER_RULES.get(parameters.get("marker", "distance"))
    if rule is None or "foreground" not in named:
        raise CardError(
            f"the watershed decoder needs a foreground channel and one of {', '.join(MARKER_RULES)}"
        )
    mask = named["foreground"] > parameters.get("mask_threshold", 0.5)
    marked, landscape = rule(named, mask, parameters)
    labels = watershed(landscape, _markers(marked & mask, mask), mask=mask)
    return relabel(remove_small(fill_holes(labels.astype(np.uint32)), int(parameters.get("min_size", 0))))


def _by_foreground_minus_boundary(
    maps: Maps, _mask: NDArray[Any], parameters: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    boundary = _need(maps, "boundary")
    inside = _smooth(maps["foreground"] - boundary, parameters)
    return inside > parameters.get("marker_threshold", 0.5), boundary


def _by_centre_and_boundary(
    maps: Maps, _mask: NDArray[Any], parameters: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    centre = _smooth(_need(maps, "centre"), parameters)
    boundary = _smooth(_need(maps, "boundary"), parameters)
    near = centre < parameters.get("centre_threshold", 0.5)
    return near & (boundary < parameters.get("boundary_threshold", 0.5)), boundary


def _by_distance(
    maps: Maps, mask: NDArray[Any], parameters: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    from scipy import ndimage

    if "distance" in maps:
        distance = maps["distance"]
    else:
        distance = ndimage.distance_transform_edt(mask, sampling(parameters, mask.ndim))
    smooth = np.where(mask, _smooth(distance, parameters), 0)
    return h_maxima(smooth, parameters.get("marker_height", 0.1)), -smooth


MARKER_RULES = {
    "foreground_minus_boundary": _by_foreground_minus_boundary,
    "centre_and_boundary": _by_centre_and_boundary,
    "distance": _by_distance,
}


def _need(maps: Maps, role: str) -> NDArray[Any]:
    if role not in maps:
        raise CardError(f"this marker rule needs a {role} channel, but the card names none")
    return maps[role]


def _smooth(field: NDArray[Any], parameters: Mapping[str, Any]) -> NDArray[Any]:
    from scipy import ndimage

    sigma = [parameters.get("smoothing", 0) / size for size in sampling(parameters, field.ndim)]
    return np.asarray(ndimage.gaussian_filter(field.astype(np.float32), sigma))


def _markers(marked: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    """Return numbered markers, at least one in every component of the mask, so that no object is lost."""
    from scipy import ndimage

    touching = np.ones((3,) * mask.ndim)
    components, count = ndimage.label(mask)
    served = np.zeros(count + 1, bool)
    served[components[marked]] = True
    markers, _ = ndimage.label(marked | (mask & ~served[components]), touching)
    return np.asarray(markers)
