"""Bulk import over HTTP: a feed in, a job out that can be watched, cancelled and resumed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from catalog.files import publishing
from catalog.importer import ImportOptions
from search_app.errors import BadRequest, UploadRefused
from search_app.import_documents import (
    ImportChoices,
    ImportDocument,
    ImportPage,
    ImportRequest,
    import_document,
)
from search_app.job_records import Job
from search_app.jobs import IMPORT, JobRunner
from search_app.keys import ApiKey, Scope, needs
from search_app.problems import ERRORS
from search_app.services import Services, UsedServices
from search_app.validation import first_problem

FEED_SUFFIXES: Final = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".rss"}
)
"""A feed with another name's ending is called .csv; what it is, its contents say."""
FEED_TYPES: Final = {
    "text/csv": "feed.csv",
    "text/tab-separated-values": "feed.tsv",
    "text/plain": "feed.txt",
    "application/x-ndjson": "feed.jsonl",
    "application/ndjson": "feed.jsonl",
    "application/jsonl": "feed.jsonl",
    "application/x-jsonlines": "feed.jsonl",
    "application/xml": "feed.xml",
    "text/xml": "feed.xml",
    "application/rss+xml": "feed.xml",
    "application/atom+xml": "feed.xml",
}
"""Kind of a body that is a feed itself -> what the feed is called."""
FORM: Final = "multipart/form-data"
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "feed": {"type": "string", "format": "binary"},
                        **ImportChoices.model_json_schema()["properties"],
                    },
                    "required": ["feed"],
                }
            },
            "application/json": {"schema": ImportRequest.model_json_schema()},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}

Model = TypeVar("Model", bound=BaseModel)
Writer = Annotated[ApiKey | None, Depends(needs(Scope.WRITE))]

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], responses=ERRORS)


@router.post("", status_code=202, openapi_extra=BODY, summary="Import a feed as a job")
async def start(
    request: Request,
    response: Response,
    services: UsedServices,
    key: Writer,
    choices: Annotated[ImportChoices, Query()],
) -> ImportDocument:
    """Takes a feed as multipart field `feed` or as the body itself, or JSON that names one.

    CSV, TSV, JSON lines, Google Merchant (TSV, RSS, Atom) and Shopify. A body that is a feed says
    so by its Content-Type: text/csv, text/tab-separated-values, application/x-ndjson,
    application/xml, text/plain. JSON names a feed on this server (`path`) or at a public address
    (`url`). Options come in the query, as form fields or in the JSON; with `dry_run` nothing is
    written and the job says what would change. Photos that are named are looked up below
    APPAREL_IMPORT_FOLDER; those with an address are fetched, from public hosts. The answer comes at
    once; `Location` is where to watch the job.
    """
    jobs = services.open_jobs
    made_by = None if key is None else key.name
    given = choices.model_dump(exclude_unset=True)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        data = await request.body()
        if _is_several_lines_of_json(data):
            name, options = "feed.jsonl", choices.options
        else:
            wanted = _checked(ImportRequest, _json_object(data), given)
            job = await run_in_threadpool(_submit_named, services, jobs, wanted, made_by)
            return _started(response, job)
    elif kind in FEED_TYPES:
        name, data, options = FEED_TYPES[kind], await request.body(), choices.options
    else:
        name, data, fields = await _uploaded_feed(request)
        options = _checked(ImportChoices, fields, given).options
    job = await run_in_threadpool(submit_upload, services, jobs, name, data, options, made_by)
    return _started(response, job)


def _started(response: Response, job: Job) -> ImportDocument:
    response.headers["Location"] = f"{router.prefix}/{job.id}"
    return import_document(job)


@router.get("", summary="The imports, the newest first")
def list_all(services: UsedServices, key: Writer) -> ImportPage:
    """The last hundred."""
    return ImportPage(
        imports=[import_document(job) for job in services.open_jobs.latest(task=IMPORT)]
    )


@router.get("/{job_id}", summary="One import: state and progress")
def read_one(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """`done` of `total` photos; the product counts come at the end."""
    return import_document(services.open_jobs.get(job_id, IMPORT))


@router.post("/{job_id}/cancel", status_code=202, summary="Stop an import")
def cancel(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Ends after the photos that are being looked at; what is indexed stays."""
    return import_document(_imports(services, job_id).cancel(job_id))


@router.post("/{job_id}/resume", status_code=202, summary="Go on with a stopped import")
def resume(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Photos that are indexed already cost nothing."""
    return import_document(_imports(services, job_id).resume(job_id))


@router.post("/{job_id}/apply", status_code=202, summary="Import what a dry run looked at")
def apply(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """The same feed with the same options, written this time."""
    return import_document(_imports(services, job_id).apply(job_id))


@router.get(
    "/{job_id}/rejects",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "A CSV file"}},
    summary="Refused rows and photos of an import, as CSV",
)
def rejects(job_id: str, services: UsedServices, key: Writer) -> FileResponse:
    """Columns line, product_id, photo, code, reason; there once the job is done."""
    path = _imports(services, job_id).rejects_file(job_id)
    return FileResponse(path, media_type="text/csv", filename=f"rejects-{job_id}.csv")


def _imports(services: Services, job_id: str) -> JobRunner:
    """The jobs, if this one is an import; JobNotFound where it is none: those are an admin's."""
    services.open_jobs.get(job_id, IMPORT)
    return services.open_jobs


def _is_several_lines_of_json(data: bytes) -> bool:
    """Whether a body called JSON is a feed in JSON lines: an object, and then more."""
    first, _, rest = data.strip().partition(b"\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _json_object(data: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"body: no JSON ({error}); send an object with path or url") from error
    if not isinstance(body, dict):
        raise BadRequest(
            "body: no object; send one with path or url, or a feed as JSON lines: an object a line"
        )
    return body


def _checked(model: type[Model], given: Mapping[str, Any], before: Mapping[str, Any]) -> Model:
    """What was given, above what was given before. Raises BadRequest."""
    try:
        return model.model_validate({**before, **given})
    except ValidationError as error:
        raise BadRequest(first_problem(error.errors())) from error


async def _uploaded_feed(request: Request) -> tuple[str, bytes, Mapping[str, Any]]:
    """Name and bytes of the feed in a form, and the form's other fields."""
    async with request.form(max_files=1, max_fields=110) as form:
        feed = form.get("feed")
        if not isinstance(feed, UploadFile):
            raise UploadRefused("no_feed", "no feed came with the request; send it as field feed")
        fields = {
            name: form.getlist(name) if name == "map" else value
            for name, value in form.items()
            if name != "feed"
        }
        return feed.filename or "feed.csv", await feed.read(), fields


def submit_upload(
    services: Services,
    jobs: JobRunner,
    name: str,
    data: bytes,
    options: ImportOptions,
    made_by: str | None,
) -> Job:
    """Keep a feed that was sent, and queue it.

    Raises:
        UploadRefused: it is empty.
        Busy: too many imports wait.
    """
    if not data.strip():
        raise UploadRefused("empty", "the feed is empty; send CSV, TSV, JSON lines or XML")
    folder = jobs.new_folder()
    suffix = Path(name).suffix.lower()
    feed = folder / f"feed{suffix if suffix in FEED_SUFFIXES else '.csv'}"
    with publishing(feed) as unfinished:
        unfinished.write_bytes(data)
    photos = services.settings.import_folder or folder
    return jobs.submit(folder, name, feed, photos, options, made_by)


def submit_address(
    services: Services,
    jobs: JobRunner,
    url: str,
    options: ImportOptions,
    made_by: str | None,
    photos: Path | None = None,
) -> Job:
    """Queue a feed that is fetched from its address when its turn comes."""
    folder = jobs.new_folder()
    photos = photos or services.settings.import_folder or folder
    return jobs.submit(folder, url, folder / "feed", photos, options, made_by)


def _submit_named(
    services: Services, jobs: JobRunner, wanted: ImportRequest, made_by: str | None
) -> Job:
    photos = _inside(services, wanted.photos) if wanted.photos else None
    if wanted.path is None:
        assert wanted.url is not None
        return submit_address(services, jobs, wanted.url, wanted.options, made_by, photos)
    feed = _inside(services, wanted.path)
    photos = photos or feed.parent
    folder = jobs.new_folder()
    return jobs.submit(folder, wanted.path, feed, photos, wanted.options, made_by)


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
