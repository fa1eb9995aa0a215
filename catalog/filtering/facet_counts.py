"""Counting of facet values in SQL, among the products that pass filters."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from catalog.filtering.conditions import (
    garment_value_conditions,
    is_on_sale,
    passing_garments,
    product_conditions,
)
from catalog.filtering.filters import Filters
from catalog.models import AttributeRow, Product

COLUMNS: Final = ("brand", "category", "availability", "colour", "price", "class")
"""Facets that are not attributes."""
_TEXTS: Final = COLUMNS[:4]
Counts = Mapping[str, int]
"""Number of products by value."""


def value_counts(session: Session, filters: Filters, facets: Sequence[str]) -> Mapping[str, Counts]:
    """Count the values of facets, names of columns or attributes, in one statement.

    A product counts once for each colour of its own and of its garments, and for each class. The
    values of "price" are the lowest and the highest in force, in thousandths.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for facet, value, count in session.execute(union_all(*_counted(filters, facets))):
        if value is not None:
            counts[facet][value] += count
    return counts


def _counted(filters: Filters, facets: Sequence[str]) -> Iterator[Select[Any, Any, Any]]:
    """Name and values of each facet, with the number of products."""
    # Finding products and garments costs more than counting: all facets read them from CTEs.
    garments: FromClause = passing_garments(filters).subquery()
    if garment_value_conditions(filters):
        garments = passing_garments(filters).cte("garments")
    found = _products(filters, facets, garments)
    passing: FromClause = found.subquery() if filters.is_empty else found.cte("passing")
    worn = _worn(garments, passing).cte("worn")
    for facet in set(_TEXTS).intersection(facets):
        yield _by(facet, passing.c[facet], func.count())
    if "colour" in facets:
        is_other = worn.c.main_colour.is_distinct_from(worn.c.colour)
        shown = _by("colour", worn.c.main_colour, func.count(worn.c.id.distinct()))
        yield shown.where(is_other)
    if "class" in facets:
        label = cast(worn.c.garment_class, String)
        yield _by("class", label, func.count(worn.c.id.distinct()))
    if "price" in facets:
        for end in (func.min, func.max):
            yield select(_text("price"), cast(end(passing.c.price), String), literal(0))
    attributes = [each for each in facets if each not in COLUMNS]
    if attributes:
        name, value = AttributeRow.name, AttributeRow.value
        own = select(name, value, func.count()).where(name.in_(attributes)).group_by(name, value)
        of_passing = AttributeRow.product_id.in_(select(passing.c.id))
        yield own if filters.is_empty else own.where(of_passing)


def _by(facet: str, value: Any, count: Any) -> Select[Any, Any, Any]:
    return select(_text(facet), value, count).group_by(value)


def _text(facet: str) -> ColumnElement[Any]:
    return literal(facet)


def _products(filters: Filters, facets: Sequence[str], garments: FromClause) -> Select[Any]:
    """Select the products that pass, with what some facets count."""
    price = case((is_on_sale(datetime.now(UTC)), Product.sale_price), else_=Product.price)
    columns: dict[str, ColumnElement[Any]] = {
        "brand": Product.brand.expression,
        "category": Product.category.expression,
        "availability": Product.availability.expression,
        "colour": func.lower(Product.colour),
        "price": type_coerce(price, BigInteger),
    }
    counted = (column.label(name) for name, column in columns.items() if name in facets)
    return select(Product.id, *counted).where(*product_conditions(filters, garments))


def _worn(garments: FromClause, passing: FromClause) -> Select[Any]:
    """Select the passing garments of the passing products."""
    own = (passing.c[name] for name in ("id", "colour") if name in passing.c)
    return select(*own, garments.c.garment_class, garments.c.main_colour).join(
        garments, garments.c.product_id == passing.c.id
    )
