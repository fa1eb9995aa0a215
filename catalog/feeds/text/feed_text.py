"""The text of a feed in UTF-8, decoded a line or a part at a time."""

import codecs
import mmap
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload

from catalog.feeds.text.double_encoding import may_be_doubled

BLOCK: Final = 1 << 20
"""Bytes that are decoded at once."""
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


class FeedText(Sequence[str]):
    """Lines with their ends, as `io.StringIO` splits them, and notes for the user on the decoding.

    A byte order mark is left out.
    """

    def __init__(self, data: bytes | mmap.mmap, notes: tuple[str, ...] = ()) -> None:
        self.notes = notes
        self._bytes = data
        begins = 3 if data[:3] == codecs.BOM_UTF8 else 0
        self._starts = array("Q", [begins])
        self._starts.extend(match.end() for match in _LINE_END.finditer(data, begins))
        if self._starts[-1] < len(data):
            self._starts.append(len(data))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @property
    def may_be_doubled(self) -> bool:
        """Whether there may be texts that were encoded as UTF-8 twice."""
        return may_be_doubled(self._bytes)

    @property
    def head(self) -> str:
        """The beginning, by which the kind of feed is recognised."""
        return next(self.parts(), "")

    def parts(self) -> Iterator[str]:
        """The text in parts."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogatepass")
        for start in range(self._starts[0], len(self._bytes), BLOCK):
            yield decoder.decode(self._bytes[start : start + BLOCK])

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        line_index = index + len(self) if index < 0 else index
        if not 0 <= line_index < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        line = self._bytes[self._starts[line_index] : self._starts[line_index + 1]]
        return line.decode("utf-8", "surrogatepass")
