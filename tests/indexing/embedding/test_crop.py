import numpy as np

from indexing.embedding.crop import BACKGROUND_GREY, crop_garment
from segmentation.classes import GarmentClass
from segmentation.mask import Garment


def _trousers() -> tuple[np.ndarray, Garment]:
    photo = np.zeros((300, 200, 3), np.uint8)
    photo[:, :, 1] = 255
    photo[50:250, 60:120] = (200, 20, 20)
    mask = np.ones((200, 60), bool)
    mask[80:, 25:35] = False
    photo[50:250, 60:120][~mask] = (0, 0, 255)
    return photo, Garment(GarmentClass.LOWER, 1.0, (60, 50, 120, 250), mask, 0.2)


def test_only_the_garment_is_left_and_its_aspect_is_kept() -> None:
    crop = crop_garment(*_trousers(), side=100)
    assert crop.shape == (100, 100, 3)
    red = (crop[..., 0] > 190) & (crop[..., 1] < 40)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert 90 <= rows[-1] - rows[0] + 1 <= 96
    assert 26 <= columns[-1] - columns[0] + 1 <= 30
    assert (crop[2, 2] == BACKGROUND_GREY).all()


def test_the_gap_between_the_legs_is_background() -> None:
    crop = crop_garment(*_trousers(), side=100)
    assert (np.abs(crop[80, 50].astype(int) - BACKGROUND_GREY) <= 2).all()
