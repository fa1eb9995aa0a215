"""Filtered search in FAISS snapshots.

Few garments that pass are all scored (pre-filtering); of many, the nearest are fetched and
filtered, in growing numbers (post-filtering).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from catalog.garments import (
    allowed_garments,
    cached_garments,
    passing_products,
    products_of_garments,
)
from indexing.index.building import EXACT_LIMIT
from indexing.index.engine import Neighbours
from indexing.index.exact import CHUNK
from indexing.index.snapshot import IndexSnapshot
from indexing.search.query import Query
from indexing.types import Hit

SCAN_LIMIT: Final = 2 * CHUNK
"""If fewer garments pass a filter, all of them are scored (pre-filtering), in two chunks."""
FIRST_FETCH: Final = 100
"""Otherwise so many of the nearest are fetched and filtered (post-filtering) ..."""
LAST_FETCH: Final = 10 * FIRST_FETCH
"""... then up to so many, before all passing garments are scored."""


@dataclass(frozen=True, eq=False)
class SnapshotSearch:
    """Runs one query on the snapshots of its classes."""

    session: Session
    snapshots: Sequence[IndexSnapshot]
    query: Query
    depth: int

    def neighbours(self) -> Neighbours:
        """The nearest garments that pass; those that are no longer in the database do not."""
        if self.query.filters.is_empty:
            return self._among(None)
        if max(len(each) for each in self.snapshots) <= EXACT_LIMIT:
            return self._among(self._allowed())
        allowed, fetched = self._cached(SCAN_LIMIT), FIRST_FETCH
        if allowed is None:
            found, fetched = self._post_filtered(fetched, FIRST_FETCH)
            if found is not None:
                return found
            allowed = self._allowed(SCAN_LIMIT)
        if len(allowed) >= SCAN_LIMIT:
            found, _ = self._post_filtered(fetched, LAST_FETCH)
            if found is not None:
                return found
            allowed = self._allowed()
        return self._among(allowed)

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

    def _among(self, allowed: Sequence[int] | None) -> Neighbours:
        """The nearest of the allowed garments, or of all."""
        fetched = self.depth
        while True:
            found = self._nearest(fetched, allowed)
            ids = [hit.garment_id for hit in found]
            products = products_of_garments(self.session, ids, self.query.filters.worn_with)
            passing = _passing(found, products)
            if len(passing.hits) >= self.query.count or len(found) < fetched:
                return passing
            fetched *= 4

    def _post_filtered(self, count: int, most: int) -> tuple[Neighbours | None, int]:
        """Filter the nearest garments, fetching from `count` up to `most` of them.

        Returns None where too few pass, and the count to try next.
        """
        while count <= most:
            found = self._nearest(count, None)
            ids = [hit.garment_id for hit in found]
            products = passing_products(self.session, ids, self.query.filters)
            if len(products) >= self.query.count:
                return _passing(found, products), count
            # Twice the expected number, since passing garments are clustered.
            count = int(2 * count * self.query.count / max(1, len(products)))
        return None, count

    def _nearest(self, count: int, allowed: Sequence[int] | None) -> list[Hit]:
        """The `count` nearest garments of all classes, in descending order of score."""
        query = self.query
        found = (
            each.search(query.vector, query.colour_weight, count, allowed)
            for each in self.snapshots
        )
        return list(islice(merge(*found, key=lambda hit: -hit.score), count))


def _passing(found: Sequence[Hit], products: dict[int, str]) -> Neighbours:
    return Neighbours([hit for hit in found if hit.garment_id in products], products)
