"""Near-duplicates: products with nearly the same garment, or the same photo.

Of each garment's nearest neighbours in its class, the most similar earlier one of another article
is its pair. So there are never more pairs than garments.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import faiss
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
from segmentation.progress import Progress, no_progress

BLOCK: Final = 1024
"""Garments whose neighbours are searched at a time."""
NEIGHBOURS: Final = (16, 128, 1024)
"""Neighbours to look at; more only where all are near and none is a pair.

Of more than a thousand copies of one photo, some remain without a pair.
"""
EXHAUSTIVE: Final = 4_000
"""Garments up to which each is compared with all."""
PROBES: Final = 12
"""Lists that are searched of 4 * sqrt(n): near-duplicates lie in the same or a neighbouring one."""
ROUNDING: Final = 1e-4


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
    progress: Progress = no_progress,
) -> Iterator[tuple[int, int, float]]:
    """Row, most similar earlier row of another article, and the lesser of both cosines.

    Args:
        vectors: shape (n, d), style half then colour half, each of unit length.
        articles: shape (n,), rows of one article are not compared.
    """
    if not len(vectors):
        return
    index = _neighbour_index(vectors)
    for start in range(0, len(vectors), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(vectors)))
        for count in NEIGHBOURS:
            sums, others = index.search(vectors[rows], min(count, len(vectors)))
            # Both cosines above the minimum sum up to more than twice the minimum.
            near = sums >= 2 * DUPLICATE - ROUNDING
            wanted = near & (others < rows[:, None]) & (articles[others] != articles[rows, None])
            paired = np.zeros(len(rows), bool)
            for position in np.flatnonzero(wanted.any(axis=1)):
                row, earlier = int(rows[position]), np.sort(others[position][wanted[position]])
                scores = _lesser_cosines(vectors, row, earlier, style_dimension)
                best = int(scores.argmax())
                if scores[best] >= DUPLICATE:
                    paired[position] = True
                    yield row, int(earlier[best]), min(float(scores[best]), 1.0)
            # Further neighbours may be as near as the last one.
            rows = rows[~paired & near[:, -1]]
            if not len(rows):
                break
        progress(min(start + BLOCK, len(vectors)), len(vectors))


def _neighbour_index(vectors: Vectors) -> Any:
    """A FAISS index of vectors by inner product: exhaustive for few, inverted lists for many."""
    faiss.omp_set_num_threads(1)  # searches go on meanwhile
    count, dimension = vectors.shape
    index: Any = faiss.IndexFlatIP(dimension)
    if count > EXHAUSTIVE:
        lists = int(4 * count**0.5)
        index = faiss.IndexIVFFlat(index, dimension, lists, faiss.METRIC_INNER_PRODUCT)
        index.nprobe = PROBES
        index.cp.niter, index.cp.min_points_per_centroid = 5, 1
        chosen = np.random.default_rng(0).choice(count, min(count, 40 * lists), replace=False)
        index.train(vectors[np.sort(chosen)])
    index.add(vectors)
    return index


def _lesser_cosines(
    vectors: Vectors, row: int, others: npt.NDArray[np.int64], style_dimension: int
) -> npt.NDArray[np.float32]:
    own, compared = vectors[row], vectors[others]
    styles = compared[:, :style_dimension] @ own[:style_dimension]
    colours = compared[:, style_dimension:] @ own[style_dimension:]
    return np.asarray(np.minimum(styles, colours), np.float32)


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
