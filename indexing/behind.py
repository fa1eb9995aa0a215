"""Photos that are asked with in, what is pasted behind the garment of each out.

Another photo brings a garment of its own: which of the two is asked for is then a part of the
riddle. Bare ground brings a floor, a wall or a sheet and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from indexing.labelled import LabelledPhoto, read_or_none
from indexing.records import PhotoSegmenter
from segmentation.bare import uncovered_window
from segmentation.photos import Photo

Behind = Callable[[PhotoSegmenter, Sequence[LabelledPhoto], int], Photo | None]
"""A segmenter, all queries and the number of one in, what goes behind its garment out."""
GREY: Final[Photo] = np.full((8, 8, 3), 128, np.uint8)


def photo_behind(
    segmenter: PhotoSegmenter, queries: Sequence[LabelledPhoto], number: int
) -> Photo | None:
    """The photo half of all queries farther on; None where it cannot be read."""
    return read_or_none(_from_half_farther_on(queries, number)[0].path)


def ground_behind(
    segmenter: PhotoSegmenter, queries: Sequence[LabelledPhoto], number: int
) -> Photo | None:
    """A window of the first photo from there on that has one without a garment; plain grey where
    no photo has."""
    rng = np.random.default_rng(number)
    for query in _from_half_farther_on(queries, number):
        photo = read_or_none(query.path)
        if photo is None:
            continue
        window = uncovered_window(segmenter.segment([photo])[0].mask > 0, rng)
        if window is not None:
            return photo[window]
    return GREY


BACKGROUNDS: Final[Mapping[str, Behind]] = {
    "another photo": photo_behind,
    "bare ground": ground_behind,
}


def _from_half_farther_on(queries: Sequence[LabelledPhoto], number: int) -> list[LabelledPhoto]:
    """All queries in order, those after half of all first."""
    first = (number + len(queries) // 2) % len(queries)
    return [*queries[first:], *queries[:first]]
