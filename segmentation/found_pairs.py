"""Photos and a segmenter in, a pairs folder with the masks that it finds out.

The encoder is to work on masks as they are found, not as they should be: trained on both,
it learns what a ragged mask leaves of a garment. On a photo with a label the largest
garment alone is kept, and the label gives its class.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.classes import CLOTHING_CLASSES, CLOTHING_NOT_GARMENTS
from segmentation.mask import ClassMask, Segmentation
from segmentation.pairs import (
    Pair,
    PairsFolder,
    Progress,
    no_progress,
    prepare_folder,
    read_pairs,
    save_mask,
    write_manifest,
)
from segmentation.photos import read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter
from segmentation.splits import TAUGHT_WITH

FOUND: Final = "found"
"""Source of these pairs."""


def create_found(
    roots: Sequence[Path], segmenter: Segmenter, out: Path, progress: Progress = no_progress
) -> PairsFolder:
    """Pairs of the train and val photos of some pairs folders on which a garment is found."""
    wanted = list(_wanted(roots))
    prepare_folder(out)
    pairs: list[Pair] = []
    for start in range(0, len(wanted), BATCH_SIZE):
        batch = wanted[start : start + BATCH_SIZE]
        photos = [read_photo(folder.photo_path(pair)) for folder, pair in batch]
        for (folder, pair), segmentation in zip(batch, segmenter.segment(photos), strict=True):
            if not segmentation.garments:
                continue
            save_mask(found_mask(segmentation, pair.label), out / "masks" / f"{pair.name}.png")
            shutil.copyfile(folder.photo_path(pair), out / "photos" / f"{pair.name}.jpg")
            pairs.append(replace(pair, source=FOUND))
        progress(start + len(batch), len(wanted))
    return write_manifest(out, pairs)


def _wanted(roots: Sequence[Path]) -> Iterator[tuple[PairsFolder, Pair]]:
    for root in roots:
        folder = read_pairs(root)
        for pair in folder.pairs:
            if pair.split in TAUGHT_WITH and pair.label not in CLOTHING_NOT_GARMENTS:
                yield folder, pair


def found_mask(segmentation: Segmentation, label: str) -> ClassMask:
    """The class mask (H, W) to learn from."""
    if label not in CLOTHING_CLASSES:
        return segmentation.mask
    garment = segmentation.garments[0]
    x0, y0, x1, y1 = garment.box
    mask = np.zeros(segmentation.mask.shape, np.uint8)
    inside = Image.fromarray(garment.mask).resize((x1 - x0, y1 - y0), Image.Resampling.NEAREST)
    mask[y0:y1, x0:x1][np.asarray(inside, bool)] = CLOTHING_CLASSES[label]
    return mask
