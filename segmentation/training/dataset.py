"""Training samples of the segmenter and their augmented views.

photo + (parts | class mask and label) -> TrainingSample -> View (photo, codes, image labels)
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    CLASS_CODE,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
    Codes,
    ImageLabels,
    class_codes,
    image_labels_of_classes,
    image_labels_of_codes,
    image_labels_of_label,
)
from segmentation.data.pairs import STREET, Pair, PairsFolder, load_mask, read_pairs, spread
from segmentation.data.splits import Split
from segmentation.errors import DatasetError
from segmentation.mask import ClassMask
from segmentation.photos import Photo, read_photo
from segmentation.training.augment import AugmentConfig, augment
from segmentation.training.background import background_image_labels, background_window
from segmentation.training.distortion import distort
from segmentation.training.loop import Report, no_report
from segmentation.training.paste import View, paste_view
from segmentation.training.recolour import recolour
from segmentation.training.shop_views import BACKGROUND_PART, figure_window, on_studio_background

CACHE_SIDE: Final = 640
"""Longer side of the photos in memory."""
READ_LINE_EVERY: Final = 500
"""Photos between two lines of progress while reading."""
CODE_STRIDE: Final = 2
"""Stride of the loss in pixels, which halves the decoder's cost without measurable harm."""
DISTORTED_SCALE: Final = (0.8, 1.2)
"""Scale range of distorted copies, which are cropped already."""


@dataclass(frozen=True, eq=False)
class TrainingSample:
    """A photo in memory with its labels.

    Attributes:
        codes: label code of each pixel, (H, W).
        mask: the true class mask.
        weight: sampling weight relative to others of its source.
    """

    name: str
    source: str
    photo: Photo
    codes: Codes
    mask: ClassMask
    image_labels: ImageLabels
    weight: float


@dataclass(frozen=True)
class SamplingShares:
    """Sampling share of each source and probability of each augmentation.

    Attributes:
        ccp: share of street photos; shares of missing sources are distributed over the others.
        clothing: share of product photos.
        drawn: share of drawn photos.
        imaterialist: share of iMaterialist.
        whole_weight: sampling weight of photos with a whole garment.
        copy_paste: share of views whose figure is pasted onto another view.
        recolour: share of photos whose garments are recoloured.
        background: share of views that are a window without a garment.
        distorted: share of single-class photos replaced by a distorted copy.
        distorted_background: of these, share with a garment-free window behind the garment
            instead of a whole photo.
        figure_crop: share of street photos cropped to a part of the figure.
        studio: share of street photos put on a plain studio background.
    """

    ccp: float = 0.58
    clothing: float = 0.39
    drawn: float = 0.03
    imaterialist: float = 0.3
    whole_weight: float = 1.8
    copy_paste: float = 0.25
    recolour: float = 0.35
    background: float = 0.05
    distorted: float = 0.15
    distorted_background: float = 0.4
    figure_crop: float = 0.35
    studio: float = 0.2

    def share_of(self, source: str) -> float:
        """Share of a `Pair.source`."""
        shares = {
            STREET: self.ccp,
            "clothing": self.clothing,
            "drawn": self.drawn,
            "imaterialist": self.imaterialist,
        }
        return shares[source]


def read_samples(
    roots: Sequence[Path],
    split: Split,
    whole_weight: float,
    limit: int | None = None,
    report: Report = no_report,
) -> list[TrainingSample]:
    """Read the photos of one split into memory, reduced to CACHE_SIDE.

    Args:
        limit: maximum number of photos per folder, evenly spaced; None: all.

    Raises:
        DatasetError: there are none.
    """
    samples: list[TrainingSample] = []
    for root in roots:
        folder = read_pairs(root).of_split(split)
        for pair in spread(folder.pairs, limit):
            samples.append(_read_sample(folder, pair, whole_weight))
            if len(samples) % READ_LINE_EVERY == 0:
                report(f"{len(samples)} {split} photos read")
    if not samples:
        raise DatasetError(f"no {split} pairs; make them with `apparel dataset`")
    counts = Counter(sample.source for sample in samples)
    listed = ", ".join(f"{count} {source}" for source, count in sorted(counts.items()))
    report(f"{len(samples)} {split} photos read: {listed}")
    return samples


def _read_sample(folder: PairsFolder, pair: Pair, whole_weight: float) -> TrainingSample:
    photo = read_photo(folder.photo_path(pair), CACHE_SIDE)
    codes, mask, image_labels = _truth_of(folder, pair, photo)
    weight = whole_weight if image_labels[GarmentClass.WHOLE - 1] == PRESENT else 1.0
    return TrainingSample(pair.name, pair.source, photo, codes, mask, image_labels, weight)


def _truth_of(
    folder: PairsFolder, pair: Pair, photo: Photo
) -> tuple[Codes, ClassMask, ImageLabels]:
    mask = _reduced(load_mask(folder.mask_path(pair)), photo)
    if folder.parts_path(pair).is_file():
        codes = _reduced(load_mask(folder.parts_path(pair)), photo)
        return codes, mask, image_labels_of_codes(codes)
    if pair.label:
        return class_codes(mask, pair.label), mask, image_labels_of_label(pair.label)
    return class_codes(mask), mask, image_labels_of_classes(mask)


def _reduced(mask: ClassMask, photo: Photo) -> ClassMask:
    size = (photo.shape[1], photo.shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)


class Views(Dataset[View]):
    """Dataset of one epoch's augmented views, determined by seed, epoch and position."""

    def __init__(
        self,
        samples: Sequence[TrainingSample],
        shares: SamplingShares,
        augmentation: AugmentConfig,
        count: int,
        size: tuple[int, int],
        seed: tuple[int, int],
    ) -> None:
        """`size` is (height, width) of the views, `seed` (run, epoch)."""
        draw = np.random.default_rng(seed)
        probabilities = _draw_probabilities(samples, shares)
        self._draws = draw.choice(len(samples), count, p=probabilities)
        self._others = draw.choice(len(samples), count, p=probabilities)
        self._is_pasted = draw.random(count) < shares.copy_paste
        self._is_background = draw.random(count) < shares.background
        self._is_distorted = draw.random(count) < shares.distorted
        self._samples, self._shares, self._augmentation = samples, shares, augmentation
        self._size, self._seed = size, seed

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, position: int) -> View:
        sample = self._samples[self._draws[position]]
        generator = np.random.default_rng((*self._seed, position))
        if self._is_background[position] and (empty := _without_garments(sample, generator)):
            return self._view(empty, generator)
        other = self._samples[self._others[position]]
        if self._is_distorted[position] and _shows_one_class(sample):
            distorted = _distorted_copy(sample, self._new_background(other, generator), generator)
            scaled = replace(self._augmentation, scale=DISTORTED_SCALE)
            return self._view(distorted, generator, scaled)
        view = self._view(sample, generator)
        if not self._is_pasted[position]:
            return view
        return paste_view(view, self._view(other, generator), generator)

    def _new_background(self, other: TrainingSample, generator: np.random.Generator) -> Photo:
        """Another photo, or a garment-free window of it if there is one."""
        if generator.random() < self._shares.distorted_background:
            window = background_window(other.photo, other.codes, generator)
            if window is not None:
                return window[0]
        return other.photo

    def _view(
        self,
        sample: TrainingSample,
        generator: np.random.Generator,
        augmentation: AugmentConfig | None = None,
    ) -> View:
        photo, codes = self._shop_view(sample, generator)
        if generator.random() < self._shares.recolour:
            photo = recolour(photo, codes, generator)
        view, view_codes = augment(
            photo,
            codes,
            self._size,
            augmentation or self._augmentation,
            generator,
            mask_stride=CODE_STRIDE,
            outside=UNKNOWN_CODE,
        )
        return view, view_codes, _labels_of_view(sample, view_codes)

    def _shop_view(
        self, sample: TrainingSample, generator: np.random.Generator
    ) -> tuple[Photo, Codes]:
        """Crop a street photo or replace its background; other photos stay unchanged."""
        photo, codes = sample.photo, sample.codes
        if sample.source != STREET:
            return photo, codes
        if generator.random() < self._shares.figure_crop:
            window = figure_window(codes, generator)
            photo, codes = photo[window], codes[window]
        if generator.random() < self._shares.studio:
            photo = on_studio_background(photo, codes == BACKGROUND_PART, generator)
        return photo, codes


def _without_garments(
    sample: TrainingSample, generator: np.random.Generator
) -> TrainingSample | None:
    window = background_window(sample.photo, sample.codes, generator)
    if window is None:
        return None
    photo, codes = window
    return replace(
        sample,
        photo=photo,
        codes=codes,
        mask=np.zeros_like(codes),
        image_labels=background_image_labels(codes),
    )


def _shows_one_class(sample: TrainingSample) -> bool:
    return len(np.unique(sample.mask[sample.mask > 0])) == 1


def _distorted_copy(
    sample: TrainingSample, background: Photo, generator: np.random.Generator
) -> TrainingSample:
    """The sample's garment on another background, partly occluded."""
    outside = CLASS_CODE + GarmentClass.BACKGROUND
    codes = np.where(sample.mask > 0, sample.codes, np.uint8(outside))
    photo, codes = distort(sample.photo, codes, outside, background, generator)
    return replace(sample, photo=photo, codes=codes)


def _labels_of_view(sample: TrainingSample, codes: Codes) -> ImageLabels:
    """The photo's image labels; those cropped away by the view become unlabelled."""
    cut_away = (sample.image_labels == PRESENT) & (image_labels_of_codes(codes) != PRESENT)
    return np.asarray(np.where(cut_away, UNLABELLED, sample.image_labels), np.float32)


def _draw_probabilities(
    samples: Sequence[TrainingSample], shares: SamplingShares
) -> npt.NDArray[np.float64]:
    sources = np.array([sample.source for sample in samples])
    weights = np.array([sample.weight for sample in samples])
    probabilities = np.zeros(len(samples))
    for source in set(sources.tolist()):
        own = sources == source
        probabilities[own] = shares.share_of(source) * weights[own] / weights[own].sum()
    return np.asarray(probabilities / probabilities.sum())
