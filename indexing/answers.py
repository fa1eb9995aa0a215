"""What the models say of a photo's bytes, whatever products show them: given once, used again.

EmbeddedPhoto -> PhotoAnswer -> IndexedPhoto, or SkippedPhoto where there is no garment
database ------/
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Garment, Photo
from catalog.models import Vector as VectorRow
from indexing.errors import IndexingError
from indexing.records import Attribute, Colour, EmbeddedGarment, EmbeddedPhoto, GarmentAttributes
from indexing.stages import GarmentRecord, IndexedPhoto, ReadPhoto, SkippedPhoto, skipped
from indexing.vectors import vector_from_bytes
from segmentation.classes import GarmentClass


@dataclass(frozen=True, eq=False)
class PhotoAnswer:
    """What is known of some bytes; size in pixels as decoded.

    Attributes:
        garments: those that were found.
        wholes: where none was found: the whole photo as a garment of each class that a product
            was named as so far.
    """

    height: int
    width: int
    garments: tuple[GarmentRecord, ...] = ()
    wholes: Mapping[GarmentClass, GarmentRecord] = field(default_factory=dict)

    @classmethod
    def of_embedded(cls, photo: EmbeddedPhoto, dimension: int) -> "PhotoAnswer":
        """Of a photo that went through the models; IndexingError for vectors of another length."""
        answer = cls(photo.height, photo.width)
        for garment in photo.garments:
            answer = answer.with_embedded(garment, dimension)
        return answer

    def with_embedded(self, garment: EmbeddedGarment, dimension: int) -> "PhotoAnswer":
        """With one more garment; IndexingError where its vector is of another length."""
        if garment.vector.shape != (dimension,):
            raise IndexingError(
                f"the encoder gave {garment.vector.shape} numbers, its fingerprint says "
                f"{dimension}; a bug in the encoder"
            )
        return self.with_record(GarmentRecord.from_embedded(garment, self.height, self.width))

    def with_record(self, record: GarmentRecord) -> "PhotoAnswer":
        """With one more garment, a found one or the whole photo."""
        if record.whole_photo:
            return replace(self, wholes={**self.wholes, record.garment_class: record})
        return replace(self, garments=(*self.garments, record))

    def lacks_whole(self, named: GarmentClass) -> bool:
        """Whether a product named as this class needs the whole photo, not embedded so far."""
        return not self.garments and named not in self.wholes

    def outcome_for(
        self, photo: ReadPhoto, named: GarmentClass | None
    ) -> IndexedPhoto | SkippedPhoto:
        """What becomes of a photo of these bytes.

        Args:
            named: the class that the product's words name, None where they settle none.
        """
        garments = self.garments
        if not garments and named is not None and named in self.wholes:
            garments = (self.wholes[named],)
        if not garments:
            reason = "no garment was found on the photo; use one that shows the garment larger"
            return skipped(photo.pending, photo.sha256, "segment", "no_garment", reason)
        return IndexedPhoto(
            photo.pending, photo.sha256, photo.stored, self.height, self.width, garments
        )


def known_answers(
    session: Session, model_id: int, contents: Collection[str]
) -> dict[str, PhotoAnswer]:
    """SHA-256 -> what indexed photos with these bytes hold of this model."""
    query = (
        select(Photo, Garment, VectorRow.values)
        .join(Garment, Garment.photo_id == Photo.id)
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(
            Photo.sha256.in_(contents), Photo.status == "indexed", VectorRow.model_id == model_id
        )
        .order_by(Photo.id, Garment.area.desc(), Garment.id)
    )
    firsts: dict[str, Photo] = {}
    answers: dict[str, PhotoAnswer] = {}
    for photo, garment, values in session.execute(query):
        sha256 = str(photo.sha256)
        first = firsts.setdefault(sha256, photo)
        # Found garments are the same on each photo; wholes differ with the products' words.
        if photo is first or garment.whole_photo:
            answer = answers.get(sha256) or PhotoAnswer(photo.height or 1, photo.width or 1)
            answers[sha256] = answer.with_record(_record_of(garment, values))
    return answers


def _record_of(garment: Garment, values: bytes) -> GarmentRecord:
    return GarmentRecord(
        GarmentClass(garment.garment_class),
        garment.score,
        garment.area,
        (garment.x0, garment.y0, garment.x1, garment.y1),
        tuple(Colour(each["name"], each["hex"], each["share"]) for each in garment.colours),
        vector_from_bytes(values),
        _attributes_of(garment),
        garment.whole_photo,
    )


def _attributes_of(garment: Garment) -> GarmentAttributes:
    certainties = garment.certainties
    return GarmentAttributes(
        **{name: Attribute(getattr(garment, name), certainties[name]) for name in certainties}
    )
