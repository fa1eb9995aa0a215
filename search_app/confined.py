"""A feed that a stranger sent in, the same without the rows that reach for files elsewhere out."""

from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from catalog.fetched import is_url
from catalog.importer import Feed, ProductRow, Reject


def confined(feed: Feed) -> Feed:
    """The feed without the rows whose photos lie outside the photos' folder.

    Who may send a feed must not be able to have any file of this machine shown as a photo.
    """
    outside = [row for row in feed.rows if any(_leaves(name) for name in row.photos)]
    if not outside:
        return feed
    refused = {row.id for row in outside}
    rejects = tuple(Reject(row.line, _outside_reason(row), row.id) for row in outside)
    rows = tuple(row for row in feed.rows if row.id not in refused)
    return replace(feed, rows=rows, rejects=feed.rejects + rejects)


def _outside_reason(row: ProductRow) -> str:
    return f"id {row.id!r}: a photo's name leaves the photos' folder; use names below it"


def _leaves(name: str) -> bool:
    if is_url(name):
        return False
    return any(
        path.is_absolute() or path.drive or ".." in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )
