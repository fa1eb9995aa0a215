"""Options and documents of imports: from a request to the importer, from a job to its answer."""

from catalog.errors import FeedError
from catalog.feeds.reader import parse_field_map
from catalog.importing.importer import ImportOptions
from search_app.documents import ImportChoices, ImportDocument
from search_app.errors import BadRequest
from search_app.jobs.records import Job


def import_options(choices: ImportChoices) -> ImportOptions:
    """The importer's options; private addresses are never fetched for a request.

    Raises:
        BadRequest: `map` cannot be read.
    """
    try:
        fields = parse_field_map(choices.map)
    except FeedError as error:
        raise BadRequest("map", str(error)) from error
    return ImportOptions(
        fields=fields,
        source=choices.source,
        clear_empty=choices.clear_empty,
        prune=choices.prune,
        prune_all=choices.prune_all,
        dry_run=choices.dry_run,
        refresh_photos=choices.refresh_photos,
    )


def import_document(job: Job) -> ImportDocument:
    """The JSON document of a job."""
    options = job.options
    choices = ImportChoices(
        map=[f"{field}={column}" for field, column in options.fields],
        dry_run=options.dry_run,
        source=options.source,
        clear_empty=options.clear_empty,
        prune=options.prune,
        prune_all=options.prune_all,
        refresh_photos=options.refresh_photos,
    )
    fields = {name: getattr(job, name) for name in ImportDocument.model_fields}
    return ImportDocument.model_validate(fields | {"options": choices}, from_attributes=True)
