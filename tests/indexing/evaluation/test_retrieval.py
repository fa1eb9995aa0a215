import csv
from pathlib import Path

import pytest
from PIL import Image

from indexing.errors import IndexingError
from indexing.evaluation.contact_sheet import write_report
from indexing.evaluation.labelled import UNMASKED
from indexing.evaluation.retrieval import (
    ANY_CLASS,
    COLOUR_ALONE,
    SHIPPED,
    Evaluation,
)
from indexing.evaluation.retrieval import evaluate_retrieval as evaluate
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from tests.drawn import draw_pair
from tests.indexing.embedding.test_embedder import KnownMasks, known_encoder


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


def _evaluation(against: bool = False) -> Evaluation:
    encoder = known_encoder()
    return Evaluation(KnownMasks(), encoder, encoder if against else None)


def test_twins_are_found_and_own_groups_are_not(tmp_path: Path) -> None:
    rows = [(seed, f"kind {seed}", f"group {seed} {copy}") for seed in range(4) for copy in (0, 1)]
    report = evaluate(_evaluation(), tmp_path, _labelled(tmp_path, rows)).report
    assert report.queries == report.gallery == 8
    by_row = {(each.method, each.colour_weight): each for each in report.figures}
    assert [weight for method, weight in by_row if method == SHIPPED] == [
        0.0,
        DEFAULT_COLOUR_WEIGHT,
        0.5,
        1.0,
    ]
    assert {method for method, _ in by_row} == {
        SHIPPED, COLOUR_ALONE, ANY_CLASS, UNMASKED,
    }  # fmt: skip
    twins = by_row[SHIPPED, DEFAULT_COLOUR_WEIGHT]
    assert twins.measures["precision_at_1"][0] == twins.macro["precision_at_1"] == 1.0
    assert twins.per_label["kind 2"]["precision_at_1"] == 1.0
    assert twins.per_label["kind 2"]["queries"] == 2
    one_group = [(seed, label, f"group {seed}") for seed, label, _ in rows]
    strict = evaluate(_evaluation(), tmp_path, _labelled(tmp_path, one_group)).report
    assert strict.figures[1].measures["precision_at_1"][0] == 0.0


def test_an_encoder_does_not_differ_from_itself(tmp_path: Path) -> None:
    rows = [(seed, f"kind {seed}", f"{seed} {copy}") for seed in range(4) for copy in (0, 1)]
    report = evaluate(_evaluation(against=True), tmp_path, _labelled(tmp_path, rows)).report
    itself = next(each for each in report.comparisons if each.against == "other encoder")
    assert itself.difference == [0.0, 0.0, 0.0]
    assert itself.p_value == 1.0


def test_the_contact_sheet_needs_no_other_file(tmp_path: Path) -> None:
    rows = [(seed, f"kind <{seed}>", f"{seed} {copy}") for seed in range(3) for copy in (0, 1)]
    result = evaluate(_evaluation(), tmp_path, _labelled(tmp_path, rows))
    page = write_report(tmp_path / "report", result.report, result.ranked, shown=2).read_text()
    shown = [*result.ranked[:2], *result.ranked[-2:]]
    answers = sum(len(query.neighbours) for query in shown)
    assert answers >= 4
    assert page.count('<img src="data:image/jpeg;base64,') == 4 + answers
    assert "kind &lt;1&gt;" in page
    assert "http" not in page


def test_missing_column_and_missing_photo_are_named(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.jpg,x\n")
    with pytest.raises(IndexingError, match="lacks the column photo"):
        evaluate(_evaluation(), tmp_path, table)
    table.write_text("photo,label\na.jpg,x\n")
    with pytest.raises(IndexingError, match="line 2"):
        evaluate(_evaluation(), tmp_path, table)
