"""Pairs of training views of each garment. Needs the `train` extra (OpenCV).

An easy view is the garment on a plain background, rotated, scaled and with another illumination. A
hard view is a distorted copy (`segmentation.training.distortion`), cut out along a mask with
random errors like those of a segmenter. Where other photos of the same garment are known, the
second view is mostly taken from one of them.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from indexing.embedding.crop import BACKGROUND_GREY, Crop, crop_garment
from indexing.training.samples import GarmentSample
from segmentation.mask import BoolMask, rectangle_in, region_garment
from segmentation.photos import Photo
from segmentation.training.augment import AugmentConfig, augment
from segmentation.training.distortion import distorted_copy

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


@dataclass(frozen=True)
class ViewConfig:
    """Strength of the view augmentation.

    Attributes:
        changes: augmentation of easy views.
        occlusion_share: share of easy views with a hidden rectangle.
        ragged_share: share of views whose mask is dilated or eroded a little.
        hard_share: share of garments whose second view is a hard one.
        other_photo_share: share of second views from another photo, where there is one.
        blot_share: share of hard views with a rectangle added to the mask, and of those with one
            removed.
    """

    changes: AugmentConfig = VIEW_CHANGES
    occlusion_share: float = 0.4
    ragged_share: float = 0.5
    hard_share: float = 0.5
    other_photo_share: float = 0.6
    blot_share: float = 0.35


@dataclass(frozen=True, eq=False)
class ViewPair:
    """Two views of one garment; photos of the same garment have the same `identity`."""

    first: Crop
    second: Crop
    label: int
    part: int
    identity: int


class ViewPairs(Dataset[ViewPair]):
    """Dataset of one epoch's view pairs, determined by seed, epoch and position."""

    def __init__(
        self,
        samples: list[GarmentSample],
        config: ViewConfig,
        seed: tuple[int, int],
        side: int,
        count: int,
    ) -> None:
        """Draw `count` garments for crops of `side` pixels; `seed` is (run's seed, epoch)."""
        draw = np.random.default_rng(seed)
        self._drawn = draw.choice(len(samples), count, p=_draw_shares(samples))
        self._backgrounds = draw.integers(0, len(samples), count)
        self._samples, self._config, self._seed, self._side = samples, config, seed, side

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, position: int) -> ViewPair:
        index = int(self._drawn[position])
        sample, config = self._samples[index], self._config
        generator = np.random.default_rng((*self._seed, position))
        first = easy_view(sample, self._side, config, generator)
        other = sample
        if sample.same_garment and generator.random() < config.other_photo_share:
            other = self._samples[int(generator.choice(sample.same_garment))]
        if generator.random() < config.hard_share:
            background = self._samples[self._backgrounds[position]].photo
            second = hard_view(other, background, self._side, config, generator)
        else:
            second = easy_view(other, self._side, config, generator)
        identity = min((index, *sample.same_garment))
        return ViewPair(first, second, sample.label, sample.part, identity)


def _draw_shares(samples: list[GarmentSample]) -> npt.NDArray[np.float64]:
    """Sampling probability of each sample, proportional to 1 / sqrt(count of its label)."""
    counts = Counter(sample.label for sample in samples)
    weights = np.array([counts[sample.label] ** -0.5 for sample in samples])
    return np.asarray(weights / weights.sum())


def easy_view(
    sample: GarmentSample, side: int, config: ViewConfig, generator: np.random.Generator
) -> Crop:
    """Augment the garment on a plain background: camera position and illumination."""
    mask = sample.garment.mask.astype(np.uint8)
    if generator.random() < config.ragged_share:
        mask = _ragged(mask, generator)
    view, view_mask = augment(sample.photo, mask, (side, side), config.changes, generator)
    if generator.random() < config.occlusion_share:
        height, width = generator.integers(side // 8, side // 3, 2)
        top, left = generator.integers(0, side - height), generator.integers(0, side - width)
        view_mask[top : top + height, left : left + width] = 0
    return np.where(view_mask[..., None] > 0, view, np.uint8(BACKGROUND_GREY))


def hard_view(
    sample: GarmentSample,
    background: Photo,
    side: int,
    config: ViewConfig,
    generator: np.random.Generator,
) -> Crop:
    """Crop a distorted copy along a mask with errors, mirrored with probability 0.5."""
    distorted = distorted_copy(sample.photo, sample.garment, background, generator)
    mask = distorted.mask
    if generator.random() < config.ragged_share:
        mask = _ragged(mask.astype(np.uint8), generator) > 0
    for value in (True, False):
        if generator.random() < config.blot_share:
            mask = _blotted(mask, value, generator)
    if not mask.any():
        mask = ~mask
    crop = crop_garment(distorted.photo, region_garment(mask, sample.garment.garment_class), side)
    return crop[:, ::-1] if generator.random() < 0.5 else crop


def _blotted(mask: BoolMask, value: bool, generator: np.random.Generator) -> BoolMask:
    """Set a rectangle of 15 to 45 % of the mask's sides to `value`."""
    height, width = mask.shape
    tall, wide = (generator.uniform(0.15, 0.45, 2) * (height, width)).astype(int) + 1
    blotted = mask.copy()
    blotted[rectangle_in((0, 0, width, height), int(tall), int(wide), generator)] = value
    return blotted


def _ragged(mask: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Dilate or erode the mask by up to 4 % of its side."""
    reach = 1 + int(generator.integers(1 + max(mask.shape) // 25))
    change = cv2.dilate if generator.random() < 0.5 else cv2.erode
    ragged = np.asarray(change(mask, np.ones((reach, reach), np.uint8)), np.uint8)
    return ragged if ragged.any() else mask
