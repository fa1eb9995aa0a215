"""Product exports of Squarespace, BigCommerce and Wix, read as rows of Shopify's.

Squarespace: a product's first row has its id, title and photos; each further one is a variant.
BigCommerce and Wix: a column says whether a row is a product, a variant or a photo.
https://support.squarespace.com/hc/en-us/articles/115000378108
https://support.bigcommerce.com/articles/en_US/Knowledge/Supported-Product-Fields
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects import shopify
from catalog.feeds.dialects.variants import amount_of, deepest
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.names import HIDDEN
from catalog.feeds.rows import Findings, Record

Values = Mapping[str, str]
Mapped = Mapping[str, tuple[str, ...]]

_ID: Final = "product_id_non_editable"
SQUARESPACE_SOURCES: Final = {
    "id": (_ID,), "title": ("title",), "description": ("description",), "tags": ("tags",),
    "category": ("categories",), "photos": ("hosted_image_urls",), "price": ("price",),
    "sale_price": ("sale_price",), "availability": ("stock",), "": ("visible", "on_sale"),
}  # fmt: skip
BIGCOMMERCE_SOURCES: Final = {
    "id": ("id", "sku", "name"), "title": ("name",), "description": ("description",),
    "brand": ("brand_name", "brand"), "category": ("categories",), "price": ("price",),
    "regular_price": ("retail_price",), "sale_price": ("sale_price",), "url": ("product_url",),
    "photos": ("image_url_import", "internal_image_url_export"),
    "more_photos": ("variant_image_url",), "availability": ("current_stock",),
    "": ("item", "options", "inventory_tracking", "is_visible", "image_sort_order",
         "image_is_thumbnail"),
}  # fmt: skip
WIX_SOURCES: Final = {
    "id": ("handleid", "handle"), "title": ("name",),
    "description": ("description", "plaindescription"), "brand": ("brand",),
    "category": ("collection", "categories"), "price": ("price",),
    "regular_price": ("strikethroughprice",), "availability": ("inventory",),
    "photos": ("productimageurl", "media", "mediaurl"),
    "": ("fieldtype", "visible", "discountmode", "discountvalue"),
}  # fmt: skip
"""Field -> plain names of its columns."""
_OWN: Final = {
    "title": "title", "body_html": "description", "vendor": "brand", "url": "url"
}  # fmt: skip
"""Column of Shopify's export -> field."""
_OPTION: Final = re.compile(r"Name=([^|]*)\|Value=(.*?)\s*(?=;?Type=|;?$)")
"""An option in BigCommerce's "Type=Swatch|Name=Color|Value=Red[#f00]"."""
_PAINT: Final = re.compile(r"\[[^]]*\]$|^#[0-9a-fA-F]{3,8}:")
"""The colour of a swatch beside its name."""
_WIX_PHOTO: Final = re.compile(r"\w+~mv2\.\w+")
_WIX_MEDIA: Final = "https://static.wixstatic.com/media/"


def is_squarespace(columns: Iterable[str]) -> bool:
    """Whether a header is that of Squarespace's product export."""
    return {_ID, "title", "on_sale"} <= set(map(plain_name, columns))


def is_bigcommerce(columns: Iterable[str]) -> bool:
    """Whether a header is that of BigCommerce's product export."""
    return {"item", "name", "sku", "image_url_import"} <= set(map(plain_name, columns))


def is_wix(columns: Iterable[str]) -> bool:
    """Whether a header is that of Wix's product export, older or newer."""
    names = set(map(plain_name, columns))
    return {"fieldtype", "name"} <= names and bool(names & {"handleid", "handle"})


def squarespace_products(
    records: Collection[Record], mapped: Mapped, findings: Findings
) -> Iterator[Record]:
    """Join variants to their product."""
    return shopify.shopify_products(stored(_of_squarespace(records)), mapped, findings)


def bigcommerce_products(
    records: Collection[Record], mapped: Mapped, findings: Findings
) -> Iterator[Record]:
    """Join the variants and photos below a product to it."""
    labelled = _below_products(records)
    rows = _translated(labelled, BIGCOMMERCE_SOURCES, "item", _of_bigcommerce, mapped)
    return shopify.shopify_products(stored(rows), mapped, findings)


def wix_products(
    records: Collection[Record], mapped: Mapped, findings: Findings
) -> Iterator[Record]:
    """Join the variants and photos of a handle."""
    handles = ((_first(each.values, WIX_SOURCES["id"]), each) for each in records)
    rows = _translated(handles, WIX_SOURCES, "fieldtype", _of_wix, mapped)
    return shopify.shopify_products(stored(rows), mapped, findings)


def _of_squarespace(records: Iterable[Record]) -> Iterator[Record]:
    handle = ""
    for record in records:
        own = record.values
        # Without a title it may belong to a product that was damaged: then it is reported.
        handle = own.get(_ID, "") or ("" if own.get("title") or record.damaged else handle)
        is_reduced = own.get("on_sale", "").lower() not in ("", *HIDDEN)
        sale = own.get("sale_price", "") if is_reduced else ""
        stock = own.get("stock", "")
        values = {
            "handle": handle,
            "title": own.get("title", ""),
            "body_html": own.get("description", ""),
            "tags": own.get("tags", ""),
            "published": own.get("visible", ""),
            "type": deepest(map(_path, own.get("categories", "").split(","))),
            "image_src": "\n".join(own.get("hosted_image_urls", "").split()),
            **_priced(own.get("price", ""), sale),
            **_counted(stock, stock.isdecimal()),
        }
        for n in "123":
            name, value = own.get(f"option_name_{n}", ""), own.get(f"option_value_{n}", "")
            values |= {f"option{n}_name": name, f"option{n}_value": value}
        yield Record(record.line, {**own, **values}, damaged=record.damaged)


@dataclass(frozen=True)
class _Product:
    """The row of a product, and whether others are variants of it."""

    own: Values
    has_variants: bool

    def is_sold_as(self, kind: str) -> bool:
        """Whether rows of a kind are what can be bought: its variants, if it has any."""
        return kind == ("variant" if self.has_variants else "product")


def _translated(
    labelled: Iterable[tuple[str, Record]],
    sources: Mapping[str, tuple[str, ...]],
    kind: str,
    translate: Callable[[Values, _Product, str], Values],
    mapped: Mapped,
) -> Iterator[Record]:
    """Rows of Shopify's export.

    Args:
        labelled: the rows, each with a label of its product.
        sources: columns of the fields, of which the id's give the handle.
        kind: column that says what a row is.
        translate: gives the values of a row from its own, its product and its kind.
    """
    kept = {name for names in mapped.values() for name in names}
    for rows in grouped(labelled):
        kinds = [row.values.get(kind, "").strip().lower() for row in rows]
        of_product = rows[kinds.index("product")].values if "product" in kinds else {}
        product = _Product(of_product, "variant" in kinds)
        handle = _first(of_product, sources["id"])
        for row, each in zip(rows, kinds, strict=True):
            values = {name: text for name, text in row.values.items() if name in kept}
            values |= {"handle": handle, **translate(row.values, product, each)}
            yield Record(row.line, values, damaged=row.damaged)


def _below_products(records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    label = ""
    for record in records:
        if record.values.get("item", "").strip().lower() == "product":
            label = str(record.line)
        yield label, record


def _of_bigcommerce(own: Values, product: _Product, kind: str) -> Values:
    photo = _first(own, BIGCOMMERCE_SOURCES["photos"])
    if kind == "image":
        is_first = own.get("image_is_thumbnail", "").lower() not in ("", *HIDDEN)
        place = "-1" if is_first else own.get("image_sort_order", "")
        return {"image_src": photo, "image_position": place}
    if kind not in ("product", "variant"):
        return {}
    tracked = product.own.get("inventory_tracking", "").lower()
    options = _OPTION.findall(own.get("options", ""))
    values = {
        **(_own(own, BIGCOMMERCE_SOURCES) if kind == "product" else {}),
        "image_src": photo,
        "variant_image_url": own.get("variant_image_url", ""),
        "published": own.get("is_visible", "") if kind == "product" else "",
        **_options((name, (value,)) for name, value in options),
    }
    if not product.is_sold_as(kind):
        return values
    sold = {**product.own, **{name: text for name, text in own.items() if text}}
    return {
        **values,
        **_priced(*(sold.get(f"{name}price", "") for name in ("", "sale_", "retail_"))),
        **_counted(sold.get("current_stock", ""), tracked not in ("", "none")),
    }


def _of_wix(own: Values, product: _Product, kind: str) -> Values:
    photos = _first(own, WIX_SOURCES["photos"]).replace(";", "\n").split("\n")
    names = (f"{_WIX_MEDIA}{each}" if _WIX_PHOTO.fullmatch(each) else each for each in photos)
    values = {
        **(_own(own, WIX_SOURCES) if kind == "product" else {}),
        "image_src": "\n".join(filter(None, map(str.strip, names))),
        "published": own.get("visible", "") if kind == "product" else "",
    }
    if not product.is_sold_as(kind) or own.get("visible", "").lower() in HIDDEN:
        return values
    sold = {**product.own, **{name: text for name, text in own.items() if _above_0(text)}}
    stock = own.get("inventory", "")
    is_out = "out" in stock.lower()
    choices = {
        own.get(f"productoptionname{n}", ""): _first(
            own, (f"productoptiondescription{n}", f"productoptionchoices{n}")
        ).split(";")
        for n in range(1, 7)
    }
    return {
        **values,
        **_priced(sold.get("price", ""), _reduced(sold), sold.get("strikethroughprice", "")),
        **_counted("0" if is_out else stock, is_out or stock.isdecimal()),
        **_options(choices.items()),
    }


def _own(own: Values, sources: Mapping[str, tuple[str, ...]]) -> Values:
    """The fields of a product under Shopify's names, as far as their columns are there."""
    there = {name: sources.get(field, ()) for name, field in _OWN.items()}
    values = {name: _first(own, each) for name, each in there.items() if own.keys() & {*each}}
    categories = _first(own, sources["category"]).split(";")
    return {**values, "type": deepest(map(_path, categories))}


def _priced(price: str, sale: str, regular: str = "") -> Values:
    """The price in force and the one before it, of a row that can be bought."""
    before = price if _above_0(sale) else _above_0(regular)
    return {"variant_price": _above_0(sale) or price, "variant_compare_at_price": before}


def _above_0(price: str) -> str:
    """The price; empty for 0, which stands for none."""
    return price if price.strip("0.,") else ""


def _counted(stock: str, is_counted: bool) -> Values:
    return {
        "variant_inventory_qty": stock,
        "variant_inventory_tracker": "counted" if is_counted else "",
    }


def _options(choices: Iterable[tuple[str, Iterable[str]]]) -> Values:
    """The first three options that have a name, without the colours of their swatches."""
    named = [(name, values) for name, values in choices if name][:3]
    values = {f"option{n}_name": name for n, (name, _) in enumerate(named, 1)}
    for n, (_, own) in enumerate(named, 1):
        values[f"option{n}_value"] = ", ".join(_PAINT.sub("", each.strip()) for each in own)
    return values


def _reduced(own: Values) -> str:
    """The price with Wix's discount; empty without one."""
    price, off = (amount_of(own.get(name, ""), ".") for name in ("price", "discountvalue"))
    if price is None or not off:
        return ""
    is_share = own.get("discountmode", "").upper() == "PERCENT"
    return str((price * (100 - off) / 100 if is_share else price - off).quantize(Decimal("0.01")))


def _first(own: Values, names: Iterable[str]) -> str:
    return next((text for name in names if (text := own.get(name, ""))), "")


def _path(category: str) -> str:
    """The category of "/women/shirts"."""
    return " > ".join(filter(None, category.strip().split("/")))
