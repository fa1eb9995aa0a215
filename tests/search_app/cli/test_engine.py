"""The commands on a catalogue whose vectors are in PostgreSQL, chosen by settings alone."""

import json
from pathlib import Path

import pytest

from search_app.cli import session
from tests.databases import migrated_database
from tests.search_app.cli.harness import BlockEmbedder, reason_of, run


@pytest.fixture
def url(postgresql_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    url = migrated_database(postgresql_server)
    monkeypatch.setenv("APPAREL_DATABASE_URL", url)
    monkeypatch.setenv("APPAREL_ENGINE", "pgvector")
    return url


def products_of(photo: Path, *options: str) -> list[str]:
    document = json.loads(run("search", photo, "--data", "data", *options, "--json").stdout)
    return [each["product_id"] for each in document["garments"][0]["results"]]


@pytest.mark.usefixtures("url")
def test_index_search_remove_verify_rebuild_and_doctor(shop: Path) -> None:
    run("index", shop / "feed.csv", "--data", "data")
    assert products_of(shop / "pink.png")[0] == "b"
    assert "b" not in products_of(shop / "pink.png", "--filter", "brand=Acme")
    run("remove", "b", "--data", "data")
    assert "b" not in products_of(shop / "pink.png")
    run("verify", "--data", "data")
    assert "garments" in run("rebuild", "--data", "data").stdout
    run("verify", "--data", "data")
    assert not Path("data/index").exists()
    checks = json.loads(run("doctor", "--data", "data", "--json").stdout)["checks"]
    (engine,) = (each for each in checks if each["name"] == "vector engine")
    assert engine["found"] == "pgvector 0.8.5; its table exists"
    (database,) = (each for each in checks if each["name"] == "database")
    assert database["found"].endswith(", in PostgreSQL")


@pytest.mark.usefixtures("url")
def test_the_encoder_is_changed_in_the_database_that_is_searched(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", shop / "feed.csv", "--data", "data")
    monkeypatch.setattr(session, "load_embedder", lambda settings: BlockEmbedder("mean/2"))
    document = json.loads(run("rebuild", "--encoder", "x", "--data", "data", "--json").stdout)
    assert document["reembedded"]["garments"] == document["garments"] == 4
    assert json.loads(run("status", "--data", "data", "--json").stdout)["model"]["encoder"] == (
        "mean/2"
    )
    assert products_of(shop / "pink.png")[0] == "b"


def test_without_postgresql_it_says_what_to_set(shop: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("APPAREL_ENGINE", "pgvector")
    reason = reason_of(run("index", shop / "feed.csv", "--data", "data", code=1))
    assert "APPAREL_DATABASE_URL" in reason
    monkeypatch.setenv("APPAREL_ENGINE", "milvus")
    assert "APPAREL_ENGINE" in run("status", "--data", "data", code=2).stderr
