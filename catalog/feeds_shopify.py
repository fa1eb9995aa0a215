"""Rows of a Shopify product export in, one record for each handle out; both of its dialects.

A product's first row holds its own fields; each further row brings a variant, a photo or both.
Of several variants the lowest price counts, as the shop shows it ("from 19.90").
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from catalog.feeds_fields import Record, Reject, plain_name
from catalog.prices import parse_price

_HANDLE: Final = ("handle", "url_handle")
_PHOTO: Final = ("image_src", "product_image_url")
_VARIANT_PHOTO: Final = ("variant_image", "variant_image_url")
_PLACE: Final = ("image_position",)
_PRICE: Final = ("variant_price", "price")
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
    "gender": ("google_shopping_gender",),
    "age_group": ("google_shopping_age_group",),
}
"""Field -> its columns in either dialect, the better one first."""
SHOPIFY_FIELDS: Final = (*_OWN, "id", "photos", "price", "availability", "colour")
"""Names of what a record from here can hold beside attributes."""
_OPTIONS: Final = ("option1", "option2", "option3")
_NO_OPTION: Final = "Default Title"
_OPTION_FIELDS: Final = {"color": "colour", "farbe": "colour", "couleur": "colour"}


def is_shopify(columns: Iterable[str]) -> bool:
    """Whether a header has a handle, a title and a photo under Shopify's names."""
    names = {plain_name(name) for name in columns}
    return "title" in names and bool(names & set(_HANDLE)) and bool(names & set(_PHOTO))


def read_shopify(
    records: Sequence[Record | Reject], mapped: Mapping[str, tuple[str, ...]]
) -> tuple[list[Record | Reject], tuple[str, ...]]:
    """Group rows by handle; the notes tell of products that are not on sale and left out.

    Args:
        mapped: further fields and their columns; a product's first value counts.
    """
    products: dict[str, list[Record]] = {}
    taken: list[Record | Reject] = []
    for record in records:
        if isinstance(record, Reject):
            taken.append(record)
        elif handle := _first([record], _HANDLE):
            products.setdefault(handle, []).append(record)
        else:
            taken.append(Reject(record.line, "no handle"))
    on_sale = {handle: rows for handle, rows in products.items() if _is_on_sale(rows)}
    taken += [_product(handle, rows, mapped) for handle, rows in on_sale.items()]
    left_out = len(products) - len(on_sale)
    notes = (f"{left_out} products are drafts, archived or unpublished and were left out",)
    return taken, notes if left_out else ()


def _is_on_sale(rows: list[Record]) -> bool:
    status = _first(rows, ("status",)).lower()
    return status not in ("draft", "archived") and _first(rows, _PUBLISHED).lower() != "false"


def _product(handle: str, rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    values = {name: _first(rows, columns) for name, columns in _OWN.items()}
    values |= {
        "id": handle,
        "photos": "\n".join(_photos(rows)),
        "price": _lowest_price(rows),
        "availability": _availability(rows),
    }
    values |= _options(rows)
    values |= {name: _first(rows, columns) for name, columns in mapped.items()}
    return Record(rows[0].line, values)


def _first(rows: Sequence[Record], columns: Iterable[str]) -> str:
    """The first value that is not empty, column by column."""
    return next(
        (value for name in columns for row in rows if (value := row.values.get(name, ""))), ""
    )


def _photos(rows: list[Record]) -> list[str]:
    """The product's photos by their position, then those of variants alone."""
    placed = [
        (_number(_first([row], _PLACE)), photo) for row in rows if (photo := _first([row], _PHOTO))
    ]
    ordered = [photo for _, photo in sorted(placed, key=lambda each: each[0])]
    ordered += [photo for row in rows if (photo := _first([row], _VARIANT_PHOTO))]
    return list(dict.fromkeys(ordered))


def _number(text: str) -> float:
    """A number as it stands in a cell; what is none comes last."""
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _lowest_price(rows: list[Record]) -> str:
    """The lowest variant's price as it stands; one that is no price, so that it is refused."""
    prices = []
    for text in filter(None, (_first([row], _PRICE) for row in rows)):
        try:
            prices.append((parse_price(text)[0] or 0, text))
        except ValueError:
            return text
    return min(prices)[1] if prices else ""


def _availability(rows: list[Record]) -> str:
    """Out of stock when every variant is counted, has none left and is not sold beyond."""
    variants = [row for row in rows if _first([row], _PRICE)]
    if not any(_first([row], _STOCK) for row in variants):
        return ""
    return "in stock" if any(map(_can_be_bought, variants)) else "out of stock"


def _can_be_bought(variant: Record) -> bool:
    counted = bool(_first([variant], _TRACKER))
    oversold = _first([variant], _OVERSELL).lower() in ("continue", "true")
    left = _number(_first([variant], _STOCK) or "0")
    return not counted or oversold or left > 0


def _options(rows: list[Record]) -> dict[str, str]:
    """Option name -> its values, such as "size" -> "S, M, L"."""
    options: dict[str, str] = {}
    for option in _OPTIONS:
        name = plain_name(_first(rows, (f"{option}_name",)))
        values = dict.fromkeys(row.values.get(f"{option}_value", "") for row in rows)
        chosen = [value for value in values if value and value != _NO_OPTION]
        field = _OPTION_FIELDS.get(name, name)
        if field == "colour" and len(chosen) > 1:
            field = "colours"
        if field and chosen:
            options[field] = ", ".join(chosen)
    return options
