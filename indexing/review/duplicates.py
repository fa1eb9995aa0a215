"""Near-duplicates: products with nearly the same garment, or the same photo.

Each garment is compared with all earlier ones of its class, block by block, and paired with the
most similar of another article. So there are never more pairs than garments.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.garments import photo_hashes, product_groups, products_of_garments
from catalog.models import GarmentRow
from indexing.index.vector_rows import active_model, class_vectors
from indexing.review.records import Finding
from indexing.search.searcher import DUPLICATE
from indexing.types import GarmentIds, Vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass

BLOCK: Final = 256
"""Garments compared at a time: 100 MB for 100,000 garments."""
Progress = Callable[[int, int], None]
"""Called with the numbers of garments done and of all garments of the class."""


def duplicate_findings(session: Session, progress: Progress) -> Iterator[Finding]:
    """A finding for each product that resembles an earlier one of another article."""
    model = active_model(session)
    if model is None:
        return
    found: dict[tuple[str, str], tuple[float, int, int]] = {}
    products: dict[int, str] = {}
    for garment_class in GARMENT_CLASSES:
        ids, vectors = _sold_garments(session, model.id, garment_class)
        of_class = products_of_garments(session, ids.tolist())
        products |= of_class
        articles = _article_codes(session, [of_class[each] for each in ids.tolist()])
        for row, other, score in similar_pairs(vectors, articles, model.style_dimension, progress):
            own, earlier = int(ids[row]), int(ids[other])
            pair = products[own], products[earlier]
            found[pair] = max(found.get(pair, (0.0, 0, 0)), (score, own, earlier))
    yield from _findings(session, found)


def _sold_garments(
    session: Session, model_id: int, garment_class: GarmentClass
) -> tuple[GarmentIds, Vectors]:
    """Ids and vectors of the garments of a class that are their product."""
    parts = list(class_vectors(session, model_id, garment_class))
    if not parts:
        return np.zeros(0, np.int64), np.zeros((0, 1), np.float32)
    ids = np.concatenate([part[0] for part in parts])
    sold = products_of_garments(session, ids.tolist())
    kept = np.array([each in sold for each in ids.tolist()], bool)
    return ids[kept], np.concatenate([part[1] for part in parts])[kept]


def _article_codes(session: Session, product_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """A number for the article of each product; variants share it."""
    groups = product_groups(session, set(product_ids))
    codes: dict[str, int] = {}
    # A product and a group may have the same name.
    names = [
        f"group {groups[each]}" if each in groups else f"product {each}" for each in product_ids
    ]
    return np.array([codes.setdefault(each, len(codes)) for each in names], np.int64)


def similar_pairs(
    vectors: Vectors,
    articles: npt.NDArray[np.int64],
    style_dimension: int,
    progress: Progress = lambda done, total: None,
    least: float = DUPLICATE,
) -> Iterator[tuple[int, int, float]]:
    """Row, most similar earlier row of another article, and the lesser of both cosines.

    Args:
        vectors: shape (n, d), style half then colour half, each of unit length.
        articles: shape (n,), rows of one article are not compared.
        least: minimum cosine of both halves.
    """
    styles = np.ascontiguousarray(vectors[:, :style_dimension])
    colours = np.ascontiguousarray(vectors[:, style_dimension:])
    for start in range(0, len(vectors), BLOCK):
        end = min(start + BLOCK, len(vectors))
        scores = styles[start:end] @ styles[:end].T
        np.minimum(scores, colours[start:end] @ colours[:end].T, out=scores)
        scores[articles[start:end, None] == articles[None, :end]] = 0
        # Only earlier rows.
        scores[np.triu(np.ones((end - start, end), bool), start)] = 0
        best = scores.argmax(axis=1)
        for row, other in enumerate(best):
            score = float(scores[row, other])
            if score >= least:
                yield start + row, int(other), min(score, 1.0)
        progress(end, len(vectors))


def _findings(
    session: Session, found: dict[tuple[str, str], tuple[float, int, int]]
) -> Iterator[Finding]:
    garments = [each for _, *pair in found.values() for each in pair]
    hashes: dict[int, str] = {}
    photos: dict[int, int] = {}
    for start in range(0, len(garments), 5_000):
        some = garments[start : start + 5_000]
        hashes |= photo_hashes(session, some)
        query = select(GarmentRow.id, GarmentRow.photo_id).where(GarmentRow.id.in_(some))
        photos |= {row[0]: row[1] for row in session.execute(query)}
    for (product_id, earlier), (score, own, other) in found.items():
        is_same = own in hashes and hashes[own] == hashes.get(other)
        reason = "The same photo" if is_same else f"Nearly the same garment ({score:.3f})"
        yield Finding(
            check="duplicate",
            key=f"duplicate:{product_id}\n{earlier}",
            product_id=product_id,
            photo_id=photos[own],
            garment_id=own,
            other_garment_id=other,
            reason=reason,
            score=1.0 if is_same else score,
        )
