"""Another encoder chosen on the admin page: embedded as a job, switched to, found at a restart."""

import dataclasses
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.data_folder.bucket import Bucket
from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from indexing.embedding.encoder import SHIPPED_ENCODER
from indexing.switch import switched
from search_app import app as app_module
from search_app.app import create_app
from search_app.jobs.encoder_choices import FOLDER, encoder_choices, encoder_in_use, encoder_of_name
from search_app.jobs.worker import POLL_SECONDS
from search_app.security.keys import Scope
from search_app.settings import Settings
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo
from tests.search_app.admin.desk import page_with, sign_in, token_on
from tests.search_app.conftest import HOME

PRODUCTS = 3


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """Three products, and an encoder of another name in the data folder."""
    rows = []
    for number in range(PRODUCTS):
        draw_photo(tmp_path / f"{number}.png", "red", notch=number)
        rows.append(ProductRow(f"p{number}", f"Red {number}", (f"{number}.png",)))
    (tmp_path / "data" / FOLDER).mkdir(parents=True)
    weights = tmp_path / "data" / FOLDER / "street.safetensors"
    shutil.copy(SHIPPED_ENCODER, weights)
    card = json.loads(SHIPPED_ENCODER.with_suffix(".json").read_text())
    card["backbone"] = "fpn-street/1"
    weights.with_suffix(".json").write_text(json.dumps(card))
    (tmp_path / "data" / FOLDER / "broken.safetensors").write_bytes(b"no card beside it")
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(Feed(rows=tuple(rows), folder=tmp_path))
        yield collection


def test_watched_page_lists_the_bucket_once(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(collection.data / FOLDER, tmp_path / "bucket" / FOLDER)
    collection.bucket = Bucket(f"file://{tmp_path}/bucket")
    listed: list[str] = []
    take = collection.bucket.take_missing
    monkeypatch.setattr(
        collection.bucket, "take_missing", lambda *of: (listed.append(of[0]), take(*of))
    )
    with TestClient(create_app(Settings(data=collection.data), collection), HOME) as client:
        sign_in(client, collection)
        pages = [client.get("/admin").text for _ in range(3)]
    assert all("<option>street</option>" in page for page in pages)
    assert len(listed) == 1


@pytest.fixture
def loaded(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the app has loaded: a fake that calls itself as the card does."""
    fingerprint = encoder_choices(collection.data)[-1].fingerprint
    other = dataclasses.replace(FAKE_FINGERPRINT, encoder=fingerprint)
    asked: list[str | None] = []

    def load(_settings: Settings, encoder: str | None) -> FakeEmbedder:
        asked.append(encoder)
        return FakeEmbedder(other)

    monkeypatch.setattr(app_module, "_load_embedder", load)
    return asked


@pytest.fixture
def client(collection: Collection, loaded: list[str | None]) -> Iterator[TestClient]:
    app = create_app(Settings(data=collection.data), collection)
    with TestClient(app, HOME) as client:
        yield client


def test_encoder_is_changed_from_the_page(
    client: TestClient, collection: Collection, loaded: list[str | None], tmp_path: Path
) -> None:
    sign_in(client, collection)
    photo = {"photo": ("a.png", (tmp_path / "0.png").read_bytes())}
    looked_at = client.post("/search", files=photo, follow_redirects=False).headers["location"]
    assert "<option>street</option>" in client.get("/admin").text
    assert client.post("/admin/reembed", data={"encoder": "street"}).status_code == 403
    form = {"csrf": token_on(client), "encoder": "street"}
    assert client.post("/admin/reembed", data=form | {"encoder": "../x"}).status_code == 404
    page = client.post("/admin/reembed", data=form).text
    assert "Change to encoder “street”" in page
    page = page_with(client, ">Done<")
    weights = str(collection.data / FOLDER / "street.safetensors")
    assert loaded == [weights]
    assert f"Garments <strong>{PRODUCTS}</strong>" in page
    assert "from fake-encoder/1 to " in page
    # Of the new vectors, without a restart; what was looked at by the old ones is let go.
    found = client.post("/api/v1/search", files=photo).json()
    assert found["model"]["encoder"] == encoder_choices(collection.data)[-1].fingerprint
    assert len(found["garments"][0]["results"]) == PRODUCTS
    assert client.get("/readyz").status_code == 200
    gone = client.get(looked_at, headers={"Accept": "text/html"})
    assert (gone.status_code, "no longer kept" in gone.text) == (404, True)
    # Jobs that are not imports are an admin's alone.
    assert client.get("/api/v1/imports", headers=key_of(collection)).json()["imports"] == []
    # A start without APPAREL_ENCODER takes what made the vectors.
    assert encoder_in_use(Settings(data=collection.data)) == weights
    assert encoder_in_use(Settings(data=collection.data, encoder="x")) == "x"


def test_server_follows_an_encoder_that_another_process_has_activated(
    client: TestClient, collection: Collection, loaded: list[str | None], tmp_path: Path
) -> None:
    fingerprint = encoder_choices(collection.data)[-1].fingerprint
    other = FakeEmbedder(dataclasses.replace(FAKE_FINGERPRINT, encoder=fingerprint))
    elsewhere = open_collection(collection.data, FakeEmbedder())
    switched(elsewhere, other, lambda done, total: None)
    photo = {"photo": ("a.png", (tmp_path / "0.png").read_bytes())}
    deadline = time.monotonic() + 10 * POLL_SECONDS
    while (found := client.post("/api/v1/search", files=photo).json())["model"]["encoder"] != (
        fingerprint
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert loaded == [str(collection.data / FOLDER / "street.safetensors")]
    assert len(found["garments"][0]["results"]) == PRODUCTS
    elsewhere.close()


def key_of(collection: Collection) -> dict[str, str]:
    from search_app.security.keys import make_key

    return {"X-API-Key": make_key(collection.database, "robot", Scope.WRITE).secret}


def test_rebuild_is_a_job_that_the_page_shows(client: TestClient, collection: Collection) -> None:
    sign_in(client, collection)
    client.post("/admin/rebuild", data={"csrf": token_on(client)})
    page = page_with(client, ">Done<")
    assert "Rebuild of the index" in page
    assert f"Garments <strong>{PRODUCTS}</strong>" in page


def test_without_other_encoders_the_settings_count(tmp_path: Path) -> None:
    assert encoder_in_use(Settings(data=tmp_path)) is None
    assert [each.name for each in encoder_choices(tmp_path)] == ["shipped"]
    assert encoder_of_name(Settings(data=tmp_path), "shipped") == str(SHIPPED_ENCODER)
    assert encoder_of_name(Settings(data=tmp_path), "hf-hub:x/y") == "hf-hub:x/y"


def test_encoders_of_a_shared_bucket_are_taken_once(collection: Collection, tmp_path: Path) -> None:
    shutil.copytree(collection.data / FOLDER, tmp_path / "bucket" / FOLDER)
    settings = Settings(data=tmp_path / "other", files=f"file://{tmp_path}/bucket")
    assert [each.name for each in encoder_choices(settings.data, settings.bucket())] == [
        "shipped", "street",
    ]  # fmt: skip
    assert encoder_of_name(settings, "street") == str(settings.data / FOLDER / "street.safetensors")
    # What is here already is not taken again.
    (settings.data / FOLDER / "street.json").write_text("broken")
    assert [each.name for each in encoder_choices(settings.data, settings.bucket())] == ["shipped"]
    empty = Settings(data=tmp_path / "empty", files=f"file://{tmp_path}/nothing")
    assert encoder_in_use(empty) is None
