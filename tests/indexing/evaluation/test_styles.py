"""Other views of a style are searched in a catalogue of drawn photos."""

from pathlib import Path

import pytest

from indexing.collection import Collection
from indexing.errors import IndexingError
from indexing.evaluation.styles import COLOUR_WEIGHTS, evaluate_styles, read_style_queries
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from segmentation.classes import GarmentClass
from tests.fakes import draw_empty_photo, draw_photo


def _catalogue(folder: Path) -> Path:
    draw_photo(folder / "red.png", "red", notch=4)
    draw_photo(folder / "blue.png", "blue", notch=4)
    draw_photo(folder / "trousers.png", "green", GarmentClass.LOWER)
    (folder / "catalogue.csv").write_text(
        "id,title,photos,item_group_id,class\n"
        "s1-red,s1,red.png,s1,upper\ns1-blue,s1,blue.png,s1,upper\n"
        "s2-green,s2,trousers.png,s2,lower\n"
    )
    return folder / "catalogue.csv"


def test_views_are_counted_apart(collection: Collection, tmp_path: Path) -> None:
    catalogue = _catalogue(tmp_path)
    draw_photo(tmp_path / "back.png", "red", notch=8)
    draw_photo(tmp_path / "close.png", "green", GarmentClass.LOWER, notch=8)
    draw_empty_photo(tmp_path / "nothing.png")
    queries = tmp_path / "queries.csv"
    queries.write_text(
        "photo,style,colour,view,class\nback.png,s1,red,back,upper\n"
        "close.png,s1,green,alt1,upper\nnothing.png,s2,green,alt1,lower\ngone.png,s1,red,back,upper\n"
    )
    rows = read_style_queries(queries, tmp_path)
    report = evaluate_styles(collection, catalogue, tmp_path, rows)
    assert (report.products, report.queries, report.unreadable) == (3, {"back": 1, "alt1": 2}, 1)
    figures = {(each.view, each.colour_weight): each for each in report.figures}
    assert set(figures) == {(view, w) for view in ("back", "alt1") for w in COLOUR_WEIGHTS}
    back, close = figures["back", DEFAULT_COLOUR_WEIGHT], figures["alt1", DEFAULT_COLOUR_WEIGHT]
    assert back.recall_at_1 == [1.0, 1.0, 1.0]
    # The close-up's class is wrong, so only the whole photo of the empty one can find its style.
    assert close.recall_at_10[0] == 0.5
    assert (back.sold_as_another[0], close.sold_as_another[0]) == (0.0, 0.5)
    assert (report.largest_right["back"][0], report.largest_right["alt1"][0]) == (1.0, 0.0)


def test_a_missing_column_and_missing_photos_are_named(
    collection: Collection, tmp_path: Path
) -> None:
    catalogue, queries = _catalogue(tmp_path), tmp_path / "queries.csv"
    queries.write_text("photo,style\na.png,s1\n")
    with pytest.raises(IndexingError, match="class, view"):
        read_style_queries(queries, tmp_path)
    queries.write_text("photo,style,view,class\na.png,s1,back,upper\n")
    with pytest.raises(IndexingError, match="--photos"):
        evaluate_styles(collection, catalogue, tmp_path, read_style_queries(queries, tmp_path))
