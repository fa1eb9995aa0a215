"""Clicks as judged pairs, which `apparel evaluate judged` reads; searches as CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.feeds.rows import Feed, ProductRow
from catalog.models import SearchEventRow, SearchRow
from indexing.collection import Collection, open_collection
from indexing.evaluation.judged_pairs import read_judged_pairs
from search_app.admin.downloads import csv_lines
from search_app.analytics.export import SEARCH_COLUMNS, judged_pairs, search_rows
from segmentation.photos import read_photo
from tests.fakes import FakeEmbedder, draw_photo

COLOURS = ("red", "blue", "green", "black")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Collection]:
    rows = []
    for colour in COLOURS:
        draw_photo(tmp_path / f"{colour}.png", colour)
        rows.append(ProductRow(colour, f"{colour} top", (f"{colour}.png",)))
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    yield collection
    collection.close()


def add_search(own: Collection, id: str, product_id: str | None, clicked: list[str]) -> None:
    with own.database.transaction() as session:
        session.add(
            SearchRow(
                id=id, day=datetime.now(UTC).date(), place="page", results=3, words="=1+1",
                query_type="product" if product_id else "photo", product_id=product_id,
                nothing_close=False, colour_missing=False, shown=["blue", "green", "black"],
            )
        )  # fmt: skip
        session.flush()
        for each in clicked:
            session.add(SearchEventRow(search_id=id, event="click", product_id=each, position=1))


def test_click_is_better_than_what_was_passed_over(own: Collection, tmp_path: Path) -> None:
    add_search(own, "one", "red", ["green"])
    add_search(own, "again", "red", ["green"])  # the same judgement
    add_search(own, "first", "red", ["blue"])  # nothing was passed over
    add_search(own, "photo", None, ["black"])  # the query photo is not kept
    with own.database.session() as session:
        text = "".join(csv_lines(judged_pairs(session)))
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    (pair,) = read_judged_pairs(file)
    folder = own.data / "photos"
    shown = [read_photo(folder / name) for name in (pair.query, pair.better, pair.worse)]
    main = [tuple(int(each) for each in photo[75, 60]) for photo in shown]
    assert [max(range(3), key=colour.__getitem__) for colour in main] == [0, 1, 2]


def test_searches_are_exported_safe_for_a_spreadsheet(own: Collection) -> None:
    add_search(own, "one", "red", ["green", "black"])
    with own.database.session() as session:
        header, *rows = csv.reader(io.StringIO("".join(csv_lines(search_rows(session)))))
    assert tuple(header) == SEARCH_COLUMNS
    (row,) = (dict(zip(header, cells, strict=True)) for cells in rows)
    assert row["words"] == "'=1+1"
    assert set(row["clicks"].split()) == {"green", "black"}
    assert (row["shown"], row["purchases"]) == ("blue green black", "")
