"""Conversion of a feed's text records to typed product rows.

A row needs a unique id. Any other value that cannot be parsed is left out with a warning; the row
itself is imported.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from catalog.feeds.availability import read_availability
from catalog.feeds.columns import KNOWN_NAMES, MINOR, Columns, price_unit, squeezed
from catalog.feeds.dates import both_ends, is_day_first, parse_moment
from catalog.feeds.dialects.google_categories import name_categories
from catalog.feeds.dialects.variants import PRICES, best_availability, lowest_price
from catalog.feeds.names import HIDDEN, TECHNICAL_TYPES
from catalog.feeds.photo_names import PHOTO_NAME_LIMIT, split_photos
from catalog.feeds.prices import (
    currency_of,
    decimal_marks_of,
    in_thousandths,
    major_units,
    number_price,
    parse_price,
)
from catalog.feeds.rows import (
    DESCRIPTION_LIMIT,
    LIMITS,
    FieldWarning,
    Findings,
    ProductRow,
    Record,
    Reject,
)
from catalog.feeds.text.double_encoding import mend_doubled
from catalog.feeds.text.html_text import one_line, plain_text
from catalog.sale import split_prices

_ABSENT: Final = frozenset(("NULL", "null", "NaN", "nan", "N/A", "n/a", "#N/A", r"\N", "-", "--"))
"""Texts that databases and spreadsheets write into empty cells."""
HIDDEN_ROWS: Final = "products are hidden, drafts or switched off"
ATTRIBUTE_LIMIT: Final = 2000
PHOTOS_LIMIT: Final = 100
_SALE_DATES: Final = ("sale_dates", "sale_start", "sale_end")
_NAMING_FIELDS: Final = ("id", "group", "photos", "more_photos", "url")
"""Fields whose texts name something that is called so elsewhere, too."""
_BETWEEN_WORDS: Final = str.maketrans("", "", "_ -")
"""What `squeezed` takes away of most names; every id is tested, for which that is too slow."""
_CUT_NUMBER: Final = re.compile(r"\d[.,]\d+E\+\d+")
"""A long number as a spreadsheet shows it."""


@dataclass(frozen=True)
class _Row:
    """A record during conversion, with the conventions of its columns."""

    record: Record
    columns: Columns
    decimal_mark: str | None
    day_first: bool | None
    findings: Findings

    def text(self, name: str) -> str:
        """A field's first non-empty value."""
        return first_value(self.record, self.columns.fields[name])

    def warn(self, kind: str, reason: str) -> None:
        """Record that a value was left out."""
        warning = FieldWarning(self.record.line, kind, reason, self.text("id"))
        self.findings.warnings.append(warning)

    def fitting(self, kind: str, text: str, limit: int, name: str = "") -> str | None:
        """A text that is not empty, else None; a warning where it is too long or damaged."""
        if len(text) > limit:
            self.warn(f"{kind} too long", f"{name or kind} is longer than {limit} characters")
        elif "\0" in text:
            self.warn(f"{kind} damaged", f"{name or kind} holds a zero byte")
        else:
            return text or None
        return None


def typed_rows(
    records: Collection[Record], columns: Columns, findings: Findings
) -> Iterator[ProductRow]:
    """Convert every record, or refuse it."""
    if findings.may_be_doubled:
        kept = {name for field in _NAMING_FIELDS for name in columns.fields[field]}
        records = mend_doubled(records, kept, findings)
    mark_of = decimal_marks(records, columns)
    dates = [name for field in _SALE_DATES for name in columns.fields[field]]
    day_first = is_day_first(
        moment
        for each in (records if dates else ())
        for name in dates
        for moment in both_ends(each.values.get(name, ""))
    )
    line_of: dict[str, int] = {}
    groups = {group_of(each, columns) for each in records if columns.fields["group"]}
    for record in name_categories(records, columns.fields["category"]):
        entry = without_absent(record)
        product_id = first_value(entry, columns.fields["id"])
        if reason := _refusal(entry, product_id, columns, line_of):
            reject = Reject(entry.line, reason, product_id[: LIMITS["id"]])
            findings.rejects.append(reject)
            continue
        line_of[product_id] = entry.line
        if is_hidden(entry, columns):
            findings.left_out[HIDDEN_ROWS] += 1
        else:
            row = _typed(_Row(entry, columns, mark_of(entry), day_first, findings))
            yield replace(row, group=row.id) if not row.group and row.id in groups else row


def without_absent(record: Record) -> Record:
    """The record with empty values where it says that there is none."""
    if _ABSENT.isdisjoint(record.values.values()):
        return record
    values = {name: "" if text in _ABSENT else text for name, text in record.values.items()}
    return replace(record, values=values)


def decimal_marks(records: Iterable[Record], columns: Columns) -> Callable[[Record], str | None]:
    """The decimal mark of a record's prices, as the columns tell it; None where they do not."""
    names = tuple(name for field in PRICES for name in columns.fields[field])
    telling = (*names, *columns.fields["currency"])

    def is_fine(record: Record) -> bool:
        return any(in_thousandths(record.values.get(name, "")) for name in telling)

    seen = set[bool]()

    def prices() -> Iterator[tuple[str, bool]]:
        for each in records:
            fine = is_fine(each)
            seen.add(fine)
            yield from ((each.values.get(n, ""), fine) for n in names if n not in each.numbers)

    marks = decimal_marks_of(prices())
    return (lambda record: marks[is_fine(record)]) if True in seen else (lambda _: marks[False])


def first_value(record: Record, columns: tuple[str, ...]) -> str:
    """The first non-empty value of some columns."""
    for name in columns:
        if value := record.values.get(name):
            return value
    return ""


def group_of(record: Record, columns: Columns) -> str:
    """The id that the variants of an article share; databases write 0 for none."""
    group = first_value(record, columns.fields["group"])
    return "" if group == "0" else group


def is_hidden(record: Record, columns: Columns) -> bool:
    """Whether a column such as `published` says that the shop does not show the row."""
    return first_value(record, columns.fields["visible"]).lower() in HIDDEN


def _refusal(
    record: Record, product_id: str, columns: Columns, line_of: Mapping[str, int]
) -> str | None:
    """The reason why a row cannot be imported."""
    if not product_id:
        is_damaged = record.damaged & set(columns.fields["id"])
        return "id holds a broken byte" if is_damaged else "no id"
    if len(product_id) > LIMITS["id"]:
        return f"id is longer than {LIMITS['id']} characters"
    if "\0" in product_id:
        return "id holds a zero byte"
    if _CUT_NUMBER.fullmatch(product_id):
        return f"a spreadsheet has cut the id to {product_id!r}; make the column text, then export"
    if product_id.lower().translate(_BETWEEN_WORDS) in KNOWN_NAMES and all(
        squeezed(text) in KNOWN_NAMES for text in record.values.values() if text
    ):
        return "the header is repeated here"
    if product_id in line_of:
        return f"id {product_id!r} is on line {line_of[product_id]} already"
    return None


def _typed(row: _Row) -> ProductRow:
    for name in sorted(row.record.damaged):
        row.warn("broken byte", f"{name} holds a byte that is not a letter")
    units = map(price_unit, row.columns.fields["price"])
    of_column = next((unit.currency for unit in units if unit.currency), None)
    currency = _currency(row)
    price, sale, named = _prices(row, currency or of_column)
    dates = _sale_dates(row)
    sale = sale if dates else None
    start, end = dates or (None, None)
    return ProductRow(
        id=row.text("id"),
        title=_words(row, "title") or "",
        photos=_photo_names(row),
        brand=_words(row, "brand"),
        category=_words(row, "category"),
        colour=_words(row, "colour"),
        price=price,
        currency=currency or named or (of_column if price is not None else None),
        url=row.fitting("url", row.text("url").partition("\n")[0], LIMITS["url"]),
        availability=_availability(row),
        attributes=_attributes(row),
        description=_description(row),
        group=row.fitting("group", group_of(row.record, row.columns), LIMITS["group"]),
        sale_price=sale,
        sale_start=start if sale is not None else None,
        sale_end=end if sale is not None else None,
        empty=_empty(row) | _ended_sale(row, sale),
        line=row.record.line,
        joined=row.record.joined,
    )


def _words(row: _Row, name: str) -> str | None:
    """Text of a field without tags; a long title is truncated."""
    text = row.text(name)
    text = one_line(text.replace("\n", ", ") if name in ("colour", "category") else text)
    if name == "title" and len(text) > LIMITS["title"]:
        reason = f"title is longer than {LIMITS['title']} characters and was cut"
        row.warn("title too long", reason)
        text = text[: LIMITS["title"]]
    if name == "category" and text.lower() in TECHNICAL_TYPES:
        return None
    return row.fitting(name, text, LIMITS[name])


def _description(row: _Row) -> str | None:
    text = plain_text(row.text("description")).replace("\0", "")
    return text[:DESCRIPTION_LIMIT] or None


def _availability(row: _Row) -> str | None:
    try:
        text = row.text("availability")
        found = read_availability(best_availability(text.split("\n")) if "\n" in text else text)
    except ValueError as error:
        row.warn("availability unknown", str(error))
        return None
    return None if found is None else found.value


def _currency(row: _Row) -> str | None:
    own = row.text("currency").partition("\n")[0]
    code = currency_of(own) if own else None
    if own and code is None:
        row.warn("currency unknown", f"currency {own[:20]!r} is not a code like EUR")
    return code


def _prices(row: _Row, currency: str | None) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Regular price, sale price and the currency written with them."""
    amounts, named = zip(*(_price(row, name, currency) for name in PRICES), strict=True)
    regular, sale = split_prices(*amounts)
    return regular, sale, next(filter(None, named), None)


def _price(row: _Row, name: str, currency: str | None) -> tuple[Decimal | None, str | None]:
    unit = row.record.values.get("price_unit", "").strip().lower()
    for column in row.columns.fields[name]:
        text = row.record.values.get(column, "")
        is_minor = price_unit(column).is_minor or MINOR.fullmatch(unit) is not None
        try:
            if text and column in row.record.numbers:
                amount = number_price(text, currency)
                return major_units(amount, currency) if is_minor else amount, None
            if "\n" in text:
                text = lowest_price(text.split("\n"), row.decimal_mark)
            if text:
                found, code = parse_price(text, row.decimal_mark, currency)
                return major_units(found, code or currency) if is_minor else found, code
        except ValueError as error:
            row.warn(f"{name.replace('_', ' ')} unreadable", str(error))
    return None, None


def _sale_dates(row: _Row) -> tuple[datetime | None, datetime | None] | None:
    """Start and end of a sale; None where they cannot be read, so that it is never on."""
    both = row.text("sale_dates")
    texts = both_ends(both) if both else (row.text("sale_start"), row.text("sale_end"))
    try:
        return (
            parse_moment(texts[0], row.day_first),
            parse_moment(texts[1], row.day_first, is_end=True),
        )
    except (ValueError, OverflowError):  # no date, or none in UTC: 9999-12-31T23:59-1400
        reason = "not like 2026-11-01T00:00+0100/2026-11-30T23:59+0100: no sale was taken"
        row.warn("sale dates unreadable", reason)
        return None


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
        row.warn("photo name unusable", reason)
    if len(short) > PHOTOS_LIMIT:
        reason = f"{len(short)} photos; the first {PHOTOS_LIMIT} are taken"
        row.warn("too many photos", reason)
    return tuple(short[:PHOTOS_LIMIT])


def _attributes(row: _Row) -> dict[str, str]:
    named = {name: first_value(row.record, held) for name, held in row.columns.attributes.items()}
    others = {
        name: text for name, text in row.record.values.items() if name not in row.columns.taken
    }
    return {
        name: text
        for name, text in {**others, **named}.items()
        if name and row.fitting("attribute", text, ATTRIBUTE_LIMIT, name)
    }


def _ended_sale(row: _Row, sale: Decimal | None) -> frozenset[str]:
    """A row with a price in a feed with sales clears the sale where it has none."""
    names = [name for field in PRICES[1:] for name in row.columns.fields[field]]
    if not row.columns.of_feed:
        names = [name for name in names if name in row.record.values]
    says_none = sale is None and names and row.text("price")
    return frozenset({"sale_price"} if says_none else ())


def _empty(row: _Row) -> frozenset[str]:
    """Fields and attributes that are present without a value."""
    blank = {name for name, text in row.record.values.items() if not text}
    if not blank:
        return frozenset()
    fields = {
        name
        for name, columns in row.columns.fields.items()
        if not blank.isdisjoint(columns) and not row.text(name)
    }
    return frozenset(fields | (blank - row.columns.taken))
