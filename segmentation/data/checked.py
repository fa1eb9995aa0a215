"""Sixty product photos with hand-drawn masks, the ground truth for product photos.

The photos are a random sample of the clothing dataset's test senders by label (at least two of
each, at most three of a sender), including ones that `cut_garment` rejects.
`checked_masks/NAME.png` (1 bit) is the mask of each, checked by eye.

Each photo shows one garment lying or hanging, not worn. Gaps between legs, hangers and hands are
background; a label that hangs on the garment belongs to it.
"""

import shutil
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.classes import CLOTHING_CLASSES
from segmentation.data.pairs import (
    Pair,
    PairsFolder,
    clear_earlier_pairs,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.data.sources import ClothingPhoto, clothing_splits, read_clothing
from segmentation.errors import DatasetError
from segmentation.mask import BoolMask

CHECKED_MASKS: Final = Path(__file__).parent.parent / "checked_masks"


def checked_names() -> list[str]:
    """Names of the checked photos, without suffix."""
    return sorted(path.stem for path in CHECKED_MASKS.glob("*.png"))


def checked_mask(name: str) -> BoolMask:
    """Read the mask of a checked photo, shape (H, W)."""
    with Image.open(CHECKED_MASKS / f"{name}.png") as image:
        return np.array(image, bool)


def create_checked(source: Path, out: Path) -> PairsFolder:
    """Make a pairs folder of the checked photos, in split test; DatasetError if one is absent."""
    rows = {row.image: row for row in read_clothing(source)}
    splits = clothing_splits(rows.values())
    clear_earlier_pairs(out, "clothing")
    prepare_folder(out)
    pairs = []
    for name in checked_names():
        row = rows.get(name)
        if row is None or not row.path(source).is_file() or splits[row.sender_id] != "test":
            raise DatasetError(f"{name} is no test photo in {source}; use the full set")
        pairs.append(_write_pair(row, row.path(source), out))
    return write_manifest(out, pairs)


def _write_pair(row: ClothingPhoto, photo: Path, out: Path) -> Pair:
    mask = checked_mask(row.image) * np.uint8(CLOTHING_CLASSES[row.label])
    save_mask(mask, out / "masks" / f"{row.image}.png")
    shutil.copyfile(photo, out / "photos" / photo.name)
    return Pair(row.image, "clothing", f"sender-{row.sender_id}", "test", row.label)
