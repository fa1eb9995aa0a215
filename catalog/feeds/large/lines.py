"""The lines of a large file in UTF-8, decoded one at a time."""

import codecs
import mmap
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, overload

LARGE: Final = 4_000_000
"""Bytes of a file whose text is not held in memory."""
_BLOCK: Final = 1 << 20
_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding=["'](?!utf-?8["'])""", re.IGNORECASE)
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


def is_large_utf8(path: Path) -> bool:
    """Whether a file is large and UTF-8 without a broken byte, so that its lines can be read."""
    if not path.is_file() or path.stat().st_size < LARGE:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if b"\0" in block or _DECLARED.search(block[:300]):
                    return False
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except (OSError, UnicodeDecodeError):
        return False
    return True


class LargeText(Sequence[str]):
    """Lines with their ends, as `io.StringIO` splits them; a byte order mark is left out.

    Takes the place of a `FeedText` without holding the text.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        begins = 3 if self._bytes[:3] == codecs.BOM_UTF8 else 0
        self._starts = array("Q", [begins])
        self._starts.extend(match.end() for match in _LINE_END.finditer(self._bytes, begins))
        if self._starts[-1] < len(self._bytes):
            self._starts.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @property
    def head(self) -> str:
        """The beginning, by which the kind of feed is recognised."""
        return next(self.parts(), "")

    def parts(self) -> Iterator[str]:
        """The text in parts."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(self._starts[0], len(self._bytes), _BLOCK):
            yield decoder.decode(self._bytes[start : start + _BLOCK])

    def lines(self) -> Sequence[str]:
        """The lines, read as they are needed."""
        return self

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        return self._bytes[self._starts[place] : self._starts[place + 1]].decode("utf-8")
