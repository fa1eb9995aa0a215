"""Another segmenter for a whole data folder: beside the old, resumed, switched by one rename."""

import dataclasses
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.data_folder.layout import UPGRADE
from catalog.database import open_database
from catalog.errors import FolderInUse
from catalog.feeds.rows import Feed, ProductRow
from catalog.models import DATABASE_NAME, FindingRow, ImportJob, JobFile, PhotoRow, Product
from indexing.bulk.upgrade import UpgradeSummary, upgrade
from indexing.collection import open_collection
from indexing.errors import ModelMismatch
from indexing.index.vector_rows import active_model
from indexing.review.records import Finding
from indexing.review.store import mark, replace_findings
from segmentation.classes import GARMENT_CLASSES
from segmentation.runtime import RuntimeOptions
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo
from tests.old_folders.unpack import OLD_FOLDERS, unpack

MIGRATIONS = Path(__file__).parents[3] / "migrations" / "versions"
OTHER = dataclasses.replace(
    FAKE_FINGERPRINT, segmenter="fake-segmenter/2", encoder="fake-encoder/2"
)
PRODUCTS = 9
KEPT_TABLES = {"api_key", "import_job", "sync_source", "search", "search_event", "finding"}


class Stopped(Exception):
    """Raised in the middle of an upgrade."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A catalogue of nine products, made by the fake models."""
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(Feed(rows=rows_of(tmp_path, range(PRODUCTS)), folder=tmp_path))
    return tmp_path / "data"


def rows_of(folder: Path, numbers: range) -> tuple[ProductRow, ...]:
    for number in numbers:
        draw_photo(folder / f"{number}.png", "red", GARMENT_CLASSES[number % 3], notch=number)
    return tuple(ProductRow(f"p{number}", "Red", (f"{number}.png",)) for number in numbers)


def run(data: Path, embedder: FakeEmbedder | None = None) -> UpgradeSummary:
    return upgrade(data, embedder or FakeEmbedder(OTHER), lambda done, total: None)


def check_upgraded(data: Path, products: int) -> None:
    with closing(open_collection(data, FakeEmbedder(OTHER))) as collection:
        assert sum(collection.searchable().values()) == products
        assert collection.verify() == []
    assert not (data / UPGRADE).exists()


def test_every_photo_is_segmented_and_embedded_anew(data: Path) -> None:
    with pytest.raises(ModelMismatch, match="apparel upgrade"):
        open_collection(data, FakeEmbedder(OTHER))
    summary = run(data)
    assert (summary.photos, summary.garments, summary.damaged) == (PRODUCTS, PRODUCTS, ())
    check_upgraded(data, PRODUCTS)
    # Once more there is nothing to do.
    assert run(data).photos == 0


def test_stopped_in_the_middle_the_old_serves_and_another_run_goes_on(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.bulk.upgrade._PHOTOS_PER_ROUND", 4)

    def stop(done: int, total: int) -> None:
        assert total == PRODUCTS
        raise Stopped

    with pytest.raises(Stopped):
        upgrade(data, FakeEmbedder(OTHER), stop)
    with closing(open_collection(data, FakeEmbedder())) as old:
        assert sum(old.searchable().values()) == PRODUCTS
    embedder = FakeEmbedder(OTHER)
    run(data, embedder)
    assert embedder.photos_embedded == PRODUCTS - 4
    check_upgraded(data, PRODUCTS)


def test_what_changes_meanwhile_is_taken_over(data: Path, tmp_path: Path) -> None:
    changed = False

    def change(done: int, total: int) -> None:
        nonlocal changed
        if changed:
            return
        changed = True
        with closing(open_collection(data, FakeEmbedder())) as old:
            old.remove("p0")
            old.index(Feed(rows=rows_of(tmp_path, range(9, 11)), folder=tmp_path))
            old.update(ProductRow("p1", "Renamed", ()))
            with old.database.transaction() as session:
                photo = session.query(PhotoRow).filter_by(product_id="p1").one()
                garment = photo.garments[0].id
                found = Finding("title", "title:p1", "p1", photo.id, "?", 1.0, garment)
                replace_findings(session, "title", [found])
                mark(session, [row.id for row in session.query(FindingRow)], fine=True)
                session.add(JobFile(job_id="1", name="feed", content=b""))
                session.add(ImportJob(id="1", source="shop.csv", feed="feed", folder=""))

    upgrade(data, FakeEmbedder(OTHER), change)
    check_upgraded(data, PRODUCTS + 1)
    with closing(open_database(data)) as database, database.session() as session:
        assert session.get(Product, "p0") is None
        assert session.get_one(Product, "p1").title == "Renamed"
        (finding,) = session.query(FindingRow)
        assert (finding.key, finding.is_fine, finding.garment_id) == ("title:p1", True, None)
        assert session.query(JobFile).count() == 1


def test_open_database_is_not_replaced_and_a_later_run_switches(data: Path) -> None:
    database = open_database(data)
    with database.session() as session:
        session.get(Product, "p0")
        with pytest.raises(FolderInUse, match="stop the server"):
            run(data)
    database.close()
    embedder = FakeEmbedder(OTHER)
    run(data, embedder)
    assert embedder.photos_embedded == 0
    check_upgraded(data, PRODUCTS)


def test_damaged_photo_is_skipped_named_and_counted(data: Path) -> None:
    copy = sorted((data / "photos").rglob("*.jpg"))[0]
    os.truncate(copy, 30)
    with closing(open_collection(data)) as collection:
        assert len(collection.verify()) == 1
        assert collection.verify(quick=True) == []
    summary = run(data)
    assert (summary.photos, len(summary.damaged)) == (PRODUCTS - 1, 1)
    check_upgraded(data, PRODUCTS - 1)
    with closing(open_database(data)) as database, database.session() as session:
        (skipped,) = session.query(PhotoRow).filter(PhotoRow.status == "skipped")
        assert f"{skipped.product_id}: {skipped.source}" == summary.damaged[0]


def test_every_schema_has_its_folder_once_five_newer_ones_exist() -> None:
    schemas = sorted(path.name[:4] for path in MIGRATIONS.glob("0*.py"))
    assert set(schemas[:-5]) <= {path.name[:4] for path in OLD_FOLDERS.glob("*.tar.xz")}


@pytest.mark.parametrize("version", sorted(path.name[:4] for path in OLD_FOLDERS.glob("*.tar.xz")))
def test_folder_of_an_earlier_schema_is_upgraded_whole(version: str, tmp_path: Path) -> None:
    data = unpack(version, tmp_path)
    with closing(sqlite3.connect(data / DATABASE_NAME)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,)]
        products = old.execute("SELECT id, title, brand FROM product ORDER BY id").fetchall()
        others = counts(old)
        garments = old.execute("SELECT count(*) FROM garment").fetchone()[0]
    summary = run(data)
    assert (summary.photos, summary.damaged) == (len(products) + (version == "0011"), ())
    with closing(open_collection(data, FakeEmbedder(OTHER))) as collection:
        with collection.database.session() as session:
            kept = session.query(Product.id, Product.title, Product.brand).order_by(Product.id)
            assert [tuple(row) for row in kept] == products
        assert garments > 0
        assert sum(collection.searchable().values()) == summary.garments > 0
        assert collection.verify() == []
    with closing(sqlite3.connect(data / DATABASE_NAME)) as new:
        assert {name: count for name, count in counts(new).items() if name in others} == others


def counts(database: sqlite3.Connection) -> dict[str, int]:
    """Rows of the tables that hold what a merchant entered or may look up."""
    rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in KEPT_TABLES & {row[0] for row in rows}
    }


def test_folder_of_an_older_version_answers_with_the_models_of_today(
    tmp_path: Path, fast: RuntimeOptions
) -> None:
    from indexing.embedding.wiring import load_embedder

    data = unpack("0011", tmp_path)
    embedder = load_embedder(options=fast)
    summary = upgrade(data, embedder, lambda done, total: None)
    assert summary.damaged == ()
    with closing(open_collection(tmp_path / "data", embedder)) as collection:
        with collection.database.session() as session:
            model = active_model(session)
            assert model is not None
            assert (model.segmenter, model.encoder) == (
                embedder.fingerprint.segmenter,
                embedder.fingerprint.encoder,
            )
        assert collection.status().products == 6
        assert sum(collection.searchable().values()) >= 5
        assert collection.verify() == []
