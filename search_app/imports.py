"""Bulk import over HTTP: a feed in, a job out that can be watched, cancelled and resumed."""

from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from catalog.files import publishing
from search_app.documents import ImportDocument, ImportPage, ImportRequest
from search_app.errors import BadRequest, UploadRefused
from search_app.job_records import Job
from search_app.jobs import JobRunner
from search_app.keys import ApiKey, Scope, needs
from search_app.problems import ERRORS
from search_app.services import Services, UsedServices

FEED_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})
"""A feed with another name's ending is read as .csv."""
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"feed": {"type": "string", "format": "binary"}},
                    "required": ["feed"],
                }
            },
            "application/json": {"schema": ImportRequest.model_json_schema()},
        },
    }
}

Writer = Annotated[ApiKey | None, Depends(needs(Scope.WRITE))]

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], responses=ERRORS)


@router.post("", status_code=202, openapi_extra=BODY, summary="Import a feed as a job")
async def start(
    request: Request, response: Response, services: UsedServices, key: Writer
) -> ImportDocument:
    """Takes a feed as multipart field `feed`, or JSON that names one on this server or its address.

    CSV, TSV, JSON lines, Google Merchant and Shopify. Photos that are named are looked up below
    APPAREL_IMPORT_FOLDER; those with an address are fetched, from public hosts. The answer comes at
    once; `Location` is where to watch the job.
    """
    jobs = services.open_jobs
    made_by = None if key is None else key.name
    if request.headers.get("content-type", "").startswith("application/json"):
        wanted = await _import_request(request)
        job = await run_in_threadpool(_submit_named, services, jobs, wanted, made_by)
    else:
        name, data = await _uploaded_feed(request, services.settings.max_upload_bytes)
        job = await run_in_threadpool(submit_upload, services, jobs, name, data, made_by)
    response.headers["Location"] = f"{router.prefix}/{job.id}"
    return import_document(job)


@router.get("", summary="The imports, the newest first")
def list_all(services: UsedServices, key: Writer) -> ImportPage:
    """The last hundred."""
    return ImportPage(imports=[import_document(job) for job in services.open_jobs.latest()])


@router.get("/{job_id}", summary="One import: state and progress")
def read_one(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """`done` of `total` photos; the product counts come at the end."""
    return import_document(services.open_jobs.get(job_id))


@router.post("/{job_id}/cancel", status_code=202, summary="Stop an import")
def cancel(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Ends after the photos that are being looked at; what is indexed stays."""
    return import_document(services.open_jobs.cancel(job_id))


@router.post("/{job_id}/resume", status_code=202, summary="Go on with a stopped import")
def resume(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Photos that are indexed already cost nothing."""
    return import_document(services.open_jobs.resume(job_id))


@router.get(
    "/{job_id}/rejects",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A CSV file"}},
    summary="Refused rows and photos of an import, as CSV",
)
def rejects(job_id: str, services: UsedServices, key: Writer) -> FileResponse:
    """Columns line, product_id, photo, code, reason; there once the job is done."""
    path = services.open_jobs.rejects_file(job_id)
    return FileResponse(path, media_type="text/csv", filename=f"rejects-{job_id}.csv")


def import_document(job: Job) -> ImportDocument:
    """A job as it is told to machines."""
    return ImportDocument.model_validate(job, from_attributes=True)


async def _import_request(request: Request) -> ImportRequest:
    try:
        return ImportRequest.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequest(f"{where}: {first['msg']}") from error


async def _uploaded_feed(request: Request, limit: int) -> tuple[str, bytes]:
    async with request.form(max_files=1, max_fields=10) as form:
        feed = form.get("feed")
        if not isinstance(feed, UploadFile):
            raise UploadRefused("no_feed", "no feed came with the request; send it as field feed")
        data = await feed.read()
        if not data:
            raise UploadRefused("empty", "the feed is empty; send a CSV or TSV file")
        return feed.filename or "feed.csv", data


def submit_upload(
    services: Services, jobs: JobRunner, name: str, data: bytes, made_by: str | None
) -> Job:
    """Keep a feed that was sent, and queue it."""
    folder = jobs.new_folder()
    suffix = Path(name).suffix.lower()
    feed = folder / f"feed{suffix if suffix in FEED_SUFFIXES else '.csv'}"
    with publishing(feed) as unfinished:
        unfinished.write_bytes(data)
    photos = services.settings.import_folder or folder
    return jobs.submit(folder, name, feed, photos, made_by)


def _submit_named(
    services: Services, jobs: JobRunner, wanted: ImportRequest, made_by: str | None
) -> Job:
    photos = _inside(services, wanted.photos) if wanted.photos else None
    if wanted.path is not None:
        feed = _inside(services, wanted.path)
        return jobs.submit(jobs.new_folder(), wanted.path, feed, photos or feed.parent, made_by)
    assert wanted.url is not None
    folder = jobs.new_folder()
    photos = photos or services.settings.import_folder or folder
    return jobs.submit(folder, wanted.url, folder / "feed", photos, made_by)


def _inside(services: Services, name: str) -> Path:
    """A path below the import folder.

    Raises:
        BadRequest: none is set, or the name leaves it (by a link too), or nothing is there.
    """
    root = services.settings.import_folder
    if root is None:
        raise BadRequest(
            "no folder may be imported from; set APPAREL_IMPORT_FOLDER or send the feed"
        )
    root = root.resolve()
    try:
        path = (root / name).resolve()
        found = path.is_relative_to(root) and path.exists()
    except (OSError, ValueError):  # too long, or a zero byte
        found = False
    if not found:
        raise BadRequest(f"there is no {name[:200]!r} below the import folder; check the name")
    return path
