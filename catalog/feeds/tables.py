"""Reading of CSV and TSV tables, tolerating broken quotes and lines above the header.

A row with broken quotes is read as a single line or rejected with it; it never swallows the rows
below.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.cells import plain_cell
from catalog.feeds.columns import KNOWN_NAMES, plain_name, squeezed
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Findings, Record, Reject, joined
from catalog.feeds.text.decoding import BROKEN
from catalog.feeds.text.double_encoding import mended_name

DELIMITERS: Final = ",\t;|"
LARGEST_CELL: Final = 10_000_000
OPEN_QUOTE: Final = (
    "a quote opens here and is not closed as it should be; close it, or double the quotes inside"
)
_HEADINGS: Final = 20
"""Lines among which the header is searched."""
_WIDE: Final = 4
"""Columns from which it is not chance that each line of a long text has a separator for each."""
_RESCANS: Final = 10
"""Upper bound on how often broken quotes may make the reader rescan a file, in file lengths."""


def read_table(
    lines: Sequence[str], feed_name: str, findings: Findings
) -> tuple[tuple[str, ...], Collection[Record]]:
    """Header names as written, and a record for each row that is not blank.

    Args:
        lines: with their ends.

    Raises:
        FeedError: a cell is too long, or too many quotes are broken to separate the rows.
    """
    csv.field_size_limit(LARGEST_CELL)
    delimiter, start = _layout(lines)
    try:
        rows = _rows(lines, delimiter, start, feed_name)
        _, cells = next(rows)
        names = (BROKEN.sub("\ufffd", name.strip().strip('"')) for name in cells)
        header = tuple(map(mended_name, names))
        records = stored(_records(rows, header, findings))
    except csv.Error as error:
        raise FeedError(f"{feed_name}: {error}; save it as CSV again") from error
    above = [line for line in lines[:start] if line.strip()]
    if above:
        findings.notes.append(f"{len(above)} lines above the header were left out")
    return header, records


def _layout(lines: Sequence[str]) -> tuple[str, int]:
    """The delimiter and the header's line, by which most column names are known."""
    first = next(index for index, line in enumerate(lines) if line.strip("\ufeff \t\r\n"))
    if lines[first].lower().startswith("sep=") and len(lines[first].strip()) == 5:
        return lines[first][4], first + 1
    best, most = (max(DELIMITERS, key=lines[first].count), first), 1
    for index in range(first, min(first + _HEADINGS, len(lines))):
        for delimiter in DELIMITERS:
            names = {squeezed(name) for name in lines[index].split(delimiter)}
            if len(names & KNOWN_NAMES) > most:
                best, most = (delimiter, index), len(names & KNOWN_NAMES)
    return best


def _rows(
    lines: Sequence[str], delimiter: str, start: int, feed_name: str
) -> Iterator[tuple[int, list[str]]]:
    """Line number, from 1, and cells of each row, the header first."""
    width, budget = 0, _RESCANS * len(lines)
    while start < len(lines):
        remaining = (lines[index] for index in range(start, len(lines)))
        reader = csv.reader(remaining, delimiter=delimiter, strict=True)
        done = 0
        try:
            for cells in reader:
                own = lines[start + done : start + reader.line_num]
                if (
                    width
                    and len(own) > 1
                    and (len(cells) != width or _are_rows(own, delimiter, width))
                ):
                    break
                width = width or len(cells)
                yield start + done + 1, cells
                done = reader.line_num
            else:
                return
        except csv.Error:
            pass
        budget -= reader.line_num - done
        if budget < 0:
            raise FeedError(
                f"{feed_name}, line {start + done + 1}: a quote is not closed, and many more; "
                "put cells with quotes in quotes and double those inside"
            )
        start += done
        yield start + 1, _unquoted(lines[start], delimiter, width) or [OPEN_QUOTE]
        start += 1


def _are_rows(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether lines that quotes hold together are each a whole row."""
    marks = width - 1
    return width >= _WIDE and all(line.count(delimiter) == marks for line in lines)


def _unquoted(line: str, delimiter: str, width: int) -> list[str]:
    """Cells of a line with quotes taken literally; none where their number is wrong."""
    cells = line.rstrip("\r\n").split(delimiter)
    if len(cells) != width:
        return []
    return [_literal(cell) for cell in cells]


def _literal(cell: str) -> str:
    """A cell without the quotes around it; one with a single quote without that."""
    if len(cell) > 1 and cell.startswith('"') and cell.endswith('"'):
        return cell[1:-1].replace('""', '"').replace('\\"', '"')
    return cell.replace('"', "") if cell.count('"') == 1 else cell


def _records(
    rows: Iterable[tuple[int, list[str]]], header: Sequence[str], findings: Findings
) -> Iterator[Record]:
    names = [plain_name(name) for name in header]
    for line, cells in rows:
        if cells == [OPEN_QUOTE]:
            findings.rejects.append(Reject(line, OPEN_QUOTE))
            continue
        texts = [plain_cell(cell.strip()) for cell in cells]
        if any(texts[len(names) :]):
            reason = (
                f"{len(cells)} cells for {len(names)} columns; put quotes around a cell with "
                "separators"
            )
            findings.rejects.append(Reject(line, reason))
        elif any(texts):
            yield _record(line, names, texts)


def _record(line: int, names: Sequence[str], texts: Sequence[str]) -> Record:
    """Make a record; the values of a repeated column are joined by newlines."""
    values: dict[str, str] = {}
    damaged: set[str] = set()
    for name, text in zip(names, texts, strict=False):
        if not text.isascii() and BROKEN.search(text):
            damaged.add(name)
        else:
            values[name] = joined(values.get(name, ""), text)
    return Record(line, values, damaged=frozenset(damaged))
