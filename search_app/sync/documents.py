"""The JSON document of a synchronised source."""

from catalog.syncing.records import SourceStatus, shown_interval
from search_app.documents import SourceDocument


def source_document(status: SourceStatus) -> SourceDocument:
    """The JSON document of a source."""
    source = status.source
    fields = {
        "name": source.name,
        "kind": source.kind,
        "address": source.shown_address,
        "every": shown_interval(source.every),
        "takes_webhooks": source.kind.is_shop and source.secret_variable is not None,
    }
    return SourceDocument.model_validate(vars(status) | fields)
