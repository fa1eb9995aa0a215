from pathlib import Path

import numpy as np
import pytest

from indexing.errors import IndexingError
from indexing.evaluation.judged_pairs import (
    JUDGED_PAIRS,
    JudgedPair,
    evaluate_judged_pairs,
    read_judged_pairs,
)
from segmentation.data.sources import (
    CCP_LEFT_OUT,
    CCP_TEST_PHOTOS,
    CCP_VAL_PHOTOS,
    clothing_splits,
    read_clothing,
)
from segmentation.data.splits import split_groups
from segmentation.mask import find_garments, one_hot
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation
from tests.drawn import draw_pairs
from tests.indexing.embedding.test_embedder import known_encoder


class _UnlikeTheCorner:
    """A segmenter for drawn photos: the garment is what differs from the corner's colour."""

    fingerprint = "corner"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        return [self._found(photo) for photo in photos]

    def _found(self, photo: Photo) -> Segmentation:
        differs = np.abs(photo.astype(int) - photo[0, 0]).max(axis=2) > 60
        mask = differs.astype(np.uint8)
        return Segmentation.of_mask(mask, find_garments(mask, one_hot(mask)))


def test_at_weight_one_the_pair_is_ranked_by_colour(tmp_path: Path) -> None:
    photos = draw_pairs(tmp_path, 24).root / "photos"
    # Drawn colours come round every four photos, so 000 and 012 are red and 003 is yellow.
    pairs = [JudgedPair("000", "012", "003"), JudgedPair("000.jpg", "003", "012")]
    report = evaluate_judged_pairs(
        _UnlikeTheCorner(), known_encoder(), pairs, photos, colour_weights=(1.0,)
    )
    (figures,) = report.figures
    assert (report.pairs, figures.right, figures.low, figures.high) == (2, 0.5, 0.0, 1.0)


def test_rows_say_which_candidate_is_better(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("query,candidate_a,candidate_b,better\nq,x,y,b\n")
    assert read_judged_pairs(file) == [JudgedPair("q", better="y", worse="x")]
    file.write_text("query,candidate_a,candidate_b,better\nq,x,y,both\n")
    with pytest.raises(IndexingError, match=r"line 2.*write a or b"):
        read_judged_pairs(file)
    file.write_text("query,candidate_a,candidate_b,better\n")
    with pytest.raises(IndexingError, match="no pairs"):
        read_judged_pairs(file)


def test_the_projects_pairs_are_300_and_each_is_judged_once() -> None:
    pairs = read_judged_pairs(JUDGED_PAIRS)
    photos = [frozenset((pair.query, pair.better, pair.worse)) for pair in pairs]
    assert all(len(three) == 3 for three in photos)
    judged = {(pair.query, frozenset((pair.better, pair.worse))) for pair in pairs}
    assert len(pairs) == len(judged) == 300


def test_the_projects_pairs_are_of_validation_photos(datasets: Path) -> None:
    pairs = read_judged_pairs(JUDGED_PAIRS)
    names = {name for pair in pairs for name in (pair.query, pair.better, pair.worse)}
    validation = _clothing_validation(datasets) | _street_validation(datasets)
    assert names <= validation
    assert all((datasets / f"{name}.jpg").is_file() for name in names)


def _clothing_validation(datasets: Path) -> set[str]:
    rows = read_clothing(datasets / "clothing")
    splits = clothing_splits(rows)
    return {f"clothing/photos/{row.image}" for row in rows if splits[row.sender_id] == "val"}


def _street_validation(datasets: Path) -> set[str]:
    stems = sorted(path.stem for path in (datasets / "ccp" / "photos").glob("*.jpg"))
    groups = [stem for stem in stems if stem not in CCP_LEFT_OUT]
    splits = split_groups(groups, CCP_TEST_PHOTOS, CCP_VAL_PHOTOS)
    return {f"ccp/photos/{stem}" for stem in groups if splits[stem] == "val"}
