"""Details of the dialects that decide what a shopper is told: sales of variants, stock, order."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.feeds.reader import read_feed
from catalog.feeds.rows import ProductRow

WOO_HEAD = (
    "ID,Type,SKU,Name,Published,Visibility in catalog,Description,Date sale price starts,"
    "Date sale price ends,In stock?,Sale price,Regular price,Images,Parent,Brands\n"
)
MAGENTO_HEAD = (
    "sku,attribute_set_code,product_type,name,price,special_price,special_price_from_date,"
    "special_price_to_date,base_image,additional_attributes,is_in_stock,configurable_variations\n"
)
SHOPIFY_HEAD = (
    "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src,Status,"
    "Color (product.metafields.shopify.color-pattern)\n"
)
SCHEMA: dict[str, Any] = {
    "@type": "Product", "sku": "J1", "name": "Parka", "url": "https://s/parka",
    "image": ["/media/p.jpg", "//cdn/q.jpg"], "color": ["Sand", "Moss"],
    "material": ["Wool", "Silk"], "offers": {"price": "99.00", "priceCurrency": "EUR"},
}  # fmt: skip


def _rows(path: Path, content: Any) -> list[ProductRow]:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return list(read_feed(path).rows)


def _sale(row: ProductRow) -> tuple[str, str, str]:
    return str(row.sale_price), str(row.sale_start)[:10], str(row.sale_end)[:10]


def test_a_variants_sale_keeps_its_own_dates(tmp_path: Path) -> None:
    woo = WOO_HEAD + (
        "5,variable,V,Vest,1,visible,,,,1,,,v.jpg,,\n"
        "6,variation,V-S,Vest S,1,visible,,2026-12-01,2026-12-24,1,30,40,,V,\n"
        "7,variation,V-M,Vest M,1,visible,,2026-01-01,2026-01-31,1,35,40,,V,\n"
    )
    magento = MAGENTO_HEAD + (
        'C,Top,configurable,Vest,,,,,c.jpg,,1,"sku=C-S,size=S|sku=C-M,size=M"\n'
        "C-S,Top,simple,Vest S,40,30,12/1/26,12/24/26,,,1,\n"
        "C-M,Top,simple,Vest M,40,35,1/1/26,1/31/26,,,1,\n"
    )
    rest = {
        "id": 5, "name": "Vest", "permalink": "https://s/v", "regular_price": "",
        "stock_status": "instock", "images": [{"src": "https://s/v.jpg"}],
        "variations": [
            {"id": 6, "regular_price": "40", "sale_price": "30", "stock_status": "instock",
             "date_on_sale_from_gmt": "2026-12-01T00:00:00",
             "date_on_sale_to_gmt": "2026-12-24T23:59:59"},
            {"id": 7, "regular_price": "40", "sale_price": "35", "stock_status": "instock"},
        ],
    }  # fmt: skip
    for name, content in (("w.csv", woo), ("m.csv", magento), ("w.json", [rest])):
        (vest,) = _rows(tmp_path / name, content)
        assert _sale(vest) == ("30.00", "2026-12-01", "2026-12-24"), name


def test_woocommerce_hidden_products_brands_and_line_ends(tmp_path: Path) -> None:
    (shirt,) = _rows(
        tmp_path / "w.csv",
        WOO_HEAD
        + '1,simple,A,Shirt,1,visible,<b>Soft</b>\\nWarm,,,1,,20,a.jpg,,"Acme > Sport, Other"\n'
        + "2,simple,B,Secret,1,hidden,,,,1,,20,b.jpg,,\n",
    )
    assert (shirt.id, shirt.brand, shirt.description) == ("1", "Acme", "Soft Warm")


def test_woocommerce_store_api_tells_backorders(tmp_path: Path) -> None:
    prices = {"price": "4200", "regular_price": "4200", "currency_code": "USD"}
    entry = {
        "id": 1, "name": "Hat", "permalink": "https://s/h", "is_in_stock": True,
        "is_on_backorder": True, "images": [], "prices": {**prices, "currency_minor_unit": 2},
    }  # fmt: skip
    assert _rows(tmp_path / "s.json", [entry])[0].availability == "backorder"


def test_magento_attributes_in_quotes(tmp_path: Path) -> None:
    pairs = '"""color=Rust"",""manufacturer=Lee, Sons"",""note=a """"b"""" c"""'
    text = f"{MAGENTO_HEAD}S,Top,simple,Scarf,9,,,,s.jpg,{pairs},1,\n"
    (scarf,) = _rows(tmp_path / "m.csv", text)
    assert (scarf.colour, scarf.brand) == ("Rust", "Lee, Sons")
    assert scarf.attributes == {"note": 'a "b" c'}


def test_shopify_unlisted_products_and_colours_of_options(tmp_path: Path) -> None:
    text = SHOPIFY_HEAD + (
        "cap,Cap,Colour,Red,9,c.jpg,active,red; navy\ncap,,,Blue,9,,,\n"
        "bag,Bag,Title,Default Title,9,b.jpg,unlisted,\n"
        "tie,Tie,Title,Default Title,9,t.jpg,active,green\n"
    )
    cap, tie = _rows(tmp_path / "s.csv", text)
    assert (cap.id, cap.colour, cap.attributes) == ("cap", None, {"colours": "Red, Blue"})
    assert (tie.id, tie.colour) == ("tie", "green")


@pytest.mark.parametrize(
    ("variant", "availability"),
    [
        ({"inventory_quantity": 0, "inventory_policy": "continue"}, "in stock"),
        ({"inventory_quantity": 0, "inventory_management": None}, "in stock"),
        ({"inventory_quantity": 0, "inventory_policy": "deny"}, "out of stock"),
        ({"inventoryQuantity": 0, "inventoryItem": {"tracked": False}}, "in stock"),
        ({"available": False, "inventory_policy": "continue"}, "out of stock"),
    ],
)
def test_shopify_json_sells_what_is_not_counted(
    tmp_path: Path, variant: dict[str, Any], availability: str
) -> None:
    product = {"handle": "h", "title": "H", "images": [], "variants": [{"price": "5", **variant}]}
    (row,) = _rows(tmp_path / "p.json", {"products": [product]})
    assert row.availability == availability


def test_shopify_price_ranges_and_prices_in_cents(tmp_path: Path) -> None:
    money = {"amount": "45.0", "currencyCode": "CAD"}
    line = {
        "id": "gid://shopify/Product/4", "title": "Hood", "handle": "hood", "totalInventory": 0,
        "priceRangeV2": {"minVariantPrice": money}, "tracksInventory": True,
        "featuredImage": {"url": "https://c/4.jpg"},
    }  # fmt: skip
    (hood,) = _rows(tmp_path / "b.jsonl", json.dumps(line) + "\n")
    assert (str(hood.price), hood.currency, hood.availability) == ("45.00", "CAD", "out of stock")
    script = {
        "id": 1, "title": "Shirt", "handle": "shirt", "type": "Shirts", "price_min": 3900,
        "images": ["//cdn/1.jpg"],
        "variants": [{"price": 3900, "compare_at_price": 4900, "available": True}],
    }  # fmt: skip
    (shirt,) = _rows(tmp_path / "shirt.json", script)
    assert (str(shirt.price), str(shirt.sale_price)) == ("49.00", "39.00")
    assert (shirt.category, shirt.photos) == ("Shirts", ("https://cdn/1.jpg",))


def test_schema_org_photos_of_the_host_lists_and_a_trailing_comma(tmp_path: Path) -> None:
    script = json.dumps(SCHEMA)[:-1] + ",}"
    page = f'<!doctype html><html><script type="application/ld+json">{script}</script></html>'
    (parka,) = _rows(tmp_path / "p.html", page)
    assert parka.photos == ("https://s/media/p.jpg", "https://cdn/q.jpg")
    assert (parka.colour, parka.attributes) == (
        "Sand, Moss", {"material": "Wool, Silk", "sku": "J1"},
    )  # fmt: skip


def test_photos_in_the_order_of_their_position(tmp_path: Path) -> None:
    text = "sku;name;photo;position\n1;Dress;back.jpg;2\n2;Top;t.jpg;1\n1;Dress;front.jpg;1\n"
    dress, top = _rows(tmp_path / "p.csv", text)
    assert (dress.photos, top.photos) == (("front.jpg", "back.jpg"), ("t.jpg",))


@pytest.mark.parametrize(
    ("header", "photos"),
    [
        ("image_1,image_2,image_10", ("a.jpg", "b.jpg", "c.jpg")),
        ("Bild3,Bild1,Bild2", ("b.jpg", "c.jpg", "a.jpg")),
        ("image,additional_image_link_1,additional_image_link_2", ("a.jpg", "b.jpg", "c.jpg")),
    ],
)
def test_numbered_columns_of_photos(tmp_path: Path, header: str, photos: tuple[str, ...]) -> None:
    (row,) = _rows(tmp_path / "n.csv", f"id,title,{header}\n1,Dress,a.jpg,b.jpg,c.jpg\n")
    assert row.photos == photos


def test_names_of_agentic_feeds_and_of_data_sets(tmp_path: Path) -> None:
    item = {
        "item_id": "A1", "is_eligible_search": True, "title": "Shoe", "image_url": "https://s/1.jpg",
        "price": "79.99 USD", "sale_price": "59.99 USD", "sale_price_start_date": "2026-11-01",
        "sale_price_end_date": "2026-12-31", "description": {"plain": "Light"},
    }  # fmt: skip
    (shoe,) = _rows(tmp_path / "a.jsonl", json.dumps(item) + "\n")
    assert _sale(shoe) == ("59.99", "2026-11-01", "2026-12-31")
    assert shoe.description == "Light"
    (top,) = _rows(
        tmp_path / "d.csv",
        "article_id,prod_name,product_type_name,colour_group_name,detail_desc\n012,Strap,Vest,Ink,x\n",
    )
    assert (top.id, top.title, top.category, top.colour) == ("012", "Strap", "Vest", "Ink")


def test_an_atom_entry_is_described_by_its_summary(tmp_path: Path) -> None:
    text = "<feed><entry><id>1</id><title>T</title><summary>Soft</summary></entry></feed>"
    assert _rows(tmp_path / "a.xml", text)[0].description == "Soft"


@pytest.mark.parametrize("key", [None, "products", "data"])
def test_json_with_a_product_under_each_id(tmp_path: Path, key: str | None) -> None:
    products = {"K1": {"title": "Kilt", "image": "k.jpg"}, "L2": {"title": "Loden", "price": 9}}
    rows = _rows(tmp_path / "p.json", products if key is None else {"ok": True, key: products})
    assert [(row.id, row.title) for row in rows] == [("K1", "Kilt"), ("L2", "Loden")]


def test_options_in_pairs_of_columns(tmp_path: Path) -> None:
    """As Etsy exports them; a row may lack the second pair."""
    head = "TITLE,SKU,TAGS,IMAGE1,VARIATION 1 TYPE,VARIATION 1 NAME,VARIATION 1 VALUES"
    text = f"""{head},VARIATION 2 TYPE,VARIATION 2 NAME,VARIATION 2 VALUES
Linen dress,E1,a,1.jpg,Custom,Colour,"Red,Navy blue",Size,Size,"S,M"
Skirt,E2,b,2.jpg,Primary color,Primary color,Grey,,,
Top,E3,c,3.jpg,,,,,,
"""
    rows = _rows(tmp_path / "etsy.csv", text)
    assert [row.colour for row in rows] == [None, "Grey", None]
    assert [row.attributes for row in rows] == [
        {"tags": "a", "colours": "Red, Navy blue", "size": "S, M"},
        {"tags": "b"},
        {"tags": "c"},
    ]


def test_a_column_of_colours_stays_beside_options_in_pairs(tmp_path: Path) -> None:
    (row,) = _rows(
        tmp_path / "f.csv", "sku,color,image,option1_name,option1_value\n1,red,a,Fit,Slim\n"
    )
    assert (row.colour, row.attributes) == ("red", {"fit": "Slim"})


def test_variants_with_sizes_and_colours_of_their_own(tmp_path: Path) -> None:
    variants = [
        {"color": "red", "size": "S", "price": 30}, {"color": "blue", "size": "S", "price": 25},
    ]  # fmt: skip
    one, many = _rows(
        tmp_path / "f.json",
        [{"id": 1, "image": "a.jpg", "variants": variants[:1]}, {"id": 2, "variants": variants}],
    )
    assert (one.colour, one.attributes) == ("red", {"size": "S"})
    assert (many.colour, many.attributes) == (None, {"size": "S", "colours": "red, blue"})


@pytest.mark.parametrize(
    ("dates", "start", "end"),
    [
        (("1764547200", "1767225600000"), "2025-12-01 00:00", "2026-01-01 00:00"),
        (("Nov 1, 2026", "December 24 2026"), "2026-11-01 00:00", "2026-12-24 23:59"),
        (("1. November 2026", "24. Dez. 2026"), "2026-11-01 00:00", "2026-12-24 23:59"),
        (("01-Nov-26", "24-Dec-26 18:00"), "2026-11-01 00:00", "2026-12-24 18:00"),
        (("1 f\u00e9vrier 2026", "3 ago 2026"), "2026-02-01 00:00", "2026-08-03 23:59"),
        (("0000-00-00 00:00:00", "2026-12-24"), "None", "2026-12-24 23:59"),
        (("0000-00-00", "0"), "None", "None"),
    ],
)
def test_dates_of_sales_as_programs_and_people_write_them(
    tmp_path: Path, dates: tuple[str, str], start: str, end: str
) -> None:
    cells = '","'.join(dates)
    head = "id,price,sale_price,sale_price_dates_from,sale_price_dates_to,image"
    (row,) = _rows(tmp_path / "f.csv", f'{head}\n1,9,5,"{cells}",a.jpg\n')
    assert (str(row.sale_price), str(row.sale_start)[:16], str(row.sale_end)[:16]) == (
        "5.00",
        start,
        end,
    )


@pytest.mark.parametrize(
    ("dates", "start", "end"),
    [
        ("2026-11-01T00:00Z - 2026-12-24T00:00Z", "2026-11-01", "2026-12-24"),
        ("01/11/2026 \u2013 24/12/2026", "2026-11-01", "2026-12-24"),
        ("1.11.2026 bis 24.12.2026", "2026-11-01", "2026-12-24"),
        ("24/11/2026", "2026-11-24", "None"),
        ("2026-11-01/", "2026-11-01", "None"),
    ],
)
def test_both_dates_in_one_cell(tmp_path: Path, dates: str, start: str, end: str) -> None:
    head = "id,price,sale_price,sale_price_effective_date,image"
    (row,) = _rows(tmp_path / "f.csv", f"{head}\n1,9,5,{dates},a.jpg\n")
    assert _sale(row) == ("5.00", start, end)


@pytest.mark.parametrize(
    "header",
    [
        "\u00fcr\u00fcn_kodu;\u00dcr\u00fcn Ad\u0131;Fiyat;Renk;Resim",
        "cikksz\u00e1m;N\u00e9v;\u00c1r;Sz\u00edn;Image",
    ],
)
def test_headers_of_more_languages(tmp_path: Path, header: str) -> None:
    (row,) = _rows(tmp_path / "f.csv", f"{header}\n7;Elbise;199,90;mavi;a.jpg\n")
    assert (row.id, row.title, str(row.price)) == ("7", "Elbise", "199.90")
    assert (row.colour, row.photos, row.attributes) == ("mavi", ("a.jpg",), {})


def test_parent_and_children_are_one_group_and_sales_have_their_start(tmp_path: Path) -> None:
    """As Amazon's flat files have them."""
    head = "item_sku,standard_price,sale_price,sale_from_date,sale_end_date,parent_sku,image"
    rows = _rows(
        tmp_path / "flat.csv",
        f"{head}\nP,,,,,,p.jpg\nP-S,49,39,2026-11-01,2026-12-24,P,s.jpg\nQ,9,,,,,q.jpg\n",
    )
    assert [row.group for row in rows] == ["P", "P", None]
    assert _sale(rows[1]) == ("39.00", "2026-11-01", "2026-12-24")


@pytest.mark.parametrize(
    ("header", "cell", "currency"),
    [
        ("Price (EUR)", "19.90", "EUR"), ("price_eur,price_usd", "19.90", "EUR"),
        ("Preis CHF", "19.90", "CHF"), ("Price (EUR)", "$19.90", "USD"),
        ("price_incl_vat", "19.90", None), ("price_eur", "", None),
    ],
)  # fmt: skip
def test_a_price_column_may_name_its_currency(
    tmp_path: Path, header: str, cell: str, currency: str | None
) -> None:
    more = ",22.50" if "," in header else ""
    (row,) = _rows(tmp_path / "f.csv", f"id,image,{header}\n1,a.jpg,{cell}{more}\n")
    assert (row.currency, str(row.price)) == (currency, "19.90" if cell else "None")


def test_words_for_nothing_are_empty(tmp_path: Path) -> None:
    head = "id,title,brand,category,colour,fit,sleeve,image"
    (row,) = _rows(tmp_path / "f.csv", f"{head}\n1,NaN,NULL,N/A,-,\\N,None,a.jpg\n")
    assert (row.title, row.brand, row.category, row.colour) == ("", None, None, None)
    assert row.attributes == {"sleeve": "None"}
    assert {"brand", "category", "colour", "fit"} <= row.empty
