"""The search: nearest garments, filters, re-ranking, one hit per product."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import islice
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from catalog.filtering.filters import Filters
from catalog.filtering.word_query import Clause, Term, WordQuery
from catalog.garments import (
    allowed_garments,
    attribute_cards,
    cached_garments,
    passing_products,
    photo_hashes,
    product_groups,
    products_of_garments,
)
from catalog.records import AttributeCard
from indexing.index.exact import EXACT_LIMIT
from indexing.index.snapshot import IndexSnapshot
from indexing.index.vector_rows import stored_patches
from indexing.search.query import Query
from indexing.search.rerank import by_descending_score, first_stage_weight, rerank
from indexing.types import Hit, Vector
from segmentation.classes import GarmentClass

SCAN_LIMIT: Final = 8_000
"""If fewer garments pass a filter, all of them are scored (pre-filtering)."""
FIRST_FETCH: Final = 100
"""Otherwise so many of the nearest are fetched and filtered (post-filtering) ..."""
LAST_FETCH: Final = 1_000
"""... then up to so many, before all passing garments are scored."""
DUPLICATE: Final = 0.985
"""Minimum cosine of both halves of two products that count as duplicates."""


@dataclass(frozen=True, eq=False)
class Searcher:
    """Runs one query on the index snapshots of its classes.

    Attributes:
        model_id: id of the model whose patches are read.
        group_titles: whether titles tell variants too where the feed gave no group.
    """

    session: Session
    snapshots: Sequence[IndexSnapshot]
    query: Query
    model_id: int
    group_titles: bool = True

    def hits(self) -> list[Hit]:
        """One hit per product in descending order of score: min(count, products that pass).

        Variants of an article (`product_groups`) count as one product. Garments that are no
        longer in the database are ignored.
        """
        if self.query.filters.is_empty:
            return self._best_among(None)
        if max(len(each) for each in self.snapshots) <= EXACT_LIMIT:
            return self._best_among(self._allowed())
        allowed, fetched = self._cached(SCAN_LIMIT), FIRST_FETCH
        if allowed is None:
            best, fetched = self._among_nearest(fetched, FIRST_FETCH)
            if best is not None:
                return best
            allowed = self._allowed(SCAN_LIMIT)
        if len(allowed) >= SCAN_LIMIT:
            best, _ = self._among_nearest(fetched, LAST_FETCH)
            if best is not None:
                return best
            allowed = self._allowed()
        return self._best_among(allowed)

    @property
    def _depth(self) -> int:
        return self.query.rerank_depth if self.query.compares_patches else 0

    def _allowed(self, limit: int | None = None) -> list[int]:
        """Ids of garments that pass the filters, at most `limit` of each class."""
        return [
            garment_id
            for each in self.query.searched_classes
            for garment_id in allowed_garments(self.session, self.query.filters, each, limit)
        ]

    def _cached(self, limit: int) -> list[int] | None:
        """The result of `_allowed` if it is cached for every class."""
        cached = [
            cached_garments(self.session, self.query.filters, each, limit)
            for each in self.query.searched_classes
        ]
        if any(each is None for each in cached):
            return None
        return [garment_id for each in cached if each is not None for garment_id in each]

    def _best_among(self, allowed: Sequence[int] | None) -> list[Hit]:
        """The best products among the allowed garments, or among all."""
        fetched = max(3 * self.query.count + 8, self._depth)
        while True:
            found = self._nearest(fetched, allowed)
            products = products_of_garments(self.session, [hit.garment_id for hit in found])
            best = self._best_products(found, products)
            if self._is_enough(best, products) or len(found) < fetched:
                return best[: self.query.count]
            fetched *= 4

    def _among_nearest(self, count: int, most: int) -> tuple[list[Hit] | None, int]:
        """Filter the nearest garments, fetching from `count` up to `most` of them.

        Returns None where too few pass, and the count to try next.
        """
        while count <= most:
            found = self._nearest(count, None)
            ids = [hit.garment_id for hit in found]
            products = passing_products(self.session, ids, self.query.filters)
            best = self._best_products(found, products)
            if self._is_enough(best, products):
                return best[: self.query.count], count
            lacking = max(self._depth / max(1, len(products)), self.query.count / max(1, len(best)))
            # Twice the expected number, since passing garments are clustered.
            count = int(2 * lacking * count)
        return None, count

    def _is_enough(self, best: Sequence[Hit], passing: dict[int, str]) -> bool:
        return len(passing) >= self._depth and len(best) >= self.query.count

    def _nearest(self, count: int, allowed: Sequence[int] | None) -> list[Hit]:
        """The `count` nearest garments of all searched classes, in descending order of score."""
        weight = self.query.colour_weight
        if self._depth:
            weight = first_stage_weight(weight)
        found = (each.search(self.query.vector, weight, count, allowed) for each in self.snapshots)
        return list(islice(merge(*found, key=by_descending_score), count))

    def _best_products(self, found: Iterable[Hit], products: dict[int, str]) -> list[Hit]:
        """Re-rank the hits that pass, then keep the best of each product and article."""
        passing = [hit for hit in found if hit.garment_id in products]
        if self._depth:
            ids = [hit.garment_id for hit in passing[: self._depth]]
            passing = rerank(passing, self.query, stored_patches(self.session, self.model_id, ids))
        best = best_of_products(passing, products, self.query.exclude_product)
        # All of them, since folding removes some.
        enough = len(best) if self.query.fold_duplicates else self.query.count
        best = self._best_of_groups(best, products, enough)
        return self._folded(best) if self.query.fold_duplicates else best

    def _best_of_groups(self, hits: list[Hit], products: dict[int, str], enough: int) -> list[Hit]:
        """The first hit of each article, none of the excluded product's."""
        groups_of = partial(product_groups, self.session, by_title=self.group_titles)
        excluded = self.query.exclude_product
        seen = set(groups_of({excluded}).values()) if excluded is not None else set[str]()
        return best_of_groups(hits, products, enough, groups_of, seen)

    def _folded(self, hits: list[Hit]) -> list[Hit]:
        """Remove hits that are duplicates of a better one."""
        ids = [hit.garment_id for hit in hits]
        hashes = photo_hashes(self.session, ids)
        vectors: dict[int, Vector] = {}
        for snapshot in self.snapshots:
            vectors |= snapshot.vectors(ids)
        cut = self.snapshots[0].base.style_dimension
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
    """The first hit of each product, in order.

    Args:
        products: garment id -> product id; other garments are ignored.
    """
    seen = {exclude_product}
    best = []
    for hit in hits:
        product = products.get(hit.garment_id)
        if product is not None and product not in seen:
            seen.add(product)
            best.append(hit)
    return best


def best_of_groups(
    hits: list[Hit],
    products: dict[int, str],
    enough: int,
    groups_of: Callable[[set[str]], dict[str, str]],
    excluded: Collection[str] = (),
) -> list[Hit]:
    """The first hit of each article among its variants, such as sizes; up to `enough` of all.

    Args:
        groups_of: product ids -> the group of each that has one.
        excluded: groups to leave out.
    """
    seen = set(excluded)
    best: list[Hit] = []
    for start in range(0, len(hits), 2 * enough):
        part = hits[start : start + 2 * enough]
        groups = groups_of({products[hit.garment_id] for hit in part})
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
    hits = sorted(
        (_word_hit(card, filters.words, best_rank) for card in cards), key=by_descending_score
    )
    products = {card.garment_id: card.product_id for card in cards}
    groups_of = partial(product_groups, session, by_title=group_titles)
    return best_of_groups(best_of_products(hits, products), products, k, groups_of)


def _word_hit(card: AttributeCard, words: WordQuery, best_rank: float) -> Hit:
    """How well a garment meets a text query that it passes.

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
    return card.certainties.get(field, 1.0) if card.attributes.get(field) in predicted else 0.0


def _colour_share(card: AttributeCard, term: Term) -> float:
    """Share of the colour on the garment; at least half where the product's text names it."""
    share = sum(card.shares.get(name, 0.0) for name in term.concept.predicted)
    return (1 + share) / 2 if term in card.named else share
