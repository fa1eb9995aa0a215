"""Backgrounds for the distorted query photos of `evaluate same-garment`.

Another photo may add a garment of its own to the query. A garment-free background is a window of a
photo: a floor, a wall or a sheet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from indexing.evaluation.labelled import LabelledPhoto
from indexing.types import PhotoSegmenter
from segmentation.photos import Photo, read_or_none
from segmentation.training.background import uncovered_window

BackgroundSource = Callable[[PhotoSegmenter, Sequence[LabelledPhoto], int], Photo | None]
"""Function of the segmenter, all queries and one query's index; None skips the query."""
GREY: Final[Photo] = np.full((8, 8, 3), 128, np.uint8)


def other_photo(
    segmenter: PhotoSegmenter, queries: Sequence[LabelledPhoto], number: int
) -> Photo | None:
    """The photo half the list further on; None where it cannot be read."""
    return read_or_none(_rotated_by_half(queries, number)[0].path)


def garment_free_window(
    segmenter: PhotoSegmenter, queries: Sequence[LabelledPhoto], number: int
) -> Photo | None:
    """A window without a garment, from the first such photo further on; plain grey without any."""
    rng = np.random.default_rng(number)
    for query in _rotated_by_half(queries, number):
        photo = read_or_none(query.path)
        if photo is None:
            continue
        window = uncovered_window(segmenter.segment([photo])[0].mask > 0, rng)
        if window is not None:
            return photo[window]
    return GREY


BACKGROUNDS: Final[Mapping[str, BackgroundSource]] = {
    "another photo": other_photo,
    "garment-free": garment_free_window,
}


def _rotated_by_half(queries: Sequence[LabelledPhoto], number: int) -> list[LabelledPhoto]:
    """All queries in order, starting half the list after `number`."""
    first = (number + len(queries) // 2) % len(queries)
    return [*queries[first:], *queries[:first]]
