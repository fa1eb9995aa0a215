"""Foreign text takes linear time: twice as much of it takes at most 2.5 times as long."""

import csv
import gc
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import FeedError
from catalog.feeds.photo_names import split_photos
from catalog.feeds.reader import read_source
from catalog.feeds.text.html_text import plain_text
from tests.house import source_files

ROOT = Path(__file__).parents[1]
GROWTH = 2.5
DOUBLINGS = 3
QUICK = 0.1
"""Seconds of processor time below which growth cannot be told from noise."""
NASTY = (
    " ", "\t", "\n", "-", "- ", ".", "_", "/", "//", ",", "|", "(", "1", "1.", "1,", "a", "aa-",
    "a ", "<", "<a ", "<?xml ", "<!--", "<![", "<div>", "<p><b>", "<table><td>", "<ul><li>",
    "<script>", "<select><option>", "<a b", "&", "&#", "&#0;", "&amp;", "'", '"', "ä ", "20", "x",
    "2026-1", "https://a.b/c.jpg,", " .jpg", "data:", "=", "\udc80",
)  # fmt: skip
CALL = re.compile(r"\b(\w+)\.(search|match|fullmatch|sub|split|findall|finditer)\(")


def seconds(work: Callable[[], object]) -> float:
    """Processor time, without that of the garbage collector, which grows by steps."""
    gc.disable()
    try:
        started = time.process_time()
        work()
        return time.process_time() - started
    finally:
        gc.enable()


def grows_linearly(work: Callable[[int], Callable[[], object]], size: int) -> bool:
    """Whether doubling an input up to `size` multiplies the time by at most 2.5, at best.

    Three doublings are measured as one: what is quadratic takes 64 times as long, what is
    linear 8 times, and caches and a busy machine have room between them.
    """
    smallest, largest = work(size // 2**DOUBLINGS), work(size)
    longer = seconds(largest)
    if longer < QUICK:
        return True
    shorter = seconds(smallest)
    for _ in range(6):
        shorter, longer = min(shorter, seconds(smallest)), min(longer, seconds(largest))
        if longer <= GROWTH**DOUBLINGS * shorter:
            return True
    return False


def filled(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def used_patterns() -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    """Every pattern of our modules that is compiled at their top, with each way it is used."""
    compiled = re.compile(r"^(\w+): Final = (re\.compile\((?:.|\n)*?\)(?=\n\S|\n\n|\Z))", re.M)
    for path in source_files():
        text = (ROOT / path).read_text()
        for name, call in compiled.findall(text):
            # Sorted: two processes must find the same tests in the same order.
            methods = sorted({method for used, method in CALL.findall(text) if used == name})
            yield from ((f"{path}:{name}", method, eval(call)) for method in methods or ["search"])


PATTERNS = list(used_patterns())


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 25


@pytest.mark.parametrize(
    ("name", "method", "pattern"),
    PATTERNS,
    ids=[f"{name}.{method}" for name, method, _ in PATTERNS],
)
def test_every_regular_expression_is_linear(
    name: str, method: str, pattern: re.Pattern[Any]
) -> None:
    is_bytes = isinstance(pattern.pattern, bytes)

    def run(unit: str) -> Callable[[int], Callable[[], object]]:
        def sized(size: int) -> Callable[[], object]:
            text = filled(unit, size)
            subject: Any = text.encode(errors="replace") if is_bytes else text
            used = getattr(pattern, method)
            if method == "sub":
                return lambda: used(b"" if is_bytes else "", subject)
            if method == "finditer":
                return lambda: list(used(subject))
            return lambda: used(subject)

        return sized

    for unit in NASTY:
        assert grows_linearly(run(unit), 10_000), (name, unit)


@pytest.mark.parametrize("unit", NASTY)
@pytest.mark.parametrize("parse", [plain_text, split_photos])
def test_descriptions_and_photo_cells_are_parsed_in_linear_time(
    parse: Callable[[str], object], unit: str
) -> None:
    assert grows_linearly(lambda size: lambda: parse(filled(unit, size)), 50_000)
    assert seconds(lambda: parse(filled(unit, 2_000_000))) < 3


def one_row(column: str, text: str) -> str:
    row = {"id": "a", "title": "b", "photo": "c.jpg", column: text}
    file = io.StringIO()
    writer = csv.DictWriter(file, row)
    writer.writeheader()
    writer.writerow(row)
    return file.getvalue()


def shopify_csv(count: int) -> str:
    head = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price,Image Src\n"
    return head + "".join(f"a,t,b,v,s{n},1.00,https://a.b/{n}.jpg\n" for n in range(count))


def shopify_json(count: int) -> str:
    variants = [
        {"id": n, "sku": f"s{n}", "price": "1.00", "option1": f"o{n}", "image_id": n}
        for n in range(count)
    ]
    images = [{"id": n, "src": f"https://a.b/{n}.jpg", "variant_ids": [n]} for n in range(count)]
    product = {"id": 1, "title": "b", "handle": "h", "vendor": "v", "variants": variants}
    product |= {"images": images, "options": [{"name": "c", "values": []}]}
    return json.dumps({"products": [product]})


def woocommerce_csv(count: int) -> str:
    head = "ID,Type,SKU,Name,Published,Parent,Regular price,Images\n1,variable,p,n,1,,3,https://a.b/c.jpg\n"
    return head + "".join(
        f"{n + 2},variation,s{n},n,1,p,3,https://a.b/{n}.jpg\n" for n in range(count)
    )


def magento_csv(count: int) -> str:
    head = (
        "sku,attribute_set_code,product_type,name,price,base_image,additional_images,"
        "configurable_variations\n"
    )
    variations = "|".join(f"sku=s{n},size={n}" for n in range(count))
    own = f'a,Default,configurable,n,1,x.jpg,"{",".join(f"{n}.jpg" for n in range(count))}",'
    rows = "".join(f"s{n},Default,simple,n,1,x.jpg,y.jpg,\n" for n in range(count))
    return f'{head}{own}"{variations}"\n{rows}'


def google_xml(count: int) -> str:
    links = "".join(
        f"<g:additional_image_link>https://a.b/{n}.jpg</g:additional_image_link>"
        for n in range(count)
    )
    return (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>a</g:id>'
        f"<title>b</title>{links}</item></channel></rss>"
    )


def page(count: int) -> str:
    variants = [
        {"@type": "Product", "sku": f"s{n}", "name": "b", "image": [f"https://a.b/{n}.jpg"]}
        for n in range(count)
    ]
    group = json.dumps(
        {"@type": "ProductGroup", "name": "g", "productGroupID": "p", "hasVariant": variants}
    )
    return f'<html><script type="application/ld+json">{group}</script>{"<div>" * count}</html>'


FEEDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "rows of one id": (
        "csv", lambda n: "id,title,photo\n" + "".join(f"a,t,{i}.jpg\n" for i in range(n))
    ),
    "columns of one name": ("csv", lambda n: f"id,title{',photo' * n}\na,b{',x.jpg' * n}\n"),
    "many columns": (
        "csv", lambda n: f"id,title{''.join(f',c{i}' for i in range(n))}\na,b{',x' * n}\n"
    ),
    "open quotes": ("csv", lambda n: "id,title,photo\n" + '1,"b"c,x\n' * n),
    "many photos in a cell": (
        "csv", lambda n: one_row("photo", "|".join(f"https://a.b/{i}.jpg" for i in range(n)))
    ),
    "spaces in a photo's address": (
        "csv", lambda n: one_row("photo", "https://a.b/" + " " * 20 * n)
    ),
    "shopify": ("csv", shopify_csv),
    "shopify json": ("json", shopify_json),
    "woocommerce": ("csv", woocommerce_csv),
    "magento": ("csv", magento_csv),
    "google": ("xml", google_xml),
    "web page": ("html", page),
    "nested lists": ("json", lambda n: "[" * n + "]" * n),
    "many keys": (
        "json", lambda n: json.dumps([{"id": "a"} | {f"k{i}": {"name": i} for i in range(n)}])
    ),
    "broken lines": ("jsonl", lambda n: '{"id":"a","title":"b"}\n' + '{"id":\n' * n),
    "long number": ("json", lambda n: f'[{{"id":"a","price":{"1" * 20 * n}}}]'),
}  # fmt: skip


@pytest.mark.parametrize("name", FEEDS)
def test_every_dialect_is_read_in_linear_time(tmp_path: Path, name: str) -> None:
    suffix, text = FEEDS[name]

    def work(count: int) -> Callable[[], object]:
        feed = tmp_path / f"{count}.{suffix}"
        feed.write_text(text(count))
        return lambda: read(feed)

    assert grows_linearly(work, 10_000)


def read(feed: Path) -> object:
    try:
        return read_source(feed)
    except FeedError as refusal:
        return refusal
