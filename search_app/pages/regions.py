"""The garment that a visitor picked on a query photo.

    Pick (none, garments of the photo, a drawn region or the whole photo)
    -> one EmbeddedGarment, embedded if necessary and stored with the photo

Several garments picked together become one, with the union of their masks.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image

from indexing.types import EmbeddedGarment, Embedder
from search_app.errors import BadRequest, PageNotFound
from search_app.search.query_photo import Pick, Region, reduced, scaled_box, with_whole
from search_app.search.uploads import StoredQuery
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask
from segmentation.photos import Photo, read_photo

MAX_REGIONS: Final = 16
"""Regions whose vectors are stored with a photo; the oldest are dropped first."""


def resolved_pick(stored: StoredQuery, pick: Pick) -> Pick:
    """Resolve a pick: by default the best garment, else the whole photo. Raises PageNotFound."""
    garments = stored.query.garments
    if pick == "photo" or isinstance(pick, Region):
        return pick
    if not garments:
        return "photo"
    if pick is None:
        return (best_garment(garments),)
    if max(pick) >= len(garments):
        raise PageNotFound(f"this photo has {len(garments)} garments; choose one of them")
    return pick


def best_garment(garments: tuple[EmbeddedGarment, ...]) -> int:
    """Position of the garment most likely meant: large, certain and near the centre."""
    width = max(each.garment.box[2] for each in garments)

    def relevance(index: int) -> float:
        garment = garments[index].garment
        middle = (garment.box[0] + garment.box[2]) / 2
        return garment.area * garment.score * (1 - abs(middle / width - 0.5))

    return max(range(len(garments)), key=relevance)


def with_pick(embedder: Embedder, stored: StoredQuery, pick: Pick) -> StoredQuery:
    """The query with a resolved pick embedded. Raises BadRequest for an empty region."""
    photo = read_photo(stored.jpeg)
    if pick == "photo":
        return replace(stored, query=with_whole(embedder, photo, stored.query))
    garment = _embedded_region(embedder, stored, photo, pick)
    return replace(stored, regions=(*stored.regions, (pick, garment))[-MAX_REGIONS:])


def picked_garment(stored: StoredQuery, pick: Pick) -> EmbeddedGarment | None:
    """The garment of a resolved pick; None until `with_pick` has embedded it."""
    if pick == "photo":
        return stored.query.whole
    if isinstance(pick, tuple) and len(pick) == 1:
        return stored.query.garments[pick[0]]
    return dict(stored.regions).get(pick)


def _embedded_region(
    embedder: Embedder, stored: StoredQuery, photo: Photo, pick: Pick
) -> EmbeddedGarment:
    height, width = photo.shape[:2]
    try:
        if isinstance(pick, Region):
            embedded = embedder.embed_region(photo, pick.box(width, height))
        else:
            assert isinstance(pick, tuple)
            parts = [stored.query.garments[index] for index in pick]
            region = _joined(parts, stored.query.width, stored.query.height, photo)
            embedded = embedder.embed_region(photo, region, _class_of(parts))
    except ValueError as error:
        raise BadRequest("region", "this holds nothing of the photo; draw a larger one") from error
    # The stored copy may be smaller than the photo on which the garments were detected.
    return reduced(embedded, stored.query.width / width)


def _class_of(parts: list[EmbeddedGarment]) -> GarmentClass:
    """The class of several garments together: their own, or else a one-piece."""
    classes = {part.garment.garment_class for part in parts}
    return classes.pop() if len(classes) == 1 else GarmentClass.WHOLE


def _joined(parts: list[EmbeddedGarment], width: int, height: int, photo: Photo) -> BoolMask:
    """Union of several garments' masks, at the size of the stored photo."""
    down, across = photo.shape[0] / height, photo.shape[1] / width
    region = np.zeros(photo.shape[:2], bool)
    for part in parts:
        x0, y0, x1, y1 = scaled_box(part.garment.box, across, down)
        target = region[y0:y1, x0:x1]
        mask = Image.fromarray(part.garment.mask).resize(
            target.shape[::-1], Image.Resampling.NEAREST
        )
        target |= np.asarray(mask)
    return region
