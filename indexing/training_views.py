"""Pairs folders in, cached garments and two training views of each out.

An easy view is the garment on plain ground, turned, scaled and in another light. A hard view
is the whole change of `changed.seen_again`, cut out along a mask with mistakes drawn at random,
or, where `again_pairs` has made some, along the mask that the segmenter found on a changed
photo. Needs the `train` extra (OpenCV).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from indexing.again_pairs import name_before
from indexing.crop import GROUND, Crop, crop_garment
from segmentation.augment import AugmentConfig, augment
from segmentation.changed import seen_again
from segmentation.classes import CLOTHING_CLASSES
from segmentation.mask import (
    BoolMask,
    ClassMask,
    Garment,
    find_garments,
    one_hot,
    rectangle_in,
    region_garment,
)
from segmentation.pairs import SEEN_AGAIN, Pair, PairsFolder, load_mask, read_pairs
from segmentation.parts import PART_COUNT, Codes, class_codes
from segmentation.photos import Photo, read_photo
from segmentation.splits import Split

LABELS: Final = tuple(sorted(CLOTHING_CLASSES))
NO_LABEL: Final = -1
CACHE_SIDE: Final = 192
MIN_GARMENT_AREA: Final = 0.02

VIEW_CHANGES: Final = AugmentConfig(
    scale=(0.75, 1.6),
    stretch=0.15,
    shift=0.12,
    turn_degrees=20,
    upside_down_share=0.02,
    gain=0.4,
    contrast=0.4,
    white_balance=0.25,
    saturation=0.7,
    grey_share=0.2,
    blur_share=0.25,
    noise_share=0.15,
)
FOUND_CHANGES: Final = AugmentConfig(
    scale=(0.9, 1.05),
    stretch=0.05,
    shift=0.02,
    turn_degrees=6,
    upside_down_share=0.0,
    gain=0.15,
    contrast=0.1,
    white_balance=0.08,
    saturation=0.2,
    blur_share=0.0,
    noise_share=0.0,
)
"""A little of everything, so that few changed photos do for many epochs."""


@dataclass(frozen=True)
class ViewConfig:
    """How far views may lie from the garment.

    Attributes:
        changes: of easy views.
        occlusion_share: easy views with a rectangle hidden.
        ragged_share: views whose mask is a little too large or too small, as masks are.
        hard_share: garments whose second view is a hard one.
        found_share: hard views with a found mask, of garments that have such.
        blot_share: hard views whose mask has a rectangle too much; as many lack one.
    """

    changes: AugmentConfig = VIEW_CHANGES
    occlusion_share: float = 0.4
    ragged_share: float = 0.5
    hard_share: float = 0.6
    found_share: float = 0.75
    blot_share: float = 0.35


@dataclass(frozen=True, eq=False)
class CutGarment:
    """The photo of a garment's box, and the garment on it."""

    photo: Photo
    garment: Garment


@dataclass(frozen=True, eq=False)
class GarmentSample:
    """A cached garment: its box cut out with its mask; its label and part where known.

    Attributes:
        name: of its photo: folders may hold the same photo with several masks.
        again: the same garment on changed photos, by the masks found there.
    """

    name: str
    photo: Photo
    garment: Garment
    label: int
    part: int
    group: str
    source: str
    again: tuple[CutGarment, ...] = ()


@dataclass(frozen=True, eq=False)
class ViewPair:
    """Two views of one garment; `garment` is its place among the samples."""

    first: Crop
    second: Crop
    label: int
    part: int
    garment: int


class ViewPairs(Dataset[ViewPair]):
    """The pairs of views of one epoch; they depend on seed, epoch and position only."""

    def __init__(
        self, samples: list[GarmentSample], config: ViewConfig, seed: tuple[int, int], side: int
    ) -> None:
        draw = np.random.default_rng(seed)
        self._draws = draw.choice(len(samples), len(samples), p=_draw_shares(samples))
        self._others = draw.integers(0, len(samples), len(samples))
        self._samples, self._config, self._seed, self._side = samples, config, seed, side

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, position: int) -> ViewPair:
        drawn = int(self._draws[position])
        sample, config = self._samples[drawn], self._config
        generator = np.random.default_rng((*self._seed, position))
        first = easy_view(sample, self._side, config, generator)
        if generator.random() < config.hard_share:
            other = self._samples[self._others[position]].photo
            second = hardest_view(sample, other, self._side, config, generator)
        else:
            second = easy_view(sample, self._side, config, generator)
        return ViewPair(first, second, sample.label, sample.part, drawn)


def _draw_shares(samples: list[GarmentSample]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rare labels are drawn more often than they occur, by the root of their rarity."""
    counts = Counter(sample.label for sample in samples)
    weights = np.array([counts[sample.label] ** -0.5 for sample in samples])
    return np.asarray(weights / weights.sum())


def easy_view(
    sample: GarmentSample, side: int, config: ViewConfig, generator: np.random.Generator
) -> Crop:
    """The garment on plain ground as another camera, light and moment would show it."""
    mask = sample.garment.mask.astype(np.uint8)
    if generator.random() < config.ragged_share:
        mask = _ragged(mask, generator)
    view, view_mask = augment(sample.photo, mask, (side, side), config.changes, generator)
    if generator.random() < config.occlusion_share:
        height, width = generator.integers(side // 8, side // 3, 2)
        top, left = generator.integers(0, side - height), generator.integers(0, side - width)
        view_mask[top : top + height, left : left + width] = 0
    return np.where(view_mask[..., None] > 0, view, np.uint8(GROUND))


def hard_view(
    sample: GarmentSample,
    other: Photo,
    side: int,
    config: ViewConfig,
    generator: np.random.Generator,
) -> Crop:
    """The garment after the hard change, cut out along a mask with mistakes, maybe mirrored."""
    changed = seen_again(sample.photo, sample.garment, other, generator)
    mask = changed.mask
    if generator.random() < config.ragged_share:
        mask = _ragged(mask.astype(np.uint8), generator) > 0
    for value in (True, False):
        if generator.random() < config.blot_share:
            mask = _blotted(mask, value, generator)
    if not mask.any():
        mask = ~mask
    crop = crop_garment(changed.photo, region_garment(mask, sample.garment.garment_class), side)
    return crop[:, ::-1] if generator.random() < 0.5 else crop


def hardest_view(
    sample: GarmentSample,
    other: Photo,
    side: int,
    config: ViewConfig,
    generator: np.random.Generator,
) -> Crop:
    """Found again by the segmenter where it was, else a `hard_view`."""
    if not sample.again or generator.random() >= config.found_share:
        return hard_view(sample, other, side, config, generator)
    cut = sample.again[int(generator.integers(len(sample.again)))]
    photo, mask = augment(
        cut.photo, cut.garment.mask.astype(np.uint8), cut.photo.shape[:2], FOUND_CHANGES, generator
    )
    if not mask.any():
        return crop_garment(cut.photo, cut.garment, side)
    return crop_garment(photo, region_garment(mask > 0, sample.garment.garment_class), side)


def _blotted(mask: BoolMask, value: bool, generator: np.random.Generator) -> BoolMask:
    """The mask with a rectangle of 15 to 45 % of its sides wrongly in or out."""
    height, width = mask.shape
    tall, wide = (generator.uniform(0.15, 0.45, 2) * (height, width)).astype(int) + 1
    blotted = mask.copy()
    blotted[rectangle_in((0, 0, width, height), int(tall), int(wide), generator)] = value
    return blotted


def _ragged(mask: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The mask grown or shrunk by up to 4 % of its side, as a segmenter's may be."""
    reach = 1 + int(generator.integers(1 + max(mask.shape) // 25))
    change = cv2.dilate if generator.random() < 0.5 else cv2.erode
    ragged = np.asarray(change(mask, np.ones((reach, reach), np.uint8)), np.uint8)
    return ragged if ragged.any() else mask


def read_garments(roots: tuple[Path, ...], split: Split) -> list[GarmentSample]:
    """All garments of one split of some pairs folders, cut out and in memory; photos that show
    one of them again become views of it."""
    folders = [read_pairs(root).of_split(split).masked() for root in roots]
    again = _seen_again(folders)
    return [
        sample
        for folder in folders
        for pair in folder.pairs
        if pair.source != SEEN_AGAIN
        for sample in _garments_of(folder, pair, again.get(pair.name, []))
    ]


def _seen_again(folders: Sequence[PairsFolder]) -> dict[str, list[CutGarment]]:
    """Name of a pair -> its main garment on changed photos."""
    again: dict[str, list[CutGarment]] = {}
    for folder in folders:
        for pair in folder.pairs:
            if pair.source == SEEN_AGAIN:
                photo, mask = _read(folder, pair)
                cuts = [_cut(photo, each) for each in find_garments(mask, one_hot(mask))[:1]]
                again.setdefault(name_before(pair.name), []).extend(cuts)
    return again


def _garments_of(
    folder: PairsFolder, pair: Pair, again: Sequence[CutGarment]
) -> Iterator[GarmentSample]:
    photo, mask = _read(folder, pair)
    known = folder.parts_path(pair).is_file()
    codes = load_mask(folder.parts_path(pair)) if known else class_codes(mask, pair.label)
    label = LABELS.index(pair.label) if pair.label in LABELS else NO_LABEL
    for place, garment in enumerate(find_garments(mask, one_hot(mask))):
        if garment.area >= MIN_GARMENT_AREA:
            x0, y0, x1, y1 = garment.box
            cut = _cut(photo, garment)
            part = _part_of(codes[y0:y1, x0:x1][garment.mask])
            # The main garment of a pair is the one that was changed, unless masks differ.
            own = again if place == 0 else ()
            same = tuple(e for e in own if e.garment.garment_class == garment.garment_class)
            yield GarmentSample(
                pair.name, cut.photo, cut.garment, label, part, pair.group, pair.source, same
            )


def _read(folder: PairsFolder, pair: Pair) -> tuple[Photo, ClassMask]:
    return read_photo(folder.photo_path(pair)), load_mask(folder.mask_path(pair))


def _cut(photo: Photo, garment: Garment) -> CutGarment:
    """A garment's box, at most CACHE_SIDE pixels long."""
    x0, y0, x1, y1 = garment.box
    scale = min(1.0, CACHE_SIDE / max(y1 - y0, x1 - x0))
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    small = cv2.resize(photo[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(garment.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    cut = replace(garment, mask=np.asarray(mask, bool), box=(0, 0, *size))
    return CutGarment(np.asarray(small, np.uint8), cut)


def _part_of(codes: Codes) -> int:
    """The commonest part of a garment's pixels (n,); NO_LABEL where only its class is known."""
    code = int(np.bincount(codes).argmax())
    return code if code < PART_COUNT else NO_LABEL
