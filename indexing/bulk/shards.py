"""Shards of an index run: up to 32 photos that any process on the database may take.

Photos lie in shards by their content: those with the same bytes go to one worker, which embeds
them once.

plan -> waiting -> claim -> running, the lease renewed -> done -> collect
                   the worker dies or fails: another claims it; after three attempts it is parked

A run starts again from what is not indexed, and takes the place of an earlier one of its source.
"""

import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.files import file_sha256
from catalog.importing.records import PendingPhoto
from catalog.models import ShardRow
from catalog.syncing.heartbeat import lease_ended, lease_time
from indexing.bulk.records import BatchCounts
from indexing.errors import IndexingError
from indexing.types import Skip

Workers = Callable[[str], AbstractContextManager[Callable[[], None]]]
"""Starts processes that work on a run; yields a check that raises once none is left."""
PHOTOS: Final = 32
"""Photos of a shard: two batches of the pipeline."""
MAX_ATTEMPTS: Final = 3
_DIED: Final = "the processes that took it ended"
_ROWS_PER_INSERT: Final = 500
_POLL_SECONDS: Final = 0.5
_READERS: Final = 8
_COUNTS: Final = TypeAdapter(BatchCounts)


class ShardLost(IndexingError):
    """Another worker has taken the shard over, or another run its place."""


@dataclass(frozen=True)
class ShardedRun:
    """One run's shards, as the process that started it sees them."""

    database: Database
    source: str
    run: str
    count: int

    @classmethod
    def plan(
        cls, database: Database, source: str, model_id: int, photos: Sequence[PendingPhoto],
        allow_private: bool,
    ) -> "ShardedRun":  # fmt: skip
        """Store the shards of a new run in place of those that its source still has."""
        run = secrets.token_hex(8)
        shards = [photos[start : start + PHOTOS] for start in range(0, len(photos), PHOTOS)]
        values = [
            {
                "run": run, "source": source, "model_id": model_id, "allow_private": allow_private,
                "photos": tuple(each), "state": "waiting",
            }
            for each in shards
        ]  # fmt: skip
        with database.side_transaction() as session:
            session.execute(delete(ShardRow).where(ShardRow.source == source))
            for start in range(0, len(values), _ROWS_PER_INSERT):
                session.execute(insert(ShardRow), values[start : start + _ROWS_PER_INSERT])
        return cls(database, source, run, len(shards))

    def outcomes(self, check: Callable[[], None]) -> Iterator[BatchCounts]:
        """The outcome of each shard when it is done, then of those that are parked.

        The photos of a parked shard are skipped with its reason.

        Args:
            check: called now and then; raises to give up.

        Raises:
            IndexingError: another run of the source has taken the place of this one.
        """
        left = self.count
        while left:
            done, parked = self._collected()
            yield from done
            left -= len(done)
            if len(parked) == left:
                yield from parked
                return
            self._require_all(left)
            check()
            time.sleep(_POLL_SECONDS)

    def _collected(self) -> tuple[list[BatchCounts], list[BatchCounts]]:
        """The outcomes of shards done since the last call, and of all that are parked."""
        done = delete(ShardRow).where(ShardRow.run == self.run, ShardRow.state == "done")
        query = select(ShardRow).where(ShardRow.run == self.run, ShardRow.state == "parked")
        with self.database.side_transaction() as session:
            outcomes = session.scalars(done.returning(ShardRow.outcome)).all()
            parked = [BatchCounts(0, 0, _parked_skips(row)) for row in session.scalars(query)]
        return [_COUNTS.validate_python(each) for each in outcomes], parked

    def _require_all(self, left: int) -> None:
        query = select(func.count()).select_from(ShardRow).where(ShardRow.run == self.run)
        with self.database.session() as session:
            if (session.scalar(query) or 0) < left:
                raise IndexingError(
                    f"another run of source {self.source!r} has begun; it does what is left"
                )


def _parked_skips(row: ShardRow) -> tuple[Skip, ...]:
    reason = f"{MAX_ATTEMPTS} attempts failed: {row.message}; run the import again"
    return tuple(Skip(photo, "index", "parked", reason) for photo in row.photos)


def by_content(photos: Sequence[PendingPhoto]) -> list[PendingPhoto]:
    """Photos in the order of their shards: by SHA-256, of those still to be fetched by URL."""
    with ThreadPoolExecutor(_READERS) as pool:
        hashes = list(pool.map(_content_hash, photos))
    return [photos[index] for index in sorted(range(len(photos)), key=hashes.__getitem__)]


def _content_hash(photo: PendingPhoto) -> str:
    own = None if photo.url else file_sha256(photo.path)
    return own or hashlib.sha256((photo.url or str(photo.path)).encode()).hexdigest()


def split_products(photos: Sequence[PendingPhoto]) -> set[str]:
    """Products whose photos lie in several shards."""
    pairs = {(photo.product_id, index // PHOTOS) for index, photo in enumerate(photos)}
    shards = Counter(product_id for product_id, _ in pairs)
    return {product_id for product_id, count in shards.items() if count > 1}


@dataclass(frozen=True)
class ClaimedShard:
    """A shard that this process works on; `fence` proves that no other has taken it over."""

    id: int
    fence: int
    photos: tuple[PendingPhoto, ...]
    allow_private: bool
    database: Database

    def renew(self) -> None:
        """Extend the lease. Raises ShardLost."""
        with self.database.side_transaction() as session:
            until = self.database.now(session) + lease_time(self.database)
            self._write(session, lease_until=until)

    def end(self, counts: BatchCounts) -> None:
        """Mark the shard as done. Raises ShardLost."""
        with self.database.side_transaction() as session:
            self._write(session, state="done", outcome=_COUNTS.dump_python(counts, mode="json"))

    def fail(self, reason: str) -> None:
        """Give the shard back, or park it. Raises ShardLost."""
        state = "parked" if self.fence >= MAX_ATTEMPTS else "waiting"
        with self.database.side_transaction() as session:
            self._write(session, state=state, message=reason[:500])

    def check(self, session: Session) -> None:
        """Hold the claim until the end of a transaction. Raises ShardLost."""
        held = select(ShardRow.id).where(*self._held).with_for_update(read=True, key_share=True)
        if session.scalar(held) is None:
            raise ShardLost(f"shard {self.id} was taken over")

    @property
    def _held(self) -> tuple[Any, ...]:
        return ShardRow.id == self.id, ShardRow.fence == self.fence, ShardRow.state == "running"

    def _write(self, session: Session, **values: object) -> None:
        written = update(ShardRow).where(*self._held).values(**values).returning(ShardRow.id)
        if session.scalar(written) is None:
            raise ShardLost(f"shard {self.id} was taken over")


def claim(database: Database, model_id: int, run: str | None = None) -> ClaimedShard | None:
    """Take the oldest shard of a run, or of any, that waits or whose worker is dead."""
    with database.side_transaction() as session:
        moment = database.now(session)
        dead = (ShardRow.state == "running") & lease_ended(ShardRow.lease_until, moment, database)
        query = (
            select(ShardRow)
            .where(ShardRow.model_id == model_id, or_(ShardRow.state == "waiting", dead))
            .order_by(ShardRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if run is not None:
            query = query.where(ShardRow.run == run)
        while (row := session.scalar(query)) is not None:
            if row.fence < MAX_ATTEMPTS:
                row.state, row.fence = "running", row.fence + 1
                row.lease_until = moment + lease_time(database)
                return ClaimedShard(row.id, row.fence, row.photos, row.allow_private, database)
            row.state, row.message = "parked", row.message or _DIED
            session.flush()
        return None


def is_finished(database: Database, run: str) -> bool:
    """Whether no shard of a run waits or is worked on."""
    open_states = ShardRow.state.in_(("waiting", "running"))
    query = select(ShardRow.id).where(ShardRow.run == run, open_states).limit(1)
    with database.session() as session:
        return session.scalar(query) is None
