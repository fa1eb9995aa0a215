"""The pages behind a key: import a feed and watch it, rejects, the index, the models.

    key -> POST /admin/login -> session (cookie, closed to scripts) -> /admin

A session is a random token in this server's memory, for a key of scope admin; it ends after
`SESSION_HOURS`, with the server, and from the moment the key is revoked. Every form that
changes something carries a CSRF token.
"""

import re
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from catalog.errors import FeedError
from catalog.feeds import parse_field_map
from catalog.fetched import is_url
from catalog.importer import ImportOptions
from search_app.admin_views import job_view, status_view
from search_app.csrf import check_form, form_token, keep_token
from search_app.encoder_choices import choice_named, encoder_choices
from search_app.errors import AdminNeeded, KeyUnknown, SearchAppError, UploadRefused
from search_app.imports import submit_address, submit_upload
from search_app.keys import ApiKey, Scope, find_key
from search_app.problems import sentence
from search_app.services import Services, UsedServices
from search_app.sessions import SESSION_HOURS
from search_app.uploads import check_size

COOKIE: Final = "apparel_admin"
JOBS_SHOWN: Final = 12

router = APIRouter(prefix="/admin", include_in_schema=False)


def admin_key(request: Request, services: UsedServices) -> ApiKey:
    """The key of the session that sends a request. Raises AdminNeeded without one."""
    key = signed_in_key(request, services)
    if key is None:
        raise AdminNeeded("this page is behind a key; sign in on /admin first")
    return key


def signed_in_key(request: Request, services: Services) -> ApiKey | None:
    """The key of the session, unless there is none, or it was revoked."""
    secret = services.sessions.secret_of(request.cookies.get(COOKIE, ""))
    if secret is None:
        return None
    try:
        return find_key(services.open_collection.database, secret)
    except KeyUnknown:
        return None


Admin = Annotated[ApiKey, Depends(admin_key)]


def checked_form(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Refuse a form that is not ours."""
    check_form(request, csrf)


Ours = Depends(checked_form)


@router.get("")
def admin_page(request: Request, services: UsedServices) -> Response:
    """The dashboard, or the way to sign in."""
    key = signed_in_key(request, services)
    return _login_page(request, services) if key is None else _dashboard(request, services, key)


@router.post("/login", dependencies=[Ours])
def login(request: Request, services: UsedServices, key: Annotated[str, Form()] = "") -> Response:
    """A key in, a session out."""
    try:
        found = find_key(services.open_collection.database, key.strip())
        if not found.scope.covers(Scope.ADMIN):
            raise KeyUnknown(f"key {found.name!r} may {found.scope}, this page needs admin")
    except KeyUnknown as error:
        return _login_page(request, services, sentence(str(error)), error.status)
    answer = RedirectResponse("/admin", 303)
    answer.set_cookie(
        COOKIE,
        services.sessions.begin(key.strip()),
        max_age=SESSION_HOURS * 3600,
        path="/admin",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout", dependencies=[Ours])
def logout(request: Request, services: UsedServices) -> Response:
    """End the session."""
    services.sessions.end(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/admin", 303)
    answer.delete_cookie(COOKIE, path="/admin")
    return answer


@router.post("/imports", dependencies=[Ours])
async def start_import(
    request: Request,
    services: UsedServices,
    key: Admin,
    feed: Annotated[UploadFile | None, File()] = None,
    address: Annotated[str, Form(max_length=2000)] = "",
    columns: Annotated[str, Form(max_length=4000)] = "",
    dry_run: Annotated[bool, Form()] = False,
    prune: Annotated[bool, Form()] = False,
    prune_all: Annotated[bool, Form()] = False,
    refresh_photos: Annotated[bool, Form()] = False,
) -> Response:
    """A feed in, or the address of one, and how to take it; a job begun."""
    try:
        options = ImportOptions(
            fields=parse_field_map(re.split(r"[,\n]", columns) if columns.strip() else ()),
            prune=prune,
            prune_all=prune_all,
            dry_run=dry_run,
            refresh_photos=refresh_photos,
        )
        if feed is not None and feed.size:
            data = await feed.read()
            check_size(data, services.settings.max_upload_bytes, "feed")
            name = feed.filename or "feed.csv"
            submit = partial(submit_upload, services, services.open_jobs, name, data)
        elif is_url(address.strip()):
            submit = partial(submit_address, services, services.open_jobs, address.strip())
        else:
            raise UploadRefused("no_feed", "choose a feed first, or give its http(s) address")
        await run_in_threadpool(submit, options, key.name)
    except (SearchAppError, FeedError) as error:
        status = error.status if isinstance(error, SearchAppError) else 422
        return await run_in_threadpool(
            _dashboard, request, services, key, sentence(str(error)), status
        )
    return RedirectResponse("/admin#imports", 303)


@router.post("/imports/{job_id}/cancel", dependencies=[Ours])
def cancel_import(job_id: str, services: UsedServices, key: Admin) -> Response:
    """Stop an import; what is indexed stays."""
    services.open_jobs.cancel(job_id)
    return RedirectResponse("/admin#imports", 303)


@router.post("/imports/{job_id}/resume", dependencies=[Ours])
def resume_import(job_id: str, services: UsedServices, key: Admin) -> Response:
    """Go on with a stopped import."""
    services.open_jobs.resume(job_id)
    return RedirectResponse("/admin#imports", 303)


@router.post("/imports/{job_id}/apply", dependencies=[Ours])
def apply_import(job_id: str, services: UsedServices, key: Admin) -> Response:
    """Import what a dry run looked at."""
    services.open_jobs.apply(job_id)
    return RedirectResponse("/admin#imports", 303)


@router.get("/imports/{job_id}/rejects.csv")
def rejects(job_id: str, services: UsedServices, key: Admin) -> FileResponse:
    """Refused rows and photos of an import."""
    path = services.open_jobs.rejects_file(job_id)
    return FileResponse(path, media_type="text/csv", filename=f"rejects-{job_id}.csv")


@router.post("/rebuild", dependencies=[Ours])
def rebuild(services: UsedServices, key: Admin) -> Response:
    """Make the indices anew from the stored vectors, as a job."""
    services.open_jobs.rebuild(key.name)
    return RedirectResponse("/admin#imports", 303)


@router.post("/reembed", dependencies=[Ours])
def reembed(
    services: UsedServices, key: Admin, encoder: Annotated[str, Form(max_length=200)]
) -> Response:
    """Embed every garment by another encoder and change to it, as a job."""
    choice = choice_named(services.settings.data, encoder)
    services.open_jobs.reembed(choice.name, key.name)
    return RedirectResponse("/admin#imports", 303)


def _login_page(
    request: Request, services: Services, problem: str = "", status: int = 200
) -> Response:
    token = form_token(request)
    context = {"problem": problem, "csrf": token, "here": "admin"}
    page = services.templates.TemplateResponse(request, "login.html", context, status)
    keep_token(request, page, token)
    return page


def _dashboard(
    request: Request, services: Services, key: ApiKey, problem: str = "", status: int = 200
) -> Response:
    token = form_token(request)
    jobs = [job_view(job) for job in services.open_jobs.latest(JOBS_SHOWN)]
    collection = services.open_collection
    encoder = collection.fingerprint.encoder if collection.fingerprint else ""
    context = {
        "key_name": key.name,
        "problem": problem,
        "csrf": token,
        "jobs": jobs,
        "watched": any(not job.ended for job in jobs),
        "status": status_view(collection.status()),
        "encoders": [
            each.name
            for each in encoder_choices(services.settings.data)
            if each.fingerprint != encoder
        ],
        "here": "admin",
    }
    page = services.templates.TemplateResponse(request, "admin.html", context, status)
    page.headers["Cache-Control"] = "private, no-store"
    keep_token(request, page, token)
    return page
