"""Report of a run's refused rows and photos as CSV, for the person who maintains the feed."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from catalog.feeds.cells import safe_cell
from catalog.feeds.rows import Feed
from catalog.files import publishing
from indexing.bulk.records import IndexSummary

FILE_NAME: Final = "rejects.csv"
COLUMNS: Final = ("line", "id", "reason", "photo", "code")


def write_rejects(path: Path, summary: IndexSummary, feed: Feed) -> int:
    """Write every refused row and photo, safe to open in a spreadsheet; return their number.

    `line` is the row's line in the feed (1 is the header), empty where there are no lines; `photo`
    is empty where the whole row was refused.
    """
    skipped = {skip.source.product_id for skip in summary.skips}
    lines = {row.id: row.line for row in feed.rows if row.id in skipped} if skipped else {}
    count = 0
    with publishing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for reject in _rejects(summary, lines):
            writer.writerow([safe_cell(cell) for cell in reject])
            count += 1
    return count


def _rejects(summary: IndexSummary, lines: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    for reject in summary.products.rejects:
        yield str(reject.line or ""), reject.id, reject.reason, "", "row"
    for skip in summary.skips:
        source = skip.source
        line = str(lines.get(source.product_id) or "")
        yield line, source.product_id, skip.reason, source.url or source.path.name, skip.code
