"""Decoding of feeds in any encoding.

Tried in order: the given encoding, a byte order mark, the encoding an XML file declares, UTF-8,
then the code page that its letters look like. An invalid byte becomes a lone surrogate
(`BROKEN`), so that only its own cell is left out. Large files are decoded a part at a time.
"""

import codecs
import gzip
import mmap
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from catalog.errors import FeedError
from catalog.feeds.text.code_pages import likely_code_page
from catalog.feeds.text.feed_text import BLOCK, FeedText

LARGE: Final = 4_000_000
"""Bytes of a file whose text is not held in memory."""
LARGEST: Final = 2_000_000_000
"""Bytes of a packed feed when it is unpacked."""
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
BROKEN: Final = re.compile("[\udc80-\udcff]")
"""An undecodable byte."""
_BROKEN_MARK: Final = "\udcff"
_BROKEN_AS_UTF8: Final = re.compile(b"\xed\xb3\xbf")
"""`_BROKEN_MARK` in UTF-8."""
_LINE_FEED: Final = re.compile(b"\n")
_FOREIGN: Final = re.compile(rb"[\x80-\xff]")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 1_000_000
"""Bytes of lines with foreign letters by which the encoding is recognised."""
_CODE_PAGE_SAMPLE: Final = 20_000
"""Bytes of them from which a code page is detected."""
_WESTERN: Final = "cp1252"
_ONE_BYTE: Final = ("iso8859", "cp125", "latin")
_DECLARED: Final = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding=["']([\w.-]{1,40})["']"""
    rb"""|<meta[^>]{0,200}?charset=["']?([\w.-]{1,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 2048
"""Bytes in which a file declares its encoding."""
_LETTERS_A_NUL: Final = 100
"""A damaged text has fewer zero bytes than one in so many letters; other files have more."""
_NOT_TEXT: Final = {
    b"PK\x03\x04": "an Excel file or a zip of several; save the sheet as CSV, pack one feed",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
    b"\xff\xd8\xff": "a JPEG photo; give its folder or a feed",
    b"\x89PNG": "a PNG photo; give its folder or a feed",
    b"%PDF": "a PDF; give a CSV, TSV, JSON lines or XML file",
    b"SQLite format 3": "a database; export a CSV from it",
}
"""First bytes of files that people mistake for feeds."""


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return _BROKEN_MARK * (error.end - error.start), error.end


codecs.register_error("broken", _mark_broken)


def read_text(path: Path, encoding: str | None = None) -> FeedText:
    """Read and decode a feed.

    Raises:
        FeedError: no such file, empty, no text, or an unknown encoding.
    """
    data = _read(path)
    for start, what in _NOT_TEXT.items():
        if data[: len(start)] == start:
            raise FeedError(f"{path.name} is not text but {what}")
    decoded = decode(data, path.name, encoding)
    head = decoded.head[:1000]
    if head.count("\0") * _LETTERS_A_NUL > len(head):
        raise FeedError(f"{path.name} is not text; save it as CSV in UTF-8")
    if not any(part.strip() for part in decoded.parts()):
        raise FeedError(f"{path.name} is empty; give a CSV, TSV, JSON lines or XML file")
    return decoded


def _read(path: Path) -> bytes | mmap.mmap:
    """The file's bytes; those of a large file stay on disk."""
    # To open a pipe waits for its writer, and a device may never end.
    if path.exists() and not path.is_file():
        raise FeedError(f"{path.name} is not an ordinary file; save the feed as one")
    try:
        with path.open("rb") as file:
            start = file.read(len(_ZIP))
            if start.startswith(_GZIP):
                with gzip.open(path) as packed:
                    return _unpacked(packed, path.name)
            if start == _ZIP:
                with zipfile.ZipFile(path) as archive:
                    if (only := _only_file(archive)) is not None:
                        with archive.open(only) as packed:
                            return _unpacked(packed, path.name)
            file.seek(0)
            return _mapped(file) if path.stat().st_size >= LARGE else file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        raise FeedError(
            f"{path.name} is a damaged gzip, zip or Excel file; export it again"
        ) from error
    except (RuntimeError, NotImplementedError) as error:  # a password, an unusual method
        raise FeedError(f"{path.name}: {error}; unpack it first") from error
    except OSError as error:
        raise FeedError(f"cannot read {path.name}: {error.strerror}; check the path") from error


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo | None:
    """The file of an archive that holds no other, besides what macOS adds."""
    files = [
        each
        for each in archive.infolist()
        if not each.is_dir() and not each.filename.startswith("__MACOSX/")
    ]
    return files[0] if len(files) == 1 else None


def _unpacked(packed: IO[bytes] | gzip.GzipFile, name: str) -> bytes | mmap.mmap:
    """The bytes of a packed feed, in a temporary file where they are many."""
    with tempfile.TemporaryFile(prefix="apparel-feed-") as file:
        size = 0
        while block := packed.read(BLOCK):
            size += file.write(block)
            if size > LARGEST:
                raise FeedError(f"{name} holds over {LARGEST // 10**9} GB; split it")
        file.flush()
        file.seek(0)
        return _mapped(file) if size >= LARGE else file.read()


def _mapped(file: IO[bytes]) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def decode(data: bytes | mmap.mmap, name: str, encoding: str | None = None) -> FeedText:
    """Decode a feed's bytes; notes report invalid bytes and a detected code page.

    Raises:
        FeedError: `encoding` is not known.
    """
    chosen, detected = _encoding_of(data, name, encoding)
    if chosen == "utf-8" and _is_valid(data):
        return FeedText(data)
    text = _as_utf8(data, chosen)
    notes = []
    if detected:
        notes.append(
            f"{name} is not UTF-8 and was read as {chosen}, which its letters look like; "
            "if they are wrong, name the right one: --encoding CODEPAGE"
        )
    broken = [match.start() for match in _BROKEN_AS_UTF8.finditer(text)]
    if broken:
        line = sum(1 for _ in _LINE_FEED.finditer(text, 0, broken[0])) + 1
        notes.append(
            f"{name} has {len(broken)} broken bytes, the first on line {line}: "
            "the cells with them are left out; export the feed again"
        )
    return FeedText(text, tuple(notes))


def _is_valid(data: bytes | mmap.mmap) -> bool:
    """Whether these bytes are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), BLOCK):
            decoder.decode(data[start : start + BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(data: bytes | mmap.mmap, encoding: str) -> bytes | mmap.mmap:
    """The text as UTF-8 with a mark for each broken byte; a large one in a temporary file."""
    blocks = (text.encode("utf-8", "surrogatepass") for text in _decoded(data, encoding))
    if isinstance(data, bytes):
        return b"".join(blocks)
    with tempfile.TemporaryFile(prefix="apparel-feed-") as file:
        file.writelines(blocks)
        file.flush()
        return _mapped(file)


def _decoded(data: bytes | mmap.mmap, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="broken")
    for start in range(0, len(data), BLOCK):
        yield decoder.decode(data[start : start + BLOCK])
    yield decoder.decode(b"", final=True)


def _encoding_of(data: bytes | mmap.mmap, name: str, wanted: str | None) -> tuple[str, bool]:
    """The encoding, and whether it was only detected."""
    if wanted is not None:
        return _known(wanted, f"{name}: --encoding {wanted}"), False
    for mark, encoding in _MARKS:
        if data[: len(mark)] == mark:
            return encoding, False
    head = data[:_DECLARED_WITHIN].lstrip()
    if head.startswith(b"<") and (declared := _DECLARED.search(head)):
        said = (declared[1] or declared[2]).decode()
        # What was read as ASCII is not UTF-16; UTF-8 is often said of what is none.
        if not said.lower().startswith("utf"):
            known = _known(said, f"{name} declares {said}, which")
            # Letters of one byte each hardly ever are UTF-8 by chance.
            is_utf8 = known.startswith(_ONE_BYTE) and _is_valid(data)
            return "utf-8" if is_utf8 else known, False
    if unmarked := _wide_encoding(head):
        return unmarked, True
    sample = _foreign_lines(data)
    if _is_mostly_utf8(sample):
        return "utf-8", False
    return likely_code_page(sample[:_CODE_PAGE_SAMPLE], _WESTERN), True


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a byte order mark, detected by its zero bytes, or Japanese in 7 bits."""
    for first, encoding in enumerate(("utf-16-be", "utf-16-le")):
        if head[first::2].count(0) > len(head) // 4 > head[1 - first :: 2].count(0):
            return encoding
    return "iso2022_jp" if b"\x1b$B" in head else None


def _known(encoding: str, what: str) -> str:
    try:
        b"id".decode(encoding, "replace")
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise FeedError(
            f"{what} is not an encoding; give one such as utf-8, windows-1251 or shift_jis"
        ) from error


def _foreign_lines(data: bytes | mmap.mmap) -> bytes:
    """The first lines with letters that are not ASCII."""
    lines: list[bytes] = []
    size = at = 0
    while size < _SAMPLE and (foreign := _FOREIGN.search(data, at)):
        start = data.rfind(b"\n", at, foreign.start()) + 1 or at
        end = data.find(b"\n", foreign.start(), foreign.start() + _SAMPLE)
        at = end + 1 or foreign.start() + _SAMPLE
        lines.append(data[max(start, foreign.start() - _SAMPLE) : at])
        size += len(lines[-1])
    return b"".join(lines)


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether more non-ASCII letters are valid UTF-8 than invalid."""
    text = sample.decode("utf-8", errors="broken")
    broken = text.count(_BROKEN_MARK)
    whole = sum(1 for letter in text if letter > "\x7f") - broken
    return broken == 0 or whole >= broken
