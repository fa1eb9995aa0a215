"""The picture in a screenshot is what is searched; ordinary photos stay whole."""

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexing.collection import Collection
from search_app.search.query_photo import embed_query, embedder_of
from search_app.search.screenshot import picture_box
from segmentation.mask import Box
from segmentation.photos import read_photo
from tests.fakes import drawn_photo
from tests.search_app.search.screenshots import FIRST, OTHERS, screenshot


def _iou(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0, width) * max(0, height)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return both / (sum(areas) - both)


@pytest.mark.datasets
def test_pictures_are_found_in_layouts_that_were_not_tuned_on(datasets: Path) -> None:
    photos = sorted((datasets / "clothing" / "photos").glob("*.jpg"))
    chosen = random.Random(9).sample(photos, 8 * len(OTHERS))
    found = []
    for number, path in enumerate(chosen):
        layout = list(OTHERS.values())[number % len(OTHERS)]
        shot, box = screenshot(Image.open(path).convert("RGB"), layout, number)
        picture = picture_box(shot)
        found.append(picture is not None and _iou(picture, box) >= 0.9)
    assert np.mean(found) >= 0.9


@pytest.mark.datasets
def test_no_ordinary_photo_is_cropped(datasets: Path) -> None:
    phone = sorted((datasets / "clothing" / "photos").glob("*.jpg"))
    shop = sorted((datasets / "luma" / "photos").glob("*.jpg"))
    photos = random.Random(9).sample(phone, 150) + random.Random(9).sample(shop, 50)
    assert not [path.name for path in photos if picture_box(read_photo(path))]


def test_a_screenshot_is_searched_by_its_picture(collection: Collection) -> None:
    walls = np.random.default_rng(3).integers(165, 215, (160, 120, 1))
    photo = np.minimum(np.asarray(drawn_photo("red")), walls).astype(np.uint8)
    shot, box = screenshot(Image.fromarray(photo), FIRST["post"])
    picture = shot[box[1] : box[3], box[0] : box[2]]
    embedder = embedder_of(collection)
    direct, query = embed_query(embedder, picture), embed_query(embedder, shot)
    assert (query.height, query.width) == shot.shape[:2]
    assert len(query.garments) == len(direct.garments) > 0
    for inner, outer in zip(direct.garments, query.garments, strict=True):
        assert inner.vector @ outer.vector > 0.99 * (inner.vector @ inner.vector)
        shift = np.array(box[:2] * 2)
        assert np.abs(np.array(outer.garment.box) - inner.garment.box - shift).max() <= 8


def test_a_plain_picture_is_no_screenshot() -> None:
    assert picture_box(np.full((400, 300, 3), 255, np.uint8)) is None
    assert picture_box(np.zeros((1, 1, 3), np.uint8)) is None
