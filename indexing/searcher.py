"""What a garment is asked with, or a wish, in; the best garment of each product out."""

from collections.abc import Iterable, Sequence
from heapq import merge
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from catalog.filters import Filters
from catalog.garments import (
    allowed_garments,
    attribute_cards,
    kept_garments,
    passing_products,
    photo_hashes,
    product_groups,
    products_of_garments,
)
from catalog.records import AttributeCard
from catalog.wishes import Wish
from indexing.base import EXACT_LIMIT
from indexing.details import falling, garment_ids, looked_at
from indexing.question import Probes, Question
from indexing.records import Hit
from indexing.snapshot import IndexSnapshot
from segmentation.classes import GarmentClass

NARROW: Final = 8_000
"""Where fewer garments pass a filter, all of them are scored ..."""
LOOKED_FIRST: Final = 100
"""... where more do in a large index, they are looked for among so many of the nearest ..."""
LOOKED_MOST: Final = 1_000
"""... then among as many as should do, up to so many, before all are scored."""
DUPLICATE: Final = 0.985
"""Cosine of either half from which two products count as the same one."""


def nearest_products(
    session: Session, snapshot: IndexSnapshot, probes: Probes, question: Question
) -> list[Hit]:
    """One hit a product, the best first: exactly min(k, products that may answer).

    Variants of one article (`Product.group_id`) count as one product.

    Garments that the database no longer has are passed over.
    """
    asked = session, question.filters, question.garment_class
    if question.filters.is_empty:
        return _best_among(session, snapshot, probes, question, None)
    if len(snapshot) <= EXACT_LIMIT:
        return _best_among(session, snapshot, probes, question, allowed_garments(*asked))
    allowed = kept_garments(*asked, NARROW)
    looked = LOOKED_FIRST
    if allowed is None:
        best, looked = _among_nearest(session, snapshot, probes, question, looked, LOOKED_FIRST)
        if best is not None:
            return best
        allowed = allowed_garments(*asked, NARROW)
    if len(allowed) == NARROW:
        best, _ = _among_nearest(session, snapshot, probes, question, looked, LOOKED_MOST)
        if best is not None:
            return best
        allowed = allowed_garments(*asked)
    return _best_among(session, snapshot, probes, question, allowed)


def _best_among(
    session: Session,
    snapshot: IndexSnapshot,
    probes: Probes,
    question: Question,
    allowed: Sequence[int] | None,
) -> list[Hit]:
    """The nearest products, of allowed garments or of all."""
    fetched = question.looked_at
    if not question.elsewhere:
        fetched = max(3 * question.k + 8, fetched)
    while True:
        found = _found(snapshot, probes, question, fetched, allowed)
        products = products_of_garments(session, garment_ids(found))
        best = _answers(session, snapshot, probes, found, products, question)
        passing = sum(hit.garment_id in products for hit in found[0])
        if question.is_answered(len(best), passing) or len(found[0]) < fetched:
            return best[: question.k]
        fetched *= 4


def _among_nearest(
    session: Session,
    snapshot: IndexSnapshot,
    probes: Probes,
    question: Question,
    count: int,
    most: int,
) -> tuple[list[Hit] | None, int]:
    """Answers among the nearest of all, from `count` up to `most` of them; None where those of the
    first probe are too few. And how many to look at next."""
    while count <= most:
        found = _found(snapshot, probes, question, count, None)
        products = passing_products(session, garment_ids(found), question.filters)
        best = _answers(session, snapshot, probes, found, products, question)
        passing = sum(hit.garment_id in products for hit in found[0])
        if question.is_answered(len(best), passing):
            return best[: question.k], count
        lacking = question.looked_at / max(1, passing)
        if not question.elsewhere:
            lacking = max(lacking, question.k / max(1, len(best)))
        # Twice what these make one expect: they pass in clusters.
        count = int(2 * lacking * count)
    return None, count


def _answers(
    session: Session,
    snapshot: IndexSnapshot,
    probes: Probes,
    found: list[list[Hit]],
    products: dict[int, str],
    question: Question,
) -> list[Hit]:
    passing = [[hit for hit in hits if hit.garment_id in products] for hits in found]
    if question.looked_at:
        passing = looked_at(session, probes, passing, question)
    # A garment that several probes found stands there as often; its best hit comes first.
    hits = merge(*passing, key=falling)
    best = _best_of_products(hits, products, question.exclude_product)
    # Of what is folded later, more than k are wanted.
    enough = len(best) if question.fold_duplicates else question.k
    best = _best_of_groups(session, best, products, question.exclude_product, enough)
    return _folded(session, snapshot, best) if question.fold_duplicates else best


def _found(
    snapshot: IndexSnapshot,
    probes: Probes,
    question: Question,
    count: int,
    allowed: Sequence[int] | None,
) -> list[list[Hit]]:
    """The nearest garments of each probe."""
    weight = question.vector_weight
    return [snapshot.search(probe.vector, weight, count, allowed) for probe in probes]


def _folded(session: Session, snapshot: IndexSnapshot, hits: list[Hit]) -> list[Hit]:
    """Hits without those that repeat a better one."""
    ids = [hit.garment_id for hit in hits]
    hashes = photo_hashes(session, ids)
    vectors = snapshot.vectors(ids)
    cut = snapshot.base.style_dimension
    kept: list[Hit] = []
    seen: set[str] = set()
    shown = np.zeros((len(hits), len(next(iter(vectors.values()), []))), np.float32)
    for hit in hits:
        own, sha256 = vectors.get(hit.garment_id), hashes.get(hit.garment_id)
        if own is None or sha256 in seen:
            continue
        before = shown[: len(kept)]
        styles, colours = before[:, :cut] @ own[:cut], before[:, cut:] @ own[cut:]
        if (np.minimum(styles, colours) >= DUPLICATE).any():
            continue
        shown[len(kept)] = own
        kept.append(hit)
        seen |= {sha256} if sha256 else set()
    return kept


def _best_of_products(
    hits: Iterable[Hit], products: dict[int, str], exclude_product: str | None
) -> list[Hit]:
    seen = {exclude_product}
    best = []
    for hit in hits:
        product = products.get(hit.garment_id)
        if product is not None and product not in seen:
            seen.add(product)
            best.append(hit)
    return best


def _best_of_groups(
    session: Session,
    hits: list[Hit],
    products: dict[int, str],
    exclude_product: str | None,
    enough: int,
) -> list[Hit]:
    """Of several variants of one article, such as its sizes, the best; up to `enough` of all."""
    seen: set[str | None] = set()
    if exclude_product is not None:
        seen |= set(product_groups(session, {exclude_product}).values())
    best: list[Hit] = []
    for start in range(0, len(hits), 2 * enough):
        part = hits[start : start + 2 * enough]
        groups = product_groups(session, {products[hit.garment_id] for hit in part})
        for hit in part:
            group = groups.get(products[hit.garment_id])
            if group is None or group not in seen:
                best.append(hit)
                seen.add(group)
        if len(best) >= enough:
            break
    return best[:enough]


def surest_products(
    session: Session, filters: Filters, k: int, garment_class: GarmentClass | None = None
) -> list[Hit]:
    """One hit a product, the surest first: garments that pass the filters, no vector needed."""
    wish = filters.wish or Wish()
    cards = attribute_cards(session, filters, garment_class)
    hits = sorted((_sureness(card, wish) for card in cards), key=falling)
    products = {card.garment_id: card.product_id for card in cards}
    best = _best_of_products(hits, products, None)
    return _best_of_groups(session, best, products, None, k)


def _sureness(card: AttributeCard, wish: Wish) -> Hit:
    """How well a garment answers a wish that it passes."""
    sure = 1.0
    for trait in wish.traits:
        # Its product's own words brought it here where no attribute did: they are trusted.
        if card.attributes.get(trait.field) in trait.values:
            sure *= card.certainties.get(trait.field, 1.0)
    share = 1.0
    if wish.colours:
        # No share at all: its product's own colour brought it here.
        share = sum(card.shares.get(name, 0.0) for name in wish.colours[0].names) or 1.0
    return Hit(card.garment_id, sure * share, sure, share)
