"""Settings in, the web app out: pages, API, health, in one FastAPI application."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from starlette.formparsers import MultiPartParser

from catalog.errors import CatalogError
from indexing.collection import Collection, open_collection
from indexing.errors import IndexingError
from indexing.records import Embedder
from search_app import (
    admin,
    api,
    browse,
    compat,
    explore,
    health,
    imports,
    pages,
    products,
    unasked,
)
from search_app.encoder_choices import choice_named, encoder_in_use
from search_app.inference import BatchingEmbedder
from search_app.jobs import JobRunner
from search_app.middleware import (
    AnswerHead,
    BodyLimit,
    CompressTexts,
    LimitRate,
    ObserveRequests,
    SecurityHeaders,
)
from search_app.openapi import describe
from search_app.problems import add_error_handlers
from search_app.services import PACKAGE, Services, make_services
from search_app.settings import Settings
from segmentation.errors import SegmentationError

_log = logging.getLogger(__name__)

BASE64_GROWTH: Final = 4 / 3
ENVELOPE_BYTES: Final = 64_000
"""What a form or a JSON body may add around a photo."""


def create_app(settings: Settings, collection: Collection | None = None) -> FastAPI:
    """The application.

    Args:
        collection: an open one, which stays open at the end; None = the app opens (and
            closes) the one below `settings.data`, loading the models.
    """
    services = make_services(settings, collection)
    body_limit = int(settings.max_upload_bytes * BASE64_GROWTH) + ENVELOPE_BYTES
    # Query photos must not touch the disk: without this the form parser would
    # spool everything over 1 MB to a temporary file.
    MultiPartParser.spool_max_size = max(MultiPartParser.spool_max_size, body_limit)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if collection is None:
            await run_in_threadpool(_open, services)
        if services.collection is not None:
            services.jobs = await run_in_threadpool(_start_jobs, services, services.collection)
        yield
        if services.jobs is not None:
            await run_in_threadpool(services.jobs.close)
        services.line.close()
        # The one that was handed in stays open, but not one that has taken its place.
        if services.collection is not None and services.collection is not collection:
            services.collection.close()

    app = FastAPI(
        title="Apparel Search",
        summary="A photo in; its garments and the products nearest to each out.",
        version=_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    for part in (pages, browse, unasked, admin, api, explore, products, imports, compat, health):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=PACKAGE / "static"), name="static")
    add_error_handlers(app)
    describe(app)
    app.add_middleware(AnswerHead)
    app.add_middleware(CompressTexts)
    app.add_middleware(BodyLimit, limit=body_limit)
    app.add_middleware(LimitRate, limiter=services.limiter)
    app.add_middleware(ObserveRequests, metrics=services.metrics)
    app.add_middleware(SecurityHeaders)
    return app


def _start_jobs(services: Services, collection: Collection) -> JobRunner:
    settings = services.settings

    def load(name: str) -> Embedder:
        return _load_embedder(settings, str(choice_named(settings.data, name).weights))

    def switch(new: Collection) -> None:
        services.collection = new

    return JobRunner(collection, load, switch)


def _load_embedder(settings: Settings, encoder: str | None) -> Embedder:
    # Imported here: loads torch.
    from indexing.wiring import load_embedder

    return BatchingEmbedder(
        load_embedder(
            settings.segmenter_weights, encoder, settings.runtime_options, settings.second_look
        )
    )


def _open(services: Services) -> None:
    """Load the models and open the data folder; a failure is kept for /readyz to tell."""
    settings = services.settings
    try:
        embedder = _load_embedder(settings, encoder_in_use(settings))
        services.collection = open_collection(settings.data, embedder, settings.database_url)
    except (SegmentationError, IndexingError, CatalogError) as error:
        services.problem = str(error)
        _log.error("not ready: %s", error)


def _version() -> str:
    try:
        return version("apparel-search")
    except PackageNotFoundError:
        return "0"
