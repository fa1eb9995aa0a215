"""Mend or remove stored values that the schema does not allow."""

from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import (
    Column,
    ColumnDefault,
    Dialect,
    String,
    Table,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.clean_text import clean_attributes, clean_text
from catalog.data_folder.unfit_values import UnfitRow, is_allowed, row_id, unfit_rows
from catalog.database import Database
from catalog.feeds.availability import read_availability
from catalog.filtering.named_kinds import decide_named_kinds
from catalog.models import (
    Base,
    CatalogueVersion,
    GarmentRow,
    ImportJob,
    JobFile,
    Key,
    PhotoRow,
    Product,
    ShardRow,
    VectorChange,
    VectorRow,
    WebhookDelivery,
)
from catalog.stored_json import ATTRIBUTES, StoredJson

_GONE: Final = object()
_ALL_OR_NOTHING: Final = {
    each.__tablename__ for each in (Key, ImportJob, JobFile, ShardRow, WebhookDelivery)
}
"""Rows that give rights or will be carried out: no default is right there, nor is NULL."""
_SALE_PRICE: Final = cast("Column[Any]", Product.__table__.c.sale_price)
_SALE_DATES: Final = {Product.__table__.c.sale_start, Product.__table__.c.sale_end}
"""Without one of them a sale would begin at once or never end."""


def repair_values(database: Database) -> int:
    """Mend or remove unfit values; return the number of rows.

    What can be read of a text is kept. Any other value becomes NULL or its column's default, or
    its row is removed. Photos whose garment or vector is gone then wait for the next index run.
    """
    count = 0
    with database.session() as session:  # reading all rows keeps no write waiting
        *tables, log = _tables()
        unfit = [table for table in tables if list(unfit_rows(session, table))]
        if not unfit and not list(unfit_rows(session, log)):
            return 0
    with database.transaction() as session:
        for table in (*unfit, log):
            for row in list(unfit_rows(session, table)):
                _mend(session, table, row)
                count += 1
        if count:
            _await_next_run(session)
            session.execute(update(CatalogueVersion).values(named_kinds_by=None))
            decide_named_kinds(session.connection())
    return count


def _tables() -> list[Table]:
    """Parents before the rows that refer to them; last the log of vectors, written by triggers."""
    return sorted(Base.metadata.sorted_tables, key=lambda table: table is VectorChange.__table__)


def _mend(session: Session, table: Table, row: UnfitRow) -> None:
    dialect = session.get_bind().dialect
    where = row_id(dialect) == row[0]
    values = {column: _mended(column, stored, dialect) for column, stored in row[1].items()}
    if values.keys() & _SALE_DATES:
        values[_SALE_PRICE] = None
    if not any(value is _GONE for value in values.values()):
        try:
            with session.begin_nested():
                session.execute(update(table).where(where).values(values))
            return
        except IntegrityError:  # its key is another row's now, or refers to none
            pass
    if table is GarmentRow.__table__:
        photo = select(GarmentRow.photo_id).where(where).scalar_subquery()
        session.execute(update(PhotoRow).where(PhotoRow.id == photo).values(status="pending"))
    session.execute(delete(table).where(where))


def _mended(column: Column[Any], stored: Any, dialect: Dialect) -> Any:
    """The replacement of an unfit value; `_GONE` where there is none."""
    kind = column.type
    stored = stored.decode(errors="replace") if isinstance(stored, bytes) else stored
    if isinstance(kind, String) and isinstance(stored, str):
        text = clean_text(stored, kind.length)
        if column is Product.__table__.c.availability:
            text = _availability(text)
        if text and is_allowed(column, text):
            return text
    if column.table.name in _ALL_OR_NOTHING:
        return _GONE
    if isinstance(kind, StoredJson):
        read = kind.result_processor(dialect, None)
        value = kind.unfit() if stored is None else read(stored)
        return clean_attributes(value) if kind is ATTRIBUTES else value
    if column.nullable:
        return None
    if column is Product.__table__.c.title:
        return Product.__table__.c.id
    if isinstance(column.default, ColumnDefault):
        return column.default.arg(None) if column.default.is_callable else column.default.arg
    return _GONE


def _availability(text: str) -> str:
    """The availability meant by a word that an older version stored unparsed."""
    with suppress(ValueError):
        return read_availability(text) or ""
    return ""


def _await_next_run(session: Session) -> None:
    """Remove garments without a vector; let their photos and those without a garment wait."""
    of_photo = GarmentRow.photo_id == PhotoRow.id
    is_lost = ~exists().where(VectorRow.garment_id == GarmentRow.id)
    is_incomplete = or_(~exists().where(of_photo), exists().where(of_photo, is_lost))
    indexed = update(PhotoRow).where(PhotoRow.status == "indexed", is_incomplete)
    session.execute(indexed.values(status="pending"))
    session.execute(delete(GarmentRow).where(is_lost))
