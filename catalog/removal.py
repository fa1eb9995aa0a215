"""Products and photos out of the database: one by one, or those that a feed no longer has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from catalog.errors import ProductNotFound, PruneRefused
from catalog.feeds_fields import Feed
from catalog.fetched import is_url
from catalog.models import LEFT, Photo, Product

_IDS_PER_QUERY: Final = 500
_NOT_SEEN: Final = ("read", "fetch")
"""Stages at which a photo was skipped without anybody having seen it."""


@dataclass(frozen=True)
class Leftovers:
    """Files that nothing uses any more: names of stored copies, addresses of fetched photos."""

    stored: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def __add__(self, other: "Leftovers") -> "Leftovers":
        return Leftovers(self.stored + other.stored, self.urls + other.urls)


def products_to_prune(session: Session, feed: Feed, even_most: bool) -> tuple[str, ...]:
    """Ids of the products that such a feed brought before and this one no longer has.

    What was added by hand is not among them. A folder's products are those of that folder.

    Raises:
        PruneRefused: it is more than half of them, and not `even_most`.
    """
    own: ColumnElement[bool] = Product.origin == feed.origin
    if feed.origin is None:
        own = and_(Product.origin.is_(None), Product.from_feed)
    there = session.scalars(select(Product.id).where(own).order_by(Product.id)).all()
    kept = {row.id for row in feed.rows}
    gone = tuple(product_id for product_id in there if product_id not in kept)
    if 2 * len(gone) > len(there) and not even_most:
        raise PruneRefused(
            f"the feed lacks {len(gone)} of the {len(there)} products that came from feeds; "
            "nothing was changed; if they are really gone, say --prune-all (over HTTP: prune_all)"
        )
    return gone


def remove_product(session: Session, product_id: str) -> Leftovers:
    """Delete a product with its photos, garments and vectors; ProductNotFound if absent.

    The caller commits, then deletes the files left over.
    """
    if session.get(Product, product_id) is None:
        raise ProductNotFound(f"there is no product {product_id!r}; see the list for its id")
    return remove_products(session, (product_id,))


def remove_products(session: Session, product_ids: Sequence[str]) -> Leftovers:
    """Delete products with all that hangs on them; ids that are absent are passed over."""
    left = Leftovers()
    for start in range(0, len(product_ids), _IDS_PER_QUERY):
        ids = product_ids[start : start + _IDS_PER_QUERY]
        left += _remove(session, Photo.product_id.in_(ids))
        session.execute(delete(Product).where(Product.id.in_(ids)))
    return left


def remove_left_photos(session: Session) -> Leftovers:
    """Delete photos that left the feed (`models.LEFT`), with garments and vectors.

    A product whose new photos could not be had keeps its old ones until they can.
    """
    other = aliased(Photo)
    seen = or_(
        other.status == "indexed",
        and_(other.status == "skipped", other.skip_stage.not_in(_NOT_SEEN)),
    )
    replaced = exists().where(other.product_id == Photo.product_id, other.position != LEFT, seen)
    may_go = or_(Photo.status != "indexed", replaced)
    left = session.scalars(select(Photo.id).where(Photo.position == LEFT, may_go)).all()
    leftovers = Leftovers()
    for start in range(0, len(left), _IDS_PER_QUERY):
        leftovers += _remove(session, Photo.id.in_(left[start : start + _IDS_PER_QUERY]))
    return leftovers


def _remove(session: Session, which: ColumnElement[bool]) -> Leftovers:
    photos = session.execute(select(Photo.stored, Photo.source).where(which)).all()
    session.execute(delete(Photo).where(which).execution_options(synchronize_session=False))
    stored = {name for name, _ in photos if name}
    urls = {source for _, source in photos if is_url(source)}
    stored -= set(session.scalars(select(Photo.stored).where(Photo.stored.in_(stored))))
    urls -= set(session.scalars(select(Photo.source).where(Photo.source.in_(urls))))
    return Leftovers(tuple(sorted(stored)), tuple(sorted(urls)))
