"""Types of the feed readers: records, product rows, rejects and warnings."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

LIMITS: Final = {
    "id": 200, "title": 500, "brand": 200, "category": 200, "colour": 100, "url": 2000,
    "availability": 50, "group": 200,
}  # fmt: skip
DESCRIPTION_LIMIT: Final = 5000
"""Longer descriptions are truncated, not refused."""
JOINED_LIMIT: Final = 20_000
"""Characters that the joined values of repeated columns, elements or rows have at most."""

FieldMap = tuple[tuple[str, str], ...]
"""Pairs of field and column, from `--map FIELD=COLUMN`."""


@dataclass(frozen=True)
class ProductRow:
    """One product of a feed; None where the feed has no value for a field.

    Attributes:
        title: empty where the feed has none.
        photos: names or addresses as written in the feed; empty where it has none.
        price: the regular price.
        sale_price: the reduced price, valid between `sale_start` and `sale_end` where given.
        availability: value of a `catalog.feeds.availability.Availability`.
        attributes: values of all other columns by plain name, without empty ones.
        group: id that the variants of an article share (item_group_id).
        empty: fields and attributes whose column or key is present without a value. A field that
            is None and not listed here is absent from the feed.
        line: line in the feed (1 is the header); 0 where there are no lines.
        joined: a variant without photos whose values count for another row of its group, too.
    """

    id: str
    title: str
    photos: tuple[str, ...] = ()
    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    url: str | None = None
    availability: str | None = None
    attributes: Mapping[str, str] | None = None
    description: str | None = None
    group: str | None = None
    sale_price: Decimal | None = None
    sale_start: datetime | None = None
    sale_end: datetime | None = None
    empty: frozenset[str] = field(default=frozenset(), compare=False)
    line: int = field(default=0, compare=False)
    joined: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Reject:
    """A refused row: its line in the feed (1 is the header), the reason, and its id if any."""

    line: int
    reason: str
    id: str = ""


@dataclass(frozen=True)
class FieldWarning:
    """A value left out of an imported row; `kind` groups values with the same fault."""

    line: int
    kind: str
    reason: str
    id: str = ""


@dataclass(frozen=True)
class Feed:
    """The content of a feed file or a folder.

    Attributes:
        rows: the products, in the feed's order; on disk where there are many.
        rejects: rows refused while reading.
        columns: the names as written in the file (empty for a folder).
        folder: where photo names are looked up when no other folder is given.
        origin: the folder whose file names serve as ids (`read_folder`); None where ids are the
            shop's own and a later feed may update them.
        name: the file's name; empty for a folder.
        kind: the dialect; empty where no file or folder was read.
        notes: sentences for the user about the reading.
        warnings: values left out of `rows`.
        unreadable: parts of the source that could not be read, such as folders.
        used: pairs of field and the column it was read from.
        ignored: columns that were not read.
    """

    rows: Collection[ProductRow]
    rejects: tuple[Reject, ...] = ()
    columns: tuple[str, ...] = ()
    folder: Path = Path()
    origin: str | None = None
    name: str = ""
    kind: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[FieldWarning, ...] = ()
    unreadable: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Counts of values left out, by reason, with an example of each."""
        first = {warning.kind: warning for warning in reversed(self.warnings)}
        counts = Counter(warning.kind for warning in self.warnings).most_common()
        return tuple(
            f"left out, {kind}: {count}, first on line {first[kind].line} ({first[kind].reason})"
            for kind, count in counts
        )


@dataclass(frozen=True)
class Record:
    """A row as written in the file: plain column name -> stripped text.

    The values of a repeated column or a list are joined by newlines. `numbers` names the values
    that are JSON numbers, `damaged` the columns whose value was left out for invalid bytes.
    `joined`: as in `ProductRow`.
    """

    line: int
    values: Mapping[str, str]
    numbers: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()
    joined: bool = False


@dataclass
class Findings:
    """Rejects, notes and counts of a reading; each reader adds to them.

    Attributes:
        notes: sentences for the user.
        left_out: what a shop does not show, such as "products are disabled", and how often.
        may_be_doubled: texts may have been encoded as UTF-8 twice.
    """

    notes: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[FieldWarning] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    may_be_doubled: bool = False


def joined(before: str, text: str) -> str:
    """Two values joined by a newline; a value that would exceed `JOINED_LIMIT` is left out.

    Without the limit, thousands of repeated values take quadratic time.
    """
    if not before or not text:
        return before or text
    return f"{before}\n{text}" if len(before) + len(text) < JOINED_LIMIT else before
