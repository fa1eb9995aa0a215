"""Facet counts: the values that occur and the number of products of each.

Each facet is counted under all filters but its own, so that its counts predict the effect of
choosing another value. Counts are cached until the catalogue changes. In a large catalogue, where
counting takes seconds and writes are frequent, a cached count may be served for a while after a
change, for a multiple of the time that counting took.
"""

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.cache import QueryCache, catalogue_state
from catalog.feeds.columns import plain_name
from catalog.filtering.facet_counts import (
    ProductColumns,
    Worn,
    attribute_counts,
    class_counts,
    colour_counts,
    price_range,
    read_columns,
    read_worn,
    text_counts,
)
from catalog.filtering.filters import Filters
from catalog.models import AttributeRow, Product
from segmentation.classes import GARMENT_CLASSES

LARGE: Final = 20_000
"""Number of products from which counts may be outdated."""
SLOW: Final = 0.25
"""CPU seconds of a count from which it may be outdated."""
STALE_FACTOR: Final = 20
"""How long a slow count is served after a change, as a multiple of its CPU time."""


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
    # Most facets have the same filters, whose products and garments are read once.
    with_attributes = {wanted.without(name) for name in names}

    @cache
    def products(filters: Filters) -> ProductColumns | None:
        if filters.is_empty:
            return None
        return read_columns(session, filters, filters in with_attributes)

    @cache
    def worn(filters: Filters) -> Worn | None:
        passing = products(filters)
        return None if passing is None else read_worn(session, filters, passing)

    def of_text(column: InstrumentedAttribute[Any]) -> tuple[FacetValue, ...]:
        passing = products(wanted.without(column.key))
        return _most_frequent(text_counts(session, column, passing), limit)

    def of_attribute(name: str) -> AttributeFacet:
        counts = attribute_counts(session, name, products(wanted.without(name)))
        return AttributeFacet(name, _most_frequent(counts, limit))

    for_colours = wanted.without("colour")
    colours = colour_counts(session, products(for_colours), worn(for_colours))
    lowest, highest = price_range(session, products(wanted.without("price")))
    classes = class_counts(session, worn(wanted.without("class")))
    return Facets(
        brands=of_text(Product.brand),
        categories=of_text(Product.category),
        colours=_most_frequent(colours, limit),
        availability=of_text(Product.availability),
        price_min=lowest,
        price_max=highest,
        classes=tuple(
            FacetValue(each.label, classes[each]) for each in GARMENT_CLASSES if each in classes
        ),
        attributes=tuple(map(of_attribute, names)),
    )


def _most_frequent(counts: Mapping[str, int], limit: int) -> tuple[FacetValue, ...]:
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
