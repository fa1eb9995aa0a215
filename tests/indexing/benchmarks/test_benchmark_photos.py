"""Photo files for benchmarks: no two have the same bytes, and each can be read."""

import hashlib
from pathlib import Path

import pytest

from indexing.benchmarks.photos import write_photos
from segmentation.photos import read_photo
from tests.fakes import draw_photo


def test_photos_come_again_with_bytes_of_their_own(tmp_path: Path) -> None:
    source = draw_photo(tmp_path / "source" / "a.jpg")
    for name in ("one", "two"):
        write_photos(tmp_path / name, 3, source.parent)
    written = sorted(path for name in ("one", "two") for path in (tmp_path / name).iterdir())
    contents = {hashlib.sha256(path.read_bytes()).hexdigest() for path in written}
    assert len(contents) == len({path.name for path in written}) == 6
    assert all(read_photo(path).shape == (160, 120, 3) for path in written)


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="--photos"):
        write_photos(tmp_path / "out", 1, tmp_path / "empty")
