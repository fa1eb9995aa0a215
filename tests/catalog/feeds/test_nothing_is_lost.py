"""No feed, however mangled, loses a row without a line in the report."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import FeedError
from catalog.feeds.reader import read_feed

COUNT = 8
_LETTERS = st.sampled_from([b'"', b",", b"\xc3", b"\0", b";"])
_DAMAGE = st.lists(st.tuples(st.integers(1, COUNT), st.integers(0, 30), _LETTERS), max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(damage=_DAMAGE)
def test_every_row_is_read_or_reported(damage: list[tuple[int, int, bytes]]) -> None:
    lines = [b"id,title,image,price"]
    lines += [f"p{n},Kleid gr\u00fcn {n},{n}.jpg,1{n}.90".encode() for n in range(1, COUNT + 1)]
    for row, place, letter in damage:
        line = lines[row]
        lines[row] = line[:place] + letter + line[place:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.csv"
        path.write_bytes(b"\n".join(lines) + b"\n")
        try:
            feed = read_feed(path)
        except FeedError:  # A zero byte: the file is no text and is refused whole.
            return
    reported = {row.line for row in feed.rows} | {reject.line for reject in feed.rejects}
    assert reported == set(range(2, COUNT + 2))
