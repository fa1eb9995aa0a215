"""Broken photos among whole ones, in ten ways: all the others are indexed, each is reported."""

from pathlib import Path

from indexing.benchmarks.broken_files import WAYS, index_shop, write_shop
from tests.fakes import FakeEmbedder, draw_photo


def test_two_hundred_files_of_which_twenty_are_broken(tmp_path: Path) -> None:
    colours = ("red", "green", "blue")
    photos = [draw_photo(tmp_path / f"{each}.jpg", each).read_bytes() for each in colours]
    expected = write_shop(tmp_path / "shop", photos, files=200, broken=20)
    embedder = FakeEmbedder()
    result = index_shop(tmp_path / "shop", embedder, expected)
    assert result.wrong == ()
    assert result.problems == ()
    assert (result.files, result.indexed, result.reported) == (200, 180, 20)
    assert embedder.photos_embedded == 180, "every whole file went through the models"
    codes = [code for _, code in WAYS.values()]
    assert len(WAYS) == 10
    assert result.by_reason == {code: 2 * codes.count(code) for code in sorted(set(codes))}
    assert result.passed
