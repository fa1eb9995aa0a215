"""Explain a result by occlusion: which parts of two garments make their vectors similar.

Parts of a garment are removed from its mask one at a time and the score against the other garment
is computed again; the larger the drop, the more the part contributes (Zeiler, Fergus, ECCV 2014).
It takes some fifty runs of the encoder, so only on request.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from indexing.types import EmbeddedGarment, Embedder, Vector
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, Garment, mask_on_photo
from segmentation.photos import Photo

GRID: Final = 7
"""Grid cells per side; each hides a window twice as wide, so that neighbours overlap."""
HEIGHT: Final = 240
"""Height of the explanation in pixels."""
HIGHLIGHT: Final = (230, 40, 30)
"""Colour of the contributing parts."""

Heat = npt.NDArray[np.float32]
"""Contribution of each part, shape (GRID, GRID), 0 to 1; rows from the top."""


@dataclass(frozen=True, eq=False)
class ShownGarment:
    """A garment on a photo, with its vector."""

    photo: Photo
    garment: Garment
    vector: Vector


def garment_at(
    embedder: Embedder, photo: Photo, box: Box, garment_class: GarmentClass
) -> ShownGarment:
    """Embed the garment of a class at a box (pixels) of a photo, else the box itself."""
    (embedded,) = embedder.embed([photo])
    best = best_overlapping(embedded.garments, box, garment_class)
    best = best or embedder.embed_region(photo, box, garment_class)
    return ShownGarment(photo, best.garment, best.vector)


def best_overlapping(
    garments: Sequence[EmbeddedGarment], box: Box, garment_class: GarmentClass, least: float = 0.0
) -> EmbeddedGarment | None:
    """The garment of a class that overlaps a box best, by `least` or more; None without any."""
    overlaps = [
        (overlap(each.garment.box, box), each)
        for each in garments
        if each.garment.garment_class == garment_class
    ]
    share, best = max(overlaps, key=itemgetter(0), default=(0.0, None))
    return best if share > 0 and share >= least else None


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / both if both else 0.0


def occlusion_heat(
    embedder: Embedder, shown: ShownGarment, other: Vector, colour_weight: float
) -> Heat:
    """Contribution of each part of a garment to its similarity to another vector."""
    weights = np.ones(len(other), np.float32)
    cut = embedder.fingerprint.style_dimension
    weights[:cut], weights[cut:] = 1 - colour_weight, colour_weight
    whole = float((shown.vector * weights) @ other)
    heat = np.zeros((GRID, GRID), np.float32)
    for row in range(GRID):
        for column in range(GRID):
            rest = _without(shown, row, column)
            if rest is not None:
                region = embedder.embed_region(shown.photo, rest, shown.garment.garment_class)
                heat[row, column] = whole - float((region.vector * weights) @ other)
    heat = np.maximum(heat, 0)
    return np.asarray(heat / max(float(heat.max()), 1e-6), np.float32)


def _without(shown: ShownGarment, row: int, column: int) -> BoolMask | None:
    """The garment's mask without one part; None where that changes nothing or leaves nothing."""
    mask = mask_on_photo(shown.garment, *shown.photo.shape[:2])
    x0, y0, x1, y1 = shown.garment.box
    height, width = y1 - y0, x1 - x0
    rest = mask.copy()
    top, left = y0 + (row - 0.5) * height / GRID, x0 + (column - 0.5) * width / GRID
    bottom, right = top + 2 * height / GRID, left + 2 * width / GRID
    rest[max(0, round(top)) : round(bottom), max(0, round(left)) : round(right)] = False
    return None if rest.sum() in (mask.sum(), 0) else rest


def explanation_png(
    embedder: Embedder, query: ShownGarment, result: ShownGarment, colour_weight: float
) -> bytes:
    """Draw a PNG of both garments, query left, with the contributing parts in red."""
    halves = [
        _heat_overlay(shown, occlusion_heat(embedder, shown, other.vector, colour_weight))
        for shown, other in ((query, result), (result, query))
    ]
    sheet = Image.new("RGB", (sum(half.width for half in halves) + 8, HEIGHT), "white")
    sheet.paste(halves[0], (0, 0))
    sheet.paste(halves[1], (halves[0].width + 8, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _heat_overlay(shown: ShownGarment, heat: Heat) -> Image.Image:
    """The garment's box of its photo, overlaid with the heat map."""
    x0, y0, x1, y1 = shown.garment.box
    size = (max(1, round((x1 - x0) * HEIGHT / (y1 - y0))), HEIGHT)
    picture = Image.fromarray(shown.photo[y0:y1, x0:x1]).resize(size)
    opacity = Image.fromarray((heat * 170).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    mask = Image.fromarray(shown.garment.mask.astype(np.uint8) * 255).resize(size)
    worn = np.minimum(np.asarray(opacity), np.asarray(mask))
    picture.paste(HIGHLIGHT, (0, 0), Image.fromarray(worn))
    return picture
