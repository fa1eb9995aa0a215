"""Exports of Squarespace, BigCommerce and Wix."""

from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Feed

SQUARESPACE = (
    "Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Title,"
    "Option Name 1,Option Value 1,Option Name 2,Option Value 2,Price,Sale Price,On Sale,Stock,"
    "Categories,Visible,Hosted Image URLs\n"
    "5f1,a1,PHYSICAL,Shirt,Size,S,Color,Blue,49.00,39.00,Yes,0,/women/shirts,Yes,"
    "https://s/1.jpg https://s/2.jpg\n"
    ",a2,,,,M,,Blue,59.00,45.00,Yes,Unlimited,,,\n5f2,b1,PHYSICAL,Old,,,,,9.00,,No,1,,No,\n"
)
BIGCOMMERCE = """\
Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Retail Price,Sale Price,\
Brand Name,Categories,Is Visible,Image URL (Import),Image is Thumbnail,Image Sort Order
Product,112,Fog Shirt,physical,FLS,,variant,0,49,60,39,Acme,Shop/Tops;Sale,TRUE,,,
Variant,76,,,FLS-S,Type=Swatch|Name=Color|Value=Sea Blue[#00f]Type=Rectangle|Name=Size|Value=S,,0
Variant,77,,,FLS-M,Type=Swatch|Name=Color|Value=Sea Blue[#00f];Type=Rectangle|Name=Size|Value=M,,2
Image,375,,,,,,,,,,,,,https://s.example/b.jpg,FALSE,0
Image,376,,,,,,,,,,,,,https://s.example/a.jpg,TRUE,1
Product,113,Jeans,physical,AJ,,none,0,89,0,0,,Shop/Jeans,TRUE,,,
Image,377,,,,,,,,,,,,,https://s.example/j.jpg,TRUE,0
Video,9
Product,114,Draft,physical,D,,none,0,9,,,,Shop,FALSE,,,
"""
WIX = """\
handle,fieldType,name,visible,plainDescription,media,brand,price,strikethroughPrice,inventory,\
productOptionName1,productOptionChoices1
silk,PRODUCT,Silk blouse,TRUE,<p>Soft</p>,https://s.example/a.jpg,Acme,40,50,,Colour,
silk,MEDIA,,,,b1_c~mv2.jpg,,,,,,
silk,VARIANT,,TRUE,,,,45,50,OUT_OF_STOCK,Colour,#ff0000:Red
silk,VARIANT,,FALSE,,,,5,50,IN_STOCK,Colour,#0000ff:Blue
scarf,PRODUCT,Scarf,TRUE,,https://s.example/s.jpg,,20,,IN_STOCK,Size,S;M
"""
DISCOUNTS = """\
handleId,fieldType,name,productImageUrl,collection,price,visible,discountMode,discountValue,inventory
1,Product,Dress,a.jpg;b.jpg,Dresses;New,80,true,PERCENT,25,InStock
2,Product,Coat,c.jpg,Coats,200,true,AMOUNT,50.5,10
3,Product,Tee,d.jpg,Tops,20,true,PERCENT,0,OutOfStock
4,Product,Cap,e.jpg,Hats,9,false,PERCENT,0,InStock
"""


def _feed(folder: Path, text: str) -> Feed:
    path = folder / "products.csv"
    path.write_text(text)
    return read_feed(path)


def test_squarespace(tmp_path: Path) -> None:
    feed = _feed(tmp_path, SQUARESPACE)
    (row,) = feed.rows
    assert (row.id, row.category, row.colour) == ("5f1", "women > shirts", "Blue")
    assert (row.price, row.sale_price) == (Decimal(49), Decimal(39))
    assert (row.availability, (row.attributes or {})["size"]) == ("in stock", "S, M")
    assert (len(row.photos), feed.rejects, len(feed.notes)) == (2, (), 1)


def test_variants_and_photos_below_a_product_of_bigcommerce(tmp_path: Path) -> None:
    feed = _feed(tmp_path, BIGCOMMERCE)
    shirt, jeans = feed.rows
    assert (shirt.id, shirt.title, shirt.category) == ("112", "Fog Shirt", "Shop > Tops")
    assert (shirt.brand, shirt.price, shirt.sale_price) == ("Acme", Decimal(49), Decimal(39))
    assert (shirt.colour, shirt.attributes) == ("Sea Blue", {"size": "S, M"})
    assert shirt.photos == ("https://s.example/a.jpg", "https://s.example/b.jpg")
    assert (shirt.availability, jeans.availability) == ("in stock", "in stock")
    assert (jeans.price, jeans.sale_price) == (Decimal(89), None)
    assert (feed.kind, feed.rejects, len(feed.notes)) == ("BigCommerce CSV", (), 1)


@pytest.mark.parametrize(("stock", "expected"), [(0, "out of stock"), (5, "in stock")])
def test_stock_of_variants_of_bigcommerce(tmp_path: Path, stock: int, expected: str) -> None:
    feed = _feed(tmp_path, BIGCOMMERCE.replace("Value=M,,2", f"Value=M,,{stock}"))
    assert next(iter(feed.rows)).availability == expected


def test_rows_above_the_first_product_of_bigcommerce_are_reported(tmp_path: Path) -> None:
    header, *rows = BIGCOMMERCE.splitlines(keepends=True)
    feed = _feed(tmp_path, "".join([header, rows[3], *rows[:3]]))
    assert [(each.line, each.reason) for each in feed.rejects] == [(2, "no handle or id")]


def test_variants_of_wix_s_older_export(tmp_path: Path) -> None:
    text = """handleId,fieldType,name,productImageUrl,collection,sku,price,surcharge,inventory,\
productOptionName1,productOptionDescription1
p1,Product,Tee,a.jpg;b.jpg,Tops,T,19.90,,,Size,S;M
p1,Variant,,,,T-S,,0,0,Size,S
p1,Variant,,,,T-M,,2,3,Size,M
"""
    (row,) = _feed(tmp_path, text).rows
    assert (row.id, row.title, row.price, row.availability) == (
        "p1", "Tee", Decimal("19.90"), "in stock",
    )  # fmt: skip
    assert row.photos == ("a.jpg", "b.jpg")


def test_rows_of_wix(tmp_path: Path) -> None:
    feed = _feed(tmp_path, WIX)
    silk, scarf = feed.rows
    assert (silk.id, silk.title, silk.brand, silk.description) == (
        "silk", "Silk blouse", "Acme", "Soft",
    )  # fmt: skip
    assert (silk.price, silk.sale_price, silk.availability) == (
        Decimal(50), Decimal(45), "out of stock",
    )  # fmt: skip
    assert silk.colour == "Red"
    assert silk.photos == (
        "https://s.example/a.jpg", "https://static.wixstatic.com/media/b1_c~mv2.jpg",
    )  # fmt: skip
    assert (scarf.price, scarf.availability, scarf.attributes) == (
        Decimal(20), "in stock", {"size": "S, M"},
    )  # fmt: skip
    assert (feed.kind, feed.rejects) == ("Wix CSV", ())


def test_products_of_wix_without_a_handle_are_reported_each(tmp_path: Path) -> None:
    text = "handleId,fieldType,name,productImageUrl,sku,price\n"
    feed = _feed(tmp_path, f"{text},Product,Tee,a.jpg,T,9\n,Product,Coat,b.jpg,C,99\n")
    assert [(each.line, each.reason) for each in feed.rejects] == [
        (2, "no handle or id"), (3, "no handle or id"),
    ]  # fmt: skip


def test_discounts_of_wix(tmp_path: Path) -> None:
    feed = _feed(tmp_path, DISCOUNTS)
    assert [(row.id, row.price, row.sale_price) for row in feed.rows] == [
        ("1", Decimal(80), Decimal(60)), ("2", Decimal(200), Decimal("149.50")),
        ("3", Decimal(20), None),
    ]  # fmt: skip
    dress, _, tee = feed.rows
    assert (dress.photos, dress.category) == (("a.jpg", "b.jpg"), "Dresses")
    assert (tee.availability, len(feed.notes)) == ("out of stock", 1)
