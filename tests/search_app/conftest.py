"""A small catalogue of drawn photos, really indexed, and clients of an app over it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jinja2 import Environment, FileSystemBytecodeCache

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.security.local_token import make_local_token
from search_app.settings import Settings
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo

COLOURS = ("red", "blue", "green", "black")
HOSTILE_TITLE = '<script>alert(1)</script> & "tee"'

PhotoBytes = Callable[..., bytes]
HOME: Final = "http://127.0.0.1:8000"
"""Address of a client at the server's own machine."""


def local_client(app: FastAPI) -> TestClient:
    """A client that sends the local token, as this machine's own user does."""
    token = make_local_token(app.state.services.settings.data)
    assert token is not None
    return TestClient(app, HOME, headers={"X-API-Key": token})


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The apps of all tests share compiled templates."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with patch("search_app.services.Environment", partial(Environment, bytecode_cache=cache)):
        yield


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Thirteen products: each class in four colours, and one whose words are hostile."""
    folder = tmp_path_factory.mktemp("web")
    rows = [
        _row(folder, garment_class, colour)
        for garment_class in GARMENT_CLASSES
        for colour in COLOURS
    ]
    draw_photo(folder / "hostile.png", "yellow", notch=8)
    hostile = ProductRow(
        id="odd/id & more?", title=HOSTILE_TITLE, photos=("hostile.png",),
        url="javascript:alert(1)", attributes={"fit": "<b>loose</b>"},
    )  # fmt: skip
    collection = open_collection(folder / "data", FakeEmbedder())
    collection.index(Feed(rows=(*rows, hostile), folder=folder))
    samples = folder / "data" / "samples"
    samples.mkdir()
    draw_photo(samples / "sample.jpg", "red", GarmentClass.WHOLE)
    yield collection
    collection.close()


@pytest.fixture
def client(collection: Collection) -> Iterator[TestClient]:
    with local_client(create_app(Settings(data=collection.data), collection)) as client:
        yield client


@pytest.fixture
def empty_client(tmp_path: Path) -> Iterator[TestClient]:
    """A client of an app over a catalogue that nobody filled; its products may be changed."""
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    with local_client(create_app(Settings(data=collection.data), collection)) as client:
        yield client
    collection.close()


@pytest.fixture
def photo_bytes(tmp_path: Path) -> PhotoBytes:
    """Makes the bytes of a drawn photo."""

    def make(colour: str = "red", garment_class: GarmentClass = GarmentClass.UPPER) -> bytes:
        return draw_photo(tmp_path / "query.png", colour, garment_class).read_bytes()

    return make


@pytest.fixture
def empty_photo(tmp_path: Path) -> bytes:
    """A photo without any garment."""
    return draw_empty_photo(tmp_path / "empty.png").read_bytes()


def _row(folder: Path, garment_class: GarmentClass, colour: str) -> ProductRow:
    name = f"{colour}-{garment_class.label}.png"
    draw_photo(folder / name, colour, garment_class)
    return ProductRow(
        id=f"{colour}-{garment_class.label}",
        title=f"{colour} {garment_class.label}".capitalize(),
        photos=(name,),
        brand="Acme" if colour in ("red", "blue") else "Ostra",
        category=garment_class.label,
        colour=colour,
        price=Decimal(10 * (1 + COLOURS.index(colour))),
        currency="EUR",
        url=f"https://shop.example/{colour}",
        availability="in stock",
    )
