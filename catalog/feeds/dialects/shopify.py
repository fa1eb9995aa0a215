"""Shopify product exports as CSV, in the older and the newer dialect; one record per handle.

A product's first row holds its own fields; each further row adds a variant, a photo or both.
Of several variants the lowest price counts, as in the shop ("from 19.90").
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import options_of, point_prices, variant_prices, without_absent
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.json_document import parse_json
from catalog.feeds.names import HIDDEN
from catalog.feeds.rows import Findings, Record, Reject

LEFT_OUT: Final = "products are drafts, archived, unlisted or unpublished"
_HANDLE: Final = ("handle", "url_handle")
_PHOTO: Final = ("image_src", "product_image_url")
_VARIANT_PHOTO: Final = ("variant_image", "variant_image_url")
_PLACE: Final = ("image_position",)
_PRICE: Final = ("variant_price", "price")
_COMPARED: Final = ("variant_compare_at_price", "compare_at_price")
_STOCK: Final = ("variant_inventory_qty", "inventory_quantity")
_TRACKER: Final = ("variant_inventory_tracker", "inventory_tracker")
_OVERSELL: Final = ("variant_inventory_policy", "continue_selling_when_out_of_stock")
_PUBLISHED: Final = ("published", "published_on_online_store")
_OWN: Final = {
    "title": ("title",),
    "description": ("body_html", "description"),
    "brand": ("vendor",),
    "category": ("type", "product_category"),
    "tags": ("tags",),
    "url": ("url",),
    "gender": ("google_shopping_gender",),
    "age_group": ("google_shopping_age_group",),
}
"""Field -> its columns in either dialect, in order of preference."""
SOURCES: Final = {
    "id": _HANDLE, "photos": (*_PHOTO, *_VARIANT_PHOTO), "price": _PRICE,
    "regular_price": _COMPARED, "availability": _STOCK, **_OWN,
    "": (*_PLACE, *_TRACKER, *_OVERSELL, *_PUBLISHED, "status"),
}  # fmt: skip
"""Field -> plain names of its columns."""
_OPTIONS: Final = ("option1", "option2", "option3")


def is_shopify(columns: Iterable[str]) -> bool:
    """Whether a header has a handle, a title and a photo under Shopify's names."""
    names = {plain_name(name) for name in columns}
    return "title" in names and bool(names & set(_HANDLE)) and bool(names & set(_PHOTO))


def shopify_products(
    records: Collection[Record], mapped: Mapping[str, tuple[str, ...]], findings: Findings
) -> Iterator[Record]:
    """Group rows by handle.

    Args:
        mapped: further fields and their columns; a product's first value counts.
    """
    findings.rejects += (
        Reject(each.line, "no handle or id") for each in records if not _first([each], _HANDLE)
    )
    handles = ((_first([each], _HANDLE), each) for each in records)
    for rows in grouped((handle, each) for handle, each in handles if handle):
        if _is_on_sale(rows):
            yield _product(_first(rows, _HANDLE), rows, mapped)
        else:
            findings.left_out[LEFT_OUT] += 1


def _is_on_sale(rows: list[Record]) -> bool:
    return not {_first(rows, names).lower() for names in (("status",), _PUBLISHED)} & HIDDEN


def _product(handle: str, rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    options, fields = options_of(_options(rows)), options_of(_metafields(rows))
    variants = [row for row in rows if _first([row], _PRICE)]
    if options.keys() & {"colour", "colours"}:
        fields = {name: text for name, text in fields.items() if not name.startswith("colour")}
    values = {
        **fields,
        **{name: _first(rows, columns) for name, columns in _OWN.items()},
        "id": handle,
        "photos": "\n".join(_photos(rows)),
        **variant_prices(
            [_first([row], _PRICE) for row in variants],
            [_first([row], _COMPARED) for row in variants],
        ),
        "availability": _availability(variants),
        **options,
        **{name: _first(rows, columns) for name, columns in mapped.items()},
    }
    values = without_absent(values, rows[0].values, SOURCES)
    return Record(rows[0].line, values, point_prices(values), rows[0].damaged)


def _first(rows: Collection[Record], columns: Iterable[str]) -> str:
    """The first non-empty value, column by column."""
    return next(
        (value for name in columns for row in rows if (value := row.values.get(name, ""))), ""
    )


def _photos(rows: list[Record]) -> list[str]:
    """The product's photos by position, then those of its variants."""
    placed = [
        (_number(_first([row], _PLACE)), photo) for row in rows if (photo := _first([row], _PHOTO))
    ]
    ordered = [photo for _, photo in sorted(placed, key=lambda each: each[0])]
    ordered += [photo for row in rows if (photo := _first([row], _VARIANT_PHOTO))]
    return list(dict.fromkeys(ordered))


def _metafields(rows: list[Record]) -> Iterator[tuple[str, str]]:
    """Columns such as "Color (product.metafields.shopify.color-pattern)" by their name."""
    for column in rows[0].values:
        name, _, rest = column.partition("_product_metafields_")
        value = _first(rows, (column,)) if rest else ""
        listed = parse_json(value)
        values = map(str, listed) if isinstance(listed, list) else value.split("; ")
        yield from ((name, each) for each in values)


def _number(text: str) -> float:
    """The number in a cell; infinity where there is none, so that it sorts last."""
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _availability(variants: list[Record]) -> str:
    """Out of stock when every variant is tracked, has none left and is not oversold."""
    if not any(_first([row], _STOCK) for row in variants):
        return ""
    return "in stock" if any(map(_can_be_bought, variants)) else "out of stock"


def _can_be_bought(variant: Record) -> bool:
    counted = bool(_first([variant], _TRACKER))
    oversold = _first([variant], _OVERSELL).lower() in ("continue", "true")
    left = _number(_first([variant], _STOCK) or "0")
    return not counted or oversold or left > 0


def _options(rows: list[Record]) -> Iterator[tuple[str, str]]:
    for option in _OPTIONS:
        name = _first(rows, (f"{option}_name",))
        yield from ((name, row.values.get(f"{option}_value", "")) for row in rows)
