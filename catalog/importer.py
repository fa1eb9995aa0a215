"""Rows of a feed in, products and photos in the database out: the photos still to be indexed.

`read_feed`, `read_folder` and the row types live in `catalog.feeds` and are named here too,
so that who imports a feed needs one module.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.errors import ProductNotFound
from catalog.feeds import Feed, ProductRow, Reject, read_feed, read_folder, read_source
from catalog.files import file_sha256
from catalog.models import Photo, Product

__all__ = [
    "Feed",
    "ImportSummary",
    "PendingPhoto",
    "ProductRow",
    "Reject",
    "import_feed",
    "read_feed",
    "read_folder",
    "read_source",
    "remove_product",
    "update_product",
]

ROWS_PER_COMMIT: Final = 500
_SUFFIXES_TRIED: Final = (".jpg", ".jpeg", ".png", ".webp", ".JPG", ".gif", ".bmp", ".tif", ".tiff")
_FIELDS: Final = (
    "title", "brand", "category", "colour", "price", "currency", "url", "availability",
)  # fmt: skip


@dataclass(frozen=True)
class PendingPhoto:
    """A photo that has no vectors yet, or whose file has changed since."""

    photo_id: int
    product_id: str
    path: Path
    position: int


@dataclass(frozen=True)
class ImportSummary:
    """Counts of products, every reject (of reading and of importing), and what is to index.

    `new + changed + unchanged` rows were taken; `photos_unchanged` of their photos need no
    new work, `pending` do.
    """

    new: int
    changed: int
    unchanged: int
    rejects: tuple[Reject, ...]
    photos_unchanged: int
    pending: tuple[PendingPhoto, ...]

    @property
    def rejected(self) -> int:
        """Rows that were refused."""
        return len(self.rejects)


@dataclass
class _Tally:
    """What an import has done so far; `open` are the photos to index, with their files."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    photos_unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    open: list[tuple[Photo, Path]] = field(default_factory=list)


def import_feed(session: Session, feed: Feed, photos: Path | None = None) -> ImportSummary:
    """Insert or update every row; commits every `ROWS_PER_COMMIT` rows and at the end.

    Args:
        photos: folder in which photo names are looked up; None: the feed's own folder. A name
            without a suffix is tried with each suffix of a photo, a URL by its last part.
    """
    tally = _Tally(rejects=list(feed.rejects))
    pending: list[PendingPhoto] = []
    folder = feed.folder if photos is None else photos
    for rows in _chunks(feed.rows):
        _import_rows(session, rows, feed.origin, folder, tally)
        session.commit()
        pending.extend(
            PendingPhoto(photo.id, photo.product_id, path, photo.position)
            for photo, path in tally.open
        )
        tally.open.clear()
        session.expunge_all()
    return ImportSummary(
        tally.new,
        tally.changed,
        tally.unchanged,
        tuple(tally.rejects),
        tally.photos_unchanged,
        tuple(pending),
    )


def _chunks(rows: Sequence[ProductRow]) -> Iterator[list[ProductRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, ROWS_PER_COMMIT)):
        yield chunk


def _import_rows(
    session: Session, rows: list[ProductRow], origin: str | None, folder: Path, tally: _Tally
) -> None:
    ids = [row.id for row in rows]
    products = {
        product.id: product
        for product in session.scalars(select(Product).where(Product.id.in_(ids)))
    }
    photos: dict[str, list[Photo]] = {product_id: [] for product_id in ids}
    for photo in session.scalars(select(Photo).where(Photo.product_id.in_(ids))):
        photos[photo.product_id].append(photo)
    for row in rows:
        product = products.get(row.id)
        files = _find_files(row.photos, folder, photos[row.id])
        if product is not None and _clashes(product, origin, photos[row.id], files):
            reason = f"id {row.id!r} belongs to {product.origin or 'a feed'} already"
            tally.rejects.append(Reject(0, f"{reason}; use another --data for another shop"))
            continue
        _import_row(session, row, product, origin, tally)
        _import_photos(session, row.id, photos[row.id], files, tally)


def _clashes(
    product: Product, origin: str | None, known: list[Photo], files: dict[str, Path]
) -> bool:
    """Whether ids made up from file names would overwrite another folder's product.

    A folder that was moved holds the same bytes, and is taken.
    """
    if product.origin == origin:
        return False
    contents = {photo.sha256 for photo in known if photo.sha256}
    return not any(file_sha256(path) in contents for path in files.values())


def _import_row(
    session: Session, row: ProductRow, product: Product | None, origin: str | None, tally: _Tally
) -> None:
    if product is None:
        product = Product(id=row.id, origin=origin)
        session.add(product)
        _take_values(product, row)
        tally.new += 1
        return
    product.origin = origin
    changed = _take_values(product, row)
    tally.changed += changed
    tally.unchanged += not changed


def _take_values(product: Product, row: ProductRow) -> bool:
    """Give a product the row's values; whether any differed."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["attributes"] = dict(row.attributes or {})
    changes = {name: value for name, value in values.items() if getattr(product, name) != value}
    for name, value in changes.items():
        setattr(product, name, value)
    return bool(changes)


def _import_photos(
    session: Session, product_id: str, known: list[Photo], files: dict[str, Path], tally: _Tally
) -> None:
    """Make the product's photos those of `files` (source name -> file), in that order."""
    by_source = {photo.source: photo for photo in known}
    for position, (source, path) in enumerate(files.items()):
        photo = by_source.pop(source, None)
        if photo is None:
            photo = Photo(product_id=product_id, source=source, status="pending")
            session.add(photo)
        elif photo.status != "pending" and _has_changed(photo, path):
            photo.status = "pending"
        photo.position = position
        if photo.status == "pending":
            tally.open.append((photo, path))
        else:
            tally.photos_unchanged += 1
    for photo in by_source.values():
        session.delete(photo)


def _has_changed(photo: Photo, path: Path) -> bool:
    # A file that is gone has not changed: what was indexed from it stays.
    sha256 = file_sha256(path)
    return sha256 is not None and sha256 != photo.sha256


def _find_files(names: Sequence[str], folder: Path, known: list[Photo]) -> dict[str, Path]:
    """Source name -> file for each photo name of a feed; the file may not exist."""
    return dict(_find_file(name, folder, known) for name in names)


def _find_file(name: str, folder: Path, known: list[Photo]) -> tuple[str, Path]:
    is_url = name.startswith(("http://", "https://"))
    local = PurePosixPath(unquote(urlsplit(name).path)).name if is_url else name
    path = folder / local
    if path.is_file():
        return name, path
    for suffix in _SUFFIXES_TRIED:
        with_suffix = path.with_name(path.name + suffix)
        if with_suffix.is_file():
            return (name if is_url else name + suffix), with_suffix
    # The file has gone since; it keeps the name it was found by.
    sources = {photo.source.rpartition(".")[0]: photo.source for photo in known}
    return sources.get(name, name), path


def update_product(session: Session, row: ProductRow) -> bool:
    """Give a product new values, its photos left as they are; whether any differed.

    ProductNotFound if absent; the caller commits.
    """
    product = session.get(Product, row.id)
    if product is None:
        raise ProductNotFound(f"there is no product {row.id!r}; see the list for its id")
    return _take_values(product, row)


def remove_product(session: Session, product_id: str) -> tuple[str, ...]:
    """Delete a product with its photos, garments and vectors; ProductNotFound if absent.

    The answer names stored photos that nothing uses any more; the caller commits.
    """
    stored = set(
        session.scalars(
            select(Photo.stored).where(Photo.product_id == product_id, Photo.stored.is_not(None))
        )
    )
    removed = session.execute(
        delete(Product).where(Product.id == product_id).returning(Product.id)
    ).all()
    if not removed:
        raise ProductNotFound(f"there is no product {product_id!r}; see the list for its id")
    used = set(session.scalars(select(Photo.stored).where(Photo.stored.in_(stored))))
    return tuple(sorted(name for name in stored - used if name))
