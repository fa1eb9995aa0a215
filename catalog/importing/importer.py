"""Import of a feed's rows as products and photos.

Only differences are written, and a photo with unchanged bytes does not become pending. Products
missing from the feed are listed here and removed at the end of the run
(`catalog.importing.removal`), so that an interrupted run removes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from catalog.clean_text import clean_attributes, clean_text, is_clean
from catalog.database import is_sqlite
from catalog.errors import ProductNotFound
from catalog.feeds.rows import Feed, ProductRow, Reject
from catalog.fetching.store import FetchedPhotos
from catalog.files import file_sha256
from catalog.garments import rows_of
from catalog.importing.photo_files import PhotoFile, PhotoLocations, find_file, shared_names
from catalog.importing.records import (
    ImportOptions,
    ImportSummary,
    PendingPhoto,
    PhotoForecast,
)
from catalog.importing.removal import products_to_prune
from catalog.importing.sources import former_source, source_of
from catalog.importing.values import change_values, replace_values
from catalog.models import NOT_IN_FEED, PhotoRow, Product

ROWS_PER_COMMIT: Final = 500
_OF_PRICE_AND_STOCK: Final = frozenset(
    {"price", "currency", "availability", "sale_price", "sale_start", "sale_end"}
)
_TEXTS: Final = (
    "title", "brand", "category", "colour", "currency", "url", "availability", "description",
)  # fmt: skip
_INDEXED_OF: Final = select(PhotoRow.sha256).where(
    PhotoRow.sha256.in_(bindparam("ids", expanding=True)), PhotoRow.status == "indexed"
)
_NAMING: Final = frozenset({"title", "category", "attributes"})
"""Fields that name the kind of garment that is sold."""


@dataclass
class _Tally:
    """Running counts of an import; `open` and `stale` hold photos with their files."""

    new: int = 0
    changed: int = 0
    price_only: int = 0
    unchanged: int = 0
    photos_unchanged: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)
    renamed: list[str] = field(default_factory=list)
    texts_cleaned: int = 0
    joined: int = 0
    rejects: list[Reject] = field(default_factory=list)
    open: list[tuple[PhotoRow, PhotoFile]] = field(default_factory=list)
    stale: list[tuple[PhotoRow, PhotoFile]] = field(default_factory=list)


@dataclass(frozen=True)
class _Source:
    """A feed, the name of its source, now and formerly, and the meaning of its empty cells."""

    feed: Feed
    name: str
    former_name: str | None
    clear_empty: bool


def import_feed(
    session: Session,
    feed: Feed,
    photos: Path | None = None,
    options: ImportOptions = ImportOptions(),
    fetched: FetchedPhotos | None = None,
) -> ImportSummary:
    """Insert or update every row; commits every `ROWS_PER_COMMIT` rows and at the end.

    A dry run does the same without writing; a read session is enough for it.

    Args:
        photos: folder in which photo names, and the last parts of URLs, are looked up; None: the
            feed's own folder, and URLs are fetched. A name without a suffix is tried with each
            photo suffix.
        fetched: store of fetched photos; None: URLs are not fetched.

    Raises:
        PruneRefused: see `products_to_prune`; nothing was written.
    """
    source = source_of(feed, options.source)
    gone = _to_prune(session, feed, source, options)
    locations = PhotoLocations(
        folder=photos or feed.folder,
        chosen_by_user=photos is not None,
        fetched=fetched,
        refresh=options.refresh_photos,
        shared_names=shared_names(feed.rows) if photos is not None else frozenset(),
    )
    tally = _Tally(rejects=list(feed.rejects))
    pending: list[PendingPhoto] = []
    stale: list[PendingPhoto] = []
    cleaned = _clean_rows(feed.rows, tally)
    while rows := list(islice(cleaned, ROWS_PER_COMMIT)):
        few_yet = tally.new < ROWS_PER_COMMIT
        with session.no_autoflush:
            former = former_source(feed, options.source)
            feed_source = _Source(feed, source, former, options.clear_empty)
            _import_rows(session, rows, feed_source, locations, tally)
        if not options.dry_run:
            session.commit()
            if few_yet and tally.new >= ROWS_PER_COMMIT and not is_sqlite(session):
                # What PostgreSQL planned for an empty table would read all of it for each product.
                session.execute(text("ANALYZE product"))
        pending += _drained(tally.open)
        stale += _drained(tally.stale)
        session.expunge_all()
    if options.dry_run:
        session.rollback()
    wanted = options.prune or options.prune_all
    notes = feed.left_out + feed.notes + _source_notes(source, tally) + _row_notes(tally)
    return ImportSummary(
        new=tally.new,
        changed=tally.changed,
        unchanged=tally.unchanged,
        rejects=tuple(tally.rejects),
        photos_unchanged=tally.photos_unchanged,
        pending=tuple(pending),
        price_only=tally.price_only,
        removed=() if tally.rejects else gone,
        to_refresh=tuple(stale),
        forecast=_forecast(session, pending) if options.dry_run else None,
        renamed=tuple(tally.renamed),
        notes=notes + _prune_note(feed, tally) if wanted else notes,
    )


def _to_prune(session: Session, feed: Feed, source: str, options: ImportOptions) -> tuple[str, ...]:
    if feed.rejects or feed.unreadable or not (options.prune or options.prune_all):
        return ()
    former = former_source(feed, options.source)
    return products_to_prune(session, feed, (source, former or source), options.prune_all)


def _source_notes(source: str, tally: _Tally) -> tuple[str, ...]:
    return tuple(
        f"products of source {other!r} that were only updated: {count}; if {source!r} is that "
        f"feed under a new name, set --source to {other!r}"
        for other, count in tally.elsewhere.items()
    )


def _clean_rows(rows: Iterable[ProductRow], tally: _Tally) -> Iterator[ProductRow]:
    """Clean every text; a row whose id or photo name is not clean becomes a reject."""
    for row in rows:
        if all(map(is_clean, (row.id, *row.photos))):
            cleaned = _clean_row(row)
            tally.texts_cleaned += cleaned is not row
            yield cleaned
            continue
        reason = "id or a photo's name holds characters that cannot be shown; rename it"
        tally.rejects.append(Reject(row.line, reason, clean_text(row.id)))


def _clean_row(row: ProductRow) -> ProductRow:
    texts = {name: getattr(row, name) or "" for name in (*_TEXTS, "group")}
    attributes = row.attributes and clean_attributes(row.attributes)
    if attributes == row.attributes and is_clean("".join(texts.values())):
        return row
    changed: dict[str, Any] = {
        name: clean_text(text) for name, text in texts.items() if not is_clean(text)
    }
    return replace(row, **changed, attributes=attributes)


def _row_notes(tally: _Tally) -> tuple[str, ...]:
    notes = {
        "variants without photos count for a product of their group": tally.joined,
        "products had characters that cannot be shown, now left out": tally.texts_cleaned,
    }
    return tuple(f"{count} {what}" for what, count in notes.items() if count)


def _prune_note(feed: Feed, tally: _Tally) -> tuple[str, ...]:
    if feed.unreadable:
        parts = len(feed.unreadable)
        return (f"nothing was pruned: {parts} parts of the source could not be read",)
    if not tally.rejects:
        return ()
    # A product whose row was rejected is still in the feed.
    return (f"nothing was pruned: {len(tally.rejects)} rows were refused; fix them first",)


def _drained(found: list[tuple[PhotoRow, PhotoFile]]) -> list[PendingPhoto]:
    pending = [
        PendingPhoto(
            photo_id=photo.id or 0,
            product_id=photo.product_id,
            path=file.path,
            position=photo.position,
            url=file.url,
            sha256=photo.sha256,
        )
        for photo, file in found
    ]
    found.clear()
    return pending


def _import_rows(
    session: Session,
    rows: list[ProductRow],
    source: _Source,
    locations: PhotoLocations,
    tally: _Tally,
) -> None:
    ids = [row.id for row in rows]
    products = {
        product.id: product
        for product in session.scalars(select(Product).where(Product.id.in_(ids)))
    }
    photos: dict[str, list[PhotoRow]] = {product_id: [] for product_id in ids}
    for photo in session.scalars(select(PhotoRow).where(PhotoRow.product_id.in_(ids))):
        photos[photo.product_id].append(photo)
    for row in rows:
        product = products.get(row.id)
        if product is None and row.joined:
            tally.joined += 1
            continue
        if product is None and not row.photos:
            reason = "no photo, and no product has this id yet"
            tally.rejects.append(Reject(row.line, reason, row.id))
            continue
        files = dict(find_file(name, locations, photos[row.id]) for name in row.photos)
        if product is not None and _clashes(product, source.feed.origin, photos[row.id], files):
            owner = "another folder" if product.origin else "a feed"
            reason = f"id {row.id!r} belongs to {owner} already"
            reason += "; use another --data for another shop"
            tally.rejects.append(Reject(row.line, reason, row.id))
            continue
        _import_row(session, row, product, source, tally)
        if row.photos:
            _import_photos(session, row.id, photos[row.id], files, locations, tally)


def _clashes(
    product: Product, origin: str | None, known: list[PhotoRow], files: dict[str, PhotoFile]
) -> bool:
    """Whether an id made from a file name would overwrite another folder's product.

    A moved folder holds the same bytes and does not clash.
    """
    if product.origin == origin:
        return False
    contents = {photo.sha256 for photo in known if photo.sha256}
    return not any(file_sha256(file.path) in contents for file in files.values())


def _import_row(
    session: Session, row: ProductRow, product: Product | None, source: _Source, tally: _Tally
) -> None:
    # A product added by hand has no source, so that no feed prunes it.
    name = source.name if source.feed.kind else None
    if product is None:
        product = Product(id=row.id, origin=source.feed.origin, source=name)
        session.add(product)
        replace_values(product, row)
        tally.new += 1
        return
    is_adopted = product.source in (None, source.former_name)
    if is_adopted or product.origin != source.feed.origin:
        product.source = name
    if product.source != source.name and product.source is not None:
        tally.elsewhere[product.source] += 1
    if product.origin != source.feed.origin:  # an assignment alone costs a check for changes
        product.origin = source.feed.origin
    changed = change_values(product, row, source.clear_empty)
    if changed & _NAMING:
        tally.renamed.append(product.id)
    tally.changed += bool(changed)
    tally.price_only += bool(changed) and changed <= _OF_PRICE_AND_STOCK
    tally.unchanged += not changed


def _import_photos(
    session: Session,
    product_id: str,
    known: list[PhotoRow],
    files: dict[str, PhotoFile],
    locations: PhotoLocations,
    tally: _Tally,
) -> None:
    """Set the product's photos to `files` (source name -> file), in that order."""
    by_source = {photo.source: photo for photo in known}
    for position, (source, file) in enumerate(files.items()):
        photo = by_source.pop(source, None)
        if photo is None:
            photo = PhotoRow(product_id=product_id, source=source, status="pending")
            session.add(photo)
        elif photo.status != "pending" and _has_changed(photo, file, locations):
            photo.status = "pending"
        if photo.position != position:
            photo.position = position
        if photo.status == "pending":
            tally.open.append((photo, file))
            continue
        tally.photos_unchanged += 1
        if locations.refresh and file.url is not None:
            tally.stale.append((photo, file))
    for photo in by_source.values():
        photo.position = NOT_IN_FEED


def _has_changed(photo: PhotoRow, file: PhotoFile, locations: PhotoLocations) -> bool:
    if file.url is not None:
        # A fetched photo counts as unchanged until a refresh.
        return photo.skip_stage == "fetch"
    # A missing file has not changed: the garments indexed from it stay.
    sha256 = locations.sha256_of(file.path)
    return sha256 is not None and sha256 != photo.sha256


def _forecast(session: Session, pending: list[PendingPhoto]) -> PhotoForecast:
    """Count new and missing photos for a dry run, by their content."""
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
    known = {row[0] for row in rows_of(session, _INDEXED_OF, list(contents))}
    return PhotoForecast(len(urls), len(contents - known) + len(urls), missing)


def update_product(session: Session, row: ProductRow) -> bool:
    """Set a product's values but not its photos; return whether any changed.

    The caller commits.

    Raises:
        ProductNotFound: no product has this id.
    """
    product = session.get(Product, row.id)
    if product is None:
        raise ProductNotFound(row.id)
    return bool(replace_values(product, _clean_row(row)))
