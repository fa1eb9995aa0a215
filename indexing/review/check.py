"""One check of the whole catalogue, whose findings replace those of the check before."""

from collections.abc import Callable

from catalog.database import Database
from indexing.review.duplicates import duplicate_findings
from indexing.review.no_garment import no_garment_findings
from indexing.review.records import Check, Finding
from indexing.review.store import replace_findings
from indexing.review.titles import title_findings


def check_catalogue(database: Database, progress: Callable[[int, int], None]) -> dict[Check, int]:
    """Check a catalogue; return the number of findings of each check.

    Reads in a session of its own before it writes, so that imports do not wait.

    Args:
        progress: called with the numbers of garments compared and of all in their class; may raise
            to stop, and then the findings before stay.
    """
    with database.session() as session:
        findings: dict[Check, list[Finding]] = {
            "no-garment": list(no_garment_findings(session)),
            "title": list(title_findings(session)),
            "duplicate": list(duplicate_findings(session, progress)),
        }
    with database.transaction() as session:
        return {check: replace_findings(session, check, each) for check, each in findings.items()}
