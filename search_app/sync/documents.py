"""The JSON document of a synchronised source."""

from catalog.syncing.records import SourceStatus, shown_interval
from search_app.documents import SourceDocument, SyncOutcomeDocument


def source_document(status: SourceStatus) -> SourceDocument:
    """The JSON document of a source."""
    source = status.source
    outcome = status.outcome
    return SourceDocument(
        name=source.name,
        kind=source.kind.value,
        address=source.shown_address,
        every=shown_interval(source.every),
        running=status.running,
        state=status.state.value,
        message=status.message,
        outcome=None
        if outcome is None
        else SyncOutcomeDocument.model_validate(outcome, from_attributes=True),
        takes_webhooks=source.kind.is_shop and source.secret_variable is not None,
        started_at=status.started_at,
        ended_at=status.ended_at,
        next_run_at=status.next_run_at,
    )
