"""The kinds of feeds that shops have: Google Merchant, Shopify, JSON lines; maps, encodings."""

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds.reader import parse_field_map, read_feed
from catalog.feeds.rows import FieldWarning, ProductRow
from catalog.feeds.text.html_text import plain_text

GOOGLE_NAMES = (
    "id title description link image_link additional_image_link availability price brand color "
    "gender age_group size item_group_id"
).split()
GOOGLE_VALUES = (
    "TS-1-M", "Striped tee", "Soft <b>cotton</b> &amp; linen", "https://shop.example/ts-1",
    "https://cdn.example/1.jpg?v=1;2", "https://cdn.example/2.jpg,https://cdn.example/3.jpg",
    "in_stock", "12.50 EUR", "Acme", "navy", "female", "adult", "M", "TS-1",
)  # fmt: skip
GOOGLE_ROW = ProductRow(
    id="TS-1-M",
    title="Striped tee",
    photos=(
        "https://cdn.example/1.jpg?v=1;2",
        "https://cdn.example/2.jpg",
        "https://cdn.example/3.jpg",
    ),
    brand="Acme",
    colour="navy",
    price=Decimal("12.50"),
    currency="EUR",
    url="https://shop.example/ts-1",
    availability="in stock",
    attributes={"gender": "female", "age_group": "adult", "size": "M"},
    description="Soft cotton & linen",
    group="TS-1",
)
RSS = """\
<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">
<channel>
<title>The shop</title><link>https://shop.example</link>
<item>
  <title>A plain title that Google's goes before</title>
  <g:id>TS-1-M</g:id>
  <g:title>Striped tee</g:title>
  <g:description><![CDATA[Soft <b>cotton</b> &amp; linen]]></g:description>
  <link>https://shop.example/ts-1</link>
  <g:image_link>https://cdn.example/1.jpg?v=1;2</g:image_link>
  <g:additional_image_link>https://cdn.example/2.jpg</g:additional_image_link>
  <g:additional_image_link>https://cdn.example/3.jpg</g:additional_image_link>
  <g:availability>in_stock</g:availability>
  <g:price>12.50 EUR</g:price>
  <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
  <g:brand>Acme</g:brand>
  <g:color>navy</g:color>
  <g:gender>female</g:gender>
  <g:age_group>adult</g:age_group>
  <g:size>M</g:size>
  <g:item_group_id>TS-1</g:item_group_id>
</item>
<item><g:id>bad</g:id><g:image_link>https://cdn.example/b.jpg</g:image_link>
  <g:price>a lot</g:price></item>
</channel>
</rss>
"""
SHOPIFY_OLD = """\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,\
Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Inventory Policy,Variant Price,Image Src,Image Position,Variant Image,Status
tee,Striped tee,"<p>Soft &amp; <b>warm</b></p><ul><li>Cotton</li></ul>",Acme,T-Shirts,\
"new, summer",true,Size,S,Color,Navy,T-S,shopify,0,deny,19.90,https://cdn.example/back.jpg,2,,active
tee,,,,,,,,M,,Navy,T-M,shopify,3,deny,17.90,https://cdn.example/front.jpg,1,\
https://cdn.example/m.jpg,
tee,,,,,,,,,,,,,,,,https://cdn.example/detail.jpg,3,,
hat,Hat,,Acme,Hats,,true,Title,Default Title,,,H,shopify,0,deny,9.00,https://cdn.example/hat.jpg,1,,active
soon,Coming soon,,Acme,Hats,,true,Title,Default Title,,,S,,,,9.00,https://cdn.example/s.jpg,1,,draft
bare,No photo,,Acme,Hats,,true,Title,Default Title,,,B,,,,9.00,,,,active
"""
SHOPIFY_NEW = """\
Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,\
SKU,Option1 name,Option1 value,Price,Inventory tracker,Inventory quantity,\
Continue selling when out of stock,Product image URL,Image position,Variant image URL
Striped tee,tee,<p>Soft</p>,Acme,Apparel > Tops,T-Shirts,new,TRUE,Active,T-S,Size,S,19.90,shopify,\
0,TRUE,https://cdn.example/front.jpg,1,
,tee,,,,,,,,T-M,,M,21.90,shopify,0,FALSE,https://cdn.example/back.jpg,2,
"""


def _write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_google_tsv_brings_every_field(tmp_path: Path) -> None:
    text = "\t".join(GOOGLE_NAMES) + "\n" + "\t".join(GOOGLE_VALUES) + "\n"
    feed = read_feed(_write(tmp_path / "google.txt", text, "utf-8-sig"))
    assert feed.rows == (GOOGLE_ROW,)
    assert feed.rejects == ()


def test_google_xml_brings_the_same_and_lines_of_rejects(tmp_path: Path) -> None:
    feed = read_feed(_write(tmp_path / "google.xml", RSS))
    assert feed.kind == "Google Merchant XML"
    shipping = {"shipping_country": "DE", "shipping_price": "4.90 EUR"}
    assert feed.rows == (
        replace(GOOGLE_ROW, attributes=shipping | dict(GOOGLE_ROW.attributes or {})),
        ProductRow("bad", "", ("https://cdn.example/b.jpg",), attributes={}),
    )
    reason = "price 'a lot' is not an amount like 24.90 EUR"
    assert feed.warnings == (FieldWarning(24, "price unreadable", reason, "bad"),)


def test_google_atom_links_are_addresses(tmp_path: Path) -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry>'
        '<g:id>a</g:id><link href="https://shop.example/a"/>'
        "<g:image_link>https://cdn.example/a.jpg</g:image_link></entry></feed>"
    )
    (row,) = read_feed(_write(tmp_path / "atom.xml", text, "utf-16")).rows
    assert (row.id, row.url) == ("a", "https://shop.example/a")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
    ],
)
def test_xml_with_entities_is_refused(tmp_path: Path, declaration: str) -> None:
    text = f"<!DOCTYPE rss [{declaration}]><rss><item><id>&b;</id></item></rss>"
    with pytest.raises(FeedError, match="entities"):
        read_feed(_write(tmp_path / "bomb.xml", text))


def test_shopify_rows_of_one_handle_are_one_product(tmp_path: Path) -> None:
    feed = read_feed(_write(tmp_path / "products_export.csv", SHOPIFY_OLD))
    tee, hat, bare = feed.rows
    assert tee == ProductRow(
        id="tee",
        title="Striped tee",
        photos=tuple(
            f"https://cdn.example/{name}.jpg" for name in ("front", "back", "detail", "m")
        ),
        brand="Acme",
        category="T-Shirts",
        colour="Navy",
        price=Decimal("17.90"),
        availability="in stock",
        attributes={"size": "S, M", "tags": "new, summer"},
        description="Soft & warm\nCotton",
    )
    assert (hat.availability, hat.attributes) == ("out of stock", {})
    assert (bare.line, bare.photos, feed.rejects) == (7, (), ())
    assert feed.notes == (
        "1 products are drafts, archived, unlisted or unpublished and were left out",
    )
    assert feed.kind == "Shopify CSV"


def test_the_newer_shopify_dialect(tmp_path: Path) -> None:
    (tee,) = read_feed(_write(tmp_path / "products_export.csv", SHOPIFY_NEW)).rows
    assert (tee.id, tee.title, tee.category, tee.price) == (
        "tee", "Striped tee", "T-Shirts", Decimal("19.90"),
    )  # fmt: skip
    assert tee.photos == ("https://cdn.example/front.jpg", "https://cdn.example/back.jpg")
    assert (tee.availability, tee.attributes) == ("in stock", {"size": "S, M", "tags": "new"})


def test_shopify_takes_further_fields_by_map(tmp_path: Path) -> None:
    path = _write(tmp_path / "shop.csv", SHOPIFY_OLD)
    tee = read_feed(path, parse_field_map(["sku=Variant SKU", "group=Vendor"])).rows[0]
    assert tee.attributes is not None
    assert (tee.attributes["sku"], tee.group) == ("T-S", "Acme")
    with pytest.raises(FeedError, match="no column 'Fabric'"):
        read_feed(path, parse_field_map(["fabric=Fabric"]))


def test_json_lines(tmp_path: Path) -> None:
    text = (
        '{"id": 7, "name": "Tee", "price": 12.10, "images": ["a.jpg", "b.jpg"],'
        ' "organic": true}\n'
        "\n"
        "[1]\n"
        '{"name": "No id", "images": "c.jpg"}\n'
        '{"id": "8", "images": "c.jpg", "price": null, "size": ["S", "M"], "brand": "Acme"}\n'
    )
    feed = read_feed(_write(tmp_path / "feed.jsonl", text))
    tee, other = feed.rows
    assert (tee.id, tee.title, tee.price) == ("7", "Tee", Decimal("12.10"))
    assert tee.attributes == {"organic": "true"}
    assert other == ProductRow("8", "", ("c.jpg",), brand="Acme", attributes={"size": "S\nM"})
    assert [(reject.line, reject.reason) for reject in feed.rejects] == [
        (3, "no JSON object"), (4, "no id"),
    ]  # fmt: skip


def test_a_map_says_what_columns_hold(tmp_path: Path) -> None:
    text = "Nr,Bezeichnung,Hersteller,Bild 1,Bild 2,Stoff\n1,Hemd,Acme,a.jpg,b.jpg,Leinen\n"
    path = _write(tmp_path / "feed.csv", text)
    with pytest.raises(FeedError, match="--map id=COLUMN"):
        read_feed(path)
    fields = parse_field_map(
        ["id=Nr", "title=Bezeichnung", "brand=hersteller", "photos=Bild 1", "photo=Bild 2",
         "fabric=Stoff"]
    )  # fmt: skip
    assert read_feed(path, fields).rows == (
        ProductRow("1", "Hemd", ("a.jpg", "b.jpg"), brand="Acme", attributes={"fabric": "Leinen"}),
    )


@pytest.mark.parametrize("text", ["title", "=name", "title=", ""])
def test_a_map_is_pairs(text: str) -> None:
    with pytest.raises(FeedError, match="FIELD=COLUMN"):
        parse_field_map([text])


@pytest.mark.parametrize(
    ("encoding", "noted"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 0), ("cp1252", 1)]
)
def test_encodings(tmp_path: Path, encoding: str, noted: int) -> None:
    path = _write(tmp_path / "feed.csv", "id,title,photo\na,Crêpe – 5 €,a.jpg\n", encoding)
    feed = read_feed(path)
    assert feed.rows[0].title == "Crêpe – 5 €"
    assert len(feed.notes) == noted


def test_lines_are_counted_over_line_ends_inside_cells(tmp_path: Path) -> None:
    text = 'id,photo,text\na,a.jpg,"two\nlines"\n,b.jpg,"more\n\nlines"\nc,c.jpg,x\n'
    feed = read_feed(_write(tmp_path / "feed.csv", text))
    assert [row.line for row in feed.rows] == [2, 7]
    assert feed.rejects[0].line == 4


def test_long_cells_and_long_descriptions(tmp_path: Path) -> None:
    text = f"id,photo,description\na,a.jpg,{'long ' * 50_000}\n"
    (row,) = read_feed(_write(tmp_path / "feed.csv", text)).rows
    assert row.description is not None
    assert len(row.description) == 5000


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain < 5 & more", "plain < 5 & more"),
        ("<p>One</p><p>Two<br>three</p>", "One\nTwo\nthree"),
        ("a&nbsp;b &lt;c&gt; &eacute;", "a b <c> é"),
        ("&lt;b&gt;Tee&lt;/b&gt; AT&amp;amp;T", "Tee AT&T"),
        ("<style>p {}</style><script>alert(1)</script>seen<!-- not -->", "seen"),
        ("<table><tr><td>S</td><td>M</td></tr></table>", "S M"),
        ("<b>open <i>tags", "open tags"),
        ("<![odd[ <b>x</b>", "<![odd[ x"),
    ],
)
def test_html_becomes_the_text_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "sample", [RSS, SHOPIFY_OLD, '{"id": "a", "photo": "a.jpg"}\n', "id,photo\n"]
)
def test_a_damaged_file_is_a_feed_or_an_error_in_one_line(tmp_path: Path, sample: str) -> None:
    rng = random.Random(5)
    path = tmp_path / "feed"
    whole = sample.encode()
    reasons = []
    for _ in range(150):
        data = bytearray(whole[: rng.randrange(1, len(whole) + 1)])
        for _ in range(rng.randrange(6)):
            data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), *b'"<,&\0\n'))
        path.write_bytes(data)
        try:
            feed = read_feed(path)
        except FeedError as error:
            reasons.append(str(error))
        else:
            assert feed.rows or feed.rejects
    assert reasons
    assert not any("\n" in reason or len(reason) > 900 for reason in reasons)


def test_google_category_numbers_become_names(tmp_path: Path) -> None:
    text = (
        "id\timage_link\tproduct_type\tgoogle_product_category\n"
        "1\ta.jpg\t\t2271\n2\ta.jpg\tFormal\t207 - Apparel & Accessories > Clothing > Shorts\n"
        "3\ta.jpg\t\t4\n4\ta.jpg\t\tClothing\n"
    )
    path = tmp_path / "google.tsv"
    path.write_text(text)
    rows = read_feed(path, parse_field_map(["category=google_product_category"])).rows
    assert [row.category for row in rows] == [
        "Apparel & Accessories > Clothing > Dresses",
        "Apparel & Accessories > Clothing > Shorts",
        "4",
        "Clothing",
    ]
    second = read_feed(path).rows[1]
    assert (second.category, second.attributes) == (
        "Formal",
        {"google_product_category": "Apparel & Accessories > Clothing > Shorts"},
    )


@pytest.mark.parametrize(
    ("numbers", "first"),
    [("212,204", "Apparel & Accessories > Clothing > Shirts & Tops"), ("212,12", "212")],
)
def test_a_shops_own_category_numbers_stay(tmp_path: Path, numbers: str, first: str) -> None:
    lines = "".join(f"{n},{n}.jpg,{n}\n" for n in numbers.split(","))
    (tmp_path / "feed.csv").write_text(f"id,photo,category\n{lines}")
    assert read_feed(tmp_path / "feed.csv").rows[0].category == first
