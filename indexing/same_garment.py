"""Photos in; how often a garment seen again through a hard change finds itself out.

Every garment of every gallery photo answers. A query is the largest garment of a photo kept
aside, changed as `changed` says and segmented anew; right is the photo it was made of. What is
pasted behind the garment is another query's photo, a second garment and all, or bare ground of
one: with the first, which of two garments is asked for is a part of the riddle. Baselines in the
same run: colour histogram alone, untrained network, whole photos without masks.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from indexing.behind import BACKGROUNDS, Behind
from indexing.colour import describe_colours
from indexing.crop import crop_garment
from indexing.encoder import Encoded
from indexing.errors import IndexingError
from indexing.evaluate import (
    ANY_CLASS,
    COLOUR_ALONE,
    DEFAULT_WEIGHT,
    NO_DETAILS,
    OWN_CLASS,
    SHIPPED,
    UNMASKED,
    Contest,
)
from indexing.labelled import (
    BATCH_SIZE,
    NO_PROGRESS,
    Classes,
    LabelledPhoto,
    Pairs,
    Progress,
    VectorSet,
    main_garment,
    own_class_pairs,
    read_or_none,
    scores_of,
    whole_garment,
)
from indexing.metrics import Labels, mean_with_interval
from indexing.retrieval_report import Interval
from indexing.stages import Vectors
from segmentation.changed import seen_again
from segmentation.mask import Garment, region_garment
from segmentation.photos import Photo

WEIGHTS: Final = (0.0, 0.3, DEFAULT_WEIGHT)
DEPTHS: Final = (1, 10)
TRUE_MASK: Final = "encoder, true masks"
SEED: Final = 0


@dataclass(frozen=True)
class SameGarmentFigures:
    """Recall of one method, with this behind the garments: [value, low, high]."""

    behind: str
    method: str
    colour_weight: float
    recall_at_1: Interval
    recall_at_10: Interval


@dataclass(frozen=True)
class SameGarmentReport:
    """What `apparel evaluate same-garment` says."""

    queries: int
    gallery_garments: int
    gallery_photos: int
    figures: list[SameGarmentFigures]
    segmenter: str
    encoder: str

    def to_json(self) -> dict[str, object]:
        """The document of `--json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, eq=False)
class _Garments:
    """Garments of several photos: the place of each one's photo, its classes, its vectors."""

    photos: Labels
    classes: Sequence[Classes]
    sets: dict[str, VectorSet]


def evaluate_same_garment(
    contest: Contest,
    gallery: Sequence[Path],
    queries: Sequence[LabelledPhoto],
    progress: Progress = NO_PROGRESS,
) -> SameGarmentReport:
    """Recall@1 and @10 of changed photos among all garments of the gallery.

    Args:
        gallery: photos that answer; those of the queries are added where they lack.
    """
    paths = list(dict.fromkeys([*gallery, *(query.path for query in queries)]))
    places = {path: place for place, path in enumerate(paths)}
    total = len(paths) + len(BACKGROUNDS) * len(queries)
    answers = _embed(contest, paths, lambda done: progress(done, total))
    figures: list[SameGarmentFigures] = []
    for number, (name, behind) in enumerate(BACKGROUNDS.items()):
        tick = _tick_after(len(paths) + number * len(queries), total, progress)
        asked, cut_truly = _changed_queries(contest, queries, places, behind, tick)
        figures += _figures(name, asked, cut_truly, answers)
    return SameGarmentReport(
        len(asked.photos),
        len(answers.photos),
        len(np.unique(answers.photos)),
        figures,
        contest.segmenter.fingerprint,
        contest.encoder.fingerprint,
    )


def _tick_after(before: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress(before + done, total)


class _Builder:
    """Collects the garments of photos, batch by batch."""

    def __init__(self, contest: Contest, baselines: bool = True) -> None:
        self._contest = contest
        self._baselines = baselines
        self._photos: list[int] = []
        self._classes: list[Classes] = []
        self._seen: dict[str, list[Encoded]] = {}
        self._colours: dict[str, list[Vectors]] = {}

    def add(self, place: int, photo: Photo, garments: Sequence[Garment]) -> None:
        """One photo's garments; the whole photo goes with each as the unmasked baseline.

        Without baselines the shipped encoder alone looks at them.
        """
        self._photos += [place] * len(garments)
        self._classes += [garment.own_classes for garment in garments]
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

    def built(self) -> _Garments:
        """All that was added; IndexingError when nothing was."""
        if not self._photos:
            raise IndexingError("none of the photos can be read; check --photos")
        sets = {
            name: VectorSet.joined(parts, np.concatenate(self._colours[name]))
            for name, parts in self._seen.items()
        }
        return _Garments(np.array(self._photos), self._classes, sets)


def _embed(contest: Contest, paths: Sequence[Path], tick: Callable[[int], None]) -> _Garments:
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


def _changed_queries(
    contest: Contest,
    queries: Sequence[LabelledPhoto],
    places: dict[Path, int],
    behind: Behind,
    tick: Callable[[int], None],
) -> tuple[_Garments, _Garments]:
    """The largest garment of each changed photo, as it is found and as it truly is.

    Each photo is changed by a seed of its own.
    """
    found, true = _Builder(contest), _Builder(contest, baselines=False)
    for number, query in enumerate(queries):
        photo = read_or_none(query.path)
        other = behind(contest.segmenter, queries, number)
        if photo is None or other is None:
            continue
        before = main_garment(photo, contest.segmenter.segment([photo])[0])
        changed = seen_again(photo, before, other, np.random.default_rng((SEED, number)))
        after = main_garment(changed.photo, contest.segmenter.segment([changed.photo])[0])
        found.add(places[query.path], changed.photo, (after,))
        truth = region_garment(changed.mask, before.garment_class) if changed.mask.any() else after
        true.add(places[query.path], changed.photo, (truth,))
        tick(number + 1)
    return found.built(), true.built()


def _figures(
    behind: str, asked: _Garments, cut_truly: _Garments, answers: _Garments
) -> list[SameGarmentFigures]:
    classes = np.array([own[0] for own in answers.classes])
    own = own_class_pairs(asked.classes, classes)
    truly = own_class_pairs(cut_truly.classes, classes)
    row = partial(_row, behind)
    rows = [row(SHIPPED, weight, asked, answers, SHIPPED, own=own) for weight in WEIGHTS]
    rows += [row(OWN_CLASS, weight, asked, answers, SHIPPED, allowed=own) for weight in WEIGHTS]
    rows += [row(ANY_CLASS, weight, asked, answers, SHIPPED) for weight in WEIGHTS]
    plain = _without_tiles(asked)
    rows += [row(NO_DETAILS, weight, plain, answers, SHIPPED) for weight in WEIGHTS]
    rows += [row(TRUE_MASK, weight, cut_truly, answers, SHIPPED, own=truly) for weight in WEIGHTS]
    rows.append(row(COLOUR_ALONE, 1.0, asked, answers, SHIPPED))
    for name in asked.sets:
        if name != SHIPPED:
            rows += [row(name, weight, asked, answers, name) for weight in (0.0, DEFAULT_WEIGHT)]
    return rows


def _row(
    behind: str,
    method: str,
    weight: float,
    asked: _Garments,
    answers: _Garments,
    name: str,
    allowed: Pairs | None = None,
    own: Pairs | None = None,
) -> SameGarmentFigures:
    first, second = asked.sets[name], answers.sets[name]
    scores = scores_of(first, second, weight, allowed, own)
    places = _place_of_right(scores, asked.photos, answers.photos)
    recalls = []
    for depth in DEPTHS:
        figure = mean_with_interval((places < depth).astype(np.float64))
        recalls.append([figure.value, figure.low, figure.high])
    return SameGarmentFigures(behind, method, weight, recalls[0], recalls[1])


def _without_tiles(garments: _Garments) -> _Garments:
    sets = {name: each.without_tiles() for name, each in garments.sets.items()}
    return dataclasses.replace(garments, sets=sets)


def _place_of_right(scores: Vectors, asked: Labels, answers: Labels) -> Labels:
    """How many other photos come before the right one, for each query."""
    places = []
    for row, right in zip(scores, asked, strict=True):
        mine = answers == right
        best = row[mine].max(initial=-np.inf)
        # A garment that may not answer (-inf) is never found.
        nearer = np.unique(answers[(row > best) & ~mine]) if np.isfinite(best) else answers
        places.append(len(nearer))
    return np.array(places)
