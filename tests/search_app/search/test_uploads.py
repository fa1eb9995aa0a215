import io
from pathlib import Path

import pytest
from PIL import Image

from search_app.errors import PageNotFound, QueryExpired
from search_app.search.query_photo import QueryPhoto
from search_app.search.query_store import QueryStore
from search_app.search.uploads import Samples, StoredQuery, shown_jpeg
from search_app.security.expiring import MemoryRows
from segmentation.errors import UnreadablePhoto
from segmentation.photos import decode_photo
from tests.fakes import FAKE_FINGERPRINT


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(name: str) -> StoredQuery:
    return StoredQuery(QueryPhoto(10, 10, ()), name.encode(), FAKE_FINGERPRINT)


def jpeg(width: int, height: int, orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_query_comes_back_under_its_token() -> None:
    store = QueryStore(MemoryRows(2, 60, renewed=True))
    token = store.add(kept("first"))
    assert store.get(token).jpeg == b"first"
    assert len(token) >= 20


def test_query_is_gone_after_its_time_without_use() -> None:
    clock = Clock()
    store = QueryStore(MemoryRows(8, 60, True, clock))
    token = store.add(kept("first"))
    clock.now += 59
    store.get(token)
    clock.now += 59
    store.get(token)
    clock.now += 61
    with pytest.raises(QueryExpired, match="upload it again"):
        store.get(token)
    assert len(store) == 0


def test_least_recently_used_query_makes_room() -> None:
    store = QueryStore(MemoryRows(2, 60, renewed=True))
    first, second = store.add(kept("first")), store.add(kept("second"))
    store.get(first)
    store.add(kept("third"))
    assert store.get(first).jpeg == b"first"
    with pytest.raises(QueryExpired):
        store.get(second)


def test_put_replaces_and_does_not_grow() -> None:
    store = QueryStore(MemoryRows(2, 60, renewed=True))
    token = store.add(kept("before"))
    store.put(token, kept("after"))
    assert store.get(token).jpeg == b"after"
    assert len(store) == 1


def test_unknown_token_is_expired() -> None:
    with pytest.raises(QueryExpired):
        QueryStore(MemoryRows(2, 60, renewed=True)).get("../../etc/passwd")


@pytest.mark.parametrize(
    ("orientation", "size"), [(None, (300, 200)), (3, (300, 200)), (6, (200, 300))]
)
def test_size_of_an_upload_is_upright(orientation: int | None, size: tuple[int, int]) -> None:
    upload = decode_photo(jpeg(300, 200, orientation))
    assert (upload.width, upload.height) == size
    assert upload.photo.shape[:2] == (size[1], size[0])


def test_size_of_a_large_upload_is_its_own() -> None:
    upload = decode_photo(jpeg(2400, 1200))
    assert (upload.width, upload.height) == (2400, 1200)
    assert max(upload.photo.shape) < 2400


def test_upload_that_is_no_photo_is_refused() -> None:
    with pytest.raises(UnreadablePhoto):
        decode_photo(b"<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_shown_photo_is_reduced_and_tells_nothing() -> None:
    photo = decode_photo(jpeg(3000, 1500, 1), max_side=3000).photo
    shown = shown_jpeg(photo)
    assert b"taken at home" not in shown
    with Image.open(io.BytesIO(shown)) as picture:
        assert picture.size == (1280, 640)
        assert not picture.getexif()


def test_samples_are_those_of_the_first_folder_that_exists(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(jpeg(20, 20))
    (folder / "notes.txt").write_text("no photo")
    samples = Samples((tmp_path / "absent", folder))
    assert samples.names == ("a.jpg",)
    assert samples.file("a.jpg") == folder / "a.jpg"


@pytest.mark.parametrize("name", ["notes.txt", "../secret.jpg", "", "/etc/passwd"])
def test_no_other_file_can_be_had_as_a_sample(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(PageNotFound):
        Samples((tmp_path,)).file(name)
