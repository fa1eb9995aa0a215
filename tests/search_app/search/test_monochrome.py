"""Photos without colours are searched by style alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from indexing.collection import Collection
from search_app.search.query_photo import embed_query, embedder_of, is_monochrome
from search_app.search.search import SearchOptions
from search_app.search.search_document import NO_COLOURS, search_photo
from segmentation.photos import Photo, read_photo
from tests.fakes import draw_photo


def _scene(garment: str, background: str = "#c9c2b4") -> Image.Image:
    """A garment with light and shade before a room, with a camera's noise."""
    drawn = Image.new("RGB", (360, 480), background)
    draw = ImageDraw.Draw(drawn)
    draw.polygon([(120, 90), (240, 90), (290, 430), (70, 430)], fill=garment)
    draw.ellipse([150, 20, 210, 90], fill="#d8a88a")
    light = np.linspace(0.45, 1.1, 360)[None, :, None]
    noise = np.random.default_rng(3).normal(0, 4, (480, 360, 3))
    lit = np.asarray(drawn.filter(ImageFilter.GaussianBlur(2))) * light + noise
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _as_jpeg(photo: Image.Image, path: Path) -> Photo:
    photo.convert("RGB").save(path, quality=85)
    return read_photo(path)


@pytest.mark.parametrize("garment", ["#202226", "#a81c2c", "#2a4a8c", "#e8e4da"])
def test_grey_and_toned_copies_are_monochrome_and_the_photo_is_not(
    garment: str, tmp_path: Path
) -> None:
    scene = _scene(garment)
    grey = ImageOps.grayscale(scene)
    tinted = np.asarray(grey)[..., None] * np.array([1.0, 0.88, 0.7])
    copies = {
        "grey": grey,
        "sepia": Image.fromarray(tinted.astype(np.uint8)),
        "print": ImageOps.colorize(grey, "#21180f", "#f2e4c9"),
        "blue tone": ImageOps.colorize(grey, "#0c1420", "#cfdcf0"),
    }
    found = {
        name: is_monochrome(_as_jpeg(each, tmp_path / "a.jpg")) for name, each in copies.items()
    }
    assert found == dict.fromkeys(copies, True)
    assert not is_monochrome(_as_jpeg(scene, tmp_path / "a.jpg"))


@pytest.mark.parametrize("garment", ["#a81c2c", "#1e2650", "#8c6a48"])
def test_a_garment_on_white_keeps_its_colour(garment: str, tmp_path: Path) -> None:
    assert not is_monochrome(_as_jpeg(_scene(garment, "#ffffff"), tmp_path / "a.jpg"))


def test_a_grey_photo_is_searched_by_style_unless_a_colour_is_named(
    collection: Collection, tmp_path: Path
) -> None:
    photo = read_photo(draw_photo(tmp_path / "query.png", "red"))
    options = SearchOptions(colour_weight=0.3)
    query = embed_query(embedder_of(collection), photo)
    assert options.fitted(query.monochrome) == options
    grey = replace(query, monochrome=True)
    assert options.fitted(grey.monochrome).colour_weight == 0
    assert replace(options, in_colour="red").fitted(grey.monochrome).colour_weight == 0.3
    pixels = np.repeat(photo.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    document = search_photo(collection, pixels, options)
    assert NO_COLOURS in (document.note or "")
    results = [each for garment in document.garments for each in garment.results]
    assert results
    assert all(each.score == pytest.approx(each.style, abs=1e-3) for each in results)
