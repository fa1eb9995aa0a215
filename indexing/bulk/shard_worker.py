"""Work on shards: `index_photos` on each one that this process can take."""

import logging
from contextlib import closing
from dataclasses import dataclass, replace

from catalog.database import Database, guarded
from catalog.errors import DatabaseAway
from catalog.fetching.hosts import FetchLimits
from catalog.fetching.store import FetchedPhotos
from catalog.photos import PhotoStore
from catalog.syncing.heartbeat import heartbeat
from indexing.bulk.fetching import Fetching, fetch_ahead
from indexing.bulk.pipeline import index_photos
from indexing.bulk.records import BatchCounts
from indexing.bulk.shards import ClaimedShard, ShardLost, claim
from indexing.clock import StageClock
from indexing.types import Embedder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ShardWorker:
    """Models, database and files of a process that indexes shards."""

    database: Database
    embedder: Embedder
    model_id: int
    store: PhotoStore
    fetched: FetchedPhotos

    def work(self, run: str | None = None) -> bool:
        """Take one shard, of a run or of any, and index it; False where none waits.

        What fails is logged, and the shard goes back for another attempt.
        """
        claimed = claim(self.database, self.model_id, run)
        if claimed is None:
            return False
        try:
            with heartbeat(self.database, claimed.renew), guarded(claimed.check):
                self._index(claimed)
        except ShardLost as error:
            _log.warning("%s", error)
        return True

    def _index(self, claimed: ClaimedShard) -> None:
        try:
            counts = self._counts(claimed)
        except (ShardLost, DatabaseAway):
            raise
        except Exception as error:
            _log.exception("shard %d failed", claimed.id)
            claimed.fail(" ".join(f"{type(error).__name__}: {error}".split()))
        else:
            claimed.end(counts)

    def _counts(self, claimed: ClaimedShard) -> BatchCounts:
        clock, limits = StageClock(), FetchLimits(allow_private=claimed.allow_private)
        fetching = Fetching(self.fetched, limits, self.database)
        # Fetched photos lie in this process's own folder, or a bucket behind it.
        here = [
            replace(each, path=self.fetched.path(each.url)) if each.url else each
            for each in claimed.photos
        ]
        photos = fetch_ahead(here, fetching, clock)
        batches = index_photos(
            photos, self.embedder, self.database, self.model_id, self.store, clock
        )
        with closing(photos), closing(batches):
            return sum(batches, BatchCounts(0, 0, ()))
