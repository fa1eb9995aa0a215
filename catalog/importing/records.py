"""Types of an import: options, pending photos, summary."""

from dataclasses import dataclass
from pathlib import Path

from catalog.feeds.rows import FieldMap, Reject


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import.

    Attributes:
        fields: pairs of field and column (`--map`), applied while reading the feed.
        source: name of the feed; None: its file's name, or the folder's path.
        clear_empty: an empty cell clears the stored value.
        prune: remove the products of this source that are missing from the feed.
        prune_all: even when that is more than half of them.
        dry_run: report what would change; write nothing.
        allow_private_hosts: fetch photos from loopback and private networks too.
        refresh_photos: revalidate fetched photos with their servers.
    """

    fields: FieldMap = ()
    source: str | None = None
    clear_empty: bool = False
    prune: bool = False
    prune_all: bool = False
    dry_run: bool = False
    allow_private_hosts: bool = False
    refresh_photos: bool = False


@dataclass(frozen=True)
class Refusal:
    """The reason why a photo could not be fetched: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True)
class PendingPhoto:
    """A photo that has no vectors yet, or whose file has changed since.

    Attributes:
        url: URL to fetch it from; None for a local file.
        refusal: set where fetching failed, so that there is no file to read.
        sha256: hash of the bytes that its vectors were made from; None without vectors.
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
    """Photo counts of a dry run; equal bytes count once, each URL as one photo."""

    to_fetch: int
    to_embed: int
    missing: int


@dataclass(frozen=True)
class ImportSummary:
    """Counts of an import, its rejects (of reading and importing) and the photos to index.

    `new + changed + unchanged` rows were imported; `photos_unchanged` of their photos need no
    new vectors, `pending` do.

    Attributes:
        price_only: those of `changed` where only price, currency or availability differ.
        removed: ids of the products missing from the feed, to be removed at the end.
        to_refresh: fetched photos to revalidate.
        renamed: ids of products whose title, category or type changed.
        forecast: of a dry run only.
        notes: sentences for the user.
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
    renamed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """Number of rejected rows."""
        return len(self.rejects)
