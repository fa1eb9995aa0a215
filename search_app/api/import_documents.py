"""Options and documents of imports: from a request to the importer, from a job to its answer."""

from typing import Final

from catalog.errors import FeedError
from catalog.feeds.reader import parse_field_map
from catalog.importing.records import ImportOptions
from search_app.documents import ImportChoices, ImportDocument
from search_app.errors import BadRequest
from search_app.jobs.records import Job

SAME: Final = frozenset(ImportChoices.model_fields) - {"map"}
"""Options that a request and the importer name alike."""


def import_options(choices: ImportChoices) -> ImportOptions:
    """The importer's options; private addresses are never fetched for a request.

    Raises:
        BadRequest: `map` cannot be read.
    """
    try:
        fields = parse_field_map(choices.map)
    except FeedError as error:
        raise BadRequest("map", str(error)) from error
    same = choices.model_dump(include=set(SAME))
    return ImportOptions(fields=fields, **same)


def import_document(job: Job) -> ImportDocument:
    """The JSON document of a job."""
    choices = {name: getattr(job.options, name) for name in SAME}
    choices["map"] = [f"{field}={column}" for field, column in job.options.fields]
    return ImportDocument.model_validate(job.model_dump() | {"options": choices})
