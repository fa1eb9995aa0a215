"""Garment crops of the training pairs, cached in memory.

Needs the `train` extra (OpenCV).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from segmentation.classes import CLOTHING_CLASSES
from segmentation.data.labels import PART_COUNT, Codes, class_codes
from segmentation.data.pairs import Pair, PairsFolder, load_mask, read_pairs, spread
from segmentation.data.splits import Split
from segmentation.mask import Garment, find_garments, one_hot
from segmentation.photos import Photo, read_photo
from segmentation.training.loop import SECONDS_BETWEEN_REPORTS, Report

LABELS: Final = tuple(sorted(CLOTHING_CLASSES))
NO_LABEL: Final = -1
CACHE_SIDE: Final = 224
MIN_GARMENT_AREA: Final = 0.02
SAME_GARMENT: Final = Path(__file__).with_name("same_garment.csv")
"""Photos of the clothing dataset that show the same garment, one garment per line, matched by eye
among the photos of each sender."""


@dataclass(frozen=True, eq=False)
class GarmentSample:
    """A garment cut out of its photo along its box.

    Attributes:
        name: name of the photo.
        photo, garment: the box's pixels, at most CACHE_SIDE long, and the mask on them.
        label: index into LABELS; NO_LABEL where unknown.
        part: most frequent code of `segmentation.data.labels` in the mask, or NO_LABEL.
        group: sender or photo, which the splits keep together.
        same_garment: indices of the samples that show this garment on other photos.
    """

    name: str
    photo: Photo
    garment: Garment
    label: int
    part: int
    group: str
    source: str
    same_garment: tuple[int, ...] = ()


def read_garments(
    roots: tuple[Path, ...], split: Split, report: Report, limit: int | None = None
) -> list[GarmentSample]:
    """Read all garments of one split of some pairs folders.

    Args:
        limit: maximum number of pairs per folder, for a trial run.
    """
    folders = [read_pairs(root).of_split(split).masked() for root in roots]
    pairs = [(folder, pair) for folder in folders for pair in spread(folder.pairs, limit)]
    samples: list[GarmentSample] = []
    reported = time.monotonic()
    for done, (folder, pair) in enumerate(pairs):
        if time.monotonic() - reported > SECONDS_BETWEEN_REPORTS:
            reported = time.monotonic()
            report(f"{done} of {len(pairs)} {split} photos read")
        samples += _garments_of(folder, pair)
    report(f"{len(samples)} {split} garments on {len(pairs)} photos")
    return link_same_garments(samples, SAME_GARMENT.read_text().splitlines())


def link_same_garments(samples: list[GarmentSample], lines: list[str]) -> list[GarmentSample]:
    """Set `same_garment` of the samples.

    Args:
        lines: comma-separated names of photos of one garment; no photo is on two lines.
    """
    # The first sample of a photo is its largest garment, which the line refers to.
    index = {each.name: i for i, each in reversed(list(enumerate(samples)))}
    linked = list(samples)
    for line in lines:
        shown = [index[name] for name in line.split(",") if name in index]
        for own in shown:
            linked[own] = replace(samples[own], same_garment=tuple(i for i in shown if i != own))
    return linked


def _garments_of(folder: PairsFolder, pair: Pair) -> Iterator[GarmentSample]:
    photo, mask = read_photo(folder.photo_path(pair)), load_mask(folder.mask_path(pair))
    known = folder.parts_path(pair).is_file()
    codes = load_mask(folder.parts_path(pair)) if known else class_codes(mask, pair.label)
    label = LABELS.index(pair.label) if pair.label in LABELS else NO_LABEL
    for garment in find_garments(mask, one_hot(mask)):
        if garment.area >= MIN_GARMENT_AREA:
            x0, y0, x1, y1 = garment.box
            part = _part_of(codes[y0:y1, x0:x1][garment.mask])
            cut, own = _cut(photo, garment)
            yield GarmentSample(pair.name, cut, own, label, part, pair.group, pair.source)


def _cut(photo: Photo, garment: Garment) -> tuple[Photo, Garment]:
    """Crop a photo to a garment's box, reduced to CACHE_SIDE, with the garment on it."""
    x0, y0, x1, y1 = garment.box
    scale = min(1.0, CACHE_SIDE / max(y1 - y0, x1 - x0))
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    small = cv2.resize(photo[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(garment.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    cut = replace(garment, mask=np.asarray(mask, bool), box=(0, 0, *size))
    return np.asarray(small, np.uint8), cut


def _part_of(codes: Codes) -> int:
    """Most frequent part of a garment's pixels (n,); NO_LABEL where only its class is known."""
    code = int(np.bincount(codes).argmax())
    return code if code < PART_COUNT else NO_LABEL
