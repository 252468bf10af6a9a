"""AP@0.5 of the shipped model on images it has never seen, beside Otsu with a watershed, in one run.

The images are the validation fifth of the DSB 2018 fluorescence set (their names, read as hexadecimal
numbers, are divisible by 5); the recipe leaves them out of the training. The whole of `drua.predict` is
measured, with default settings. Needs the shared data, or a folder with images/ and labels/:
python benchmarks/nuclei_accuracy.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import drua
import numpy as np
from drua.metrics import Match, match, pool, score
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

DATA = Path(__file__).resolve().parents[2] / "shared/data/dsb2018/fluorescence"
MODEL = "nuclei-fluorescence"
GOAL = 0.83


def main() -> None:
    """Print both scores and, as the last line, one JSON object."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    paths = [path for path in sorted((folder / "images").glob("*.png")) if int(path.stem, 16) % 5 == 0]
    if not paths:
        sys.exit(f"{folder} has no images; give the folder with images/ and labels/")
    ours, baseline = [], []
    with drua.open_model(MODEL) as model:
        for path in paths:
            image = drua.read_image(path)
            truth = drua.read_image(folder / "labels" / path.name).pixels
            ours.append(match(drua.predict(image, model).image.pixels[0, 0], truth))
            baseline.append(match(otsu_and_watershed(image.pixels), truth))
    value, against = score(pool(ours)).ap, score(pool(baseline)).ap
    truths = pool(ours).tp + pool(ours).fn
    print(
        f"{len(paths)} images, {truths} nuclei;"
        f" averaged over images {_mean(ours):.4f}, and {_mean(baseline):.4f} by Otsu and watershed"
    )
    figure = {
        "what": f"AP@0.5 pooled over {truths} nuclei of {len(paths)} unseen images",
        "value": round(value, 4),
        "unit": "AP",
        "against": f"Otsu and watershed: {against:.4f}",
        "ratio": round(value / against, 3),
        "goal": GOAL,
        "holds": value >= GOAL,
    }
    print(json.dumps({"name": "nuclei_accuracy", "figures": [figure]}))


def otsu_and_watershed(pixels: np.ndarray) -> np.ndarray:
    """Return labels (Y, X) of a grey image by Otsu's threshold and a watershed of the distance map."""
    mask = pixels > threshold_otsu(pixels)
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    peaks = peak_local_max(distance, min_distance=5, labels=ndimage.label(mask)[0])
    markers = np.zeros(mask.shape, int)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, markers, mask=mask)


def _mean(matches: list[Match]) -> float:
    return float(np.mean([score(one).ap for one in matches]))


if __name__ == "__main__":
    main()
