"""Imports and their rejects, the index, the models."""

import re
from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from catalog.cache import QueryCache
from catalog.errors import FeedError
from catalog.feeds.reader import parse_field_map
from catalog.fetching.store import is_url
from catalog.importing.records import ImportOptions
from catalog.importing.sources import SOURCE_LENGTH
from search_app.admin.session import Admin, Ours, admin_page, login_page, signed_in, signed_in_key
from search_app.api.imports import rejects_answer, submit_address, submit_upload
from search_app.documents.fields import Text
from search_app.errors import SearchAppError, UploadRefused
from search_app.jobs.encoder_choices import EncoderChoice, choice_named, encoder_choices
from search_app.jobs.store import IMPORT, REVIEW, SYNC, Job
from search_app.language import texts
from search_app.problems import sentence
from search_app.search.uploads import check_size
from search_app.security.keys import ApiKey
from search_app.services import Services, UsedServices

JOBS_SHOWN: Final = 12
_ENCODERS: Final = QueryCache[list[EncoderChoice]](size=10, seconds=60.0)
"""Seconds between listings: a watched page asks often, and a bucket is paid by the listing."""

router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("")
def dashboard(request: Request, services: UsedServices, ticket: str = "") -> Response:
    """Show the dashboard, or the login form without a session; a ticket signs in once."""
    key = signed_in_key(request, services)
    if not ticket:
        return login_page(request, services) if key is None else _dashboard(request, services, key)
    session = services.sessions.redeem(ticket)
    if session is None and key is None:
        return login_page(request, services, texts.TICKET_USED, 401)
    return RedirectResponse("/admin", 303) if session is None else signed_in(request, session)


@router.post("/imports", dependencies=[Ours])
async def start_import(
    request: Request,
    services: UsedServices,
    key: Admin,
    feed: Annotated[UploadFile | None, File()] = None,
    address: Annotated[str, Form(max_length=2000)] = "",
    columns: Annotated[str, Form(max_length=4000)] = "",
    source: Annotated[Text, Form(max_length=SOURCE_LENGTH)] = "",
    dry_run: Annotated[bool, Form()] = False,
    prune: Annotated[bool, Form()] = False,
    prune_all: Annotated[bool, Form()] = False,
    refresh_photos: Annotated[bool, Form()] = False,
) -> Response:
    """Queue the import of an uploaded feed or of a feed at an address."""
    try:
        options = ImportOptions(
            fields=parse_field_map(re.split(r"[,\n]", columns) if columns.strip() else ()),
            source=source.strip() or None,
            prune=prune,
            prune_all=prune_all,
            dry_run=dry_run,
            refresh_photos=refresh_photos,
        )
        if feed is not None and feed.size:
            data = await feed.read()
            check_size(data, services.settings.max_upload_bytes, "feed")
            name = feed.filename or "feed.csv"
            submit = partial(submit_upload, services, name, data)
        elif is_url(address.strip()):
            submit = partial(submit_address, services, address.strip())
        else:
            raise UploadRefused("no_feed", "choose a feed first, or give its http(s) address")
        await run_in_threadpool(submit, options, key.name)
    except (SearchAppError, FeedError) as error:
        status = error.status if isinstance(error, SearchAppError) else 422
        return await run_in_threadpool(
            _dashboard, request, services, key, sentence(str(error)), status
        )
    return RedirectResponse("/admin#imports", 303)


@router.post("/imports/{job_id}/{action}", dependencies=[Ours])
def change_import(
    job_id: str, action: Literal["cancel", "resume", "apply"], services: UsedServices, key: Admin
) -> Response:
    """Stop an import, resume a stopped one, or import the feed of a dry run."""
    jobs = services.open_jobs
    {"cancel": jobs.cancel, "resume": jobs.resume, "apply": jobs.apply}[action](job_id)
    return RedirectResponse("/admin#imports", 303)


@router.get("/imports/{job_id}/rejects.csv")
def rejects(job_id: str, services: UsedServices, key: Admin) -> Response:
    """Download the refused rows and photos of an import."""
    return rejects_answer(services.open_jobs, job_id)


@router.post("/rebuild", dependencies=[Ours])
def rebuild(services: UsedServices, key: Admin) -> Response:
    """Queue a rebuild of the indices from the stored vectors."""
    services.open_jobs.upkeep("rebuild", made_by=key.name)
    return RedirectResponse("/admin#imports", 303)


@router.post("/reembed", dependencies=[Ours])
def reembed(
    services: UsedServices, key: Admin, encoder: Annotated[str, Form(max_length=200)]
) -> Response:
    """Queue a change to another encoder, which embeds every garment again."""
    collection = services.open_collection
    choice = choice_named(collection.data, collection.bucket, encoder)
    services.open_jobs.upkeep("reembed", choice.name, key.name)
    return RedirectResponse("/admin#imports", 303)


def _dashboard(
    request: Request, services: Services, key: ApiKey, problem: str = "", status: int = 200
) -> Response:
    jobs = services.open_jobs.latest(JOBS_SHOWN)
    collection = services.open_collection
    encoder = collection.fingerprint.encoder if collection.fingerprint else ""
    context = {
        "problem": problem,
        "has_import_folder": services.settings.import_folder is not None,
        "jobs": jobs,
        "watched": any(not job.ended for job in jobs),
        "job_facts": _facts,
        "job_choices": _choices,
        "status": collection.status(),
        "encoders": [
            each.name
            for each in _ENCODERS.get_or_compute(
                collection.data, lambda: encoder_choices(collection.data, collection.bucket)
            )
            if each.fingerprint != encoder
        ],
    }
    return admin_page(request, services, key, "imports.html", context, status)


def _facts(job: Job) -> list[tuple[str, int]]:
    """The counts of a job in words, zeros at its end only; of a dry run, those of a real one."""
    return [fact for fact in _all_facts(job) if fact[1] or job.state == "done"]


def _all_facts(job: Job) -> tuple[tuple[str, int], ...]:
    products = (
        (texts.JOB_NEW, job.products_new),
        (texts.JOB_CHANGED, job.products_changed),
        (texts.JOB_UNCHANGED, job.products_unchanged),
    )
    if job.task == REVIEW:
        return ()
    if job.task not in (IMPORT, SYNC):
        return ((texts.JOB_GARMENTS, job.garments),)
    outcome = job.outcome
    removed = outcome.products_removed if outcome else 0
    facts = [*products, (texts.JOB_REMOVED, removed)] if removed else [*products]
    if job.options.dry_run and outcome is not None:
        facts += [
            (texts.JOB_TO_EMBED, outcome.photos_to_embed or 0),
            (texts.JOB_TO_FETCH, outcome.photos_to_fetch or 0),
            (texts.JOB_MISSING, outcome.photos_missing or 0),
        ]
    else:
        facts += [(texts.JOB_GARMENTS, job.garments), (texts.JOB_SKIPPED, job.skipped)]
    return (*facts, (texts.JOB_REJECTED, job.rejected))


def _choices(options: ImportOptions) -> tuple[str, ...]:
    """The options of an import in words."""
    chosen = (
        (options.dry_run, texts.DRY_RUN),
        (options.prune or options.prune_all, texts.PRUNE),
        (options.refresh_photos, texts.REFRESH),
    )
    columns = tuple(f"{field}={column}" for field, column in options.fields)
    return tuple(name for is_chosen, name in chosen if is_chosen) + columns
