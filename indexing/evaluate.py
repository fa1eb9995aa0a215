"""An embedder and labelled photos in; a retrieval report out.

The labels file is a CSV with columns photo and label, optionally group (photos of a
query's own group never count as answers) and role (query or gallery; without it
every photo is both). A photo's vector is that of its largest garment, or of the
whole photo where none is found; both are counted.
"""

import csv
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.errors import IndexingError
from indexing.metrics import (
    Labels,
    Ranking,
    average_precision_at,
    macro_mean,
    mean_with_interval,
    precision_at,
    rank,
    recall_at,
)
from indexing.records import EmbeddedGarment, Embedder
from segmentation.classes import GarmentClass
from segmentation.errors import UnreadablePhoto
from segmentation.photos import SUFFIXES, Photo, read_photo

BATCH_SIZE: Final = 16
COLOUR_WEIGHTS: Final = (0.0, 0.3, 0.5, 1.0)
DEPTHS: Final = (1, 5, 10)
Progress = Callable[[int, int], None]
NO_PROGRESS: Final[Progress] = lambda done, total: None  # noqa: E731


@dataclass(frozen=True)
class LabelledPhoto:
    """One row of a labels file."""

    path: Path
    label: str
    group: str
    role: str


@dataclass(frozen=True)
class RetrievalFigures:
    """Figures at one colour weight; each measure is [value, low, high] with 95 % intervals."""

    colour_weight: float
    measures: dict[str, list[float]]
    macro_precision_at_5: float


@dataclass(frozen=True)
class RetrievalReport:
    """What `apparel evaluate retrieval` says."""

    queries: int
    gallery: int
    labels: list[str]
    unreadable: int
    whole_photos: int
    figures: list[RetrievalFigures]
    segmenter: str
    encoder: str

    def to_json(self) -> dict[str, object]:
        """The document of `apparel evaluate retrieval --json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, eq=False)
class EmbeddedSet:
    """Labelled photos with their vectors (n, d), in the same order."""

    photos: tuple[LabelledPhoto, ...]
    vectors: npt.NDArray[np.float32]
    whole_photos: int


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


def evaluate_retrieval(
    embedder: Embedder,
    photos: Path,
    labels: Path,
    colour_weights: Sequence[float] = COLOUR_WEIGHTS,
    progress: Progress = NO_PROGRESS,
) -> RetrievalReport:
    """Precision, recall and mAP at 1, 5 and 10 for labelled photos, at several colour weights."""
    rows = read_labels(photos, labels)
    embedded = embed_labelled(embedder, rows, progress)
    fingerprint = embedder.fingerprint
    names = sorted({photo.label for photo in embedded.photos})
    queries = _positions(embedded, "gallery")
    gallery = _positions(embedded, "query")
    if not queries or len(gallery) < 2:
        raise IndexingError(f"{labels} leaves no queries or no gallery; check its role column")
    trial = _trial_of(embedded, names, queries, gallery)
    return RetrievalReport(
        queries=len(queries),
        gallery=len(gallery),
        labels=names,
        unreadable=len(rows) - len(embedded.photos),
        whole_photos=embedded.whole_photos,
        figures=[
            _figures_at(weight, trial, fingerprint.style_dimension) for weight in colour_weights
        ],
        segmenter=fingerprint.segmenter,
        encoder=fingerprint.encoder,
    )


def _positions(embedded: EmbeddedSet, other_role: str) -> list[int]:
    return [place for place, photo in enumerate(embedded.photos) if photo.role != other_role]


def embed_labelled(
    embedder: Embedder, rows: Sequence[LabelledPhoto], progress: Progress = NO_PROGRESS
) -> EmbeddedSet:
    """Vectors of labelled photos; one that cannot be read is left out."""
    kept: list[LabelledPhoto] = []
    garments: list[EmbeddedGarment] = []
    for start in range(0, len(rows), BATCH_SIZE):
        readable = [
            (row, photo)
            for row in rows[start : start + BATCH_SIZE]
            if (photo := _read(row)) is not None
        ]
        kept.extend(row for row, _ in readable)
        garments.extend(main_garments(embedder, [photo for _, photo in readable]))
        progress(min(start + BATCH_SIZE, len(rows)), len(rows))
    if not kept:
        raise IndexingError("none of the labelled photos can be read; check --photos")
    return EmbeddedSet(
        tuple(kept),
        np.stack([garment.vector for garment in garments]),
        sum(garment.whole_photo for garment in garments),
    )


def _read(row: LabelledPhoto) -> Photo | None:
    try:
        return read_photo(row.path)
    except UnreadablePhoto:
        return None


def main_garments(embedder: Embedder, photos: list[Photo]) -> list[EmbeddedGarment]:
    """The largest garment of each photo, or the whole photo where none is found."""
    return [
        embedded.garments[0]
        if embedded.garments
        else embedder.embed_whole(photo, GarmentClass.UPPER)
        for photo, embedded in zip(photos, embedder.embed(photos), strict=True)
    ]


@dataclass(frozen=True, eq=False)
class Trial:
    """What every colour weight is tried on: vectors (n, d) and label codes (n,) of queries and
    gallery, and which pairs must not count, shape (queries, gallery)."""

    queries: npt.NDArray[np.float32]
    query_codes: Labels
    gallery: npt.NDArray[np.float32]
    gallery_codes: Labels
    same_group: npt.NDArray[np.bool_]


def _trial_of(
    embedded: EmbeddedSet, names: list[str], queries: list[int], gallery: list[int]
) -> Trial:
    codes = np.array([names.index(photo.label) for photo in embedded.photos])
    groups = np.array([photo.group for photo in embedded.photos])
    paths = np.array([str(photo.path) for photo in embedded.photos])
    same = (groups[queries][:, None] == groups[gallery][None]) | (
        paths[queries][:, None] == paths[gallery][None]
    )
    return Trial(
        embedded.vectors[queries], codes[queries], embedded.vectors[gallery], codes[gallery], same
    )


def _figures_at(colour_weight: float, trial: Trial, style_dimension: int) -> RetrievalFigures:
    scale = np.ones(trial.queries.shape[1], np.float32)
    scale[:style_dimension] = 1 - colour_weight
    scale[style_dimension:] = colour_weight
    similarity = (trial.queries * scale) @ trial.gallery.T
    ranking = rank(
        similarity, trial.query_codes, trial.gallery_codes, trial.same_group, max(DEPTHS)
    )
    return RetrievalFigures(
        colour_weight,
        _measures(ranking),
        macro_mean(precision_at(ranking, 5), ranking.query_labels),
    )


def _measures(ranking: Ranking) -> dict[str, list[float]]:
    measured = {}
    for depth in DEPTHS:
        for name, values in (
            ("precision", precision_at(ranking, depth)),
            ("recall", recall_at(ranking, depth)),
            ("map", average_precision_at(ranking, depth)),
        ):
            figure = mean_with_interval(values)
            measured[f"{name}_at_{depth}"] = [figure.value, figure.low, figure.high]
    return measured
