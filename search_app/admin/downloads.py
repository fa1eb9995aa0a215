"""CSV files of the admin pages, sent while they are read from the database."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from catalog.feeds.cells import safe_cell
from search_app.services import Services


def csv_download(
    services: Services, name: str, rows: Callable[[Session], Iterable[Iterable[object]]]
) -> StreamingResponse:
    """Send rows as a file."""

    def content() -> Iterator[str]:
        with services.open_collection.database.session() as session:
            yield from csv_lines(rows(session))

    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(content(), media_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as lines; None is an empty cell, and no cell is a spreadsheet's formula."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow("" if each is None else safe_cell(str(each)) for each in row)
        yield buffer.getvalue()
