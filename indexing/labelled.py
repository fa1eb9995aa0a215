"""Labelled photos in, their garments and vectors by several encoders out; each segmented once.

The labels file is a CSV with columns photo and label, optionally group (photos of a query's own
group never count as answers) and role (query or gallery; without it every photo is both). A
photo stands for its largest garment, or for the whole of itself where none is found.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from indexing.attributes import height_share
from indexing.colour import describe_colours
from indexing.crop import Crop, crop_garment
from indexing.encoder import Encoded, StyleEncoder
from indexing.errors import IndexingError
from indexing.metrics import Labels
from indexing.records import Colour, PhotoSegmenter
from indexing.stages import Vectors
from indexing.tiles import NO_TILES, Tiles, are_compared, look_closer, vector_weight
from segmentation.classes import GarmentClass
from segmentation.errors import UnreadablePhoto
from segmentation.mask import Garment, Segmentation, whole_photo_garment
from segmentation.photos import SUFFIXES, Photo, read_photo

BATCH_SIZE: Final = 16
Pairs = npt.NDArray[np.bool_]
"""Something of each pair of an asking and an answering garment, shape (asked, answers)."""
Classes = tuple[GarmentClass, ...]
"""What a garment may well be, `Garment.own_classes`."""
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
    """What stands for a labelled photo.

    Attributes:
        height_share: height of the garment's box over height plus width: tall is near 1.
        own_classes: what it may well be, the likeliest first.
        whole_photo: no garment was found.
    """

    photo: LabelledPhoto
    own_classes: Classes
    height_share: float
    colours: tuple[Colour, ...]
    whole_photo: bool

    @property
    def garment_class(self) -> GarmentClass:
        """What it most likely is."""
        return self.own_classes[0]


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Both halves of the vectors of all garments, in their order, (n, d) and (n, colours), and
    their tiles."""

    styles: Vectors
    colours: Vectors
    tiles: Sequence[Tiles]

    @classmethod
    def joined(cls, parts: Sequence[Encoded], colours: Vectors) -> Self:
        """Of garments that were encoded part by part."""
        styles = np.concatenate([part.styles for part in parts])
        return cls(styles, colours, [tiles for part in parts for tiles in part.tiles])

    def looks_closer(self, colour_weight: float) -> bool:
        """Whether searches with these look at details."""
        return any(are_compared(tiles, colour_weight) for tiles in self.tiles)

    def without_tiles(self) -> Self:
        """The same, as an encoder without tiles would give it."""
        return replace(self, tiles=[NO_TILES] * len(self.tiles))

    def only(self, places: Labels) -> Self:
        """Of the garments at these places."""
        tiles = [self.tiles[place] for place in places]
        return replace(self, styles=self.styles[places], colours=self.colours[places], tiles=tiles)


def scores_of(
    asked: VectorSet,
    answers: VectorSet,
    colour_weight: float,
    allowed: Pairs | None = None,
    own: Pairs | None = None,
) -> Vectors:
    """Scores of all pairs as a search gives them, shape (asked, answers).

    The best of each row are looked at by their tiles, where it has some.

    Args:
        allowed: which garments may answer, others get -inf; None: all.
        own: which are of a class that the asking garment may be of; None: all.
    """
    styles = asked.styles @ answers.styles.T
    colours = asked.colours @ answers.colours.T
    closer = asked.looks_closer(colour_weight)
    weight = vector_weight(colour_weight) if closer else colour_weight
    scores = np.asarray((1 - weight) * styles + weight * colours, np.float32)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    if not closer:
        return scores
    own = np.ones(scores.shape, bool) if own is None else own
    return np.stack(
        [
            look_closer(row, colour_weight, tiles, answers.tiles, row_own, row_colours)
            for row, tiles, row_own, row_colours in zip(
                scores, asked.tiles, own, colours, strict=True
            )
        ]
    )


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """Labelled garments with their vectors by each encoder, and of the photos without a mask.

    Attributes:
        masked: name of an encoder -> vectors of the garments cut out along their masks.
        unmasked: by the first encoder, of the whole photos.
    """

    garments: tuple[LabelledGarment, ...]
    masked: Mapping[str, VectorSet]
    unmasked: VectorSet


def read_labels(photos: Path, labels: Path) -> list[LabelledPhoto]:
    """Rows of a labels file; IndexingError if a column or a photo is missing."""
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
    """Vectors of labelled photos by each encoder; a photo that cannot be read is left out."""
    garments: list[LabelledGarment] = []
    seen: dict[str, list[Encoded]] = {name: [] for name in encoders}
    plain: list[Encoded] = []
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
        mains = [
            main_garment(photo, found)
            for photo, found in zip(photos, segmenter.segment(photos), strict=True)
        ]
        wholes = [whole_garment(photo) for photo in photos]
        for name, encoder in encoders.items():
            seen[name].append(encoder.encode(_crops(photos, mains, encoder.side)))
        plain.append(first.encode(_crops(photos, wholes, first.side)))
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
        {name: VectorSet.joined(parts, both) for name, parts in seen.items()},
        VectorSet.joined(plain, np.concatenate(plain_colours)),
    )


def read_or_none(path: Path) -> Photo | None:
    """A photo, or None where it cannot be read."""
    try:
        return read_photo(path)
    except UnreadablePhoto:
        return None


def main_garment(photo: Photo, found: Segmentation) -> Garment:
    """The largest garment of a photo, or the whole photo where none was found."""
    if found.garments:
        return found.garments[0]
    return whole_garment(photo)


def whole_garment(photo: Photo) -> Garment:
    """The whole photo as one garment."""
    return whole_photo_garment(photo.shape[0], photo.shape[1], GarmentClass.UPPER)


def _crops(photos: Sequence[Photo], garments: Sequence[Garment], side: int) -> list[Crop]:
    return [
        crop_garment(photo, garment, side) for photo, garment in zip(photos, garments, strict=True)
    ]


def _labelled_garment(
    row: LabelledPhoto, garment: Garment, colours: tuple[Colour, ...]
) -> LabelledGarment:
    return LabelledGarment(
        row,
        garment.own_classes,
        height_share(garment.box),
        colours,
        garment.score == 0.0,
    )


def own_class_pairs(asked: Sequence[Classes], answers: Labels) -> Pairs:
    """Which answers are of a class that the asking garment may be of, (asked, answers).

    Args:
        answers: class of each, (answers,).
    """
    return np.array([np.isin(answers, own) for own in asked])
