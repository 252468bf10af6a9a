"""Outlines as ImageJ ROIs: a RoiSet.zip by roifile, with positions, holes and several parts kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drua.outlines import Outlines

if TYPE_CHECKING:
    from roifile import ImagejRoi

_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # java.awt.geom.PathIterator's segment types, as ImageJ stores them


def write(outlines: Outlines, slices: int, times: int, path: Path) -> None:
    """Write one ROI per outline to a zip archive, named after its object: label-1, label-2 ...

    Where objects span slices the names also tell the slice, counted from 1: label-1-z1, label-2-z1,
    label-1-z2 ... `slices` and `times` are the sides Z and T of the image, from which the ROIs' positions
    follow. An archive without ROIs is written for an image without objects, so that "none" and "not written"
    differ.
    """
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        span_planes = outlines.span_planes
        for index, (label, plane) in enumerate(zip(outlines.objects, outlines.planes, strict=True)):
            name = f"label-{label}-z{plane % slices + 1}" if span_planes else f"label-{label}"
            roi = _roi(outlines.polygons(index))
            roi.name = name
            _set_position(roi, int(plane), slices, times)
            archive.writestr(f"{name}.roi", roi.tobytes())


def _roi(rings: list[NDArray[np.int32]]) -> ImagejRoi:
    """Return a polygon for one ring (points, x and y), a composite for several."""
    from roifile import ROI_TYPE, ImagejRoi

    if len(rings) == 1:
        roi = ImagejRoi.frompoints(rings[0])
        roi.roitype = ROI_TYPE.POLYGON
        return roi
    points = np.concatenate(rings)
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    path = np.concatenate([_segments(ring) for ring in rings])
    return ImagejRoi(
        roitype=ROI_TYPE.RECT,
        top=int(top),
        left=int(left),
        bottom=int(bottom),
        right=int(right),
        shape_roi_size=len(path),
        multi_coordinates=path,
    )


def _segments(ring: NDArray[np.int32]) -> NDArray[np.float32]:
    kinds = np.full((len(ring), 1), _LINE)
    kinds[0] = _MOVE
    return np.append(np.hstack([kinds, ring]).ravel(), _CLOSE).astype(np.float32)


def _set_position(roi: ImagejRoi, plane: int, slices: int, times: int) -> None:
    if slices > 1 and times > 1:
        roi.c_position, roi.z_position, roi.t_position = 1, plane % slices + 1, plane // slices + 1
    elif slices * times > 1:
        roi.position = plane + 1
