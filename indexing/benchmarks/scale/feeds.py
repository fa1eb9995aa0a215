"""Processor time and memory of importing a large feed again, unchanged.

Each import runs in a process of its own. All rows share one photo.
"""

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.sax.saxutils import escape

from PIL import Image
from sqlalchemy import update

from catalog.database import open_database
from catalog.feeds.reader import read_feed
from catalog.files import file_sha256
from catalog.importing.importer import import_feed
from catalog.models import PhotoRow
from indexing.benchmarks.report import in_fresh_process, log, private_mb
from indexing.benchmarks.scale.shop import feed_rows

ROWS: Final = 100_000
KINDS: Final = ("csv", "jsonl", "json", "xml")
_SHARE: Final = 10
"""The smaller feed has this share of the rows."""
_JSON: Final = {".jsonl": ("", "\n", "\n"), ".json": ('{"products": [', ",", "]}")}
"""Text before, between and after the rows."""
_COLUMNS: Final = ("id", "title", "brand", "category", "colour", "availability", "price")


@dataclass(frozen=True)
class FeedFigures:
    """An unchanged import: processor seconds, and private memory afterwards in MB."""

    kind: str
    rows: int
    seconds: float
    memory_mb: float


def measure_feeds(count: int = ROWS) -> tuple[FeedFigures, ...]:
    """Import a feed of each kind again, with a tenth of the rows and with all."""
    sizes = (count // _SHARE, count)
    return tuple(measure_feed(kind, size) for kind in KINDS for size in sizes)


def measure_feed(kind: str, count: int) -> FeedFigures:
    """Import a feed into an empty catalogue, index its photo, and measure the second import."""
    with TemporaryDirectory() as name:
        log(f"importing {count} rows of {kind} twice")
        folder = Path(name)
        Image.new("RGB", (8, 8), "red").save(folder / "a.jpg")
        path = _write(folder / f"feed.{kind}", count)
        in_fresh_process(_import, path)
        _mark_indexed(folder)
        seconds, memory = in_fresh_process(_import, path)
    figures = FeedFigures(kind, count, seconds, memory)
    log(str(figures))
    return figures


def _import(path: Path) -> tuple[float, float]:
    """Import a feed; returns processor seconds and private memory in MB."""
    database = open_database(path.parent / "data")
    start = time.process_time()
    feed = read_feed(path)
    with database.transaction() as session:
        import_feed(session, feed)
    seconds = time.process_time() - start
    memory = private_mb()
    database.close()
    return round(seconds, 1), round(memory, 1)


def _mark_indexed(folder: Path) -> None:
    database = open_database(folder / "data")
    with database.transaction() as session:
        session.execute(
            update(PhotoRow).values(status="indexed", sha256=file_sha256(folder / "a.jpg"))
        )
    database.close()


def _write(path: Path, count: int) -> Path:
    rows = (
        {name: row[name] for name in _COLUMNS} | row["attributes"] | {"photo": "a.jpg"}
        for row in feed_rows(count)
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, [*_COLUMNS, "size", "material", "season", "fit", "photo"])
            writer.writeheader()
            writer.writerows(rows)
        elif path.suffix == ".xml":
            file.write("<rss><channel>\n")
            for row in rows:
                cells = (f"<{name}>{escape(str(row[name] or ''))}</{name}>" for name in row)
                file.write(f"<item>{''.join(cells)}</item>\n")
            file.write("</channel></rss>\n")
        else:
            begin, between, end = _JSON[path.suffix]
            texts = (json.dumps(row, ensure_ascii=False) for row in rows)
            file.write(begin + next(texts))
            file.writelines(between + text for text in texts)
            file.write(end)
    return path
