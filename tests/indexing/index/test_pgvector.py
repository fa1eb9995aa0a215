"""What only the pgvector engine does: what it needs of a server, its table, its indices."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import make_url, text, update

from catalog.database import open_database
from catalog.errors import DatabaseError
from catalog.feeds.folder import read_folder
from catalog.filtering.filters import Filters
from catalog.models import Product
from indexing.benchmarks.catalogue import FINGERPRINT, SEED, fill
from indexing.benchmarks.vectors import GarmentVectors
from indexing.collection import Collection, IndexProgress, open_collection
from indexing.errors import EngineNotReady
from indexing.index.pgvector.requirements import SETTINGS, describe_server
from indexing.index.pgvector.statement import NearestStatement
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from tests.databases import new_database, pgvector_database, run
from tests.fakes import FakeEmbedder, draw_photo
from tests.indexing.looking import found_by

GARMENTS = 1_000


@pytest.fixture
def url(postgresql_server: str) -> str:
    return pgvector_database(postgresql_server)


@pytest.mark.parametrize(
    ("statements", "remedy"),
    [
        (["DROP EXTENSION vector CASCADE"], "CREATE EXTENSION vector SCHEMA pgvector"),
        (
            ["CREATE SCHEMA other", "ALTER EXTENSION vector SET SCHEMA other"],
            "ALTER EXTENSION vector SET SCHEMA pgvector",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    tmp_path: Path, url: str, statements: list[str], remedy: str
) -> None:
    plain = f"plain_{uuid4().hex}"
    run(url, *statements, f"CREATE ROLE {plain} LOGIN", f"GRANT ALL ON SCHEMA public TO {plain}")
    own = make_url(url).set(username=plain).render_as_string(hide_password=False)
    with pytest.raises(EngineNotReady, match=remedy):
        open_collection(tmp_path, FakeEmbedder(), own, engine="pgvector")
    with pytest.raises(EngineNotReady, match=remedy):
        describe_server(own)
    with closing(open_collection(tmp_path, FakeEmbedder(), own)):
        pass  # FAISS needs none of it


def test_a_superuser_needs_to_prepare_nothing(tmp_path: Path, postgresql_server: str) -> None:
    url = new_database(postgresql_server)
    with pytest.raises(EngineNotReady, match="CREATE EXTENSION"):
        describe_server(url)
    with closing(open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")) as collection:
        assert collection.verify() == []
    assert describe_server(url) == "pgvector 0.8.5; its table exists"


def test_an_extension_beside_the_tables_is_refused_with_the_remedy(
    tmp_path: Path, postgresql_server: str
) -> None:
    url = new_database(postgresql_server)
    run(url, "CREATE EXTENSION vector")
    with pytest.raises(DatabaseError, match="ALTER EXTENSION vector SET SCHEMA pgvector") as said:
        open_database(tmp_path, url)
    run(url, *str(said.value).partition("run: ")[2].split(";")[:-1])
    with closing(open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")) as collection:
        assert collection.verify() == []


def test_sqlite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineNotReady, match="APPAREL_DATABASE_URL"):
        open_collection(tmp_path, FakeEmbedder(), engine="pgvector")


def test_the_extension_may_come_after_the_catalogue(
    tmp_path: Path, photos: Path, postgresql_server: str
) -> None:
    url = new_database(postgresql_server)
    with closing(open_collection(tmp_path, FakeEmbedder(), url)) as collection:
        collection.index(read_folder(photos))
    run(url, "CREATE SCHEMA pgvector", "CREATE EXTENSION vector SCHEMA pgvector")
    with closing(open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")) as collection:
        assert found_by(collection, photos / "red-shirt.png", 1) == ["red-shirt.png"]
        assert collection.verify() == []
        assert collection.status().index_bytes > 0
    # A FAISS process on the same database keeps the table in step too.
    with closing(open_collection(tmp_path, FakeEmbedder(), url)) as collection:
        draw_photo(photos / "new.png", "yellow")
        collection.index(read_folder(photos))
    with closing(open_collection(tmp_path, None, url, engine="pgvector")) as collection:
        assert found_by(collection, photos / "new.png", 1) == ["new.png"]


def test_a_run_that_adds_many_garments_builds_the_indices_at_its_end(
    tmp_path: Path, url: str, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.index.pgvector.engine.MANY_ADDED", 9)
    seen = set()
    with closing(open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")) as collection:

        def on_progress(progress: IndexProgress) -> None:
            if progress.done:
                seen.update(problem.split(": ")[1] for problem in problems(collection))
                assert found_by(collection, photos / "red-shirt.png", 1) == ["red-shirt.png"]

        collection.index(read_folder(photos), on_progress=on_progress)
        assert "garment_vector_upper_even_1 is missing; run `apparel rebuild`" in seen
        assert collection.verify() == []


def test_every_connection_has_the_settings(tmp_path: Path, url: str) -> None:
    with closing(open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")) as collection:
        collection.database.engine.dispose()
        for _ in range(2):
            with collection.database.session() as session:
                shown = {
                    name: session.execute(text(f"SHOW {name}")).scalar_one() for name in SETTINGS
                }
                assert shown == SETTINGS


def test_a_setting_that_does_not_last_is_refused(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As through a pool that hands out connections of its own."""
    monkeypatch.setattr("indexing.index.pgvector.requirements._set", lambda *_: None)
    with pytest.raises(EngineNotReady, match=r"ef_search is 40, not 225"):
        open_collection(tmp_path, FakeEmbedder(), url, engine="pgvector")


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, postgresql_server: str
) -> Iterator[Collection]:
    data, url = tmp_path_factory.mktemp("data"), pgvector_database(postgresql_server)
    fill(data, GARMENTS, url)
    with closing(open_collection(data, None, url, engine="pgvector")) as collection:
        collection.database.analyze()
        yield collection


def problems(collection: Collection) -> list[str]:
    assert collection._engine is not None
    with collection.database.session() as session:
        return collection._engine.problems(session)


@pytest.mark.parametrize(
    ("weight", "view"), [(0.0, "style"), (0.4, "even"), (0.67, "even"), (1.0, "colour")]
)
@pytest.mark.parametrize("filters", [Filters(), Filters(availability="in stock")])
def test_a_search_reads_the_index_of_its_class_and_weight(
    filled: Collection, weight: float, view: str, filters: Filters
) -> None:
    vector = GarmentVectors(SEED + 1).draw(1)[0]
    query = Query(vector, (GarmentClass.UPPER,), colour_weight=weight, filters=filters)
    statement = NearestStatement(1, FINGERPRINT, query, depth=20, limit=10).select()
    with filled.database.session() as session:
        session.execute(text("SET LOCAL enable_sort = off"))
        compiled = statement.compile(session.connection())
        explained = session.connection().exec_driver_sql(
            f"EXPLAIN (ANALYZE) {compiled}", compiled.params
        )
        plan = "\n".join(row[0] for row in explained)
    assert f"Index Scan using garment_vector_upper_{view}_1" in plan
    assert "garment_vector_lower" not in plan
    if not filters.is_empty:
        assert "never executed" in plan  # the branch that would score all


def test_rows_of_vectors_stay_when_prices_change(filled: Collection) -> None:
    rows = text("SELECT garment_id, ctid::text, xmin::text FROM garment_vector ORDER BY 1")
    with filled.database.session() as session:
        before = session.execute(rows).all()
    with filled.database.transaction() as session:
        session.execute(update(Product).values(price=1, availability="sold out"))
    with filled.database.session() as session:
        assert session.execute(rows).all() == before


def test_numbers_come_through_to_the_bit(filled: Collection) -> None:
    rare = np.array([0, -0.0, 1, -1, 1e-30, 1e-42, -3.4e38, 0.1, 2**-126, 5e-324], np.float32)
    query = text("SELECT garment_vector_of(:bytes)::real[]")
    with filled.database.session() as session:
        (numbers,) = session.execute(query, {"bytes": rare.tobytes()}).one()
    np.testing.assert_array_equal(np.array(numbers, np.float32), rare)
    assert problems(filled) == []


def test_an_index_that_was_left_invalid_is_made_again(filled: Collection) -> None:
    name, url = "garment_vector_upper_even_1", filled.database.engine.url
    run(
        url.render_as_string(hide_password=False),
        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'::regclass",
    )
    (problem,) = problems(filled)
    assert name in problem
    assert filled.rebuild() == GARMENTS
    assert problems(filled) == []
