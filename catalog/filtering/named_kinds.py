"""The kinds that a product's text names, as bits of `product.named_kinds`.

Text that names another kind contradicts a prediction: a "Pleated skirt" is not a dress, whatever
was segmented. It is decided when a product is written, so that a query compares one number. Kinds
that cover the whole body have a bit each; those of the upper and the lower body share one, since a
jacket may also be a blazer.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Mapper

from catalog.filtering.vocabulary import (
    LONGEST_PHRASE,
    Concept,
    concepts,
    folded,
    folded_words,
    listed,
)
from catalog.models import Product
from segmentation.classes import GarmentClass

DETAIL_NAMES: Final = (
    "material", "fabric", "composition", "pattern", "style", "type",
    "stoff", "muster", "matiere", "motif", "tejido", "estampado", "tessuto", "fantasia", "patroon",
)  # fmt: skip
"""Attributes with one of these in the name are read with the category, as by the text index."""
_ROWS_PER_UPDATE: Final = 2_000


def named_kinds(title: str, category: str | None, attributes: Mapping[str, Any] | None) -> int:
    """The bits of all kinds that a product's texts name.

    Args:
        attributes: those that tell material, pattern or type count with the category.
    """
    details = (
        str(value)
        for name, value in (attributes or {}).items()
        if value is not None and any(each in name.lower() for each in DETAIL_NAMES)
    )
    bits = _bit_of_phrase()
    found = 0
    for part in (title, " ".join((category or "", *details))):
        for phrase in _phrases(folded_words(part or "")):
            found |= bits.get(phrase, 0)
    return found


def other_kinds(kind: Concept) -> int:
    """The bits that say that a product is certainly not of a kind."""
    return sum(bit for name, bit in _bits().items() if name != _name(kind))


def decision() -> str:
    """A fingerprint of the words that `named_kinds` goes by."""
    return hashlib.sha256(repr(sorted(_bit_of_phrase().items())).encode()).hexdigest()[:16]


def decide_named_kinds(connection: Connection) -> None:
    """Recompute `named_kinds` of all products where other words decided it.

    The caller commits.
    """
    query = text("SELECT named_kinds_by FROM catalogue_version")
    if connection.scalar(query) == decision():
        return
    columns = (Product.id, Product.title, Product.category, Product.attributes)
    last = ""
    while rows := connection.execute(
        Product.__table__.select()
        .with_only_columns(*columns)
        .where(Product.id > last)
        .order_by(Product.id)
        .limit(_ROWS_PER_UPDATE)
    ).all():
        last = rows[-1].id
        decided = [{"id": row[0], "kinds": named_kinds(*row[1:])} for row in rows]
        connection.execute(text("UPDATE product SET named_kinds = :kinds WHERE id = :id"), decided)
    connection.execute(
        text("UPDATE catalogue_version SET named_kinds_by = :by"), {"by": decision()}
    )


def is_decided(connection: Connection) -> bool:
    """Whether `named_kinds` of all products was decided by these words."""
    by = connection.scalar(text("SELECT named_kinds_by FROM catalogue_version"))
    return bool(by == decision())


@event.listens_for(Product, "before_insert")
@event.listens_for(Product, "before_update")
def _decide(_mapper: Mapper[Product], _connection: Connection, product: Product) -> None:
    product.named_kinds = named_kinds(product.title, product.category, product.attributes)


@cache
def _bits() -> Mapping[str, int]:
    names = dict.fromkeys(_name(each) for each in concepts().values() if each.field == "kind")
    return {name: 1 << bit for bit, name in enumerate(names)}


def _name(kind: Concept) -> str:
    assert kind.garment_class is not None
    is_whole = kind.garment_class == GarmentClass.WHOLE
    return kind.name if is_whole else kind.garment_class.label


@cache
def _bit_of_phrase() -> Mapping[str, int]:
    """Phrase -> its kind's bit, without those that mean something else in another language."""
    ambiguous = listed("ambiguous")
    return {
        phrase: _bits()[_name(concept)]
        for concept in concepts().values()
        if concept.field == "kind"
        for phrase in map(folded, concept.spellings)
        if phrase not in ambiguous
    }


def _phrases(words: list[str]) -> Iterator[str]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(words)) + 1):
            yield " ".join(words[start:end])
