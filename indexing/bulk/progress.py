"""Counts of one indexing run, for progress reports and the summary."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from catalog.importing.records import ImportSummary
from indexing.bulk.records import BatchCounts, IndexProgress, IndexSummary
from indexing.clock import StageClock, StageTiming
from indexing.types import Skip


class RunCounts:
    """Counts of one indexing run; `unused` names stored copies that a batch no longer uses."""

    def __init__(
        self,
        imported: ImportSummary,
        clock: StageClock,
        on_progress: Callable[[IndexProgress], None] | None,
    ) -> None:
        self.imported = imported
        self.clock = clock
        self.unused: list[str] = []
        self._on_progress = on_progress
        self._start = time.perf_counter()
        self._indexed = 0
        self._garments = 0
        self._skips: list[Skip] = []
        self._done = 0

    def count(self, batch: BatchCounts) -> None:
        self._done += batch.photos
        self._indexed += batch.indexed
        self._garments += batch.garments
        self._skips.extend(batch.skips)
        self.unused.extend(batch.unused)
        self.report()

    def add_notes(self, notes: tuple[str, ...]) -> None:
        """Add sentences to those of the import."""
        self.imported = replace(self.imported, notes=self.imported.notes + notes)

    def report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(
                IndexProgress(
                    self._done,
                    # Refreshed photos that have changed are not among the pending ones.
                    max(self._done, len(self.imported.pending)),
                    len(self._skips),
                    self._garments,
                    self._speed(),
                )
            )

    def _speed(self) -> float:
        return self._done / max(time.perf_counter() - self._start, 1e-9)

    def summary(self) -> IndexSummary:
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
            bottleneck=bottleneck(self.clock.timings()) if self._done else "",
        )


_READING: Final = ("fetch", "read", "store")
_WRITING: Final = ("look up", "write", "index")
_IDLE: Final = 0.1


def bottleneck(timings: Sequence[StageTiming]) -> str:
    """The stage that limited a run.

    The writer waits for the models and for the reader; where it waits less than a tenth of its
    time, writing itself is the bottleneck.
    """
    seconds = {timing.stage: timing.seconds for timing in timings}
    for_reader = seconds.get("wait for reader", 0.0)
    for_models = seconds.get("wait for models", 0.0)
    writing = sum(seconds.get(stage, 0.0) for stage in _WRITING)
    if for_reader + for_models < _IDLE * (writing + for_reader + for_models):
        return _slowest(_WRITING, seconds)
    return _slowest(_READING, seconds) if for_reader > for_models else "embed"


def _slowest(stages: tuple[str, ...], seconds: dict[str, float]) -> str:
    return max(stages, key=lambda stage: seconds.get(stage, 0.0))
