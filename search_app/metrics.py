"""Prometheus metrics of one app: counters, latencies and the server's state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.core import GaugeMetricFamily as Gauge

from catalog.queries import catalog_counts
from catalog.syncing.sources import list_sources
from search_app.search.inference import BatchingEmbedder

if TYPE_CHECKING:
    from indexing.collection import Collection
    from search_app.services import Services

BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Seconds, of requests and of their stages."""


class Metrics:
    """Counters and latencies of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "apparel_requests", "Answered requests", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "apparel_request_seconds", "Time to the start of an answer", ["route"],
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._stages = Histogram(
            "apparel_stage_seconds", "Time in a stage of a search", ["stage"],
            buckets=BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._refused = Counter(
            "apparel_refused_photos", "Photos refused, by code", ["code"], registry=self.registry
        )

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the pattern, not the path."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Record the time of a stage of a search."""
        started = perf_counter()
        yield
        self._stages.labels(name).observe(perf_counter() - started)

    def observe(self, timings_ms: Mapping[str, float]) -> None:
        """Record the timings of a search document."""
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)


class StateCollector:
    """Collector of the server's present state: queue, indices, catalogue, skipped photos."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        services = self._services
        yield Gauge("apparel_inference_inside", "Photos before or in the models",
                    services.line.inside)  # fmt: skip
        yield CounterMetricFamily("apparel_analytics_dropped", "Searches and events not recorded",
                                  services.analytics.dropped)  # fmt: skip
        if services.jobs is not None:
            yield Gauge("apparel_import_running", "1 while a feed is imported",
                        int(services.jobs.working))  # fmt: skip
        if services.collection is not None:
            yield Gauge("apparel_queries_kept", "Query photos kept", len(services.queries))
            yield from _collection_metrics(services.collection)


def _collection_metrics(collection: "Collection") -> Iterator[Metric]:
    embedder = collection.embedder
    if isinstance(embedder, BatchingEmbedder):
        yield CounterMetricFamily("apparel_model_calls", "Calls of the models", embedder.turns)
        yield CounterMetricFamily("apparel_model_photos", "Photos in them", embedder.photos)
    sizes = {(each.label,): count for each, count in collection.searchable().items()}
    yield _gauges("apparel_index_vectors", "Garments in an index", ["class"], sizes.items())
    with collection.database.session() as session:
        counts = catalog_counts(session)
        alerts = sum(each.state.needs_attention for each in list_sources(session))
    yield Gauge("apparel_sources_needing_attention",
                "Sources that failed or shrank at their last run", alerts)  # fmt: skip
    yield Gauge("apparel_products", "Products of the catalogue", counts.products)
    photos = {
        ("indexed",): counts.photos_indexed,
        ("pending",): counts.photos_pending,
        ("skipped",): counts.photos_skipped,
    }
    yield _gauges("apparel_photos", "Photos by state", ["status"], photos.items())
    skips = {(each.stage, each.code): each.count for each in counts.skips}
    yield _gauges("apparel_skips", "Skipped photos", ["stage", "code"], skips.items())


def _gauges(
    name: str, help_text: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], int]]
) -> Gauge:
    """A gauge for each combination of labels."""
    gauges = Gauge(name, help_text, labels=labels)
    for key, value in values:
        gauges.add_metric(key, value)
    return gauges
