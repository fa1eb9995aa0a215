"""Report types of `apparel evaluate retrieval`: figures, comparisons, ranked queries.

`retrieval` creates them; the command and the contact sheet show them.
"""

from dataclasses import dataclass

from indexing.evaluation.labelled import LabelledGarment
from indexing.evaluation.metrics import Interval


@dataclass(frozen=True)
class RetrievalFigures:
    """Figures of one method at one colour weight; macro is the mean over labels.

    `per_label` has the number of queries with each label, and the mean of each measure.
    """

    method: str
    colour_weight: float
    measures: dict[str, Interval]
    macro: dict[str, float]
    per_label: dict[str, dict[str, float]]


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


@dataclass(frozen=True)
class RetrievalResult:
    """A report, and every query with its neighbours by style, in ascending order of precision."""

    report: RetrievalReport
    ranked: tuple[RankedQuery, ...]
