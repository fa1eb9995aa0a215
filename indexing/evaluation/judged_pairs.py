"""Agreement of the search's ranking with human judgements of pairs.

A judged pair is a query photo and two candidate photos, one of which a person judged more similar
(kind first, then cut and pattern, then colour). The default colour weight was chosen on the
project's pairs, `judged_pairs.csv`, whose names are paths in the folder of the data sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from indexing.collection import Collection
from indexing.embedding.encoder import StyleEncoder
from indexing.errors import IndexingError
from indexing.evaluation.gallery import opened_gallery
from indexing.evaluation.labelled import (
    LabelledPhoto,
    VectorSet,
    embed_labelled,
    photo_path,
    read_rows,
)
from indexing.evaluation.metrics import mean_with_interval
from indexing.search.query import Query
from indexing.types import PhotoSegmenter
from segmentation.progress import Progress, no_progress

JUDGED_PAIRS: Final = Path(__file__).with_name("judged_pairs.csv")
COLUMNS: Final = ("query", "candidate_a", "candidate_b", "better")
COLOUR_WEIGHTS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)


@dataclass(frozen=True)
class JudgedPair:
    """Names of the query photo and of the better and the worse candidate."""

    query: str
    better: str
    worse: str


@dataclass(frozen=True)
class JudgedFigures:
    """Share of pairs ranked as judged at one colour weight, with a 95 % interval."""

    colour_weight: float
    right: float
    low: float
    high: float


@dataclass(frozen=True)
class JudgedReport:
    """Figures by colour weight; `pairs` counts those whose photos are all readable."""

    encoder: str
    pairs: int
    figures: tuple[JudgedFigures, ...]


def read_judged_pairs(file: Path) -> list[JudgedPair]:
    """Read rows `query,candidate_a,candidate_b,better`, better being a or b; else IndexingError."""
    rows = read_rows(file, COLUMNS)
    pairs = [_pair_of(row, f"{file}, line {line}") for line, row in enumerate(rows, 2)]
    if not pairs:
        raise IndexingError(f"{file} has no pairs; add rows {','.join(COLUMNS)}")
    return pairs


def _pair_of(row: dict[str, str], where: str) -> JudgedPair:
    candidates = row["candidate_a"], row["candidate_b"]
    if row["better"] not in ("a", "b"):
        raise IndexingError(f"{where}: better is {row['better']!r}; write a or b")
    better, worse = candidates if row["better"] == "a" else candidates[::-1]
    return JudgedPair(row["query"], better, worse)


def evaluate_judged_pairs(
    segmenter: PhotoSegmenter,
    encoder: StyleEncoder,
    pairs: Sequence[JudgedPair],
    photos: Path,
    colour_weights: Sequence[float] = COLOUR_WEIGHTS,
    progress: Progress = no_progress,
) -> JudgedReport:
    """Search all photos with each query and compare the ranks of its two candidates.

    Args:
        photos: folder that the names are paths in; they may lack their suffix.

    Raises:
        IndexingError: a photo is missing, or none can be read.
    """
    names = sorted({name for pair in pairs for name in (pair.query, pair.better, pair.worse)})
    rows = [LabelledPhoto(photo_path(photos, name), name, name, "both") for name in names]
    embedded = embed_labelled(segmenter, {"encoder": encoder}, rows, progress)
    index = {garment.photo.label: row for row, garment in enumerate(embedded.garments)}
    readable = [pair for pair in pairs if {pair.query, pair.better, pair.worse} <= set(index)]
    if not readable:
        raise IndexingError("no pair has three readable photos; check --photos")
    vectors = embedded.sets["encoder"]
    figures = []
    with opened_gallery(embedded.garments, vectors) as collection:
        for weight in colour_weights:
            right = [_is_right(collection, vectors, pair, index, weight) for pair in readable]
            figures.append(JudgedFigures(weight, *mean_with_interval(right)))
    return JudgedReport(encoder.fingerprint, len(readable), tuple(figures))


def _is_right(
    collection: Collection,
    vectors: VectorSet,
    pair: JudgedPair,
    rows: dict[str, int],
    weight: float,
) -> bool:
    """Whether a search of all photos ranks the better candidate before the worse."""
    query = Query(
        vector=vectors.vector(rows[pair.query]),
        count=len(rows),
        colour_weight=weight,
    )
    ids = [hit.garment_id - 1 for hit in collection.search(query)]
    return ids.index(rows[pair.better]) < ids.index(rows[pair.worse])
