"""Query photos: garments with their vectors.

photo -> embedder -> QueryPhoto: its garments, or the garment of a region, or the whole photo
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from PIL import Image

from catalog.colours import rgb_to_lab
from indexing.collection import Collection
from indexing.types import EmbeddedGarment, Embedder
from search_app.errors import NotReady
from search_app.search.screenshot import SAMPLED_SIDE, picture_box
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from segmentation.photos import WORKING_SIDE, Photo

GREY_CHROMA: Final = 1.5
"""CIELAB chroma below which a photo is grey: 1 of 1,560 photos with colours has less than 2."""
TONE_SPREAD: Final = 0.15
"""Spread of a toned photo's colours at equal lightness, as a share of its chroma, and the share of
its pixels that may lack the tone."""
_SIDE: Final = WORKING_SIDE // 16
"""Averages a side that are compared: JPEG stores colours in blocks of 16 pixels, with noise."""


@dataclass(frozen=True, eq=False)
class QueryPhoto:
    """The garments of a query photo, the largest first; boxes in pixels of the photo.

    `whole` is the whole photo as one garment: where no garment was detected, or on request.
    `monochrome`: the photo has no colours of its own (`is_monochrome`).
    """

    height: int
    width: int
    garments: tuple[EmbeddedGarment, ...]
    whole: EmbeddedGarment | None = None
    monochrome: bool = False


@dataclass(frozen=True)
class Region:
    """A box that the visitor drew; edges in per cent of the photo."""

    left: int
    top: int
    right: int
    bottom: int

    def box(self, width: int, height: int) -> Box:
        """The box in pixels of a photo."""
        return scaled_box((self.left, self.top, self.right, self.bottom), width / 100, height / 100)


Pick = tuple[int, ...] | Region | Literal["photo"] | None
"""The part of the photo to search with: garments by index (several are joined), a drawn region or
the whole photo; None = the best garment."""


def embedder_of(collection: Collection) -> Embedder:
    """The collection's embedder. Raises NotReady if it was opened without models."""
    if collection.embedder is None:
        raise NotReady("the models are not loaded; run `apparel doctor`")
    return collection.embedder


def embed_query(embedder: Embedder, photo: Photo) -> QueryPhoto:
    """Run the models on one photo, of a screenshot on the picture that it shows.

    `whole` is set if no garment was detected.
    """
    height, width = photo.shape[:2]
    picture, box = _picture(photo)
    (embedded,) = embedder.embed([picture])
    garments = tuple(_moved(reduced(each), box, photo) for each in embedded.garments)
    query = QueryPhoto(height, width, garments, monochrome=is_monochrome(picture))
    return query if garments else with_whole(embedder, photo, query)


def with_whole(embedder: Embedder, photo: Photo, query: QueryPhoto) -> QueryPhoto:
    """The query with the whole photo, or a screenshot's picture, embedded as one garment."""
    picture, box = _picture(photo)
    whole = reduced(embedder.embed_whole(picture))
    return replace(query, whole=_moved(whole, box, photo))


def _picture(photo: Photo) -> tuple[Photo, Box]:
    """The picture that a screenshot shows, or all of an ordinary photo, and its box."""
    x0, y0, x1, y1 = box = picture_box(photo) or (0, 0, photo.shape[1], photo.shape[0])
    return np.ascontiguousarray(photo[y0:y1, x0:x1]), box


def _moved(embedded: EmbeddedGarment, box: Box, photo: Photo) -> EmbeddedGarment:
    """A garment of a picture with its box in pixels of the photo and its share of that."""
    garment, (left, top, right, bottom) = embedded.garment, box
    x0, y0, x1, y1 = garment.box
    moved = (x0 + left, y0 + top, x1 + left, y1 + top)
    height, width = photo.shape[:2]
    area = garment.area * (right - left) * (bottom - top) / (height * width)
    return replace(embedded, garment=replace(garment, box=moved, area=area))


def is_monochrome(photo: Photo) -> bool:
    """Whether a photo is grey, or one tone colours all of it according to its lightness.

    Args:
        photo: shape (H, W, 3), RGB.
    """
    small = np.asarray(Image.fromarray(photo).resize((_SIDE, _SIDE), Image.Resampling.BOX))
    lab = rgb_to_lab(small.reshape(-1, 3))
    lightness, colours = lab[:, 0] / 100, lab[:, 1:]
    chroma = np.percentile(np.linalg.norm(colours, axis=1), 95)
    if chroma < GREY_CHROMA:
        return True
    ramp = np.stack([lightness, np.ones_like(lightness)], axis=1)
    tone = ramp @ np.linalg.lstsq(ramp, colours, rcond=None)[0]
    spread = np.percentile(np.linalg.norm(colours - tone, axis=1), 95)
    mean = colours.mean(axis=0)
    along = colours @ mean / max(float(np.linalg.norm(mean)), 1e-6)
    # A garment on white has one colour too, but a tone tints the white as well.
    toned = (along > chroma / 2 * lightness).mean()
    return bool(spread < TONE_SPREAD * chroma and toned >= 1 - TONE_SPREAD)


def scaled_box(box: tuple[float, float, float, float], across: float, down: float) -> Box:
    """A box in pixels of another copy of its photo, `across` times as wide, `down` as high."""
    x0, y0, x1, y1 = box
    return round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)


def counterpart(query: QueryPhoto, garment_class: GarmentClass) -> EmbeddedGarment | None:
    """The garment of a further photo of the same: its largest of the class, else of any."""
    of_class = [each for each in query.garments if each.garment.garment_class is garment_class]
    return next(iter((*of_class, *query.garments)), query.whole)


def reduced(embedded: EmbeddedGarment, scale: float = 1.0) -> EmbeddedGarment:
    """A garment with its mask reduced to about `SAMPLED_SIDE` pixels a side.

    Args:
        scale: pixels of the query photo per pixel of the photo that was embedded.
    """
    garment = embedded.garment
    box = scaled_box(garment.box, scale, scale)
    step = -(-max(garment.mask.shape) // SAMPLED_SIDE)
    mask = garment.mask[::step, ::step].copy()
    return replace(embedded, garment=replace(garment, box=box, mask=mask))
