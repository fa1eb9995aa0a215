"""A query photo written as bytes and read back is the same."""

import numpy as np

from catalog.colours import Colour
from indexing.types import Attribute, EmbeddedGarment, GarmentAttributes
from search_app.search.query_photo import QueryPhoto, Region
from search_app.search.query_store import query_from_bytes, query_to_bytes
from search_app.search.uploads import StoredQuery
from segmentation.classes import GarmentClass
from segmentation.mask import Garment
from tests.fakes import FAKE_FINGERPRINT


def garment(seed: int) -> EmbeddedGarment:
    numbers = np.random.default_rng(seed)
    return EmbeddedGarment(
        garment=Garment(
            garment_class=GarmentClass(1 + seed % 3),
            score=float(numbers.random()),
            box=(1, 2, 30 + seed, 50),
            mask=numbers.random((7 + seed, 5)) > 0.5,
            area=0.25,
        ),
        colours=(Colour("red", "#b01c2e", 0.8), Colour("grey", "#777777", 0.2)),
        vector=numbers.standard_normal(220).astype(np.float32),
        attributes=GarmentAttributes(kind=Attribute("dress", 0.93)),
    )


def check_equal(one: EmbeddedGarment, other: EmbeddedGarment) -> None:
    for name in ("colours", "attributes"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("garment_class", "score", "box", "area"):
        assert getattr(one.garment, name) == getattr(other.garment, name)
    for before, after in (
        (one.garment.mask, other.garment.mask),
        (one.vector, other.vector),
    ):
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)


def test_every_part_of_a_query_comes_back() -> None:
    query = QueryPhoto(600, 400, (garment(0), garment(1)), whole=garment(3), monochrome=True)
    regions = ((Region(1, 2, 3, 4), garment(4)), ((0, 1), garment(5)))
    stored = StoredQuery(query, b"\xff\xd8 photo", FAKE_FINGERPRINT, regions)
    read = query_from_bytes(query_to_bytes(stored))
    assert (read.jpeg, read.model) == (stored.jpeg, FAKE_FINGERPRINT)
    assert (read.query.height, read.query.width, read.query.monochrome) == (600, 400, True)
    assert [pick for pick, _ in read.regions] == [Region(1, 2, 3, 4), (0, 1)]
    assert read.query.whole is not None
    pairs = [*zip(query.garments, read.query.garments, strict=True), (garment(3), read.query.whole)]
    pairs += [(made, again) for (_, made), (_, again) in zip(regions, read.regions, strict=True)]
    for one, other in pairs:
        check_equal(one, other)


def test_a_photo_without_garments_comes_back() -> None:
    stored = StoredQuery(QueryPhoto(6, 4, ()), b"", FAKE_FINGERPRINT)
    read = query_from_bytes(query_to_bytes(stored))
    assert (read.query.height, read.query.garments) == (6, ())
    assert (read.regions, read.query.whole) == ((), None)
