"""A finding of a check, and an entry of a work list."""

from dataclasses import dataclass
from typing import Final, Literal

from catalog.records import GarmentCard

Check = Literal["no-garment", "title", "duplicate"]

CHECKS: Final[tuple[Check, ...]] = ("no-garment", "title", "duplicate")


@dataclass(frozen=True)
class Finding:
    """Something to look at, with a confidence `score`, 0 to 1.

    Attributes:
        key: identifies it within all checks, also when the catalogue is checked again.
        other_garment_id: the garment of another product that a duplicate resembles.
    """

    check: Check
    key: str
    product_id: str
    photo_id: int
    reason: str
    score: float
    garment_id: int | None = None
    other_garment_id: int | None = None


@dataclass(frozen=True)
class ListEntry:
    """A finding with its product, as a work list shows it.

    Attributes:
        photo: name of the photo in its feed.
        has_copy: whether there is a stored copy of the photo to show.
        garment, other: None where there is none.
        more_photos: ids of the product's other photos that have a copy.
        skip_code: of a photo that was not indexed.
    """

    id: int
    product_id: str
    title: str
    photo_id: int
    photo: str
    has_copy: bool
    reason: str
    skip_code: str | None
    score: float
    garment: GarmentCard | None
    other: GarmentCard | None
    more_photos: tuple[int, ...]


@dataclass(frozen=True)
class WorkList:
    """One page of a work list; `total` counts all pages, from 1."""

    entries: tuple[ListEntry, ...]
    page: int
    pages: int
    total: int
