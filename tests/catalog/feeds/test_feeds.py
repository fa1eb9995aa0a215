"""Feed files and folders into rows and rejects."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds.availability import read_availability
from catalog.feeds.folder import read_folder
from catalog.feeds.reader import read_feed, read_source
from catalog.feeds.rows import ProductRow, Reject
from catalog.sale import price_at
from tests.fakes import draw_photo

FULL = """\
sku;Name;Vendor;Product type;Color;Price;Link;Availability;Images;Size
a1;Red shirt;Acme;Shirts;red;24,90 EUR;https://shop/a1;in stock;a1.jpg|a1-back.jpg;M
"""


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_every_field_is_found_under_other_shops_names(tmp_path: Path) -> None:
    feed = read_feed(_write(tmp_path / "feed.csv", FULL))
    assert feed.rows == (
        ProductRow(
            id="a1",
            title="Red shirt",
            photos=("a1.jpg", "a1-back.jpg"),
            brand="Acme",
            category="Shirts",
            colour="red",
            price=Decimal("24.90"),
            currency="EUR",
            url="https://shop/a1",
            availability="in stock",
            attributes={"size": "M"},
        ),
    )
    assert feed.folder == tmp_path
    assert feed.origin is None


def test_clothing_dataset_imports_directly(tmp_path: Path) -> None:
    text = "image,sender_id,label,kids\n4285fab0-751a,124,T-Shirt,False\n"
    (row,) = read_feed(_write(tmp_path / "images.csv", text)).rows
    assert (row.id, row.title, row.category) == ("4285fab0-751a", "T-Shirt", "T-Shirt")
    assert row.photos == ("4285fab0-751a",)
    assert row.attributes == {"sender_id": "124", "kids": "False"}


def test_tab_separated_with_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    path.write_bytes("\ufeffid\tphoto\r\na, b\ta.jpg\r\n".encode())
    assert [row.id for row in read_feed(path).rows] == ["a, b"]


def test_bad_rows_are_rejected_with_line_and_reason(tmp_path: Path) -> None:
    text = (
        "id,photo,price\n"
        "a,a.jpg,10\n"
        ",b.jpg,10\n"
        "c,,10\n"
        "\n"
        "d,d.jpg,cheap\n"
        "a,again.jpg,11\n"
        "e,e.jpg,10,surplus\n"
        f"{'x' * 201},f.jpg,10\n"
        "g,g.jpg\n"
    )
    feed = read_feed(_write(tmp_path / "feed.csv", text))
    assert [row.id for row in feed.rows] == ["a", "c", "d", "g"]
    reasons = {reject.line: reject.reason for reject in feed.rejects}
    assert sorted(reasons) == [3, 7, 8, 9]
    assert reasons[3] == "no id"
    assert reasons[7] == "id 'a' is on line 2 already"
    assert "4 cells for 3 columns" in reasons[8]
    assert "longer than 200" in reasons[9]


def test_an_odd_value_costs_the_value_not_the_row(tmp_path: Path) -> None:
    text = (
        "id,photo,colour,link,price,currency,availability,fit\n"
        f"a,a.jpg,{'red ' * 30},https://s/{'x' * 2000},cheap,Taler,perhaps,{'w' * 2001}\n"
    )
    feed = read_feed(_write(tmp_path / "feed.csv", text))
    assert feed.rows == (ProductRow("a", "", ("a.jpg",), attributes={}),)
    assert feed.rejects == ()
    assert Counter(warning.kind for warning in feed.warnings) == {
        "colour too long": 1, "url too long": 1, "price unreadable": 1, "currency unknown": 1,
        "availability unknown": 1, "attribute too long": 1,
    }  # fmt: skip
    assert {(warning.line, warning.id) for warning in feed.warnings} == {(2, "a")}


def test_a_long_title_is_cut(tmp_path: Path) -> None:
    feed = read_feed(_write(tmp_path / "feed.csv", f"id,photo,title\na,a.jpg,{'x' * 501}\n"))
    assert [row.title for row in feed.rows] == ["x" * 500]
    assert [warning.kind for warning in feed.warnings] == ["title too long"]


def test_an_absent_column_is_not_an_empty_one(tmp_path: Path) -> None:
    text = "id,price,colour,size\n1,29.90,,\n2,,red,M\n"
    first, second = read_feed(_write(tmp_path / "stock.csv", text)).rows
    assert first.empty == {"colour", "size"}
    assert second.empty == {"price"}
    assert (first.title, first.photos, first.brand) == ("", (), None)


def test_a_missing_key_is_absent_and_a_null_is_empty(tmp_path: Path) -> None:
    text = '{"id": "1", "price": 5}\n{"id": "2", "price": null, "size": ""}\n'
    first, second = read_feed(_write(tmp_path / "feed.jsonl", text)).rows
    assert first.empty == frozenset()
    assert second.empty == {"price", "size"}


def test_a_price_below_the_regular_one_is_a_sale_price(tmp_path: Path) -> None:
    text = "id,price,regular_price\n1,35 EUR,49 EUR\n2,49,49\n3,,49\n4,30,\n5,30,0\n6,12.50,9.99\n"
    rows = read_feed(_write(tmp_path / "shop.csv", text)).rows
    assert [(row.price, row.sale_price) for row in rows] == [
        (49, 35), (49, None), (49, None), (30, None), (30, None), (Decimal("12.50"), None),
    ]  # fmt: skip
    assert [("sale_price" in row.empty) for row in rows] == [False, True, False, True, True, True]
    assert rows[0].currency == "EUR"


def test_a_sale_holds_between_its_dates(tmp_path: Path) -> None:
    text = (
        "id\timage_link\tprice\tsale_price\tsale_price_effective_date\n"
        "1\ta.jpg\t49.00 EUR\t39.00 EUR\t2026-11-01T00:00+0100/2026-11-30T23:59+0100\n"
        "2\ta.jpg\t49.00 EUR\t39.00 EUR\t\n"
        "3\ta.jpg\t49.00 EUR\t59.00 EUR\tsoon\n"
        "4\ta.jpg\t\t39.00 EUR\t\n"
    )
    feed = read_feed(_write(tmp_path / "google.tsv", text))
    dated, always, none, only = feed.rows
    sale, regular = Decimal("39.00"), Decimal("49.00")
    assert (dated.price, dated.sale_price, dated.currency) == (regular, sale, "EUR")
    assert price_at(dated, datetime(2026, 10, 31, tzinfo=UTC)) == regular
    assert price_at(dated, datetime(2026, 10, 31, 23, 30, tzinfo=UTC)) == sale
    assert price_at(dated, datetime(2026, 12, 1, tzinfo=UTC)) == regular
    assert price_at(always, datetime.now(UTC)) == sale
    assert (none.price, none.sale_price) == (regular, None)
    assert (only.price, only.sale_price) == (sale, None)
    assert [warning.kind for warning in feed.warnings] == ["sale dates unreadable"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in_stock", "in stock"), ("https://schema.org/OutOfStock", "out of stock"),
        ("Sold Out!", "out of stock"), ("0", "out of stock"), ("-2", "out of stock"),
        ("17", "in stock"), ("12.0", "in stock"), ("only 3 left", "in stock"),
        ("0 pcs", "out of stock"), ("PreOrder", "preorder"), ("on backorder", "backorder"),
        ("Discontinued", "discontinued"), ("auf Lager", "in stock"),
        ("ausverkauft", "out of stock"),
        ("épuisé", "out of stock"), ("TRUE", "in stock"), ("no", "out of stock"), ("n/a", None),
        ("5 auf Lager", "in stock"), ("Sofort verfügbar", "in stock"), ("på lager", "in stock"),
        ("https://schema.org/InStock/", "in stock"), ("In stock, ships today", "in stock"),
        ("temporarily out of stock", "out of stock"), ("en rupture de stock", "out of stock"),
        ("derzeit nicht lieferbar", "out of stock"), ("no disponible", "out of stock"),
        ("niet op voorraad", "out of stock"), ("esgotado", "out of stock"),
        ("品切れ", "out of stock"),
        ("nicht mehr lieferbar", "discontinued"), ("available for pre-order", "preorder"),
        ("Y", "in stock"), ("0 Stück", "out of stock"), ("noch 4 Stück auf Lager", "in stock"),
        ("lieferbar in 3-5 Tagen", "in stock"), ("5-10", "in stock"), ("EOL", "discontinued"),
        ("stokta yok", "out of stock"), ("под заказ", "backorder"), ("inactive", "out of stock"),
    ],
)  # fmt: skip
def test_availability_is_one_of_a_few_words(text: str, value: str | None) -> None:
    assert read_availability(text) == value


@pytest.mark.parametrize("text", ["ships in 2 weeks", "3-5 days", "perhaps", "x" * 200])
def test_an_unknown_availability_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="availability"):
        read_availability(text)


def test_missing_column_is_one_line_that_names_the_columns_found(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as caught:
        read_feed(_write(tmp_path / "feed.csv", "number,title\n1,Shirt\n"))
    message = str(caught.value)
    assert "id and photos" in message
    assert "number, title" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"id,photo\n", "no rows"),
        (b"\xff\xd8\xff\xe0 a JPEG", "not text but a JPEG photo"),
        (b"PK\x03\x04 a sheet", "Excel"),
        (b"id\0photo\na\0b", "is not text"),
        (b"<catalog><thing>no feed</thing></catalog>", "without <item>"),
        (b"<rss><channel><item>", "line 1"),
        (b"{not json}", "breaks off after 0 products"),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=words):
        read_feed(path)


def test_absent_feed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="cannot read"):
        read_source(tmp_path / "none.csv")


def test_folder_gives_a_product_for_each_photo(tmp_path: Path) -> None:
    draw_photo(tmp_path / "shirts" / "red_shirt-01.jpg")
    draw_photo(tmp_path / "plain.png")
    (tmp_path / "notes.txt").write_text("no photo")
    feed = read_source(tmp_path)
    assert [(row.id, row.title, row.category) for row in feed.rows] == [
        ("plain.png", "Plain", None),
        ("shirts/red_shirt-01.jpg", "Red shirt 01", "shirts"),
    ]
    assert feed.origin == str(tmp_path)


def test_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="no photos below"):
        read_folder(tmp_path)


def test_reject_is_a_value() -> None:
    assert Reject(3, "no id") == Reject(3, "no id")
