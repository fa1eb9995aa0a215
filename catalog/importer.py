"""Rows of a feed in, products and photos in the database out: the photos still to be indexed.

A delta: a row that is as it was is not written, a photo whose bytes are as they were is not
pending. What the feed no longer has is only named here; it goes when the rest is done
(`catalog.removal`), so that an interrupted run has taken nothing away.

`read_feed`, `read_folder` and the types live in modules of their own and are named here too,
so that who imports a feed needs one module.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import ProductNotFound
from catalog.feeds import Feed, ProductRow, Reject, read_feed, read_folder, read_source
from catalog.fetched import FetchedPhotos
from catalog.files import file_sha256
from catalog.import_records import (
    ImportOptions,
    ImportSummary,
    PendingPhoto,
    PhotoForecast,
    Refusal,
)
from catalog.models import LEFT, Photo, Product
from catalog.photo_files import PhotoFile, PhotoPlaces, find_file
from catalog.removal import products_to_prune

__all__ = [
    "Feed",
    "ImportOptions",
    "ImportSummary",
    "PendingPhoto",
    "ProductRow",
    "Refusal",
    "Reject",
    "import_feed",
    "read_feed",
    "read_folder",
    "read_source",
    "update_product",
]

ROWS_PER_COMMIT: Final = 500
_FIELDS: Final = (
    "title", "brand", "category", "colour", "price", "currency", "url", "availability",
    "description",
)  # fmt: skip
_OF_PRICE_AND_STOCK: Final = frozenset({"price", "currency", "availability"})


@dataclass
class _Tally:
    """What an import has done so far; `open` and `stale` are photos with their files."""

    new: int = 0
    changed: int = 0
    price_only: int = 0
    unchanged: int = 0
    photos_unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    open: list[tuple[Photo, PhotoFile]] = field(default_factory=list)
    stale: list[tuple[Photo, PhotoFile]] = field(default_factory=list)


def import_feed(
    session: Session,
    feed: Feed,
    photos: Path | None = None,
    options: ImportOptions = ImportOptions(),
    fetched: FetchedPhotos | None = None,
) -> ImportSummary:
    """Insert or update every row; commits every `ROWS_PER_COMMIT` rows and at the end.

    A dry run goes the same way, writes nothing and needs a reading session only.

    Args:
        photos: folder in which photo names are looked up, addresses too by their last part;
            None: the feed's own folder, and addresses are fetched. A name without a suffix is
            tried with each suffix of a photo.
        fetched: where fetched photos lie; None: addresses are not fetched.

    Raises:
        PruneRefused: see `products_to_prune`; nothing was written.
    """
    gone = _to_prune(session, feed, options)
    place = PhotoPlaces(photos or feed.folder, photos is not None, fetched, options.refresh_photos)
    tally = _Tally(rejects=list(feed.rejects))
    pending: list[PendingPhoto] = []
    stale: list[PendingPhoto] = []
    for rows in _chunks(feed.rows):
        with session.no_autoflush:
            _import_rows(session, rows, feed, place, tally)
        if not options.dry_run:
            session.commit()
        pending += _drained(tally.open)
        stale += _drained(tally.stale)
        session.expunge_all()
    if options.dry_run:
        session.rollback()
    wanted = options.prune or options.prune_all
    return ImportSummary(
        tally.new,
        tally.changed,
        tally.unchanged,
        tuple(tally.rejects),
        tally.photos_unchanged,
        tuple(pending),
        tally.price_only,
        () if tally.rejects else gone,
        tuple(stale),
        _forecast(session, pending) if options.dry_run else None,
        feed.notes + _prune_note(tally) if wanted else feed.notes,
    )


def _to_prune(session: Session, feed: Feed, options: ImportOptions) -> tuple[str, ...]:
    if feed.rejects or not (options.prune or options.prune_all):
        return ()
    return products_to_prune(session, feed, options.prune_all)


def _prune_note(tally: _Tally) -> tuple[str, ...]:
    if not tally.rejects:
        return ()
    # A product whose row could not be read is not gone.
    return (f"nothing was pruned: {len(tally.rejects)} rows were refused; mend them first",)


def _drained(found: list[tuple[Photo, PhotoFile]]) -> list[PendingPhoto]:
    pending = [
        PendingPhoto(
            photo.id or 0, photo.product_id, file.path, photo.position, file.url, None, photo.sha256
        )
        for photo, file in found
    ]
    found.clear()
    return pending


def _chunks(rows: Sequence[ProductRow]) -> Iterator[list[ProductRow]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, ROWS_PER_COMMIT)):
        yield chunk


def _import_rows(
    session: Session, rows: list[ProductRow], feed: Feed, place: PhotoPlaces, tally: _Tally
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
        files = dict(find_file(name, place, photos[row.id]) for name in row.photos)
        if product is not None and _clashes(product, feed.origin, photos[row.id], files):
            reason = f"id {row.id!r} belongs to {product.origin or 'a feed'} already"
            reason += "; use another --data for another shop"
            tally.rejects.append(Reject(row.line, reason, row.id))
            continue
        _import_row(session, row, product, feed, tally)
        _import_photos(session, row.id, photos[row.id], files, place, tally)


def _clashes(
    product: Product, origin: str | None, known: list[Photo], files: dict[str, PhotoFile]
) -> bool:
    """Whether ids made up from file names would overwrite another folder's product.

    A folder that was moved holds the same bytes, and is taken.
    """
    if product.origin == origin:
        return False
    contents = {photo.sha256 for photo in known if photo.sha256}
    return not any(file_sha256(file.path) in contents for file in files.values())


def _import_row(
    session: Session, row: ProductRow, product: Product | None, feed: Feed, tally: _Tally
) -> None:
    if product is None:
        product = Product(id=row.id, origin=feed.origin, from_feed=bool(feed.kind))
        session.add(product)
        _take_values(product, row)
        tally.new += 1
        return
    product.origin = feed.origin
    product.from_feed = product.from_feed or bool(feed.kind)
    changed = _take_values(product, row)
    tally.changed += bool(changed)
    tally.price_only += bool(changed) and changed <= _OF_PRICE_AND_STOCK
    tally.unchanged += not changed


def _take_values(product: Product, row: ProductRow) -> set[str]:
    """Give a product the row's values; the names of those that differed."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["group_id"] = row.group
    values["attributes"] = dict(row.attributes or {})
    changes = {name: value for name, value in values.items() if getattr(product, name) != value}
    for name, value in changes.items():
        setattr(product, name, value)
    return set(changes)


def _import_photos(
    session: Session,
    product_id: str,
    known: list[Photo],
    files: dict[str, PhotoFile],
    place: PhotoPlaces,
    tally: _Tally,
) -> None:
    """Make the product's photos those of `files` (source name -> file), in that order."""
    by_source = {photo.source: photo for photo in known}
    for position, (source, file) in enumerate(files.items()):
        photo = by_source.pop(source, None)
        if photo is None:
            photo = Photo(product_id=product_id, source=source, status="pending")
            session.add(photo)
        elif photo.status != "pending" and _has_changed(photo, file):
            photo.status = "pending"
        if photo.position != position:
            photo.position = position
        if photo.status == "pending":
            tally.open.append((photo, file))
            continue
        tally.photos_unchanged += 1
        if place.refresh and file.url is not None:
            tally.stale.append((photo, file))
    for photo in by_source.values():
        photo.position = LEFT


def _has_changed(photo: Photo, file: PhotoFile) -> bool:
    if file.url is not None:
        # What was fetched stays as it is until it is asked for again.
        return photo.skip_stage == "fetch"
    # A file that is gone has not changed: what was indexed from it stays.
    sha256 = file_sha256(file.path)
    return sha256 is not None and sha256 != photo.sha256


def _forecast(session: Session, pending: list[PendingPhoto]) -> PhotoForecast:
    """Look into the files of a dry run: which contents are new, which are not there."""
    contents: set[str] = set()
    urls: set[str] = set()
    missing = 0
    for photo in pending:
        sha256 = file_sha256(photo.path)
        if sha256 is not None:
            contents.add(sha256)
        elif photo.url is not None:
            urls.add(photo.url)
        else:
            missing += 1
    return PhotoForecast(len(urls), len(contents - _known(session, contents)) + len(urls), missing)


def _known(session: Session, contents: set[str]) -> set[str]:
    ordered = sorted(contents)
    known: set[str] = set()
    for start in range(0, len(ordered), ROWS_PER_COMMIT):
        some = ordered[start : start + ROWS_PER_COMMIT]
        query = select(Photo.sha256).where(Photo.sha256.in_(some), Photo.status == "indexed")
        known |= {sha256 for sha256 in session.scalars(query) if sha256}
    return known


def update_product(session: Session, row: ProductRow) -> bool:
    """Give a product new values, its photos left as they are; whether any differed.

    ProductNotFound if absent; the caller commits.
    """
    product = session.get(Product, row.id)
    if product is None:
        raise ProductNotFound(f"there is no product {row.id!r}; see the list for its id")
    return bool(_take_values(product, row))
