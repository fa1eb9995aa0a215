from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexing.errors import IndexingError
from indexing.evaluation.backgrounds import BACKGROUNDS, GREY, garment_free_window, other_photo
from indexing.evaluation.labelled import LabelledPhoto
from indexing.evaluation.retrieval import COLOUR_ALONE, SHIPPED, Evaluation
from indexing.evaluation.same_garment import evaluate_same_garment
from segmentation.classes import GarmentClass
from segmentation.mask import Garment
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation
from segmentation.training.distortion import distorted_copy
from tests.indexing.embedding.test_embedder import known_encoder


class CentreSegmenter:
    """Takes the middle of every photo for an upper garment."""

    fingerprint = "centre/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        return [self._one(photo) for photo in photos]

    def _one(self, photo: Photo) -> Segmentation:
        height, width = photo.shape[:2]
        box = (width // 4, height // 4, 3 * width // 4, 3 * height // 4)
        mask = np.ones((box[3] - box[1], box[2] - box[0]), bool)
        garment = Garment(GarmentClass.UPPER, 0.9, box, mask, 0.25)
        return Segmentation.of_mask(np.zeros((height, width), np.uint8), (garment,))


def _photo(path: Path, colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", (80, 100), colour).save(path)
    return path


def test_the_change_is_seeded_and_keeps_the_garments_colour() -> None:
    photo = np.full((100, 80, 3), (200, 30, 40), np.uint8)
    other = np.full((60, 60, 3), (30, 60, 200), np.uint8)
    (segmentation,) = CentreSegmenter().segment([photo])
    views = [
        distorted_copy(photo, segmentation.garments[0], other, np.random.default_rng(seed)).photo
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(views[0], views[1])
    assert not np.array_equal(views[0], views[2])
    height, width = views[0].shape[:2]
    assert height * width == pytest.approx(0.6 * 100 * 80, rel=0.05)
    corner, middle = views[0][:4, :4].reshape(-1, 3), views[0][25:50, 20:45].reshape(-1, 3)
    red = (middle[:, 0] > middle[:, 2]).mean()
    assert red > 0.4
    assert (corner[:, 2] >= corner[:, 0]).mean() > 0.9


def test_a_distorted_garment_is_searched_among_all(tmp_path: Path) -> None:
    colours = [(200, 30, 40), (40, 160, 60), (30, 60, 200), (230, 210, 60), (20, 20, 20)]
    paths = [_photo(tmp_path / f"{n}.png", colour) for n, colour in enumerate(colours)]
    queries = [LabelledPhoto(path, "x", str(path), "query") for path in paths[:3]]
    encoder = known_encoder()
    report = evaluate_same_garment(Evaluation(CentreSegmenter(), encoder), paths, queries)
    assert (report.queries, report.gallery_garments, report.gallery_photos) == (3, 5, 5)
    assert {each.background for each in report.figures} == set(BACKGROUNDS)
    for background in BACKGROUNDS:
        rows = [each for each in report.figures if each.background == background]
        by_method = {each.method: each for each in rows if each.colour_weight in (0.5, 1.0)}
        assert by_method[COLOUR_ALONE].recall_at_1[0] >= 2 / 3
        assert by_method[SHIPPED].recall_at_10 == [1.0, 1.0, 1.0]
    (tmp_path / "bad.png").write_bytes(b"no photo")
    with pytest.raises(IndexingError, match="--photos"):
        evaluate_same_garment(Evaluation(CentreSegmenter(), encoder), [tmp_path / "bad.png"], [])


class LeftHalfSegmenter(CentreSegmenter):
    """Takes the left half of every photo for a garment, and all of a red one."""

    def _one(self, photo: Photo) -> Segmentation:
        mask = np.zeros(photo.shape[:2], np.uint8)
        mask[:, : photo.shape[1] // 2] = GarmentClass.UPPER
        if photo[0, 0, 0] == 255:
            mask[:] = GarmentClass.UPPER
        return Segmentation.of_mask(mask)


def test_plain_background_shows_no_garment(tmp_path: Path) -> None:
    queries = []
    for number, colour in enumerate([(0, 0, 90), (255, 0, 0), (0, 70, 0)]):
        path = tmp_path / f"{number}.png"
        photo = Image.new("RGB", (80, 100), colour)
        if colour != (255, 0, 0):
            photo.paste((9, 9, 9), (0, 0, 40, 100))
        photo.save(path)
        queries.append(LabelledPhoto(path, "x", str(path), "query"))
    assert other_photo(LeftHalfSegmenter(), queries, 0) is not None
    ground = garment_free_window(LeftHalfSegmenter(), queries, 0)
    assert ground is not None
    assert np.unique(ground.reshape(-1, 3), axis=0).tolist() == [[0, 70, 0]], "red is all garment"
    assert garment_free_window(LeftHalfSegmenter(), queries[1:2], 0) is GREY
