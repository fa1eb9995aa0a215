"""Servers without a common folder share photos in a bucket; moto plays S3 on this machine."""

import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from catalog.data_folder.bucket import Bucket
from catalog.data_folder.sweep import sweep
from catalog.database import open_database
from catalog.errors import BucketAway
from catalog.fetching.fetch import FetchedPhoto, Validators
from catalog.fetching.store import FetchedPhotos
from catalog.photos import PhotoStore
from segmentation.photos import read_photo
from tests.fakes import draw_photo
from tests.load.conftest import Serve

ADDRESS = "s3://shop/files"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """Settings of a real HTTP server of S3 with a bucket."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as environment:
        warnings.simplefilter("ignore")
        import boto3
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer("127.0.0.1", 0)
        server.start()
        host, port = server.get_host_and_port()
        settings = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for name, value in settings.items():
            environment.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="shop")
        yield settings | {"APPAREL_FILES": ADDRESS}
        server.stop()


@pytest.mark.filterwarnings("ignore")
def test_photo_of_one_server_is_shown_by_another_and_removed_from_both(
    tmp_path: Path, s3: dict[str, str], serve: Serve
) -> None:
    with serve("first", **s3) as first, serve("second", **s3) as second:
        photo = draw_photo(tmp_path / "a.png").read_bytes()
        added = first.http.post(
            "/api/v1/products",
            files={"photos": ("a.png", photo)},
            data={"id": "tee", "title": "Red tee"},
        )
        assert added.status_code == 201, added.text
        (shown,) = second.http.get("/api/v1/products/tee").json()["photos"]
        answers = [server.http.get(shown["photo_url"]) for server in (second, first)]
        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].content == answers[1].content
        (stored,) = (tmp_path / "first" / "photos").glob("*/*.jpg")
        name = stored.relative_to(tmp_path / "first").as_posix()
        assert (tmp_path / "second" / name).read_bytes() == stored.read_bytes()
        assert second.http.delete("/api/v1/products/tee").status_code == 204
        assert not Bucket(ADDRESS).get(name, tmp_path / "gone.jpg")


@pytest.mark.filterwarnings("ignore")
def test_folders_are_caches_of_the_bucket(tmp_path: Path, s3: dict[str, str]) -> None:
    one, other = (Bucket(ADDRESS) for _ in range(2))
    photo = read_photo(draw_photo(tmp_path / "a.png"))
    name = PhotoStore(tmp_path / "one", one).save(photo)
    there = PhotoStore(tmp_path / "other", other)
    assert there.is_whole(name)
    there.remove(name)
    assert not PhotoStore(tmp_path / "third", one).path(name).exists()
    url, validators = "https://shop.example/a.jpg", Validators(etag='"1"')
    fetched = FetchedPhotos(tmp_path / "one", one)
    data = (tmp_path / "a.png").read_bytes()
    assert not fetched.is_here(url)
    fetched.save(url, FetchedPhoto(data, validators))
    copy = FetchedPhotos(tmp_path / "other", other)
    assert copy.is_here(url)
    assert copy.validators(url) == validators
    assert copy.path(url).read_bytes() == fetched.path(url).read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_unreferenced_files_of_a_bucket_are_removed(tmp_path: Path, s3: dict[str, str]) -> None:
    photo = read_photo(draw_photo(tmp_path / "b.png", (7, 90, 160)))
    bucket, data = Bucket(ADDRESS), tmp_path / "data"
    name = f"photos/{PhotoStore(tmp_path / 'other', bucket).save(photo)}"
    bucket.put("encoders/mine.json", b"{}")
    bucket.put("photos/holiday.jpg", b"somebody's")
    with closing(open_database(data)) as database:
        assert name not in sweep(database, data, bucket, spared=600.0).orphans
        first = name.removeprefix("photos/")[0]
        other = "0" if first == "f" else "f"
        assert name not in sweep(database, data, bucket, digit=other).orphans
        assert name in bucket.names("photos")
        assert name in sweep(database, data, bucket, digit=first).orphans
        assert name not in bucket.names("photos")
        PhotoStore(tmp_path / "other", bucket).save(photo)
        assert name in sweep(database, data, bucket).orphans
    assert bucket.names("photos") == ["photos/holiday.jpg"]
    assert bucket.names("encoders") == ["encoders/mine.json"]
    # The copy in a server's own folder does not keep it from the bucket.
    PhotoStore(tmp_path / "other", bucket).save(photo)
    assert bucket.names("photos") == sorted([name, "photos/holiday.jpg"])


@pytest.mark.filterwarnings("ignore")
def test_a_bucket_that_is_no_bucket_says_so(tmp_path: Path, s3: dict[str, str]) -> None:
    with pytest.raises(BucketAway, match=r"check APPAREL_FILES.*apparel-search\[s3\]"):
        Bucket("s3://absent/files").put("photos/a", b"")
    with pytest.raises(BucketAway):
        Bucket("made-up://shop")
