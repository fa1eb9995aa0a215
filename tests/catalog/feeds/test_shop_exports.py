"""Exports with what real shops have in them: variants apart, drafts, odd prices, two languages."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalog.feeds.reader import parse_field_map, read_feed, read_source
from catalog.feeds.rows import Feed, ProductRow

WOO = """\
ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Short description,Description,\
Date sale price starts,Date sale price ends,In stock?,Stock,Sale price,Regular price,Categories,\
Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s)
201,"simple, virtual",GAUZE,,Gauze &amp; lace blouse,1,Soft,Long,2026-11-01,2026-11-30,backorder,,\
24.5,49,"Sale, Women > Tops\\, tees > Blouses","new\\, old",https://s/1.jpg,,Colour,"Off\\, white"
204,variation,SKI-M,,Skirt - M,1,,,,,0,0,,30,,,,SKI,Size,M
202,variable,SKI,,Skirt,1,,,,,1,,,,Women,,https://s/2.jpg,,Size,"S, M, L"
203,variation,SKI-S,,Skirt - S,0,,,,,1,2,,5,,,,SKI,Size,S
205,variation,SKI-L,,Skirt - L,1,,,,,1,1,20,32,,,https://s/2l.jpg,id:202,Size,L
206,variation,GONE-S,,Orphan - S,1,,,,,1,1,,12,,,https://s/o.jpg,GONE,Size,S
"""
MAGENTO = '''\
sku,store_view_code,attribute_set_code,product_type,categories,name,product_online,price,\
special_price,special_price_from_date,special_price_to_date,base_image,additional_images,\
additional_attributes,qty,is_in_stock,configurable_variations
W1,default,Top,simple,Root/Women/Tops,Only a store view,1,10.0000,8.0000,"11/1/26, 12:00 AM",\
"11/30/26, 12:00 AM",/w/1/w1.jpg,,"color=""Red"",material=""Cotton, Linen""",3,1,
C1,,Top,configurable,"Default Category/Women,Default Category/Women/Tops/Tees",\
Tee,1,,,,,no_selection,,"brand=Acme,care=Hand wash, cold",0,1,\
"sku=C1-R,color=Red|sku=C1-B,color=Blue"
C1-R,,Top,simple,,Tee Red,2,5.0000,,,,/c/1/r.jpg,,color=Red,0,0,
C1-B,,Top,simple,,Tee Blue,1,15.0000,,,,/c/1/b.jpg,/c/1/b2.jpg,color=Blue,4,1,
C1,de,Top,configurable,,T-Shirt,,,,,,,,,,,
D1,,Top,simple,,Twin,1,5.0000,,,,d.jpg,,,1,1,
D1,,Top,simple,,Twin two,1,6.0000,,,,d.jpg,,,1,1,
'''
SHOPIFY = """\
Handle,Title,Vendor,Product Category,Type,Published,Option1 Name,Option1 Value,\
Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Status
lin,Linen shirt,Acme,Apparel > Shirts,,true,Farbe,Wei\u00df,1,39.00,0.00,https://c/l.jpg?v=1,active
,,,,,,,,,,,,
lin,,,,,,,Blau,0,35.00,0.00,https://c/l2.jpg?v=1,
tee,Tee,Acme,,Tees,FALSE,Title,Default Title,1,9.00,,https://c/t.jpg,active
"""
BULK = (
    {"id": "gid://shopify/Product/1", "handle": "one", "title": "One", "status": "ACTIVE"},
    {"id": "gid://shopify/Product/2", "handle": "two", "title": "Two", "status": "ACTIVE"},
    {"id": "v1", "price": "20.00", "compareAtPrice": "25.00", "inventoryQuantity": 0,
     "__parentId": "gid://shopify/Product/1"},
    {"id": "m1", "image": {"url": "https://c/1.jpg"}, "__parentId": "v1"},
    {"id": "v2", "price": "9.00", "inventoryQuantity": 4, "__parentId": "gid://shopify/Product/2"},
    {"id": "v3", "price": "1.00", "__parentId": "gid://shopify/Product/3"},
)  # fmt: skip
WOO_VARIATIONS = {
    "id": 31, "name": "Coat", "permalink": "https://s/coat", "type": "variable",
    "regular_price": "", "price": "80.00", "stock_status": "instock",
    "images": [{"src": "https://s/c.jpg"}],
    "attributes": [{"name": "Colour", "options": ["Red", "Blue"]}],
    "variations": [
        {"id": 32, "regular_price": "100.00", "sale_price": "80.00", "stock_status": "outofstock",
         "image": {"src": "https://s/red.jpg"}, "attributes": [{"name": "Size", "option": "M"}]},
        {"id": 33, "regular_price": "10.00", "stock_status": "instock", "status": "private"},
    ],
}  # fmt: skip
WOO_STORE = {
    "id": 34, "name": "Rain &#8211; coat", "permalink": "https://s/rain", "is_in_stock": False,
    "prices": {"price": "7990", "regular_price": "9990", "sale_price": "7990",
               "currency_code": "EUR", "currency_minor_unit": 2},
    "images": [{"src": "https://s/r.jpg"}],
    "attributes": [{"name": "Color", "terms": [{"name": "Green"}]}],
}  # fmt: skip
GRAPHQL = {"data": {"products": {"edges": [{"cursor": "x", "node": {
    "id": "gid://shopify/Product/9", "handle": "g", "title": "G", "status": "ACTIVE",
    "variants": {"nodes": [{"price": "10.00", "availableForSale": False}]},
    "images": {"edges": [{"node": {"url": "https://c/g.jpg"}}]},
}}]}}}  # fmt: skip
PRICED = {"@type": "http://schema.org/Product", "sku": "P9", "name": "Wool coat",
    "image": {"contentUrl": "https://c/9.jpg"}, "isVariantOf": {"productGroupID": "G9"},
    "offers": [{"availability": "https://schema.org/InStock/", "priceSpecification": [
        {"priceType": "https://schema.org/ListPrice", "price": "199.00", "priceCurrency": "EUR"},
        {"price": "149.00", "priceCurrency": "EUR"},
    ]}],
}  # fmt: skip


def _feed(path: Path, content: Any, **options: Any) -> Feed:
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    path.write_bytes(content)
    return read_feed(path, **options)


def _products(feed: Feed) -> dict[str, ProductRow]:
    return {row.id: row for row in feed.rows}


def _prices(row: ProductRow) -> tuple[str, str]:
    return str(row.price), str(row.sale_price)


def test_woocommerce_joins_variations_wherever_they_stand(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "wc.csv", WOO)
    blouse, skirt, orphan = (_products(feed)[each] for each in ("201", "202", "206"))
    assert (blouse.title, blouse.category) == (
        "Gauze & lace blouse", "Women > Tops, tees > Blouses",
    )  # fmt: skip
    assert (_prices(blouse), blouse.availability) == (("49.00", "24.50"), "backorder")
    assert (blouse.colour, str(blouse.sale_end)[:10]) == ("Off, white", "2026-11-30")
    # The disabled variation for 5 does not count.
    assert (_prices(skirt), skirt.availability) == (("30.00", "20.00"), "in stock")
    assert skirt.photos == ("https://s/2.jpg", "https://s/2l.jpg")
    assert orphan.title == "Orphan - S"


WOO_HEADINGS = (
    "ID,Typ,Artikelnummer,Name,Veröffentlicht,Kurzbeschreibung,Vorrätig?,Lager,Angebotspreis,"
    "Regulärer Preis,Kategorien,Bilder,Übergeordnetes Produkt,Attribut 1 Name,Attribut 1 Wert(e)",
    "ID,Type,UGS,Nom,Publié,Description courte,En stock ?,Stock,Tarif promo,"
    "Tarif régulier,Catégories,Images,Parent,Nom de l’attribut 1,Valeur(s) de l’attribut 1 ",
    "ID,Tipo,SKU,Nombre,Publicado,Descripción corta,¿Existencias?,Inventario,Precio rebajado,"
    "Precio normal,Categorías,Imágenes,Superior,Nombre del atributo 1,Valor(es) del atributo 1",
    "ID,Tipo,COD,Nome,Pubblicato,Breve descrizione,In stock?,Magazzino,Prezzo in offerta,"
    "Prezzo di listino,Categorie,Immagine,Genitore,Attributo 1 nome,Attributo 1 valuta(e)",
    "ID,Type,Artikelnummer,Naam,Gepubliceerd,Korte omschrijving,Op voorraad?,Voorraad,Actieprijs,"
    "Reguliere prijs,Categorieën,Afbeeldingen,Hoofd,Naam eigenschap 1,Waarde eigenschap 1",
)


@pytest.mark.parametrize("heading", WOO_HEADINGS)
def test_woocommerce_in_the_language_of_the_shop(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "wc-product-export.csv"
    path.write_text(
        f"{heading}\n9,variable,POLO,Polo,1,Kurz,1,,,,Herren > Polos,https://s/p.jpg,,Farbe,Rot\n"
        '10,variation,POLO-S,Polo - S,1,,1,3,"29,90","39,90",,https://s/s.jpg,id:9,Farbe,Rot\n'
        "11,simple,OLD,Draft,-1,,1,,,9,Herren,https://s/o.jpg,,,\n"
    )
    feed = read_feed(path)
    (row,) = feed.rows
    assert (row.id, row.title, row.category) == ("9", "Polo", "Herren > Polos")
    assert (row.price, row.sale_price) == (Decimal("39.90"), Decimal("29.90"))
    assert (row.availability, row.colour, row.description) == ("in stock", "Rot", "Kurz")
    assert len(row.photos) == 2
    assert (feed.kind, feed.ignored) == ("WooCommerce CSV", ())


def test_woocommerce_rest_with_variations(tmp_path: Path) -> None:
    (coat,) = _feed(tmp_path / "p.json", [WOO_VARIATIONS]).rows
    assert (_prices(coat), coat.availability) == (("100.00", "80.00"), "out of stock")
    assert coat.photos == ("https://s/c.jpg", "https://s/red.jpg")
    assert coat.attributes == {"colours": "Red, Blue", "size": "M"}


def test_woocommerce_store_api_has_prices_in_cents(tmp_path: Path) -> None:
    (coat,) = _feed(tmp_path / "p.json", [WOO_STORE]).rows
    assert (_prices(coat), coat.currency, coat.colour) == (("99.90", "79.90"), "EUR", "Green")
    assert (coat.title, coat.availability) == ("Rain \u2013 coat", "out of stock")


def test_magento_store_views_disabled_variants_and_twins(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "export.csv", MAGENTO)
    view, tee, twin = (_products(feed)[each] for each in ("W1", "C1", "D1"))
    assert (_prices(view), view.category, view.colour) == (
        ("10.00", "8.00"), "Root > Women > Tops", "Red",
    )  # fmt: skip
    assert (str(view.sale_start)[:10], str(view.sale_end)[:10]) == ("2026-11-01", "2026-11-30")
    assert view.photos == ("w/1/w1.jpg",)
    assert (tee.title, tee.brand, tee.category) == ("Tee", "Acme", "Women > Tops > Tees")
    assert (tee.price, tee.photos) == (Decimal("15.00"), ("c/1/b.jpg", "c/1/b2.jpg"))
    assert tee.attributes == {"care": "Hand wash, cold"}
    assert twin.title == "Twin"
    assert [(each.id, each.line) for each in feed.rejects] == [("D1", 8)]


def test_shopify_compare_at_nothing_is_no_sale(tmp_path: Path) -> None:
    (shirt,) = _feed(tmp_path / "products_export.csv", SHOPIFY).rows
    assert _prices(shirt) == ("35.00", "None")
    assert shirt.category == "Apparel > Shirts"
    assert shirt.attributes == {"colours": "Wei\u00df, Blau"}


def test_shopify_bulk_lines_of_variants_and_of_nobody(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "bulk.jsonl", "\n".join(map(json.dumps, BULK)))
    one, two = feed.rows
    assert (_prices(one), one.photos) == (("25.00", "20.00"), ("https://c/1.jpg",))
    assert (_prices(two), two.availability) == (("9.00", "None"), "in stock")
    assert [each.line for each in feed.rejects] == [6]


@pytest.mark.parametrize("form", ["one", "graphql"])
def test_shopify_documents_of_other_forms(tmp_path: Path, form: str) -> None:
    one = {"product": {"handle": "g", "title": "G", "images": [{"src": "https://c/g.jpg"}],
                       "variants": [{"price": "10.000", "inventory_quantity": 0}]}}  # fmt: skip
    feed = _feed(tmp_path / "p.json", one if form == "one" else GRAPHQL)
    (row,) = feed.rows
    assert feed.kind == "Shopify JSON"
    assert (row.id, str(row.price), row.availability, row.photos) == (
        "g", "10.00", "out of stock", ("https://c/g.jpg",),
    )  # fmt: skip


def test_google_names_with_prefix_and_spaces(tmp_path: Path) -> None:
    text = (
        "g:id\tg:title\tg:image link\tg:price\tg:sale price\tg:item group id\tg:color\n"
        "A-1\tDress\thttps://c/1.jpg\t49.90 EUR\t39.90 EUR\tA\tRed/White\n"
    )
    (row,) = _feed(tmp_path / "g.txt", text).rows
    assert (_prices(row), row.group, row.colour) == (("49.90", "39.90"), "A", "Red/White")


def test_xml_of_other_shops(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="ISO-8859-2"?><products><product><id>1</id>'
        "<name>Sukienka \u017c\u00f3\u0142ta</name><price>99,99</price><image>1.jpg</image>"
        '<link rel="self" href="https://api/1"/><link href="https://s/1"/></product></products>'
    )
    (row,) = _feed(tmp_path / "p.xml", text.encode("iso-8859-2")).rows
    assert (row.title, row.url) == ("Sukienka \u017c\u00f3\u0142ta", "https://s/1")
    assert row.price == Decimal("99.99")


def _page(*scripts: str, kind: str = "application/ld+json", head: str = "") -> str:
    listed = "".join(f"<script type='{kind}'>{each}</script>" for each in scripts)
    return f"<!doctype html><html><head>{head}{listed}</head><body>Page</body></html>"


def test_schema_org_list_price_and_variant(tmp_path: Path) -> None:
    (coat,) = _feed(tmp_path / "p.html", _page(json.dumps(PRICED))).rows
    assert (_prices(coat), coat.currency) == (("199.00", "149.00"), "EUR")
    assert (coat.availability, coat.group) == ("in stock", "G9")


def test_schema_org_in_odd_scripts(tmp_path: Path) -> None:
    script = '<!-- {"@type":"Product","sku":"N1","name":"A\nB","image":"https://c/n.jpg"} -->'
    page = _page(script, kind="application/ld+json; charset=utf-8")
    (row,) = _feed(tmp_path / "p.html", page).rows
    assert row.title == "A B"


def test_a_product_that_a_page_describes_twice_is_one(tmp_path: Path) -> None:
    again = {"@type": ["Product"], "sku": "P9", "name": "Coat", "color": "Camel"}
    feed = _feed(tmp_path / "p.html", _page(json.dumps(PRICED), json.dumps(again)))
    (coat,) = feed.rows
    assert (coat.title, coat.colour, feed.rejects) == ("Wool coat", "Camel", ())


def test_a_page_declares_its_encoding(tmp_path: Path) -> None:
    script = '{"@type":"Product","sku":"1","name":"\u041f\u043b\u0430\u0442\u044c\u0435"}'
    page = _page(script, head='<meta charset="windows-1251">').encode("cp1251")
    assert _feed(tmp_path / "p.html", page).rows[0].title == "\u041f\u043b\u0430\u0442\u044c\u0435"


def test_pages_lie_in_folders_beside_their_photos(tmp_path: Path) -> None:
    for number, folder in enumerate(("women", "men/shirts")):
        (tmp_path / folder).mkdir(parents=True)
        script = {"@type": "Product", "sku": f"S{number}", "name": "S", "image": "/img/a.jpg"}
        (tmp_path / folder / "index.html").write_text(_page(json.dumps(script)))
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "a.jpg").write_bytes(b"photo")
    feed = read_source(tmp_path)
    assert sorted(row.id for row in feed.rows) == ["S0", "S1"]
    assert feed.folder == tmp_path


def test_photos_beside_a_page_without_products_are_a_folder(tmp_path: Path) -> None:
    (tmp_path / "about.html").write_text(_page())
    (tmp_path / "a.jpg").write_bytes(b"photo")
    assert [row.id for row in read_source(tmp_path).rows] == ["a.jpg"]


def test_columns_that_describe_a_photo(tmp_path: Path) -> None:
    text = (
        "product_id,name,image_url,view,sort_order,is_main,alt_text\n1,Dress,a.jpg,front,1,1,F\n"
        "2,Top,c.jpg,front,1,1,x\n1,Dress,b.jpg,back,2,0,B\n,,x.jpg,,,,\n,,y.jpg,,,,\n"
    )
    feed = _feed(tmp_path / "rows.csv", text)
    assert [row.photos for row in feed.rows] == [("a.jpg", "b.jpg"), ("c.jpg",)]
    assert [each.line for each in feed.rejects] == [5, 6]


def test_a_damaged_first_line_costs_itself(tmp_path: Path) -> None:
    text = '{"id": "1", "title": "cut\n{"id": "2", "image": "b.jpg"}\n{"id": "3", "image": "c"}\n'
    feed = _feed(tmp_path / "b.jsonl", text)
    assert [row.id for row in feed.rows] == ["2", "3"]
    assert [each.line for each in feed.rejects] == [1]


@pytest.mark.parametrize(
    ("name", "text", "there"),
    [
        ("woo.csv", "ID,Type,SKU,Name,Published,Regular price,Images\n1,simple,A,T,1,5,a.jpg\n",
         {"group"}),
        ("shop.csv", "Handle,Title,Image Src,Variant Price\nt,T,a.jpg,5\n", set()),
        ("mag.csv", "sku,product_type,attribute_set_code,name,base_image,categories\nA,,T,T,a,\n",
         {"category"}),
    ],
)  # fmt: skip
def test_a_column_that_is_absent_is_not_empty(
    tmp_path: Path, name: str, text: str, there: set[str]
) -> None:
    (row,) = _feed(tmp_path / name, text).rows
    assert row.empty <= there


def test_a_map_reaches_into_headings(tmp_path: Path) -> None:
    text = 'Catalogue 2026;;\n;;\n"Id";"Price (EUR)";"Image"\n="0012";"1.049,-";"a.jpg"\n'
    (row,) = _feed(tmp_path / "h.csv", text, fields=parse_field_map(["price=Price (EUR)"])).rows
    assert (row.id, str(row.price)) == ("0012", "1049.00")


@pytest.mark.parametrize(
    ("name", "content", "row"),
    [
        (
            "c.json",
            [{"productId": "7", "productName": "Tee", "imageUrl": "7.jpg", "price": 12,
              "priceCurrency": "EUR", "itemGroupId": "G", "inStock": False, "brandName": "Acme"}],
            ("7", "Tee", "Acme", "EUR", "out of stock", ("7.jpg",)),
        ),
        (
            "c.csv",
            "ProductID;ProductName;ImageURL;BrandName;Currency;Stock\n7;Tee;7.jpg;Acme;EUR;0\n",
            ("7", "Tee", "Acme", "EUR", "out of stock", ("7.jpg",)),
        ),
        (
            "de.csv",
            "Artikelnummer;Bezeichnung;Marke;W\u00e4hrung;Lagerbestand;Bild\n7;Tee;Acme;EUR;0;7.jpg\n",
            ("7", "Tee", "Acme", "EUR", "out of stock", ("7.jpg",)),
        ),
        (
            "views.json",
            [{"id": "8", "name": "Top", "images": {"front": "f.jpg", "more": [{"url": "b.jpg"}]}}],
            ("8", "Top", None, None, None, ("f.jpg", "b.jpg")),
        ),
    ],
)  # fmt: skip
def test_names_of_other_programs(tmp_path: Path, name: str, content: Any, row: Any) -> None:
    (found,) = _feed(tmp_path / name, content).rows
    assert (
        found.id, found.title, found.brand, found.currency, found.availability, found.photos,
    ) == row  # fmt: skip


def test_a_text_of_several_lines_is_no_open_quote(tmp_path: Path) -> None:
    text = (
        'id,title,description,image\n1,Tee,"soft, warm\nred, blue, green, x",a.jpg\n'
        '2,Top,"one\ntwo, three",b.jpg\n'
    )
    feed = _feed(tmp_path / "m.csv", text)
    assert ([row.id for row in feed.rows], feed.rejects) == (["1", "2"], ())
