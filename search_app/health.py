"""Is the server up, is it able to answer, and how is it doing: /healthz, /readyz, /metrics.

All three are cheap: counts of the database and of the indices, no walk through folders.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from catalog.models import Product
from catalog.queries import catalog_counts
from search_app.documents import ErrorDocument, ReadyDocument
from search_app.errors import NotReady
from search_app.inference import BatchingEmbedder
from search_app.query import embedder_of

if TYPE_CHECKING:
    from indexing.collection import Collection
    from search_app.services import Services

BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Seconds, of requests and of their stages."""

router = APIRouter(tags=["health"])


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
        """Count a refused photo."""
        self._refused.labels(code).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage of a search."""
        started = perf_counter()
        yield
        self._stages.labels(name).observe(perf_counter() - started)

    def observe(self, timings_ms: Mapping[str, float]) -> None:
        """Take over the timings of a search document."""
        for stage, milliseconds in timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)


class StateCollector:
    """The state of the server at the moment it is asked: queue, indices, catalogue, skips."""

    def __init__(self, services: "Services") -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """As `prometheus_client` wants it."""
        services = self._services
        yield _gauge("apparel_inference_inside", "Photos before or in the models",
                     services.line.inside)  # fmt: skip
        yield _gauge("apparel_queries_kept", "Query photos in memory", len(services.queries))
        if services.jobs is not None:
            yield _gauge("apparel_import_running", "1 while a feed is imported",
                         int(services.jobs.working))  # fmt: skip
        if services.collection is not None:
            yield from _collection_metrics(services.collection)


def _collection_metrics(collection: "Collection") -> Iterator[Metric]:
    embedder = collection.embedder
    if isinstance(embedder, BatchingEmbedder):
        yield CounterMetricFamily("apparel_model_calls", "Calls of the models", embedder.turns)
        yield CounterMetricFamily("apparel_model_photos", "Photos in them", embedder.photos)
    vectors = GaugeMetricFamily("apparel_index_vectors", "Garments in an index", labels=["class"])
    for garment_class, count in collection.searchable().items():
        vectors.add_metric([garment_class.label], count)
    yield vectors
    with collection.database.session() as session:
        counts = catalog_counts(session)
    yield _gauge("apparel_products", "Products of the catalogue", counts.products)
    photos = GaugeMetricFamily("apparel_photos", "Photos by state", labels=["status"])
    photos.add_metric(["indexed"], counts.photos_indexed)
    photos.add_metric(["pending"], counts.photos_pending)
    photos.add_metric(["skipped"], counts.photos_skipped)
    yield photos
    skips = GaugeMetricFamily("apparel_skips", "Skipped photos", labels=["stage", "code"])
    for skip in counts.skips:
        skips.add_metric([skip.stage, skip.code], skip.count)
    yield skips


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value)


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """200 as long as requests are answered at all."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    responses={503: {"model": ErrorDocument, "description": "Not ready; says why"}},
    summary="Can searches be answered?",
)
async def readyz(request: Request) -> ReadyDocument:
    """200 with the counts, or 503 with the reason; an empty catalogue is ready."""
    services: Services = request.app.state.services
    return await run_in_threadpool(_ready, services)


def _ready(services: "Services") -> ReadyDocument:
    """Raises NotReady where a search would fail: no models, no database, no import thread."""
    collection = services.open_collection
    embedder = embedder_of(collection)
    try:
        with collection.database.session() as session:
            products = session.scalar(select(func.count()).select_from(Product)) or 0
    except SQLAlchemyError as error:
        raise NotReady(f"the database does not answer ({error}); run `apparel doctor`") from error
    if not services.open_jobs.alive:
        raise NotReady("the thread of the imports has ended; start the server anew")
    return ReadyDocument(
        status="ready",
        model=embedder.fingerprint.key,
        products=products,
        searchable={each.label: count for each, count in collection.searchable().items()},
        waiting=services.line.inside,
        importing=services.open_jobs.working,
    )


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """Counters, latencies and state as Prometheus reads them."""
    services: Services = request.app.state.services
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)
