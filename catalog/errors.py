"""What can go wrong with the catalogue.

    CatalogError
    ├── FeedError         a feed file as a whole cannot be read (a bad row is a value: Reject)
    ├── ProductNotFound   no product has this id
    └── DatabaseError     the database is missing, of another version or not writable

Every message is one line and ends with what to do about it.
"""


class CatalogError(Exception):
    """Base of everything this package raises on purpose."""


class FeedError(CatalogError):
    """A feed lacks its required columns or is no feed at all."""


class ProductNotFound(CatalogError):
    """No product has the id that was asked for."""


class DatabaseError(CatalogError):
    """The database cannot be used as it is."""
