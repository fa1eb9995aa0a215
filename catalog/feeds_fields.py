"""Records of a feed in (column name -> text), typed rows and rejects out.

A row needs an id and a photo. Common names of other shops and data sets are understood
(`SYNONYMS`); a column that nobody knows becomes an attribute.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.plain_text import plain_text
from catalog.prices import parse_price

SYNONYMS: Final = {
    "id": ("id", "product_id", "sku", "handle", "variant_sku", "item_id", "image"),
    "title": ("title", "name", "product_name", "product_title", "label"),
    "description": ("description", "body_html", "product_description"),
    "brand": ("brand", "vendor", "manufacturer"),
    "category": ("category", "product_type", "type", "google_product_category", "label"),
    "colour": ("colour", "color"),
    "price": ("price", "sale_price", "variant_price"),
    "currency": ("currency", "price_currency"),
    "url": ("url", "link", "product_url"),
    "availability": ("availability", "stock", "stock_status"),
    "group": ("item_group_id", "group_id", "parent_id", "parent_sku"),
    "photos": (
        "photos", "photo", "images", "image", "image_path", "photo_path", "file", "filename",
        "path", "image_link", "image_src", "image_url",
    ),
    "more_photos": ("additional_image_link", "additional_image_links", "more_photos"),
}  # fmt: skip
"""Field -> column names that mean it, the best first; one column may serve two fields."""
REQUIRED: Final = ("id", "photos")
LIMITS: Final = {
    "id": 200, "title": 500, "brand": 200, "category": 200, "colour": 100, "url": 2000,
    "availability": 50, "group": 200,
}  # fmt: skip
PHOTO_NAME_LIMIT: Final = 2000
DESCRIPTION_LIMIT: Final = 5000
"""Longer descriptions are cut, not refused."""

LISTED_LENGTH: Final = 500
"""How much of a header a message repeats."""

FieldMap = tuple[tuple[str, str], ...]
"""Pairs of field and column, from `--map FIELD=COLUMN`."""


@dataclass(frozen=True)
class ProductRow:
    """One product as a feed gives it; `photos` are names as they stand in the feed.

    Attributes:
        group: what variants of one article have in common (item_group_id).
        line: where it stands in the feed (1 is the header); 0 where there are no lines.
    """

    id: str
    title: str
    photos: tuple[str, ...]
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
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Reject:
    """A row that was refused: its line in the feed (1 is the header), why, and its id if any."""

    line: int
    reason: str
    id: str = ""


@dataclass(frozen=True)
class Feed:
    """What was read.

    Attributes:
        rows: the products, in the feed's order.
        rejects: rows refused while reading.
        columns: the names as they stand in the file (empty for a folder).
        folder: where photo names are looked up when no other folder is given.
        origin: set where ids were made up from file names (`read_folder`): the folder they
            belong to. None where ids are the shop's own and a later feed may update them.
        kind: what the source was taken for; empty where no file or folder was read.
        notes: what a person should know about the reading, a sentence each.
    """

    rows: tuple[ProductRow, ...]
    rejects: tuple[Reject, ...] = ()
    columns: tuple[str, ...] = ()
    folder: Path = Path()
    origin: str | None = None
    kind: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """A row as it stands in the file: plain column name -> text without blanks around it.

    Where a column comes several times, or holds a list, its values are joined by line ends.
    """

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Columns:
    """The columns that hold each field; what is in none of `taken` becomes an attribute."""

    fields: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, tuple[str, ...]]
    taken: frozenset[str]


class _RefusedError(Exception):
    """Why a row cannot be taken."""


def plain_name(name: str) -> str:
    """A column's or attribute's name in lower case, words joined by "_"."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def choose_columns(names: Sequence[str], field_map: FieldMap, feed_name: str) -> Columns:
    """Decide which columns hold which field.

    Raises:
        FeedError: a required field has no column, or `field_map` names one that is not there;
            the message names the columns found.
    """
    there = {plain_name(name) for name in names}
    mapped = mapped_columns(field_map, names, feed_name)
    fields = {
        name: mapped.get(name) or tuple(each for each in synonyms if each in there)[:1]
        for name, synonyms in SYNONYMS.items()
    }
    missing = [name for name in REQUIRED if not fields[name]]
    if missing:
        raise FeedError(
            f"{feed_name} has no column for {' and '.join(missing)}, it has: "
            f"{_listed(names)}; say which one holds it: --map {missing[0]}=COLUMN"
        )
    attributes = {name: columns for name, columns in mapped.items() if name not in SYNONYMS}
    taken = {column for columns in (*fields.values(), *mapped.values()) for column in columns}
    return Columns(fields, attributes, frozenset(taken))


def mapped_columns(
    field_map: FieldMap, names: Sequence[str], feed_name: str
) -> dict[str, tuple[str, ...]]:
    """Field -> plain names of its columns; FeedError for a column that is not there."""
    there = {plain_name(name) for name in names}
    mapped: dict[str, tuple[str, ...]] = {}
    for wanted, column in field_map:
        if plain_name(column) not in there:
            raise FeedError(
                f"{feed_name} has no column {column!r}, it has: {_listed(names)}; correct --map"
            )
        mapped[wanted] = (*mapped.get(wanted, ()), plain_name(column))
    return mapped


def _listed(names: Sequence[str]) -> str:
    """Names in one line of bearable length, however odd the file."""
    line = " ".join(", ".join(names).split())
    return line if len(line) <= LISTED_LENGTH else f"{line[:LISTED_LENGTH]}..."


def rows_of(
    records: Iterable[Record | Reject], columns: Columns
) -> tuple[tuple[ProductRow, ...], tuple[Reject, ...]]:
    """Type and check every record; what was refused before passes through."""
    rows: list[ProductRow] = []
    rejects: list[Reject] = []
    line_of: dict[str, int] = {}
    for record in records:
        if isinstance(record, Reject):
            rejects.append(record)
            continue
        product_id = _first(record, columns.fields["id"])
        try:
            if product_id in line_of:
                raise _RefusedError(f"id {product_id!r} is on line {line_of[product_id]} already")
            rows.append(_row(record, columns))
        except _RefusedError as refusal:
            rejects.append(Reject(record.line, str(refusal), product_id))
            continue
        line_of[product_id] = record.line
    return tuple(rows), tuple(rejects)


def _first(record: Record, columns: tuple[str, ...]) -> str:
    """The first value that is not empty."""
    return next((value for name in columns if (value := record.values.get(name, ""))), "")


def _row(record: Record, columns: Columns) -> ProductRow:
    values = {name: _first(record, held) for name, held in columns.fields.items()}
    _check_values(values)
    price, currency = _price_of(values)
    return ProductRow(
        id=values["id"],
        title=values["title"] or values["id"],
        photos=_photo_names(record, columns),
        brand=values["brand"] or None,
        category=values["category"] or None,
        colour=values["colour"] or None,
        price=price,
        currency=currency,
        url=values["url"] or None,
        availability=values["availability"].replace("_", " ") or None,
        attributes=_attributes_of(record, columns),
        description=plain_text(values["description"])[:DESCRIPTION_LIMIT] or None,
        group=values["group"] or None,
        line=record.line,
    )


def _attributes_of(record: Record, columns: Columns) -> dict[str, str]:
    named = {name: _first(record, held) for name, held in columns.attributes.items()}
    others = {name: text for name, text in record.values.items() if name not in columns.taken}
    return {name: text for name, text in {**others, **named}.items() if name and text}


def _check_values(values: Mapping[str, str]) -> None:
    if not values["id"]:
        raise _RefusedError("no id")
    for name, value in values.items():
        if len(value) > LIMITS.get(name, len(value)):
            raise _RefusedError(f"{name} is longer than {LIMITS[name]} characters")
        if "\0" in value:
            raise _RefusedError(f"{name} holds a zero byte")


def _photo_names(record: Record, columns: Columns) -> tuple[str, ...]:
    names: list[str] = []
    for column in columns.fields["photos"]:
        names += split_photos(record.values.get(column, ""), r"[|;\n]")
    for column in columns.fields["more_photos"]:
        names += split_photos(record.values.get(column, ""), r"[|;,\n]")
    photos = tuple(dict.fromkeys(names))
    if not photos:
        raise _RefusedError("no photo")
    if any(len(name) > PHOTO_NAME_LIMIT for name in photos):
        raise _RefusedError(f"a photo's name is longer than {PHOTO_NAME_LIMIT} characters")
    return photos


def split_photos(text: str, separators: str) -> list[str]:
    """The photo names in a cell. A separator inside an address does not end it."""
    if re.match(r"\s*https?://", text, re.IGNORECASE):
        separators = r"[|;,\s](?=\s*https?://)|\n"
    return [name.strip() for name in re.split(separators, text) if name.strip()]


def _price_of(values: Mapping[str, str]) -> tuple[Decimal | None, str | None]:
    try:
        price, currency = parse_price(values["price"])
    except ValueError as error:
        raise _RefusedError(str(error)) from error
    own = values["currency"].upper()
    if own and not re.fullmatch("[A-Z]{3}", own):
        raise _RefusedError(f"currency {own!r} is not a code like EUR")
    return price, own or currency
