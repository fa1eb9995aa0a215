"""Photo names of one system, found among the files of another."""

import unicodedata
from pathlib import Path

import pytest

from catalog.importing.photo_files import PhotoLocations, find_file


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("schön.jpg", unicodedata.normalize("NFD", "schön.jpg")),
        (unicodedata.normalize("NFD", "schön.jpg"), "schön.jpg"),
        ("bilder\\rock.jpg", "bilder/rock.jpg"),
        ("img_1.jpg", "IMG_1.JPG"),
        ("red%20shirt.jpg", "red shirt.jpg"),
        ("/m/h/mh01.jpg", "m/h/mh01.jpg"),
        ("/m/h/mh01.jpg", "mh01.jpg"),
        ("front.jpg", "shirts/front.jpg"),
        ("a/1.jpg", "A/1.jpg"),
        ("a/1.jpg", None),
        ("1.jpg", None),
    ],
)
def test_a_name_of_another_system(tmp_path: Path, name: str, file: str | None) -> None:
    folder = tmp_path / "photos"
    for other in ("b/1.jpg", "c/1.jpg", *([file] if file else [])):
        path = folder / other
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
    source, found = find_file(name, PhotoLocations(folder, True, None, False), [])
    assert source == name
    assert found.path.is_file() == (file is not None)
    if file:
        assert found.path == folder / file
