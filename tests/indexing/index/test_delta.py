"""An import again, after a change: what is touched, what is embedded, what goes."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog.database import read_only_database
from catalog.errors import PruneRefused
from catalog.feeds.folder import read_folder
from catalog.feeds.rows import Feed, ProductRow, Reject
from catalog.importing.importer import import_feed
from catalog.importing.records import ImportOptions
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.collection import Collection, open_collection
from tests.databases import migrated_database
from tests.fakes import FakeEmbedder, draw_photo

COLOURS = ("red", "green", "blue", "black", "purple", "orange")
ROWS = tuple(
    ProductRow(
        f"p{place}",
        f"{colour} shirt",
        (f"{colour}.png",),
        price=Decimal(20),
        availability="in stock",
    )
    for place, colour in enumerate(COLOURS)
)
PRUNE = ImportOptions(prune=True)


def _feed(*rows: ProductRow, rejects: tuple[Reject, ...] = ()) -> Feed:
    return Feed(rows, rejects, kind="table")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for colour in COLOURS:
        draw_photo(tmp_path / "photos" / f"{colour}.png", colour)
    return tmp_path / "photos"


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def shop(tmp_path: Path, photos: Path, embedder: FakeEmbedder) -> Iterator[Collection]:
    """Six products, indexed; the embedder counts from 0."""
    collection = open_collection(tmp_path / "data", embedder)
    assert collection.index(_feed(*ROWS), photos).indexed == 6
    embedder.photos_embedded = 0
    yield collection
    assert collection.verify() == []
    collection.close()


def _table(
    collection: Collection, model: type[Product] | type[PhotoRow] | type[GarmentRow]
) -> list:
    with collection.database.session() as session:
        columns = model.__table__.columns
        return [tuple(row) for row in session.execute(select(*columns).order_by(columns[0]))]


def test_unchanged_rows_are_not_written_and_photos_not_embedded(
    shop: Collection, photos: Path, embedder: FakeEmbedder
) -> None:
    before = [_table(shop, model) for model in (Product, PhotoRow, GarmentRow)]
    summary = shop.index(_feed(*ROWS), photos, options=PRUNE)
    assert (summary.products.unchanged, summary.unchanged, summary.indexed) == (6, 6, 0)
    assert [_table(shop, model) for model in (Product, PhotoRow, GarmentRow)] == before
    assert embedder.photos_embedded == 0


@pytest.mark.parametrize(
    "change", [{"price": Decimal("9.90")}, {"availability": "out of stock"}, {"currency": "EUR"}]
)
def test_price_and_stock_change_without_embedding(
    shop: Collection, photos: Path, embedder: FakeEmbedder, change: dict[str, object]
) -> None:
    photos_before, garments_before = _table(shop, PhotoRow), _table(shop, GarmentRow)
    rows = (replace(ROWS[0], **change), *ROWS[1:])
    products = shop.index(_feed(*rows), photos).products
    assert (products.changed, products.price_only, products.unchanged) == (1, 1, 5)
    assert embedder.photos_embedded == 0
    assert (_table(shop, PhotoRow), _table(shop, GarmentRow)) == (photos_before, garments_before)


def test_another_title_is_no_price_change(shop: Collection, photos: Path) -> None:
    rows = (replace(ROWS[0], title="Crimson", price=Decimal(5)), *ROWS[1:])
    products = shop.index(_feed(*rows), photos).products
    assert (products.changed, products.price_only) == (1, 0)


def test_one_changed_photo_is_embedded_alone(
    shop: Collection, photos: Path, embedder: FakeEmbedder
) -> None:
    draw_photo(photos / "red.png", "yellow")
    assert shop.index(_feed(*ROWS), photos).indexed == 1
    assert embedder.photos_embedded == 1


def test_equal_photos_of_several_products_are_embedded_once(
    shop: Collection, photos: Path, embedder: FakeEmbedder
) -> None:
    draw_photo(photos / "new.png", "yellow")
    for number in range(30):
        (photos / f"copy{number}.png").write_bytes((photos / "new.png").read_bytes())
    copies = [replace(ROWS[0], id=f"c{n}", photos=(f"copy{n}.png",)) for n in range(30)]
    known = [replace(ROWS[0], id=f"k{n}") for n in range(30)]
    summary = shop.index(_feed(*ROWS, *copies, *known), photos)
    assert summary.indexed == 60
    assert embedder.photos_embedded == 1


def test_a_photo_with_a_new_name_is_not_embedded_again(
    shop: Collection, photos: Path, embedder: FakeEmbedder
) -> None:
    (photos / "red.png").rename(photos / "crimson.png")
    rows = (replace(ROWS[0], photos=("crimson.png",)), *ROWS[1:])
    summary = shop.index(_feed(*rows), photos)
    assert summary.indexed == 1
    assert embedder.photos_embedded == 0
    with shop.database.session() as session:
        sources = session.scalars(select(PhotoRow.source).where(PhotoRow.product_id == "p0")).all()
    assert sources == ["crimson.png"]


def test_a_product_keeps_its_old_photo_until_the_new_one_is_there(
    shop: Collection, photos: Path
) -> None:
    rows = (replace(ROWS[0], photos=("soon.png",)), *ROWS[1:])
    shop.index(_feed(*rows), photos)
    assert shop.status().photos_indexed == 6
    draw_photo(photos / "soon.png", "yellow")
    shop.index(_feed(*rows), photos)
    with shop.database.session() as session:
        sources = session.scalars(select(PhotoRow.source).where(PhotoRow.product_id == "p0")).all()
    assert sources == ["soon.png"]
    assert sum(shop.status().searchable.values()) == 6


def test_prune_removes_what_the_feed_no_longer_has(
    shop: Collection, photos: Path, tmp_path: Path
) -> None:
    stored = set((tmp_path / "data" / "photos").rglob("*.jpg"))
    summary = shop.index(_feed(*ROWS[:4]), photos, options=PRUNE)
    assert summary.products.removed == ("p4", "p5")
    assert [row[0] for row in _table(shop, Product)] == ["p0", "p1", "p2", "p3"]
    assert sum(shop.status().searchable.values()) == 4
    assert len(stored - set((tmp_path / "data" / "photos").rglob("*.jpg"))) == 2


def test_without_prune_nothing_goes(shop: Collection, photos: Path) -> None:
    shop.index(_feed(ROWS[0]), photos)
    assert len(_table(shop, Product)) == 6


def test_pruning_most_of_the_shop_is_refused_and_nothing_is_written(
    shop: Collection, photos: Path
) -> None:
    rows = (replace(ROWS[0], title="Changed"), ROWS[1])
    with pytest.raises(PruneRefused, match="4 of the 6"):
        shop.index(_feed(*rows), photos, options=PRUNE)
    assert "Changed" not in {row[1] for row in _table(shop, Product)}
    summary = shop.index(_feed(*rows), photos, options=ImportOptions(prune_all=True))
    assert len(summary.products.removed) == 4
    assert len(_table(shop, Product)) == 2


def test_half_may_be_pruned(shop: Collection, photos: Path) -> None:
    assert len(shop.index(_feed(*ROWS[:3]), photos, options=PRUNE).products.removed) == 3


def test_nothing_is_pruned_after_a_refused_row(shop: Collection, photos: Path) -> None:
    feed = _feed(*ROWS[:5], rejects=(Reject(7, "no photo", "p5"),))
    for options in (PRUNE, ImportOptions(prune_all=True)):
        summary = shop.index(feed, photos, options=options)
        assert summary.products.removed == ()
        assert any("nothing was pruned" in note for note in summary.products.notes)
    assert len(_table(shop, Product)) == 6


def test_what_was_added_by_hand_is_not_pruned(shop: Collection, photos: Path) -> None:
    shop.index(Feed((replace(ROWS[0], id="by hand"),)), photos)
    shop.index(_feed(*ROWS), photos, options=PRUNE)
    assert "by hand" in {row[0] for row in _table(shop, Product)}


def test_a_folder_prunes_its_own_products_alone(
    shop: Collection, photos: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        draw_photo(tmp_path / "folder" / f"{name}.png", "yellow")
    shop.index(read_folder(tmp_path / "folder"))
    (tmp_path / "folder" / "b.png").unlink()
    summary = shop.index(read_folder(tmp_path / "folder"), options=PRUNE)
    assert summary.products.removed == ("b.png",)
    assert len(_table(shop, Product)) == 7


def test_a_stopped_run_has_pruned_nothing(shop: Collection, photos: Path) -> None:
    draw_photo(photos / "red.png", "yellow")

    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.index(_feed(*ROWS[:5]), photos, stop, PRUNE)
    assert len(_table(shop, Product)) == 6
    assert shop.index(_feed(*ROWS[:5]), photos, options=PRUNE).products.removed == ("p5",)


def test_a_dry_run_says_what_the_run_then_does(
    shop: Collection, photos: Path, tmp_path: Path, embedder: FakeEmbedder
) -> None:
    draw_photo(photos / "new.png", "yellow")
    draw_photo(photos / "blue.png", "brown", notch=3)
    rows = (
        replace(ROWS[0], price=Decimal(5)),
        replace(ROWS[1], title="Other"),
        *ROWS[2:5],
        replace(ROWS[0], id="twin"),
        replace(ROWS[0], id="n1", photos=("new.png",)),
        replace(ROWS[0], id="n2", photos=("new.png",)),
        replace(ROWS[0], id="gone", photos=("gone.png",)),
    )
    tables = [_table(shop, model) for model in (Product, PhotoRow, GarmentRow)]
    files = {path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    planned = shop.index(_feed(*rows), photos, options=replace(PRUNE, dry_run=True)).products
    assert [_table(shop, model) for model in (Product, PhotoRow, GarmentRow)] == tables
    assert {
        path: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()
    } == files
    assert embedder.photos_embedded == 0
    assert planned.forecast is not None
    assert (planned.forecast.to_embed, planned.forecast.missing) == (2, 1)
    done = shop.index(_feed(*rows), photos, options=PRUNE)
    assert embedder.photos_embedded == planned.forecast.to_embed
    assert done.skipped == planned.forecast.missing
    counts = ("new", "changed", "price_only", "unchanged", "removed", "photos_unchanged")
    for name in counts:
        assert getattr(planned, name) == getattr(done.products, name), name
    assert len(planned.pending) == len(done.products.pending)


def test_the_same_on_postgresql(postgresql_server: str, photos: Path, tmp_path: Path) -> None:
    url = migrated_database(postgresql_server)
    embedder = FakeEmbedder()
    collection = open_collection(tmp_path / "data", embedder, url)
    collection.index(_feed(*ROWS), photos)
    (photos / "red.png").rename(photos / "crimson.png")
    rows = (replace(ROWS[0], photos=("crimson.png",), price=Decimal(5)), *ROWS[1:5])
    with read_only_database(tmp_path, url) as database, database.session() as session:
        planned = import_feed(session, _feed(*rows), photos, replace(PRUNE, dry_run=True))
    assert (planned.price_only, planned.removed) == (1, ("p5",))
    assert len(_table(collection, Product)) == 6
    collection.index(_feed(*rows), photos, options=PRUNE)
    assert [row[0] for row in _table(collection, Product)] == ["p0", "p1", "p2", "p3", "p4"]
    assert (len(_table(collection, PhotoRow)), embedder.photos_embedded) == (5, 6)
    assert collection.verify() == []
    collection.close()
