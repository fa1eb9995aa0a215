"""Write the outcomes of a batch of photos in one transaction."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.database import is_sqlite
from catalog.importing.sold import mark_worn_with
from catalog.models import GarmentRow, PhotoRow
from indexing.bulk.records import (
    CommittedBatch,
    GarmentChange,
    GarmentRecord,
    IndexedPhoto,
    SkippedPhoto,
)
from indexing.embedding.colour import lightness_of
from indexing.index.vector_rows import add_vectors, latest_change
from indexing.types import ATTRIBUTE_NAMES, GarmentAttributes, Skip
from segmentation.classes import GARMENT_CLASSES

_REASON_LENGTH = 500


def write_batch(
    session: Session, model_id: int, outcomes: Sequence[IndexedPhoto | SkippedPhoto]
) -> CommittedBatch:
    """Replace each photo's garments and status by its outcome; the caller commits.

    Photos removed from the catalogue meanwhile are ignored.
    """
    before = _last_change(session)
    photo_ids = [outcome.pending.photo_id for outcome in outcomes]
    photos = {
        photo.id: photo
        for photo in session.scalars(select(PhotoRow).where(PhotoRow.id.in_(photo_ids)))
    }
    there = [
        (photos[outcome.pending.photo_id], outcome)
        for outcome in outcomes
        if outcome.pending.photo_id in photos
    ]
    unchanged = {photo.id for photo, outcome in there if _keeps_garments(photo, outcome)}
    removed = session.scalars(
        delete(GarmentRow)
        .where(GarmentRow.photo_id.in_(photos.keys() - unchanged))
        .returning(GarmentRow.id)
    ).all()
    written: list[tuple[GarmentRow, GarmentRecord]] = []
    skips: list[Skip] = []
    before_stored = {photo.stored for photo in photos.values()}
    for photo, outcome in there:
        if isinstance(outcome, IndexedPhoto):
            written.extend(_write_photo(photo, outcome))
        else:
            if photo.id in unchanged:
                photo.status = "indexed"
            else:
                _write_skip(photo, outcome)
            skips.append(outcome.skip)
    change = replace(
        _write_vectors(session, model_id, written, removed),
        after=before,
        last=_last_change(session),
    )
    mark_worn_with(session, {photo.product_id for photo in photos.values()})
    unused = before_stored - {photo.stored for photo in photos.values()}
    return CommittedBatch(
        indexed=len(photos) - len(skips),
        garments=len(written),
        skips=tuple(skips),
        change=change,
        unused=tuple(name for name in unused if name),
    )


def _last_change(session: Session) -> int:
    """The last logged change, or -1 on PostgreSQL.

    There other runs commit meanwhile, and this one's changes are logged at its commit.
    """
    return latest_change(session) if is_sqlite(session) else -1


def _keeps_garments(photo: PhotoRow, outcome: IndexedPhoto | SkippedPhoto) -> bool:
    """Whether a photo's new file cannot be read, so that the old file's garments stay."""
    return (
        isinstance(outcome, SkippedPhoto)
        and outcome.skip.stage in ("fetch", "read")
        and photo.stored is not None
        and photo.skip_stage is None
    )


def _write_photo(photo: PhotoRow, outcome: IndexedPhoto) -> list[tuple[GarmentRow, GarmentRecord]]:
    photo.status = "indexed"
    photo.sha256, photo.stored = outcome.sha256, outcome.stored
    photo.height, photo.width = outcome.height, outcome.width
    photo.skip_stage = photo.skip_code = photo.skip_reason = None
    return [(_garment_of(photo.id, record), record) for record in outcome.garments]


def _garment_of(photo_id: int, record: GarmentRecord) -> GarmentRow:
    x0, y0, x1, y1 = record.box
    main = record.colours[0] if record.colours else None
    garment = GarmentRow(
        photo_id=photo_id,
        garment_class=int(record.garment_class),
        score=record.score,
        area=record.area,
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
        main_colour=main.name if main else None,
        lightness=lightness_of(main.hex) if main else None,
        colours=record.colours,
    )
    write_attributes(garment, record.attributes)
    return garment


def write_attributes(garment: GarmentRow, attributes: GarmentAttributes) -> None:
    """Store predicted attributes in a garment's row."""
    known = {
        name: attribute for name in ATTRIBUTE_NAMES if (attribute := getattr(attributes, name))
    }
    for name in ATTRIBUTE_NAMES:
        setattr(garment, name, known[name].value if name in known else None)
    garment.certainties = {name: round(each.certainty, 4) for name, each in known.items()}


def _write_skip(photo: PhotoRow, outcome: SkippedPhoto) -> None:
    photo.status = "skipped"
    photo.sha256, photo.stored = outcome.sha256, outcome.stored
    photo.skip_stage, photo.skip_code = outcome.skip.stage, outcome.skip.code
    photo.skip_reason = outcome.skip.reason[:_REASON_LENGTH]


def _write_vectors(
    session: Session,
    model_id: int,
    written: list[tuple[GarmentRow, GarmentRecord]],
    removed: Sequence[int],
) -> GarmentChange:
    session.add_all([garment for garment, _ in written])
    session.flush()
    add_vectors(session, model_id, {garment.id: record.vector for garment, record in written})
    added = {}
    for garment_class in GARMENT_CLASSES:
        of_class = [pair for pair in written if pair[1].garment_class == garment_class]
        if of_class:
            ids = np.array([garment.id for garment, _ in of_class], np.int64)
            added[garment_class] = ids, np.stack([record.vector for _, record in of_class])
    return GarmentChange(added, np.array(removed, np.int64))
