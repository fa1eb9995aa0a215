"""Variants with rows of their own: those without photos count for a product of their group."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from catalog.database import Database, open_database
from catalog.feeds.columns import choose_columns
from catalog.feeds.dialects.group_rows import join_groups
from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Record
from catalog.importing.importer import import_feed
from catalog.importing.records import ImportOptions, ImportSummary
from catalog.models import PhotoRow, Product

AMAZON = """item_sku,item_name,parent_sku,\
size_name,color_name,standard_price,quantity,main_image_url
P,Wrap dress,,,,,,https://s/p.jpg
P-S,Wrap dress S,P,S,Red,59.90,0,
P-M,Wrap dress M,P,M,Red,54.90,2,
"""
SHOPWARE = """id;parent_id;name;brand;price;stock;cover_media_url
a1;;Tee;Acme;24.90;0;https://s/a.jpg
a2;a1;;;;3;https://s/a2.jpg
a3;a1;;;19.90;1;
b1;0;Vest;Acme;30;1;https://s/b.jpg
b2;0;Coat;Acme;90;1;https://s/c.jpg
"""
GOOGLE = """id\titem_group_id\ttitle\tprice\tavailability\tsize\tcolor\timage_link
G1\tG\tTee blue\t22 EUR\tout of stock\tS\tblue\thttps://s/blue.jpg
G2\tG\tTee red\t20 EUR\tout of stock\tS\tred\thttps://s/red.jpg
G3\tG\tTee red\t18 EUR\tin stock\tM\tred\t
H1\tH\tVest\t15 EUR\tin stock\tM\tred\t
"""
HEUREKA = """<SHOP><SHOPITEM><ITEM_ID>1</ITEM_ID><ITEMGROUP_ID>T</ITEMGROUP_ID>\
<PRICE_VAT>300</PRICE_VAT><IMGURL>https://s/t.jpg</IMGURL></SHOPITEM>\
<SHOPITEM><ITEM_ID>2</ITEM_ID><ITEMGROUP_ID>T</ITEMGROUP_ID><PRICE_VAT>250</PRICE_VAT></SHOPITEM>\
</SHOP>"""
WOO = """ID,Type,SKU,Name,Published,In stock?,Regular price,Images,Parent
20,variable,VEST,Vest,1,1,,https://s/v.jpg,
21,variation,VEST-S,Vest S,1,1,29.90,,vest
22,variation,VEST-M,Vest M,1,0,24.90,,20
23,variation,VEST-L,Vest L,1,0,22.90,,ID:20
"""
MAGENTO = """sku,attribute_set_code,product_type,name,price,base_image,is_in_stock,visibility,\
configurable_variations
CF,Top,configurable,Tee,0,/t.jpg,1,"Catalog, Search","sku=cf-s,size=S|sku=cf-m,size=M"
CF-S,Top,simple,Tee S,19.90,,1,Not Visible Individually,
CF-M,Top,simple,Tee M,24.90,,0,Not Visible Individually,
BU,Top,bundle,Set,0.0000,/b.jpg,1,"Catalog, Search",
BA,Top,simple,Set's top,9.90,no_selection,1,Not Visible Individually,
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "data")
    yield database
    database.close()


def _import(
    database: Database, folder: Path, text: str, options: ImportOptions = ImportOptions()
) -> ImportSummary:
    (folder / "feed").write_text(text)
    with database.transaction() as session:
        return import_feed(session, read_feed(folder / "feed"), options=options)


def _prices(database: Database) -> dict[str, tuple[Decimal | None, str | None]]:
    with database.session() as session:
        return {
            each.id: (each.price, each.availability) for each in session.scalars(select(Product))
        }


def test_variants_without_photos_count_for_their_parent(database: Database, tmp_path: Path) -> None:
    summary = _import(database, tmp_path, AMAZON)
    assert (summary.new, summary.rejects) == (1, ())
    assert "2 variants without photos count for a product of their group" in summary.notes
    assert _prices(database) == {"P": (Decimal("54.90"), "in stock")}
    with database.session() as session:
        product = session.get_one(Product, "P")
        assert (product.title, product.colour) == ("Wrap dress", "Red")
        assert product.attributes["size_name"] == "S, M"


def test_a_feed_of_prices_alone_changes_the_parent(database: Database, tmp_path: Path) -> None:
    _import(database, tmp_path, AMAZON)
    prices = "item_sku,parent_sku,standard_price,quantity\nP,,,\nP-S,P,44.90,1\nP-M,P,49.90,0\n"
    again = _import(database, tmp_path, prices, ImportOptions(prune=True))
    assert (again.price_only, again.rejects, again.removed) == (1, (), ())
    assert _prices(database) == {"P": (Decimal("44.90"), "in stock")}


def test_a_parent_with_a_price_keeps_it_in_a_feed_without_photos(
    database: Database, tmp_path: Path
) -> None:
    both = "id,parent_id,price,photo\nA,,30,a.jpg\nA1,A,25,a1.jpg\n"
    _import(database, tmp_path, both)
    prices = "id,parent_id,price\nA,,31\nA1,A,26\n"
    assert _import(database, tmp_path, prices).rejects == ()
    assert _prices(database) == {"A": (Decimal(31), None), "A1": (Decimal(26), None)}


def test_a_known_variant_that_lost_its_photo_is_changed_too(
    database: Database, tmp_path: Path
) -> None:
    _import(database, tmp_path, "id,parent_id,price,photo\nA,,30,a.jpg\nA1,A,25,a1.jpg\n")
    _import(database, tmp_path, "id,parent_id,price,photo\nA,,30,a.jpg\nA1,A,20,\n")
    assert _prices(database) == {"A": (Decimal(20), None), "A1": (Decimal(20), None)}
    with database.session() as session:
        assert len(session.scalars(select(PhotoRow)).all()) == 2


def test_a_variant_with_photos_takes_what_it_lacks(database: Database, tmp_path: Path) -> None:
    assert _import(database, tmp_path, SHOPWARE).rejects == ()
    with database.session() as session:
        tee, variant = (session.get_one(Product, each) for each in ("a1", "a2"))
        assert (tee.price, tee.availability) == (Decimal("19.90"), "in stock")
        assert (variant.title, variant.brand, variant.price) == ("Tee", "Acme", Decimal("24.90"))
        assert variant.group_id == tee.group_id == "a1"
        # Databases write 0 for no parent.
        assert session.get_one(Product, "b1").group_id is None


def test_siblings_count_for_one_of_their_colour(database: Database, tmp_path: Path) -> None:
    summary = _import(database, tmp_path, GOOGLE)
    assert [each.id for each in summary.rejects] == ["H1"]
    assert _prices(database) == {
        "G1": (Decimal(22), "out of stock"), "G2": (Decimal(18), "in stock"),
    }  # fmt: skip


def test_photos_of_variants_are_enough(database: Database, tmp_path: Path) -> None:
    text = AMAZON.replace(",https://s/p.jpg", ",").replace(",2,", ",2,https://s/m.jpg")
    assert _import(database, tmp_path, text).rejects == ()
    assert _prices(database) == {"P-M": (Decimal("54.90"), "in stock")}


def test_hidden_variants_do_not_count(database: Database, tmp_path: Path) -> None:
    rows = "id,parent_id,price,photo,active\nA,NULL,30,a.jpg,1\nA1,A,20,NULL,0\nA2,A,25,,1\n"
    assert _import(database, tmp_path, rows).rejects == ()
    assert _prices(database) == {"A": (Decimal(25), None)}


def test_groups_in_json_and_in_xml_on_one_line(database: Database, tmp_path: Path) -> None:
    rows = [
        {"id": "Q", "title": "Vest", "image": "https://s/q.jpg"},
        {"id": "Q1", "parent_id": "Q", "price": 9.5, "currency": "EUR"},
    ]
    _import(database, tmp_path, json.dumps(rows))
    _import(database, tmp_path, HEUREKA)
    assert _prices(database) == {"Q": (Decimal("9.50"), None), "1": (Decimal(250), None)}


def test_skus_of_shops_are_told_by_their_letters_in_any_case(
    database: Database, tmp_path: Path
) -> None:
    assert _import(database, tmp_path, WOO).rejects == ()
    summary = _import(database, tmp_path, MAGENTO)
    assert summary.rejects == ()
    assert any("not visible individually" in note for note in summary.notes)
    assert _prices(database) == {
        "20": (Decimal("22.90"), "in stock"), "CF": (Decimal("19.90"), "in stock"),
        "BU": (None, "in stock"),
    }  # fmt: skip


_ROW = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["", "a", "b", "0"]), st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "x.jpg"]), st.sampled_from(["", "red", "blue"]),
)  # fmt: skip
_NAMES = ("id", "parent_id", "price", "photo", "colour")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rows=st.lists(_ROW, min_size=1, max_size=8))
def test_no_row_is_lost_and_no_price_grows(rows: list[tuple[str, ...]]) -> None:
    records = tuple(
        Record(1, dict(zip(_NAMES, (f"{row[0]}{n}" if n else row[0], *row[1:]), strict=True)))
        for n, row in enumerate(rows)
    )
    joined = list(join_groups(records, choose_columns(_NAMES, (), "feed")))
    assert sorted(each.values["id"] for each in joined) == sorted(r.values["id"] for r in records)
    before = {each.values["id"]: each.values for each in records}
    for each in joined:
        own, now = before[each.values["id"]], each.values
        assert now["photo"] == own["photo"]
        assert not own["price"] or now["price"] <= own["price"]
        assert not (each.joined and own["photo"])
