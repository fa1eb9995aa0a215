"""Decoding of feeds in any encoding.

Tried in order: the given encoding, a byte order mark, the encoding an XML file declares, UTF-8,
then the code page that its letters look like. An invalid byte becomes a lone surrogate
(`BROKEN`), so that only its own cell is left out.
"""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.text.code_pages import likely_code_page

HEAD: Final = 1 << 20
"""Characters by which the kind of feed is recognised."""
BROKEN: Final = re.compile("[\udc80-\udcff]")
"""An undecodable byte, as `surrogateescape` represents it."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 20_000
"""Bytes from which a code page is detected."""
_WESTERN: Final = "cp1252"
_DECLARED: Final = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding=["']([\w.-]{1,40})["']"""
    rb"""|<meta[^>]{0,200}?charset=["']?([\w.-]{1,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 2048
"""Bytes in which a file declares its encoding."""
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip or Excel file; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
    b"\x1f\x8b": "packed with gzip; unpack it first",
    b"\xff\xd8\xff": "a JPEG photo; give its folder or a feed",
    b"\x89PNG": "a PNG photo; give its folder or a feed",
    b"%PDF": "a PDF; give a CSV, TSV, JSON lines or XML file",
    b"SQLite format 3": "a database; export a CSV from it",
}
"""First bytes of files that people mistake for feeds."""


@dataclass(frozen=True)
class FeedText:
    """A file's text and notes for the user on its decoding."""

    text: str
    notes: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The beginning, by which the kind of feed is recognised."""
        return self.text[:HEAD]

    def parts(self) -> Iterator[str]:
        """The text in parts."""
        yield self.text

    def lines(self) -> Sequence[str]:
        """The lines with their ends."""
        return list(io.StringIO(self.text, newline=""))


def read_text(path: Path, encoding: str | None = None) -> FeedText:
    """Read and decode a feed.

    Raises:
        FeedError: no such file, empty, no text, or an unknown encoding.
    """
    data = read_bytes(path)
    for start, what in _NOT_TEXT.items():
        if data.startswith(start):
            raise FeedError(f"{path.name} is no text but {what}")
    decoded = decode(data, path.name, encoding)
    if "\0" in decoded.text[:1000]:
        raise FeedError(f"{path.name} is no text; save it as CSV in UTF-8")
    if not decoded.text.strip():
        raise FeedError(f"{path.name} is empty; give a CSV, TSV, JSON lines or XML file")
    return decoded


def read_bytes(path: Path, count: int = -1) -> bytes:
    """Read the first `count` bytes of a file, or all; FeedError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise FeedError(f"cannot read {path.name}: {error.strerror}; check the path") from error


def decode(data: bytes, name: str, encoding: str | None = None) -> FeedText:
    """Decode a feed's bytes; notes report invalid bytes and a detected code page.

    Raises:
        FeedError: `encoding` is not known.
    """
    chosen, detected = _encoding_of(data, name, encoding)
    text = data.decode(chosen, errors="surrogateescape").removeprefix("\ufeff")
    notes = []
    if detected:
        notes.append(
            f"{name} is no UTF-8 and was read as {chosen}, which its letters look like; "
            "if they are wrong, name the right one: --encoding CODEPAGE"
        )
    broken = BROKEN.search(text)
    if broken is not None:
        count = len(BROKEN.findall(text))
        line = text.count("\n", 0, broken.start()) + 1
        notes.append(
            f"{name} has {count} broken bytes, the first on line {line}: "
            "the cells with them are left out; export the feed anew"
        )
    return FeedText(text, tuple(notes))


def _encoding_of(data: bytes, name: str, wanted: str | None) -> tuple[str, bool]:
    """The encoding, and whether it was only detected."""
    if wanted is not None:
        return _known(wanted, f"{name}: --encoding {wanted}"), False
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, False
    head = data[:_DECLARED_WITHIN].lstrip()
    if head.startswith(b"<") and (declared := _DECLARED.search(head)):
        said = (declared[1] or declared[2]).decode()
        return _known(said, f"{name} declares {said}, which"), False
    if _is_mostly_utf8(data):
        return "utf-8", False
    return _detected(data), True


def _known(encoding: str, what: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise FeedError(
            f"{what} is no encoding; give one such as utf-8, windows-1251 or shift_jis"
        ) from error


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether more non-ASCII letters are valid UTF-8 than invalid."""
    text = data.decode("utf-8", errors="surrogateescape")
    if text.isascii():
        return True
    broken = len(BROKEN.findall(text))
    whole = sum(1 for letter in text if letter > "\x7f") - broken
    return broken == 0 or whole > broken


def _detected(data: bytes) -> str:
    """The most likely code page, judged by the non-ASCII lines."""
    lines = [line for line in data.splitlines() if not line.isascii()]
    return likely_code_page(b"\n".join(lines)[:_SAMPLE], _WESTERN)
