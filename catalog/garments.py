"""Queries of a search on garments: those that pass the filters, their products and groups."""

from array import array
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from catalog.cache import QueryCache, catalogue_state
from catalog.filtering.conditions import garment_conditions
from catalog.filtering.filters import Filters
from catalog.models import GarmentRow, PhotoRow, Product
from segmentation.classes import GarmentClass

_IDS_PER_QUERY: Final = 10_000
"""Below the number of values that SQLite and PostgreSQL can bind in one statement."""
# Built once, with the ids as bound parameters: building these statements takes longer than running
# them, and a search runs several.
_GARMENTS_WITH_PRODUCTS: Final = select(GarmentRow.id, PhotoRow.product_id).join(
    PhotoRow, GarmentRow.photo_id == PhotoRow.id
)
_ALL_PRODUCTS_OF: Final = _GARMENTS_WITH_PRODUCTS.where(
    GarmentRow.id.in_(bindparam("ids", expanding=True))
)
_PRODUCTS_OF: Final = _ALL_PRODUCTS_OF.where(GarmentRow.worn_with.is_(False))
_GROUPS_OF: Final = {
    by_title: select(Product.id, column).where(
        Product.id.in_(bindparam("ids", expanding=True)), column.is_not(None)
    )
    for by_title, column in ((True, Product.article), (False, Product.group_id))
}
_CACHE: Final = QueryCache["array[int]"](size=100, seconds=600.0)
_MAX_CACHED_IDS: Final = 2 * _IDS_PER_QUERY
"""Larger results are not cached, which bounds the cache to 16 MB."""


def allowed_garments(
    session: Session,
    filters: Filters,
    garment_class: GarmentClass | None = None,
    limit: int | None = None,
) -> "array[int]":
    """Sorted ids of garments that pass the filters, at most `limit`, in no particular choice.

    Results are cached until the catalogue changes.
    """
    key = (catalogue_state(session), filters, garment_class, limit)
    found = _CACHE.get(key)
    if found is None:
        found = _passing(session, filters, garment_class, limit)
        if len(found) <= _MAX_CACHED_IDS:
            _CACHE.put(key, found)
    return found


def cached_garments(
    session: Session,
    filters: Filters,
    garment_class: GarmentClass | None = None,
    limit: int | None = None,
) -> "array[int] | None":
    """The cached result of `allowed_garments`; None where it would have to query."""
    return _CACHE.get((catalogue_state(session), filters, garment_class, limit))


def _passing(
    session: Session, filters: Filters, garment_class: GarmentClass | None, limit: int | None
) -> "array[int]":
    query = (
        select(GarmentRow.id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .join(Product, PhotoRow.product_id == Product.id)
        .where(*garment_conditions(filters))
    )
    if garment_class is not None:
        # "+ 0" keeps the planner from scanning a third of all garments by class where a filter's
        # index gives a few products.
        query = query.where(GarmentRow.garment_class + 0 == int(garment_class))
    return array("q", sorted(session.scalars(query.limit(limit))))


def passing_products(
    session: Session, garment_ids: Sequence[int], filters: Filters
) -> dict[int, str]:
    """Garment id -> product id, for the given garments that pass the filters."""
    # Not a join: the planner would scan all passing products to find these few.
    passes = exists().where(Product.id == PhotoRow.product_id, *garment_conditions(filters))
    query = _GARMENTS_WITH_PRODUCTS.where(GarmentRow.id.in_(garment_ids), passes)
    return {row[0]: row[1] for row in session.execute(query)}


def products_of_garments(
    session: Session, garment_ids: Sequence[int], worn_with: bool = False
) -> dict[int, str]:
    """Garment id -> product id, for existing garments.

    Args:
        worn_with: include garments that are only worn with a product.
    """
    statement = _ALL_PRODUCTS_OF if worn_with else _PRODUCTS_OF
    return {row[0]: row[1] for row in rows_of(session, statement, garment_ids)}


def product_groups(
    session: Session, product_ids: Collection[str], by_title: bool = True
) -> dict[str, str]:
    """Product id -> its group of variants, for products that have one.

    Args:
        by_title: whether titles tell variants too where the feed gave no group.
    """
    rows = rows_of(session, _GROUPS_OF[by_title], list(product_ids))
    return {row[0]: str(row[1]) for row in rows}


def more_colours(
    session: Session, product_ids: Collection[str], by_title: bool = True
) -> dict[str, int]:
    """Product id -> number of other colours of its article, for products that have any.

    Variants without a colour of their own are distinguished by their first photo.
    """
    groups = product_groups(session, product_ids, by_title)
    column = Product.article if by_title else Product.group_id
    query = (
        select(column, Product.id, Product.colour, PhotoRow.sha256)
        .outerjoin(PhotoRow, (PhotoRow.product_id == Product.id) & (PhotoRow.position == 0))
        .where(column.in_(set(groups.values())))
    )
    colours: dict[str, set[str]] = {}
    for group, product_id, colour, sha256 in session.execute(query):
        colours.setdefault(str(group), set()).add((colour or sha256 or product_id).lower())
    others = {each: len(colours[group]) - 1 for each, group in groups.items()}
    return {each: count for each, count in others.items() if count}


def rows_of(
    session: Session, statement: Select[*tuple[Any, ...]], ids: Sequence[int] | Sequence[str]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Run a statement for `ids`, split into as many as can be bound at once."""
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield from session.execute(statement, {"ids": ids[start : start + _IDS_PER_QUERY]})


def photo_hashes(session: Session, garment_ids: Sequence[int]) -> dict[int, str]:
    """Garment id -> SHA-256 of its photo's bytes, where known."""
    query = (
        select(GarmentRow.id, PhotoRow.sha256)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .where(GarmentRow.id.in_(garment_ids), PhotoRow.sha256.is_not(None))
    )
    return {row[0]: str(row[1]) for row in session.execute(query)}
