"""The database: migrations equal the models, transactions, pragmas, refusals."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from catalog.database import Database, open_database, read_only_database
from catalog.errors import DatabaseAway, DatabaseError
from catalog.models import DATABASE_NAME, Base, GarmentRow, ModelRow, PhotoRow, Product, VectorRow
from tests.databases import migrated_database


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_migrations_make_exactly_the_models_tables(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.engine.connect() as connection:
        # The full text's tables have no models: triggers alone write them.
        options = {"compare_type": True, "include_name": _has_model}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def _has_model(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith("product_text")


def test_opening_again_keeps_what_was_committed(tmp_path: Path) -> None:
    first = open_database(tmp_path / "new" / "folder")
    with first.transaction() as session:
        session.add(Product(id="a", title="Shirt"))
    first.close()
    second = open_database(tmp_path / "new" / "folder")
    with second.session() as session:
        assert session.get_one(Product, "a").title == "Shirt"
    second.close()


def test_pragmas_hold_on_every_connection(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.session() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA busy_timeout")) == 30_000
    database.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(IntegrityError):
        _add_product_and_orphan(database)
    with database.session() as session:
        assert session.get(Product, "a") is None
    database.close()


def _add_product_and_orphan(database: Database) -> None:
    with database.transaction() as session:
        session.add(Product(id="a", title="Shirt"))
        session.flush()
        session.add(PhotoRow(product_id="nobody", source="x.jpg"))


def test_reading_goes_on_beside_a_writer(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.transaction() as writer:
        writer.add(Product(id="a", title="Shirt"))
        writer.flush()
        with database.session() as reader:
            assert reader.get(Product, "a") is None
    with database.session() as reader:
        assert reader.get(Product, "a") is not None
    database.close()


def test_ids_of_removed_photos_are_not_used_again(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    ids = []
    for _ in range(2):
        with database.transaction() as session:
            session.add(Product(id="a", title="Shirt"))
            photo = PhotoRow(product_id="a", source="x.jpg")
            session.add(photo)
            session.flush()
            ids.append(photo.id)
            session.delete(session.get_one(Product, "a"))
    assert ids[0] != ids[1]
    database.close()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(b"no database" * 500)
    with pytest.raises(DatabaseError, match="not a database"):
        open_database(tmp_path)
    assert path.read_bytes() == b"no database" * 500


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE_NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseError, match="update Apparel Search"):
        open_database(tmp_path)


def test_as_it_is_nothing_is_made_and_nothing_brought_up_to_date(tmp_path: Path) -> None:
    with read_only_database(tmp_path / "none") as database, database.session() as session:
        assert session.scalars(select(Product)).all() == []
    assert not (tmp_path / "none").exists()
    opened = open_database(tmp_path / "data")
    with opened.transaction() as session:
        session.add(Product(id="a", title="Shirt"))
    # With its log beside it, as while a server runs, and without.
    for _ in range(2):
        with read_only_database(tmp_path / "data") as database, database.session() as session:
            assert session.scalars(select(Product.id)).all() == ["a"]
        opened.close()
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as file:
        file.execute("UPDATE alembic_version SET version_num = '0001'")
        file.commit()
    with (
        pytest.raises(DatabaseError, match="another version"),
        read_only_database(tmp_path / "data"),
    ):
        pass


def fail_to_commit(database: Database) -> None:
    with database.transaction() as session:
        # Checked by COMMIT, which fails and leaves SQLite's transaction open.
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        session.add(PhotoRow(product_id="nobody", position=0, source="a.jpg"))


def test_a_commit_that_fails_locks_nobody_out(tmp_path: Path) -> None:
    with closing(open_database(tmp_path)) as database:
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            fail_to_commit(database)
        other = sqlite3.connect(tmp_path / DATABASE_NAME, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.close()
        with database.transaction() as session:
            session.add(Product(id="a", title="Shirt"))


@pytest.fixture
def two(tmp_path: Path, postgresql_server: str) -> Iterator[tuple[Database, Database]]:
    """The same PostgreSQL database, opened by two processes."""
    url = migrated_database(postgresql_server)
    with closing(open_database(tmp_path, url)) as one, closing(open_database(tmp_path, url)) as two:
        yield one, two


def test_batches_are_written_at_once_and_logged_as_they_commit(
    two: tuple[Database, Database],
) -> None:
    with two[0].transaction() as session:
        session.add(Product(id="p", title="Shirt"))
        session.add(
            ModelRow(id=1, segmenter="a", encoder="b", style_dimension=1, colour_dimension=1)
        )
        session.flush()
        for each in (1, 2):
            session.add(PhotoRow(id=each, product_id="p", source=str(each)))
            session.flush()
            session.add(
                GarmentRow(
                    id=each,
                    photo_id=each,
                    garment_class=1,
                    score=1,
                    area=1,
                    x0=0,
                    y0=0,
                    x1=1,
                    y1=1,
                    colours=(),
                )
            )
    with two[0].batch_transaction() as first:
        first.add(VectorRow(garment_id=1, model_id=1, values=b""))
        first.flush()
        with two[1].batch_transaction() as second:
            second.add(VectorRow(garment_id=2, model_id=1, values=b""))
    with two[0].session() as session:
        garments = session.scalars(text("SELECT garment_id FROM vector_change ORDER BY id"))
        assert garments.all() == [2, 1]


def test_a_writer_that_stopped_locks_nobody_out(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.database.STOPPED_SECONDS", 0.2)
    count = text("UPDATE catalogue_version SET number = number + 1 RETURNING number")

    def stop_while_another_writes() -> None:
        with two[0].transaction() as stopped:
            numbers.append(stopped.scalar(count))
            with two[1].transaction() as other:
                numbers.append(other.scalar(count))
            stopped.scalar(count)

    numbers: list[int] = []
    with pytest.raises(DatabaseAway):
        stop_while_another_writes()
    # The other did not see what the stopped one had written.
    assert numbers[0] == numbers[1]


def test_a_folder_may_be_made_by_another_process_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir

    def made_just_before(
        path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False
    ) -> None:
        mkdir(path, parents=True, exist_ok=True)
        mkdir(path, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", made_just_before)
    open_database(tmp_path / "data").close()
    assert (tmp_path / "data" / DATABASE_NAME).is_file()
