"""Pack a data folder of today's schema into NNNN.tar.xz: `python -m tests.old_folders`."""

import tarfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.database import newest_revision
from catalog.feeds.rows import Feed, ProductRow
from catalog.models import FindingRow, SearchEventRow, SearchRow
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import add_source
from indexing.collection import Collection, open_collection
from indexing.review.check import check_catalogue
from search_app.security.keys import Scope, make_key
from segmentation.classes import GARMENT_CLASSES
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo

HERE = Path(__file__).parent
COLOURS = ("red", "blue", "green")


def fill(collection: Collection, photos: Path) -> None:
    """Three products and a photo without a garment; a source, a search, a key, findings."""
    rows = []
    for colour, garment_class in zip(COLOURS, GARMENT_CLASSES, strict=True):
        draw_photo(photos / f"{colour}.png", colour, garment_class)
        rows.append(
            ProductRow(colour, f"{colour} {garment_class.label}", (f"{colour}.png",), brand="Acme")
        )
    draw_empty_photo(photos / "empty.png")
    rows[0] = ProductRow("red", "red upper", ("red.png", "empty.png"), brand="Acme")
    collection.index(Feed(rows=tuple(rows), folder=photos))
    make_key(collection.database, "page", Scope.READ, ["https://shop.example"])
    check_catalogue(collection.database, lambda done, total: None)
    source = SyncSource("feed", SourceKind.FEED, "https://shop.example/feed", timedelta(hours=6))
    search = SearchRow(
        id="searched", day=datetime.now(UTC).date(), query_type="words", place="page",
        words="red top", results=1, nothing_close=False, colour_missing=False, shown=["red"],
    )  # fmt: skip
    with collection.database.transaction() as session:
        add_source(session, source)
        session.add(search)
        session.flush()
        session.add(SearchEventRow(search_id="searched", event="click", product_id="red"))
        for finding in session.query(FindingRow):
            finding.is_fine = True


def pack() -> None:
    """Write the archive."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with closing(open_collection(data, FakeEmbedder())) as collection:
            fill(collection, Path(folder))
        with tarfile.open(HERE / f"{newest_revision()}.tar.xz", "w:xz", preset=9) as archive:
            archive.add(data, "data")


if __name__ == "__main__":
    pack()
