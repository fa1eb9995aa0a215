"""The search: nearest garments that pass the filters, one hit per product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from catalog.filtering.filters import Filters
from catalog.filtering.word_query import Clause, Term, WordQuery
from catalog.filtering.word_search import attribute_cards
from catalog.garments import photo_hashes, product_groups, products_of_garments
from catalog.records import AttributeCard
from indexing.index.engine import Neighbours, VectorEngine
from indexing.index.vector_rows import vectors_by_id
from indexing.search.query import Query
from indexing.types import Hit
from segmentation.classes import GarmentClass

DUPLICATE: Final = 0.985
"""Minimum cosine of both halves of two products that count as duplicates."""
UNSURE: Final = 0.3
"""Certainty of a kind without a prediction: below that of any prediction."""
RANK_OFFSET: Final = 60
"""Damps the first ranks where rankings are joined, so that no single ranking decides."""


@dataclass(frozen=True, eq=False)
class Searcher:
    """Runs one query on a vector engine.

    Attributes:
        model_id: id of the model whose vectors are compared for duplicates.
        group_titles: whether titles tell variants too where the feed gave no group.
    """

    session: Session
    engine: VectorEngine
    query: Query
    model_id: int
    group_titles: bool = True

    def hits(self) -> list[Hit]:
        """One hit per product in descending order of score: min(count, products that pass).

        Variants of an article (`product_groups`) count as one product. Garments that are no
        longer in the database are ignored.
        """
        wanted = self.query.count
        depth, enough = 3 * wanted + 8, wanted
        while True:
            query = replace(self.query, count=enough)
            found = self.engine.nearest(self.session, query, depth)
            best = self._best_products(found)
            if len(best) >= wanted or len(found.hits) < enough:
                return best[:wanted]
            depth, enough = 4 * depth, 2 * len(found.hits)

    def _best_products(self, found: Neighbours) -> list[Hit]:
        products = found.products
        best = best_of_products(found.hits, products, self.query.exclude_product)
        # All of them, since folding removes some.
        enough = len(best) if self.query.fold_duplicates else self.query.count
        best = best_of_groups(
            self.session, best, products, enough, self.group_titles, self.query.exclude_product
        )
        return self._folded(best) if self.query.fold_duplicates else best

    def _folded(self, hits: list[Hit]) -> list[Hit]:
        """Remove hits that are duplicates of a better one."""
        ids = [hit.garment_id for hit in hits]
        hashes = photo_hashes(self.session, ids)
        vectors = vectors_by_id(self.session, self.model_id, ids)
        cut = self.engine.fingerprint.style_dimension
        distinct: list[Hit] = []
        seen: set[str] = set()
        shown = np.zeros((len(hits), len(self.query.vector)), np.float32)
        for hit in hits:
            own, sha256 = vectors.get(hit.garment_id), hashes.get(hit.garment_id)
            if own is None or sha256 in seen:
                continue
            before = shown[: len(distinct)]
            styles, colours = before[:, :cut] @ own[:cut], before[:, cut:] @ own[cut:]
            if (np.minimum(styles, colours) >= DUPLICATE).any():
                continue
            shown[len(distinct)] = own
            distinct.append(hit)
            seen |= {sha256} if sha256 else set()
        return distinct


def best_of_products(
    hits: Iterable[Hit], products: dict[int, str], exclude_product: str | None = None
) -> list[Hit]:
    """The first hit of each product (garment id -> product id) in order; others are ignored."""
    seen = {exclude_product}
    best = []
    for hit in hits:
        product = products.get(hit.garment_id)
        if product is not None and product not in seen:
            seen.add(product)
            best.append(hit)
    return best


def best_of_groups(
    session: Session,
    hits: list[Hit],
    products: dict[int, str],
    enough: int,
    group_titles: bool,
    exclude_product: str | None = None,
) -> list[Hit]:
    """The first hit of each article, up to `enough`, without variants of the excluded product."""
    seen: set[str] = set()
    if exclude_product is not None:
        seen |= set(product_groups(session, {exclude_product}, group_titles).values())
    best: list[Hit] = []
    for start in range(0, len(hits), 2 * enough):
        part = hits[start : start + 2 * enough]
        ids = {products[hit.garment_id] for hit in part}
        groups = product_groups(session, ids, group_titles)
        for hit in part:
            group = groups.get(products[hit.garment_id])
            if group is None or group not in seen:
                best.append(hit)
                seen |= {group} if group else set()
        if len(best) >= enough:
            break
    return best[:enough]


def products_by_certainty(
    session: Session,
    filters: Filters,
    k: int,
    garment_class: GarmentClass | None = None,
    group_titles: bool = True,
) -> list[Hit]:
    """Search by filters only: one hit per product, by certainty and text rank."""
    cards = attribute_cards(session, filters, garment_class)
    best_rank = max((card.rank for card in cards), default=0.0)
    hits = [_word_hit(card, filters.words, best_rank) for card in cards]
    hits.sort(key=attrgetter("score"), reverse=True)
    products = {card.garment_id: card.product_id for card in cards}
    return best_of_groups(session, best_of_products(hits, products), products, k, group_titles)


def fused_hits(
    session: Session, rankings: Sequence[Sequence[Hit]], k: int, group_titles: bool
) -> list[Hit]:
    """Join rankings of products by their reciprocal ranks; scores are 1 for the first of each.

    Cormack, Clarke and Buettcher, SIGIR 2009: robust where scores cannot be compared.
    """
    firsts: dict[str, Hit] = {}
    scores: dict[str, float] = {}
    products = products_of_garments(
        session, [hit.garment_id for hits in rankings for hit in hits], worn_with=True
    )
    for hits in rankings:
        for rank, hit in enumerate(best_of_products(hits, products)):
            product = products[hit.garment_id]
            firsts.setdefault(product, hit)
            share = RANK_OFFSET / (RANK_OFFSET + rank) / len(rankings)
            scores[product] = scores.get(product, 0.0) + share
    fused = [replace(hit, score=scores[product]) for product, hit in firsts.items()]
    fused.sort(key=attrgetter("score"), reverse=True)
    return best_of_groups(session, fused, products, k, group_titles)


def _word_hit(card: AttributeCard, words: WordQuery, best_rank: float) -> Hit:
    """A score of how well a garment meets a text query that it passes.

    The score falls to half of certainty times colour share where the product's text has none of
    the typed words but others' texts do.
    """
    alternatives = [_certainty(card, clauses) for clauses in words.alternatives] or [(1.0, 1.0)]
    certainty, share = max(alternatives, key=lambda each: each[0] * each[1])
    rank = card.rank / best_rank if best_rank > 0 else 1.0
    return Hit(card.garment_id, certainty * share * (1 + rank) / 2, certainty, share)


def _certainty(card: AttributeCard, clauses: Sequence[Clause]) -> tuple[float, float]:
    """Certainty of the attributes and share of the colours of an alternative."""
    certainty, shares = 1.0, list[float]()
    for clause in clauses:
        if clause[0].concept.field == "colour":
            shares.append(max(_colour_share(card, term) for term in clause))
        else:
            certainty *= max(_term_certainty(card, term) for term in clause)
    return certainty, min(sum(shares), 1.0) if shares else 1.0


def _term_certainty(card: AttributeCard, term: Term) -> float:
    """1 where the product's own text names it, else the probability of the prediction."""
    field, predicted = term.concept.field, term.concept.predicted
    if term in card.named or not predicted:
        return 1.0
    value = card.attributes.get(field)
    if value is None and term.or_unsure:
        return UNSURE
    return card.certainties.get(field, 1.0) if value in predicted else 0.0


def _colour_share(card: AttributeCard, term: Term) -> float:
    """Share of the colour on the garment; at least half where the product's text names it."""
    share = sum(card.shares.get(name, 0.0) for name in term.concept.predicted)
    return (1 + share) / 2 if term in card.named else share
