"""A judged photo in, how far one of its garments may reach out: another mask to search with.

A mask shows what is more probably a garment than not. Where a third of the garment is hidden, or
lies on ground of its own colour, much of it may be improbable and there all the same. Bulk
indexing keeps to the mask; whoever searches with the garment may ask with its reach too. Not where
it is worn with others: what is in doubt there is skin, a bag or its neighbour.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import ndimage

from segmentation.classes import GarmentClass
from segmentation.mask import (
    SURE,
    BoolMask,
    Garment,
    Probabilities,
    box_of,
    mask_on_photo,
)
from segmentation.rules import Judged, means_of

POSSIBLE: Final = 0.15
"""From this probability of any garment on, a cell may belong to one."""
TELLING: Final = 0.8
"""A mask with more than this share of its reach tells no less than it."""
LEAST_AREA: Final = 0.02
"""Where no garment was found, smaller shares of the photo are not worth asking with."""


def reach_of(place: int, judged: Judged, probabilities: Probabilities) -> Garment | None:
    """The garment at a place among the judged ones with all cells that may belong to it.

    Those are the possible cells that hang together with its own. None where they are little more
    than its mask, or where another garment is sure of itself.

    Args:
        probabilities: what was judged, (4, h, w), before rules took anything away.
    """
    garment = judged.garments[place]
    if any(other.score >= SURE for other in judged.garments if other is not garment):
        return None
    own = mask_on_photo(garment, *probabilities.shape[1:])
    labels, _ = ndimage.label((probabilities[0] < 1 - POSSIBLE) | own)
    reached = np.isin(labels, np.unique(labels[own]))
    if np.count_nonzero(own) >= TELLING * np.count_nonzero(reached):
        return None
    return _with_mask(garment, reached)


def possible_garment(probabilities: Probabilities) -> Garment | None:
    """Where no garment was found, the largest piece that may be one; None where it is small.

    Args:
        probabilities: of the network, (4, h, w); the box is on their grid.
    """
    labels, count = ndimage.label(probabilities[0] < 1 - POSSIBLE)
    if not count:
        return None
    largest = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    if largest.mean() < LEAST_AREA:
        return None
    unnamed = _with_mask(Garment(GarmentClass.UPPER, 0.0, (0, 0, 0, 0), largest, 0.0), largest)
    odds = means_of(unnamed, probabilities)
    named = GarmentClass(1 + int(odds[1:].argmax()))
    return replace(unnamed, garment_class=named, score=float(odds[named]))


def _with_mask(garment: Garment, mask: BoolMask) -> Garment:
    """The garment with these cells of its grid, (h, w), for its mask."""
    box = box_of(mask)
    inside = mask[box[1] : box[3], box[0] : box[2]].copy()
    return replace(garment, box=box, mask=inside, area=float(mask.mean()))
