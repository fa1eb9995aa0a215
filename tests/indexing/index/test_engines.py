"""The contract of a vector engine: the same cases on FAISS and on pgvector, on real servers."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from sqlalchemy import delete, text, update

from catalog.feeds.availability import Availability
from catalog.feeds.folder import read_folder
from catalog.filtering.filters import parse_filters
from catalog.garments import allowed_garments
from catalog.models import GarmentRow, ModelRow, Product, VectorRow
from indexing.benchmarks.catalogue import FINGERPRINT, SEED, fill
from indexing.benchmarks.vectors import GarmentVectors
from indexing.collection import Collection, open_collection
from indexing.index.engine import EngineName, Neighbours
from indexing.index.exact import scale
from indexing.index.indices import REFRESH_SECONDS
from indexing.review.corrections import set_class
from indexing.search.query import Query
from indexing.switch import switched
from segmentation.classes import GARMENT_CLASSES
from tests.databases import migrated_database
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo
from tests.indexing.looking import any_vector, found_by, query_of

UPPER, WHOLE, LOWER = GARMENT_CLASSES
GARMENTS = 300
WEIGHTS = (0.0, 0.33, 0.5, 0.67, 1.0)


class Store(NamedTuple):
    """An engine with the URL of its database; None: the folder's SQLite file."""

    engine: EngineName
    url: str | None

    def open(self, data: Path, embedder: FakeEmbedder | None = None) -> Collection:
        return open_collection(data, embedder, self.url, engine=self.engine)


def new_store(request: pytest.FixtureRequest, kind: str) -> Store:
    engine, _, database = kind.partition(", ")
    if database == "sqlite":
        return Store(engine, None)
    server = request.getfixturevalue("postgresql_server")
    return Store(engine, migrated_database(server, engine))


@pytest.fixture(
    scope="module", params=["faiss, sqlite", "faiss, postgresql", "pgvector, postgresql"]
)
def kind(request: pytest.FixtureRequest) -> str:
    """An engine and the database beneath it."""
    return request.param


@pytest.fixture
def store(request: pytest.FixtureRequest, kind: str) -> Store:
    return new_store(request, kind)


@pytest.fixture
def indexed(store: Store, tmp_path: Path, photos: Path) -> Iterator[Collection]:
    """Nine drawn photos, indexed."""
    with closing(store.open(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(read_folder(photos))
        yield collection


@pytest.fixture(scope="module")
def filled(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    """Generated garments of one class, which are only read."""
    store, data = new_store(request, kind), tmp_path_factory.mktemp("data")
    fill(data, GARMENTS, store.url)
    with closing(store.open(data)) as collection:
        yield collection


def vectors_and_query() -> tuple[np.ndarray, np.ndarray]:
    """The vectors that `fill` has written, in order of id from 1, and another one."""
    generator = GarmentVectors(SEED)
    vectors = np.concatenate(list(generator.chunks(GARMENTS)))
    return vectors, generator.draw(1)[0]


def nearest(collection: Collection, query: Query) -> Neighbours:
    assert collection._engine is not None
    with collection.database.session() as session:
        return collection._engine.nearest(session, query, query.count)


def asked(vector: np.ndarray, weight: float = 0.5, **changed: Any) -> Query:
    query = Query(vector, (UPPER,), count=10, colour_weight=weight)
    return replace(query, **changed)


def expected(vectors: np.ndarray, query: Query, ids: np.ndarray) -> list[int]:
    """The ids of the nearest among some, by float32."""
    factors = scale(query.colour_weight, FINGERPRINT.style_dimension, FINGERPRINT.dimension)
    scores = vectors[ids - 1] @ (query.vector * factors)
    return ids[np.argsort(-scores, kind="stable")][: query.count].tolist()


@pytest.mark.parametrize("weight", WEIGHTS)
def test_nearest_have_exact_scores_in_descending_order(filled: Collection, weight: float) -> None:
    vectors, vector = vectors_and_query()
    query = asked(vector, weight)
    found = nearest(filled, query)
    assert [hit.garment_id for hit in found.hits] == expected(
        vectors, query, np.arange(1, GARMENTS + 1)
    )
    cut = FINGERPRINT.style_dimension
    for hit in found.hits:
        own = vectors[hit.garment_id - 1]
        assert hit.style == pytest.approx(float(own[:cut] @ vector[:cut]), abs=1e-4)
        assert hit.colour == pytest.approx(float(own[cut:] @ vector[cut:]), abs=1e-4)
        mixed = (1 - weight) * hit.style + weight * hit.colour
        assert hit.score == pytest.approx(mixed, abs=1e-4)
        assert found.products[hit.garment_id] == f"p{hit.garment_id}"


@pytest.fixture(params=["few pass", "many pass"])
def _limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of filtering: score all that pass, or test the nearest."""
    if request.param == "many pass":
        for module in ("filtered.EXACT_LIMIT", "filtered.SCAN_LIMIT"):
            monkeypatch.setattr(f"indexing.index.{module}", 2)
        monkeypatch.setattr("indexing.index.pgvector.engine.exact_limit", lambda garments: 2)


@pytest.mark.usefixtures("_limits")
@pytest.mark.parametrize(
    "texts",
    [
        ["brand=brand 7"],
        ["brand!=Brand 7", "price_max=2.50"],
        ["category=Category 3", "availability=in stock"],
        ["size=M", "price_min=1"],
        ["colour=red"],
        ["colour!=red", "class=upper"],
        ["brand=nobody"],
        ["worn_with=true"],
    ],
    ids=" ".join,
)
def test_filters_give_the_nearest_that_pass_and_always_enough(
    filled: Collection, texts: list[str]
) -> None:
    vectors, vector = vectors_and_query()
    filters = parse_filters(texts)
    with filled.database.session() as session:
        passing = np.array(allowed_garments(session, filters, UPPER), np.int64)
    for count in (3, 40, GARMENTS):
        query = asked(vector, 0.67, filters=filters, count=count)
        hits = nearest(filled, query).hits[:count]
        assert [hit.garment_id for hit in hits] == expected(vectors, query, passing), count


def test_more_classes_are_merged_by_score(indexed: Collection) -> None:
    query = asked(any_vector(), classes=GARMENT_CLASSES, count=20)
    hits = nearest(indexed, query).hits
    assert len(hits) == 9
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(nearest(indexed, replace(query, classes=(WHOLE, LOWER))).hits) == 3
    assert indexed.searchable() == {UPPER: 6, WHOLE: 1, LOWER: 2}


def test_garments_worn_with_a_product_pass_only_on_request(indexed: Collection) -> None:
    with indexed.database.transaction() as session:
        session.execute(update(GarmentRow).where(GarmentRow.id == 1).values(worn_with=True))
    query = asked(any_vector(), count=9)
    assert len(nearest(indexed, query).hits) == 5
    with_worn = parse_filters(["worn_with=true"])
    assert len(nearest(indexed, replace(query, filters=with_worn)).hits) == 6
    assert indexed.verify() == []
    indexed.rebuild()
    assert len(nearest(indexed, query).hits) == 6, "the texts decide it anew"


class Stopped(Exception):
    pass


def removing_all_but_committing_nothing(collection: Collection) -> None:
    with collection.database.transaction() as session:
        session.execute(delete(GarmentRow))
        raise Stopped


def test_what_is_rolled_back_is_never_found_or_lost(indexed: Collection) -> None:
    with pytest.raises(Stopped):
        removing_all_but_committing_nothing(indexed)
    assert len(nearest(indexed, asked(any_vector())).hits) == 6
    assert indexed.verify() == []


def test_another_process_finds_what_is_added_replaced_and_removed(
    store: Store, indexed: Collection, photos: Path
) -> None:
    with closing(store.open(indexed.data)) as other:
        assert found_by(other, photos / "red-shirt.png", 1) == ["red-shirt.png"]
        draw_photo(photos / "new.png", "yellow")
        draw_photo(photos / "blue-jeans.png", "teal", LOWER)
        indexed.index(read_folder(photos))
        indexed.remove("red-shirt.png")
        time.sleep(0 if store.engine == "pgvector" else REFRESH_SECONDS)
        assert found_by(other, photos / "new.png", 1) == ["new.png"]
        assert found_by(other, photos / "blue-jeans.png", 1) == ["blue-jeans.png"]
        (best, *_) = other.search(Query(query_of(photos / "blue-jeans.png")[1], classes=(LOWER,)))
        assert best.score == pytest.approx(1, abs=1e-4)
        assert "red-shirt.png" not in found_by(other, photos / "red-shirt.png", 9)
        assert other.searchable() == {UPPER: 6, WHOLE: 1, LOWER: 2}


def test_class_set_by_hand_moves_a_garment(indexed: Collection) -> None:
    with indexed.database.transaction() as session:
        set_class(session, [1, 3], LOWER, None)
    indexed.refresh()
    assert indexed.searchable() == {UPPER: 4, WHOLE: 1, LOWER: 4}
    found = nearest(indexed, asked(any_vector(), classes=(LOWER,)))
    assert {1, 3} <= {hit.garment_id for hit in found.hits}
    assert indexed.verify() == []


def test_opening_again_gives_the_same_hits(store: Store, indexed: Collection) -> None:
    before = nearest(indexed, asked(any_vector())).hits
    with closing(store.open(indexed.data)) as again:
        assert nearest(again, asked(any_vector())).hits == before


def test_rebuild_repairs_what_verify_finds(indexed: Collection) -> None:
    before = nearest(indexed, asked(any_vector())).hits
    damage: dict[str, Callable[[], None]] = {
        "faiss": lambda: (indexed.data / "index" / "lower.json").unlink(),
        "pgvector": lambda: spoil(indexed),
    }
    damage[indexed.engine_name]()
    (problem,) = indexed.verify()
    assert "lower index" in problem
    assert "apparel rebuild" in problem
    steps: list[tuple[int, int]] = []
    assert indexed.rebuild(lambda done, total: steps.append((done, total))) == 9
    assert steps[-1][0] == steps[-1][1]
    assert indexed.verify() == []
    assert nearest(indexed, asked(any_vector())).hits == before


def spoil(collection: Collection) -> None:
    with collection.database.transaction() as session:
        session.execute(text("DELETE FROM garment_vector WHERE garment_class = 3"))


def test_two_models_are_never_mixed(
    store: Store, indexed: Collection, photos: Path, tmp_path: Path
) -> None:
    other = replace(FAKE_FINGERPRINT, encoder="fake-encoder/2")
    new, _ = switched(indexed, FakeEmbedder(other), lambda done, total: None)
    for each in (indexed, new):
        assert len(nearest(each, asked(any_vector(), count=50)).hits) == 6
    new.remove("red-shirt.png")
    assert new.searchable() == {UPPER: 5, WHOLE: 1, LOWER: 2}
    assert new.rebuild() == 8
    assert new.verify() == []
    with new.database.transaction() as session:
        session.execute(delete(ModelRow).where(ModelRow.encoder == FAKE_FINGERPRINT.encoder))
    assert new.verify() == []


def test_a_vector_alone_can_be_replaced_and_removed(indexed: Collection) -> None:
    vector = query_of_class(indexed)
    with indexed.database.transaction() as session:
        row = session.get_one(VectorRow, (1, 1))
        row.values = vector.tobytes()
        session.delete(session.get_one(VectorRow, (3, 1)))
    indexed.refresh()
    hits = nearest(indexed, asked(vector)).hits
    assert (hits[0].garment_id, len(hits)) == (1, 5)
    assert hits[0].score == pytest.approx(1, abs=1e-4)


def query_of_class(collection: Collection) -> np.ndarray:
    """A vector that no garment has: each half is the other way round."""
    cut = FAKE_FINGERPRINT.style_dimension
    vector = collection.query_like(2).vector
    return np.concatenate([vector[:cut][::-1], vector[cut:][::-1]]).astype(np.float32)


def test_prices_and_stock_touch_no_vector(indexed: Collection) -> None:
    before = nearest(indexed, asked(any_vector())).hits
    with indexed.database.transaction() as session:
        session.execute(
            update(Product).values(price=Decimal(3), availability=Availability.OUT_OF_STOCK.value)
        )
    cheap = parse_filters(["price_max=3", "availability=out of stock"])
    assert nearest(indexed, asked(any_vector(), filters=cheap)).hits == before


def test_both_engines_rank_alike(tmp_path: Path, postgresql_server: str) -> None:
    """The same 200 garments: the same first ten in at least 99 of 100 places."""
    queries = GarmentVectors(SEED).draw(200)
    stores = (
        Store("faiss", None),
        Store("pgvector", migrated_database(postgresql_server, "pgvector")),
    )
    tens = []
    for each in stores:
        fill(tmp_path / each.engine, 200, each.url)
        with closing(each.open(tmp_path / each.engine)) as collection:
            asked = (Query(vector, classes=(UPPER,), count=10) for vector in queries)
            tens.append([[hit.garment_id for hit in collection.search(query)] for query in asked])
    faiss, pgvector = np.array(tens)
    assert faiss.shape == (200, 10)
    assert faiss[:, 0].tolist() == list(range(1, 201))
    assert (faiss == pgvector).mean() >= 0.99
