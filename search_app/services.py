"""Services shared by all requests of an app: settings, collection, job queue, stored queries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from limits import RateLimitItem

from catalog.database import Database
from indexing.collection import Collection
from search_app.analytics.recorder import Recorder
from search_app.errors import NotReady
from search_app.jobs.runner import JobRunner
from search_app.language import LANGUAGES, current_language, texts
from search_app.metrics import Metrics, StateCollector
from search_app.search.inference import InferenceLine
from search_app.search.query_store import QueryStore
from search_app.search.uploads import Samples
from search_app.security.expiring import ExpiringRows, MemoryRows, SealedRows
from search_app.security.limiter import RateLimiter
from search_app.security.sessions import MAX_SESSIONS, SESSION_HOURS, AdminSessions
from search_app.security.shared_counts import count_in_database
from search_app.settings import Settings
from search_app.sync.worker import SyncWorker

PACKAGE: Final = Path(__file__).parent


@dataclass(eq=False)
class Services:
    """The parts of a running app. `problem` says why `collection` is None."""

    settings: Settings
    collection: Collection | None
    line: InferenceLine
    fetches: InferenceLine
    queries: QueryStore
    samples: Samples
    metrics: Metrics
    limiter: RateLimiter
    templates: Jinja2Templates
    sessions: AdminSessions
    analytics: Recorder
    jobs: JobRunner | None = None
    sync: SyncWorker | None = None
    problem: str = "the catalogue is still being opened; try again in a moment"

    @property
    def open_collection(self) -> Collection:
        """The collection. Raises NotReady with the reason while there is none."""
        if self.collection is None:
            raise NotReady(self.problem)
        return self.collection

    @property
    def open_jobs(self) -> JobRunner:
        """The import jobs. Raises NotReady while no collection is open."""
        if self.jobs is None:
            raise NotReady(self.problem)
        return self.jobs


def make_services(settings: Settings, collection: Collection | None) -> Services:
    """Create the services that need neither models nor a database."""
    is_shared = settings.database_url is not None

    def database() -> Database:
        return services.open_collection.database

    def count(rate: RateLimitItem, sender: str) -> int:
        return count_in_database(database(), rate, sender)

    def rows(kind: str, most: int, seconds: float, renewed: bool) -> ExpiringRows:
        if is_shared:
            return SealedRows(database, kind, most, seconds, renewed)
        return MemoryRows(most, seconds, renewed)

    services = Services(
        settings=settings,
        collection=collection,
        line=InferenceLine(settings.max_waiting),
        fetches=InferenceLine(settings.max_waiting),
        queries=QueryStore(
            rows("query", settings.queries_kept, settings.query_minutes * 60, renewed=True)
        ),
        samples=Samples(settings.sample_folders),
        metrics=Metrics(),
        limiter=RateLimiter(
            settings.rate_limit, settings.key_rate_limit, shared=count if is_shared else None
        ),
        templates=_templates(settings),
        sessions=AdminSessions(rows("session", MAX_SESSIONS, SESSION_HOURS * 3600, renewed=False)),
        analytics=Recorder(settings.analytics, settings.analytics_days),
    )
    services.metrics.registry.register(StateCollector(services))
    return services


def services_of(request: Request) -> Services:
    """The services of the app that serves this request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


UsedServices = Annotated[Services, Depends(services_of)]
"""Parameter type of routes that need the services."""


def _templates(settings: Settings) -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(PACKAGE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "t": texts,
        "languages": LANGUAGES,
        "current_language": current_language,
    }
    environment.globals["photos_shared"] = settings.database_url is not None
    environment.globals["query_minutes"] = f"{settings.query_minutes:g}"
    environment.globals["max_upload_bytes"] = settings.max_upload_bytes
    return Jinja2Templates(env=environment)
