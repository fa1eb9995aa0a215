"""No feed, however mangled, loses a row without a line in the report."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import FeedError
from catalog.feeds.large.json_document import document_values
from catalog.feeds.reader import read_feed

COUNT = 8
_LETTERS = st.sampled_from([b'"', b",", b"\xc3", b"\0", b";", b"\t", b"<", b"{", b"\\", b"\n"])
_DAMAGE = st.lists(st.tuples(st.integers(1, COUNT), st.integers(0, 30), _LETTERS), max_size=6)


def _table(mark: str, number: int) -> str:
    return mark.join((f"p{number}", f"Kleid gr\u00fcn {number}", f"{number}.jpg", f"1{number}.90"))


def _line(kind: str, number: int) -> str:
    """The line of a product; line 0 stands for the header."""
    if kind == "jsonl":
        values = {
            "id": f"p{number}",
            "title": f"Kleid gr\u00fcn {number}",
            "image": f"{number}.jpg",
        }
        return json.dumps(values, ensure_ascii=False) if number else ""
    mark = {"csv": ",", "tsv": "\t"}[kind]
    return _table(mark, number) if number else mark.join(("id", "title", "image", "price"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(kind=st.sampled_from(["csv", "tsv", "jsonl"]), damage=_DAMAGE)
def test_every_row_is_read_or_reported(kind: str, damage: list[tuple[int, int, bytes]]) -> None:
    lines = [_line(kind, number).encode() for number in range(COUNT + 1)]
    for row, place, letter in damage:
        line = lines[row]
        lines[row] = line[:place] + letter + line[place:]
    written = b"\n".join(lines) + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed"
        path.write_bytes(written)
        try:
            feed = read_feed(path)
        except FeedError:  # The file is refused whole, with its reason.
            return
    filled = {n for n, line in enumerate(written.split(b"\n"), 1) if line.strip(b" \t\r\n,;\0")}
    reported = {row.line for row in feed.rows} | {reject.line for reject in feed.rejects}
    assert filled - reported <= {1}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    size=st.integers(1, 60),
    cut=st.integers(0, 400),
    letter=st.sampled_from(["", '"', ",", "{", "]", "\\", "0"]),
)
def test_a_document_is_read_whole_or_refused(size: int, cut: int, letter: str) -> None:
    values = [{"id": f"p{number}", "n": number, "t": "\u00e9]"} for number in range(COUNT)]
    text = json.dumps({"ok": True, "items": values}, ensure_ascii=False)
    damaged = text[:cut] + letter + (text[cut:] if letter else "")
    parts = (damaged[start : start + size] for start in range(0, len(damaged), size))
    try:
        found = list(document_values(parts))
    except ValueError:
        return
    try:
        whole = json.loads(damaged)
    except ValueError:
        # What follows the list is not read.
        assert len(found) == COUNT
        return
    assert len(found) == len(whole["items"]) if "items" in whole else 1
