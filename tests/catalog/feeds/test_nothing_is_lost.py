"""No feed, however mangled, loses a row without a line in the report."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.errors import FeedError
from catalog.feeds.large.json_document import document_values
from catalog.feeds.reader import read_feed
from tests.catalog.feeds import test_dialects as dialects
from tests.catalog.feeds.test_other_shops import AGENTIC

COUNT = 8
_LETTERS = st.sampled_from([b'"', b",", b"\xc3", b"\0", b";", b"\t", b"<", b"{", b"\\", b"\n"])
_DAMAGE = st.lists(st.tuples(st.integers(1, COUNT), st.integers(0, 30), _LETTERS), max_size=6)


KINDS = {
    "csv": ("id,title,image,price", "p{n},Kleid gr\u00fcn {n},{n}.jpg,1{n}.90"),
    "tsv": ("id\ttitle\timage\tprice", "p{n}\tKleid gr\u00fcn {n}\t{n}.jpg\t1{n}.90"),
    "woocommerce": (
        "ID,Typ,Artikelnummer,Name,Ver\u00f6ffentlicht,Regul\u00e4rer Preis,Bilder",
        "{n},simple,p{n},Kleid {n},1,1{n}.90,https://s/{n}.jpg",
    ),
    "magento": (
        "sku,store_view_code,attribute_set_code,product_type,name,product_online,price,base_image",
        "p{n},,Top,simple,Kleid {n},1,1{n}.90,/{n}.jpg",
    ),
    "shopify": (
        "Handle,Title,Vendor,Variant Price,Image Src",
        "p{n},Kleid {n},Acme,1{n}.90,https://s/{n}.jpg",
    ),
    "jsonl": ("", '{{"id": "p{n}", "title": "Kleid gr\u00fcn {n}", "image": "{n}.jpg"}}'),
    "bulk": (
        "",
        '{{"id": "gid://shopify/Product/{n}", "handle": "p{n}", "title": "T", "status": "ACTIVE"}}',
    ),
    "agentic": ("", '{{"item_id": "p{n}", "enable_search": true, "image_url": "https://s/{n}"}}'),
    "schema": ("", '{{"@type": "Product", "sku": "p{n}", "name": "Kleid", "image": "{n}.jpg"}}'),
    "xml": ("<rss>", "<item><id>p{n}</id><title>Kleid {n}</title></item>"),
}
"""The header of each kind of feed and its line for a product."""
_LEFT_OUT = re.compile(r"^(\d+) (?:products|rows|lines) .*left out")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(damage=_DAMAGE)
def test_every_row_is_read_or_reported(kind: str, damage: list[tuple[int, int, bytes]]) -> None:
    head, form = KINDS[kind]
    lines = [head.encode(), *(form.format(n=number).encode() for number in range(1, COUNT + 1))]
    for row, place, letter in damage:
        if kind == "xml" and letter == b"\n":
            continue  # an item is reported at the line that it begins on
        line = lines[row]
        lines[row] = line[:place] + letter + line[place:]
    written = b"\n".join(lines) + (b"\n</rss>" if kind == "xml" else b"\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed"
        path.write_bytes(written)
        try:
            feed = read_feed(path)
        except FeedError:  # The file is refused whole, with its reason.
            return
    rows = written.removesuffix(b"</rss>").split(b"\n")
    filled = {n for n, line in enumerate(rows, 1) if line.strip(b" \t\r\n,;\0")}
    reported = {row.line for row in feed.rows} | {reject.line for reject in feed.rejects}
    noted = sum(int(count) for note in feed.notes for count in _LEFT_OUT.findall(note))
    assert len(filled - reported - {1}) <= noted


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    size=st.integers(1, 60),
    cut=st.integers(0, 400),
    letter=st.sampled_from(["", '"', ",", "{", "]", "\\", "0"]),
)
def test_a_document_is_read_whole_or_refused(size: int, cut: int, letter: str) -> None:
    values = [{"id": f"p{number}", "n": number, "t": "\u00e9]"} for number in range(COUNT)]
    text = json.dumps({"ok": True, "items": values}, ensure_ascii=False)
    damaged = text[:cut] + letter + (text[cut:] if letter else "")
    parts = (damaged[start : start + size] for start in range(0, len(damaged), size))
    try:
        found = list(document_values(parts))
    except ValueError:
        return
    try:
        whole = json.loads(damaged)
    except ValueError:
        # What follows the list is not read.
        assert len(found) == COUNT
        return
    assert len(found) == len(whole["items"]) if "items" in whole else 1


_SIZE_ROW = st.tuples(
    st.sampled_from("ab"), st.sampled_from(["S", "M", "L", ""]), st.sampled_from("12"),
    st.integers(1, 30), st.integers(0, 2),
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True)
@given(rows=st.lists(_SIZE_ROW, min_size=1, max_size=COUNT))
def test_every_size_is_joined_or_reported(rows: list[tuple[str, str, str, int, int]]) -> None:
    lines = (f"{each[0]},{each[1]},{each[2]}.jpg,{each[3]},{each[4]}\n" for each in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.csv"
        path.write_text("id,size,image,price,stock\n" + "".join(lines))
        feed = read_feed(path)
    refused = {reject.line for reject in feed.rejects}
    for product in feed.rows:
        joined = [
            each
            for line, each in enumerate(rows, start=2)
            if each[0] == product.id and line not in refused
        ]
        sizes = [each[1] for each in joined if each[1]]
        told = (product.attributes or {}).get("size", "")
        assert set(told.split(", ")) - {""} == set(sizes)
        assert set(product.photos) == {f"{each[2]}.jpg" for each in joined}
        assert product.price == min(each[3] for each in joined)
        assert (product.availability == "in stock") == any(each[4] for each in joined)


_DOCUMENTS = [
    dialects.PRODUCTS_JSON, dialects.WOO_REST, dialects.JSON_LD, [AGENTIC],
    [json.loads(line) for line in dialects.BULK.splitlines()],
]  # fmt: skip
_ODD = [
    None, True, -1, 1e300, "", "\u00b2", "\0", "\ud800", [], {}, [None], [[]], [{}],
    {"edges": ["x"]}, {"edges": True}, {"amount": "x", "currency": 3}, {"url": {}},
    {"name": {"name": {}}},
]  # fmt: skip


def _places(value: object, outer: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all values within a document."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [
        each for key, inner in items for each in ((*outer, key), *_places(inner, (*outer, key)))
    ]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_values_of_any_type_are_a_feed_or_an_error(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(_DOCUMENTS))))
    for _ in range(data.draw(st.integers(1, 3))):
        *outer, last = data.draw(st.sampled_from(_places(document)))
        place = document
        for key in outer:
            place = place[key]
        place[last] = json.loads(json.dumps(data.draw(st.sampled_from(_ODD))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.json"
        path.write_text(json.dumps(document))
        try:
            assert read_feed(path).kind
        except FeedError:  # It is refused whole, with its reason.
            return
