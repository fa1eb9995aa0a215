"""Recall of a style from other views, such as from behind or close up.

The catalogue's photos are indexed into a collection and searched with each query photo, with
default settings. A hit is right if its product has the query's style.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from catalog.feeds.reader import read_feed
from indexing.collection import Collection
from indexing.errors import IndexingError
from indexing.evaluation.labelled import read_rows
from indexing.evaluation.metrics import Interval, mean_with_interval
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.search.query import Query
from indexing.search.results import nothing_close
from indexing.types import EmbeddedGarment, Embedder
from segmentation.classes import GarmentClass
from segmentation.photos import Photo, read_or_none
from segmentation.progress import Progress, no_progress

COLOUR_WEIGHTS: Final = (0.0, DEFAULT_COLOUR_WEIGHT, 0.5)
DEPTH: Final = 10


@dataclass(frozen=True)
class StyleQuery:
    """One row of the queries file."""

    path: Path
    style: str
    view: str
    garment_class: GarmentClass


@dataclass(frozen=True)
class StyleFigures:
    """Figures of one view at one colour weight.

    Attributes:
        nothing_close: share of queries of which that is said.
        sold_as_another: share of queries whose first result's product is of another class.
    """

    view: str
    colour_weight: float
    recall_at_1: Interval
    recall_at_10: Interval
    nothing_close: Interval
    sold_as_another: Interval


@dataclass(frozen=True)
class StylesReport:
    """Report of `apparel evaluate styles`.

    Attributes:
        largest_right: view -> share of queries whose largest garment has the right class.
        unreadable: query photos that could not be read; no figure includes them.
    """

    products: int
    queries: dict[str, int]
    unreadable: int
    largest_right: dict[str, Interval]
    figures: list[StyleFigures]
    segmenter: str
    encoder: str


@dataclass(frozen=True)
class _Outcome:
    """Outcome of one query: whether its largest garment has the right class, and by colour weight
    the rank of its style (None beyond `DEPTH`), whether nothing was close, and whether the first
    result's product is of another class."""

    view: str
    largest_right: bool
    ranks: Mapping[float, int | None]
    nothing_close: Mapping[float, bool]
    sold_as_another: Mapping[float, bool]


def read_style_queries(path: Path, photos: Path) -> list[StyleQuery]:
    """Read a CSV with the columns photo, style, view and class; IndexingError if one is missing."""
    return [
        StyleQuery(
            photos / row["photo"],
            row["style"],
            row["view"],
            GarmentClass.from_label(row["class"]),
        )
        for row in read_rows(path, ("photo", "style", "view", "class"))
    ]


def evaluate_styles(
    collection: Collection,
    catalogue: Path,
    photos: Path,
    queries: Sequence[StyleQuery],
    progress: Progress = no_progress,
) -> StylesReport:
    """Index a catalogue into an empty collection and search it with every query photo.

    Args:
        catalogue: a feed whose item_group_id is the style; a column "class" says what is sold.

    Raises:
        IndexingError: the collection has no models, or no query photo can be read.
    """
    embedder, feed = collection.models, read_feed(catalogue)
    styles = {row.id: row.group or row.id for row in feed.rows}
    classes = {row.id: (row.attributes or {}).get("class", "") for row in feed.rows}
    total = len(feed.rows) + len(queries)
    collection.index(feed, photos, lambda run: progress(min(run.done, len(feed.rows)), total))
    outcomes = []
    for number, query in enumerate(queries, 1):
        photo = read_or_none(query.path)
        if photo is not None:
            outcomes.append(_outcome(collection, embedder, query, photo, styles, classes))
        progress(len(feed.rows) + number, total)
    if not outcomes:
        raise IndexingError("none of the query photos can be read; check --photos")
    by_view = {
        view: [each for each in outcomes if each.view == view]
        for view in dict.fromkeys(each.view for each in outcomes)
    }
    return StylesReport(
        products=len(styles),
        queries={view: len(of_view) for view, of_view in by_view.items()},
        unreadable=len(queries) - len(outcomes),
        largest_right={
            view: mean_with_interval([each.largest_right for each in of_view])
            for view, of_view in by_view.items()
        },
        figures=[
            _figures(view, weight, of_view)
            for view, of_view in by_view.items()
            for weight in COLOUR_WEIGHTS
        ],
        segmenter=embedder.fingerprint.segmenter,
        encoder=embedder.fingerprint.encoder,
    )


def _outcome(
    collection: Collection,
    embedder: Embedder,
    query: StyleQuery,
    photo: Photo,
    styles: Mapping[str, str],
    sold: Mapping[str, str],
) -> _Outcome:
    (embedded,) = embedder.embed([photo])
    classes = [each.garment.garment_class for each in embedded.garments]
    garment = _chosen(embedded.garments, query.garment_class) or embedder.embed_whole(photo)
    ranks: dict[float, int | None] = {}
    distant: dict[float, bool] = {}
    another: dict[float, bool] = {}
    for weight in COLOUR_WEIGHTS:
        wanted = replace(Query.of(garment), count=DEPTH, colour_weight=weight)
        cards = collection.results(wanted)
        right = [styles.get(card.product_id) == query.style for card in cards]
        ranks[weight] = right.index(True) if any(right) else None
        distant[weight] = not cards or nothing_close(cards, weight)
        first = [sold.get(card.product_id, "") for card in cards[:1]]
        another[weight] = first not in ([], [""], [query.garment_class.label])
    return _Outcome(query.view, classes[:1] == [query.garment_class], ranks, distant, another)


def _chosen(
    garments: Sequence[EmbeddedGarment], garment_class: GarmentClass
) -> EmbeddedGarment | None:
    """The largest garment of the class, else the largest; None without any."""
    of_class = [each for each in garments if each.garment.garment_class == garment_class]
    return next(iter([*of_class, *garments]), None)


def _figures(view: str, weight: float, outcomes: Sequence[_Outcome]) -> StyleFigures:
    ranks = [each.ranks[weight] for each in outcomes]
    return StyleFigures(
        view=view,
        colour_weight=weight,
        recall_at_1=mean_with_interval([rank == 0 for rank in ranks]),
        recall_at_10=mean_with_interval([rank is not None for rank in ranks]),
        nothing_close=mean_with_interval([each.nothing_close[weight] for each in outcomes]),
        sold_as_another=mean_with_interval([each.sold_as_another[weight] for each in outcomes]),
    )
