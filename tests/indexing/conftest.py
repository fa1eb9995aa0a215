"""A folder of drawn photos, and an empty collection with the fake models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexing.collection import Collection, open_collection
from segmentation.classes import GARMENT_CLASSES
from tests.fakes import FakeEmbedder, draw_photo

_, WHOLE, LOWER = GARMENT_CLASSES
COLOURS = ("red", "green", "blue", "orange", "purple", "black")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six upper garments of different colours, two lower, one whole."""
    folder = tmp_path / "photos"
    for colour in COLOURS:
        draw_photo(folder / f"{colour}-shirt.png", colour)
    draw_photo(folder / "blue-jeans.png", "blue", LOWER)
    draw_photo(folder / "red-skirt.png", "red", LOWER)
    draw_photo(folder / "green-dress.png", "green", WHOLE)
    return folder


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    opened = open_collection(tmp_path / "data", FakeEmbedder())
    yield opened
    opened.close()
