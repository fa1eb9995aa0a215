"""Bulk import over HTTP: jobs that can be watched, cancelled and resumed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from catalog.errors import FeedError
from catalog.feeds.reader import parse_field_map
from catalog.importing.records import ImportOptions
from search_app.api.known_names import refuse_unknown
from search_app.documents import ImportChoices, ImportDocument, ImportPage, ImportRequest
from search_app.errors import BadRequest, UploadRefused
from search_app.jobs.runner import GivenFeed, JobRunner
from search_app.jobs.store import IMPORT, Job
from search_app.problems import ERRORS, first_problem
from search_app.security.keys import ApiKey, Scope, needs
from search_app.services import Services, UsedServices

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
            # The first is what /docs sends: it has an example.
            "application/json": {"schema": ImportRequest.model_json_schema()},
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
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}

_SAME: Final = frozenset(ImportChoices.model_fields) - {"map"}
"""Options that a request and the importer name alike."""
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
    """Import a feed sent as multipart field `feed`, as the body itself, or named in JSON.

    Formats: CSV, TSV, JSON lines, Google Merchant (TSV, RSS, Atom) and Shopify. A feed sent as the
    body has its Content-Type: text/csv, text/tab-separated-values, application/x-ndjson,
    application/xml, text/plain. JSON names a feed on this server (`path`) or at a public address
    (`url`). Options are query parameters, form fields or JSON fields; with `dry_run` nothing is
    written and the job reports what would change. Photos given by file name are read from
    APPAREL_IMPORT_FOLDER, photos given by address are fetched from public hosts. The answer comes
    at once; its `Location` is the address of the job.
    """
    made_by = None if key is None else key.name
    given = choices.model_dump(exclude_unset=True)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        data = await request.body()
        if _is_several_lines_of_json(data):
            name, options = "feed.jsonl", import_options(choices)
        else:
            wanted = _checked(ImportRequest, _json_object(data), given)
            job = await run_in_threadpool(_submit_named, services, wanted, made_by)
            return _started(response, job)
    elif kind in FEED_TYPES:
        name, data, options = FEED_TYPES[kind], await request.body(), import_options(choices)
    else:
        name, data, fields = await _uploaded_feed(request)
        options = import_options(_checked(ImportChoices, fields, given))
    job = await run_in_threadpool(submit_upload, services, name, data, options, made_by)
    return _started(response, job)


def _started(response: Response, job: Job) -> ImportDocument:
    response.headers["Location"] = f"{router.prefix}/{job.id}"
    return import_document(job)


@router.get("", summary="The imports, the newest first")
def list_all(services: UsedServices, key: Writer) -> ImportPage:
    """List the last hundred imports."""
    return ImportPage(
        imports=[import_document(job) for job in services.open_jobs.latest(task=IMPORT)]
    )


@router.get("/{job_id}", summary="One import: state and progress")
def read_one(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Read a job: `done` of `total` photos are processed; product counts come at the end."""
    return import_document(services.open_jobs.get(job_id, IMPORT))


@router.post("/{job_id}/cancel", status_code=202, summary="Stop an import")
def cancel(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Stop an import after its current batch of photos; what is indexed stays."""
    return import_document(_imports(services, job_id).cancel(job_id))


@router.post("/{job_id}/resume", status_code=202, summary="Go on with a stopped import")
def resume(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Continue a stopped import; photos that are indexed already are skipped."""
    return import_document(_imports(services, job_id).resume(job_id))


@router.post("/{job_id}/apply", status_code=202, summary="Import the feed of a dry run")
def apply(job_id: str, services: UsedServices, key: Writer) -> ImportDocument:
    """Import the feed of a dry run with the same options, written this time."""
    return import_document(_imports(services, job_id).apply(job_id))


@router.get(
    "/{job_id}/rejects",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "A CSV file"}},
    summary="Refused rows and photos of an import, as CSV",
)
def rejects(job_id: str, services: UsedServices, key: Writer) -> Response:
    """Download the rejects once the job is done: line, product_id, photo, code, reason."""
    return rejects_answer(_imports(services, job_id), job_id)


def rejects_answer(jobs: JobRunner, job_id: str) -> Response:
    """The rejects of a job as a file to save. Raises JobNotFound without any."""
    headers = {"Content-Disposition": f'attachment; filename="rejects-{job_id}.csv"'}
    return Response(jobs.rejects(job_id), media_type="text/csv", headers=headers)


def _imports(services: Services, job_id: str) -> JobRunner:
    """The job runner, if this job is an import. Raises JobNotFound: other jobs are for admins."""
    services.open_jobs.get(job_id, IMPORT)
    return services.open_jobs


def import_options(choices: ImportChoices) -> ImportOptions:
    """The importer's options, which fetch no private addresses. Raises BadRequest for `map`."""
    try:
        fields = parse_field_map(choices.map)
    except FeedError as error:
        raise BadRequest("map", str(error)) from error
    same = choices.model_dump(include=set(_SAME))
    return ImportOptions(fields=fields, **same)


def import_document(job: Job) -> ImportDocument:
    """The JSON document of a job."""
    choices = {name: getattr(job.options, name) for name in _SAME}
    choices["map"] = [f"{field}={column}" for field, column in job.options.fields]
    return ImportDocument.model_validate(job.model_dump() | {"options": choices})


def _is_several_lines_of_json(data: bytes) -> bool:
    """Whether a body sent as JSON is a feed in JSON lines: one object, then more."""
    first, _, rest = data.strip().partition(b"\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _json_object(data: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest("body", f"no JSON ({error}); send an object with path or url") from error
    if not isinstance(body, dict):
        raise BadRequest(
            "body",
            "no object; send one with path or url, or a feed as JSON lines: an object a line",
        )
    return body


def _checked(model: type[Model], given: Mapping[str, Any], before: Mapping[str, Any]) -> Model:
    """The options with those of `given` replaced. Raises BadRequest."""
    refuse_unknown(given, set(model.model_fields))
    try:
        return model.model_validate({**before, **given})
    except ValidationError as error:
        raise BadRequest(*first_problem(error.errors())) from error


async def _uploaded_feed(request: Request) -> tuple[str, bytes, Mapping[str, Any]]:
    """File name and bytes of the feed in a form, and the form's other fields."""
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
    name: str,
    data: bytes,
    options: ImportOptions,
    made_by: str | None,
) -> Job:
    """Store an uploaded feed and queue its import.

    Raises:
        UploadRefused: the feed is empty.
        Busy: too many imports are waiting.
    """
    if not data.strip():
        raise UploadRefused("empty", "the feed is empty; send CSV, TSV, JSON lines or XML")
    feed = GivenFeed(name, Path("feed"), data, services.settings.import_folder)
    return services.open_jobs.submit(feed, options, made_by)


def submit_address(
    services: Services,
    url: str,
    options: ImportOptions,
    made_by: str | None,
    photos: Path | None = None,
) -> Job:
    """Queue the import of a feed at an address, which is fetched when its turn comes."""
    photos = photos or services.settings.import_folder
    return services.open_jobs.submit(GivenFeed(url, Path("feed"), photos=photos), options, made_by)


def _submit_named(services: Services, wanted: ImportRequest, made_by: str | None) -> Job:
    options = import_options(wanted)
    photos = _inside(services, "photos", wanted.photos) if wanted.photos else None
    if wanted.path is None:
        assert wanted.url is not None
        return submit_address(services, wanted.url, options, made_by, photos)
    feed = _inside(services, "path", wanted.path)
    given = GivenFeed(wanted.path, feed, photos=photos or feed.parent)
    return services.open_jobs.submit(given, options, made_by)


def _inside(services: Services, name: str, path: str) -> Path:
    """The path below the import folder that the field `name` has. Raises BadRequest."""
    root = services.settings.import_folder
    if root is None:
        raise BadRequest(
            name, "no folder may be imported from; set APPAREL_IMPORT_FOLDER or send the feed"
        )
    root = root.resolve()
    try:
        inside = (root / path).resolve()
        found = inside.is_relative_to(root) and inside.exists()
    except (OSError, ValueError):  # too long, or a zero byte
        found = False
    if not found:
        raise BadRequest(
            name, f"there is no {path[:200]!r} below the import folder; check the name"
        )
    return inside
