"""What a search asks of the database about garments: which may answer, whose they are."""

from array import array
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, exists, select
from sqlalchemy.orm import Session

from catalog.conditions import garment_conditions
from catalog.filters import Filters
from catalog.kept import Kept, catalogue_state
from catalog.models import Garment, Photo, Product
from catalog.records import AttributeCard
from segmentation.classes import GarmentClass

_CARDS_PER_WISH: Final = 3_000
"""Garments that are weighed for plain words: far more than a page shows, fast to read."""
_IDS_PER_QUERY: Final = 10_000
"""Below the number of values that SQLite and PostgreSQL bind in one statement."""
# Made once, the ids told when they run: a search asks several times for a hundred each, and to make
# a statement with them takes longer than to run it.
_GARMENTS_WITH_PRODUCTS: Final = select(Garment.id, Photo.product_id).join(
    Photo, Garment.photo_id == Photo.id
)
_PRODUCTS_OF: Final = _GARMENTS_WITH_PRODUCTS.where(
    Garment.id.in_(bindparam("ids", expanding=True))
)
_GROUPS_OF: Final = select(Product.id, Product.group_id).where(
    Product.id.in_(bindparam("ids", expanding=True)), Product.group_id.is_not(None)
)
_KEPT: Final = Kept["array[int]"](most=100, seconds=600.0)
_KEPT_IDS: Final = 20_000
"""Larger answers are not kept: all that are take 16 MB at most."""


def allowed_garments(
    session: Session,
    filters: Filters,
    garment_class: GarmentClass | None = None,
    limit: int | None = None,
) -> "array[int]":
    """Ids of the garments that pass the filters, in order; any `limit` of them.

    The latest answers are kept until the catalogue changes.
    """
    key = (catalogue_state(session), filters, garment_class, limit)
    found = _KEPT.get(key)
    if found is None:
        found = _passing(session, filters, garment_class, limit)
        if len(found) <= _KEPT_IDS:
            _KEPT.put(key, found)
    return found


def kept_garments(
    session: Session,
    filters: Filters,
    garment_class: GarmentClass | None = None,
    limit: int | None = None,
) -> "array[int] | None":
    """What `allowed_garments` would say, if that is kept: none of the ids is read."""
    return _KEPT.get((catalogue_state(session), filters, garment_class, limit))


def _passing(
    session: Session, filters: Filters, garment_class: GarmentClass | None, limit: int | None
) -> "array[int]":
    query = (
        select(Garment.id)
        .join(Photo, Garment.photo_id == Photo.id)
        .join(Product, Photo.product_id == Product.id)
        .where(*garment_conditions(filters))
    )
    if garment_class is not None:
        # "+ 0" keeps the planner from walking through a third of all garments by their class
        # where a filter's index names a few products.
        query = query.where(Garment.garment_class + 0 == int(garment_class))
    return array("q", sorted(session.scalars(query.limit(limit))))


def passing_products(
    session: Session, garment_ids: Sequence[int], filters: Filters
) -> dict[int, str]:
    """Garment id -> product id, for those of some garments that pass the filters."""
    # Not a join: the planner would walk through all products that pass, and look for the few here.
    passes = exists().where(Product.id == Photo.product_id, *garment_conditions(filters))
    query = _GARMENTS_WITH_PRODUCTS.where(Garment.id.in_(garment_ids), passes)
    return {row[0]: row[1] for row in session.execute(query)}


def products_of_garments(session: Session, garment_ids: Sequence[int]) -> dict[int, str]:
    """Garment id -> product id, for those that exist."""
    return {row[0]: row[1] for row in _rows_of(session, _PRODUCTS_OF, garment_ids)}


def product_groups(session: Session, product_ids: Collection[str]) -> dict[str, str]:
    """Product id -> the group of variants that it is of, where it is of one."""
    return {row[0]: str(row[1]) for row in _rows_of(session, _GROUPS_OF, list(product_ids))}


def _rows_of(
    session: Session, statement: Select[Any, Any], ids: Sequence[int] | Sequence[str]
) -> Iterator[Row[Any, Any]]:
    """What a statement finds for these `ids`, as many at a time as may be bound."""
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield from session.execute(statement, {"ids": ids[start : start + _IDS_PER_QUERY]})


def photo_hashes(session: Session, garment_ids: Sequence[int]) -> dict[int, str]:
    """Garment id -> SHA-256 of its photo's bytes, where that is known."""
    query = (
        select(Garment.id, Photo.sha256)
        .join(Photo, Garment.photo_id == Photo.id)
        .where(Garment.id.in_(garment_ids), Photo.sha256.is_not(None))
    )
    return {row[0]: str(row[1]) for row in session.execute(query)}


def attribute_cards(
    session: Session, filters: Filters, garment_class: GarmentClass | None = None
) -> list[AttributeCard]:
    """Garments that pass the filters, the largest and clearest first, some thousand at most."""
    query = (
        select(Garment, Photo.product_id)
        .join(Photo, Garment.photo_id == Photo.id)
        .join(Product, Photo.product_id == Product.id)
        .where(*garment_conditions(filters))
        .order_by((Garment.score * Garment.area).desc(), Garment.id)
        .limit(_CARDS_PER_WISH)
    )
    if garment_class is not None:
        query = query.where(Garment.garment_class == int(garment_class))
    return [_attribute_card(garment, product) for garment, product in session.execute(query)]


def _attribute_card(garment: Garment, product_id: str) -> AttributeCard:
    named = {name: getattr(garment, name) for name in garment.certainties}
    shares = {colour["name"]: colour["share"] for colour in garment.colours}
    return AttributeCard(garment.id, product_id, named, garment.certainties, shares)
