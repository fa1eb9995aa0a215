"""SourceReading of a synchronised source into a feed: file, folder, feed by address, or shop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from catalog.errors import FeedError, FetchError, NoPhotoThere, SourceError
from catalog.feeds.json_text import Entry
from catalog.feeds.reading_process import read_in_process
from catalog.feeds.rows import Feed
from catalog.fetching.fetch import Validators, feed_fetcher
from catalog.fetching.hosts import FetchLimits
from catalog.files import publishing
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.shop_products import ShopProduct
from catalog.syncing.shops import (
    add_variations,
    credentials,
    download_products,
    explained,
    refuse_plain_token,
)

LIMITS: Final = FetchLimits(bytes=200_000_000, seconds=120)
"""Limits of one request for a feed, or for a page of a shop."""
PAGE_BYTES: Final = 50_000_000
"""Largest page of a shop, which is parsed in this process."""


@dataclass(frozen=True)
class SourceReading:
    """A source's feed.

    Attributes:
        validators: to send with the next request.
        products: of a shop, its products by their numbers there.
    """

    feed: Feed
    validators: Validators = Validators()
    products: tuple[ShopProduct, ...] = ()


def read_sync_source(
    source: SyncSource,
    token: str | None,
    known: Validators,
    folder: Path,
    check: Callable[[], None],
) -> SourceReading | None:
    """Read a source; None where the server says that nothing has changed.

    Args:
        known: validators of the last reading; empty ones: read in any case.
        folder: for temporary files, which the caller deletes once the feed is imported.
        check: called often; may raise to stop the reading.

    Raises:
        FeedError: it is not a feed, or lists no products.
        FetchError: it cannot be fetched.
    """
    if source.kind.is_shop:
        return _read_shop(source, token, folder, check)
    if source.kind is SourceKind.FEED:
        return _read_address(source, token, known, folder, check)
    path = Path(source.address)
    if not path.exists():
        raise FeedError(f"{path} is not there; is its disk mounted?")
    return SourceReading(_parsed(source, path, folder, check))


def _read_address(
    source: SyncSource,
    token: str | None,
    known: Validators,
    folder: Path,
    check: Callable[[], None],
) -> SourceReading | None:
    refuse_plain_token(source, token, source.address)
    check()
    with feed_fetcher(_limits(source)) as fetcher:
        try:
            headers = credentials(source.kind, token)
            fetched = fetcher.fetch(source.address, known, headers)
        except NoPhotoThere as error:
            raise explained(error, source) from error
    if fetched is None:
        return None
    path = folder / "feed"
    with publishing(path) as unfinished:
        unfinished.write_bytes(fetched.data)
    return SourceReading(_parsed(source, path, folder, check), fetched.validators)


def _read_shop(
    source: SyncSource, token: str | None, folder: Path, check: Callable[[], None]
) -> SourceReading:
    with feed_fetcher(replace(_limits(source), bytes=PAGE_BYTES)) as fetcher:
        found = download_products(source, fetcher, token, folder / "products.json", check)
    if not found.products:
        raise FeedError(f"{source.shown_address} lists no products; nothing was changed")
    feed = _parsed(source, found.path, folder, check)
    if found.missing:
        part = f"{found.missing} products that the shop announces are on none of its pages"
        feed = replace(feed, unreadable=(*feed.unreadable, part))
    return SourceReading(feed, products=found.products)


def complete_entries(
    source: SyncSource, token: str | None, entries: Sequence[Entry], check: Callable[[], None]
) -> None:
    """Read what a webhook's products lack: the variations of WooCommerce.

    Raises:
        FeedError: they cannot be read.
    """
    with feed_fetcher(replace(_limits(source), bytes=PAGE_BYTES)) as fetcher:
        try:
            for entry in entries:
                add_variations(source, fetcher, token, entry, check)
        except (FetchError, SourceError) as error:
            raise FeedError(f"variations could not be read: {error}") from error


def _parsed(source: SyncSource, path: Path, folder: Path, check: Callable[[], None]) -> Feed:
    return read_in_process(path, folder, source.options.fields, check, source.encoding)


def _limits(source: SyncSource) -> FetchLimits:
    return replace(LIMITS, allow_private=source.options.allow_private_hosts)
