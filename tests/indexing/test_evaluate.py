import csv
from pathlib import Path

import pytest
from PIL import Image

from indexing.errors import IndexingError
from indexing.evaluate import evaluate_retrieval
from tests.drawn import draw_pair
from tests.indexing.test_embed import known_embedder


def _labelled(folder: Path, rows: list[tuple[int, str, str]]) -> Path:
    """Photos by seed, saved without loss so that the known masks are found."""
    table = folder / "labels.csv"
    with table.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("photo", "label", "group"))
        for place, (seed, label, group) in enumerate(rows):
            name = f"{place}-{seed}.png"
            Image.fromarray(draw_pair(seed)[0]).save(folder / name)
            writer.writerow((name, label, group))
    return table


def test_twins_are_found_and_own_groups_are_not(tmp_path: Path) -> None:
    rows = [(seed, f"kind {seed}", f"group {seed} {copy}") for seed in range(4) for copy in (0, 1)]
    report = evaluate_retrieval(known_embedder(), tmp_path, _labelled(tmp_path, rows))
    assert report.queries == report.gallery == 8
    assert [figures.colour_weight for figures in report.figures] == [0.0, 0.3, 0.5, 1.0]
    assert report.figures[1].measures["precision_at_1"][0] == 1.0
    one_group = [(seed, label, f"group {seed}") for seed, label, _ in rows]
    strict = evaluate_retrieval(known_embedder(), tmp_path, _labelled(tmp_path, one_group))
    assert strict.figures[1].measures["precision_at_1"][0] == 0.0


def test_missing_column_and_missing_photo_are_named(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.jpg,x\n")
    with pytest.raises(IndexingError, match="lacks the column photo"):
        evaluate_retrieval(known_embedder(), tmp_path, table)
    table.write_text("photo,label\na.jpg,x\n")
    with pytest.raises(IndexingError, match="line 2"):
        evaluate_retrieval(known_embedder(), tmp_path, table)
