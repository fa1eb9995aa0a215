"""Feed files and folders into rows and rejects."""

from decimal import Decimal
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds import ProductRow, Reject, read_feed, read_folder, read_source
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
        "a,again.jpg,10\n"
        "e,e.jpg,10,surplus\n"
        f"{'x' * 201},f.jpg,10\n"
        "g,g.jpg\n"
    )
    feed = read_feed(_write(tmp_path / "feed.csv", text))
    assert [row.id for row in feed.rows] == ["a", "g"]
    reasons = {reject.line: reject.reason for reject in feed.rejects}
    assert sorted(reasons) == [3, 4, 6, 7, 8, 9]
    assert reasons[3] == "no id"
    assert reasons[4] == "no photo"
    assert "cheap" in reasons[6]
    assert reasons[7] == "id 'a' is on line 2 already"
    assert "4 cells for 3 columns" in reasons[8]
    assert "longer than 200" in reasons[9]


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
        (b"\xff\xd8\xff\xe0 a JPEG", "no text but a JPEG photo"),
        (b"PK\x03\x04 a sheet", "Excel"),
        (b"id\0photo\na\0b", "is no text"),
        ("id,photo\na,\u00e9.jpg".encode("cp1252") + b"\x81", "neither UTF-8"),
        (b"<html><body>no feed</body></html>", "without <item>"),
        (b"<rss><channel><item>", "line 1"),
        (b'[{"id": "a"}]', "one product a line"),
        (b"{not json}", "line 1 is no JSON object"),
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
