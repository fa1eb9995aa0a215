"""Is the server up, is it able to answer, and how is it doing: /healthz, /readyz, /metrics."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

if TYPE_CHECKING:
    from search_app.services import Services

STAGE_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

router = APIRouter(tags=["health"])


class Metrics:
    """Counters and latencies of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "apparel_requests", "Answered requests", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._stages = Histogram(
            "apparel_stage_seconds", "Time in a stage of a search", ["stage"],
            buckets=STAGE_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._refused = Counter(
            "apparel_refused_photos", "Photos refused, by code", ["code"], registry=self.registry
        )
        self._inside = Gauge(
            "apparel_inference_inside", "Photos before or in the models", registry=self.registry
        )
        self._queries = Gauge(
            "apparel_queries_kept", "Query photos in memory", registry=self.registry
        )

    def count_request(self, route: str, method: str, status: int) -> None:
        """Count an answer; `route` is the pattern, not the path."""
        self._requests.labels(route, method, str(status)).inc()

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

    def text(self, inside: int, queries: int) -> bytes:
        """The Prometheus text format."""
        self._inside.set(inside)
        self._queries.set(queries)
        return generate_latest(self.registry)


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """200 as long as requests are answered at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can searches be answered?")
async def readyz(request: Request) -> JSONResponse:
    """200 with the counts, or 503 with the reason; an empty catalogue is ready."""
    services: Services = request.app.state.services
    collection = services.open_collection
    status = await run_in_threadpool(collection.status)
    return JSONResponse(
        {
            "status": "ready",
            "model": status.model.key if status.model else None,
            "products": status.products,
            "searchable": {each.label: count for each, count in status.searchable.items()},
            "waiting": services.line.inside,
        }
    )


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Counters and latencies as Prometheus reads them."""
    services: Services = request.app.state.services
    text = services.metrics.text(services.line.inside, len(services.queries))
    return Response(text, media_type=CONTENT_TYPE_LATEST)
