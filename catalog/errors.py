"""Exceptions of the catalogue.

    CatalogError
    ├── FeedError             a whole feed file cannot be read (a bad row is a value: Reject)
    ├── ProductNotFound       no product has this id
    ├── PruneRefused          a feed lacks so many products that a mistake is likely
    ├── DatabaseError         the database is missing, of another version or not writable
    │   ├── CannotWrite       the disk is full or read-only; reading still works
    │   ├── UnreadableText    a stored text is not UTF-8
    │   └── DatabaseAway      the database server does not answer, or the connection was lost
    ├── BackupError           a backup cannot be written or restored
    ├── FolderInUse           another process serves, restores or upgrades the data folder
    ├── BadStoredName         a stored photo's name points outside its folder
    ├── BucketAway            the place of shared files does not answer
    ├── SourceError           the settings of a synchronised source are not usable
    │   ├── SourceNotFound    no synchronised source has this name
    │   └── SourceBusy        another run of this source has not ended
    └── FetchError            a photo cannot be fetched from its address
        ├── AddressRefused    the address is not http(s), or is in a private network
        ├── NoPhotoThere      the server responded, but not with a supported photo or feed
        └── HostFailed        no connection, a timeout or a temporary status: retry later

Every message is one line and ends with a remedy.
"""


class CatalogError(Exception):
    """Base class of this package's exceptions."""


class FeedError(CatalogError):
    """A feed lacks required columns or is not a feed."""


class ProductNotFound(CatalogError):
    """No product has the requested id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(
            f"there is no product {product_id!r}; `apparel export FILE.csv` and /catalogue list "
            "the products"
        )


class PruneRefused(CatalogError):
    """Pruning would remove more than half of the products."""


class DatabaseError(CatalogError):
    """The database is missing, damaged, of another version or not writable."""


class FetchError(CatalogError):
    """A photo or feed could not be fetched; `code` is a stable identifier for programs."""

    def __init__(self, code: str, message: str) -> None:
        # A redirect's address may have 60,000 characters, and a run keeps a reason for each photo.
        shown = message if len(message) <= 600 else f"{message[:300]} ... {message[-200:]}"
        super().__init__(shown)
        self.code = code


class AddressRefused(FetchError):
    """Code: address_refused."""

    def __init__(self, message: str) -> None:
        super().__init__("address_refused", message)


class NoPhotoThere(FetchError):
    """Codes: http_404 and others, too_large, packed, not_a_photo or _feed, too_many_redirects."""


class HostFailed(FetchError):
    """Codes: unreachable, timed_out, given_up, http_503 and similar.

    `retry_after` is the Retry-After header in seconds, if there was one.
    """

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class BackupError(CatalogError):
    """A backup cannot be written, or a file cannot be restored."""


class FolderInUse(CatalogError):
    """Another process holds the data folder."""


class BadStoredName(CatalogError):
    """The database refers to a stored photo by a path that this program never writes."""


class CannotWrite(DatabaseError):
    """The disk is full, or the data folder read-only; reading still works."""


class UnreadableText(DatabaseError):
    """A stored text is not UTF-8."""


class DatabaseAway(DatabaseError):
    """No connection to the database server; a write may or may not have been committed."""


class BucketAway(CatalogError):
    """The files that servers share cannot be read or written."""


class SourceError(CatalogError):
    """A synchronised source cannot be added or run as it is set up."""


class SourceNotFound(SourceError):
    """No synchronised source has the requested name."""


class SourceBusy(SourceError):
    """One run of a source at a time."""
