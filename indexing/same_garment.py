"""Photos in; how often a garment seen again through a hard change finds itself out.

Every garment of every gallery photo answers. A query is the largest garment of a photo kept
aside, changed as `segmentation.changed` says, segmented anew and asked with as a search asks: with
its mask and, where that is in doubt, with its reach too. Right is the photo it was made of. What
is pasted behind the garment is another query's photo, a second garment and all, or bare ground of
one: with the first, which of two garments is asked for is a part of the riddle. Baselines in the
same run: the mask alone, colour histogram alone, untrained network, whole photos without masks.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from indexing.changed_queries import (
    AskedGarments,
    GarmentVectors,
    changed_queries,
    gallery_garments,
)
from indexing.evaluate import (
    ANY_CLASS,
    COLOUR_ALONE,
    DEFAULT_WEIGHT,
    NO_DETAILS,
    OWN_CLASS,
    SHIPPED,
    Contest,
)
from indexing.labelled import (
    NO_PROGRESS,
    LabelledPhoto,
    Progress,
    own_class_pairs,
    scores_of,
)
from indexing.metrics import Labels, mean_with_interval
from indexing.retrieval_report import Interval
from indexing.stages import Vectors

WEIGHTS: Final = (0.0, 0.3, DEFAULT_WEIGHT)
DEPTHS: Final = (1, 10)
MASK_ALONE: Final = "encoder, the mask alone"
TRUE_MASK: Final = "encoder, true masks"


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
    total = len(paths) + len(queries)
    answers = gallery_garments(contest, paths, lambda done: progress(done, total))
    changed = changed_queries(
        contest, queries, places, lambda done: progress(len(paths) + done, total)
    )
    figures = [
        figure for behind, asked in changed.items() for figure in _figures(behind, asked, answers)
    ]
    return SameGarmentReport(
        len(next(iter(changed.values())).found.firsts),
        len(answers.photos),
        len(np.unique(answers.photos)),
        figures,
        contest.segmenter.fingerprint,
        contest.encoder.fingerprint,
    )


def _figures(
    behind: str, asked: AskedGarments, answers: GarmentVectors
) -> list[SameGarmentFigures]:
    found, masked, true = asked.found, asked.found.masks_alone(), asked.true
    row = partial(_row, behind, answers)
    rows = [row(SHIPPED, weight, found, SHIPPED, own=True) for weight in WEIGHTS]
    rows += [row(MASK_ALONE, weight, masked, SHIPPED, own=True) for weight in WEIGHTS]
    rows += [row(OWN_CLASS, weight, masked, SHIPPED, own=True, others=False) for weight in WEIGHTS]
    rows += [row(ANY_CLASS, weight, masked, SHIPPED) for weight in WEIGHTS]
    plain = masked.without_tiles()
    rows += [row(NO_DETAILS, weight, plain, SHIPPED) for weight in WEIGHTS]
    rows += [row(TRUE_MASK, weight, true, SHIPPED, own=True) for weight in WEIGHTS]
    rows.append(row(COLOUR_ALONE, 1.0, masked, SHIPPED))
    for name in found.sets:
        if name != SHIPPED:
            rows += [row(name, weight, found, name) for weight in (0.0, DEFAULT_WEIGHT)]
    return rows


def _row(
    behind: str,
    answers: GarmentVectors,
    method: str,
    weight: float,
    asked: GarmentVectors,
    name: str,
    own: bool = False,
    others: bool = True,
) -> SameGarmentFigures:
    """One line of the table.

    Args:
        name: whose vectors are compared.
        own: garments of another class than the one asked for count for less.
        others: garments of another class may answer at all.
    """
    of_class = own_class_pairs(asked.classes, np.array([each[0] for each in answers.classes]))
    sure = ~asked.guessed[:, None]
    allowed = of_class | sure if others else of_class
    first, second = asked.sets[name], answers.sets[name]
    scores = scores_of(first, second, weight, allowed, own=of_class & sure if own else None)
    # The best score of all that one photo was asked with.
    best = np.maximum.reduceat(scores, asked.firsts)
    places = _place_of_right(best, asked.photos[asked.firsts], answers.photos)
    recalls = []
    for depth in DEPTHS:
        figure = mean_with_interval((places < depth).astype(np.float64))
        recalls.append([figure.value, figure.low, figure.high])
    return SameGarmentFigures(behind, method, weight, recalls[0], recalls[1])


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
