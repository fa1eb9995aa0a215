"""Large feeds are read from disk, a part at a time, with the same result."""

import json
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from catalog.feeds.large import lines, store
from catalog.feeds.large.lines import FileLines
from catalog.feeds.large.store import StoredSequence, stored
from catalog.feeds.reader import read_feed
from catalog.feeds.tables import lines_of

COUNT = 2_000
ROWS = [
    {
        "id": f"p{number}",
        "title": f'Kleid \u201egr\u00fcn\u201c & <{number}>\u2028, "neu"',
        "category": "212" if number % 2 else "1604",
        "price": f"1.{number % 900 + 100},50 EUR" if number % 70 else "much",
        "image": f"{number}.jpg",
        "material": "Leinen " * 220,
    }
    for number in range(COUNT)
]


def _csv() -> str:
    cells = [[f'"{each.replace(chr(34), 2 * chr(34))}"' for each in row.values()] for row in ROWS]
    cells[40] = ['"p40', "open"]
    return "\r\n".join(map(",".join, [list(ROWS[0]), *cells])) + "\r\n"


def _json_lines() -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\nno object\n"


def _xml() -> str:
    items = (
        "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in row.items())
        for row in ROWS
    )
    listed = "".join(f"<item>{each}</item>\n" for each in items)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<rss xmlns:g="g"><channel>{listed}</channel></rss>'


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", _csv), ("a.jsonl", _json_lines), ("a.xml", _xml)]
)
def test_a_large_feed_reads_as_a_small_one(
    name: str, text: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_text(text(), encoding="utf-8", newline="")
    monkeypatch.setattr(lines, "LARGE", 1 << 40)
    monkeypatch.setattr(store, "IN_MEMORY", COUNT)
    small = read_feed(path)
    monkeypatch.setattr(lines, "LARGE", 1_000_000)
    monkeypatch.setattr(store, "IN_MEMORY", 100)
    tracemalloc.start()
    large = read_feed(path)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert isinstance(small.rows, tuple)
    assert isinstance(large.rows, StoredSequence)
    assert large == small
    assert len(large.rows) + len(large.rejects) >= COUNT
    assert held < path.stat().st_size / 10


def test_lines_are_split_as_of_a_text(tmp_path: Path) -> None:
    text = "a\r\n\nb\rc\u2028d\n\u00e9"
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert list(FileLines(path)) == lines_of(text)
    assert FileLines(path)[-1] == "\u00e9"


def test_a_stored_sequence_is_handed_over_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "IN_MEMORY", 3)
    values = stored(range(1_203))
    assert isinstance(values, StoredSequence)
    there = pickle.loads(pickle.dumps(values))
    assert (list(there), there[-1], there[:2]) == (list(range(1_203)), 1_202, (0, 1))
    del values
    file = there._path
    assert file.is_file()
    del there
    assert not file.exists()
    assert stored(range(3)) == (0, 1, 2)
