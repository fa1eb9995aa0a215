"""Types of synchronised sources: settings, state, outcome of a run."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from catalog.errors import SourceError
from catalog.fetching.fetch import Validators
from catalog.importing.records import ImportOptions

VARIABLE_PREFIX: Final = "APPAREL_SYNC_"
"""A source names only variables made for it: none of the server's other secrets can be sent."""
_VARIABLE: Final = re.compile(r"APPAREL_SYNC_[A-Z0-9_]{1,80}")
_INTERVAL: Final = re.compile(r"([1-9]\d{0,5})\s*(m|h|d)")
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
RETRY: Final = timedelta(minutes=15)
"""Longest wait for the next run after one that failed or was stopped."""


class SourceKind(StrEnum):
    """The kind of place that a source's products come from."""

    FILE = "file"
    FOLDER = "folder"
    FEED = "feed"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"

    @property
    def is_remote(self) -> bool:
        """Whether it is read over HTTP."""
        return self not in (SourceKind.FILE, SourceKind.FOLDER)

    @property
    def is_shop(self) -> bool:
        """Whether it is a shop's own API, which also sends webhooks."""
        return self in (SourceKind.SHOPIFY, SourceKind.WOOCOMMERCE)


class SourceState(StrEnum):
    """Result of a source's last run."""

    NEW = "new"
    DONE = "done"
    UNCHANGED = "unchanged"
    SHRUNK = "shrunk"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look at it."""
        return self in (SourceState.SHRUNK, SourceState.FAILED)


@dataclass(frozen=True)
class SyncSource:
    """Settings of a source.

    Attributes:
        name: the `source` of its products; pruning stays within it.
        address: a path, or an http(s) address; of a shop its first page's address.
        every: time between the starts of two runs; None: only when asked.
        token_variable: environment variable with the token that is sent.
        secret_variable: environment variable with the secret that webhooks are signed with.
        photos: folder of the photos that the feed names.
        encoding: the feed's encoding, where detection is wrong.
        options: of its imports; `prune` removes what the source no longer lists.
    """

    name: str
    kind: SourceKind
    address: str
    every: timedelta | None = None
    token_variable: str | None = None
    secret_variable: str | None = None
    photos: str | None = None
    encoding: str | None = None
    options: ImportOptions = ImportOptions(prune=True)

    @property
    def shown_address(self) -> str:
        """The address without its query, which may hold a secret."""
        plain, _, query = self.address.partition("?")
        return f"{plain}?..." if query and self.kind.is_remote else self.address


@dataclass(frozen=True)
class SyncOutcome:
    """Changes by the last import of a source; `kind` is the dialect of the feed."""

    kind: str
    listed: int
    new: int
    changed: int
    unchanged: int
    removed: int
    rejected: int
    photos_indexed: int
    photos_skipped: int
    garments: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceStatus:
    """A source with the result of its last run; times are UTC.

    Attributes:
        validators: of the last reading that was imported wholly.
        listed: its number of products; None before the first.
        running: whether a process holds its lease.
    """

    source: SyncSource
    state: SourceState
    message: str | None
    outcome: SyncOutcome | None
    validators: Validators
    listed: int | None
    started_at: datetime | None
    ended_at: datetime | None
    next_run_at: datetime | None
    running: bool


def parse_interval(text: str) -> timedelta | None:
    """An interval such as 15m, 6h or 1d; None for "never". Raises SourceError."""
    if text.strip().lower() == "never":
        return None
    found = _INTERVAL.fullmatch(text.strip().lower())
    if found is None:
        raise SourceError(f"{text[:40]!r} is not an interval; write 15m, 6h, 1d or never")
    return timedelta(minutes=int(found[1]) * _MINUTES[found[2]])


def shown_interval(every: timedelta | None) -> str:
    """An interval in the form that `parse_interval` reads."""
    if every is None:
        return "never"
    minutes = int(every / timedelta(minutes=1))
    unit = next(unit for unit in ("d", "h", "m") if minutes % _MINUTES[unit] == 0)
    return f"{minutes // _MINUTES[unit]}{unit}"


def checked_variable(name: str) -> str:
    """The name of an environment variable that a source may use.

    Raises:
        SourceError: the name does not begin with `VARIABLE_PREFIX`, perhaps because the secret
            itself was given; the message does not repeat it.
    """
    if not _VARIABLE.fullmatch(name):
        raise SourceError(
            f"give the name of an environment variable that begins with {VARIABLE_PREFIX} "
            f"(such as {VARIABLE_PREFIX}SHOP_TOKEN), not the secret itself"
        )
    return name
