"""Repair of texts with unshowable characters, stored by versions before November 2026."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.clean_text import clean_attributes, clean_text, is_clean
from catalog.models import Product

_COLUMNS = (
    "title", "brand", "category", "colour", "currency", "url", "availability", "description",
    "group_id",
)  # fmt: skip


def count_damaged_texts(session: Session) -> int:
    """Number of products with such a text."""
    return sum(1 for _ in _damaged_products(session))


def repair_texts(session: Session) -> int:
    """Clean the texts of every such product; return their number. The caller commits."""
    count = 0
    for product in list(_damaged_products(session)):
        for name in _COLUMNS:
            value = getattr(product, name)
            if value is not None:
                setattr(product, name, clean_text(_as_text(value)) or None)
        product.title = product.title or product.id
        product.attributes = clean_attributes(product.attributes)
        count += 1
    return count


def _damaged_products(session: Session) -> Iterator[Product]:
    for product in session.scalars(select(Product).execution_options(yield_per=1_000)):
        texts = [getattr(product, name) or "" for name in _COLUMNS]
        texts += [str(text) for pair in product.attributes.items() for text in pair]
        if not all(isinstance(text, str) and is_clean(text) for text in texts):
            yield product


def _as_text(value: str | bytes) -> str:
    """A column's text; SQLite may hold bytes in it, written by another program."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
