"""Reading of feeds in any dialect and of photo folders into product rows.

    folder                        read_folder; web pages: dialects.schema_org
    file -> decoding -> records   tables (CSV, TSV), json_text, dialects.google (XML)
                        dialects  shopify, shopify_json, woocommerce, magento, schema_org
                        fields -> rows, rejects, warnings

The dialect is detected from the content. A bad row is a value (`Reject`), not an exception.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.columns import (
    SYNONYMS,
    Columns,
    choose_columns,
    known_columns,
    mapped_columns,
    plain_name,
)
from catalog.feeds.dialects import as_shopify, magento, shopify, woocommerce
from catalog.feeds.dialects.group_rows import join_groups
from catalog.feeds.dialects.nested_variants import counts_minor_units, product_record
from catalog.feeds.dialects.product_rows import join_rows
from catalog.feeds.dialects.schema_org import (
    PAGE_SUFFIXES,
    is_page,
    is_schema_org,
    may_have_product,
    read_pages,
    schema_org_products,
)
from catalog.feeds.dialects.shopify_json import is_shopify_json, shopify_json_products
from catalog.feeds.dialects.variants import Sources, option_columns, with_options
from catalog.feeds.dialects.woocommerce_json import is_woocommerce_json, woocommerce_json_products
from catalog.feeds.dialects.xml_products import is_xml, read_xml
from catalog.feeds.fields import typed_rows
from catalog.feeds.folder import read_folder
from catalog.feeds.json_text import (
    is_json,
    is_json_lines,
    line_values,
    numbered_values,
    objects_of,
    only_objects,
)
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Feed, FieldMap, Findings, ProductRow, Record, Reject
from catalog.feeds.tables import read_table
from catalog.feeds.text.decoding import read_text
from catalog.feeds.text.feed_text import FeedText
from segmentation.photos import find_photos

_SAME_FIELD: Final = {"color": "colour", "photo": "photos", "image": "photos", "link": "url"}
_CANONICAL: Final = Columns({name: (name,) for name in SYNONYMS}, {}, frozenset(SYNONYMS), False)
"""Columns of a dialect's records, which are named like the fields."""
_PAIRED: Final = re.compile("attribut|atributo|eigenschap|option|metafields")
"""Columns that hold attribute names and values in pairs."""
_NO_SOURCES: Final[Sources] = {}
_TABLES: Final = (
    ("Shopify CSV", shopify.is_shopify, shopify.shopify_products, shopify.SOURCES),
    (
        "WooCommerce CSV",
        woocommerce.is_woocommerce,
        woocommerce.woocommerce_products,
        woocommerce.SOURCES,
    ),
    (
        "Squarespace CSV",
        as_shopify.is_squarespace,
        as_shopify.squarespace_products,
        as_shopify.SQUARESPACE_SOURCES,
    ),
    (
        "BigCommerce CSV",
        as_shopify.is_bigcommerce,
        as_shopify.bigcommerce_products,
        as_shopify.BIGCOMMERCE_SOURCES,
    ),
    ("Wix CSV", as_shopify.is_wix, as_shopify.wix_products, as_shopify.WIX_SOURCES),
    ("Magento CSV", magento.is_magento, magento.magento_products, magento.SOURCES),
)
_DOCUMENTS: Final = (
    ("Shopify JSON", is_shopify_json, shopify_json_products),
    ("WooCommerce JSON", is_woocommerce_json, woocommerce_json_products),
    ("schema.org JSON-LD", is_schema_org, schema_org_products),
)
_TABLE: Final = "table"
"""The kind of a feed whose columns are those of no known shop."""
_AGENTIC: Final = frozenset({"enable_search", "enable_checkout", "is_eligible_search"})


def read_source(source: Path, fields: FieldMap = (), encoding: str | None = None) -> Feed:
    """Read a folder by `read_folder`, a file by `read_feed`; FeedError when it is neither."""
    if not source.is_dir():
        return read_feed(source, fields, encoding)
    if fields:
        raise FeedError(f"{source} is a folder and has no columns; leave out --map")
    pages = sorted(path for path in source.rglob("*") if path.suffix.lower() in PAGE_SUFFIXES)
    texts = _page_texts(pages, encoding, Findings())
    if pages and (any(may_have_product(text) for _, text in texts) or not find_photos(source)):
        findings = Findings()
        records = read_pages(_page_texts(pages, encoding, findings), findings)
        return _dialect_feed("web pages with schema.org", records, source / "page", findings)
    return read_folder(source)


def _page_texts(
    pages: Iterable[Path], encoding: str | None, findings: Findings
) -> Iterator[tuple[Path, str]]:
    for page in pages:
        try:
            text = read_text(page, encoding)
            findings.may_be_doubled |= text.may_be_doubled
            yield page, "".join(text.parts())
        except FeedError as error:
            findings.rejects.append(Reject(0, str(error)))


def parse_field_map(texts: Iterable[str]) -> FieldMap:
    """Pairs of field and column from texts like "title=name".

    A field given twice has several columns: the first with a value counts, for photos all do. An
    unknown field becomes an attribute. FeedError for a text that is not a pair.
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
    findings = Findings(list(source.notes), may_be_doubled=source.may_be_doubled)
    if is_page(source.head):
        records = read_pages([(path, "".join(source.parts()))], findings)
        return _dialect_feed("web page with schema.org", records, path, findings)
    if is_xml(source.head):
        kind, columns, found = read_xml(source.parts(), path.name)
        return _plain_feed(kind, columns, found, path, fields, findings)
    if is_json(source.head):
        return _json_feed(source, path, fields, findings)
    return _table_feed(source, path, fields, findings)


def _table_feed(source: FeedText, path: Path, fields: FieldMap, findings: Findings) -> Feed:
    header, records = read_table(source, path.name, findings)
    for kind, is_dialect, products, sources in _TABLES:
        if is_dialect(header):
            mapped = mapped_columns(fields, header, path.name)
            joined = products(records, mapped, findings)
            return _dialect_feed(kind, joined, path, findings, header, {**sources, **mapped})
    names = tuple(map(plain_name, header))
    kind = "Agentic Commerce feed" if _AGENTIC & set(names) else _TABLE
    if pairs := option_columns(names):
        records = stored(with_options(each, pairs) for each in records)
        header += () if known_columns(header)["colour"] else ("colour",)
    return _plain_feed(kind, header, records, path, fields, findings)


def _json_feed(source: FeedText, path: Path, fields: FieldMap, findings: Findings) -> Feed:
    is_lines = is_json_lines(source.head)
    values = line_values(source) if is_lines else numbered_values(source.parts(), path.name)
    entries = stored(only_objects(values, findings))
    first = next((entry for _, entry in entries), {})
    for kind, is_dialect, products in _DOCUMENTS:
        if is_dialect(first):
            return _dialect_feed(kind, products(entries, findings), path, findings)
    is_minor = bool(objects_of(first.get("variants"))) and counts_minor_units(entries)
    records = stored(product_record(*each, in_minor_units=is_minor) for each in entries)
    names = {name: None for each in records for name in each.values}
    kind = "JSON lines" if is_lines else "JSON"
    kind = "Agentic Commerce feed" if _AGENTIC & names.keys() else kind
    return _plain_feed(kind, tuple(names), records, path, fields, findings)


def _dialect_feed(
    kind: str,
    records: Iterable[Record],
    path: Path,
    findings: Findings,
    header: tuple[str, ...] = (),
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
    rows = stored(typed_rows(stored(records), _CANONICAL, findings))
    return _feed(kind, rows, path, findings, header, used, ignored)


def _plain_feed(
    kind: str,
    header: tuple[str, ...],
    records: Collection[Record],
    path: Path,
    fields: FieldMap,
    findings: Findings,
) -> Feed:
    """A feed whose columns are mapped by name."""
    chosen = choose_columns(header, fields, _named(path, kind))
    there = {plain_name(name): name for name in header}
    used = tuple((f, there[name]) for f, names in chosen.fields.items() for name in names)
    rows = stored(typed_rows(join_groups(join_rows(records, chosen), chosen), chosen, findings))
    return _feed(kind, rows, path, findings, header, used)


def _named(path: Path, kind: str) -> str:
    """A feed's name for messages, with its kind unless it is a plain table."""
    return path.name if kind == _TABLE else f"{path.name} ({kind})"


def _feed(
    kind: str,
    rows: Collection[ProductRow],
    path: Path,
    findings: Findings,
    header: tuple[str, ...],
    used: tuple[tuple[str, str], ...],
    ignored: tuple[str, ...] = (),
) -> Feed:
    left_out = (f"{count} {what} and were left out" for what, count in findings.left_out.items())
    notes = (*findings.notes, *left_out)
    if not rows and not findings.rejects:
        remedy = "; ".join(notes) or "add a row for each product"
        raise FeedError(f"{_named(path, kind)} has no rows; {remedy}")
    return Feed(
        rows=rows,
        rejects=tuple(sorted(findings.rejects, key=lambda each: each.line)),
        columns=header,
        folder=path.parent,
        name=path.name,
        kind=kind,
        notes=notes,
        warnings=tuple(findings.warnings),
        used=used,
        ignored=ignored,
    )
