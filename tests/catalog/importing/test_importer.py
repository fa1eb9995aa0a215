"""Feeds into the database: upserts, pending photos, clashes, removal."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from catalog.database import Database, open_database
from catalog.errors import ProductNotFound
from catalog.feeds.folder import read_folder
from catalog.feeds.rows import Feed, ProductRow
from catalog.files import file_sha256
from catalog.importing.importer import import_feed, update_product
from catalog.importing.records import ImportOptions, ImportSummary
from catalog.importing.removal import Leftovers, remove_product
from catalog.models import NOT_IN_FEED, PhotoRow, Product
from tests.databases import migrated_database
from tests.fakes import draw_photo

SHIRT = ProductRow("a", "Red shirt", ("a.jpg",), brand="Acme", price=Decimal("24.90"))
JEANS = ProductRow("b", "Jeans", ("b.jpg",), attributes={"size": "M"})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw_photo(tmp_path / "photos" / "a.jpg", "red")
    draw_photo(tmp_path / "photos" / "b.jpg", "blue")
    return tmp_path / "photos"


def _import(database: Database, feed: Feed, photos: Path | None = None) -> ImportSummary:
    with database.transaction() as session:
        return import_feed(session, feed, photos)


def _set_indexed(database: Database, photos: Path) -> None:
    """As the writer would leave the photos."""
    with database.transaction() as session:
        for photo in session.scalars(select(PhotoRow)):
            photo.status = "indexed"
            photo.sha256 = file_sha256(photos / photo.source)


def test_new_products_and_their_photos_are_pending(database: Database, photos: Path) -> None:
    summary = _import(database, Feed((SHIRT, JEANS)), photos)
    assert (summary.new, summary.changed, summary.unchanged) == (2, 0, 0)
    assert [photo.path for photo in summary.pending] == [photos / "a.jpg", photos / "b.jpg"]
    with database.session() as session:
        product = session.get_one(Product, "a")
        assert (product.brand, product.price) == ("Acme", Decimal("24.90"))
        assert session.get_one(Product, "b").attributes == {"size": "M"}


def test_a_stopped_run_finds_its_photos_pending_again(database: Database, photos: Path) -> None:
    first = _import(database, Feed((SHIRT, JEANS)), photos)
    second = _import(database, Feed((SHIRT, JEANS)), photos)
    assert second.unchanged == 2
    assert second.pending == first.pending


def test_indexed_photos_are_left_alone_until_their_bytes_change(
    database: Database, photos: Path
) -> None:
    feed = Feed((SHIRT, JEANS))
    _import(database, feed, photos)
    _set_indexed(database, photos)
    again = _import(database, feed, photos)
    assert (again.pending, again.photos_unchanged) == ((), 2)
    draw_photo(photos / "a.jpg", "green")
    changed = _import(database, feed, photos)
    assert [photo.product_id for photo in changed.pending] == ["a"]


def test_a_photo_that_is_gone_stays_as_it_was_indexed(database: Database, photos: Path) -> None:
    _import(database, Feed((SHIRT,)), photos)
    _set_indexed(database, photos)
    (photos / "a.jpg").unlink()
    assert _import(database, Feed((SHIRT,)), photos).pending == ()


def test_a_price_change_touches_no_photo(database: Database, photos: Path) -> None:
    _import(database, Feed((SHIRT,)), photos)
    _set_indexed(database, photos)
    summary = _import(database, Feed((replace(SHIRT, price=Decimal("19.90")),)), photos)
    assert (summary.changed, summary.pending) == (1, ())
    with database.session() as session:
        assert session.get_one(Product, "a").price == Decimal("19.90")


def test_photos_that_left_the_feed_are_removed(database: Database, photos: Path) -> None:
    _import(database, Feed((replace(SHIRT, photos=("a.jpg", "b.jpg")),)), photos)
    _import(database, Feed((replace(SHIRT, photos=("b.jpg",)),)), photos)
    with database.session() as session:
        places = dict(session.execute(select(PhotoRow.source, PhotoRow.position)).all())
    assert places == {"a.jpg": NOT_IN_FEED, "b.jpg": 0}


def test_a_name_without_suffix_keeps_the_file_it_was_found_by(
    database: Database, photos: Path
) -> None:
    feed = Feed((replace(SHIRT, photos=("a",)),))
    first = _import(database, feed, photos)
    assert first.pending[0].path == photos / "a.jpg"
    (photos / "a.jpg").unlink()
    second = _import(database, feed, photos)
    assert [photo.photo_id for photo in second.pending] == [first.pending[0].photo_id]
    with database.session() as session:
        assert session.scalars(select(PhotoRow.source)).all() == ["a.jpg"]


def test_a_url_is_looked_up_by_its_last_part(database: Database, photos: Path) -> None:
    row = replace(SHIRT, photos=("https://shop.example/img/a.jpg?width=900",))
    assert _import(database, Feed((row,)), photos).pending[0].path == photos / "a.jpg"


def test_more_rows_than_one_commit(database: Database, photos: Path) -> None:
    rows = tuple(replace(SHIRT, id=f"p{number}") for number in range(1201))
    summary = _import(database, Feed(rows), photos)
    assert (summary.new, len(summary.pending)) == (1201, 1201)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(PhotoRow)) == 1201


def test_equal_names_in_two_folders_are_rejected_not_merged(
    database: Database, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "one" / "1.png", "red")
    draw_photo(tmp_path / "two" / "1.png", "blue")
    _import(database, read_folder(tmp_path / "one"))
    _set_indexed(database, tmp_path / "one")
    summary = _import(database, read_folder(tmp_path / "two"))
    assert (summary.new, summary.changed, summary.unchanged) == (0, 0, 0)
    (reject,) = summary.rejects
    assert "1.png" in reject.reason
    assert "another folder" in reject.reason
    assert str(tmp_path) not in reject.reason


def test_a_folder_that_moved_is_taken(database: Database, tmp_path: Path) -> None:
    draw_photo(tmp_path / "old" / "1.png", "red")
    _import(database, read_folder(tmp_path / "old"))
    _set_indexed(database, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    summary = _import(database, read_folder(tmp_path / "new"))
    assert (summary.unchanged, summary.rejects, summary.pending) == (1, (), ())


def test_update_changes_values_and_no_photo(database: Database, photos: Path) -> None:
    _import(database, Feed((SHIRT,)), photos)
    with database.transaction() as session:
        assert update_product(session, replace(SHIRT, title="Crimson shirt", photos=()))
        assert not update_product(session, replace(SHIRT, title="Crimson shirt"))
        with pytest.raises(ProductNotFound):
            update_product(session, JEANS)
    with database.session() as session:
        product = session.get_one(Product, "a")
        assert (product.title, len(product.photos)) == ("Crimson shirt", 1)


def test_remove_takes_photos_and_names_copies_nothing_else_uses(
    database: Database, photos: Path
) -> None:
    rows = (SHIRT, replace(SHIRT, id="twin"), replace(SHIRT, id="own"))
    _import(database, Feed(rows), photos)
    with database.transaction() as session:
        for photo in session.scalars(select(PhotoRow)):
            photo.stored = "ow/own.jpg" if photo.product_id == "own" else "sh/shared.jpg"
    with database.transaction() as session:
        assert remove_product(session, "a") == Leftovers()
        assert remove_product(session, "own") == Leftovers(("ow/own.jpg",))
        with pytest.raises(ProductNotFound):
            remove_product(session, "a")
    with database.session() as session:
        assert session.scalars(select(PhotoRow.product_id)).all() == ["twin"]


def test_prune_stays_within_its_source(database: Database) -> None:
    first = Feed((SHIRT, JEANS), name="supplier-a.csv", kind="table")
    second = Feed((ProductRow("c", "Skirt", ("c.jpg",)),), name="supplier-b.csv", kind="table")
    _import(database, first)
    _import(database, second)
    with database.transaction() as session:
        options = ImportOptions(prune=True)
        assert import_feed(session, second, None, options).removed == ()
        again = import_feed(session, replace(first, rows=(SHIRT,)), None, options)
    assert again.removed == ("b",)


@pytest.mark.parametrize("name", ["shop-2026-12-01.csv.gz", "https://s.example/shop.csv.gz?key=1"])
def test_products_of_a_packed_feed_from_before_are_pruned(database: Database, name: str) -> None:
    feed = Feed((SHIRT, JEANS), name=name, kind="table")
    former = "s.example/shop.csv" if "//" in name else "shop.csv"
    with database.transaction() as session:
        # Earlier versions called the source so.
        import_feed(session, feed, None, ImportOptions(source=former))
        summary = import_feed(
            session, replace(feed, rows=(SHIRT,)), None, ImportOptions(prune=True)
        )
        assert (summary.removed, summary.notes) == (("b",), ())
        assert session.get_one(Product, "a").source == former.removesuffix(".csv")
        assert session.get_one(Product, "b").source == former
        # A feed that is not packed was never called so.
        import_feed(session, Feed((JEANS,), name="shop.csv", kind="table"))
        assert session.get_one(Product, "b").source == former


def test_an_unreadable_part_prunes_nothing(database: Database) -> None:
    feed = Feed((SHIRT, JEANS), name="a.csv", kind="table")
    _import(database, feed)
    with database.transaction() as session:
        partial = replace(feed, rows=(SHIRT,), unreadable=("folder x: permission denied",))
        summary = import_feed(session, partial, None, ImportOptions(prune=True))
    assert summary.removed == ()
    assert any("could not be read" in note for note in summary.notes)


def test_absent_fields_stay_and_empty_ones_are_cleared_only_on_demand(database: Database) -> None:
    _import(database, Feed((replace(SHIRT, description="Soft"),), name="a.csv", kind="table"))
    update = ProductRow("a", "", price=Decimal("19.90"), empty=frozenset({"brand"}))
    _import(database, Feed((update,), name="stock.csv", kind="table"))
    with database.transaction() as session:
        product = session.get_one(Product, "a")
        assert (product.title, product.brand, product.description) == ("Red shirt", "Acme", "Soft")
        assert (product.price, product.source) == (Decimal("19.90"), "a")
        feed = Feed((update,), name="stock.csv", kind="table")
        import_feed(session, feed, None, ImportOptions(clear_empty=True))
        assert session.get_one(Product, "a").brand is None


def test_a_sale_ends_with_an_empty_cell(database: Database) -> None:
    sale = replace(SHIRT, sale_price=Decimal("9.90"))
    _import(database, Feed((sale,), kind="table"))
    unchanged = _import(database, Feed((sale,), kind="table"))
    _import(database, Feed((replace(SHIRT, empty=frozenset({"sale_price"})),), kind="table"))
    with database.session() as session:
        assert unchanged.unchanged == 1
        assert session.get_one(Product, "a").sale_price is None


def test_first_import_into_postgresql_takes_linear_time(
    tmp_path: Path, postgresql_server: str
) -> None:
    """Triggers and foreign keys look products up; none may read all of them for each one."""
    url = migrated_database(postgresql_server)
    rows = tuple(replace(JEANS, id=f"p{number}") for number in range(2_000))
    with closing(open_database(tmp_path / "data", url)) as database:
        _import(database, Feed(rows=rows, folder=tmp_path))
    read = text("SELECT sum(seq_tup_read) FROM pg_stat_user_tables")
    with closing(open_database(tmp_path / "data", url)) as database, database.session() as session:
        assert session.scalar(read) < 300 * len(rows)
