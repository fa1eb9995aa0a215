"""Tiny drawn photos and pairs folders for tests that need no real data."""

from pathlib import Path

import numpy as np
from PIL import Image

from segmentation.classes import GarmentClass
from segmentation.data.pairs import Pair, PairsFolder, prepare_folder, save_mask, write_manifest
from segmentation.data.splits import SPLITS
from segmentation.mask import ClassMask
from segmentation.photos import Photo

COLOURS = ((190, 40, 40), (40, 60, 180), (60, 140, 70), (230, 210, 60))


def draw_pair(seed: int, height: int = 96, width: int = 72) -> tuple[Photo, ClassMask]:
    """A plain garment on a plain ground: an upper, a whole or a lower, by seed."""
    generator = np.random.default_rng(seed)
    garment_class = GarmentClass(1 + seed % 3)
    photo = np.full((height, width, 3), generator.integers(150, 240), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    left, right = width // 4, 3 * width // 4
    top, bottom = {
        GarmentClass.UPPER: (height // 8, height // 2),
        GarmentClass.WHOLE: (height // 8, 7 * height // 8),
        GarmentClass.LOWER: (height // 2, 7 * height // 8),
    }[garment_class]
    mask[top:bottom, left:right] = garment_class
    photo[mask > 0] = COLOURS[seed % len(COLOURS)]
    noise = generator.normal(0, 4, photo.shape)
    return np.clip(photo + noise, 0, 255).astype(np.uint8), mask


def draw_pairs(
    root: Path, count: int, labels: tuple[str, ...] = ("",), source: str = "drawn"
) -> PairsFolder:
    """A pairs folder with all three splits in it."""
    prepare_folder(root)
    pairs = []
    for seed in range(count):
        photo, mask = draw_pair(seed)
        Image.fromarray(photo).save(root / "photos" / f"{seed:03d}.jpg", quality=92)
        save_mask(mask, root / "masks" / f"{seed:03d}.png")
        split = SPLITS[0] if seed % 4 else SPLITS[1 + seed // 4 % 2]
        label = labels[seed % len(labels)]
        pairs.append(Pair(f"{seed:03d}", source, f"group {seed}", split, label))
    return write_manifest(root, pairs)
