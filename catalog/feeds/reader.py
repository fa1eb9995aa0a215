"""Reading of feeds in any dialect and of photo folders into product rows.

    folder                        read_folder; web pages: dialects.schema_org
    file -> decoding -> records   tables (CSV, TSV), json_text, dialects.google (XML)
                        dialects  shopify, shopify_json, woocommerce, magento, schema_org
                        fields -> rows, rejects, warnings

The dialect is detected from the content. A bad row is a value (`Reject`), not an exception.
"""

import re
from collections.abc import Iterable, Sequence
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
from catalog.feeds.decoding import FeedText, read_text
from catalog.feeds.dialects import magento, shopify, woocommerce
from catalog.feeds.dialects.google import is_xml, read_xml, xml_block
from catalog.feeds.dialects.photo_rows import join_photo_rows
from catalog.feeds.dialects.schema_org import (
    PAGE_SUFFIXES,
    is_page,
    is_schema_org,
    read_pages,
    read_schema_org,
)
from catalog.feeds.dialects.shopify_json import is_shopify_json, read_shopify_json
from catalog.feeds.dialects.woocommerce import is_woocommerce_json, read_woocommerce_json
from catalog.feeds.fields import rows_of
from catalog.feeds.folder import read_folder
from catalog.feeds.json_text import is_json, parse_json, read_json, record_lines, records_of
from catalog.feeds.large.lines import FileLines, is_large_utf8
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Feed, FieldMap, ProductRow, Record, Reject
from catalog.feeds.tables import Table, lines_of, read_table
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
_CANONICAL: Final = Columns({name: (name,) for name in SYNONYMS}, {}, frozenset(SYNONYMS))
"""Columns of a dialect's records, which are named like the fields."""
_PAIRED: Final = re.compile("attribute|option|metafield")
"""Columns that hold attribute names and values in pairs."""
_JSON_DIALECTS: Final = (is_shopify_json, is_woocommerce_json, is_schema_org)
_HEAD: Final = 50
"""Lines by which a web page is told from XML."""
_AGENTIC: Final = frozenset({"enable_search", "enable_checkout", "is_eligible_search"})


def read_source(source: Path, fields: FieldMap = (), encoding: str | None = None) -> Feed:
    """Read a folder by `read_folder`, a file by `read_feed`; FeedError when it is neither."""
    if not source.is_dir():
        return read_feed(source, fields, encoding)
    if fields:
        raise FeedError(f"{source} is a folder and has no columns; leave out --map")
    pages = sorted(path for path in source.iterdir() if path.suffix.lower() in PAGE_SUFFIXES)
    if pages and not find_photos(source):
        return _read_pages(pages, source, encoding)
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


def _read_pages(pages: list[Path], folder: Path, encoding: str | None) -> Feed:
    """Read the products of the web pages in a folder."""
    texts = [(path, read_text(path, encoding).text) for path in pages]
    source = FeedText("")
    return _dialect_feed(
        "web pages with schema.org", (), read_pages(texts), folder / "page", source
    )


def read_feed(path: Path, fields: FieldMap = (), encoding: str | None = None) -> Feed:
    """Read the products of a file in any of the dialects.

    Args:
        fields: pairs of field and column, for columns with unknown names.
        encoding: the file's encoding, where detection is wrong.

    Raises:
        FeedError: no such file, an unknown kind, no rows, or no column holds the id; the message
            lists the feed's columns.
    """
    if encoding is None and is_large_utf8(path) and (feed := _large_feed(path, fields)):
        return feed
    source = read_text(path, encoding)
    if is_page(source.text):
        records = read_pages([(path, source.text)])
        return _dialect_feed("web page with schema.org", (), records, path, source)
    if is_xml(source.text):
        columns, found = read_xml([xml_block(source.text)], path.name)
        return _plain_feed("Google Merchant XML", columns, found, path, fields, source)
    if is_json(source.text):
        return _json_feed(source, path, fields)
    table = read_table(lines_of(source.text), path.name)
    return _table_feed(table, source, path, fields)


def _large_feed(path: Path, fields: FieldMap) -> Feed | None:
    """Read XML, a table or JSON lines without holding their text; None for any other file."""
    lines = FileLines(path)
    filled = (line for line in lines if line.strip())
    first, second = next(filled, ""), next(filled, "")
    if is_xml(first) and not is_page("".join(lines[:_HEAD])):
        columns, records = read_xml(lines.blocks(), path.name)
        return _plain_feed("Google Merchant XML", columns, records, path, fields, FeedText(""))
    if not second or first.lstrip()[:1] in ("<", "["):
        return None
    if not is_json(first):
        return _table_feed(read_table(lines, path.name), FeedText(""), path, fields)
    entry = parse_json(first)
    is_own = any(check(entry) for check in _JSON_DIALECTS) if isinstance(entry, dict) else True
    if is_own:
        return None
    found = stored(record_lines(lines))
    return _plain_json_feed(found, "JSON lines", path, fields, FeedText(""))


def _table_feed(table: Table, source: FeedText, path: Path, fields: FieldMap) -> Feed:
    source = FeedText("", source.notes + table.notes)
    for dialect, kind, is_dialect, read in (
        (shopify, "Shopify CSV", shopify.is_shopify, shopify.read_shopify),
        (woocommerce, "WooCommerce CSV", woocommerce.is_woocommerce, woocommerce.read_woocommerce),
        (magento, "Magento CSV", magento.is_magento, magento.read_magento),
    ):
        if is_dialect(table.header):
            mapped = mapped_columns(fields, table.header, path.name)
            records, notes = read(table.records, mapped)
            used = {**dialect.USED, **{name: columns[0] for name, columns in mapped.items()}}
            source = FeedText("", source.notes + notes)
            others = dialect.MORE_USED
            return _dialect_feed(kind, table.header, records, path, source, used, others)
    kind = "Agentic Commerce feed" if _AGENTIC & set(map(plain_name, table.header)) else "table"
    return _plain_feed(kind, table.header, table.records, path, fields, source)


def _json_feed(source: FeedText, path: Path, fields: FieldMap) -> Feed:
    entries = read_json(source.text, path.name)
    first = entries.entries[0][1] if entries.entries else {}
    if is_shopify_json(first):
        records, notes = read_shopify_json(entries)
        return _dialect_feed("Shopify JSON", (), records, path, FeedText("", source.notes + notes))
    if is_woocommerce_json(first):
        records, notes = read_woocommerce_json(entries)
        kind = "WooCommerce JSON"
        return _dialect_feed(kind, (), records, path, FeedText("", source.notes + notes))
    if is_schema_org(first):
        return _dialect_feed("schema.org JSON-LD", (), read_schema_org(entries), path, source)
    is_lines = "\n" in source.text.strip() and source.text.lstrip()[0] == "{"
    kind = "JSON lines" if is_lines else "JSON"
    return _plain_json_feed(stored(records_of(entries)), kind, path, fields, source)


def _plain_json_feed(
    found: Sequence[Record | Reject], kind: str, path: Path, fields: FieldMap, source: FeedText
) -> Feed:
    names = {name: None for each in found if isinstance(each, Record) for name in each.values}
    kind = "Agentic Commerce feed" if _AGENTIC & names.keys() else kind
    return _plain_feed(kind, tuple(names), found, path, fields, source)


def _dialect_feed(
    kind: str,
    header: tuple[str, ...],
    records: Iterable[Record | Reject],
    path: Path,
    source: FeedText,
    used: dict[str, str] | None = None,
    more_used: Sequence[str] = (),
) -> Feed:
    """A feed of records whose values are named like the fields."""
    there = {plain_name(name): name for name in header}
    taken = {field: there[column] for field, column in (used or {}).items() if column in there}
    known = {*taken.values(), *(there[name] for name in more_used if name in there)}
    ignored = tuple(
        name for name in header if name not in known and not _PAIRED.search(name.lower())
    )
    return _typed_feed(
        kind, header, records, _CANONICAL, path, source, tuple(taken.items()), ignored
    )


def _plain_feed(
    kind: str,
    header: tuple[str, ...],
    records: Sequence[Record | Reject],
    path: Path,
    fields: FieldMap,
    source: FeedText,
) -> Feed:
    """A feed whose columns are mapped by name."""
    chosen = choose_columns(header, fields, f"{path.name} ({kind})")
    there = {plain_name(name): name for name in header}
    used = tuple((f, there[name]) for f, names in chosen.fields.items() for name in names)
    joined = join_photo_rows(records, chosen)
    return _typed_feed(kind, header, joined, chosen, path, source, used, ())


def _typed_feed(
    kind: str,
    header: tuple[str, ...],
    records: Iterable[Record | Reject],
    columns: Columns,
    path: Path,
    source: FeedText,
    used: tuple[tuple[str, str], ...],
    ignored: tuple[str, ...],
) -> Feed:
    reading = rows_of(records, columns)
    feed = Feed(
        rows=reading.rows,
        rejects=reading.rejects,
        columns=header,
        folder=path.parent,
        name=path.name,
        kind=kind,
        notes=source.notes,
        warnings=reading.warnings,
        used=used,
        ignored=ignored,
    )
    if not feed.rows and not feed.rejects:
        remedy = "; ".join(feed.notes) or "add a row for each product"
        raise FeedError(f"{path.name} ({kind}) has no rows; {remedy}")
    return feed
