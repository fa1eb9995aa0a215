"""What the tests of a collection look it up with."""

from pathlib import Path

import numpy as np

from indexing.collection import Collection
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder


def query_of(path: Path) -> tuple[GarmentClass, np.ndarray]:
    """Class and vector of the first garment on a photo."""
    (photo,) = FakeEmbedder().embed([read_photo(path)])
    return photo.garments[0].garment.garment_class, photo.garments[0].vector


def found_by(collection: Collection, photo: Path, k: int = 3) -> list[str]:
    """Ids of the products nearest to the garment on a photo."""
    garment_class, vector = query_of(photo)
    return [
        card.product_id
        for card in collection.cards(
            collection.search(Query(vector, classes=(garment_class,), count=k))
        )
    ]


def any_vector() -> np.ndarray:
    """Equally near to everything."""
    vector = np.ones(FAKE_FINGERPRINT.dimension, np.float32)
    vector[: FAKE_FINGERPRINT.style_dimension] /= np.sqrt(FAKE_FINGERPRINT.style_dimension)
    vector[FAKE_FINGERPRINT.style_dimension :] /= np.sqrt(FAKE_FINGERPRINT.colour_dimension)
    return vector
