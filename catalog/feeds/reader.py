"""Reading of feeds in any dialect and of photo folders into product rows.

    folder                        read_folder; web pages: dialects.schema_org
    file -> decoding -> records   tables (CSV, TSV), json_text, dialects.google (XML)
                        dialects  shopify, shopify_json, woocommerce, magento, schema_org
                        fields -> rows, rejects, warnings

The dialect is detected from the content. A bad row is a value (`Reject`), not an exception.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.columns import (
    SYNONYMS,
    Columns,
    choose_columns,
    mapped_columns,
    plain_name,
)
from catalog.feeds.dialects import magento, shopify, woocommerce
from catalog.feeds.dialects.google import is_xml, read_xml
from catalog.feeds.dialects.photo_rows import join_photo_rows
from catalog.feeds.dialects.schema_org import (
    PAGE_SUFFIXES,
    has_product,
    is_page,
    is_schema_org,
    read_pages,
    read_schema_org,
)
from catalog.feeds.dialects.shopify_json import is_shopify_json, read_shopify_json
from catalog.feeds.dialects.variants import Sources
from catalog.feeds.dialects.woocommerce_json import is_woocommerce_json, read_woocommerce_json
from catalog.feeds.fields import rows_of
from catalog.feeds.folder import read_folder
from catalog.feeds.json_text import (
    document_entries,
    is_json,
    is_json_lines,
    json_records,
    line_entries,
)
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Feed, FieldMap, ProductRow, Record, Reject
from catalog.feeds.tables import Table, read_table
from catalog.feeds.text.decoding import read_text
from catalog.feeds.text.feed_text import FeedText
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
_CANONICAL: Final = Columns({name: (name,) for name in SYNONYMS}, {}, frozenset(SYNONYMS), False)
"""Columns of a dialect's records, which are named like the fields."""
_PAIRED: Final = re.compile("attribut|atributo|eigenschap|option|metafield")
"""Columns that hold attribute names and values in pairs."""
_NO_SOURCES: Final[Sources] = {}
TABLE: Final = "table"
"""The kind of a feed whose columns are those of no known shop."""
_AGENTIC: Final = frozenset({"enable_search", "enable_checkout", "is_eligible_search"})


def read_source(source: Path, fields: FieldMap = (), encoding: str | None = None) -> Feed:
    """Read a folder by `read_folder`, a file by `read_feed`; FeedError when it is neither."""
    if not source.is_dir():
        return read_feed(source, fields, encoding)
    if fields:
        raise FeedError(f"{source} is a folder and has no columns; leave out --map")
    pages = sorted(path for path in source.rglob("*") if path.suffix.lower() in PAGE_SUFFIXES)
    if pages and (any(map(has_product, pages)) or not find_photos(source)):
        texts = ((path, "".join(read_text(path, encoding).parts())) for path in pages)
        name = source / "page"
        return _dialect_feed("web pages with schema.org", (), read_pages(texts), name, ())
    return read_folder(source)


def parse_field_map(texts: Iterable[str]) -> FieldMap:
    """Pairs of field and column from texts like "title=name".

    A field given twice has several columns: the first with a value counts, for photos all do. An
    unknown field becomes an attribute. FeedError for a text that is no pair.
    """
    pairs = []
    for text in texts:
        field, _, column = text.partition("=")
        name = plain_name(field)
        if not name or not column.strip():
            raise FeedError(f"{text!r} is not FIELD=COLUMN; write it like title=name")
        pairs.append((_SAME_FIELD.get(name, name), column.strip()))
    return tuple(pairs)


def read_feed(path: Path, fields: FieldMap = (), encoding: str | None = None) -> Feed:
    """Read the products of a file in any of the dialects.

    Args:
        fields: pairs of field and column, for columns with unknown names.
        encoding: the file's encoding, where detection is wrong.

    Raises:
        FeedError: no such file, an unknown kind, no rows, or no column holds the id; the message
            lists the feed's columns.
    """
    source = read_text(path, encoding)
    if is_page(source.head):
        records = read_pages([(path, "".join(source.parts()))])
        return _dialect_feed("web page with schema.org", (), records, path, source.notes)
    if is_xml(source.head):
        columns, found = read_xml(source.parts(), path.name)
        return _plain_feed("Google Merchant XML", columns, found, path, fields, source.notes)
    if is_json(source.head):
        return _json_feed(source, path, fields)
    return _table_feed(read_table(source, path.name), path, fields, source.notes)


def _table_feed(table: Table, path: Path, fields: FieldMap, notes: tuple[str, ...]) -> Feed:
    notes += table.notes
    for dialect, kind, is_dialect, read in (
        (shopify, "Shopify CSV", shopify.is_shopify, shopify.read_shopify),
        (woocommerce, "WooCommerce CSV", woocommerce.is_woocommerce, woocommerce.read_woocommerce),
        (magento, "Magento CSV", magento.is_magento, magento.read_magento),
    ):
        if is_dialect(table.header):
            mapped = mapped_columns(fields, table.header, path.name)
            records, more_notes = read(table.records, mapped)
            sources = {**dialect.SOURCES, **mapped}
            return _dialect_feed(kind, table.header, records, path, notes + more_notes, sources)
    kind = "Agentic Commerce feed" if _AGENTIC & set(map(plain_name, table.header)) else TABLE
    return _plain_feed(kind, table.header, table.records, path, fields, notes)


def _json_feed(source: FeedText, path: Path, fields: FieldMap) -> Feed:
    is_lines = is_json_lines(source.head)
    found = line_entries(source) if is_lines else document_entries(source.parts(), path.name)
    entries = stored(found)
    first = next((each[1] for each in entries if not isinstance(each, Reject)), {})
    if is_shopify_json(first):
        records, notes = read_shopify_json(entries)
        return _dialect_feed("Shopify JSON", (), records, path, source.notes + notes)
    if is_woocommerce_json(first):
        records, notes = read_woocommerce_json(entries)
        return _dialect_feed("WooCommerce JSON", (), records, path, source.notes + notes)
    if is_schema_org(first):
        found_there = read_schema_org(entries)
        return _dialect_feed("schema.org JSON-LD", (), found_there, path, source.notes)
    records = stored(json_records(entries))
    names = {name: None for each in records if isinstance(each, Record) for name in each.values}
    kind = "JSON lines" if is_lines else "JSON"
    kind = "Agentic Commerce feed" if _AGENTIC & names.keys() else kind
    return _plain_feed(kind, tuple(names), records, path, fields, source.notes)


def _dialect_feed(
    kind: str,
    header: tuple[str, ...],
    records: Iterable[Record | Reject],
    path: Path,
    notes: tuple[str, ...],
    sources: Sources = _NO_SOURCES,
) -> Feed:
    """A feed of records whose values are named like the fields.

    Args:
        sources: of a table, the columns of each field; of "" those that belong to no field.
    """
    there = {plain_name(name): name for name in header}
    used = tuple(
        (field, there[column])
        for field, columns in sources.items()
        for column in [each for each in columns if each in there][:1]
        if field
    )
    known = {there[column] for columns in sources.values() for column in columns if column in there}
    ignored = tuple(
        name for name in header if name not in known and not _PAIRED.search(name.lower())
    )
    source = Feed((), columns=header, kind=kind, notes=notes, used=used, ignored=ignored)
    return _typed_feed(source, records, _CANONICAL, path)


def _plain_feed(
    kind: str,
    header: tuple[str, ...],
    records: Sequence[Record | Reject],
    path: Path,
    fields: FieldMap,
    notes: tuple[str, ...],
) -> Feed:
    """A feed whose columns are mapped by name."""
    chosen = choose_columns(header, fields, _named(path, kind))
    there = {plain_name(name): name for name in header}
    used = tuple((f, there[name]) for f, names in chosen.fields.items() for name in names)
    source = Feed((), columns=header, kind=kind, notes=notes, used=used)
    return _typed_feed(source, join_photo_rows(records, chosen), chosen, path)


def _named(path: Path, kind: str) -> str:
    """A feed's name for messages, with its kind unless it is a plain table."""
    return path.name if kind == TABLE else f"{path.name} ({kind})"


def _typed_feed(
    source: Feed, records: Iterable[Record | Reject], columns: Columns, path: Path
) -> Feed:
    """The feed with the rows of its records."""
    reading = rows_of(records, columns)
    if not reading.rows and not reading.rejects:
        remedy = "; ".join(source.notes) or "add a row for each product"
        raise FeedError(f"{_named(path, source.kind)} has no rows; {remedy}")
    return replace(
        source,
        rows=reading.rows,
        rejects=reading.rejects,
        folder=path.parent,
        name=path.name,
        warnings=reading.warnings,
    )
