"""What the visitor picked on a kept photo in, the garment to search with out.

    pick: nothing yet, garments of the photo, a drawn region, the whole photo
    -> one QueryGarment, embedded where it was not before, and kept with the photo

Garments that are taken together become one, their masks joined.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image

from indexing.records import Embedder
from search_app.errors import BadRequest, PageNotFound
from search_app.query import QueryGarment, query_garment, with_wholes
from search_app.state import Pick, Region
from search_app.uploads import KeptQuery
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask
from segmentation.photos import Photo, read_photo

REGIONS_KEPT: Final = 16
"""Regions whose vectors are kept with a photo; the oldest go first."""


def settled_pick(kept: KeptQuery, pick: Pick) -> Pick:
    """The pick with nothing left open: the best garment, or the whole photo without any.

    Raises:
        PageNotFound: it names a garment that the photo does not have.
    """
    garments = kept.query.garments
    if pick == "photo" or isinstance(pick, Region):
        return pick
    if not garments:
        return "photo"
    if pick is None:
        return (best_place(garments),)
    if max(pick) >= len(garments):
        raise PageNotFound(f"this photo has {len(garments)} garments; choose one of them")
    return pick


def best_place(garments: tuple[QueryGarment, ...]) -> int:
    """Place of the garment most likely meant: large, sure and near to the middle."""
    width = max(garment.box[2] for garment in garments)

    def worth(place: int) -> float:
        garment = garments[place]
        middle = (garment.box[0] + garment.box[2]) / 2
        return garment.area * garment.score * (1 - abs(middle / width - 0.5))

    return max(range(len(garments)), key=worth)


def is_embedded(kept: KeptQuery, pick: Pick) -> bool:
    """Whether a settled pick can be searched with without running a model."""
    if pick == "photo":
        return bool(kept.query.wholes)
    return (isinstance(pick, tuple) and len(pick) == 1) or pick in dict(kept.regions)


def with_pick(embedder: Embedder, kept: KeptQuery, pick: Pick) -> KeptQuery:
    """The query with a settled pick embedded.

    Raises:
        BadRequest: the region holds no pixel.
    """
    photo = read_photo(kept.jpeg)
    if pick == "photo":
        return replace(kept, query=with_wholes(embedder, photo, kept.query))
    garment = _embedded_region(embedder, kept, photo, pick)
    return replace(kept, regions=(*kept.regions, (pick, garment))[-REGIONS_KEPT:])


def picked_garment(kept: KeptQuery, pick: Pick) -> QueryGarment:
    """The garment of a settled pick that is embedded."""
    if pick == "photo":
        return kept.query.wholes[0]
    if isinstance(pick, tuple) and len(pick) == 1:
        return kept.query.garments[pick[0]]
    return dict(kept.regions)[pick]


def _embedded_region(embedder: Embedder, kept: KeptQuery, photo: Photo, pick: Pick) -> QueryGarment:
    height, width = photo.shape[:2]
    try:
        if isinstance(pick, Region):
            embedded = embedder.embed_region(photo, pick.box(width, height))
        else:
            assert isinstance(pick, tuple)
            parts = [kept.query.garments[place] for place in pick]
            region = _joined(parts, kept.query.width, kept.query.height, photo)
            embedded = embedder.embed_region(photo, region, _class_of(parts))
    except ValueError as error:
        raise BadRequest("this region holds nothing of the photo; draw a larger one") from error
    # The kept copy may be smaller than the photo that the other garments were found on.
    return query_garment(embedded, kept.query.width / width)


def _class_of(parts: list[QueryGarment]) -> GarmentClass:
    """Parts of one class stay of that class; a top with a bottom is a one-piece."""
    classes = {part.garment_class for part in parts}
    return classes.pop() if len(classes) == 1 else GarmentClass.WHOLE


def _joined(parts: list[QueryGarment], width: int, height: int, photo: Photo) -> BoolMask:
    """All pixels of several garments, at the size of the kept photo."""
    down, across = photo.shape[0] / height, photo.shape[1] / width
    region = np.zeros(photo.shape[:2], bool)
    for part in parts:
        x0, y0, x1, y1 = (
            round(edge * scale) for edge, scale in zip(part.box, (across, down) * 2, strict=True)
        )
        target = region[y0:y1, x0:x1]
        mask = Image.fromarray(part.mask).resize(target.shape[::-1], Image.Resampling.NEAREST)
        target |= np.asarray(mask)
    return region
