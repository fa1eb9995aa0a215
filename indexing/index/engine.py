"""Protocol of a vector engine: what the search and the writers need of one.

    faiss     `indexing.index.indices.ClassIndices`: indices in memory, files in the data folder
    pgvector  `indexing.index.pgvector.engine.PgvectorEngine`: a table of the PostgreSQL database

Vectors are added, replaced and removed in the caller's transaction, by writing
`catalog.models.VectorRow`. Triggers log the change, from which FAISS indices catch up, and keep
pgvector's table in step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from indexing.bulk.records import GarmentChange
from indexing.search.query import Query
from indexing.types import Hit, ModelFingerprint
from segmentation.classes import GarmentClass
from segmentation.progress import Progress

EngineName = Literal["faiss", "pgvector"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest garments that pass, in descending order of score, and their products.

    Garments that are only worn with a product do not pass unless the filters say so.

    Attributes:
        products: garment id -> product id.
    """

    hits: list[Hit]
    products: dict[int, str]


class VectorEngine(Protocol):
    """Nearest vectors of one model's garments; every method may be called on any thread."""

    @property
    def fingerprint(self) -> ModelFingerprint:
        """The model whose vectors are searched."""
        ...

    def nearest(self, session: Session, query: Query, depth: int) -> Neighbours:
        """The garments that pass the filters among the `depth` nearest.

        At least min(query.count, garments that pass); `depth` is not below the count.
        """
        ...

    def apply(self, changes: Sequence[GarmentChange]) -> None:
        """Make changes that this process has committed visible to searches."""
        ...

    def refresh_if_stale(self, session: Session) -> None:
        """Make other processes' commits visible; cheap enough for every search."""
        ...

    def refresh(self) -> int:
        """Make all commits visible; return the number of garments added and removed."""
        ...

    def expect(self, count: int) -> None:
        """Prepare for a run that adds about so many garments; `publish` ends it."""
        ...

    def publish(self) -> None:
        """Finish a run of changes: refresh, write files, shorten the log."""
        ...

    def rebuild(self, progress: Progress | None = None) -> int:
        """Rebuild from the stored vectors while searches go on; return the number of garments."""
        ...

    def counts(self) -> dict[GarmentClass, int]:
        """Number of searchable garments of each class."""
        ...

    def problems(self, session: Session) -> list[str]:
        """Differences from the database and other damage, a line with its remedy for each."""
        ...

    def size(self) -> int: ...

    def retire(self) -> None:
        """Stop publishing: another model's engine takes over."""
        ...

    def close(self) -> None:
        """Publish and release what the engine holds; the database stays open."""
        ...
