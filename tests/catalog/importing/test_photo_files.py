"""Photo names of one system, found among the files of another."""

import unicodedata
from pathlib import Path

import pytest

from catalog.feeds.rows import ProductRow
from catalog.importing.photo_files import PhotoLocations, find_file, shared_names


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
        ("1", None),
        ("AB12", "ab12.avif"),
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


def test_a_file_just_where_its_name_says_is_better_than_a_copy(tmp_path: Path) -> None:
    for name in ("m/h/x.jpg", "cache/1/m/h/x.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"photo")
    locations = PhotoLocations(tmp_path, True, None, False)
    assert find_file("/m/h/X.jpg", locations, [])[1].path == tmp_path / "m/h/x.jpg"


def test_addresses_that_end_alike_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "1.jpg", "other.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"photo")
    urls = ("https://s/m/a/1.jpg", "https://s/m/b/1.jpg", "https://s/m/c/other.jpg?v=2")
    rows = [ProductRow(str(number), "", (url,)) for number, url in enumerate(urls)]
    assert shared_names(rows) == {"1.jpg"}
    locations = PhotoLocations(tmp_path, True, None, False, shared_names(rows))
    found = [find_file(url, locations, [])[1].path for url in urls]
    assert found[0] == tmp_path / "a/1.jpg"
    assert not found[1].is_file()
    assert found[2] == tmp_path / "other.jpg"


@pytest.mark.parametrize("url", ["https://s/../../secret.jpg", "http://[bad/1.jpg", "https://s/"])
def test_an_address_leads_nowhere_else(tmp_path: Path, url: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"photo")
    folder = tmp_path / "photos" / "deep"
    folder.mkdir(parents=True)
    assert not find_file(url, PhotoLocations(folder, True, None, False), [])[1].path.is_file()
