"""Facet counts: the values that occur and the number of products of each.

Each facet is counted under all filters but its own, so that its counts predict the effect of
choosing another value. Counts are cached until the catalogue changes. In a large catalogue, where
counting takes seconds and writes are frequent, a cached count may be served for a while after a
change, for a multiple of the time that counting took.
"""

import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.cache import QueryCache, catalogue_state
from catalog.feeds.columns import plain_name
from catalog.filtering.facet_counts import COLUMNS, Counts, value_counts
from catalog.filtering.filters import Filters
from catalog.models import AttributeRow, Product
from catalog.sale import THOUSANDTH
from segmentation.classes import GARMENT_CLASSES

LARGE: Final = 20_000
"""Number of products from which counts may be outdated."""
SLOW: Final = 0.25
"""CPU seconds of a count from which it may be outdated."""
STALE_FACTOR: Final = 20
"""Time that a slow count is served after a change, as a multiple of its CPU time."""


@dataclass(frozen=True)
class FacetValue:
    """A value and the number of products that have it."""

    value: str
    count: int


@dataclass(frozen=True)
class AttributeFacet:
    """The values of one attribute, by descending count."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Facets:
    """Values to filter by, in descending order of count; prices are None without any."""

    brands: tuple[FacetValue, ...]
    categories: tuple[FacetValue, ...]
    colours: tuple[FacetValue, ...]
    availability: tuple[FacetValue, ...]
    price_min: Decimal | None
    price_max: Decimal | None
    classes: tuple[FacetValue, ...] = ()
    attributes: tuple[AttributeFacet, ...] = ()


@dataclass(frozen=True)
class _Counted:
    """Facets with the catalogue's state, the time and the duration of the count."""

    facets: Facets
    state: Hashable
    counted_at: float
    seconds: float
    may_be_stale: bool

    def is_valid(self, state: Hashable) -> bool:
        """Whether the counts may be served for this state of the catalogue."""
        if state == self.state:
            return True
        age = time.monotonic() - self.counted_at
        return self.may_be_stale and age < STALE_FACTOR * self.seconds


_CACHE: Final = QueryCache[_Counted](size=200, seconds=600.0)


def facets(
    session: Session,
    filters: Filters | None = None,
    limit: int = 50,
    attributes: Sequence[str] = (),
) -> Facets:
    """Count the values that products have, at most `limit` of each facet.

    Args:
        filters: products to count. For the results of a search, its filters with its class.
        attributes: names of further attributes to count (`attribute_names` lists them).
    """
    wanted = filters or Filters()
    key = (str(session.get_bind()), wanted, limit, tuple(attributes))
    state = catalogue_state(session)
    cached = _CACHE.get(key)
    if cached is None or not cached.is_valid(state):
        counted_at, start = time.monotonic(), time.thread_time()
        found = count_facets(session, wanted, limit, attributes)
        seconds = time.thread_time() - start
        may_be_stale = seconds > SLOW and _is_large(session)
        cached = _Counted(found, state, counted_at, seconds, may_be_stale)
        _CACHE.put(key, cached)
    return cached.facets


def _is_large(session: Session) -> bool:
    """Whether there are at least `LARGE` products, without counting all."""
    row = session.scalar(select(Product.id).order_by(Product.id).offset(LARGE - 1).limit(1))
    return row is not None


def count_facets(
    session: Session, wanted: Filters, limit: int, attributes: Sequence[str]
) -> Facets:
    """`facets` without the cache."""
    names = tuple(plain_name(each) for each in attributes)
    # Most facets have the same filters: theirs are counted together.
    together: dict[Filters, list[str]] = defaultdict(list)
    for name in (*COLUMNS, *names):
        together[wanted.without(name)].append(name)
    counts: dict[str, Counts] = {}
    for filters, facets_of in together.items():
        counts |= value_counts(session, filters, facets_of)

    def values(name: str) -> tuple[FacetValue, ...]:
        return _most_frequent(counts.get(name, {}), limit)

    prices = [int(thousandths) * THOUSANDTH for thousandths in counts.get("price", {})]
    classes = {int(number): count for number, count in counts.get("class", {}).items()}
    return Facets(
        brands=values("brand"),
        categories=values("category"),
        colours=values("colour"),
        availability=values("availability"),
        price_min=min(prices, default=None),
        price_max=max(prices, default=None),
        classes=tuple(
            FacetValue(each.label, classes[each]) for each in GARMENT_CLASSES if each in classes
        ),
        attributes=tuple(AttributeFacet(name, values(name)) for name in names),
    )


def _most_frequent(counts: Counts, limit: int) -> tuple[FacetValue, ...]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(FacetValue(value, count) for value, count in ordered[:limit])


def attribute_names(session: Session) -> tuple[str, ...]:
    """Sorted names of all attributes that products have."""
    # A loose index scan: there are few names in very many rows.
    names = select(func.min(AttributeRow.name).label("name")).cte("names", recursive=True)
    following = (
        select(func.min(AttributeRow.name))
        .where(AttributeRow.name > names.c.name)
        .scalar_subquery()
    )
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    return tuple(session.scalars(select(names.c.name).where(names.c.name.is_not(None))))
