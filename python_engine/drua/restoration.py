"""Judging a restored image by the truth: how close it came, and which detail it gained, lost or invented.

Measures are taken plane by plane, of the pixels as they are and after the gain and the offset that bring the
image closest to the truth, because a network may return intensities on another scale, and whoever looks at an
image sets the contrast anyway. A whole stack has one range of values, that of the truth from its minimum to
its maximum, and one gain and offset, so that a flicker between planes counts as the error it is. Channels
have their own, except those of a colour picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drua import resolution, similarity
from drua.comparison import Picture, restoration_picture
from drua.errors import ImageError
from drua.image import Image
from drua.pairs import ORDER, aligned, finite
from drua.similarity import Fit

Progress = Callable[[str, int, int], None]

_COLOURS = ("Red", "Green", "Blue")
_SQUARE = 0.01
"""Difference of the pixel's width and height, as a part, up to which it counts as square."""


@dataclass(frozen=True)
class Scores:
    """How alike an image and the truth are; None where a measure is not defined.

    Parameters
    ----------
    psnr : float
        Peak signal-to-noise ratio in dB; infinite for equal images.
    ssim, ms_ssim : float, optional
        Structural similarity, in one scale and in several; None for planes below 11 pixels.
    nrmse : float
        Root mean square error as a part of the range.
    pearson : float, optional
        Correlation of the pixels, -1..1; None where one of the images is constant.
    """

    psnr: float
    ssim: float | None
    ms_ssim: float | None
    nrmse: float
    pearson: float | None


@dataclass(frozen=True)
class PlaneScores:
    """Scores of one plane, named like ``t2 z3 DAPI``."""

    plane: str
    as_is: Scores
    fitted: Scores


@dataclass(frozen=True)
class Detail:
    """How fine an image's detail is, in periods of so many pixels, all planes together; None where untold.

    Parameters
    ----------
    shared : float, optional
        Finest detail that is as in the truth: Fourier ring correlation of 1/2, for a truth without noise.
    shared_halves : float, optional
        The same with the threshold 1/7, which is the right one if the "truth" is as noisy as the image.
    contrast : float, optional
        Finest detail that has half of the truth's contrast, or more: blur loses it, noise does not. Detail
        can be right and yet faint.
    own : float, optional
        Finest detail that stands out from the noise, by decorrelation analysis of the image alone.
    finer_power : float, optional
        Power of what is finer than `shared`, as a multiple of the truth's: below 1 detail was lost, above 1
        there is noise, or invented detail. None if nothing is finer.
    """

    shared: float | None
    shared_halves: float | None
    contrast: float | None
    own: float | None
    finer_power: float | None


@dataclass(frozen=True)
class Judged:
    """The scores of one image, the result or the input.

    Parameters
    ----------
    fits : dict of str to Fit
        Gain and offset by channel.
    as_is, fitted : Scores
        Over all planes: PSNR and NRMSE of the mean square error, Pearson's r of all pixels of a channel; the
        mean of SSIMs, and of channels.
    planes : tuple of PlaneScores
    detail : Detail
    """

    fits: dict[str, Fit]
    as_is: Scores
    fitted: Scores
    planes: tuple[PlaneScores, ...]
    detail: Detail


@dataclass(frozen=True)
class Evaluation:
    """A restored image beside the truth.

    Parameters
    ----------
    ranges : dict of str to (float, float)
        Minimum and maximum of the truth by channel: the range for PSNR, SSIM and NRMSE.
    scales : int
        Scales of the multi-scale SSIM; five, or as many as a plane has room for.
    pixel_size : float, optional
        Of a pixel in `unit`, if calibrated and square.
    unit : str
    result : Judged
    input : Judged, optional
        The image that was restored.
    truth_own : float, optional
        Finest detail of the truth alone, in pixels; see `Detail.own`.
    """

    ranges: dict[str, tuple[float, float]]
    scales: int
    pixel_size: float | None
    unit: str
    result: Judged
    input: Judged | None
    truth_own: float | None

    @property
    def gain(self) -> float | None:
        """PSNR of the result above the input's in dB; None without input, or if both are perfect."""
        return None if self.input is None else _above(self.result.as_is, self.input.as_is)

    @property
    def fitted_gain(self) -> float | None:
        """The same after gain and offset."""
        return None if self.input is None else _above(self.result.fitted, self.input.fitted)


def evaluate(
    result: Image, truth: Image, noisy: Image | None = None, progress: Progress | None = None
) -> Evaluation:
    """Judge a restored image.

    Parameters
    ----------
    result, truth : Image
        The same field: axes in any order, sides alike, any types.
    noisy : Image, optional
        The input of the restoration, judged in the same way to tell what was gained.
    progress : callable, optional
        Called with "planes", how many are done and how many there are.

    Raises
    ------
    ShapeError
        If sides differ.
    ImageError
        If a pixel is not a number, or the truth is constant.
    """
    roles = {"truth": truth, "result": result} | ({} if noisy is None else {"input": noisy})
    true, *judged = aligned(roles)
    groups = _groups(truth, true)
    steps = _Steps(progress, true[..., 0, 0].size * len(judged))
    scored = [
        _judge(array, true, groups, role, steps) for role, array in zip(list(roles)[1:], judged, strict=True)
    ]
    (first, own), *others = scored
    square = math.isclose(truth.scale("X"), truth.scale("Y"), rel_tol=_SQUARE)
    calibrated = truth.unit != "pixel" and "X" in truth.pixel_size and square
    return Evaluation(
        ranges={group.name: (group.low, group.high) for group in groups},
        scales=similarity.scales_of(true.shape[-2:]),
        pixel_size=truth.scale("X") if calibrated else None,
        unit=truth.unit if calibrated else "pixel",
        result=first,
        input=others[0][0] if others else None,
        truth_own=own,
    )


def picture(evaluation: Evaluation, result: Image, truth: Image, noisy: Image | None = None) -> Picture:
    """Return input, result, truth and difference side by side, of the middle plane of the first channel.

    Gain and offset are fitted, so that one display range, the truth's, shows all three; colour pictures are
    shown in colours.
    """
    colour = truth.channel_names == _COLOURS
    name = next(iter(evaluation.ranges))

    def shown(image: Image, judged: Judged) -> tuple[NDArray[np.float64], str]:
        line = judged.fits[name]
        return line.apply(_middle(image, colour=colour)), str(line)

    first = None if noisy is None or evaluation.input is None else shown(noisy, evaluation.input)
    second = shown(result, evaluation.result)
    return restoration_picture(
        None if first is None else first[0],
        second[0],
        _middle(truth, colour=colour),
        ("" if first is None else first[1], second[1]),
    )


def _middle(image: Image, *, colour: bool) -> NDArray[np.float64]:
    """Return the middle plane (Y, X) of the first channel, or that of all, (Y, X, C)."""
    pixels = image.to(ORDER).pixels
    plane = pixels[:, pixels.shape[1] // 2, pixels.shape[2] // 2]
    return np.asarray(np.moveaxis(plane, 0, -1) if colour else plane[0], np.float64)


@dataclass(frozen=True)
class _Group:
    """Channels that share range, gain and offset: one, or the three of a colour picture."""

    name: str
    channels: tuple[int, ...]
    low: float
    high: float
    planes: tuple[tuple[str, tuple[int, int, int]], ...]

    @property
    def range(self) -> float:
        return self.high - self.low


class _Steps:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def done(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress("planes", self._done, self._total)


def _groups(truth: Image, pixels: NDArray[Any]) -> list[_Group]:
    channels, times, depth = pixels.shape[:3]
    names = truth.channel_names or tuple(f"c{number + 1}" for number in range(channels))
    colour = truth.channel_names == _COLOURS
    sets = [tuple(range(channels))] if colour else [(number,) for number in range(channels)]
    groups = []
    for members in sets:
        name = "RGB" if colour else names[members[0]] if channels > 1 else "all"
        planes = tuple(
            (_plane_name(t, times, z, depth, names[c] if channels > 1 else ""), (c, t, z))
            for c in members
            for t in range(times)
            for z in range(depth)
        )
        values = [finite(pixels[index], "truth") for _, index in planes]
        low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
        if low == high:
            which = "truth" if channels == 1 or colour else f"truth's channel {name}"
            raise ImageError(
                f"the {which} is {low:g} everywhere, but PSNR and SSIM need a range of values",
                remedy="compare with a truth that has contrast",
            )
        groups.append(_Group(name, members, low, high, planes))
    return groups


def _plane_name(t: int, times: int, z: int, depth: int, channel: str) -> str:
    parts = [f"t{t + 1}"] * (times > 1) + [f"z{z + 1}"] * (depth > 1) + [channel] * bool(channel)
    return " ".join(parts) or "all"


def _judge(
    pixels: NDArray[Any], true: NDArray[Any], groups: Sequence[_Group], role: str, steps: _Steps
) -> tuple[Judged, float | None]:
    """Return the scores of an image, and the finest detail of the truth."""
    fits: dict[str, Fit] = {}
    pearsons: dict[str, float | None] = {}
    planes: list[PlaneScores] = []
    sums: list[resolution.Spectra] = []
    for group in groups:
        moments = similarity.Moments()
        for _, index in group.planes:
            moments.add(finite(pixels[index], role), np.asarray(true[index], np.float64))
        line = fits[group.name] = moments.fit()
        pearsons[group.name] = moments.pearson()
        for name, index in group.planes:
            image, reference = (np.asarray(array[index], np.float64) for array in (pixels, true))
            fitted = line.apply(image)
            planes.append(
                PlaneScores(
                    name, _scores(image, reference, group.range), _scores(fitted, reference, group.range)
                )
            )
            found = resolution.spectra(fitted / group.range, reference / group.range)
            sums += [found] if found is not None else []
            steps.done()
    # a gain below 0 turns the sign of Pearson's r, as it turns the image
    turned = [None if r is None else abs(r) if fits[name].gain < 0 else r for name, r in pearsons.items()]
    as_is = _overall([plane.as_is for plane in planes], _mean(list(pearsons.values())))
    fitted_scores = _overall([plane.fitted for plane in planes], _mean(turned))
    detail, own = _detail(reduce(lambda one, other: one + other, sums) if sums else None)
    return Judged(fits, as_is, fitted_scores, tuple(planes), detail), own


def _scores(image: NDArray[np.float64], truth: NDArray[np.float64], data_range: float) -> Scores:
    error = similarity.nrmse(image, truth, data_range)
    return Scores(
        psnr=similarity.psnr(error),
        ssim=similarity.ssim(image, truth, data_range),
        ms_ssim=similarity.ms_ssim(image, truth, data_range),
        nrmse=error,
        pearson=similarity.pearson(image, truth),
    )


def _overall(planes: Sequence[Scores], pearson: float | None) -> Scores:
    error = math.sqrt(float(np.mean([plane.nrmse**2 for plane in planes])))
    return Scores(
        psnr=similarity.psnr(error),
        ssim=_mean([plane.ssim for plane in planes]),
        ms_ssim=_mean([plane.ms_ssim for plane in planes]),
        nrmse=error,
        pearson=pearson,
    )


def _detail(sums: resolution.Spectra | None) -> tuple[Detail, float | None]:
    if sums is None:
        return Detail(None, None, None, None, None), None
    shared = sums.shared_resolution(resolution.REFERENCE)
    return (
        Detail(
            shared=shared,
            shared_halves=sums.shared_resolution(resolution.HALVES),
            contrast=sums.kept_resolution(),
            own=sums.own_resolution(0),
            finer_power=None if shared is None or shared <= 2 else sums.finer_power(shared),
        ),
        sums.own_resolution(1),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _above(result: Scores, noisy: Scores) -> float | None:
    difference = result.psnr - noisy.psnr
    return None if math.isnan(difference) else difference
