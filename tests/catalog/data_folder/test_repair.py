"""JSON of another form in any column: read as empty, found, and replaced."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Column, select, text
from sqlalchemy.orm import Session

from catalog.data_folder.repair import mistyped_columns, repair_values, unfit_json
from catalog.database import Database, open_database
from catalog.importing.records import ImportOptions
from catalog.models import (
    Base,
    GarmentRow,
    ImportJob,
    PhotoRow,
    Product,
    SearchRow,
    ShardRow,
    SyncSourceRow,
)
from catalog.stored_json import StoredJson

COLUMNS = [
    column
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, StoredJson)
]
UNFIT = ("[1, [2]]", "5", '"x"', "true", '{"a": ["b"]', "[" * 100_000, "\x00")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A row in each table that has JSON; without the triggers, which see what no disk does."""
    database = open_database(tmp_path)
    with database.transaction() as session:
        session.add(Product(id="a", title="Coat", attributes={"fit": "loose"}))
        session.add(PhotoRow(id=1, product_id="a", source="a.jpg"))
        session.add(
            GarmentRow(photo_id=1, garment_class=1, score=1, area=1, x0=0, y0=0, x1=1, y1=1)
        )
        session.add(ImportJob(id="j", source="s", feed="f", folder="", options=ImportOptions()))
        session.add(ShardRow(run="r", source="s", model_id=1, allow_private=False, photos=()))
        session.add(SyncSourceRow(name="s", kind="feed", address="a", options=ImportOptions()))
        session.add(
            SearchRow(
                id="q", day=date(2026, 1, 1), query_type="photo", place="page", results=0,
                nothing_close=False, colour_missing=False,
            )
        )  # fmt: skip
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'product'"
        for name in session.scalars(text(names)).all():
            session.execute(text(f"DROP TRIGGER {name}"))
    yield database
    database.close()


def unfit_columns(session: Session) -> list[str]:
    return [str(column) for column, _ in unfit_json(session)]


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_json_of_another_form_reads_as_empty_and_is_mended(
    database: Database, column: Column[object]
) -> None:
    assert isinstance(column.type, StoredJson)
    with database.session() as session:
        assert unfit_columns(session) == []
    for stored in UNFIT:
        with database.transaction() as session:
            statement = f"UPDATE {column.table.name} SET {column.name} = :stored"
            session.execute(text(statement), {"stored": stored})
        with database.transaction() as session:
            assert session.scalars(select(column)).one() == column.type.unfit()
            assert unfit_columns(session) == [str(column)]
            assert repair_values(session) == 1
        with database.session() as session:
            assert unfit_columns(session) == []


@pytest.mark.parametrize(
    ("colours", "certainties"),
    [('[{"name": "red"}]', '{"shoe": 0.5}'), ('[["red"]]', '{"kind": "surely"}')],
)
def test_entries_of_another_form_are_found_too(
    database: Database, colours: str, certainties: str
) -> None:
    with database.transaction() as session:
        values = {"colours": colours, "certainties": certainties}
        session.execute(
            text("UPDATE garment SET colours=:colours, certainties=:certainties"), values
        )
        assert unfit_columns(session) == ["garment.colours", "garment.certainties"]
        garment = session.scalars(select(GarmentRow)).one()
        assert (garment.colours, garment.certainties) == ((), {})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("product.price", "'12,50'"),
        ("product.sale_start", "'today'"),
        ("product.updated_at", "20261130"),
        ("garment.area", "'wide'"),
        ("garment.worn_with", "'yes'"),
        ("garment.garment_class", "99"),
        ("garment.kind", "x'ff00'"),
        ("photo.source", "x'61'"),
    ],
)
def test_values_of_another_type_are_told(database: Database, column: str, value: str) -> None:
    table, name = column.split(".")
    with database.transaction() as session:
        assert [*mistyped_columns(session)] == []
        session.execute(text(f"UPDATE {table} SET [{name}] = {value}"))
        assert [*map(str, mistyped_columns(session))] == [column]
