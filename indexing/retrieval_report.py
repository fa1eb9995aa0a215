"""What is said of a retrieval: rows of figures, comparisons, and queries with their neighbours.

`indexing.evaluate` fills them in; `apparel evaluate retrieval` and the contact sheet show them.
"""

import dataclasses
from dataclasses import dataclass

from indexing.labelled import LabelledGarment

Interval = list[float]
"""Value, low and high end of its 95 % interval."""


@dataclass(frozen=True)
class LabelFigures:
    """Figures of one label's queries."""

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
    """The encoder against another method, paired by query: precision@5 of style alone.

    `difference` is positive where the encoder is better; `p_value` is of a sign-flip
    permutation test of no difference.
    """

    against: str
    difference: Interval
    p_value: float


@dataclass(frozen=True)
class ColourFigures:
    """Of the first 10 results, the share that have the query's main named colour.

    `main`: as their own main colour; `has`: as one of their main colours. Queries whose colour
    is the main one of fewer than 10 possible answers do not count.
    """

    colour_weight: float
    queries: int
    main: Interval
    has: Interval


@dataclass(frozen=True)
class RankedQuery:
    """A query with its nearest photos, for looking at."""

    garment: LabelledGarment
    precision: float
    neighbours: tuple[LabelledGarment, ...]


@dataclass(frozen=True)
class RetrievalReport:
    """What `apparel evaluate retrieval` says."""

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
    """A report, and every query with its neighbours by style, the worst first."""

    report: RetrievalReport
    ranked: tuple[RankedQuery, ...]
