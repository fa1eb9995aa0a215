"""Report types of `apparel evaluate retrieval`: figures, comparisons, ranked queries.

`retrieval` creates them; the command and the contact sheet show them.
"""

import dataclasses
from dataclasses import dataclass

from indexing.evaluation.labelled import LabelledGarment

Interval = list[float]
"""Value, low and high end of its 95 % interval."""


@dataclass(frozen=True)
class LabelFigures:
    """Figures of the queries with one label."""

    queries: int
    precision_at_1: float
    precision_at_5: float
    recall_at_10: float
    map_at_5: float


@dataclass(frozen=True)
class RetrievalFigures:
    """Figures of one method at one colour weight; macro is the mean over labels."""

    method: str
    colour_weight: float
    measures: dict[str, Interval]
    macro: dict[str, float]
    per_label: dict[str, LabelFigures]


@dataclass(frozen=True)
class Comparison:
    """Precision@5 by style of the encoder minus that of another method, paired by query.

    `p_value` is that of a sign-flip permutation test.
    """

    against: str
    difference: Interval
    p_value: float


@dataclass(frozen=True)
class ColourFigures:
    """Share of the first 10 results with the query's main named colour.

    `main`: as their main colour; `has`: among their main colours. Queries whose colour is the main
    one of fewer than 10 gallery garments do not count.
    """

    colour_weight: float
    queries: int
    main: Interval
    has: Interval


@dataclass(frozen=True)
class RankedQuery:
    """A query with its nearest photos, for the contact sheet."""

    garment: LabelledGarment
    precision: float
    neighbours: tuple[LabelledGarment, ...]


@dataclass(frozen=True)
class RetrievalReport:
    """Report of `apparel evaluate retrieval`."""

    queries: int
    gallery: int
    labels: list[str]
    unreadable: int
    whole_photos: int
    figures: list[RetrievalFigures]
    comparisons: list[Comparison]
    colours: list[ColourFigures]
    segmenter: str
    encoder: str
    against: str | None = None

    def to_json(self) -> dict[str, object]:
        """The document of `apparel evaluate retrieval --json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class RetrievalResult:
    """A report, and every query with its neighbours by style, in ascending order of precision."""

    report: RetrievalReport
    ranked: tuple[RankedQuery, ...]
