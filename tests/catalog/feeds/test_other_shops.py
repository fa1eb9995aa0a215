"""Feeds of shops and price comparisons without a reader of their own."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds.availability import read_availability
from catalog.feeds.columns import known_columns, plain_name
from catalog.feeds.dialects.xml_products import read_xml
from catalog.feeds.photo_names import split_photos
from catalog.feeds.prices import parse_price
from catalog.feeds.reader import read_feed, read_source
from catalog.feeds.rows import Feed, ProductRow

HEUREKA = """<?xml version="1.0" encoding="windows-1250"?>
<SHOP><SHOPITEM><ITEM_ID>K-7</ITEM_ID><PRODUCTNAME>Hn\u011bd\u00fd kab\u00e1t</PRODUCTNAME>
<URL>https://o.example/k7</URL><IMGURL>https://o.example/k7.jpg</IMGURL>
<IMGURL_ALTERNATIVE>https://o.example/k7b.jpg</IMGURL_ALTERNATIVE><PRICE_VAT>2499,90</PRICE_VAT>
<CATEGORYTEXT>Heureka.cz | Kab\u00e1ty</CATEGORYTEXT><MANUFACTURER>Acme</MANUFACTURER>
<PARAM><VAL>hn\u011bd\u00e1</VAL><PARAM_NAME>Barva</PARAM_NAME></PARAM>
<PARAM>
<PARAM_NAME>Velikost</PARAM_NAME><VAL>L</VAL></PARAM><PARAM>
<PARAM_NAME>Nic</PARAM_NAME></PARAM>
<DELIVERY><DELIVERY_ID>PPL</DELIVERY_ID><DELIVERY_PRICE>89</DELIVERY_PRICE></DELIVERY>
<ITEMGROUP_ID>K</ITEMGROUP_ID></SHOPITEM></SHOP>"""
CENEO = """<offers><o id="31" url="https://s.example/31" price="79.50" stock="0">
<cat>Odzie\u017c</cat>
<name>Sp\u00f3dnica</name>
<imgs><main url="https://s.example/1.jpg"/><i url="https://s.example/2.jpg"/>
</imgs><attrs><a name="Producent">Acme</a><a name="Kolor">zielony</a></attrs></o></offers>"""
YANDEX = """<yml_catalog><shop><name>S</name><categories><category id="4">X</category></categories>
<offers><offer id="8" available="true"><price>1990</price><oldprice>2490</oldprice>
<currencyId>RUB</currencyId><picture>https://s.example/8.jpg</picture>
<picture>https://s.example/9.jpg</picture><name>Coat</name><vendor>Acme</vendor>
<param name="\u0426\u0432\u0435\u0442">red</param></offer></offers></shop></yml_catalog>"""
ATTRIBUTES = """<products><product id="P8"><name>Top</name><image alt="x">8.jpg</image>
<price currency="CHF">19.50</price><description><p>One</p><p>Two</p></description></product>
<product id="P9"><name>Rock</name><brand name="Acme"/><images>
<image>9.jpg</image><image><url>10.jpg</url></image></images>
</product></products>"""
AGENTIC = {
    "id": "R1", "title": "Runner", "description": {"plain": "Light"}, "url": "https://a.example/r",
    "media": [{"type": "image", "url": "https://a.example/1.jpg", "alt_text": "Front"}],
    "variants": [
        {"id": "R1-S", "title": "Runner S", "price": {"amount": 8950, "currency": "EUR"},
         "list_price": {"amount": 9950, "currency": "EUR"},
         "availability": {"available": False, "status": "out_of_stock"},
         "variant_options": [{"name": "Color", "value": "Red"}, {"name": "Size", "value": "S"}]},
        {"id": "R1-M", "price": {"amount": 7950, "currency": "EUR"},
         "list_price": {"amount": 9900, "currency": "EUR"},
         "availability": {"available": True, "status": "in_stock"},
         "media": [{"type": "image", "url": "https://a.example/m.jpg"}],
         "variant_options": [{"name": "Size", "value": "M"}]},
    ],
}  # fmt: skip
MICRODATA = """<!DOCTYPE html><html><body itemscope itemtype="https://schema.org/WebPage">
<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Silk  blouse</h1>
<img itemprop="image" src="/i/1.jpg"><img itemprop="image" src="/i/2.jpg">
<p itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">Acme</b></p>
<meta itemprop="sku" content="SB"><div itemprop="offers" itemscope
itemtype="https://schema.org/Offer"><meta itemprop="priceCurrency" content="EUR">
<span itemprop="price" content="89.00">89,00 \u20ac</span>
<a itemprop="url" href="https://a.example/sb">
x</a><link itemprop="availability" href="https://schema.org/OutOfStock"></div></div></body></html>"""


def _feed(path: Path, content: str | bytes | object) -> Feed:
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_feed(path)


def _row(path: Path, content: str | bytes | object) -> ProductRow:
    (row,) = _feed(path, content).rows
    return row


def test_heureka(tmp_path: Path) -> None:
    row = _row(tmp_path / "h.xml", HEUREKA.encode("cp1250"))
    assert (row.id, row.title, row.brand) == ("K-7", "Hn\u011bd\u00fd kab\u00e1t", "Acme")
    assert row.photos == ("https://o.example/k7.jpg", "https://o.example/k7b.jpg")
    assert (row.price, row.group, row.colour) == (Decimal("2499.90"), "K", "hn\u011bd\u00e1")
    assert (row.attributes or {})["velikost"] == "L"
    assert "nic" not in (row.attributes or {})


def test_values_in_attributes_of_elements(tmp_path: Path) -> None:
    skirt = _row(tmp_path / "c.xml", CENEO)
    assert (skirt.id, skirt.title, skirt.brand) == ("31", "Sp\u00f3dnica", "Acme")
    assert (skirt.price, skirt.availability) == (Decimal("79.50"), "out of stock")
    assert (skirt.url, skirt.colour) == ("https://s.example/31", "zielony")
    assert skirt.photos == ("https://s.example/1.jpg", "https://s.example/2.jpg")
    top, rock = _feed(tmp_path / "a.xml", ATTRIBUTES).rows
    assert (top.id, top.photos, top.currency, top.description) == (
        "P8", ("8.jpg",), "CHF", "One\nTwo"
    )  # fmt: skip
    assert (rock.id, rock.brand, rock.photos) == ("P9", "Acme", ("9.jpg", "10.jpg"))


def test_yandex(tmp_path: Path) -> None:
    row = _row(tmp_path / "y.xml", YANDEX)
    assert (row.id, row.title, row.brand, row.colour) == ("8", "Coat", "Acme", "red")
    assert (row.price, row.sale_price, row.currency) == (Decimal(2490), Decimal(1990), "RUB")
    assert (row.photos[1:], row.availability) == (("https://s.example/9.jpg",), "in stock")


def test_nested_variants_of_an_agentic_feed(tmp_path: Path) -> None:
    row = _row(tmp_path / "a.json", {"products": [AGENTIC]})
    assert (row.id, row.title, row.description) == ("R1", "Runner", "Light")
    assert (row.price, row.sale_price, row.currency) == (Decimal("99.00"), Decimal("79.50"), "EUR")
    assert (row.availability, row.colour) == ("in stock", "Red")
    assert row.photos == ("https://a.example/1.jpg", "https://a.example/m.jpg")
    assert (row.attributes or {})["size"] == "S, M"


def test_variants_with_plain_prices(tmp_path: Path) -> None:
    entry = {"id": 1, "name": "Tee", "image": "a.jpg", "variants": [
        {"sku": "A", "price": 12.5, "stock": 0}, {"sku": "B", "price": "9.900", "stock": 3},
    ]}  # fmt: skip
    row = _row(tmp_path / "v.json", [entry])
    assert (row.price, row.availability) == (Decimal("9.90"), "in stock")


def test_microdata(tmp_path: Path) -> None:
    row = _row(tmp_path / "p.html", MICRODATA)
    assert (row.id, row.title, row.brand) == ("SB", "Silk blouse", "Acme")
    assert row.photos == ("https://a.example/i/1.jpg", "https://a.example/i/2.jpg")
    assert (row.price, row.currency) == (Decimal("89.00"), "EUR")
    assert (row.availability, row.url) == ("out of stock", "https://a.example/sb")


def test_a_page_without_product_does_not_count_as_refused(tmp_path: Path) -> None:
    script = '<script type="application/ld+json">{"@type": "Product", "sku": "1", %s}</script>'
    (tmp_path / "a.html").write_text("<html>" + script % '"name": "Tee"')
    (tmp_path / "index.html").write_text("<html>Products</html>")
    feed = read_source(tmp_path)
    assert (len(feed.rows), feed.rejects) == (1, ())
    (tmp_path / "b.html").write_text("<html>" + script % "damaged")
    (tmp_path / "c.html").write_text("")
    reasons = [each.reason for each in read_source(tmp_path).rejects]
    assert len(reasons) == 2
    assert any("b.html cannot be read" in each for each in reasons)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("id,title,post_status,image\n1,A,publish,a.jpg\n2,B,draft,b.jpg\n", 1),
        ("ID;Name;Active (0/1);Image URLs (x,y,z...)\n1;A;1;a.jpg\n2;B;0;b.jpg\n", 1),
        ("id,title,published,image\n1,A,WAHR,a.jpg\n2,B,FALSCH,b.jpg\n", 1),
        ("Handle,Title,Published,Image Src\na,A,VRAI,a.jpg\nb,B,FAUX,b.jpg\n", 1),
        ("id,title,visible,image\n1,A,,a.jpg\n2,B,yes,b.jpg\n", 0),
    ],
)
def test_hidden_products_are_left_out(tmp_path: Path, text: str, hidden: int) -> None:
    feed = _feed(tmp_path / "f.csv", text)
    assert (len(feed.rows), feed.rejects) == (2 - hidden, ())
    assert len(feed.notes) == hidden


@pytest.mark.parametrize(
    "head",
    [
        "id;nazwa;cena;zdjęcie",
        "kód;názov;cena;obrázek",
        "商品番号;商品名;価格;画像",
        "货号;商品名称;价格;图片",
        "артикул;название;цена;фото",
        "productNumber;name;price.gross;media.url",
        "Product ID;Product Name;Price;Product Image File - 1",
        "Product ID [Non Editable];Title;Price tax included;Hosted Image URLs",
        "item_sku;item_name;standard_price;main_image_url",
        "product_number;translations.DEFAULT.name;price.DEFAULT.gross;cover.media.url",
        "SKU;Produktname;Verkaufspreis;Bild 1",
        "attributes.sku;details.name;pricing.price;main_image",
    ],
)
def test_headers_of_other_countries_and_shops(tmp_path: Path, head: str) -> None:
    row = _row(tmp_path / "f.csv", f"{head}\n1;Tee;9,50;a.jpg\n")
    assert (row.id, row.title, row.price) == ("1", "Tee", Decimal("9.50"))
    assert row.photos == ("a.jpg",)


SIZES = """id;title;color;size;ean;price;stock;image
T1;Tee;Red;S;111;1.299,90;0;a.jpg
T1;Tee;Red;M;112;1.199,90;3;a.jpg
T1;Tee;Red;M;112;1.199,90;3;b.jpg
T1;Tee;;L;;1.399;;
"""


def test_rows_of_sizes_are_one_product(tmp_path: Path) -> None:
    row = _row(tmp_path / "f.csv", SIZES)
    assert (row.price, row.availability, row.line) == (Decimal("1199.90"), "in stock", 2)
    assert row.photos == ("a.jpg", "b.jpg")
    assert row.attributes == {"size": "S, M, L", "ean": "111, 112"}


COLOURED = """id,title,link,colour,colour code,size,price,image
1,Tee - Red / S,https://s/1?v=1,Red,f00,S,30,r.jpg
1,Tee - Red / M,https://s/1?v=2,Red,f00,M,28,r.jpg
1,Tee - Dark Blue / S,https://s/1?v=3,Dark Blue,00a,S,29,b.jpg
"""


def test_rows_of_colours_are_one_product(tmp_path: Path) -> None:
    row = _row(tmp_path / "f.csv", COLOURED)
    assert (row.title, row.url, row.price) == ("Tee", "https://s/1?v=1", 28)
    assert (row.photos, row.colour) == (("r.jpg", "b.jpg"), None)
    assert row.attributes == {
        "colours": "Red, Dark Blue",
        "colour_code": "f00, 00a",
        "size": "S, M",
    }


def test_a_title_without_its_colour_may_come_first(tmp_path: Path) -> None:
    text = (
        "sku;name;farbe;bild\n7;Rote Hose;;a.jpg\n7;Rote Hose;Rot;b.jpg\n7;Rote Hose;Blau;c.jpg\n"
    )
    row = _row(tmp_path / "f.csv", text)
    assert (row.title, row.photos) == ("Rote Hose", ("a.jpg", "b.jpg", "c.jpg"))
    assert row.attributes == {"colours": "Rot, Blau"}


def test_the_cheapest_size_has_its_own_sale(tmp_path: Path) -> None:
    text = """id,talla,price,sale_price,sale_start,image
1,S,30,25,2026-11-01,a.jpg
1,M,29,,,a.jpg
"""
    row = _row(tmp_path / "f.csv", text)
    assert (row.price, row.sale_price, str(row.sale_start)[:10]) == (30, 25, "2026-11-01")


@pytest.mark.parametrize(
    "row",
    ["T1;Tee;Red;S;111;20;0;a.jpg", "T1;Coat;Red;XL;9;20;1;a.jpg", "T1;Blue coat;Blue;M;;;;b.jpg"],
)
def test_a_row_that_contradicts_its_product_is_refused(tmp_path: Path, row: str) -> None:
    feed = _feed(tmp_path / "f.csv", f"{SIZES}{row}\n")
    assert [(each.line, each.reason) for each in feed.rejects] == [
        (6, "id 'T1' is on line 2 already")
    ]


@pytest.mark.parametrize("word", ["PHYSICAL", "simple", "Gift_Card"])
def test_a_product_type_for_the_shop_s_software_is_no_category(tmp_path: Path, word: str) -> None:
    row = _row(tmp_path / "f.csv", f"id,type,image\n1,{word},a.jpg\n")
    assert row.category is None
    row = _row(tmp_path / "g.csv", f"id,type,categories,image\n1,{word},Tops,a.jpg\n")
    assert row.category == "Tops"


def test_whole_amounts_beside_broken_ones_are_no_cents(tmp_path: Path) -> None:
    def priced(*amounts: float) -> list[object]:
        options = [{"name": "Size", "value": "S"}]
        prices = [{"amount": amount, "currency": "EUR"} for amount in amounts]
        return [
            {"id": n, "variants": [{"id": f"v{n}", "variant_options": options, "price": price}]}
            for n, price in enumerate(prices)
        ]

    cents, euros = (_feed(tmp_path / "f.json", priced(*each)) for each in ((45, 4990), (45, 49.9)))
    assert [row.price for row in cents.rows] == [Decimal("0.45"), Decimal("49.90")]
    assert [row.price for row in euros.rows] == [Decimal(45), Decimal("49.90")]


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (["12/01/2026", "12/25/2026"], "2026-12-01"),
        (["12/01/2026", "25/12/2026"], "2026-01-12"),
        (["1/12/26 9:05 PM", "1/31/26"], "2026-01-12 21:05"),
        (["05-06-2026 08:30", "13-06-2026"], "2026-06-05 08:30"),
        (["5/5/2026", "6/6/2026"], "2026-05-05"),
        (["12.01.2026", "1.2.2026"], "2026-01-12"),
    ],
)
def test_a_column_says_which_part_of_a_date_is_the_month(
    tmp_path: Path, dates: list[str], first: str
) -> None:
    rows = "".join(f"{n},9,5,{date},a.jpg\n" for n, date in enumerate(dates))
    feed = _feed(tmp_path / "f.csv", f"id,price,sale_price,sale_start,image\n{rows}")
    assert str(next(iter(feed.rows)).sale_start).startswith(first)
    assert feed.warnings == ()


@pytest.mark.parametrize("dates", [["12/01/2026"], ["12/01/2026", "12/25/2026", "25/12/2026"]])
def test_an_ambiguous_date_is_left_out(tmp_path: Path, dates: list[str]) -> None:
    rows = "".join(f"{n},9,5,{date},a.jpg\n" for n, date in enumerate(dates))
    feed = _feed(tmp_path / "f.csv", f"id,price,sale_price,sale_end,image\n{rows}")
    (warning,) = feed.warnings
    assert (warning.kind, warning.id) == ("sale dates unreadable", "0")
    row = next(iter(feed.rows))
    assert (row.price, row.sale_price, row.sale_end) == (9, None, None)
    assert "sale_price" in row.empty  # ends a sale that an earlier reading began


def test_names_in_several_languages_and_prices_within_groups(tmp_path: Path) -> None:
    entry = {"productId": "X", "name": {"de": "Mantel", "en-GB": "Coat"}, "attributes": {
        "color": "red"}, "pricing": {"price": {"amount": "9.90", "currency": "EUR"}}}  # fmt: skip
    row = _row(tmp_path / "f.json", [entry])
    assert (row.title, row.colour, row.price, row.currency) == (
        "Mantel", "red", Decimal("9.90"), "EUR",
    )  # fmt: skip


def test_xml_with_variants_and_entities_of_html(tmp_path: Path) -> None:
    variants = "".join(f'<variant sku="V{n}" price="{100 - n}.50" stock="{n}"/>' for n in range(40))
    text = f"<catalog><product id='1'><variants>{variants}</variants><title>A&nbsp;&amp; &eacute;"
    row = _row(tmp_path / "f.xml", f"{text}</title></product></catalog>")
    assert (row.title, row.price, row.availability) == (
        "A & \u00e9", Decimal("61.50"), "in stock",
    )  # fmt: skip


def test_an_entity_at_the_end_of_a_part() -> None:
    text = "<feed><item><id>1</id><title>a&eacute;b &amp; c</title></item></feed>"
    parts = (text[start : start + 5] for start in range(0, len(text), 5))
    (record,) = read_xml(parts, "f.xml")[2]
    assert record.values["title"] == "a\u00e9b & c"


def test_currencies_by_symbol_and_prices_by_kind(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "f.csv", "id,price,currency,image\n1,5,\u20ac,a.jpg\n2,5,euro,b.jpg\n")
    assert [row.currency for row in feed.rows] == ["EUR", "EUR"]
    row = _row(tmp_path / "f.json", [{"id": "1", "price": {"regular": 30, "sale": 20}}])
    assert (row.price, row.sale_price) == (Decimal(30), Decimal(20))


def test_a_name_within_a_group_yields_to_the_field_s_own(tmp_path: Path) -> None:
    text = "id,product_title,name,item_price,price,image\n1,no,yes,1,2,a.jpg\n"
    text = text.replace("product_title", "details_name")
    row = _row(tmp_path / "f.csv", text)
    assert (row.title, row.price, row.attributes) == (
        "yes", Decimal(2), {"details_name": "no", "item_price": "1"},
    )  # fmt: skip


def test_google_s_category_where_the_shop_has_none(tmp_path: Path) -> None:
    text = "id,product_type,google_product_category,image\n1,Tops,212,a.jpg\n2,,2271,b.jpg\n"
    first, second = _feed(tmp_path / "f.csv", text).rows
    assert (first.category, (second.category or "")[-7:]) == ("Tops", "Dresses")
    assert "google_product_category" in (first.attributes or {})


def test_a_page_s_own_address(tmp_path: Path) -> None:
    script = """<html><link rel="canonical" href="https://a.example/p"><script
type="application/ld+json">/* <![CDATA[ */ {"@type": "Product", "sku": "1", "image": "/i.jpg"}
/* ]]> */</script></html>"""
    row = _row(tmp_path / "p.html", script)
    assert (row.url, row.photos) == ("https://a.example/p", ("https://a.example/i.jpg",))


def test_one_zero_byte_costs_its_cell(tmp_path: Path) -> None:
    rows = "".join(f"{n},Tee {n},{n}.jpg\n" for n in range(50)).replace("Tee 7,", "T\0ee,")
    feed = _feed(tmp_path / "f.csv", f"id,title,image\n{rows}")
    assert [row.id for row in feed.rows if not row.title] == ["7"]
    assert [(each.line, each.kind) for each in feed.warnings] == [(9, "title damaged")]


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        ('"Hat 6" big"', 'Hat 6" big'),
        ('"He said \\"hi\\""', 'He said "hi"'),
        ('32" belt', '32" belt'),
    ],
)
def test_quotes_within_a_quoted_cell(tmp_path: Path, cell: str, title: str) -> None:
    feed = _feed(tmp_path / "f.csv", f"id,title,image\n1,{cell},a.jpg\n2,Tee,b.jpg\n")
    assert [row.title for row in feed.rows] == [title, "Tee"]


def test_an_id_cut_by_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "f.csv", "id;title;image\n4,05E+12;A;a.jpg\n5E7;B;b.jpg\n")
    assert [row.id for row in feed.rows] == ["5E7"]
    assert "a spreadsheet has cut the id" in feed.rejects[0].reason


def test_sale_dates_with_points_and_a_sale_price_of_zero(tmp_path: Path) -> None:
    text = "id,price,sale_price,sale_start,sale_end\n1,9,5,1.11.2026,30.11.2026\n2,9,0.00,,\n"
    first, second = _feed(tmp_path / "f.csv", text).rows
    assert str(first.sale_start)[:10] == "2026-11-01"
    assert str(first.sale_end)[:16] == "2026-11-30 23:59"
    assert (second.price, second.sale_price) == (Decimal(9), None)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('[{"src": "https://a.b/1.jpg", "alt": "x"}, {"src": "https://a.b/2.jpg"}]', 2),
        ("{https://a.b/1.jpg,https://a.b/2.jpg}", 2),
        ('<img src="https://a.b/1.jpg" alt="x"/><img class="y" src=\'https://a.b/2.jpg\'>', 2),
        ("https://a.b/1.jpg https://a.b/2.jpg", 2),
        ("['https://a.b/1.jpg', 'https://a.b/2.jpg']", 2),
    ],
)
def test_photos_in_lists_of_programs(cell: str, names: int) -> None:
    assert split_photos(cell) == [f"https://a.b/{each}.jpg" for each in range(1, names + 1)]


def test_an_address_without_a_scheme() -> None:
    assert split_photos("www.a.b/1.jpg") == ["https://www.a.b/1.jpg"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("schema:SoldOut", "out of stock"), ("Verkauft", "out of stock"), ("wenige", "in stock"),
        ("article non disponible", "out of stock"), ("Sur commande", "backorder"),
        ("im Zulauf", "backorder"), ("WAHR", "in stock"), ("Skladem 3 ks", "in stock"),
        ("Available from 2027-01-05", "preorder"), ("\u5728\u5eab\u5207\u308c", "out of stock"),
    ],
)  # fmt: skip
def test_more_words_of_availability(text: str, value: str) -> None:
    assert read_availability(text) == value


def test_two_prices_beside_each_other() -> None:
    assert parse_price("119,00 \u20ac 89,90 \u20ac") == (Decimal("89.90"), "EUR")
    with pytest.raises(ValueError, match="is not an amount"):
        parse_price("2 pieces 30 EUR")


@pytest.mark.parametrize(
    "header",
    ["image_url,images", "cover_media_url,media", "Bild,Bilder", "main_image,gallery_images"],
)
def test_the_main_photo_comes_before_the_gallery(tmp_path: Path, header: str) -> None:
    main, gallery = header.split(",")
    for columns, cells in (
        (header, "a.jpg,b.jpg|c.jpg"),
        (f"{gallery},{main}", "b.jpg|c.jpg,a.jpg"),
    ):
        row = _row(tmp_path / "f.csv", f"id,title,{columns}\n1,Coat,{cells}\n")
        assert row.photos == ("a.jpg", "b.jpg", "c.jpg")


@pytest.mark.parametrize(
    ("header", "cells", "photos", "price"),
    [
        ("merchant_product_id,product_name,merchant_image_url,search_price", "A1,Coat,a.jpg,9.50",
         ("a.jpg",), "9.50"),
        ("ID_PRODUCT,NAME_PRODUCT,PRICE_PRODUCT,URL_IMAGE_1,URL_IMAGE_2",
         "A1,Coat,9.50,a.jpg,b.jpg",
         ("a.jpg", "b.jpg"), "9.50"),
        ("Internal Reference,Name,Sales Price,Image", "A1,Coat,9.50,a.jpg", ("a.jpg",), "9.50"),
        ("*CustomLabel,*Title,PicURL,*StartPrice", "A1,Coat,a.jpg|b.jpg,9.50",
         ("a.jpg", "b.jpg"), "9.50"),
        ("sku,name-en_US,name-de_DE,picture,price", "A1,Coat,Mantel,a.jpg,9.50",
         ("a.jpg",), "9.50"),
        ("ean,title,picture_1,picture_2,price", "A1,Coat,a.jpg,b.jpg,9.50",
         ("a.jpg", "b.jpg"), "9.50"),
        ("sku,name,image,price_in_ct", "A1,Coat,a.jpg,950", ("a.jpg",), "9.50"),
        ("sku,name,image,price,price_unit", "A1,Coat,a.jpg,950,cents", ("a.jpg",), "9.50"),
        ("sku,name,image,price,price_unit", "A1,Coat,a.jpg,950,piece", ("a.jpg",), "950"),
        ("sku,name,image,Price (tax excl.),Price (tax incl.)", "A1,Coat,a.jpg,8.00,9.50",
         ("a.jpg",), "9.50"),
    ],
)  # fmt: skip
def test_columns_of_more_shops(
    header: str, cells: str, photos: tuple[str, ...], price: str, tmp_path: Path
) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(f"{header}\n{cells}\n", encoding="utf-8")
    (row,) = read_feed(path).rows
    assert (row.id, row.title, row.photos, row.price) == ("A1", "Coat", photos, Decimal(price))


def test_a_repeated_header_is_no_product(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("sku,title,image\nA1,Coat,a.jpg\nsku,title,image\nA2,Image,b.jpg\n")
    feed = read_feed(path)
    assert [row.id for row in feed.rows] == ["A1", "A2"]
    assert [each.reason for each in feed.rejects] == ["the header is repeated here"]
    path.write_text("Item number,title,image\n7,Coat,a.jpg\nItem number,title,image\n")
    assert [each.line for each in read_feed(path).rejects] == [3]


@pytest.mark.parametrize(
    "column",
    [
        "Währungseinheit",
        "Währungscode",
        "Currency ISO code",
        "Moneda",
        "Monnaie",
        "Kod waluty",
        "通貨",
    ],
)
def test_a_currency_in_a_column_of_another_language(tmp_path: Path, column: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(f"id;title;price;{column};image\n1;Kleid;19,90;CHF;a.jpg\n", encoding="utf-8")
    (row,) = read_feed(path).rows
    assert (row.price, row.currency, row.attributes) == (Decimal("19.90"), "CHF", {})


SALESFORCE = """<catalog xmlns="http://www.demandware.com/xml/impex/catalog/2006-10-31">
<product product-id="255"><ean/><display-name xml:lang="x-default">Button Jacket</display-name>
<display-name xml:lang="de-DE">Jacke</display-name><images><image-group view-type="large">
<image path="large/1.jpg"/><image path="large/2.jpg"/></image-group>
<image-group view-type="swatch"><variation attribute-id="color" value="X"/>
<image path="swatch/1.jpg"/></image-group></images><custom-attributes>
<custom-attribute attribute-id="color">Red</custom-attribute></custom-attributes>
<classification-category catalog-id="m">womens-jackets</classification-category>
</product></catalog>"""


def test_first_language_and_largest_photos_of_salesforce(tmp_path: Path) -> None:
    row = _row(tmp_path / "c.xml", SALESFORCE)
    assert (row.id, row.title, row.colour) == ("255", "Button Jacket", "Red")
    assert (row.photos, row.category) == (("large/1.jpg", "large/2.jpg"), "womens-jackets")
    assert not any("lang" in name for name in row.attributes or {})


def test_kaufland_s_prices_are_in_cents(tmp_path: Path) -> None:
    row = _row(tmp_path / "k.csv", "ean;title;price_cs;picture\n4006381333931;Kleid;1999;a.jpg\n")
    assert row.price == Decimal("19.99")


def test_names_of_options_that_were_encoded_twice(tmp_path: Path) -> None:
    name = "Größe".encode().decode("cp1252")
    text = f"handle,title,image_src,option1_name,option1_value,price\n1,A,a.jpg,{name},S,9\n"
    assert (_row(tmp_path / "s.csv", text).attributes or {}) == {"größe": "S"}


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (  # Shopware 5
            "ordernumber mainnumber name supplier price_EK pseudoprice_EK instock imageUrl active",
            "id group title brand price regular_price availability photos visible",
        ),
        (  # JTL
            "Artikelnummer Artikelname Brutto-VK UVP Hersteller Kategorie_Ebene_1 Attribut_Farbe"
            " Bild_1_Pfad/URL Lagerbestand_Gesamt",
            "id title price regular_price brand category colour photos availability",
        ),
        (  # VTEX
            "_SkuId _NomeProduto _IDProduto _Marca _Preço _ImagemUrl _NomeCategoria _MostrarNoSite",
            "id title group brand price photos category visible",
        ),
        (  # Nuvemshop
            "SKU Identificador_URL Nome Categorias Preço Preço_promocional Estoque Exibir_na_loja",
            "id group title category price sale_price availability visible",
        ),
        (  # Lightspeed
            "SKU Brand US_Title_Short US_Description_Short Price Price_Old Stock_Level Images",
            "id brand title description price regular_price availability photos",
        ),
        (  # nopCommerce's XML
            "ProductId Name Price OldPrice ProductPictures_ProductPicture_PictureUrl"
            " ProductCategories_ProductCategory_CategoryName",
            "id title price regular_price photos category",
        ),
        (  # billiger.de
            "image aid name shop_cat price old_price link", "photos id title category price"
            " regular_price url",
        ),
        (  # Trovaprezzi
            "Codice Nome Marca Prezzo Disponibilita Categorie Immagine",
            "id title brand price availability category photos",
        ),
        (  # Rakuten Ichiba
            "商品管理番号 商品名 販売価格 表示価格",
            "id title price regular_price",
        ),
        (  # Taobao
            "宝贝ID 宝贝标题 价格 库存 主图 品牌 类目",
            "id title price availability photos brand category",
        ),
        (  # Shopify's Storefront API
            "id title featuredImage_url priceRange_minVariantPrice_amount"
            " priceRange_minVariantPrice_currencyCode",
            "id title photos price currency",
        ),
        (  # Salla
            "رقم_المنتج اسم_المنتج السعر السعر_المخفض الصورة الماركة الكمية",
            "id title price sale_price photos brand availability",
        ),
    ],
)  # fmt: skip
def test_columns_of_further_shops(names: str, fields: str) -> None:
    columns = tuple(name.replace("_", " ") if name[:1] != "_" else name for name in names.split())
    known = known_columns(columns)
    expected = {
        field: (plain_name(name),) for field, name in zip(fields.split(), columns, strict=True)
    }
    assert {field: known[field] for field in expected} == expected
