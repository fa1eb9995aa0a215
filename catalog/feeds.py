"""A feed file or a folder of photos in, typed product rows and rejects out.

A feed is CSV or TSV in UTF-8 with one product a row. A row needs an id and a photo;
common names of other shops and data sets are understood (`SYNONYMS`), a column that
nobody knows becomes an attribute. A bad row is a value (`Reject`), never the end.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.prices import parse_price
from segmentation.photos import find_photos

SYNONYMS: Final = {
    "id": ("id", "product_id", "sku", "handle", "variant_sku", "item_id", "image"),
    "title": ("title", "name", "product_name", "product_title", "label"),
    "brand": ("brand", "vendor", "manufacturer"),
    "category": ("category", "product_type", "type", "google_product_category", "label"),
    "colour": ("colour", "color"),
    "price": ("price", "sale_price", "variant_price"),
    "currency": ("currency", "price_currency"),
    "url": ("url", "link", "product_url"),
    "availability": ("availability", "stock", "stock_status"),
    "photos": (
        "photos", "photo", "images", "image", "image_path", "photo_path", "file", "filename",
        "path", "image_link", "image_src", "image_url",
    ),
    "more_photos": ("additional_image_link", "more_photos"),
}  # fmt: skip
"""Field -> column names that mean it, the best first; one column may serve two fields."""
REQUIRED: Final = ("id", "photos")
_LIMITS: Final = {
    "id": 200, "title": 500, "brand": 200, "category": 200, "colour": 100, "url": 2000,
    "availability": 50, "photos": 2000,
}  # fmt: skip


@dataclass(frozen=True)
class ProductRow:
    """One product as a feed gives it; `photos` are names as they stand in the feed."""

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


@dataclass(frozen=True)
class Reject:
    """A row that was refused: its line in the feed (1 is the header) and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Feed:
    """What was read.

    Attributes:
        rows: the products, in the feed's order.
        rejects: rows refused while reading.
        columns: the header's names as they stand in the file (empty for a folder).
        folder: where photo names are looked up when no other folder is given.
        origin: set where ids were made up from file names (`read_folder`): the folder they
            belong to. None where ids are the shop's own and a later feed may update them.
    """

    rows: tuple[ProductRow, ...]
    rejects: tuple[Reject, ...] = ()
    columns: tuple[str, ...] = ()
    folder: Path = Path()
    origin: str | None = None


def read_source(source: Path) -> Feed:
    """A folder by `read_folder`, a file by `read_feed`; FeedError when it is neither."""
    if source.is_dir():
        return read_folder(source)
    return read_feed(source)


def read_folder(folder: Path) -> Feed:
    """Every photo below a folder as a product.

    The id is the path within the folder, the title comes from the file's name, the category
    from the first sub-folder if there is one. FeedError when no photo is found.
    """
    if not folder.is_dir():
        raise FeedError(f"there is no folder {folder}; check the path")
    names = [path.relative_to(folder) for path in find_photos(folder)]
    if not names:
        raise FeedError(f"no photos below {folder}; give a folder with JPEG, PNG or WebP files")
    too_long = [name for name in names if len(name.as_posix()) > _LIMITS["id"]]
    rows = tuple(_row_of_photo(name) for name in names if name not in too_long)
    rejects = tuple(
        Reject(0, f"{name.as_posix()}: the path is longer than {_LIMITS['id']} characters")
        for name in too_long
    )
    return Feed(rows, rejects, folder=folder, origin=str(folder.resolve()))


def _row_of_photo(name: Path) -> ProductRow:
    words = re.sub(r"[\W_]+", " ", name.stem).strip()
    return ProductRow(
        id=name.as_posix(),
        title=words[:1].upper() + words[1:] or name.name,
        photos=(name.as_posix(),),
        category=name.parts[0] if len(name.parts) > 1 else None,
    )


def read_feed(path: Path) -> Feed:
    """Rows of a CSV or TSV file.

    Raises:
        FeedError: no such file, not text, no rows, or a required column is missing; the
            message names the columns found.
    """
    text = _text_of(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [name.strip() for name in next(reader)]
        lines = ((reader.line_num, cells) for cells in reader)
        rows, rejects = _read_rows(lines, _columns(header, path.name))
    except csv.Error as error:
        raise FeedError(
            f"{path.name}, line {reader.line_num}: {error}; save it as CSV anew"
        ) from error
    if not rows and not rejects:
        raise FeedError(f"{path.name} has a header and no rows; add a row for each product")
    return Feed(tuple(rows), tuple(rejects), tuple(header), folder=path.parent)


def _text_of(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FeedError(f"cannot read {path}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise FeedError(
            f"{path.name} is no UTF-8 text (byte {error.start}); save it as CSV in UTF-8"
        ) from error
    if not text.strip():
        raise FeedError(f"{path.name} is empty; give a CSV or TSV file with a header")
    return text


def _delimiter(text: str) -> str:
    """The commonest separator of the header line."""
    header = text.lstrip().partition("\n")[0]
    return max(",\t;", key=header.count)


@dataclass(frozen=True)
class _Columns:
    """Position of each known field in a row, and of the columns that become attributes."""

    count: int
    fields: Mapping[str, int]
    attributes: Mapping[str, int]


def _columns(header: list[str], feed_name: str) -> _Columns:
    positions: dict[str, int] = {}
    for position, name in enumerate(header):
        positions.setdefault(plain_name(name), position)
    fields = {
        field: positions[known[0]]
        for field, synonyms in SYNONYMS.items()
        if (known := [name for name in synonyms if name in positions])
    }
    missing = [field for field in REQUIRED if field not in fields]
    if missing:
        raise FeedError(
            f"{feed_name} has no column for {' and '.join(missing)}, it has: "
            f"{', '.join(header)}; rename the column that holds it"
        )
    taken = {position: field for field, position in fields.items()}
    attributes = {
        name: position for name, position in positions.items() if name and position not in taken
    }
    return _Columns(len(header), fields, attributes)


def plain_name(name: str) -> str:
    """A column's or attribute's name in lower case, words joined by "_"."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


class _RefusedError(Exception):
    """Why a row cannot be taken."""


def _read_rows(
    lines: Iterable[tuple[int, list[str]]], columns: _Columns
) -> tuple[list[ProductRow], list[Reject]]:
    rows: list[ProductRow] = []
    rejects: list[Reject] = []
    line_of: dict[str, int] = {}
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(cells, columns)
            if row.id in line_of:
                raise _RefusedError(f"id {row.id!r} is on line {line_of[row.id]} already")
        except _RefusedError as refusal:
            rejects.append(Reject(line, str(refusal)))
            continue
        line_of[row.id] = line
        rows.append(row)
    return rows, rejects


def _row(cells: list[str], columns: _Columns) -> ProductRow:
    if len(cells) > columns.count:
        raise _RefusedError(
            f"{len(cells)} cells for {columns.count} columns; put quotes around a cell with "
            "separators"
        )
    cells = [cell.strip() for cell in cells] + [""] * (columns.count - len(cells))
    values = {field: cells[position] for field, position in columns.fields.items()}
    _check_values(values)
    price, currency = _price_of(values)
    return ProductRow(
        id=values["id"],
        title=values.get("title") or values["id"],
        photos=_photo_names(values),
        brand=values.get("brand") or None,
        category=values.get("category") or None,
        colour=values.get("colour") or None,
        price=price,
        currency=currency,
        url=values.get("url") or None,
        availability=values.get("availability") or None,
        attributes={
            name: cells[position]
            for name, position in columns.attributes.items()
            if cells[position]
        },
    )


def _check_values(values: Mapping[str, str]) -> None:
    if not values["id"]:
        raise _RefusedError("no id")
    for field, value in values.items():
        if len(value) > _LIMITS.get(field, len(value)):
            raise _RefusedError(f"{field} is longer than {_LIMITS[field]} characters")
        if "\0" in value:
            raise _RefusedError(f"{field} holds a zero byte")


def _photo_names(values: Mapping[str, str]) -> tuple[str, ...]:
    names = re.split(r"[|;\n]", values["photos"])
    names += re.split(r"[|;,\n]", values.get("more_photos", ""))
    photos = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not photos:
        raise _RefusedError("no photo")
    return photos


def _price_of(values: Mapping[str, str]) -> tuple[Decimal | None, str | None]:
    try:
        price, currency = parse_price(values.get("price", ""))
    except ValueError as error:
        raise _RefusedError(str(error)) from error
    own = values.get("currency", "").upper()
    if own and not re.fullmatch("[A-Z]{3}", own):
        raise _RefusedError(f"currency {own!r} is not a code like EUR")
    return price, own or currency
