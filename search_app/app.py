"""The FastAPI application: pages, API, health and static files."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from catalog.errors import CatalogError
from indexing.collection import Collection
from indexing.errors import IndexingError
from indexing.types import Embedder
from search_app import health
from search_app.admin import imports as admin_imports
from search_app.admin import products as admin_products
from search_app.admin import searches as admin_searches
from search_app.admin import session as admin_session
from search_app.admin import sources as admin_sources
from search_app.admin import work_lists as admin_lists
from search_app.api import (
    compat,
    events,
    explore,
    imports,
    openapi,
    products,
    search,
    sources,
    webhooks,
)
from search_app.api.known_names import only_known_names
from search_app.bodies import BoundedBodies
from search_app.jobs.encoder_choices import encoder_in_use
from search_app.jobs.runner import JobRunner
from search_app.jobs.sweeping import Sweeper
from search_app.language.choice import ChooseLanguage
from search_app.mending import Mender
from search_app.middleware import (
    AnswerHead,
    CompressTexts,
    LimitRate,
    ObserveRequests,
    RetryRead,
    SecurityHeaders,
)
from search_app.pages import catalogue, photo, site
from search_app.problems import add_error_handlers
from search_app.search.inference import BatchingEmbedder
from search_app.security.keys import allowed_origins
from search_app.security.local_token import make_local_token
from search_app.security.origins import AllowOrigins
from search_app.security.server_paths import without_paths
from search_app.services import PACKAGE, Services, make_services
from search_app.settings import Settings
from search_app.sync.worker import SyncWorker
from segmentation.errors import SegmentationError

_log = logging.getLogger(__name__)

BASE64_GROWTH: Final = 4 / 3
ENVELOPE_BYTES: Final = 64_000
"""Bytes that a form or a JSON body may add around a photo."""
FIELD_BYTES: Final = 32_000
"""Largest field of a form that is not a file: these are held in memory."""


def create_app(settings: Settings, collection: Collection | None = None) -> FastAPI:
    """Create the application.

    Args:
        collection: an open collection, which the caller closes; None = the app loads the models,
            opens the collection in `settings.data` and closes it at the end.
    """
    services = make_services(settings, collection)
    body_limit = int(settings.max_upload_bytes * BASE64_GROWTH) + ENVELOPE_BYTES

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeper = None
        if collection is None:
            await run_in_threadpool(_open, services)
        if services.collection is not None:
            await run_in_threadpool(make_local_token, settings.data)
            services.jobs = await run_in_threadpool(_start_jobs, services, services.collection)
            services.analytics.start(lambda: services.open_collection.database)
            services.sync = SyncWorker(
                lambda: services.open_collection, services.jobs, settings.sync
            )
            sweeper = Sweeper(lambda: services.open_collection).thread
        yield
        if sweeper is not None:
            await run_in_threadpool(sweeper.close)
        if services.sync is not None:
            await run_in_threadpool(services.sync.thread.close)
        if services.jobs is not None:
            await run_in_threadpool(services.jobs.close)
        await run_in_threadpool(services.analytics.close)
        services.line.close()
        services.fetches.close()
        # The caller's collection stays open, but not one that replaced it (a change of encoder).
        if services.collection is not None and services.collection is not collection:
            services.collection.close()

    app = FastAPI(
        title="Apparel Search",
        summary="Visual search for clothing: the garments of a photo and the nearest products.",
        version=_version(),
        openapi_url=None,  # `search_app.api.openapi` serves it
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        form_limits={"max_part_size": FIELD_BYTES},
    )
    app.state.services = services
    for part in (photo, catalogue, site, health, openapi):
        app.include_router(part.router)
    for tab in (
        admin_session,
        admin_imports,
        admin_sources,
        admin_products,
        admin_lists,
        admin_searches,
    ):
        app.include_router(tab.router)
    for part in (search, explore, events, products, imports, sources, webhooks, compat):
        app.include_router(part.router, dependencies=[Depends(only_known_names)])
    app.mount("/static", StaticFiles(directory=PACKAGE / "static"), name="static")
    add_error_handlers(app)
    openapi.describe(app)
    app.add_middleware(RetryRead, mender=Mender(lambda: services.open_collection))
    app.add_middleware(AnswerHead)
    app.add_middleware(CompressTexts)
    app.add_middleware(BoundedBodies, limit=body_limit, is_full=lambda: services.line.is_full)
    app.add_middleware(LimitRate, limiter=services.limiter)
    app.add_middleware(AllowOrigins, origins=lambda: _origins(services))
    app.add_middleware(ObserveRequests, metrics=services.metrics)
    app.add_middleware(SecurityHeaders, frame_origins=settings.frame_origins)
    app.add_middleware(ChooseLanguage)
    if settings.trusted_proxies is not None:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def _origins(services: Services) -> frozenset[str]:
    """Origins of the pages whose scripts may read; none while no collection is open."""
    collection = services.collection
    return frozenset() if collection is None else allowed_origins(collection.database)


def _start_jobs(services: Services, collection: Collection) -> JobRunner:
    settings = services.settings

    def switch(new: Collection) -> None:
        services.collection = new

    return JobRunner(collection, partial(_load_embedder, settings), switch, settings.jobs)


def _load_embedder(settings: Settings, encoder: str | None) -> Embedder:
    return BatchingEmbedder(settings.load_embedder(encoder))


def _open(services: Services) -> None:
    """Load the models and open the data folder; /readyz reports a failure."""
    settings = services.settings
    try:
        embedder = _load_embedder(settings, encoder_in_use(settings))
        services.collection = settings.open_collection(embedder)
    except (SegmentationError, IndexingError, CatalogError) as error:
        services.problem = without_paths(str(error), settings.data)
        _log.error("not ready: %s", error)


def _version() -> str:
    try:
        return version("apparel-search")
    except PackageNotFoundError:
        return "0"
