"""Full-text conditions on products, for SQLite's FTS5 and PostgreSQL (migration 0013).

part      title   colour   details (category, material, pattern)   brand
weight    A       B        C                                       D
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import CTE, Boolean, Double, String, TextClause, bindparam, column, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from catalog.database import is_sqlite
from catalog.filtering.vocabulary import ConceptField, folded, folded_words
from catalog.filtering.word_query import Clause, Term
from catalog.models import Product

_PARTS: Final = {"title": "A", "colour": "B", "category": "C", "brand": "D"}
"""Column of the FTS5 table -> PostgreSQL's weight."""
_SEARCHED_PARTS: Final[dict[ConceptField, tuple[str, ...]]] = {
    "colour": ("title", "colour"),
    "tone": ("title", "colour"),
    "text": tuple(_PARTS),
}
"""Parts in which a concept's spellings are looked for; others in all but colour and brand."""
_OTHER_PARTS: Final = ("title", "category")
_SQLITE_RANK: Final = (
    "SELECT line.product_id, -bm25(product_text, 4, 2, 2, 4) AS rank FROM product_text"
    " JOIN product_text_row AS line ON line.number = product_text.rowid"
    " WHERE product_text MATCH :words"
)
_POSTGRESQL_RANK: Final = (
    "SELECT product_id, ts_rank(words, to_tsquery('simple', :words)) AS rank FROM product_text"
    " WHERE words @@ to_tsquery('simple', :words)"
)
_SQLITE_ANY: Final = "SELECT 1 FROM product_text WHERE product_text MATCH :words LIMIT 1"
_POSTGRESQL_ANY: Final = (
    "SELECT 1 FROM product_text WHERE words @@ to_tsquery('simple', :words) LIMIT 1"
)
_SQLITE_OF: Final = (
    # "+": the rows of the text are tested one by one, not looked up and searched again.
    " AND +product_text.rowid IN (SELECT number FROM product_text_row WHERE product_id IN :ids)"
)
_POSTGRESQL_OF: Final = " AND product_id IN :ids"


class HasText(FunctionElement[bool]):
    """Whether a product's text has one of some phrases: product id, FTS5 query, tsquery."""

    type = Boolean()
    inherit_cache = True
    name = "has_text"

    def self_group(self, against: Any = None) -> "HasText":
        """Stay as it is: "= 1", appended on SQLite, would keep the planner from an index."""
        return self


@compiles(HasText, "sqlite")
def _on_sqlite(element: HasText, compiler: SQLCompiler, **options: Any) -> str:
    product_id, words, _ = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"{product_id} IN (SELECT product_id FROM product_text_row WHERE number IN"
        f" (SELECT rowid FROM product_text WHERE product_text MATCH {words}))"
    )


@compiles(HasText, "postgresql")
def _on_postgresql(element: HasText, compiler: SQLCompiler, **options: Any) -> str:
    product_id, _, words = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"{product_id} IN (SELECT product_id FROM product_text"
        f" WHERE words @@ to_tsquery('simple', {words}))"
    )


def names(term: Term, product_id: InstrumentedAttribute[str] = Product.id) -> HasText:
    """Whether a product's text names a term's concept, in any language."""
    return names_all([(term,)], product_id)


def names_all(clauses: Iterable[Clause], product_id: InstrumentedAttribute[str]) -> HasText:
    """Whether a product's text names one term of each clause: in one query, as few may have all."""
    queries = [tuple(zip(*map(_queries, clause), strict=True)) for clause in clauses]
    sqlite = " AND ".join(f"({' OR '.join(each[0])})" for each in queries)
    postgresql = " & ".join(f"({' | '.join(each[1])})" for each in queries)
    return HasText(product_id, bindparam(None, sqlite, String), bindparam(None, postgresql, String))


def occurs(session: Session, term: Term) -> bool:
    """Whether the text of any product names a term."""
    sqlite, postgresql = _queries(term)
    on_sqlite = is_sqlite(session)
    statement = text(_SQLITE_ANY if on_sqlite else _POSTGRESQL_ANY)
    words = sqlite if on_sqlite else postgresql
    return session.execute(statement, {"words": words}).first() is not None


def _queries(term: Term) -> tuple[str, str]:
    """The FTS5 query and the tsquery for a term."""
    concept = term.concept
    parts = parts_of(concept.field)
    found, refused = _distinct(concept.spellings), _distinct(concept.unless)
    sqlite, postgresql = _fts5(found, parts), _tsquery(found, parts)
    if not refused:
        return sqlite, f"({postgresql})"
    return (
        f"(({sqlite}) NOT ({_fts5(refused, parts)}))",
        f"(({postgresql}) & !({_tsquery(refused, parts)}))",
    )


def parts_of(field: ConceptField) -> tuple[str, ...]:
    """The parts of a product's text that can name a concept of a field."""
    return _SEARCHED_PARTS.get(field, _OTHER_PARTS)


def text_ranks(session: Session, terms: Sequence[Term]) -> CTE:
    """Select product_id and rank above 0 by the words as they were typed: rarer words rank higher.

    Materialized: SQLite would search the text again for each row that it is joined to.
    """
    ranks, words = _ranking(session, terms)
    columns = ranks.bindparams(words=words).columns(
        column("product_id", String), column("rank", Double)
    )
    return columns.cte("text_rank").prefix_with("MATERIALIZED")


def ranks_of(
    session: Session, terms: Sequence[Term], product_ids: Collection[str]
) -> dict[str, float]:
    """The ranks of `text_ranks` of some products; those without any of the words are left out."""
    ranks, words = _ranking(session, terms)
    of_products = _SQLITE_OF if is_sqlite(session) else _POSTGRESQL_OF
    query = text(f"{ranks.text}{of_products}").bindparams(bindparam("ids", expanding=True))
    rows = session.execute(query, {"words": words, "ids": list(product_ids)})
    return {row[0]: row[1] for row in rows}


def _ranking(session: Session, terms: Sequence[Term]) -> tuple[TextClause, str]:
    """The ranking statement of the database, and its words."""
    typed = [
        term.concept.spellings if term.concept.field == "text" else (term.said,) for term in terms
    ]
    phrases = _distinct(phrase for phrases in typed for phrase in phrases)
    if is_sqlite(session):
        return text(_SQLITE_RANK), _fts5(phrases, tuple(_PARTS))
    return text(_POSTGRESQL_RANK), _tsquery(phrases, tuple(_PARTS))


def _distinct(phrases: Iterable[str]) -> list[str]:
    return [phrase for phrase in dict.fromkeys(map(folded, phrases)) if phrase]


def _fts5(phrases: Sequence[str], parts: Sequence[str]) -> str:
    quoted = " OR ".join(f'"{phrase}"' for phrase in phrases)
    return f"{{{' '.join(parts)}}} : ({quoted})"


def _tsquery(phrases: Sequence[str], parts: Sequence[str]) -> str:
    weights = "".join(_PARTS[part] for part in parts)
    return " | ".join(
        "(" + " <-> ".join(f"'{word}':{weights}" for word in folded_words(phrase)) + ")"
        for phrase in phrases
    )
