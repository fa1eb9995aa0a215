"""A drawn catalogue, indexed with the shipped weights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed
from indexing.collection import Collection, open_collection
from indexing.embedding.embedder import PhotoEmbedder
from indexing.embedding.wiring import load_embedder
from search_app.cli.demo import draw_demo

COUNT = 24


@pytest.fixture(scope="package")
def embedder() -> PhotoEmbedder:
    return load_embedder()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_demo(tmp_path_factory.mktemp("demo"), COUNT, 3, lambda done, total: None)


@pytest.fixture(scope="package")
def collection(
    demo: Path, embedder: PhotoEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    opened = open_collection(tmp_path_factory.mktemp("data"), embedder)
    opened.index(read_feed(demo))
    yield opened
    opened.close()
