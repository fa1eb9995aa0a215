"""The counts of one indexing run: batches in, progress reports and a summary out."""

import time
from collections.abc import Callable

from catalog.importer import ImportSummary
from indexing.records import Skip
from indexing.stages import CommittedBatch, IndexProgress, IndexSummary, StageClock


class Run:
    """Counts of one indexing run."""

    def __init__(
        self,
        imported: ImportSummary,
        clock: StageClock,
        on_progress: Callable[[IndexProgress], None] | None,
    ) -> None:
        self.imported = imported
        self.clock = clock
        self._on_progress = on_progress
        self._start = time.perf_counter()
        self._indexed = 0
        self._garments = 0
        self._skips: list[Skip] = []
        self._done = 0

    def count(self, batch: CommittedBatch) -> None:
        """Add a batch and report."""
        self._done += batch.photos
        self._indexed += batch.indexed
        self._garments += batch.garments
        self._skips.extend(batch.skips)
        self.report()

    def report(self) -> None:
        """Tell how far the run is."""
        if self._on_progress is not None:
            self._on_progress(
                IndexProgress(
                    self._done,
                    # Photos that were asked for again come on top, if they have changed.
                    max(self._done, len(self.imported.pending)),
                    len(self._skips),
                    self._garments,
                    self._speed(),
                )
            )

    def _speed(self) -> float:
        return self._done / max(time.perf_counter() - self._start, 1e-9)

    def summary(self) -> IndexSummary:
        """What the run did."""
        return IndexSummary(
            products=self.imported,
            indexed=self._indexed,
            skipped=len(self._skips),
            unchanged=self.imported.photos_unchanged,
            garments=self._garments,
            seconds=time.perf_counter() - self.clock.started,
            photos_per_second=self._speed() if self._done else 0.0,
            stages=self.clock.timings(),
            skips=tuple(self._skips),
        )
