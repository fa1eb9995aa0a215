"""What can go wrong with the catalogue.

    CatalogError
    ├── FeedError             a feed file as a whole cannot be read (a bad row is a value: Reject)
    ├── ProductNotFound       no product has this id
    ├── PruneRefused          a feed lacks so many products that a mistake is likelier
    ├── DatabaseError         the database is missing, of another version or not writable
    ├── BackupError           a backup cannot be written, or a file not be restored
    └── FetchError            a photo cannot be fetched from its address
        ├── AddressRefused    the address is no http(s) one, or leads into a private network
        ├── NoPhotoThere      the server answered, but not with a photo or feed we take
        └── HostFailed        no connection, no answer in time, or "later": may pass

Every message is one line and ends with what to do about it.
"""


class CatalogError(Exception):
    """Base of everything this package raises on purpose."""


class FeedError(CatalogError):
    """A feed lacks its required columns or is no feed at all."""


class ProductNotFound(CatalogError):
    """No product has the id that was asked for."""


class PruneRefused(CatalogError):
    """Pruning would take more than half of the products away."""


class DatabaseError(CatalogError):
    """The database cannot be used as it is."""


class FetchError(CatalogError):
    """A photo could not be fetched; `code` is stable, for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AddressRefused(FetchError):
    """Code: address_refused."""

    def __init__(self, message: str) -> None:
        super().__init__("address_refused", message)


class NoPhotoThere(FetchError):
    """Codes: http_404 and its like, too_large, not_a_photo, not_a_feed, too_many_redirects."""


class HostFailed(FetchError):
    """Codes: unreachable, timed_out, given_up, http_503 and its like.

    `retry_after` is the number of seconds that the server asked to be left alone, if it did.
    """

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class BackupError(CatalogError):
    """A backup cannot be written, or a file cannot be restored."""
