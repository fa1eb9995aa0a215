"""Photos in; their garments as answers, and those of changed photos as what is asked, out.

A photo's largest garment is changed (`segmentation.changed`), each time before another background
(`indexing.behind`), and looked at anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from indexing.behind import BACKGROUNDS
from indexing.colour import describe_colours
from indexing.crop import crop_garment
from indexing.encoder import Encoded
from indexing.errors import IndexingError
from indexing.evaluate import SHIPPED, UNMASKED, Contest
from indexing.labelled import (
    BATCH_SIZE,
    Classes,
    LabelledPhoto,
    VectorSet,
    main_garment,
    read_or_none,
    whole_garment,
)
from indexing.metrics import Labels
from indexing.probes import OtherMask, other_masks
from indexing.stages import Vectors
from segmentation.changed import ChangedPhoto, seen_again
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import BoolMask, Garment, region_garment
from segmentation.photos import Photo

SEED: Final = 0


@dataclass(frozen=True, eq=False)
class GarmentVectors:
    """Garments of several photos: the place of each one's photo, its classes, its vectors.

    Those of one photo stand one after another, what its mask shows first.
    `guessed`: with which only a garment whose details agree is found, (n,).
    """

    photos: Labels
    classes: Sequence[Classes]
    guessed: BoolMask
    sets: dict[str, VectorSet]

    @property
    def firsts(self) -> Labels:
        """Where the garments of each photo begin."""
        return np.flatnonzero(np.diff(self.photos, prepend=-1))

    def masks_alone(self) -> "GarmentVectors":
        """The first garment of each photo."""
        firsts = self.firsts
        return GarmentVectors(
            self.photos[firsts],
            [self.classes[place] for place in firsts],
            self.guessed[firsts],
            {name: each.only(firsts) for name, each in self.sets.items()},
        )

    def without_tiles(self) -> "GarmentVectors":
        """The same, as encoders without tiles would give them."""
        sets = {name: each.without_tiles() for name, each in self.sets.items()}
        return replace(self, sets=sets)


@dataclass(frozen=True, eq=False)
class AskedGarments:
    """Changed photos' garments: as a search asks with them, and by their true masks."""

    found: GarmentVectors
    true: GarmentVectors


class _Builder:
    """Collects the garments of photos, batch by batch."""

    def __init__(self, contest: Contest, baselines: bool = True) -> None:
        self._contest = contest
        self._baselines = baselines
        self._photos: list[int] = []
        self._classes: list[Classes] = []
        self._guessed: list[bool] = []
        self._seen: dict[str, list[Encoded]] = {}
        self._colours: dict[str, list[Vectors]] = {}

    def add(
        self,
        place: int,
        photo: Photo,
        garments: Sequence[Garment],
        others: Sequence[OtherMask] = (),
    ) -> None:
        """One photo's garments; the whole photo goes with each as the unmasked baseline.

        Without baselines the shipped encoder alone looks at them.

        Args:
            others: other masks of the garment.
        """
        self._guessed += [False] * len(garments) + [other.is_guess for other in others]
        garments = [*garments, *(other.garment for other in others)]
        self._photos += [place] * len(garments)
        self._classes += [_classes_asked(garment) for garment in garments]
        colours = np.stack([describe_colours(photo, each).vector for each in garments])
        first = self._contest.encoder
        encoders = self._contest.encoders if self._baselines else {SHIPPED: first}
        for name, encoder in encoders.items():
            crops = [crop_garment(photo, garment, encoder.side) for garment in garments]
            self._put(name, encoder.encode(crops), colours)
        if not self._baselines:
            return
        whole = whole_garment(photo)
        count = len(garments)
        seen = first.encode([crop_garment(photo, whole, first.side)])
        colour = describe_colours(photo, whole).vector[None]
        repeated = Encoded(seen.styles.repeat(count, axis=0), seen.tiles * count)
        self._put(UNMASKED, repeated, colour.repeat(count, axis=0))

    def _put(self, name: str, seen: Encoded, colours: Vectors) -> None:
        self._seen.setdefault(name, []).append(seen)
        self._colours.setdefault(name, []).append(colours)

    def built(self) -> GarmentVectors:
        """All that was added; IndexingError when nothing was."""
        if not self._photos:
            raise IndexingError("none of the photos can be read; check --photos")
        sets = {
            name: VectorSet.joined(parts, np.concatenate(self._colours[name]))
            for name, parts in self._seen.items()
        }
        return GarmentVectors(
            np.array(self._photos), self._classes, np.array(self._guessed, bool), sets
        )


def gallery_garments(
    contest: Contest, paths: Sequence[Path], tick: Callable[[int], None]
) -> GarmentVectors:
    """Every garment of these photos, the whole photo where none is found."""
    builder = _Builder(contest)
    for start in range(0, len(paths), BATCH_SIZE):
        numbered = [
            (start + offset, photo)
            for offset, path in enumerate(paths[start : start + BATCH_SIZE])
            if (photo := read_or_none(path)) is not None
        ]
        found = contest.segmenter.segment([photo for _, photo in numbered]) if numbered else []
        for (place, photo), each in zip(numbered, found, strict=True):
            builder.add(place, photo, each.garments or (whole_garment(photo),))
        tick(min(start + BATCH_SIZE, len(paths)))
    return builder.built()


def _classes_asked(garment: Garment) -> Classes:
    """Where a search looks for it: a whole photo may be anything."""
    return GARMENT_CLASSES if garment.is_whole_photo else garment.own_classes


class _AskedBuilder:
    """Collects changed photos of one background."""

    def __init__(self, contest: Contest) -> None:
        self._segmenter, self._look_again = contest.segmenter, contest.look_again
        self._found = _Builder(contest)
        self._true = _Builder(contest, baselines=False)

    def add(self, place: int, changed: ChangedPhoto, garment_class: GarmentClass) -> None:
        """One photo that was changed, of a garment of this class."""
        seen = self._segmenter.segment([changed.photo])[0]
        garment = main_garment(changed.photo, seen)
        others = other_masks(changed.photo, seen, self._look_again)
        own = [other for other in others if other.place == 0]
        self._found.add(place, changed.photo, (garment,), own)
        truth = region_garment(changed.mask, garment_class) if changed.mask.any() else garment
        self._true.add(place, changed.photo, (truth,))

    def built(self) -> AskedGarments:
        return AskedGarments(self._found.built(), self._true.built())


def changed_queries(
    contest: Contest,
    queries: Sequence[LabelledPhoto],
    places: dict[Path, int],
    tick: Callable[[int], None],
) -> dict[str, AskedGarments]:
    """The largest garment of each photo, changed with each background by a seed of its own."""
    builders = {name: _AskedBuilder(contest) for name in BACKGROUNDS}
    for number, query in enumerate(queries):
        photo = read_or_none(query.path)
        if photo is None:
            continue
        before = main_garment(photo, contest.segmenter.segment([photo])[0])
        for name, behind in BACKGROUNDS.items():
            other = behind(contest.segmenter, queries, number)
            if other is not None:
                rng = np.random.default_rng((SEED, number))
                changed = seen_again(photo, before, other, rng)
                builders[name].add(places[query.path], changed, before.garment_class)
        tick(number + 1)
    return {name: builder.built() for name, builder in builders.items()}
