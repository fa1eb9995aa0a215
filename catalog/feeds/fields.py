"""Conversion of a feed's text records to typed product rows.

A row needs a unique id. Any other value that cannot be parsed is left out with a warning; the row
itself is imported.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from catalog.feeds.availability import read_availability
from catalog.feeds.columns import Columns
from catalog.feeds.dialects.google_categories import name_categories
from catalog.feeds.large.store import stored
from catalog.feeds.photo_names import PHOTO_NAME_LIMIT, split_photos
from catalog.feeds.prices import decimal_mark_of, is_currency_code, number_price, parse_price
from catalog.feeds.rows import (
    DESCRIPTION_LIMIT,
    LIMITS,
    FieldWarning,
    ProductRow,
    Record,
    Reject,
)
from catalog.feeds.text.html_text import one_line, plain_text
from catalog.sale import split_prices

ATTRIBUTE_LIMIT: Final = 2000
PHOTOS_LIMIT: Final = 100
_PRICES: Final = ("price", "regular_price", "sale_price")
_DATE_LENGTH: Final = 40


class _RefusedError(Exception):
    """A row cannot be imported."""


class _LeftOutError(Exception):
    """A value cannot be imported; `kind` groups values with the same fault."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True)
class Reading:
    """Typed rows, rejected rows and warnings about values left out."""

    rows: Sequence[ProductRow]
    rejects: tuple[Reject, ...]
    warnings: tuple[FieldWarning, ...]


@dataclass(frozen=True)
class _Row:
    """A record during conversion, with the conventions of its columns."""

    record: Record
    columns: Columns
    decimal_mark: str | None
    warnings: list[FieldWarning] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A field's first non-empty value."""
        return _first(self.record, self.columns.fields[name])

    def warn(self, error: _LeftOutError) -> None:
        """Record that a value was left out."""
        product_id = self.text("id")
        warning = FieldWarning(self.record.line, error.kind, str(error), product_id)
        self.warnings.append(warning)


def rows_of(records: Iterable[Record | Reject], columns: Columns) -> Reading:
    """Convert every record; rejects pass through."""
    entries = records if isinstance(records, Sequence) else stored(records)
    rejects: list[Reject] = []
    warnings: list[FieldWarning] = []
    rows = stored(_typed_rows(entries, columns, rejects, warnings))
    return Reading(rows, tuple(rejects), tuple(warnings))


def _typed_rows(
    entries: Sequence[Record | Reject],
    columns: Columns,
    rejects: list[Reject],
    warnings: list[FieldWarning],
) -> Iterator[ProductRow]:
    """The rows one by one; what is refused or left out is added to the lists."""
    mark = decimal_mark_of(_price_texts(entries, columns))
    line_of: dict[str, int] = {}
    for entry in name_categories(entries, columns.fields["category"]):
        if isinstance(entry, Reject):
            rejects.append(entry)
            continue
        product_id = _first(entry, columns.fields["id"])
        try:
            if not product_id and entry.damaged & set(columns.fields["id"]):
                raise _RefusedError("id holds a broken byte")
            _check_id(product_id, line_of)
        except _RefusedError as refusal:
            rejects.append(Reject(entry.line, str(refusal), product_id[: LIMITS["id"]]))
            continue
        yield _typed(_Row(entry, columns, mark, warnings))
        line_of[product_id] = entry.line


def _price_texts(entries: Sequence[Record | Reject], columns: Columns) -> Iterable[str]:
    names = tuple(name for field in _PRICES for name in columns.fields[field])
    for entry in entries:
        if isinstance(entry, Record):
            yield from (entry.values.get(name, "") for name in names if name not in entry.numbers)


def _first(record: Record, columns: tuple[str, ...]) -> str:
    """The first non-empty value."""
    for name in columns:
        if value := record.values.get(name):
            return value
    return ""


def _check_id(product_id: str, line_of: Mapping[str, int]) -> None:
    if not product_id:
        raise _RefusedError("no id")
    if len(product_id) > LIMITS["id"]:
        raise _RefusedError(f"id is longer than {LIMITS['id']} characters")
    if "\0" in product_id:
        raise _RefusedError("id holds a zero byte")
    if product_id in line_of:
        raise _RefusedError(f"id {product_id!r} is on line {line_of[product_id]} already")


def _typed(row: _Row) -> ProductRow:
    for name in sorted(row.record.damaged):
        row.warn(_LeftOutError("broken byte", f"{name} holds a byte that is no letter"))
    currency = _currency(row)
    price, sale, named = _prices(row, currency)
    start, end = _sale_dates(row)
    return ProductRow(
        id=row.text("id"),
        title=_words(row, "title") or "",
        photos=_photo_names(row),
        brand=_words(row, "brand"),
        category=_words(row, "category"),
        colour=_words(row, "colour"),
        price=price,
        currency=currency or named,
        url=_short(row, "url", row.text("url").partition("\n")[0]),
        availability=_availability(row),
        attributes=_attributes(row),
        description=_description(row),
        group=_short(row, "group", row.text("group")),
        sale_price=sale,
        sale_start=start if sale is not None else None,
        sale_end=end if sale is not None else None,
        empty=_empty(row) | _ended_sale(row, sale),
        line=row.record.line,
    )


def _words(row: _Row, name: str) -> str | None:
    """Text of a field without tags; a long title is truncated."""
    text = row.text(name)
    text = one_line(text.replace("\n", ", ") if name == "colour" else text)
    if name == "title" and len(text) > LIMITS["title"]:
        reason = f"title is longer than {LIMITS['title']} characters and was cut"
        row.warn(_LeftOutError("title too long", reason))
        text = text[: LIMITS["title"]]
    return _short(row, name, text)


def _short(row: _Row, name: str, text: str) -> str | None:
    try:
        return _checked(name, text, LIMITS[name])
    except _LeftOutError as error:
        row.warn(error)
        return None


def _checked(name: str, text: str, limit: int) -> str | None:
    if len(text) > limit:
        raise _LeftOutError(f"{name} too long", f"{name} is longer than {limit} characters")
    if "\0" in text:
        raise _LeftOutError(f"{name} damaged", f"{name} holds a zero byte")
    return text or None


def _description(row: _Row) -> str | None:
    text = plain_text(row.text("description")).replace("\0", "")
    return text[:DESCRIPTION_LIMIT] or None


def _availability(row: _Row) -> str | None:
    try:
        found = read_availability(row.text("availability"))
    except ValueError as error:
        row.warn(_LeftOutError("availability unknown", str(error)))
        return None
    return None if found is None else found.value


def _currency(row: _Row) -> str | None:
    own = row.text("currency").upper()
    if own and not is_currency_code(own):
        reason = f"currency {own[:20]!r} is not a code like EUR"
        row.warn(_LeftOutError("currency unknown", reason))
        return None
    return own or None


def _prices(row: _Row, currency: str | None) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Regular price, sale price and the currency written with them."""
    amounts, named = zip(*(_price(row, name, currency) for name in _PRICES), strict=True)
    regular, sale = split_prices(*amounts)
    return regular, sale, next(filter(None, named), None)


def _price(row: _Row, name: str, currency: str | None) -> tuple[Decimal | None, str | None]:
    for column in row.columns.fields[name]:
        text = row.record.values.get(column, "")
        try:
            if text and column in row.record.numbers:
                return number_price(text), None
            if text:
                return parse_price(text, row.decimal_mark, currency)
        except ValueError as error:
            row.warn(_LeftOutError(f"{name.replace('_', ' ')} unreadable", str(error)))
    return None, None


def _sale_dates(row: _Row) -> tuple[datetime | None, datetime | None]:
    first, _, second = row.text("sale_dates").partition("/")
    try:
        if first:
            return _moment(first, False), _moment(second, True)
        return _moment(row.text("sale_start"), False), _moment(row.text("sale_end"), True)
    except (ValueError, OverflowError):  # no date, or none in UTC: 9999-12-31T23:59-1400
        reason = "sale dates are not like 2026-11-01T00:00+0100/2026-11-30T23:59+0100"
        row.warn(_LeftOutError("sale dates unreadable", reason))
        return None, None


def _moment(text: str, is_end: bool) -> datetime | None:
    """An ISO 8601 date or time, UTC by default; an end date means the last second of its day."""
    plain = text.strip()
    if not plain:
        return None
    moment = datetime.fromisoformat(plain[:_DATE_LENGTH])
    if is_end and len(plain) <= len("2026-11-30"):
        moment += timedelta(days=1, seconds=-1)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _photo_names(row: _Row) -> tuple[str, ...]:
    cells = [
        row.record.values.get(column, "")
        for field in ("photos", "more_photos")
        for column in row.columns.fields[field]
    ]
    names = dict.fromkeys(name for cell in cells for name in split_photos(cell))
    short = [name for name in names if len(name) <= PHOTO_NAME_LIMIT and "\0" not in name]
    if len(short) < len(names):
        reason = f"a photo's name is longer than {PHOTO_NAME_LIMIT} characters or damaged"
        row.warn(_LeftOutError("photo name unusable", reason))
    if len(short) > PHOTOS_LIMIT:
        reason = f"{len(short)} photos; the first {PHOTOS_LIMIT} are taken"
        row.warn(_LeftOutError("too many photos", reason))
    return tuple(short[:PHOTOS_LIMIT])


def _attributes(row: _Row) -> dict[str, str]:
    named = {name: _first(row.record, held) for name, held in row.columns.attributes.items()}
    others = {
        name: text for name, text in row.record.values.items() if name not in row.columns.taken
    }
    attributes = {}
    for name, text in {**others, **named}.items():
        try:
            if name and _checked("attribute", text, ATTRIBUTE_LIMIT):
                attributes[name] = text
        except _LeftOutError as error:
            row.warn(_LeftOutError(error.kind, f"{name}: {error}"))
    return attributes


def _ended_sale(row: _Row, sale: Decimal | None) -> frozenset[str]:
    """A row with a price, of a feed that tells sales, says that there is none where it has none."""
    telling = [name for field in _PRICES[1:] for name in row.columns.fields[field]]
    if not row.columns.of_feed:
        telling = [name for name in telling if name in row.record.values]
    says_none = sale is None and telling and row.text("price")
    return frozenset({"sale_price"} if says_none else ())


def _empty(row: _Row) -> frozenset[str]:
    """Fields and attributes that are present without a value."""
    blank = {name for name, text in row.record.values.items() if not text}
    fields = {
        name
        for name, columns in row.columns.fields.items()
        if not blank.isdisjoint(columns) and not row.text(name)
    }
    return frozenset(fields | (blank - row.columns.taken))
