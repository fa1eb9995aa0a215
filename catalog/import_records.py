"""What goes into an import and what comes out of it: frozen and typed."""

from dataclasses import dataclass
from pathlib import Path

from catalog.feeds_fields import FieldMap, Reject


@dataclass(frozen=True)
class ImportOptions:
    """How a feed is taken.

    Attributes:
        fields: which column holds which field (`--map`); used while reading the feed.
        prune: remove the products that feeds brought and this feed no longer has.
        prune_all: even when that is more than half of them.
        dry_run: find out what would change; write nothing.
        allow_private_hosts: fetch photos from loopback and private networks too.
        refresh_photos: ask for fetched photos again, whether they have changed.
    """

    fields: FieldMap = ()
    prune: bool = False
    prune_all: bool = False
    dry_run: bool = False
    allow_private_hosts: bool = False
    refresh_photos: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why a photo could not be fetched: a stable code and the reason in words."""

    code: str
    reason: str


@dataclass(frozen=True)
class PendingPhoto:
    """A photo that has no vectors yet, or whose file has changed since.

    Attributes:
        url: where it is fetched from before it can be read; None where it lies on the disk.
        refusal: set where fetching it has failed: there is nothing to read then.
        sha256: of the bytes that its vectors were made from; None where it has none.
    """

    photo_id: int
    product_id: str
    path: Path
    position: int
    url: str | None = None
    refusal: Refusal | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class PhotoForecast:
    """What a dry run knows about the photos: equal bytes count once, addresses as one photo."""

    to_fetch: int
    to_embed: int
    missing: int


@dataclass(frozen=True)
class ImportSummary:
    """Counts of products, every reject (of reading and of importing), and what is to index.

    `new + changed + unchanged` rows were taken; `photos_unchanged` of their photos need no
    new work, `pending` do.

    Attributes:
        price_only: those of `changed` where only price, currency or availability differ.
        removed: ids of the products that the feed no longer has, to be removed at the end.
        to_refresh: fetched photos to ask for again; few will have changed.
        forecast: of a dry run only.
        notes: what a person should know, a sentence each.
    """

    new: int
    changed: int
    unchanged: int
    rejects: tuple[Reject, ...]
    photos_unchanged: int
    pending: tuple[PendingPhoto, ...]
    price_only: int = 0
    removed: tuple[str, ...] = ()
    to_refresh: tuple[PendingPhoto, ...] = ()
    forecast: PhotoForecast | None = None
    notes: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """Rows that were refused."""
        return len(self.rejects)
