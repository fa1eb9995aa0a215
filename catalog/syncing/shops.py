"""Download of all products of a shop by its REST API, page by page.

Shopify: https://shopify.dev/docs/api/admin-rest/latest/resources/product (Link header)
WooCommerce: https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-products (likewise;
X-WP-Total says how many there are)
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import httpx2

from catalog.errors import FeedError, NoPhotoThere, SourceError
from catalog.feeds.json_text import Entry
from catalog.fetching.fetch import FetchedPhoto, PhotoFetcher, origin_of
from catalog.files import publishing
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.shop_products import ShopProduct, shop_product

SHOPIFY_VERSION: Final = "2026-07"
"""Version of the Admin API; Shopify keeps each for a year, then answers with a newer one."""
_PAGES: Final = {
    SourceKind.SHOPIFY: f"admin/api/{SHOPIFY_VERSION}/products.json?limit=250&status=active",
    SourceKind.WOOCOMMERCE: (
        "wp-json/wc/v3/products?per_page=100&status=publish&orderby=id&order=asc"
    ),
}
_API_PATHS: Final = ("/admin/api/", "/wp-json/")
MAX_PAGES: Final = 10_000
MAX_VARIATIONS: Final = 1_000
"""Variations of one product that are read."""


@dataclass(frozen=True)
class Download:
    """All products of a shop, in a file; `missing` are those announced but not listed."""

    path: Path
    products: tuple[ShopProduct, ...]
    missing: int


def first_page(kind: SourceKind, address: str) -> str:
    """The address of a shop's first page, from that of the shop or of its API."""
    if any(part in address for part in _API_PATHS):
        return address
    return f"{address.rstrip('/')}/{_PAGES[kind]}"


def credentials(kind: SourceKind, token: str | None) -> Mapping[str, str]:
    """The headers with a source's token; WooCommerce's is KEY:SECRET."""
    if token is None:
        return {}
    if kind is SourceKind.SHOPIFY:
        return {"X-Shopify-Access-Token": token}
    if kind is SourceKind.WOOCOMMERCE:
        return {"Authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
    return {"Authorization": f"Bearer {token}"}


def download_products(
    source: SyncSource,
    fetcher: PhotoFetcher,
    token: str | None,
    path: Path,
    check: Callable[[], None],
) -> Download:
    """Download every page into one JSON document.

    Args:
        check: called before each page; may raise to stop.

    Raises:
        FetchError: a page could not be fetched, or the token was refused.
        FeedError: a page holds no list of products, or the pages never end.
    """
    products: dict[str, ShopProduct] = {}
    total = 0
    with publishing(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.write('{"products": [')
        url: str | None = first_page(source.kind, source.address)
        for _ in range(MAX_PAGES):
            check()
            assert url is not None
            page = fetch_signed(source, fetcher, token, url)
            total = max(total, _announced(page))
            for entry in _entries(page, source):
                known = shop_product(source.kind, entry)
                if known.shop_id not in products:
                    add_variations(source, fetcher, token, entry, check)
                    file.write(",\n" if products else "\n")
                    json.dump(entry, file)
                    products[known.shop_id] = known
            url = _next_page(page, url)
            if url is None:
                break
        else:
            raise FeedError(f"{source.shown_address} has over {MAX_PAGES} pages; is it a shop?")
        file.write("\n]}\n")
    return Download(path, tuple(products.values()), max(0, total - len(products)))


def add_variations(
    source: SyncSource,
    fetcher: PhotoFetcher,
    token: str | None,
    entry: Entry,
    check: Callable[[], None],
) -> None:
    """Put the variations of a WooCommerce product, which it lists by number, into its entry.

    Raises:
        FetchError, FeedError: as `download_products`.
    """
    number = str(entry.get("id", ""))
    is_variable = source.kind is SourceKind.WOOCOMMERCE and entry.get("variations")
    if not is_variable or not number.isdecimal():
        return
    first = first_page(source.kind, source.address).partition("?")[0].rstrip("/")
    url: str | None = f"{first}/{number}/variations?per_page=100"
    variations: list[Entry] = []
    while url is not None and len(variations) < MAX_VARIATIONS:
        check()
        page = fetch_signed(source, fetcher, token, url)
        variations += _entries(page, source)
        url = _next_page(page, url)
    entry["variations"] = variations


def fetch_signed(
    source: SyncSource, fetcher: PhotoFetcher, token: str | None, url: str
) -> FetchedPhoto:
    """Fetch an address with a source's token; FetchError says so where it is refused."""
    refuse_plain_token(source, token, url)
    try:
        fetched = fetcher.fetch(url, credentials=credentials(source.kind, token))
    except NoPhotoThere as error:
        raise explained(error, source) from error
    assert fetched is not None  # no validators were sent
    return fetched


def refuse_plain_token(source: SyncSource, token: str | None, url: str) -> None:
    """Raise SourceError for a token over plain HTTP, where anyone on the way can read it."""
    if token is not None and origin_of(url)[0] != "https":
        if source.options.allow_private_hosts:
            return
        raise SourceError(f"{source.shown_address} is not https; a token is not sent in the clear")


def explained(error: NoPhotoThere, source: SyncSource) -> NoPhotoThere:
    """The error, naming the token's variable where the server refuses the token."""
    if error.code not in ("http_401", "http_403"):
        return error
    where = f"the token in {source.token_variable}" if source.token_variable else "a request"
    return NoPhotoThere(
        error.code,
        f"{source.shown_address} refuses {where} ({error.code[5:]}); "
        "it must be valid and allowed to read products",
    )


def _entries(page: FetchedPhoto, source: SyncSource) -> list[dict[str, Any]]:
    try:
        document = json.loads(page.data)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"{source.shown_address} answers no JSON; check the address") from error
    listed = document.get("products") if isinstance(document, dict) else document
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise FeedError(f"{source.shown_address} answers no list of products; check the address")
    return listed


def _announced(page: FetchedPhoto) -> int:
    total = page.headers.get("x-wp-total", "")
    return int(total) if total.isdecimal() and len(total) < 10 else 0


def _next_page(page: FetchedPhoto, url: str) -> str | None:
    """The next page's address, in the origin of this one: it receives the token."""
    link = {"Link": page.headers.get("link", "")}
    found = httpx2.Response(httpx2.codes.OK, headers=link).links.get("next", {}).get("url")
    if not found:
        return None
    following = urljoin(url, found)
    if origin_of(following) != origin_of(url):
        raise FeedError(f"the next page after {url.partition('?')[0]} is on another host; stopped")
    return following
