"""Judging a denoised image without a truth: was only noise removed, or signal as well.

What was removed, the residual, is first divided by the noise that is expected at each brightness, because
more photons mean more noise and that is no structure. What then makes neighbours in it alike is

- signal, if it is found where the image has structure and not where it is flat;
- noise with a pattern, if it is found everywhere, or goes along whole rows or columns.

Neighbours that are opposed are harmless: they come from noise that was left in the result, smoothed.
Structure of single pixels, and structure weaker than a twentieth of the noise's variance, cannot be told from
noise by this or any look at the residual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drua import noise
from drua.comparison import Picture, residual_picture
from drua.image import Image
from drua.pairs import aligned, finite

Plane = NDArray[np.float64]
Verdict = Literal["noise", "structured noise", "signal removed", "nothing removed", "too small to tell"]

SMALLEST_SIDE = 32
"""Planes with a shorter side have too few neighbours to tell."""
MOST_PLANES = 16
"""Planes of a stack that are looked at, evenly spread."""
LAGS = 15
"""Distances in pixels, in each direction, that the autocorrelation is given for."""

_NOTHING = 0.05
"""A residual below this part of the noise is nothing."""
_STRIPED = 0.1
"""Offsets of rows or columns, as a part of the noise of single pixels, from which there are stripes."""
_SIGNAL = 0.05
"""Covariance of neighbours, as a part of the noise's variance, from which there is structure."""
_CHANCE = 5.0
"""Standard errors that count as chance."""
_FLAT, _STRUCTURED = 0.5, 0.9
"""Parts of the image by steepness: flat below the first quantile, structured above the second."""
_EDGE = 1.5
"""Gaussian sigma in pixels of the gradient that tells the steepness."""
_BLOCK = 8
"""Side in pixels of the means that tell whether bright parts were dimmed: noise is no matter there."""
_DIMMED = 0.03
_BIASED = 0.01
"""Parts of the contrast from which dimming and a shift of the mean are said."""


@dataclass(frozen=True, eq=False)
class Residual:
    """What was removed from one channel of an image, in numbers and in words.

    Parameters
    ----------
    channel : str
        Name of the channel, empty if there is one only.
    verdict : str
        ``noise``: what was removed looks like pure noise. ``structured noise``: as that, with a pattern.
        ``signal removed``: structure of the image is in it. ``nothing removed``; ``too small to tell``.
    sentences : tuple of str
        The same for people, the verdict first.
    mean_before, mean_after : float
        Mean grey values of all planes.
    noise_before, noise_after : float
        Standard deviation of the noise that differs from pixel to pixel, in grey values.
    noise_model : NoiseModel
        How the noise of the input grows with brightness.
    removed : float
        Standard deviation of the residual, in grey values.
    excess : float
        The same as a multiple of the expected noise; 1 for a perfect denoiser.
    neighbours : float
        Correlation of neighbours in the residual, -1..1; 0 for white noise.
    flat, structured : float
        Covariance of neighbours as a part of the noise's variance, where the image is flat and where not.
    size : float, optional
        How wide the structure is that was removed, in pixels; None if none was.
    dimmed : float
        Part of the contrast that broad structure lost; negative if it gained.
    rows_before, rows_after, columns_before, columns_after : float
        Standard deviation of offsets of whole rows and columns, stripes, in grey values.
    autocorrelation : ndarray of float, axes (Y, X)
        Of the residual in units of the expected noise, for distances from -15 to 15 pixels; 1 in the middle.
    planes : int
        How many planes were looked at.
    """

    channel: str
    verdict: Verdict
    sentences: tuple[str, ...]
    mean_before: float
    mean_after: float
    noise_before: float
    noise_after: float
    noise_model: noise.NoiseModel
    removed: float
    excess: float
    neighbours: float
    flat: float
    structured: float
    size: float | None
    dimmed: float
    rows_before: float
    rows_after: float
    columns_before: float
    columns_after: float
    autocorrelation: Plane
    planes: int


def assess(noisy: Image, result: Image) -> tuple[Residual, ...]:
    """Compare a noisy image with its denoised one, each channel for itself.

    Parameters
    ----------
    noisy, result : Image
        The same field: axes in any order, sides alike.

    Returns
    -------
    tuple of Residual
        One for each channel.

    Raises
    ------
    ShapeError
        If sides differ.
    ImageError
        If a pixel is not a number.
    """
    before, after = aligned({"input": noisy, "result": result})
    names = noisy.channel_names or tuple(f"channel {number + 1}" for number in range(len(before)))
    pixel = (noisy.scale("X"), noisy.unit) if noisy.unit != "pixel" and "X" in noisy.pixel_size else None
    return tuple(
        _assess_channel(
            name if len(before) > 1 else "",
            _chosen(one, "input"),
            _chosen(other, "result"),
            (float(np.mean(one, dtype=np.float64)), float(np.mean(other, dtype=np.float64))),
            pixel,
        )
        for name, one, other in zip(names, before, after, strict=True)
    )


def picture(noisy: Image, result: Image, found: Residual, channel: int = 1) -> Picture:
    """Return input, result, residual and its autocorrelation side by side, of the channel's middle plane.

    Parameters
    ----------
    noisy, result : Image
        As for `assess`.
    found : Residual
        What it returned for that channel.
    channel : int
        Counted from 1.
    """
    planes = []
    for pixels in aligned({"input": noisy, "result": result}):
        times, depth = pixels.shape[1:3]
        planes.append(pixels[channel - 1, times // 2, depth // 2])
    return residual_picture(planes[0], planes[1], found.autocorrelation)


def _chosen(channel: NDArray[Any], name: str) -> list[Plane]:
    """Return the planes (Y, X) of a channel (T, Z, Y, X) that are looked at."""
    planes = channel.reshape(-1, *channel.shape[2:])
    numbers = np.unique(np.linspace(0, len(planes) - 1, MOST_PLANES).round().astype(int))
    return [finite(planes[number], name) for number in numbers]


def _assess_channel(
    channel: str,
    before: Sequence[Plane],
    after: Sequence[Plane],
    means: tuple[float, float],
    pixel: tuple[float, str] | None,
) -> Residual:
    residuals = [one - other for one, other in zip(before, after, strict=True)]
    noise_before, noise_after = _mean_of(noise.level, before), _mean_of(noise.level, after)
    expected = noise.model(before, after) if min(before[0].shape) >= 3 else noise.NoiseModel(0.0, 0.0, 0.0)
    normalised = [_in_units_of_noise(r, a, expected) for r, a in zip(residuals, after, strict=True)]
    flat, structured = _covariances(normalised, [_guide(*pair) for pair in zip(before, after, strict=True)])
    removed = float(np.sqrt(np.mean([plane.var() for plane in residuals])))
    facts: dict[str, Any] = {
        "mean_before": means[0],
        "mean_after": means[1],
        "noise_before": noise_before,
        "noise_after": noise_after,
        "noise_model": expected,
        "removed": removed,
        "excess": float(np.sqrt(np.mean([np.mean(plane**2) for plane in normalised]))),
        "flat": flat.neighbours,
        "structured": structured.neighbours,
        "dimmed": _dimmed(residuals, after, noise_before),
        "rows_before": _mean_of(partial(noise.stripes, axis=0), before),
        "columns_before": _mean_of(partial(noise.stripes, axis=1), before),
        "rows_after": _mean_of(partial(noise.stripes, axis=0), after),
        "columns_after": _mean_of(partial(noise.stripes, axis=1), after),
        "autocorrelation": _autocorrelation(normalised),
        "planes": len(before),
    }
    facts["neighbours"] = _neighbours(facts["autocorrelation"])
    signal = _is_signal(flat, structured)
    facts["size"] = _size(flat, structured) if signal else None
    pattern = _pattern(normalised, flat) if not _too_small(before[0]) else None
    verdict = _verdict(before[0], removed, noise_before, signal=signal, pattern=pattern)
    found = Residual(channel=channel, verdict=verdict, sentences=(), **facts)
    spread = removed / np.sqrt(sum(plane.size for plane in before))
    contrast = float(np.ptp(np.percentile(np.stack(after), (0.5, 99.8))))
    said = [
        _said_first(found, pattern, pixel),
        *_said_of_noise(found),
        *_said_of_bias(found, contrast, spread),
    ]
    return Residual(**{**vars(found), "sentences": tuple(said)})


@dataclass(frozen=True)
class _Covariance:
    """Covariance of a residual with itself in a part of the image, in units of the variance in the flat part.

    Parameters
    ----------
    neighbours : float
        Mean over the pairs of neighbours, straight and diagonal.
    by_distance : ndarray of float, axis (pixel,)
        At distances of 1, 2, ... pixels along rows and columns.
    error : float
        Standard error of `neighbours` for white noise.
    """

    neighbours: float
    by_distance: Plane
    error: float


def _in_units_of_noise(residual: Plane, brightness: Plane, expected: noise.NoiseModel) -> Plane:
    sigma = expected.sigma(brightness)
    centred = residual - residual.mean()  # a shift of the mean is said for itself
    return np.asarray(np.divide(centred, sigma, out=np.zeros_like(centred), where=sigma > 0))


def _guide(before: Plane, after: Plane) -> Plane:
    """Return the plane that tells where the image has structure: the result, or the input if it has none.

    The input would do always: a product of neighbours in white noise does not depend on the gradient between
    them. The result tells it better.
    """
    return after if np.ptp(after) > 0 else before


def _covariances(normalised: Sequence[Plane], guides: Sequence[Plane]) -> tuple[_Covariance, _Covariance]:
    """Return the covariances in the flat part and in the structured part of the image."""
    from scipy.ndimage import gaussian_gradient_magnitude

    lags = min(LAGS, min(normalised[0].shape) // 2 - 1)
    if lags < 1:
        nothing = _Covariance(0.0, np.zeros(1), 1.0)
        return nothing, nothing
    sums = np.zeros((2, 2 + lags))  # part; variance, neighbours, distances
    counts = np.zeros(2)
    for plane, guide in zip(normalised, guides, strict=True):
        plain = _without_stripes(plane)
        steepness = gaussian_gradient_magnitude(guide, _EDGE)
        low, high = np.quantile(steepness, (_FLAT, _STRUCTURED))
        products = [
            plain**2,
            _neighbour_products(plain),
            *(_straight(plain, lag) for lag in range(1, lags + 1)),
        ]
        for part, mask in enumerate((steepness <= low, steepness > high)):
            counts[part] += mask.sum()
            sums[part] += [values[mask].sum() for values in products]
    means = sums / np.maximum(counts, 1)[:, None]
    variance = max(float(means[0, 0]), 1e-12)
    # four products a pixel, each with the variance of the product of two independent values
    errors = np.maximum(means[:, 0], variance) / variance / np.sqrt(4 * np.maximum(counts, 1))
    flat, structured = (
        _Covariance(float(row[1]) / variance, row[2:] / variance, float(error))
        for row, error in zip(means, errors, strict=True)
    )
    return flat, structured


def _neighbour_products(plane: Plane) -> Plane:
    """Return, for every pixel, the mean of its products with four of its eight neighbours."""
    moves = ((0, 1), (1, 0), (1, 1), (1, -1))
    return np.asarray(sum(plane * np.roll(plane, move, (0, 1)) for move in moves) / len(moves))


def _straight(plane: Plane, lag: int) -> Plane:
    return np.asarray(plane * (np.roll(plane, lag, 0) + np.roll(plane, lag, 1)) / 2)


def _without_stripes(plane: Plane) -> Plane:
    for axis in (0, 1):
        if noise.stripes(plane, axis) > 0:
            plane = plane - np.median(plane, axis=1 - axis, keepdims=True)
    return plane


def _autocorrelation(normalised: Sequence[Plane]) -> Plane:
    """Return the autocorrelation (Y, X), averaged over planes, up to `LAGS` pixels or half the side."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    shape = normalised[0].shape
    reach = [min(LAGS, side // 2) for side in shape]
    padded = [next_fast_len(side + lags, real=True) for side, lags in zip(shape, reach, strict=True)]
    power = sum(np.square(np.abs(rfft2(plane, padded))) for plane in normalised)
    whole = irfft2(power, padded)
    rows, columns = (np.arange(-lags, lags + 1) for lags in reach)
    overlap = np.outer(shape[0] - np.abs(rows), shape[1] - np.abs(columns))
    part = whole[np.ix_(rows, columns)] / overlap
    middle = part[reach[0], reach[1]]
    return np.asarray(part / middle if middle > 0 else part)


def _neighbours(autocorrelation: Plane) -> float:
    y, x = (side // 2 for side in autocorrelation.shape)
    beside = [
        autocorrelation[y + dy, x + dx] for dy, dx in product((-1, 0, 1), repeat=2) if (dy or dx) and y and x
    ]
    return float(np.mean(beside)) if beside else 0.0


def _is_signal(flat: _Covariance, structured: _Covariance) -> bool:
    # Where noise was left in the result, smoothed, neighbours in the residual are opposed, and signal has to
    # make up for that first. Alike they must be, though: opposed in the flat part and nothing in the other is
    # a denoiser that leaves edges alone.
    chance = _CHANCE * structured.error
    more = structured.neighbours - flat.neighbours
    # noise with a pattern varies over the image by what the model of its level does not get right
    return bool(structured.neighbours > chance and more > max(_SIGNAL, chance, 0.25 * flat.neighbours))


def _size(flat: _Covariance, structured: _Covariance) -> float:
    """Return the width at half height of what was removed, in pixels, if it is round and smooth.

    A Gaussian's autocorrelation is wider by the root of 2 than itself.
    """
    curve = structured.by_distance - flat.by_distance
    below = np.flatnonzero(curve < curve[0] / 2)
    if len(below) == 0 or below[0] == 0:
        return float(np.sqrt(2) * len(curve))
    lag = int(below[0])
    part = (curve[lag - 1] - curve[0] / 2) / (curve[lag - 1] - curve[lag])
    return float(np.sqrt(2) * (lag + part))


def _pattern(normalised: Sequence[Plane], flat: _Covariance) -> str | None:
    """Name the pattern that the noise in the residual has."""
    stripes = [_mean_of(partial(noise.stripes, axis=axis), normalised) for axis in (0, 1)]
    striped = [name for name, sigma in zip(("rows", "columns"), stripes, strict=True) if sigma > _STRIPED]
    if striped:
        return f"stripes along {' and '.join(striped)}"
    if flat.neighbours > max(_SIGNAL, _CHANCE * flat.error):
        return "neighbours that are alike"
    return None


def _dimmed(residuals: Sequence[Plane], after: Sequence[Plane], level: float) -> float:
    """Return the part of the contrast that means of blocks have lost, 0 if it may be chance."""
    x = np.concatenate([_blocks(plane) for plane in after])
    y = np.concatenate([_blocks(plane) for plane in residuals])
    if len(x) < 8 or x.std() <= 3 * level / _BLOCK:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    slope = float(np.sum(x * y) / np.sum(x * x))
    error = float(np.sqrt(np.mean((y - slope * x) ** 2) / np.sum(x * x)))
    # over the result, which has less noise; what was there before is the result and the residual
    return slope / (1 + slope) if abs(slope) > _CHANCE * error and slope > -1 else 0.0


def _blocks(plane: Plane) -> Plane:
    height, width = (side // _BLOCK for side in plane.shape)
    whole = plane[: height * _BLOCK, : width * _BLOCK]
    return np.asarray(whole.reshape(height, _BLOCK, width, _BLOCK).mean(axis=(1, 3)).ravel())


def _mean_of(measure: Any, planes: Sequence[Plane]) -> float:
    return float(np.sqrt(np.mean([measure(plane) ** 2 for plane in planes])))


def _too_small(plane: Plane) -> bool:
    return bool(min(plane.shape) < SMALLEST_SIDE)


def _verdict(plane: Plane, removed: float, level: float, *, signal: bool, pattern: str | None) -> Verdict:
    if removed <= _NOTHING * level:
        return "nothing removed"
    if _too_small(plane):
        return "too small to tell"
    if signal:
        return "signal removed"
    return "structured noise" if pattern else "noise"


def _said_first(found: Residual, pattern: str | None, pixel: tuple[float, str] | None) -> str:
    if found.verdict == "nothing removed":
        return "Nothing was removed: the result is the input, or almost."
    if found.verdict == "too small to tell":
        return f"The image has a side below {SMALLEST_SIDE} pixels, too small to tell what was removed."
    if found.verdict == "signal removed":
        width = max(round(found.size or 0), 2)
        calibrated = f" ({width * pixel[0]:.2g} {pixel[1]})" if pixel else ""
        strength = np.sqrt(max(found.structured - found.flat, 0))
        first = (
            f"Structures of about {width} pixels{calibrated} were removed, wholly or in part: where the "
            f"image has edges, what was removed has structure {_number(strength)} times as strong as the "
            "noise. Look for it in the residual."
        )
        return first + (f" It also has {pattern}." if pattern else "")
    if pattern == "neighbours that are alike":
        return (
            "Structured noise was removed: neighbouring pixels of it are alike (correlation "
            f"{found.flat:.2f}) all over the image, as after resampling or in some cameras. Fine "
            "texture that is everywhere would look the same."
        )
    if pattern:
        return (
            f"Structured noise was removed: what was removed has {pattern}, and otherwise looks like noise."
        )
    return "What was removed looks like pure noise: no structure of the image was found in it."


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


def _said_of_noise(found: Residual) -> list[str]:
    before, after = found.noise_before, found.noise_after
    if before == 0:
        return ["The input has no noise that could be measured."]
    less = 100 * (1 - after / before)
    much = "more than 99" if 99.5 <= less < 100 else f"{less:.0f}"
    said = [f"The noise fell from {before:.3g} to {after:.3g} grey values ({much} % less)."]
    if less < 0.5:
        said = [f"The noise is {before:.3g} grey values before and {after:.3g} after."]
    if found.verdict in ("noise", "structured noise") and found.neighbours < -_SIGNAL:
        said.append("Part of the noise is still in the result, smoothed.")
    for name, stripes in (("rows", found.rows_after), ("columns", found.columns_after)):
        if stripes > _STRIPED * before:
            said.append(
                f"The result has stripes along {name} ({stripes:.2g} grey values): noise with a pattern was "
                "left, unless the object is like that."
            )
    return said


def _said_of_bias(found: Residual, contrast: float, error: float) -> list[str]:
    said = []
    shift = found.mean_after - found.mean_before
    chance = max(_CHANCE * error, _NOTHING * found.noise_before)
    # bright spots in a dark field have much contrast and a low mean, which may change by as little
    shifted = abs(shift) > max(chance, min(_BIASED * contrast, _BIASED * abs(found.mean_before)))
    means = f"{found.mean_before:.4g} before, {found.mean_after:.4g} after"
    said.append(f"The mean {'changed' if shifted else 'was kept'}: {means}.")
    if found.dimmed > _DIMMED:
        said.append(f"Bright structures were dimmed by {100 * found.dimmed:.0f} % of their contrast.")
    if found.dimmed < -_DIMMED:
        said.append(f"Bright structures became brighter by {-100 * found.dimmed:.0f} % of their contrast.")
    return said
