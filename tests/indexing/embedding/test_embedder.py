"""The one path from photos to vectors, with a random encoder of pixels."""

from dataclasses import dataclass

import numpy as np
import pytest

from indexing.embedding.colour import COLOUR_DIMENSION
from indexing.embedding.embedder import PhotoEmbedder
from indexing.embedding.encoder import Encoder
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, find_garments, one_hot
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation
from tests.drawn import draw_pair
from tests.fakes import PixelBackbone, random_encoder


@dataclass
class KnownMasks:
    """Stands in for the segmenter: a photo's mask is known by its pixels."""

    fingerprint: str = "known/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        known = {photo.tobytes(): mask for photo, mask in (draw_pair(seed) for seed in range(6))}
        masks = [
            known.get(photo.tobytes(), np.zeros(photo.shape[:2], np.uint8)) for photo in photos
        ]
        return [Segmentation.of_mask(mask, find_garments(mask, one_hot(mask))) for mask in masks]


def known_encoder() -> Encoder:
    return random_encoder(PixelBackbone())


def known_embedder(threads: int = 1) -> PhotoEmbedder:
    return PhotoEmbedder(KnownMasks(), known_encoder(), threads)


def test_a_vector_is_two_halves_of_unit_length() -> None:
    embedder = known_embedder()
    (embedded,) = embedder.embed([draw_pair(0)[0]])
    (garment,) = embedded.garments
    assert embedder.fingerprint.dimension == 24 + COLOUR_DIMENSION == len(garment.vector)
    assert np.isclose(np.linalg.norm(garment.vector[:24]), 1, atol=1e-5)
    assert np.isclose(np.linalg.norm(garment.vector[24:]), 1, atol=1e-5)
    assert garment.garment.garment_class is GarmentClass.UPPER
    assert garment.colours[0].name == "red"


def test_a_photo_has_the_same_vectors_alone_and_in_a_batch() -> None:
    embedder = known_embedder()
    photos = [draw_pair(seed)[0] for seed in range(6)]
    for photo, embedded in zip(photos, embedder.embed(photos), strict=True):
        (alone,) = embedder.embed([photo])
        assert len(alone.garments) == len(embedded.garments) == 1
        assert np.allclose(alone.garments[0].vector, embedded.garments[0].vector, atol=1e-4)


def test_a_photo_without_garments_says_so_and_can_be_embedded_whole() -> None:
    embedder = known_embedder()
    photo = np.full((80, 60, 3), 200, np.uint8)
    (embedded,) = embedder.embed([photo])
    assert embedded.garments == ()
    whole = embedder.embed_whole(photo)
    assert whole.whole_photo
    assert whole.garment.box == (0, 0, 60, 80)
    assert whole.vector.shape == (embedder.fingerprint.dimension,)


def test_a_chosen_region_is_embedded_as_the_garment_it_is() -> None:
    embedder = known_embedder()
    photo, mask = draw_pair(1)
    (embedded,) = embedder.embed([photo])
    (garment,) = embedded.garments
    by_pixels = embedder.embed_region(photo, mask > 0, garment.garment.garment_class)
    by_box = embedder.embed_region(photo, (0, 0, photo.shape[1], photo.shape[0]))
    for region in (by_pixels, by_box):
        assert region.garment.garment_class is garment.garment.garment_class
        assert region.garment.box == garment.garment.box
        assert np.allclose(region.vector, garment.vector, atol=1e-4)


def test_a_box_without_clothing_counts_as_it_was_drawn() -> None:
    embedder = known_embedder()
    region = embedder.embed_region(np.full((80, 60, 3), 200, np.uint8), (10, 20, 40, 70))
    assert region.garment.box == (10, 20, 40, 70)
    assert region.garment.mask.all()
    assert not region.whole_photo


@pytest.mark.parametrize("region", [(10, 10, 10, 40), np.zeros((80, 60), bool)])
def test_an_empty_region_is_refused(region: Box | BoolMask) -> None:
    with pytest.raises(ValueError, match="no pixel"):
        known_embedder().embed_region(np.zeros((80, 60, 3), np.uint8), region)


def test_threads_share_the_photos_of_a_call_and_change_nothing() -> None:
    photos = [draw_pair(number % 6)[0] for number in range(14)]
    alone = known_embedder().embed(photos)
    shared = known_embedder(threads=3).embed(photos)
    for one, other in zip(alone, shared, strict=True):
        assert np.allclose(one.garments[0].vector, other.garments[0].vector, atol=1e-4)
        assert np.array_equal(one.mask, other.mask)
