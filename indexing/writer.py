"""A batch of outcomes in, one transaction on the database out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.models import Garment, Photo
from indexing.colour import lightness_of
from indexing.records import ATTRIBUTE_NAMES, GarmentAttributes, Skip
from indexing.stages import (
    CommittedBatch,
    GarmentChange,
    GarmentRecord,
    IndexedPhoto,
    SkippedPhoto,
)
from indexing.vectors import latest_change, vector_rows
from segmentation.classes import GARMENT_CLASSES

_REASON_LENGTH = 500


def write_batch(
    session: Session, model_id: int, outcomes: Sequence[IndexedPhoto | SkippedPhoto]
) -> CommittedBatch:
    """Replace what is known of each photo by its outcome; the caller commits.

    A photo that was removed from the catalogue meanwhile is passed over.
    """
    before = latest_change(session)
    photo_ids = [outcome.pending.photo_id for outcome in outcomes]
    photos = {
        photo.id: photo for photo in session.scalars(select(Photo).where(Photo.id.in_(photo_ids)))
    }
    removed = session.scalars(
        delete(Garment).where(Garment.photo_id.in_(photo_ids)).returning(Garment.id)
    ).all()
    written: list[tuple[Garment, GarmentRecord]] = []
    skips: list[Skip] = []
    for outcome in outcomes:
        photo = photos.get(outcome.pending.photo_id)
        if photo is None:
            continue
        if isinstance(outcome, IndexedPhoto):
            written.extend(_write_photo(photo, outcome))
        else:
            _write_skip(photo, outcome)
            skips.append(outcome.skip)
    change = replace(
        _write_vectors(session, model_id, written, removed),
        after=before,
        last=latest_change(session),
    )
    wholes = sum(record.whole_photo for _, record in written)
    return CommittedBatch(len(photos) - len(skips), len(written), wholes, tuple(skips), change)


def _write_photo(photo: Photo, outcome: IndexedPhoto) -> list[tuple[Garment, GarmentRecord]]:
    photo.status = "indexed"
    photo.sha256, photo.stored = outcome.sha256, outcome.stored
    photo.height, photo.width = outcome.height, outcome.width
    photo.skip_stage = photo.skip_code = photo.skip_reason = None
    return [(_garment_of(photo.id, record), record) for record in outcome.garments]


def _garment_of(photo_id: int, record: GarmentRecord) -> Garment:
    x0, y0, x1, y1 = record.box
    main = record.colours[0] if record.colours else None
    garment = Garment(
        photo_id=photo_id,
        garment_class=int(record.garment_class),
        score=record.score,
        area=record.area,
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
        whole_photo=record.whole_photo,
        main_colour=main.name if main else None,
        lightness=lightness_of(main.hex) if main else None,
        colours=[
            {"name": colour.name, "hex": colour.hex, "share": colour.share}
            for colour in record.colours
        ],
    )
    write_attributes(garment, record.attributes)
    return garment


def write_attributes(garment: Garment, attributes: GarmentAttributes) -> None:
    """Put predicted attributes in a garment's row."""
    known = {
        name: attribute for name in ATTRIBUTE_NAMES if (attribute := getattr(attributes, name))
    }
    for name in ATTRIBUTE_NAMES:
        setattr(garment, name, known[name].value if name in known else None)
    garment.certainties = {name: round(each.certainty, 4) for name, each in known.items()}


def _write_skip(photo: Photo, outcome: SkippedPhoto) -> None:
    photo.status = "skipped"
    photo.sha256, photo.stored = outcome.sha256, None
    photo.skip_stage, photo.skip_code = outcome.skip.stage, outcome.skip.code
    photo.skip_reason = outcome.skip.reason[:_REASON_LENGTH]


def _write_vectors(
    session: Session,
    model_id: int,
    written: list[tuple[Garment, GarmentRecord]],
    removed: Sequence[int],
) -> GarmentChange:
    session.add_all([garment for garment, _ in written])
    session.flush()
    seen = {garment.id: (record.vector, record.tiles) for garment, record in written}
    session.add_all(vector_rows(model_id, seen))
    session.flush()
    added = {}
    for garment_class in GARMENT_CLASSES:
        of_class = [pair for pair in written if pair[1].garment_class == garment_class]
        if of_class:
            ids = np.array([garment.id for garment, _ in of_class], np.int64)
            added[garment_class] = ids, np.stack([record.vector for _, record in of_class])
    return GarmentChange(added, np.array(removed, np.int64))
