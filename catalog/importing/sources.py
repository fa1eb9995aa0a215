"""Names of the sources that products come from."""

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from catalog.feeds.rows import Feed

SOURCE_LENGTH: Final = 200
"""Maximum length of a source's name; of a longer one the end is stored."""
_PACKED: Final = re.compile(r"\.(gz|zip)$", re.IGNORECASE)
_DATE: Final = re.compile(r"(?<![-_. ])[-_. ]*20\d\d[-_.]?[01]\d[-_.]?[0-3]\d([-_.T ]?\d{4,6})?")


def source_of(feed: Feed, name: str | None) -> str:
    """The given source name of a feed, else one from its file's name or its folder's path."""
    return (name or feed.origin or source_name(feed.name))[-SOURCE_LENGTH:]


def former_source(feed: Feed, name: str | None) -> str | None:
    """The name that earlier versions gave to a packed feed: "shop.csv" for `shop.csv.gz`."""
    path = urlsplit(feed.name).path
    if name or feed.origin or not _PACKED.search(path):
        return None
    return f"{source_name(feed.name)}{PurePosixPath(_PACKED.sub('', path)).suffix}"[-SOURCE_LENGTH:]


def source_name(file: str) -> str:
    """Derive a source name from a file name or a URL.

    A date is left out, so that `shop-2026-11-29.csv.gz` is the same source every night.
    """
    address = urlsplit(file)
    path = _PACKED.sub("", address.path if address.netloc else file)
    stem = PurePosixPath(path).stem
    plain = _DATE.sub("", stem) or stem or "feed"
    return f"{address.hostname}/{plain}" if address.hostname else plain
