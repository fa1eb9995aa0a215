"""Embed labelled photos with several encoders; each photo is segmented once.

The labels file is a CSV with columns photo and label, optionally group (photos of a query's own
group never count as hits) and role (query or gallery; without it every photo is both). A photo
stands for its largest garment; without a garment the whole photo is a query, not in the gallery.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.colours import Colour
from indexing.embedding.attributes import height_share
from indexing.embedding.colour import describe_colours
from indexing.embedding.encoder import SegmentedGarment, StyleEncoder
from indexing.errors import IndexingError
from indexing.search.query import possible_classes
from indexing.types import PhotoSegmenter, Vector, Vectors
from segmentation.classes import GarmentClass
from segmentation.errors import UnreadablePhoto
from segmentation.mask import Garment, whole_photo_garment
from segmentation.photos import SUFFIXES, Photo, read_photo
from segmentation.segmented_photo import Segmentation

BATCH_SIZE: Final = 16
Progress = Callable[[int, int], None]
NO_PROGRESS: Final[Progress] = lambda done, total: None  # noqa: E731


@dataclass(frozen=True)
class LabelledPhoto:
    """One row of a labels file."""

    path: Path
    label: str
    group: str
    role: str


@dataclass(frozen=True, eq=False)
class LabelledGarment:
    """The main garment of a labelled photo.

    Attributes:
        height_share: height of the garment's box over height plus width.
        searched: classes that a search for it covers; None: all.
        whole_photo: no garment was detected.
    """

    photo: LabelledPhoto
    garment_class: GarmentClass
    height_share: float
    colours: tuple[Colour, ...]
    searched: tuple[GarmentClass, ...] | None
    whole_photo: bool


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Style halves (n, d) and colour halves (n, colours) of n garments."""

    styles: Vectors
    colours: Vectors

    @property
    def dimensions(self) -> tuple[int, int]:
        """Dimensions of the style half and of the colour half."""
        return self.styles.shape[1], self.colours.shape[1]

    def vector(self, row: int) -> Vector:
        """The vector of one garment, shape (d,)."""
        return np.concatenate([self.styles[row], self.colours[row]])


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """Labelled garments with their vectors.

    Attributes:
        masked: encoder's name -> vectors of the garments cut out along their masks.
        unmasked: vectors of the whole photos by the first encoder.
    """

    garments: tuple[LabelledGarment, ...]
    masked: Mapping[str, VectorSet]
    unmasked: VectorSet


def read_labels(photos: Path, labels: Path) -> list[LabelledPhoto]:
    """Read a labels file; IndexingError if a column or a photo is missing."""
    with labels.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        missing = {"photo", "label"} - set(reader.fieldnames or ())
        if missing:
            raise IndexingError(
                f"{labels} lacks the column {', '.join(sorted(missing))}; "
                f"it has {', '.join(reader.fieldnames or ())}"
            )
        return [_labelled(photos, row, line) for line, row in enumerate(reader, 2)]


def _labelled(photos: Path, row: dict[str, str], line: int) -> LabelledPhoto:
    path = photos / row["photo"]
    if not path.suffix:
        # Sorted: the order of a set of strings differs from run to run.
        candidates = (path.with_suffix(end) for end in sorted(SUFFIXES))
        path = next((candidate for candidate in candidates if candidate.is_file()), path)
    if not path.is_file():
        raise IndexingError(f"line {line}: {path} does not exist; check --photos")
    group = row.get("group") or f"line {line}"
    return LabelledPhoto(path, row["label"], group, row.get("role") or "both")


def embed_labelled(
    segmenter: PhotoSegmenter,
    encoders: Mapping[str, StyleEncoder],
    rows: Sequence[LabelledPhoto],
    progress: Progress = NO_PROGRESS,
) -> LabelledVectors:
    """Embed labelled photos with each encoder, leaving out unreadable ones."""
    garments: list[LabelledGarment] = []
    styles: dict[str, list[Vectors]] = {name: [] for name in encoders}
    plain: list[Vectors] = []
    colours: list[Vectors] = []
    plain_colours: list[Vectors] = []
    first = next(iter(encoders.values()))
    for start in range(0, len(rows), BATCH_SIZE):
        batch = [
            (row, photo)
            for row in rows[start : start + BATCH_SIZE]
            if (photo := read_or_none(row.path)) is not None
        ]
        progress(min(start + BATCH_SIZE, len(rows)), len(rows))
        if not batch:
            continue
        photos = [photo for _, photo in batch]
        found = segmenter.segment(photos)
        mains = [main_garment(*pair) for pair in zip(photos, found, strict=True)]
        wholes = [whole_garment(photo) for photo in photos]
        for name, encoder in encoders.items():
            styles[name].append(encoder.encode(_segmented(photos, mains, found)))
        plain.append(first.encode(_segmented(photos, wholes, found)))
        described = [describe_colours(*pair) for pair in zip(photos, mains, strict=True)]
        colours.append(np.stack([each.vector for each in described]))
        plain_colours.append(
            np.stack([describe_colours(*pair).vector for pair in zip(photos, wholes, strict=True)])
        )
        garments += [
            _labelled_garment(row, main, each.colours)
            for (row, _), main, each in zip(batch, mains, described, strict=True)
        ]
    if not garments:
        raise IndexingError("none of the labelled photos can be read; check --photos")
    both = np.concatenate(colours)
    return LabelledVectors(
        tuple(garments),
        {name: VectorSet(np.concatenate(parts), both) for name, parts in styles.items()},
        VectorSet(np.concatenate(plain), np.concatenate(plain_colours)),
    )


def read_or_none(path: Path) -> Photo | None:
    """Read a photo; None where it cannot be read."""
    try:
        return read_photo(path)
    except UnreadablePhoto:
        return None


def main_garment(photo: Photo, found: Segmentation) -> Garment:
    """The largest garment of a photo, or the whole photo where none was detected."""
    if found.garments:
        return found.garments[0]
    return whole_garment(photo)


def whole_garment(photo: Photo) -> Garment:
    """The whole photo as one garment."""
    return whole_photo_garment(photo.shape[0], photo.shape[1])


def _segmented(
    photos: Sequence[Photo], garments: Sequence[Garment], found: Sequence[Segmentation]
) -> list[SegmentedGarment]:
    return [
        SegmentedGarment(photo, garment, each.features)
        for photo, garment, each in zip(photos, garments, found, strict=True)
    ]


def _labelled_garment(
    row: LabelledPhoto, garment: Garment, colours: tuple[Colour, ...]
) -> LabelledGarment:
    return LabelledGarment(
        photo=row,
        garment_class=garment.garment_class,
        height_share=height_share(garment.box),
        colours=colours,
        searched=possible_classes(garment),
        whole_photo=garment.score == 0.0,
    )
