"""Processor time of text queries and facets in a synthetic shop."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy.orm import Session

from catalog.filtering import facets as counting
from catalog.filtering.filters import Filters
from catalog.filtering.word_conditions import understand
from catalog.queries import list_products
from indexing.benchmarks.report import log
from indexing.benchmarks.scale.shop import fill_shop
from indexing.search.searcher import products_by_certainty

PRODUCTS: Final = 100_000
QUERIES: Final = (
    "dress", "striped dress", "top", "red or white dress without stripes", "robe rayée",
    "pinstripe blazer not black", "dark jeans", "linen shirt", "black and white skirt",
    "linda", "rotes Kleid", "brand 17 jacket", "-red tee",
)  # fmt: skip
ATTRIBUTES: Final = ("size", "material", "season", "fit")
_REPEATS: Final = 3


@dataclass(frozen=True)
class QueryTimes:
    """Processor milliseconds of one text query, the median of some runs, and its results."""

    words: str
    search_ms: float
    facets_ms: float
    list_ms: float
    passing: int


@dataclass(frozen=True)
class WordFigures:
    """Text queries and facets at one size; `facets_ms` are those without any filter."""

    products: int
    facets_ms: float
    worst_search_ms: float
    worst_facets_ms: float
    queries: tuple[QueryTimes, ...]


def measure_words(count: int = PRODUCTS) -> WordFigures:
    """Fill a shop of `count` products and measure every query of `QUERIES`."""
    with TemporaryDirectory() as folder:
        log(f"filling a shop of {count} products")
        with closing(fill_shop(Path(folder), count)) as database, database.session() as session:
            plain = _milliseconds(lambda: _facets(session, Filters()))
            queries = tuple(_measured(session, text) for text in QUERIES)
    return WordFigures(
        count,
        plain,
        max(each.search_ms for each in queries),
        max(each.facets_ms for each in queries),
        queries,
    )


def _measured(session: Session, text: str) -> QueryTimes:
    def filters() -> Filters:
        return Filters(words=understand(session, text).query)

    wanted = filters()
    times = QueryTimes(
        text,
        _milliseconds(lambda: products_by_certainty(session, filters(), 24)),
        _milliseconds(lambda: _facets(session, wanted)),
        _milliseconds(lambda: list_products(session, filters=wanted)),
        list_products(session, filters=wanted).total,
    )
    log(str(times))
    return times


def _facets(session: Session, filters: Filters) -> counting.Facets:
    return counting.count_facets(session, filters, limit=50, attributes=ATTRIBUTES)


def _milliseconds(work: Callable[[], Any]) -> float:
    """Median processor time; the first run, which also prepares statements, counts too."""
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return round(1000 * sorted(times)[_REPEATS // 2], 1)
