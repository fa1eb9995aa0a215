"""Pairs folders in, cached training samples and their augmented views out.

photo + (parts | class mask and label | tags) -> Sample -> View (photo, codes, answers)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset

from segmentation.augment import AugmentConfig, augment
from segmentation.bare import bare_presence, bare_window
from segmentation.changed import hard_change
from segmentation.classes import GarmentClass
from segmentation.errors import DatasetError
from segmentation.mask import ClassMask
from segmentation.pairs import Pair, PairsFolder, load_mask, read_pairs
from segmentation.parts import (
    CLASS_CODE,
    PRESENT,
    UNKNOWN_CODE,
    UNSAID,
    Codes,
    Presence,
    class_codes,
    presence_of_classes,
    presence_of_codes,
    presence_of_label,
    presence_of_tags,
)
from segmentation.paste import View, paste_view
from segmentation.photos import Photo, read_photo
from segmentation.recolour import recolour
from segmentation.splits import Split

CACHE_SIDE: Final = 400
"""Photos are kept in memory at this long side."""
CODE_STRIDE: Final = 2
"""The loss is taken on every second pixel: half of the decoder's cost, no measured harm."""
CHANGED_SCALE: Final = (0.8, 1.2)
"""Of photos seen again: the hard change has cropped them already."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A cached photo with what is known of it.

    Attributes:
        codes: what each pixel may be; all UNKNOWN_CODE where there is no mask.
        mask: the true class mask, None where there is none.
        answers: what is on the photo.
        weight: how often it is drawn, against the others of its source.
    """

    name: str
    source: str
    photo: Photo
    codes: Codes
    mask: ClassMask | None
    answers: Presence
    weight: float


@dataclass(frozen=True)
class Mixture:
    """Share of each source in an epoch's views; sources that are absent leave theirs to the rest.

    `whole` is how much more often a photo with a whole garment is drawn than one without,
    `pasted` the share of views whose figure is pasted before another photo, `recoloured` the
    share of photos whose garments are dyed, `bare` the share of views without any garment, and
    `changed` the share of photos with one class that are seen again through a hard change, on
    `on_ground` of which a window without any garment lies behind instead of a whole photo.
    """

    ccp: float = 0.45
    clothing: float = 0.35
    drawn: float = 0.06
    imaterialist: float = 0.3
    tagged: float = 0.10
    unmasked: float = 0.04
    whole: float = 1.6
    pasted: float = 0.3
    recoloured: float = 0.0
    bare: float = 0.0
    changed: float = 0.0
    on_ground: float = 0.0

    def share_of(self, source: str) -> float:
        """Share of a `Pair.source`."""
        shares = {
            "ccp": self.ccp,
            "clothing": self.clothing,
            "drawn": self.drawn,
            "imaterialist": self.imaterialist,
            "ccp-tagged": self.tagged,
            "clothing-unmasked": self.unmasked,
        }
        return shares[source]


def read_samples(roots: Sequence[Path], split: Split, whole_weight: float) -> list[Sample]:
    """All photos of one split, reduced and in memory; DatasetError if there are none."""
    samples = [
        sample
        for root in roots
        for sample in _cached(read_pairs(root).of_split(split), whole_weight)
    ]
    if not samples:
        raise DatasetError(f"no {split} pairs; make them with `apparel dataset`")
    return samples


def _cached(folder: PairsFolder, whole_weight: float) -> Iterator[Sample]:
    for pair in folder.pairs:
        photo = read_photo(folder.photo_path(pair), CACHE_SIDE)
        codes, mask, answers = _truth_of(folder, pair, photo)
        whole = answers[GarmentClass.WHOLE - 1] == 1
        yield Sample(
            pair.name, pair.source, photo, codes, mask, answers, whole_weight if whole else 1.0
        )


def _truth_of(
    folder: PairsFolder, pair: Pair, photo: Photo
) -> tuple[Codes, ClassMask | None, Presence]:
    if not pair.masked:
        codes = np.full(photo.shape[:2], UNKNOWN_CODE, np.uint8)
        said_by = presence_of_tags if pair.source == "ccp-tagged" else presence_of_label
        return codes, None, said_by(pair.label)
    mask = _reduced(load_mask(folder.mask_path(pair)), photo)
    if folder.parts_path(pair).is_file():
        codes = _reduced(load_mask(folder.parts_path(pair)), photo)
        return codes, mask, presence_of_codes(codes)
    if pair.label:
        return class_codes(mask, pair.label), mask, presence_of_label(pair.label)
    return class_codes(mask), mask, presence_of_classes(mask)


def _reduced(mask: ClassMask, photo: Photo) -> ClassMask:
    size = (photo.shape[1], photo.shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)


class Views(Dataset[View]):
    """The augmented views of one epoch: view i depends on seed, epoch and i only."""

    def __init__(
        self,
        samples: Sequence[Sample],
        mixture: Mixture,
        changes: AugmentConfig,
        count: int,
        size: tuple[int, int],
        seed: tuple[int, int],
    ) -> None:
        draw = np.random.default_rng(seed)
        shares = _draw_shares(samples, mixture)
        self._draws = draw.choice(len(samples), count, p=shares)
        self._behind = draw.choice(len(samples), count, p=shares)
        self._is_pasted = draw.random(count) < mixture.pasted
        self._is_bare = draw.random(count) < mixture.bare
        self._is_changed = draw.random(count) < mixture.changed
        self._samples, self._mixture, self._changes = samples, mixture, changes
        self._size, self._seed = size, seed

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, position: int) -> View:
        sample = self._samples[self._draws[position]]
        generator = np.random.default_rng((*self._seed, position))
        if self._is_bare[position] and (bare := _without_garments(sample, generator)):
            return self._view(bare, generator)
        other = self._samples[self._behind[position]]
        if self._is_changed[position] and _shows_one_class(sample):
            changed = _seen_again(sample, self._behind_changed(other, generator), generator)
            return self._view(changed, generator, replace(self._changes, scale=CHANGED_SCALE))
        view = self._view(sample, generator)
        if sample.mask is None or not self._is_pasted[position]:
            return view
        return paste_view(view, self._view(other, generator), generator)

    def _behind_changed(self, other: Sample, generator: np.random.Generator) -> Photo:
        """Another photo, or a window of it without a garment where one is hit upon."""
        if generator.random() < self._mixture.on_ground:
            window = bare_window(other.photo, other.codes, generator)
            if window is not None:
                return window[0]
        return other.photo

    def _view(
        self,
        sample: Sample,
        generator: np.random.Generator,
        changes: AugmentConfig | None = None,
    ) -> View:
        photo = sample.photo
        if generator.random() < self._mixture.recoloured:
            photo = recolour(photo, sample.codes, generator)
        view, codes = augment(
            photo,
            sample.codes,
            self._size,
            changes or self._changes,
            generator,
            mask_stride=CODE_STRIDE,
            outside=UNKNOWN_CODE,
        )
        return view, codes, _still_seen(sample, codes)


def _without_garments(sample: Sample, generator: np.random.Generator) -> Sample | None:
    window = bare_window(sample.photo, sample.codes, generator)
    if window is None:
        return None
    photo, codes = window
    return replace(
        sample,
        photo=photo,
        codes=codes,
        mask=np.zeros_like(codes),
        answers=bare_presence(codes),
    )


def _shows_one_class(sample: Sample) -> bool:
    return sample.mask is not None and len(np.unique(sample.mask[sample.mask > 0])) == 1


def _seen_again(sample: Sample, behind: Photo, generator: np.random.Generator) -> Sample:
    """Its garment alone, before `behind` and partly hidden."""
    assert sample.mask is not None
    ground = CLASS_CODE + GarmentClass.BACKGROUND
    codes = np.where(sample.mask > 0, sample.codes, np.uint8(ground))
    photo, codes = hard_change(sample.photo, codes, ground, behind, generator)
    return replace(sample, photo=photo, codes=codes)


def _still_seen(sample: Sample, codes: Codes) -> Presence:
    """The photo's answers, but for what has been cut away: of that, nothing is said."""
    if sample.mask is None:
        return sample.answers
    cut_away = (sample.answers == PRESENT) & (presence_of_codes(codes) != PRESENT)
    return np.asarray(np.where(cut_away, UNSAID, sample.answers), np.float32)


def _draw_shares(samples: Sequence[Sample], mixture: Mixture) -> npt.NDArray[np.float64]:
    sources = np.array([sample.source for sample in samples])
    weights = np.array([sample.weight for sample in samples])
    shares = np.zeros(len(samples))
    for source in set(sources.tolist()):
        own = sources == source
        shares[own] = mixture.share_of(source) * weights[own] / weights[own].sum()
    return np.asarray(shares / shares.sum())
