"""Small samples of every dialect, with the right values."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed, read_source
from catalog.feeds.rows import ProductRow

WOO = """\
ID,Type,SKU,Name,Published,Short description,Description,In stock?,Stock,Sale price,\
Regular price,Categories,Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s)
7,simple,CAP,Linen shirt,1,Short,Long,1,4,29.90,39.90,"Men > Shirts, Sale",linen,\
"https://s/a.jpg, https://s/b.jpg",,Color,White
8,simple,OLD,Old shirt,-1,,,1,4,,39.90,Men > Shirts,,https://s/o.jpg,,,
9,variable,POLO,Polo,1,,,1,,,,Men > Polos,,https://s/p.jpg,,Size,"S, M"
10,variation,POLO-S,Polo - S,1,,,0,0,,45,,,,POLO,Size,S
11,variation,POLO-M,Polo - M,1,,,1,2,,42,,,https://s/p-m.jpg,id:9,Size,M
"""
MAGENTO = """\
sku,store_view_code,attribute_set_code,product_type,categories,name,description,product_online,\
visibility,price,special_price,base_image,additional_images,additional_attributes,qty,is_in_stock,\
configurable_variations
MT07-S,,Top,simple,Default Category/Men/Tops,Tank S,,1,Not Visible Individually,20.00,,\
/m/t/s.jpg,,"color=Blue,size=S",0,0,
MT07-M,,Top,simple,Default Category/Men/Tops,Tank M,,1,Not Visible Individually,18.00,,\
/m/t/s.jpg,,"color=Blue,size=M",5,1,
MT07,,Top,configurable,"Default Category/Men,Default Category/Men/Tops",Argus tank,<p>Soft</p>,1,\
"Catalog, Search",,,/m/t/main.jpg,"/m/t/back.jpg,/m/t/alt.jpg",\
"manufacturer=Acme,material=Cotton|Linen",0,1,"sku=MT07-S,size=S|sku=MT07-M,size=M"
MT07,german,Top,configurable,,Argus-Hemd,,,,,,,,,,,
OFF,,Top,simple,Default Category/Men,Off,,2,"Catalog, Search",9.00,,/o.jpg,,,1,1,
"""
SHOPIFY = """\
Title,URL handle,Description,Vendor,Type,Status,Price,Compare-at price,Inventory tracker,\
Inventory quantity,Product image URL,Option1 name,Option1 value,\
Color (product.metafields.shopify.color-pattern),Fabric (product.metafields.shopify.fabric)
Wide jeans,wide-jeans,<p>Wide</p>,Acme,Jeans,Active,59.00,79.00,shopify,3,https://s/j.jpg,Size,28,\
navy,cotton; elastane
"""
PRODUCTS_JSON = {
    "products": [
        {
            "id": 1, "title": "Wrap dress", "handle": "wrap-dress", "body_html": "<p>Soft</p>",
            "vendor": "Acme", "product_type": "Dresses", "tags": ["new", "summer"],
            "variants": [
                {"price": "49.00", "compare_at_price": None, "available": False},
                {"price": "45.00", "compare_at_price": None, "available": True},
            ],
            "images": [{"src": "https://s/1.jpg"}, {"src": "https://s/2.jpg"}],
            "options": [{"name": "Color", "values": ["Red"]}, {"name": "Title", "values": ["x"]}],
        }
    ]
}  # fmt: skip
BULK = (
    '{"id":"gid://shopify/Product/1","title":"Wrap dress","handle":"wrap-dress","vendor":"Acme",'
    '"status":"ACTIVE","productType":"Dresses",'
    '"featuredMedia":{"preview":{"image":{"url":"https://s/0.jpg"}}}}\n'
    '{"namespace":"custom","key":"fabric","value":"Linen","__parentId":"gid://shopify/Product/1"}\n'
    '{"id":"gid://shopify/ProductVariant/2","price":"45.00","compareAtPrice":"60.00",'
    '"inventoryQuantity":2,"selectedOptions":[{"name":"Color","value":"Red"}],'
    '"__parentId":"gid://shopify/Product/1"}\n'
    '{"id":"gid://shopify/MediaImage/3","image":{"url":"https://s/1.jpg"},'
    '"__parentId":"gid://shopify/Product/1"}\n'
    '{"id":"gid://shopify/Product/9","title":"Soon","handle":"soon","status":"DRAFT"}\n'
)
WOO_REST = [
    {
        "id": 7, "name": "Linen shirt", "permalink": "https://s/linen", "status": "publish",
        "description": "<p>Soft</p>", "sku": "L7", "price": "29.90", "regular_price": "39.90",
        "sale_price": "29.90", "date_on_sale_from_gmt": None, "stock_status": "onbackorder",
        "categories": [{"name": "Shirts"}], "images": [{"src": "https://s/a.jpg"}],
        "attributes": [{"name": "Color", "options": ["White"]}],
    },
    {"id": 8, "name": "Draft", "permalink": "", "status": "draft", "regular_price": "",
     "stock_status": "instock"},
]  # fmt: skip
JSON_LD = {
    "@context": "https://schema.org", "@graph": [
        {"@type": "WebPage", "name": "Shop"},
        {
            "@type": "Product", "sku": "K1", "name": "Knit &amp; wool", "color": "Grey",
            "brand": {"@type": "Brand", "name": "Acme"},
            "image": ["https://s/k.jpg", {"@type": "ImageObject", "url": "https://s/k2.jpg"}],
            "offers": {"@type": "Offer", "price": 24.950, "priceCurrency": "EUR",
                       "availability": "https://schema.org/SoldOut", "url": "https://s/k"},
        },
    ],
}  # fmt: skip


def _read(path: Path, content: object) -> tuple[ProductRow, ...]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_feed(path).rows


def test_woocommerce_csv(tmp_path: Path) -> None:
    shirt, polo = _read(tmp_path / "shop.csv", WOO)
    assert (shirt.id, shirt.title, shirt.category, shirt.colour) == (
        "7", "Linen shirt", "Men > Shirts", "White",
    )  # fmt: skip
    assert (shirt.price, shirt.sale_price) == (Decimal("39.90"), Decimal("29.90"))
    assert shirt.photos == ("https://s/a.jpg", "https://s/b.jpg")
    assert (shirt.description, shirt.attributes) == ("Long", {"tags": "linen", "sku": "CAP"})
    assert (polo.id, polo.price, polo.availability) == ("9", Decimal("42.00"), "in stock")
    assert polo.photos == ("https://s/p.jpg", "https://s/p-m.jpg")
    assert polo.attributes == {"size": "S, M", "sku": "POLO"}
    feed = read_feed(tmp_path / "shop.csv")
    assert feed.kind == "WooCommerce CSV"
    assert feed.notes == ("1 products are drafts, private or hidden and were left out",)
    assert ("price", "Regular price") in feed.used


def test_magento_csv(tmp_path: Path) -> None:
    (tank,) = _read(tmp_path / "export.csv", MAGENTO)
    assert (tank.id, tank.title, tank.brand, tank.category) == (
        "MT07", "Argus tank", "Acme", "Men > Tops",
    )  # fmt: skip
    assert (tank.price, tank.availability, tank.colour) == (Decimal("18.00"), "in stock", "Blue")
    assert tank.photos == ("m/t/main.jpg", "m/t/back.jpg", "m/t/alt.jpg", "m/t/s.jpg")
    assert tank.attributes == {"size": "S, M", "material": "Cotton, Linen"}
    feed = read_feed(tmp_path / "export.csv")
    assert feed.kind == "Magento CSV"
    assert len(feed.notes) == 2
    wider = MAGENTO.replace("configurable_variations\n", "configurable_variations,weight\n", 1)
    (tmp_path / "wider.csv").write_text(wider)
    assert read_feed(tmp_path / "wider.csv").ignored == ("weight",)


def test_shopify_csv_with_metafields(tmp_path: Path) -> None:
    (jeans,) = _read(tmp_path / "products_export.csv", SHOPIFY)
    assert (jeans.colour, jeans.price, jeans.sale_price) == (
        "navy", Decimal("79.00"), Decimal("59.00"),
    )  # fmt: skip
    assert jeans.attributes == {"fabric": "cotton, elastane", "size": "28"}
    assert jeans.availability == "in stock"


def test_shopify_products_json(tmp_path: Path) -> None:
    (dress,) = _read(tmp_path / "products.json", PRODUCTS_JSON)
    assert (dress.id, dress.title, dress.brand, dress.category, dress.colour) == (
        "wrap-dress", "Wrap dress", "Acme", "Dresses", "Red",
    )  # fmt: skip
    assert (dress.price, dress.sale_price, dress.availability) == (
        Decimal("45.00"), None, "in stock",
    )  # fmt: skip
    assert dress.photos == ("https://s/1.jpg", "https://s/2.jpg")
    assert dress.attributes == {"tags": "new, summer", "option_title": "x"}


def test_shopify_bulk_lines(tmp_path: Path) -> None:
    (dress,) = _read(tmp_path / "bulk.jsonl", BULK)
    assert (dress.id, dress.price, dress.sale_price) == (
        "wrap-dress", Decimal("60.00"), Decimal("45.00"),
    )  # fmt: skip
    assert (dress.photos, dress.colour) == (("https://s/0.jpg", "https://s/1.jpg"), "Red")
    assert dress.attributes is not None
    assert dress.attributes["fabric"] == "Linen"


def test_woocommerce_rest(tmp_path: Path) -> None:
    (shirt,) = _read(tmp_path / "woo.json", WOO_REST)
    assert (shirt.id, shirt.price, shirt.sale_price, shirt.availability) == (
        "7", Decimal("39.90"), Decimal("29.90"), "backorder",
    )  # fmt: skip
    assert (shirt.category, shirt.colour, shirt.url) == ("Shirts", "White", "https://s/linen")
    assert shirt.photos == ("https://s/a.jpg",)


def _check_knit(row: ProductRow) -> None:
    assert row == ProductRow(
        "K1", "Knit & wool", ("https://s/k.jpg", "https://s/k2.jpg"), brand="Acme", colour="Grey",
        price=Decimal("24.95"), currency="EUR", url="https://s/k", availability="out of stock",
        attributes={"sku": "K1"},
    )  # fmt: skip


def test_schema_org(tmp_path: Path) -> None:
    (knit,) = _read(tmp_path / "graph.json", JSON_LD)
    _check_knit(knit)


def test_schema_org_in_web_pages(tmp_path: Path) -> None:
    script = f'<script type="application/ld+json">{json.dumps(JSON_LD)}</script>'
    page = f"<!DOCTYPE html><html><head>{script}</head><body>Knit</body></html>"
    (tmp_path / "knit.html").write_text(page)
    (tmp_path / "about.html").write_text("<!DOCTYPE html><html><body>About us</body></html>")
    feed = read_source(tmp_path)
    _check_knit(feed.rows[0])
    assert (feed.rejects, feed.notes) == (
        (), ("1 pages describe no schema.org Product and were left out",)
    )  # fmt: skip
    _check_knit(read_feed(tmp_path / "knit.html").rows[0])


@pytest.mark.parametrize("form", ["array", "nested", "lines"])
def test_json_documents(tmp_path: Path, form: str) -> None:
    entries = [
        {"id": n, "name": "Tee", "price": {"amount": 12.500 + n, "currency": "EUR"},
         "brand": {"name": "Acme"}, "images": [{"url": "a.jpg"}, "b.jpg"], "dims": {"w": 5}}
        for n in range(2)
    ]  # fmt: skip
    content = {
        "array": json.dumps(entries, indent=1),
        "nested": json.dumps({"status": "ok", "data": {"items": entries}}),
        "lines": "\n".join(map(json.dumps, entries)),
    }[form]
    rows = _read(tmp_path / "feed.json", content)
    assert [(row.id, row.price, row.currency) for row in rows] == [
        ("0", Decimal("12.50"), "EUR"), ("1", Decimal("13.50"), "EUR"),
    ]  # fmt: skip
    assert (rows[0].brand, rows[0].photos) == ("Acme", ("a.jpg", "b.jpg"))
    assert rows[0].attributes is not None
    assert rows[0].attributes["dims_w"] == "5"


def test_json_numbers_keep_their_point(tmp_path: Path) -> None:
    text = '{"id": "1", "price": 24.950}\n{"id": "2", "price": "24.950"}\n'
    assert [row.price for row in _read(tmp_path / "feed.jsonl", text)] == [
        Decimal("24.95"), Decimal("24950.00"),
    ]  # fmt: skip


def test_agentic_commerce_feed(tmp_path: Path) -> None:
    entry = {
        "item_id": "A1", "title": "Coat", "url": "https://s/coat", "image_url": "https://s/c.jpg",
        "additional_image_urls": ["https://s/d.jpg"], "price": "79.99 USD", "brand": "Acme",
        "sale_price": "59.99 USD", "availability": "in_stock", "product_category": "Coats",
        "group_id": "A", "is_eligible_search": True,
    }  # fmt: skip
    path = tmp_path / "feed.jsonl"
    (coat,) = _read(path, entry)
    assert (coat.id, coat.price, coat.sale_price, coat.currency) == (
        "A1", Decimal("79.99"), Decimal("59.99"), "USD",
    )  # fmt: skip
    assert (coat.photos, coat.group) == (("https://s/c.jpg", "https://s/d.jpg"), "A")
    assert read_feed(path).kind == "Agentic Commerce feed"


def test_a_row_for_each_photo(tmp_path: Path) -> None:
    text = "id,title,image,position\n1,Tee,a.jpg,1\n1,Tee,b.jpg,2\n2,Top,c.jpg,1\n1,Other,d.jpg,1\n"
    path = tmp_path / "feed.csv"
    assert [(row.id, row.photos) for row in _read(path, text)] == [
        ("1", ("a.jpg", "b.jpg")), ("2", ("c.jpg",)),
    ]  # fmt: skip
    assert [reject.line for reject in read_feed(path).rejects] == [5]


@pytest.mark.parametrize(
    ("cell", "photos"),
    [
        ("a.jpg, b.jpg", ("a.jpg", "b.jpg")),
        ("a.jpg|b.png;c.webp", ("a.jpg", "b.png", "c.webp")),
        ("shirt, red.jpg", ("shirt, red.jpg",)),
        ("//cdn.example/a.jpg?v=1,2", ("https://cdn.example/a.jpg?v=1,2",)),
        ("https://s/a.jpg https://s/b.jpg", ("https://s/a.jpg", "https://s/b.jpg")),
        ("https://s/a.jpg" + " " * 200_000 + "x", None),
        ("['a.jpg', 'b.jpg']", ("a.jpg", "b.jpg")),
        ("a.jpg , b.png", ("a.jpg", "b.png")),
        ("https://s/a.jpg?w=1&amp;h=2", ("https://s/a.jpg?w=1&h=2",)),
        ("http://[bad/a.jpg", ("http://[bad/a.jpg",)),
    ],
)
def test_photos_in_one_cell(tmp_path: Path, cell: str, photos: tuple[str, ...] | None) -> None:
    rows = _read(tmp_path / "feed.tsv", f"id\timage\n1\t{cell}\n")
    assert rows[0].photos == (photos or ())


def test_entities_and_tags_in_titles(tmp_path: Path) -> None:
    text = "id,title,brand\n1,<b>Tom &amp; Jerry</b> tee,H&amp;M\n"
    (row,) = _read(tmp_path / "feed.csv", text)
    assert (row.title, row.brand) == ("Tom & Jerry tee", "H&M")
