"""Contact sheets of masks overlaid on photos, for visual checks."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.mask import ClassMask
from segmentation.photos import Photo

CLASS_COLOURS: Final = ((0, 0, 0), (230, 60, 60), (60, 190, 90), (60, 110, 240))
"""Background, upper red, whole green, lower blue."""

PAIR_SIDE: Final = 320
"""Width in pixels of a photo and its overlay together."""
PAIR_COLUMNS: Final = 5
PAIRS_ON_SHEET: Final = 20


def overlay(photo: Photo, mask: ClassMask) -> Photo:
    """Blend a mask over its photo in colour; both (H, W)."""
    colours = np.array(CLASS_COLOURS, np.float32)[mask]
    garment = (mask > 0)[..., None]
    mixed = np.where(garment, 0.5 * photo + 0.5 * colours, 0.85 * photo)
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def jpeg_data_url(image: Image.Image, side: int) -> str:
    """Reduce an image to fit a square of `side` pixels, as a data URL."""
    image.thumbnail((side, side))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def save_overlay_sheet(photos: Sequence[Photo], masks: Sequence[ClassMask], path: Path) -> None:
    """Save a contact sheet of overlays."""
    pictures = [overlay(photo, mask) for photo, mask in zip(photos, masks, strict=True)]
    save_contact_sheet(pictures, path, columns=10, side=160)


def save_contact_sheet(pictures: Sequence[Photo], path: Path, columns: int, side: int) -> None:
    """Save pictures in rows, each scaled to fit a square of `side` pixels."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for position, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        image.thumbnail((side - 4, side - 4))
        sheet.paste(image, (position % columns * side, position // columns * side))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


class OverlaySheets:
    """Writes FOLDER/sheet-001.png ... with photos beside their overlays."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[Photo] = []
        self._written = 0

    def add(self, photo: Photo, mask: ClassMask) -> None:
        """Add a photo and its mask, both (H, W); writes a sheet when it is full."""
        pair = np.concatenate([photo, overlay(photo, mask)], axis=1)
        image = Image.fromarray(pair)
        image.thumbnail((PAIR_SIDE, PAIR_SIDE))
        self._waiting.append(np.asarray(image))
        if len(self._waiting) == PAIRS_ON_SHEET:
            self.close()

    def close(self) -> None:
        if self._waiting:
            self._written += 1
            path = self._folder / f"sheet-{self._written:03d}.png"
            save_contact_sheet(self._waiting, path, PAIR_COLUMNS, PAIR_SIDE + 4)
            self._waiting = []
