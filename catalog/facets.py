"""What can be filtered by: values that occur, each with its number of products.

Each facet is counted under all filters but its own, so that its numbers say what choosing
another value would give. Counts are kept until the catalogue changes: pages ask for the same ones
again and again. Over very many products they take seconds, and a shop that writes all the time
would have them counted for each page: such counts may be late, by some times what they took.
Those of a catalogue of ordinary size never are, however busy the machine.
"""

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.conditions import garments_of_colour, product_conditions
from catalog.feeds import plain_name
from catalog.filters import Filters
from catalog.kept import Kept, catalogue_state
from catalog.models import Attribute, Garment, Photo, Product
from segmentation.classes import GARMENT_CLASSES

LARGE: Final = 20_000
"""Counts of a catalogue with fewer products are never late ..."""
SLOW: Final = 0.25
"""... nor those that took less, in seconds of this thread ..."""
LATE: Final = 20
"""... others by so many times what they took."""


@dataclass(frozen=True)
class FacetValue:
    """A value that occurs and the number of products that have it."""

    value: str
    count: int


@dataclass(frozen=True)
class AttributeFacet:
    """The values of one attribute, the commonest first."""

    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Facets:
    """What can be filtered by: the commonest values first; prices are None without any."""

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
    """Facets, the catalogue's state when they were counted, and how long that took."""

    facets: Facets
    state: Hashable
    since: float
    seconds: float
    may_be_late: bool

    def serves(self, state: Hashable) -> bool:
        """Whether they may be shown for this state of the catalogue."""
        if state == self.state:
            return True
        return self.may_be_late and time.monotonic() - self.since < LATE * self.seconds


_KEPT: Final = Kept[_Counted](most=200, seconds=600.0)


def facets(
    session: Session,
    filters: Filters | None = None,
    limit: int = 50,
    attributes: Sequence[str] = (),
) -> Facets:
    """The values that products have, at most `limit` of each kind.

    Args:
        filters: products to count. For the results of a search, its filters with its class.
        attributes: names of the attributes to count too (`attribute_names` lists them).
    """
    wanted = filters or Filters()
    key = (str(session.get_bind()), wanted, limit, tuple(attributes))
    state = catalogue_state(session)
    kept = _KEPT.get(key)
    if kept is None or not kept.serves(state):
        since, start = time.monotonic(), time.thread_time()
        found = _counted_now(session, wanted, limit, attributes)
        seconds = time.thread_time() - start
        may_be_late = seconds > SLOW and _is_large(session)
        kept = _Counted(found, state, since, seconds, may_be_late)
        _KEPT.put(key, kept)
    return kept.facets


def _is_large(session: Session) -> bool:
    """Whether there are `LARGE` products, found without counting more than those."""
    row = session.scalar(select(Product.id).order_by(Product.id).offset(LARGE - 1).limit(1))
    return row is not None


def _counted_now(
    session: Session, wanted: Filters, limit: int, attributes: Sequence[str]
) -> Facets:
    lowest, highest = _price_range(session, wanted.without("price"))
    return Facets(
        brands=_values(session, Product.brand, wanted.without("brand"), limit),
        categories=_values(session, Product.category, wanted.without("category"), limit),
        colours=_colour_values(session, wanted.without("colour"), limit),
        availability=_values(session, Product.availability, wanted.without("availability"), limit),
        price_min=lowest,
        price_max=highest,
        classes=_class_values(session, wanted.without("class")),
        attributes=tuple(
            AttributeFacet(name, _attribute_values(session, name, wanted.without(name), limit))
            for name in (plain_name(each) for each in attributes)
        ),
    )


def attribute_names(session: Session) -> tuple[str, ...]:
    """Names of all attributes that products have, in order."""
    # From one name to the next by the index: there are few names on very many rows.
    names = select(func.min(Attribute.name).label("name")).cte("names", recursive=True)
    following = (
        select(func.min(Attribute.name)).where(Attribute.name > names.c.name).scalar_subquery()
    )
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    return tuple(session.scalars(select(names.c.name).where(names.c.name.is_not(None))))


def _values(
    session: Session, column: InstrumentedAttribute[Any], filters: Filters, limit: int
) -> tuple[FacetValue, ...]:
    conditions = [column.is_not(None), *product_conditions(filters)]
    return _counted(session, column, conditions, limit)


def _attribute_values(
    session: Session, name: str, filters: Filters, limit: int
) -> tuple[FacetValue, ...]:
    conditions: list[ColumnElement[bool]] = [Attribute.name == name]
    if not filters.is_empty:
        passing = select(Product.id).where(*product_conditions(filters))
        conditions.append(Attribute.product_id.in_(passing))
    return _counted(session, Attribute.value, conditions, limit)


def _counted(
    session: Session,
    column: InstrumentedAttribute[Any],
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
) -> tuple[FacetValue, ...]:
    count = func.count()
    query = (
        select(column, count)
        .where(*conditions)
        .group_by(column)
        .order_by(count.desc(), column)
        .limit(limit)
    )
    return tuple(FacetValue(str(value), number) for value, number in session.execute(query))


def _colour_values(session: Session, filters: Filters, limit: int) -> tuple[FacetValue, ...]:
    """Colours of products and of their garments, each product counted once for a colour."""
    own = select(Product.id.label("product_id"), func.lower(Product.colour).label("colour"))
    own = own.where(Product.colour.is_not(None), *product_conditions(filters))
    worn = (
        select(Photo.product_id, Garment.main_colour)
        .join(Garment, Garment.photo_id == Photo.id)
        .where(Garment.main_colour.is_not(None))
    )
    if filters.garment_class is not None:
        worn = worn.where(Garment.garment_class == int(filters.garment_class))
    if not filters.is_empty:
        passing = select(Product.id).where(*product_conditions(filters))
        worn = worn.where(Photo.product_id.in_(passing))
    both = own.union(worn).subquery()
    count = func.count()
    query = (
        select(both.c.colour, count)
        .group_by(both.c.colour)
        .order_by(count.desc(), both.c.colour)
        .limit(limit)
    )
    return tuple(FacetValue(str(value), number) for value, number in session.execute(query))


def _class_values(session: Session, filters: Filters) -> tuple[FacetValue, ...]:
    """Classes by label, in their own order; a class without a product is left out."""
    query = (
        select(Garment.garment_class, func.count(func.distinct(Photo.product_id)))
        .join(Photo, Garment.photo_id == Photo.id)
        .group_by(Garment.garment_class)
    )
    if not filters.is_empty:
        passing = select(Product.id).where(*product_conditions(filters))
        query = query.where(Photo.product_id.in_(passing))
    if filters.colour_name is not None:
        query = query.where(Garment.id.in_(garments_of_colour(filters.colour_name)))
    counts = {row[0]: row[1] for row in session.execute(query)}
    return tuple(
        FacetValue(each.label, counts[int(each)]) for each in GARMENT_CLASSES if int(each) in counts
    )


def _price_range(session: Session, filters: Filters) -> tuple[Decimal | None, Decimal | None]:
    # Two subqueries: each end is one step in the price's index, both at once read all of it.
    conditions = product_conditions(filters)
    lowest = select(func.min(Product.price)).where(*conditions).scalar_subquery()
    highest = select(func.max(Product.price)).where(*conditions).scalar_subquery()
    row = session.execute(select(lowest, highest)).one()
    return row[0], row[1]
