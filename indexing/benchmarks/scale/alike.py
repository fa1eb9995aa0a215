"""Whether both engines give photos the same first ten.

    python -m indexing.benchmarks.scale.alike PHOTOS

All photos of a folder are indexed once, in a PostgreSQL server of its own; then some of them are
searched with by both engines over the same rows, each with its largest garment.
"""

import argparse
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from catalog.feeds.folder import read_folder
from indexing.benchmarks.report import print_document
from indexing.benchmarks.scale.pgvector import own_server
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from indexing.index.engine import EngineName
from indexing.search.query import Query
from segmentation.photos import find_photos, read_photo

QUERIES: Final = 200
TEN: Final = 10
ENGINES: Final[tuple[EngineName, EngineName]] = ("faiss", "pgvector")


@dataclass(frozen=True)
class Alike:
    """Share of places that hold the same garment, and of photos with the same ten in any order."""

    photos: int
    queries: int
    same_places: float
    same_tens: float


def measure_alike(photos: Path, url: str) -> Alike:
    """Index the photos and compare the engines."""
    found, embedder = sorted(find_photos(photos)), load_embedder()
    chosen = found[:: max(1, len(found) // QUERIES)][:QUERIES]
    embedded = [embedder.embed([read_photo(path)])[0].garments for path in chosen]
    queries = [replace(Query.of(each[0]), count=TEN) for each in embedded if each]
    answers = []
    with tempfile.TemporaryDirectory(prefix="apparel-alike-") as data:
        for engine in ENGINES:
            with closing(open_collection(Path(data), embedder, url, engine=engine)) as collection:
                collection.index(read_folder(photos))
                answers.append(
                    [[hit.garment_id for hit in collection.search(query)] for query in queries]
                )
    pairs = list(zip(*answers, strict=True))
    same = [a == b for one, other in pairs for a, b in zip(one, other, strict=True)]
    tens = [set(one) == set(other) for one, other in pairs]
    return Alike(len(found), len(queries), sum(same) / len(same), sum(tens) / len(tens))


def main() -> None:
    """Entry point of `python -m indexing.benchmarks.scale.alike`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    arguments = parser.parse_args()
    with own_server() as url:
        print_document({"alike": measure_alike(arguments.photos, url)})


if __name__ == "__main__":
    main()
