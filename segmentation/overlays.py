"""Photos and masks in, pictures a person can judge out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.mask import ClassMask
from segmentation.photos import Photo

CLASS_COLOURS: Final = ((0, 0, 0), (230, 60, 60), (60, 190, 90), (60, 110, 240))
"""Background, upper red, whole green, lower blue."""


def overlay(photo: Photo, mask: ClassMask) -> Photo:
    """The photo with its mask laid over it in colour; both (H, W)."""
    colours = np.array(CLASS_COLOURS, np.float32)[mask]
    garment = (mask > 0)[..., None]
    mixed = np.where(garment, 0.5 * photo + 0.5 * colours, 0.85 * photo)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def save_overlay_sheet(
    photos: Sequence[Photo],
    masks: Sequence[ClassMask],
    path: Path,
    columns: int = 10,
    side: int = 160,
) -> None:
    """A contact sheet of overlays."""
    rows = -(-len(photos) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for position, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
        picture = Image.fromarray(overlay(photo, mask))
        picture.thumbnail((side - 4, side - 4))
        sheet.paste(picture, (position % columns * side, position // columns * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
