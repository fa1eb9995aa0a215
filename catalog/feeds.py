"""A feed file or a folder of photos in, typed product rows and rejects out.

    folder                                  read_folder
    file -> records -> rows and rejects     read_feed
            feeds_text     CSV, TSV, JSON lines
            feeds_google   RSS and Atom in XML
            feeds_shopify  the rows of one handle become one record
                       feeds_fields

What a file is, is found out from what is in it. A bad row is a value (`Reject`), never the end.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.feeds_fields import (
    LIMITS,
    Feed,
    FieldMap,
    ProductRow,
    Record,
    Reject,
    choose_columns,
    mapped_columns,
    plain_name,
    rows_of,
)
from catalog.feeds_google import is_xml, read_xml
from catalog.feeds_shopify import SHOPIFY_FIELDS, is_shopify, read_shopify
from catalog.feeds_text import (
    is_json_lines,
    read_bytes,
    read_json_lines,
    read_table,
    read_text,
)
from segmentation.photos import find_photos

__all__ = [
    "Feed",
    "FieldMap",
    "ProductRow",
    "Reject",
    "parse_field_map",
    "plain_name",
    "read_feed",
    "read_folder",
    "read_source",
]

_SAME_FIELD: Final = {"color": "colour", "photo": "photos", "image": "photos", "link": "url"}


def read_source(source: Path, fields: FieldMap = ()) -> Feed:
    """A folder by `read_folder`, a file by `read_feed`; FeedError when it is neither."""
    if not source.is_dir():
        return read_feed(source, fields)
    if fields:
        raise FeedError(f"{source} is a folder and has no columns; leave out --map")
    return read_folder(source)


def parse_field_map(texts: Iterable[str]) -> FieldMap:
    """Pairs of field and column from texts like "title=name".

    The same field again adds a column: the first with a value counts, all of them for photos.
    A field that products do not have becomes an attribute of that name. FeedError for a text
    that is no pair.
    """
    pairs = []
    for text in texts:
        field, _, column = text.partition("=")
        name = plain_name(field)
        if not name or not column.strip():
            raise FeedError(f"{text!r} is not FIELD=COLUMN; write it like title=name")
        pairs.append((_SAME_FIELD.get(name, name), column.strip()))
    return tuple(pairs)


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
    too_long = [name for name in names if len(name.as_posix()) > LIMITS["id"]]
    rows = tuple(_row_of_photo(name) for name in names if name not in too_long)
    rejects = tuple(
        Reject(0, f"the path is longer than {LIMITS['id']} characters", name.as_posix())
        for name in too_long
    )
    return Feed(rows, rejects, folder=folder, origin=str(folder.resolve()), kind="folder")


def _row_of_photo(name: Path) -> ProductRow:
    words = re.sub(r"[\W_]+", " ", name.stem).strip()
    return ProductRow(
        id=name.as_posix(),
        title=words[:1].upper() + words[1:] or name.name,
        photos=(name.as_posix(),),
        category=name.parts[0] if len(name.parts) > 1 else None,
    )


def read_feed(path: Path, fields: FieldMap = ()) -> Feed:
    """Products of a CSV, TSV, JSON lines, Google Merchant or Shopify file.

    Args:
        fields: which column holds which field, where its name does not say so.

    Raises:
        FeedError: no such file, none of these kinds, no rows, or a required column is missing;
            the message names the columns found.
    """
    if is_xml(read_bytes(path, 100)):
        columns, records = read_xml(path)
        return _feed_of("Google Merchant XML", columns, records, path, fields)
    text = read_text(path)
    if is_json_lines(text.text):
        columns, records = read_json_lines(text.text, path.name)
        return _feed_of("JSON lines", columns, records, path, fields, text.notes)
    columns, records = read_table(text.text, path.name)
    if is_shopify(columns):
        return _shopify_feed(columns, records, path, fields, text.notes)
    return _feed_of("table", columns, records, path, fields, text.notes)


def _shopify_feed(
    columns: tuple[str, ...],
    records: list[Record | Reject],
    path: Path,
    fields: FieldMap,
    notes: tuple[str, ...],
) -> Feed:
    mapped = mapped_columns(fields, columns, path.name)
    products, left_out = read_shopify(records, mapped)
    names = (*SHOPIFY_FIELDS, *mapped)
    chosen = choose_columns(names, tuple((name, name) for name in names), path.name)
    rows, rejects = rows_of(products, chosen)
    feed = Feed(rows, rejects, columns, path.parent, None, "Shopify CSV", notes + left_out)
    return _not_empty(feed, path)


def _feed_of(
    kind: str,
    columns: tuple[str, ...],
    records: Iterable[Record | Reject],
    path: Path,
    fields: FieldMap,
    notes: tuple[str, ...] = (),
) -> Feed:
    chosen = choose_columns(columns, fields, f"{path.name} ({kind})")
    rows, rejects = rows_of(records, chosen)
    return _not_empty(Feed(rows, rejects, columns, path.parent, None, kind, notes), path)


def _not_empty(feed: Feed, path: Path) -> Feed:
    if not feed.rows and not feed.rejects:
        remedy = "; ".join(feed.notes) or "add a row for each product"
        raise FeedError(f"{path.name} ({feed.kind}) has no rows; {remedy}")
    return feed
