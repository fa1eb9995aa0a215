"""A data folder from feed to hits: index, resume, search, filter, change, remove."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catalog.errors import CatalogError, ProductNotFound
from catalog.feeds.folder import read_folder
from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Feed, ProductRow
from catalog.filtering.filters import Filters, parse_filters
from indexing.collection import Collection, IndexProgress, open_collection
from indexing.search.query import Query
from indexing.types import EmbeddedPhoto
from segmentation.classes import GARMENT_CLASSES
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo
from tests.indexing.looking import any_vector, found_by, query_of

UPPER, WHOLE, LOWER = GARMENT_CLASSES
COLOURS = ("red", "green", "blue", "orange", "purple", "black")


def test_photos_are_found_by_their_own_photo(collection: Collection, photos: Path) -> None:
    summary = collection.index(read_folder(photos))
    assert (summary.indexed, summary.skipped, summary.garments) == (9, 0, 9)
    for path in photos.iterdir():
        garment_class, vector = query_of(path)
        card = collection.cards(
            collection.search(Query(vector, classes=(garment_class,), count=1))
        )[0]
        assert card.product_id == path.name
        assert (card.score, card.style, card.colour) == pytest.approx((1, 1, 1), abs=1e-4)
        assert card.garment_class == garment_class
        assert card.photo == path.name


def test_a_card_carries_box_and_colours_of_the_garment(
    collection: Collection, photos: Path
) -> None:
    collection.index(read_folder(photos))
    card = collection.cards(
        collection.search(Query(query_of(photos / "red-shirt.png")[1], classes=(UPPER,), count=1))
    )[0]
    assert card.box == pytest.approx((20 / 120, 50 / 160, 101 / 120, 101 / 160))
    assert (card.colours[0].hex, card.colours[0].share) == ("#ff0000", 1.0)


@pytest.fixture
def batches_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nine photos of a test make two batches."""
    monkeypatch.setattr("indexing.bulk.pipeline.BATCH", 8)


@pytest.mark.usefixtures("batches_of_eight")
def test_progress_counts_to_the_end(collection: Collection, photos: Path) -> None:
    seen: list[IndexProgress] = []
    summary = collection.index(read_folder(photos), on_progress=seen.append)
    assert [progress.done for progress in seen] == [0, 8, 9]
    assert all(progress.total == 9 for progress in seen)
    assert seen[-1].photos_per_second > 0
    assert {"read", "embed", "write"} <= {timing.stage for timing in summary.stages}
    assert summary.bottleneck in {"read", "store", "look up", "embed", "write", "index"}


def test_a_second_run_embeds_nothing(tmp_path: Path, photos: Path) -> None:
    embedder = FakeEmbedder()
    collection = open_collection(tmp_path / "data", embedder)
    collection.index(read_folder(photos))
    again = collection.index(read_folder(photos))
    assert (again.indexed, again.unchanged, embedder.photos_embedded) == (0, 9, 9)
    assert again.products.unchanged == 9
    collection.close()


def test_a_changed_photo_replaces_its_garments(collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    draw_photo(photos / "red-shirt.png", "yellow", LOWER)
    summary = collection.index(read_folder(photos))
    assert (summary.indexed, summary.unchanged) == (1, 8)
    assert found_by(collection, photos / "red-shirt.png", 1) == ["red-shirt.png"]
    status = collection.status()
    assert status.garments == {UPPER: 5, WHOLE: 1, LOWER: 3}
    assert status.searchable == status.garments
    assert collection.verify() == []


def test_equal_bytes_are_embedded_once(tmp_path: Path, photos: Path) -> None:
    embedder = FakeEmbedder()
    collection = open_collection(tmp_path / "data", embedder)
    rows = tuple(ProductRow(f"p{number}", "Shirt", ("red-shirt.png",)) for number in range(20))
    summary = collection.index(Feed(rows), photos)
    assert (summary.indexed, summary.garments, embedder.photos_embedded) == (20, 20, 1)
    assert (
        len(
            collection.search(
                Query(query_of(photos / "red-shirt.png")[1], classes=(UPPER,), count=50)
            )
        )
        == 20
    )
    assert collection.verify() == []
    collection.close()


def test_bad_photos_are_skipped_with_stage_code_and_reason(
    collection: Collection, photos: Path
) -> None:
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("no photo at all")
    whole = (photos / "red-shirt.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    draw_empty_photo(photos / "nothing.png")
    rows = tuple(ProductRow(path.name, path.name, (path.name,)) for path in photos.iterdir())
    rows += (ProductRow("gone", "Gone", ("gone.jpg",)),)
    summary = collection.index(Feed(rows), photos)
    assert summary.indexed == 9
    found = {(skip.source.product_id, skip.stage, skip.code) for skip in summary.skips}
    assert found == {
        ("empty.jpg", "read", "empty"),
        ("text.jpg", "read", "not_a_photo"),
        ("cut.png", "read", "damaged"),
        ("nothing.png", "segment", "no_garment"),
        ("gone", "read", "absent"),
    }
    assert all(skip.reason for skip in summary.skips)
    status = collection.status()
    assert (status.photos_skipped, status.photos_pending) == (5, 0)
    assert sum(skip.count for skip in status.skips) == 5


def test_a_repaired_photo_is_indexed_and_bad_ones_are_not_retried(
    tmp_path: Path, photos: Path
) -> None:
    embedder = FakeEmbedder()
    collection = open_collection(tmp_path / "data", embedder)
    draw_empty_photo(photos / "nothing.png")
    (photos / "bad.png").write_bytes(b"bad")
    collection.index(read_folder(photos))
    before = embedder.photos_embedded
    assert collection.index(read_folder(photos)).skipped == 0
    assert embedder.photos_embedded == before
    draw_photo(photos / "bad.png", "yellow")
    assert collection.index(read_folder(photos)).indexed == 1
    assert found_by(collection, photos / "bad.png", 1) == ["bad.png"]
    collection.close()


def test_search_gives_the_best_garment_of_each_product(
    collection: Collection, photos: Path
) -> None:
    """A product with 60 photos may not crowd out the others."""
    for notch in range(60):
        draw_photo(photos / f"many-{notch}.png", (255, notch, 0), notch=notch % 20)
    many = ProductRow("many", "Many", tuple(f"many-{notch}.png" for notch in range(60)))
    others = tuple(ProductRow(colour, colour, (f"{colour}-shirt.png",)) for colour in COLOURS)
    collection.index(Feed((many, *others)), photos)
    vector = query_of(photos / "many-7.png")[1]
    cards = collection.cards(collection.search(Query(vector, classes=(UPPER,), count=4)))
    assert cards[0].product_id == "many"
    # Every twentieth has the same notch and nearly the same red.
    assert cards[0].photo in {"many-7.png", "many-27.png", "many-47.png"}
    assert cards[0].score == pytest.approx(1, abs=1e-4)
    assert len({card.product_id for card in cards}) == 4
    assert len(collection.search(Query(vector, classes=(UPPER,), count=50))) == 7
    assert (
        len(collection.search(Query(vector, classes=(UPPER,), count=50, exclude_product="many")))
        == 6
    )
    scores = [card.score for card in cards]
    assert scores == sorted(scores, reverse=True)


def test_filters_give_all_that_match_and_nothing_else(collection: Collection, photos: Path) -> None:
    feed = photos / "feed.csv"
    for number in range(60):
        # One picture under many products would be a placeholder: each has a pixel of its own.
        photo = Image.open(photos / f"{COLOURS[number % 6]}-shirt.png").convert("RGB")
        photo.putpixel((number, 0), (250, 250, 250))
        photo.save(photos / f"shirt-{number}.png")
    lines = [
        f"{number},shirt-{number}.png,{'Rare' if number == 37 else 'Acme'},{number}"
        for number in range(60)
    ]
    feed.write_text("\n".join(["id,photo,brand,price", *lines]))
    collection.index(read_feed(feed))
    vector = query_of(photos / "red-shirt.png")[1]

    def matching(*texts: str, k: int = 12) -> list[str]:
        hits = collection.search(
            Query(vector, classes=(UPPER,), count=k, filters=parse_filters(texts))
        )
        return [card.product_id for card in collection.cards(hits)]

    assert matching("brand=Rare") == ["37"]
    assert len(matching("price_min=50", k=50)) == 10
    assert set(matching("price_min=50", "price_max=52", k=50)) == {"50", "51", "52"}
    assert set(matching("colour=red", k=50)) == {str(number) for number in range(0, 60, 6)}
    assert len(matching("brand=Acme")) == 12
    assert matching("brand=None") == []
    assert (
        len(collection.search(Query(vector, classes=(UPPER,), count=12, filters=Filters()))) == 12
    )


def test_more_like_this_by_the_stored_vector(collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    hit = collection.search(
        Query(query_of(photos / "blue-jeans.png")[1], classes=(LOWER,), count=1)
    )[0]
    query = collection.query_like(hit.garment_id)
    assert query.searched_classes == (LOWER,)
    np.testing.assert_array_equal(query.vector, query_of(photos / "blue-jeans.png")[1])
    with pytest.raises(CatalogError):
        collection.query_like(10_000)


def test_the_stored_photo_is_small_and_upright(collection: Collection, tmp_path: Path) -> None:
    large = Image.new("RGB", (1000, 2000), "white")
    large.paste("red", (200, 800, 800, 1300))
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "big").mkdir()
    large.save(tmp_path / "big" / "large.jpg", exif=exif)
    collection.index(read_folder(tmp_path / "big"))
    hits = [
        hit
        for each in GARMENT_CLASSES
        for hit in collection.search(Query(any_vector(), classes=(each,), count=1))
    ]
    path = collection.photo_file(collection.cards(hits)[0].photo_id)
    with Image.open(path) as stored:
        assert (stored.format, stored.size) == ("JPEG", (720, 360))
    assert path.parent.parent == collection.data / "photos"
    with pytest.raises(CatalogError):
        collection.photo_file(10_000)


def test_a_removed_product_is_gone_at_once_and_for_good(
    collection: Collection, photos: Path
) -> None:
    collection.index(read_folder(photos))
    product_id = "black-shirt.png"
    stored = collection.photo_file(1)
    assert found_by(collection, photos / product_id, 1) == [product_id]
    collection.remove(product_id)
    assert product_id not in found_by(collection, photos / product_id, 9)
    assert not stored.exists()
    assert collection.verify() == []
    with pytest.raises(ProductNotFound):
        collection.remove(product_id)


def test_an_update_is_seen_by_filters_at_once(collection: Collection, photos: Path) -> None:
    row = ProductRow("a", "Shirt", ("red-shirt.png",), brand="Acme")
    collection.index(Feed((row,)), photos)
    assert collection.update(replace(row, brand="Other"))
    found = collection.search(
        Query(any_vector(), classes=(UPPER,), count=5, filters=Filters(brand="Other"))
    )
    assert len(found) == 1
    assert not collection.search(
        Query(any_vector(), classes=(UPPER,), count=5, filters=Filters(brand="Acme"))
    )


def test_duplicates_are_folded_on_request(collection: Collection, photos: Path) -> None:
    rows = [ProductRow(f"same-{number}", "Shirt", ("red-shirt.png",)) for number in range(5)]
    Image.open(photos / "red-shirt.png").save(photos / "again.jpg", quality=80)
    rows.append(ProductRow("again", "Shirt", ("again.jpg",)))
    rows.append(ProductRow("other", "Shirt", ("blue-shirt.png",)))
    collection.index(Feed(tuple(rows)), photos)
    vector = query_of(photos / "red-shirt.png")[1]
    assert len(collection.search(Query(vector, classes=(UPPER,), count=10))) == 7
    folded = collection.search(Query(vector, classes=(UPPER,), count=10, fold_duplicates=True))
    products = [card.product_id for card in collection.cards(folded)]
    assert len(products) == 2
    assert products[1] == "other"


def test_filters_are_full_and_right_among_many(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As beyond the limit of the exact scan, where candidates are looked through first."""
    for module in ("index.building", "index.class_index", "index.filtered"):
        monkeypatch.setattr(f"indexing.{module}.EXACT_LIMIT", 20)
    monkeypatch.setattr("indexing.index.filtered.SCAN_LIMIT", 20)
    monkeypatch.setattr("indexing.index.filtered.FIRST_FETCH", 10)
    monkeypatch.setattr("indexing.index.filtered.LAST_FETCH", 30)
    for number in range(80):
        draw_photo(photos / f"{number}.png", (number * 3, 80, 40), notch=number % 20)
    rows = [
        ProductRow(str(number), "Shirt", (f"{number}.png",), brand="Rare" if number % 9 else "Acme")
        for number in range(80)
    ]
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(Feed(tuple(rows)), photos)
    assert collection.verify() == []
    vector = query_of(photos / "40.png")[1]

    def found(*texts: str, k: int) -> list[str]:
        hits = collection.search(
            Query(vector, classes=(UPPER,), count=k, filters=parse_filters(texts))
        )
        return [card.product_id for card in collection.cards(hits)]

    everything = found("brand=Rare", k=100)
    assert len(everything) == 71
    assert found("brand=Rare", k=5) == everything[:5]
    assert set(found("brand=Acme", k=100)) == {str(number) for number in range(0, 80, 9)}
    assert set(found("brand!=Rare", k=100)) == {str(number) for number in range(0, 80, 9)}
    collection.close()


class _FailingEmbedder(FakeEmbedder):
    """Has a bug that shows at the second batch."""

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        if self.photos_embedded:
            raise RuntimeError("a bug")
        return super().embed(photos)


@pytest.mark.usefixtures("batches_of_eight")
def test_a_bug_raises_and_what_was_committed_stays(tmp_path: Path, photos: Path) -> None:
    failing = open_collection(tmp_path / "data", _FailingEmbedder())
    with pytest.raises(RuntimeError, match="a bug"):
        failing.index(read_folder(photos))
    assert sum(failing.status().searchable.values()) == 8
    failing.close()
    resumed = open_collection(tmp_path / "data", FakeEmbedder())
    assert resumed.index(read_folder(photos)).indexed == 1
    resumed.close()


def test_searches_go_on_while_photos_are_indexed(
    collection: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.collection.SECONDS_TO_VISIBLE", 0.0)
    for number in range(40):
        draw_photo(photos / f"more-{number}.png", (number * 6, 80, 40))
    feed = read_folder(photos)
    failures: list[Exception] = []
    counts: list[int] = []
    stop = threading.Event()

    def search_on() -> None:
        try:
            while not stop.is_set():
                hits = collection.search(Query(any_vector(), classes=(UPPER,), count=100))
                # One product is removed meanwhile, perhaps between the two calls.
                assert len(collection.cards(hits)) >= len(hits) - 1
                counts.append(len(hits))
        except Exception as error:
            failures.append(error)

    searching = [threading.Thread(target=search_on) for _ in range(3)]
    for thread in searching:
        thread.start()
    collection.index(feed)
    collection.remove("red-shirt.png")
    stop.set()
    for thread in searching:
        thread.join()
    assert not failures
    assert len(set(counts)) > 2
    assert len(collection.search(Query(any_vector(), classes=(UPPER,), count=100))) == 45
