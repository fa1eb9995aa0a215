"""Pooled features of judged pairs, such as clicks that /admin/searches exports.

A product that was clicked for "more like this" is more similar than one that was passed over.
"""

from pathlib import Path

import numpy as np

from indexing.errors import IndexingError
from indexing.evaluation.judged_pairs import read_judged_pairs
from indexing.evaluation.labelled import photo_path
from indexing.types import PhotoSegmenter, Vectors
from segmentation.errors import SegmentationError
from segmentation.photos import read_photo
from segmentation.progress import Progress, no_progress


def judged_features(
    file: Path, photos: Path, segmenter: PhotoSegmenter, progress: Progress = no_progress
) -> Vectors:
    """Features of the largest garment on query, better and worse photo, shape (n, 3, d).

    Args:
        file: pairs as `apparel evaluate judged` reads them.
        photos: folder that their names are paths in.

    Raises:
        IndexingError: the file is damaged, a photo is missing, or no pair has three garments.
    """
    pairs = [(each.query, each.better, each.worse) for each in read_judged_pairs(file)]
    names = sorted({name for pair in pairs for name in pair})
    features: dict[str, Vectors] = {}
    for done, name in enumerate(names, 1):
        path = photo_path(photos, name)
        try:
            (found,) = segmenter.segment([read_photo(path)])
        except SegmentationError:
            continue
        if found.garments and found.features is not None:
            features[name] = found.features.pooled(found.garments[0])
        progress(done, len(names))
    whole = [pair for pair in pairs if features.keys() >= set(pair)]
    if not whole:
        raise IndexingError(f"no pair of {file} has three garments; check the photos' folder")
    return np.stack([[features[name] for name in pair] for pair in whole])
