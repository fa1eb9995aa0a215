"""Removal of products and photos: single ones, or those missing from a feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from catalog.errors import ProductNotFound, PruneRefused
from catalog.feeds.rows import Feed
from catalog.fetching.store import is_url
from catalog.models import NOT_IN_FEED, PhotoRow, Product

_IDS_PER_QUERY: Final = 500
_UNDECODED: Final = ("read", "fetch")
"""Stages at which a photo is skipped without being decoded."""


@dataclass(frozen=True)
class Leftovers:
    """Files that are no longer referenced: names of stored copies, URLs of fetched photos."""

    stored: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def __add__(self, other: "Leftovers") -> "Leftovers":
        return Leftovers(self.stored + other.stored, self.urls + other.urls)


def products_to_prune(
    session: Session, feed: Feed, sources: Sequence[str], even_most: bool
) -> tuple[str, ...]:
    """Ids of the products of a source, under any of its names, that are missing from its feed.

    Products of other sources and those added by hand are not affected.

    Raises:
        PruneRefused: it is more than half of them, and not `even_most`.
    """
    query = select(Product.id).where(Product.source.in_(sources)).order_by(Product.id)
    there = session.scalars(query).all()
    listed = {row.id for row in feed.rows}
    gone = tuple(product_id for product_id in there if product_id not in listed)
    if 2 * len(gone) > len(there) and not even_most:
        raise PruneRefused(
            f"the feed lacks {len(gone)} of the {len(there)} products of source {sources[0]!r}; "
            "nothing was changed; if they are really gone, say --prune-all (over HTTP: prune_all)"
        )
    return gone


def remove_product(session: Session, product_id: str) -> Leftovers:
    """Delete a product with its photos, garments and vectors.

    The caller commits, then deletes the leftover files.

    Raises:
        ProductNotFound: no product has this id.
    """
    if session.get(Product, product_id) is None:
        raise ProductNotFound(product_id)
    return remove_products(session, (product_id,))


def remove_products(session: Session, product_ids: Sequence[str]) -> Leftovers:
    """Delete products with their photos, garments and vectors; unknown ids are ignored."""
    left = Leftovers()
    for start in range(0, len(product_ids), _IDS_PER_QUERY):
        ids = product_ids[start : start + _IDS_PER_QUERY]
        left += _remove(session, PhotoRow.product_id.in_(ids))
        session.execute(delete(Product).where(Product.id.in_(ids)))
    return left


def remove_left_photos(session: Session) -> Leftovers:
    """Delete photos that are no longer in the feed, with their garments and vectors.

    A product whose new photos cannot be read yet keeps its old ones.
    """
    other = aliased(PhotoRow)
    decoded = or_(
        other.status == "indexed",
        and_(other.status == "skipped", other.skip_stage.not_in(_UNDECODED)),
    )
    same_product = other.product_id == PhotoRow.product_id
    replaced = exists().where(same_product, other.position != NOT_IN_FEED, decoded)
    removable = or_(PhotoRow.status != "indexed", replaced)
    query = select(PhotoRow.id).where(PhotoRow.position == NOT_IN_FEED, removable)
    left = session.scalars(query).all()
    leftovers = Leftovers()
    for start in range(0, len(left), _IDS_PER_QUERY):
        leftovers += _remove(session, PhotoRow.id.in_(left[start : start + _IDS_PER_QUERY]))
    return leftovers


def unused_copies(session: Session, names: Sequence[str]) -> Leftovers:
    """The given stored copies that no photo refers to."""
    unused = set(names)
    for start in range(0, len(names), _IDS_PER_QUERY):
        some = names[start : start + _IDS_PER_QUERY]
        unused -= set(session.scalars(select(PhotoRow.stored).where(PhotoRow.stored.in_(some))))
    return Leftovers(tuple(sorted(unused)))


def _remove(session: Session, which: ColumnElement[bool]) -> Leftovers:
    photos = session.execute(select(PhotoRow.stored, PhotoRow.source).where(which)).all()
    session.execute(delete(PhotoRow).where(which).execution_options(synchronize_session=False))
    stored = {name for name, _ in photos if name}
    urls = {source for _, source in photos if is_url(source)}
    stored -= set(session.scalars(select(PhotoRow.stored).where(PhotoRow.stored.in_(stored))))
    urls -= set(session.scalars(select(PhotoRow.source).where(PhotoRow.source.in_(urls))))
    return Leftovers(tuple(sorted(stored)), tuple(sorted(urls)))
