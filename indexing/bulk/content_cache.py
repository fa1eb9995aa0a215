"""Reuse of embedded garments for photos with identical bytes.

EmbeddedPhoto -> PhotoGarments -> IndexedPhoto, or SkippedPhoto where there is no garment
database ------/
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import GarmentRow, PhotoRow, VectorRow
from indexing.bulk.records import GarmentRecord, IndexedPhoto, ReadPhoto, SkippedPhoto
from indexing.errors import IndexingError
from indexing.index.vector_rows import vector_from_bytes
from indexing.types import Attribute, EmbeddedPhoto, GarmentAttributes, Skip
from segmentation.classes import GarmentClass


@dataclass(frozen=True, eq=False)
class PhotoGarments:
    """The garments of a photo's bytes; size in pixels as decoded."""

    height: int
    width: int
    garments: tuple[GarmentRecord, ...]

    @classmethod
    def of_embedded(cls, photo: EmbeddedPhoto, dimension: int) -> "PhotoGarments":
        """Convert an embedded photo; IndexingError for vectors of another length."""
        for garment in photo.garments:
            if garment.vector.shape != (dimension,):
                raise IndexingError(
                    f"the encoder gave {garment.vector.shape} numbers, its fingerprint says "
                    f"{dimension}; a bug in the encoder"
                )
        records = (
            GarmentRecord.from_embedded(garment, photo.height, photo.width)
            for garment in photo.garments
        )
        return cls(photo.height, photo.width, tuple(records))

    def outcome_for(self, photo: ReadPhoto) -> IndexedPhoto | SkippedPhoto:
        """The record to write for a photo with these bytes."""
        if not self.garments:
            reason = "no garment was found on the photo; use one that shows the garment larger"
            skip = Skip(photo.pending, "segment", "no_garment", reason)
            return SkippedPhoto(photo.sha256, skip, photo.stored)
        return IndexedPhoto(
            photo.pending, photo.sha256, photo.stored, self.height, self.width, self.garments
        )


def indexed_garments(
    session: Session, model_id: int, contents: Collection[str]
) -> dict[str, PhotoGarments]:
    """SHA-256 -> garments of an indexed photo with these bytes, embedded by this model."""
    query = (
        select(PhotoRow, GarmentRow, VectorRow.values)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(
            PhotoRow.sha256.in_(contents),
            PhotoRow.status == "indexed",
            VectorRow.model_id == model_id,
        )
        .order_by(PhotoRow.id, GarmentRow.area.desc(), GarmentRow.id)
    )
    results: dict[str, PhotoGarments] = {}
    for photo, rows in groupby(session.execute(query), key=itemgetter(0)):
        if photo.sha256 not in results:
            records = tuple(_record_of(garment, vector) for _, garment, vector in rows)
            results[photo.sha256] = PhotoGarments(photo.height or 1, photo.width or 1, records)
    return results


def _record_of(garment: GarmentRow, vector: bytes) -> GarmentRecord:
    return GarmentRecord(
        garment_class=GarmentClass(garment.garment_class),
        score=garment.score,
        area=garment.area,
        box=(garment.x0, garment.y0, garment.x1, garment.y1),
        colours=garment.colours,
        vector=vector_from_bytes(vector),
        attributes=_attributes_of(garment),
    )


def _attributes_of(garment: GarmentRow) -> GarmentAttributes:
    certainties = garment.certainties
    return GarmentAttributes(
        **{name: Attribute(getattr(garment, name), certainties[name]) for name in certainties}
    )
