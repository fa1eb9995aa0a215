"""Garments that a text query finds, the best match first."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from catalog.filtering.conditions import garment_conditions, product_value_conditions
from catalog.filtering.filters import Filters
from catalog.filtering.product_text import names, ranks_of, text_ranks
from catalog.filtering.word_query import Term
from catalog.garments import rows_of
from catalog.models import GarmentRow, PhotoRow, Product
from catalog.records import AttributeCard
from segmentation.classes import GarmentClass

_CARDS_PER_SEARCH: Final = 2_000
"""Garments that are ranked for a text query: far more than a page shows, fast to read."""
_RANKED_AT_ONCE: Final = 2 * _CARDS_PER_SEARCH
"""Up to so many garments that pass are read once and ranked here."""
_NAMED_ENOUGH: Final = _CARDS_PER_SEARCH // 2
"""With so many garments whose text has the words, others are not looked for."""
_PRODUCTS_OF: Final = (
    select(GarmentRow.id, PhotoRow.product_id)
    .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
    .where(GarmentRow.id.in_(bindparam("ids", expanding=True)))
)
_ATTRIBUTES_OF: Final = _PRODUCTS_OF.add_columns(
    GarmentRow.kind,
    GarmentRow.pattern,
    GarmentRow.sleeve,
    GarmentRow.length,
    GarmentRow.certainties,
    GarmentRow.colours,
)


def attribute_cards(
    session: Session, filters: Filters, garment_class: GarmentClass | None = None
) -> list[AttributeCard]:
    """Garments that pass the filters, best text match first, some thousand at most."""
    ranks = _best_garments(session, filters, garment_class)
    # Only what may be predicted has a certainty, which counts where no text names it.
    terms = [term for term in filters.words.terms if term.concept.predicted]
    columns = [
        names(term, PhotoRow.product_id).label(f"named_{number}")
        for number, term in enumerate(terms)
    ]
    statement = _ATTRIBUTES_OF.add_columns(*columns) if terms else _PRODUCTS_OF
    rows = rows_of(session, statement, list(ranks))
    cards = {row.id: _attribute_card(row, terms, ranks[row.id]) for row in rows}
    return [cards[each] for each in ranks]


def _best_garments(
    session: Session, filters: Filters, garment_class: GarmentClass | None
) -> dict[int, float]:
    """Ids of the garments that pass with the text's rank, by it, then by score times area."""
    size = GarmentRow.score * GarmentRow.area
    passing = _passing(filters, garment_class).add_columns(size)
    terms = filters.words.terms
    few = session.execute(passing.limit(_RANKED_AT_ONCE + 1)).all()
    if len(few) <= _RANKED_AT_ONCE:
        ranks = ranks_of(session, terms, {row[1] for row in few}) if terms and few else {}
        ordered = sorted((-ranks.get(row[1], 0.0), -row[2], row[0]) for row in few)
        return {garment_id: -rank for rank, _, garment_id in ordered[:_CARDS_PER_SEARCH]}
    by_size = (size.desc(), GarmentRow.id)
    largest = passing.order_by(*by_size).limit(_CARDS_PER_SEARCH)
    if not terms:
        return {row[0]: 0.0 for row in session.execute(largest)}
    # Many pass: those whose text has the words are enough where there are enough of them.
    text_rank = text_ranks(session, terms)
    named = passing.join(text_rank, text_rank.c.product_id == PhotoRow.product_id)
    best = named.add_columns(text_rank.c.rank).order_by(text_rank.c.rank.desc(), *by_size)
    found = {row[0]: row[3] for row in session.execute(best.limit(_CARDS_PER_SEARCH))}
    if len(found) < _NAMED_ENOUGH:
        rest = (row[0] for row in session.execute(largest) if row[0] not in found)
        found |= dict.fromkeys(islice(rest, _CARDS_PER_SEARCH - len(found)), 0.0)
    return found


def finds_any(
    session: Session, filters: Filters, garment_class: GarmentClass | None = None
) -> bool:
    """Whether any garment passes the filters; costs less than ranking those that do."""
    # Where no product passes, what the words find need not be collected.
    products = select(Product.id).where(*product_value_conditions(filters, by_row=True)).limit(1)
    if session.scalar(products) is None:
        return False
    return session.execute(_passing(filters, garment_class).limit(1)).first() is not None


def _passing(filters: Filters, garment_class: GarmentClass | None) -> Select[int, str]:
    passing = (
        select(GarmentRow.id, PhotoRow.product_id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .join(Product, PhotoRow.product_id == Product.id)
        .where(*garment_conditions(filters))
    )
    if garment_class is None:
        return passing
    return passing.where(GarmentRow.garment_class == int(garment_class))


def _attribute_card(row: Row[Any, Any], terms: Sequence[Term], rank: float) -> AttributeCard:
    if not terms:
        return AttributeCard(row.id, row.product_id, {}, {}, {}, rank=rank)
    garment_id, product_id, kind, pattern, sleeve, length, certainties, colours, *flags = tuple(row)
    predicted = {"kind": kind, "pattern": pattern, "sleeve": sleeve, "length": length}
    shares = {colour.name: colour.share for colour in colours}
    named = tuple(term for term, is_named in zip(terms, flags, strict=True) if is_named)
    return AttributeCard(garment_id, product_id, predicted, certainties, shares, named, rank)
