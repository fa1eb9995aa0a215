"""Values that a column's type does not allow, in every table and column: told and mended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy2

import pytest
from sqlalchemy import BigInteger, Column, Double, LargeBinary, String, Table, select, update
from sqlalchemy.orm import InstrumentedAttribute

from catalog.data_folder.repair import repair_values
from catalog.data_folder.unfit_values import count_unfit_values
from catalog.database import Database, open_database
from catalog.importing.records import ImportOptions
from catalog.models import (
    DATABASE_NAME,
    AttributeRow,
    Base,
    FindingRow,
    GarmentRow,
    ImportJob,
    JobFile,
    Key,
    ModelRow,
    PhotoRow,
    Product,
    RateCount,
    SealedRow,
    SearchEventRow,
    SearchRow,
    ShardRow,
    ShopProductRow,
    SyncSourceRow,
    VectorRow,
    WebhookDelivery,
)
from catalog.sale import Price
from catalog.stored_json import StoredJson
from tests.databases import new_database

TABLES = Base.metadata.sorted_tables
JSON_COLUMNS = [
    column for table in TABLES for column in table.columns if isinstance(column.type, StoredJson)
]
UNFIT_JSON = ("[1, [2]]", "5", '"x"', "true", '{"a": ["b"]', "[" * 100_000, "")
BYTES = "x'ff41'"
LARGEST, INFINITY = "9223372036854775807", "9e999"
UNFIT = (
    *("NULL", BYTES, "CAST(x'41eda08042' AS TEXT)", "CAST(x'410042' AS TEXT)"),
    *(LARGEST, INFINITY),
)
"""As SQL: bytes, texts with a lone surrogate and a NUL, the largest number, infinity."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a row in each table."""
    folder = tmp_path_factory.mktemp("filled")
    database = open_database(folder)
    with database.transaction() as session:
        for row in _rows():
            session.add(row)
            session.flush()
    database.close()
    return folder / DATABASE_NAME


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it."""
    copy2(filled, tmp_path)
    database = open_database(tmp_path)
    yield database
    database.close()


def _rows() -> list[Base]:
    return [
        Product(id="a", title="Coat", availability="in stock", attributes={"fit": "loose"}),
        PhotoRow(id=1, product_id="a", source="a.jpg", status="indexed"),
        GarmentRow(id=1, photo_id=1, garment_class=1, score=1, area=1, x0=0, y0=0, x1=1, y1=1),
        ModelRow(
            id=1, segmenter="s", encoder="e", style_dimension=1, colour_dimension=1, active=True
        ),
        VectorRow(garment_id=1, model_id=1, values=bytes(8)),
        Key(name="robot", scope="read", sha256="0" * 64),
        ImportJob(id="j", source="s", feed="f", folder="", state="done", options=ImportOptions()),
        JobFile(job_id="j", name="feed", content=b"x"),
        ShardRow(run="r", source="s", model_id=1, allow_private=False, photos=()),
        SealedRow(id="t", kind="photo", content=b"x", expires_at=NOW),
        RateCount(sender="h", period=1, hits=1, expires_at=NOW),
        SyncSourceRow(name="s", kind="feed", address="a", options=ImportOptions()),
        ShopProductRow(source="s", shop_id="1", product_id="a"),
        WebhookDelivery(source="s", sha256="1" * 64, delivery_id="d", topic="t"),
        FindingRow(
            check="title", key="title:a", product_id="a", photo_id=1, reason="r", score=0.5
        ),
        SearchRow(
            id="q", day=date(2026, 1, 1), query_type="photo", place="page", results=0,
            nothing_close=False, colour_missing=False,
        ),
        SearchEventRow(search_id="q", event="click", product_id="a"),
    ]  # fmt: skip


def put(database: Database, column: Column[object], value: str) -> bool:
    """Write an SQL value as a disk or another program might: no trigger or foreign key sees it.

    False where SQLite itself refuses it.
    """
    with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        try:
            connection.execute(f"UPDATE [{column.table.name}] SET [{column.name}] = {value}")
        except sqlite3.IntegrityError:
            return False
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()
    return True


def unfit(database: Database) -> set[str]:
    with database.session() as session:
        return set(count_unfit_values(session))


def is_fit(column: Column[object], value: str) -> bool:
    """Whether the column's type allows one of `UNFIT`."""
    if value == "NULL":
        return bool(column.nullable)
    if value == BYTES:
        return isinstance(column.type, LargeBinary)
    if value not in (LARGEST, INFINITY) or column.foreign_keys or column.info:
        return False
    if isinstance(column.type, String):  # SQLite makes a text of it
        return value == INFINITY or (column.type.length or 99) >= len(LARGEST)
    return value == LARGEST and isinstance(column.type, BigInteger | Price | Double)


@pytest.mark.parametrize("value", UNFIT)
@pytest.mark.parametrize("table", TABLES, ids=str)
def test_each_unfit_value_is_told_and_mended(database: Database, table: Table, value: str) -> None:
    assert unfit(database) == set()
    there = [column for column in table.columns if put(database, column, value)]
    told = {each for each in unfit(database) if each.startswith(f"{table.name}.")}
    assert told == {str(each) for each in there if not is_fit(each, value)}
    repair_values(database)
    assert unfit(database) == set()


@pytest.mark.parametrize("stored", UNFIT_JSON, ids=lambda stored: stored[:9])
def test_json_of_another_form_reads_as_empty_and_is_mended(database: Database, stored: str) -> None:
    for column in JSON_COLUMNS:
        assert isinstance(column.type, StoredJson)
        put(database, column, f"'{stored}'")
        with database.session() as session:
            assert session.scalars(select(column)).one() == column.type.unfit()
    assert unfit(database) == set(map(str, JSON_COLUMNS))
    repair_values(database)
    assert unfit(database) == set()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Product.price, "'12,50'"),
        (Product.sale_start, "'today'"),
        (Product.sale_start, "'2026-11-30 12:00:00+02:00'"),
        (Product.updated_at, "20261130"),
        (Product.attributes, r"""'{"fit": "lo\ud800ose"}'"""),
        (Product.title, "printf('%.*c', 501, 'x')"),
        (Product.availability, "'perhaps'"),
        (GarmentRow.area, "'wide'"),
        (GarmentRow.area, "1.5"),
        (GarmentRow.worn_with, "'yes'"),
        (GarmentRow.colours, """'[{"name": "red"}]'"""),
        (GarmentRow.colours, """'[["red"]]'"""),
        (GarmentRow.certainties, """'{"shoe": 0.5}'"""),
        (GarmentRow.certainties, """'{"kind": "surely"}'"""),
        (GarmentRow.garment_class, "0"),
        (GarmentRow.garment_class, "99"),
        (GarmentRow.photo_id, "7"),
        (Key.scope, "'owner'"),
        (ImportJob.state, "'lost'"),
        (FindingRow.other_garment_id, "7"),
        (VectorRow.values, "x'00000000'"),
    ],
)
def test_values_that_stand_for_nothing_are_told_and_mended(
    database: Database, column: InstrumentedAttribute[object], value: str
) -> None:
    stored = column.property.columns[0]
    assert put(database, stored, value)
    assert unfit(database) == {str(stored)}
    assert repair_values(database) == 1
    assert unfit(database) == set()


@pytest.mark.parametrize("column", [Product.sale_start, Product.sale_end])
def test_a_sale_of_unknown_time_is_none(
    database: Database, column: InstrumentedAttribute[object]
) -> None:
    put(database, Product.__table__.c.sale_price, "'9.90'")
    put(database, column.property.columns[0], "'today'")
    repair_values(database)
    with database.session() as session:
        assert session.scalars(select(Product.sale_price)).all() == [None]


def test_odd_values_that_can_be_read_are_no_problem(
    database: Database,
) -> None:
    put(database, ImportJob.__table__.c.message, "'no column ' || char(27)")
    put(database, JobFile.__table__.c.content, "x''")
    assert unfit(database) == set()


def test_what_can_be_read_of_a_text_is_kept(database: Database) -> None:
    put(database, Product.__table__.c.title, "x'436f6174ff'")
    put(database, Product.__table__.c.brand, "CAST(x'41636de965' AS TEXT)")
    put(database, Product.__table__.c.attributes, r"""'{"fit": "lo\ud800ose"}'""")
    put(database, Product.__table__.c.availability, "'https://schema.org/OutOfStock'")
    put(database, Key.__table__.c.name, "CAST('robot' AS BLOB)")
    repair_values(database)
    with database.session() as session:
        product = session.get_one(Product, "a")
        assert (product.title, product.brand) == ("Coat\ufffd", "Acme")
        assert product.availability == "out of stock"
        assert product.attributes == {"fit": "loose"}
        assert session.scalars(select(AttributeRow.value)).all() == ["loose"]
        assert session.scalars(select(Key.name)).all() == ["robot"]


def test_a_key_or_job_without_a_sound_value_is_removed(database: Database) -> None:
    """A revoked key must not come back, nor must one for a page become one for all."""
    put(database, Key.__table__.c.revoked_at, "'never'")
    put(database, ImportJob.__table__.c.subject, "NULL")
    put(database, ImportJob.__table__.c.cancel_wanted, "7")
    repair_values(database)
    with database.session() as session:
        assert session.scalars(select(Key)).all() == session.scalars(select(ImportJob)).all() == []


@pytest.mark.parametrize(
    "column", [GarmentRow.garment_class, VectorRow.values, ModelRow.style_dimension], ids=str
)
def test_a_photo_whose_garment_or_vector_is_removed_waits_for_the_next_run(
    database: Database, column: InstrumentedAttribute[object]
) -> None:
    repair_values(database)
    with database.session() as session:
        assert session.scalars(select(PhotoRow.status)).all() == ["indexed"]
    put(database, column.property.columns[0], "'none'")
    repair_values(database)
    with database.session() as session:
        assert session.scalars(select(PhotoRow.status)).all() == ["pending"]
        assert session.scalars(select(VectorRow)).all() == []


def test_a_postgresql_database_is_mended_too(postgresql_server: str, tmp_path: Path) -> None:
    with closing(open_database(tmp_path, new_database(postgresql_server))) as database:
        with database.transaction() as session:
            for row in _rows():
                session.add(row)
                session.flush()
        assert unfit(database) == set()
        with database.transaction() as session:
            session.execute(update(GarmentRow).values(garment_class=99))
            session.execute(update(Product).values(title="Co\x01at", attributes={"a": "b\x02"}))
        told = {"garment.garment_class", "product.title", "product.attributes", "attribute.value"}
        assert unfit(database) == told
        assert repair_values(database) == 2
        assert unfit(database) == set()
        with database.session() as session:
            assert session.get_one(Product, "a").attributes == {"a": "b"}
