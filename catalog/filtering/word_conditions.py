"""SQL conditions of a text query.

A product has a concept where its own text names it: a shop that writes "Striped dress" is right
about it. A garment also has it where its predicted attribute says so, unless the product is named
as another kind: a "Pleated skirt" is not a dress.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    false,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.filtering.named_kinds import other_kinds
from catalog.filtering.product_text import names, names_all, occurs
from catalog.filtering.vocabulary import Concept
from catalog.filtering.word_parser import parse_words
from catalog.filtering.word_query import Clause, Term, UnderstoodWords, WordQuery
from catalog.models import GarmentRow, PhotoRow, Product

_GarmentIds = Sequence[Select[int]]
"""Selects of garment ids, of which each finds some."""
DARK: Final = 38.0
"""A main colour below this lightness (CIELAB L, 0 to 100) is dark."""
LIGHT: Final = 62.0
"""A main colour above this lightness is light."""
_ATTRIBUTES: Final[dict[str, InstrumentedAttribute[str | None]]] = {
    "kind": GarmentRow.kind,
    "pattern": GarmentRow.pattern,
    "sleeve": GarmentRow.sleeve,
    "length": GarmentRow.length,
    "colour": GarmentRow.main_colour,
}


def understand(session: Session, text: str) -> UnderstoodWords:
    """Parse a text query and leave out what neither vocabulary nor catalogue knows.

    Where no garment is known to be what is wanted, those whose kind is not known may be it.
    """
    query = parse_words(text)
    terms = dict.fromkeys((*query.terms, *query.excluded_terms))
    unknown = [term for term in terms if term.may_be_unknown and not occurs(session, term)]
    goods = [term for term in query.terms if term.concept.field == "goods"]
    used, unsure = query.without(unknown), tuple[Term, ...]()
    widened = used.or_unsure()
    if widened != used and not _finds(session, used) and _finds(session, widened):
        unsure, used = tuple(each for each in widened.terms if each.or_unsure), widened
    return UnderstoodWords(
        text,
        used,
        unknown=tuple(dict.fromkeys(term.said for term in unknown)),
        missing=tuple(term.said for term in goods if not occurs(session, term)),
        unsure=tuple(term.said for term in unsure),
    )


def _finds(session: Session, words: WordQuery) -> bool:
    found = select(GarmentRow.id).where(wanted_condition(words), GarmentRow.worn_with.is_(False))
    return session.scalar(found.limit(1)) is not None


def wanted_condition(words: WordQuery) -> ColumnElement[bool]:
    """Condition on a garment: it is one of the ids that a query finds by indices."""
    if not words.alternatives:
        return true()
    clauses = words.alternatives[0]
    if len(words.alternatives) == 1 and all(map(_is_broad, clauses)):
        return and_(*(or_(*map(_has, clause)) for clause in clauses))
    return _among([each for clauses in words.alternatives for each in _all_of(clauses)])


def excluded_conditions(words: WordQuery, worn_with: bool) -> list[ColumnElement[bool]]:
    """Condition that excludes a product by itself or any of its garments.

    Args:
        worn_with: garments that are only worn with the product count too.
    """
    return [
        not_(and_(*(_product_has(term, worn_with) for term in group))) for group in words.excluded
    ]


def _is_broad(clause: Clause) -> bool:
    """Whether a third of all garments meet a clause: their ids are many, a test is cheap."""
    return any(term.concept.whole_class for term in clause)


def _all_of(clauses: tuple[Clause, ...]) -> _GarmentIds:
    """Select the garments that meet every clause: looked up by the first, tested by the others."""
    colours = [clause for clause in clauses if clause[0].concept.field == "colour"]
    texts = [clause for clause in clauses if all(map(_is_only_named, clause))]
    if len(colours) < 2 and len(texts) > 1:
        named = _product_garments(names_all(texts, PhotoRow.product_id))
        return _narrowed([named], [or_(*map(_has, each)) for each in clauses if each not in texts])
    if len(colours) < 2:
        first, *others = sorted(clauses, key=_is_broad)
        return _narrowed(_any_term(first), [or_(*map(_has, each)) for each in others])
    # "Black and white": all are among the garment's colours, one of them is the main one.
    main = [term for clause in colours for term in clause]
    apart = (each for each in clauses if each not in colours)
    first, *others = sorted((*apart, tuple(main)), key=_is_broad)
    tests = [or_(*map(_has, each)) for each in others]
    tests += [or_(*map(_has_among_colours, clause)) for clause in colours]
    return [_of_products(_garments(_among(_any_term(first)), *tests))]


def _is_only_named(term: Term) -> bool:
    """Whether a product's text alone meets a term, whatever the garment."""
    return term.is_text and term.concept.garment_class is None and term.lightness is None


def _narrowed(found: _GarmentIds, tests: Sequence[ColumnElement[bool]]) -> _GarmentIds:
    return [_garments(_among(found), *tests)] if tests else found


def _among(found: _GarmentIds) -> ColumnElement[bool]:
    """Whether a garment is one of those found."""
    return GarmentRow.id.in_(found[0] if len(found) == 1 else union_all(*found))


def _has(term: Term) -> ColumnElement[bool]:
    """Whether a garment shows a term, or its product is named so."""
    if term.concept.field == "kind" and not term.concept.whole_class:
        return _among(_any_term([term]))
    return or_(_predicted(term), *(_among([each]) for each in _named(term)))


def _any_term(terms: Sequence[Term]) -> _GarmentIds:
    """Select the garments that show one of some terms, or whose product is named so."""
    return [found for term in terms for found in (_showing(term), *_named(term))]


def _showing(term: Term) -> Select[int]:
    """Select the garments whose class, predicted attribute or colour shows a term."""
    shown = _predicted(term)
    if term.concept.garment_class is None:
        return _garments(shown)
    of_class = GarmentRow.garment_class == int(term.concept.garment_class)
    if term.concept.whole_class:
        return _garments(of_class)
    # "+ 0": the index on the kind is the better one, whatever the planner thinks.
    of_class = GarmentRow.garment_class + 0 == int(term.concept.garment_class)
    return _of_products(_garments(of_class, shown))


def _named(term: Term) -> _GarmentIds:
    """Select the garments that are a product whose text names a term."""
    if term.lightness is not None:
        return []  # a "dark blue dress" may be lighter than the query garment
    kind = term.concept
    found = _product_garments(names(term, PhotoRow.product_id))
    if kind.garment_class is None:
        return [found]
    # A "Shirt dress" is a shirt only if it was segmented as one, a "Dress" is a dress anyway.
    of_class = GarmentRow.garment_class == int(kind.garment_class)
    is_product = PhotoRow.product_id == Product.id
    return [found.join(Product, is_product).where(or_(of_class, _is_no_other(kind)))]


def _product_garments(named: ColumnElement[bool]) -> Select[int]:
    """Select the garments that are a product for which a condition holds."""
    found = _garments(named, GarmentRow.worn_with.is_(False))
    return found.join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)


def _garments(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(GarmentRow.id).where(*conditions).correlate(None)


def _of_products(garments: Select[int]) -> Select[int]:
    """A selection of garments joined with their products."""
    return garments.join(PhotoRow, GarmentRow.photo_id == PhotoRow.id).join(
        Product, PhotoRow.product_id == Product.id
    )


def _is_no_other(kind: Concept) -> ColumnElement[bool]:
    """Whether the product's text names no kind that contradicts one."""
    return Product.named_kinds.bitwise_and(other_kinds(kind)) == 0


def _product_has(term: Term, worn_with: bool) -> ColumnElement[bool]:
    """Whether a product is named so, or one of its garments shows a term."""
    if not term.concept.is_exact:
        return names(term)
    showing = (
        select(PhotoRow.product_id)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .join(Product, PhotoRow.product_id == Product.id)
        .where(_predicted(term))
    )
    if not worn_with:
        showing = showing.where(GarmentRow.worn_with.is_(False))
    return or_(names(term), Product.id.in_(showing))


def _predicted(term: Term) -> ColumnElement[bool]:
    """Whether a garment's class, predicted attribute or colour shows a term."""
    concept = term.concept
    if concept.whole_class and concept.garment_class is not None:
        return GarmentRow.garment_class == int(concept.garment_class)
    if concept.field == "tone":
        if concept.name == "dark":
            return GarmentRow.lightness < (DARK if term.lightness is None else term.lightness)
        return GarmentRow.lightness > (LIGHT if term.lightness is None else term.lightness)
    if not concept.predicted:
        return false()
    shown = _ATTRIBUTES[concept.field].in_(concept.predicted)
    if concept.field != "kind":
        return shown
    known = and_(shown, _is_no_other(concept))
    unknown = and_(GarmentRow.kind.is_(None), Product.named_kinds == 0)
    return or_(known, unknown) if term.or_unsure else known


def _has_among_colours(term: Term) -> ColumnElement[bool]:
    """Whether a colour is among the garment's, read from the JSON text as it was written."""
    colours: Any = cast(GarmentRow.colours, String)
    return or_(
        *(
            colours.contains(f'"name": "{name}"', autoescape=True)
            for name in term.concept.predicted
        ),
        names(term),
    )
