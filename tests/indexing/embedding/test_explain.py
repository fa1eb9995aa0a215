import io

import numpy as np
from PIL import Image

from indexing.embedding.explain import GRID, explanation_png, garment_at, occlusion_heat
from segmentation.classes import GarmentClass
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder

BOX = (20, 20, 100, 60)


def _striped(first: str, second: str) -> Photo:
    """An upper garment, its left half of one colour, its right half of another."""
    photo = Image.new("RGB", (120, 80), "white")
    photo.paste(first, (20, 20, 60, 60))
    photo.paste(second, (60, 20, 100, 60))
    return np.asarray(photo, np.uint8)


def test_the_half_that_two_garments_share_is_what_makes_them_alike() -> None:
    embedder = FakeEmbedder()
    one = garment_at(embedder, _striped("red", "blue"), BOX, GarmentClass.UPPER)
    other = garment_at(embedder, _striped("red", "lime"), BOX, GarmentClass.UPPER)
    assert one.garment.box == BOX
    heat = occlusion_heat(embedder, one, other.vector, colour_weight=1.0)
    assert heat.shape == (GRID, GRID)
    assert heat[:, : GRID // 2].mean() > 4 * heat[:, GRID // 2 + 1 :].mean()


def test_an_explanation_is_a_picture_of_both() -> None:
    embedder = FakeEmbedder()
    one = garment_at(embedder, _striped("red", "blue"), BOX, GarmentClass.UPPER)
    png = explanation_png(embedder, one, one, 0.5)
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.height == 240
        assert picture.width > 2 * 400
