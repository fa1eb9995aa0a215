"""Embed labelled photos with several encoders; each photo is segmented once.

The labels file is a CSV with columns photo and label, optionally group (photos of a query's own
group never count as hits) and role (query or gallery; without it every photo is both). A photo
stands for its largest garment; without a garment the whole photo is a query, not in the gallery.
"""

import csv
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from catalog.colours import Colour
from indexing.embedding.colour import ColourDescription, describe_colours
from indexing.embedding.encoder import SegmentedGarment, StyleEncoder
from indexing.errors import IndexingError
from indexing.search.query import possible_classes
from indexing.types import PhotoSegmenter, Vector, Vectors
from segmentation.classes import GarmentClass
from segmentation.mask import Garment, whole_photo_garment
from segmentation.photos import SUFFIXES, Photo, read_or_none
from segmentation.progress import Progress, no_progress
from segmentation.segmented_photo import Segmentation

BATCH_SIZE: Final = 16
UNMASKED: Final = "whole photo, no mask"


@dataclass(frozen=True)
class LabelledPhoto:
    """One row of a labels file."""

    path: Path
    label: str
    group: str
    role: str


@dataclass(frozen=True, eq=False)
class LabelledGarment:
    """A garment of a labelled photo.

    Attributes:
        searched: classes that a search for it covers; None: all.
        whole_photo: no garment was detected.
    """

    photo: LabelledPhoto
    garment_class: GarmentClass
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
        return self.styles.shape[1], self.colours.shape[1]

    def vector(self, row: int) -> Vector:
        return np.concatenate([self.styles[row], self.colours[row]])


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """Labelled garments with their vectors by the encoder's name.

    `UNMASKED` names the vectors of the whole photos by the first encoder.
    """

    garments: tuple[LabelledGarment, ...]
    sets: Mapping[str, VectorSet]


class GarmentCollector:
    """Collects labelled garments with their vectors.

    Args:
        encoders: by name; the first also embeds the whole photos, as the unmasked baseline.
    """

    def __init__(self, encoders: Mapping[str, StyleEncoder], unmasked: bool = True) -> None:
        self._encoders = encoders
        self._unmasked = unmasked
        self._garments: list[LabelledGarment] = []
        self._parts: dict[str, list[VectorSet]] = defaultdict(list)

    def add(self, rows: Sequence[LabelledPhoto], garments: Sequence[SegmentedGarment]) -> None:
        """Embed garments, each with the row of its photo."""
        described = [describe_colours(each.photo, each.garment) for each in garments]
        for name, encoder in self._encoders.items():
            self._parts[name].append(VectorSet(encoder.encode(garments), _halves(described)))
        if self._unmasked:
            first = next(iter(self._encoders.values()))
            wholes = [replace(each, garment=whole_photo_garment(each.photo)) for each in garments]
            colours = _halves([describe_colours(each.photo, each.garment) for each in wholes])
            self._parts[UNMASKED].append(VectorSet(first.encode(wholes), colours))
        for row, each, description in zip(rows, garments, described, strict=True):
            self._garments.append(
                LabelledGarment(
                    photo=row,
                    garment_class=each.garment.garment_class,
                    colours=description.colours,
                    searched=possible_classes(each.garment),
                    whole_photo=each.garment.score == 0.0,
                )
            )

    def collected(self) -> LabelledVectors:
        """All added garments; IndexingError where there are none."""
        if not self._garments:
            raise IndexingError("none of the photos can be read; check --photos")
        sets = {
            name: VectorSet(
                np.concatenate([each.styles for each in parts]),
                np.concatenate([each.colours for each in parts]),
            )
            for name, parts in self._parts.items()
        }
        return LabelledVectors(tuple(self._garments), sets)


def _halves(described: Sequence[ColourDescription]) -> Vectors:
    return np.stack([each.vector for each in described])


def read_rows(path: Path, columns: Collection[str]) -> list[dict[str, str]]:
    """Read a CSV; IndexingError if one of the columns is missing."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        there = reader.fieldnames or ()
        missing = sorted(set(columns) - set(there))
        if missing:
            raise IndexingError(
                f"{path} lacks the column {', '.join(missing)}; it has {', '.join(there)}"
            )
        return list(reader)


def read_labels(photos: Path, labels: Path) -> list[LabelledPhoto]:
    """Read a labels file; IndexingError if a column or a photo is missing."""
    rows = read_rows(labels, ("photo", "label"))
    return [_labelled(photos, row, line) for line, row in enumerate(rows, 2)]


def _labelled(photos: Path, row: dict[str, str], line: int) -> LabelledPhoto:
    path = photo_path(photos, row["photo"], f"line {line}: ")
    group = row.get("group") or f"line {line}"
    return LabelledPhoto(path, row["label"], group, row.get("role") or "both")


def photo_path(photos: Path, name: str, where: str = "") -> Path:
    """The photo of a name, which may lack its suffix; IndexingError if it is missing."""
    path = photos / name
    if not path.suffix:
        # Sorted: the order of a set of strings differs from run to run.
        candidates = (path.with_suffix(end) for end in sorted(SUFFIXES))
        path = next((candidate for candidate in candidates if candidate.is_file()), path)
    if not path.is_file():
        raise IndexingError(f"{where}{path} does not exist; check --photos")
    return path


def embed_labelled(
    segmenter: PhotoSegmenter,
    encoders: Mapping[str, StyleEncoder],
    rows: Sequence[LabelledPhoto],
    progress: Progress = no_progress,
    every_garment: bool = False,
) -> LabelledVectors:
    """Embed the main garment, or every one, of each readable photo with each encoder."""
    collector = GarmentCollector(encoders)
    for start in range(0, len(rows), BATCH_SIZE):
        read = [(row, read_or_none(row.path)) for row in rows[start : start + BATCH_SIZE]]
        batch = [(row, photo) for row, photo in read if photo is not None]
        found = segmenter.segment([photo for _, photo in batch]) if batch else []
        garments = [
            (row, SegmentedGarment(photo, garment, each.features))
            for (row, photo), each in zip(batch, found, strict=True)
            for garment in (each.garments if every_garment else [main_garment(photo, each)])
        ]
        if garments:
            collector.add([row for row, _ in garments], [each for _, each in garments])
        progress(min(start + BATCH_SIZE, len(rows)), len(rows))
    return collector.collected()


def main_garment(photo: Photo, found: Segmentation) -> Garment:
    """The largest garment of a photo, or the whole photo where none was detected."""
    if found.garments:
        return found.garments[0]
    return whole_photo_garment(photo)
