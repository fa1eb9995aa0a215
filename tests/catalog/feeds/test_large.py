"""Large feeds are read from disk, a part at a time, with the same result."""

import io
import json
import pickle
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from catalog.feeds import columns
from catalog.feeds.large import store
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.json_document import document_values, parse_json
from catalog.feeds.large.store import StoredValues, stored
from catalog.feeds.reader import read_feed
from catalog.feeds.text import decoding
from catalog.feeds.text.feed_text import FeedText

COUNT = 2_000
ROWS = [
    {
        "id": f"p{number}",
        "title": f'Kleid \u201egr\u00fcn\u201c & <{number}>\u2028, "neu"',
        "category": "212" if number % 2 else "1604",
        "price": f"1.{number % 900 + 100},50 EUR" if number % 70 else "much",
        "image": f"{number}.jpg",
        "material": "Leinen " * 220,
    }
    for number in range(COUNT)
]


def _csv() -> str:
    cells = [[f'"{each.replace(chr(34), 2 * chr(34))}"' for each in row.values()] for row in ROWS]
    cells[40] = ['"p40', "open"]
    return "\r\n".join(map(",".join, [list(ROWS[0]), *cells])) + "\r\n"


def _json_lines() -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\nno object\n"


def _json_array() -> str:
    return json.dumps({"meta": {"pages": 1}, "data": {"items": ROWS}}, ensure_ascii=False)


def _shopify() -> str:
    header = "Handle,Title,Vendor,Type,Variant Price,Image Src,Body (HTML)"
    first = (f"{r['id']},{r['id']} tee,Acme,Tee,9.00,{r['image']},{r['material']}" for r in ROWS)
    more = (f"{r['id']},,,,8.00,more-{r['image']}," for r in ROWS)
    return "\n".join((header, *first, *more, ""))


def _bulk() -> str:
    products = [
        {"id": f"gid://shopify/Product/{n}", "handle": f"h{n}", "descriptionHtml": row["material"]}
        for n, row in enumerate(ROWS)
    ]
    variants = [
        {"id": f"v{n}", "price": "9.00", "__parentId": f"gid://shopify/Product/{n}"}
        for n in range(COUNT)
    ]
    return "\n".join(map(json.dumps, [*products, *variants]))


def _woocommerce() -> str:
    header = "ID,Type,SKU,Name,Published,Regular price,Images,Parent,Description"
    parents = (f"{n},variable,S{n},Tee,1,,{n}.jpg,,{r['material']}" for n, r in enumerate(ROWS))
    variations = (f"9{n},variation,V{n},Tee,1,8.00,,S{n}," for n in range(COUNT))
    return "\n".join((header, *parents, *variations, ""))


def _magento() -> str:
    header = (
        "sku,product_type,attribute_set_code,store_view_code,name,price,base_image,"
        "configurable_variations,description"
    )
    simple = (f"s{n},simple,Top,,Tee,8.00,/{n}.jpg,," for n in range(COUNT))
    parents = (
        f'c{n},configurable,Top,,Tee,,/c{n}.jpg,"sku=s{n},size=S",{row["material"]}'
        for n, row in enumerate(ROWS)
    )
    return "\n".join((header, *simple, *parents, ""))


def _photo_rows() -> str:
    rows = (f"{row['id']},{row['material']},{row['image']}" for row in ROWS)
    return "\n".join(
        ("id,description,image", *rows, *(f"{r['id']},,b-{r['image']}" for r in ROWS), "")
    )


def _xml() -> str:
    items = (
        "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in row.items())
        for row in ROWS
    )
    listed = "".join(f"<item>{each}</item>\n" for each in items)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<rss xmlns:g="g"><channel>{listed}</channel></rss>'


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("a.csv", _csv, "cp1252"), ("a.jsonl", _json_lines, "utf-8"), ("a.xml", _xml, "utf-8"),
        ("a.json", _json_array, "utf-16"), ("shopify.csv", _shopify, "utf-8"),
        ("bulk.jsonl", _bulk, "utf-8"), ("woo.csv", _woocommerce, "utf-8"),
        ("magento.csv", _magento, "utf-8"), ("photos.csv", _photo_rows, "utf-8"),
    ],
)  # fmt: skip
def test_a_large_feed_reads_as_a_small_one(
    name: str,
    text: Callable[[], str],
    encoding: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / name
    broken = b"\x81" if encoding == "cp1252" else b""
    path.write_bytes(text().encode(encoding, "ignore").replace(b"p77,", b"p77," + broken, 1))
    monkeypatch.setattr(decoding, "LARGE", 1 << 40)
    monkeypatch.setattr(store, "IN_MEMORY", COUNT)
    small = read_feed(path)
    monkeypatch.setattr(decoding, "LARGE", 1_000_000)
    monkeypatch.setattr(store, "IN_MEMORY", 100)
    tracemalloc.start()
    large = read_feed(path)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert isinstance(small.rows, tuple)
    assert isinstance(large.rows, StoredValues)
    assert replace(large, rows=tuple(large.rows)) == small
    assert len(large.rows) + len(large.rejects) >= COUNT
    assert held < path.stat().st_size / 10


def test_lines_are_split_as_of_a_text() -> None:
    text = "a\r\n\nb\rc\u2028d\n\u00e9"
    lines = FeedText(b"\xef\xbb\xbf" + text.encode())
    assert list(lines) == list(io.StringIO(text, newline=""))
    assert lines[-1] == "\u00e9"


def test_a_stored_sequence_is_handed_over_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "IN_MEMORY", 3)
    values = stored(range(1_203))
    assert isinstance(values, StoredValues)
    there = pickle.loads(pickle.dumps(values))
    assert (list(there), 1_202 in there, 1_203 in there) == (list(range(1_203)), True, False)
    del values
    file = there._path
    assert file.is_file()
    del there
    assert not file.exists()
    assert stored(range(3)) == (0, 1, 2)


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('[{"a": "\u00e9]"}, {"b": [12345.50, 2]}]', [{"a": "\u00e9]"}, {"b": ["12345.50", "2"]}]),
        ('{"n": 12, "data": {"page": 1, "items": [{"id": 1}, 2]}, "x": 1}', [{"id": "1"}, "2"]),
        ('{"id": 1, "data": {"a": 1}, "items": []}',
         [{"id": "1", "data": {"a": "1"}, "items": []}]),
        ('{"shop": {"links": [{"rel": "x"}], "articles": [{"id": 1}, {"id": 2}]}}',
         [{"id": "1"}, {"id": "2"}]),
        ("[]", []),
    ],
)  # fmt: skip
def test_a_document_is_read_a_part_at_a_time(text: str, values: list[object], size: int) -> None:
    parts = (text[start : start + size] for start in range(0, len(text), size))
    assert list(document_values(parts)) == values


@pytest.mark.parametrize("text", ['[{"a": 1}, {"b"', '[{"a": 1} {"b": 2}]', '{"a"}', "[" * 9_000])
def test_a_damaged_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(document_values([text]))


@pytest.mark.parametrize("depth", [101, 500, 900, 990, 100_000])
@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_a_value_nested_too_deeply_is_none_and_the_next_one_is_read(depth: int, size: int) -> None:
    deep = '{"a": ["' + '\\"[{' + '", ' + "[" * depth + "]" * depth + "]}"
    text = f'{{"products": [{{"id": "1"}}, {deep}, {{"id": "2"}}]}}'
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(document_values(parts)) == [{"id": "1"}, None, {"id": "2"}]
    assert parse_json(deep) is None


def test_groups_are_joined_on_disk() -> None:
    pairs = [("b", 1), ("a\ud800", 2), ("b", 3), ("c", 4), ("a\ud800", 5)]
    assert list(grouped(pairs)) == [[1, 3], [2, 5], [4]]


def test_names_of_keys_are_simplified_once_for_all_rows(tmp_path: Path) -> None:
    row = {"Title": "Coat", "photo": "a.jpg", "g:size": 1, "Only here": 2}
    path = tmp_path / "feed.jsonl"
    misses = []
    for count in (100, 200):
        path.write_text("\n".join(json.dumps({"id": number, **row}) for number in range(count)))
        assert len(read_feed(path).rows) == count
        misses.append(columns._plain.cache_info().misses)
    assert misses[0] == misses[1]
