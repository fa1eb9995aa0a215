from pathlib import Path

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.data.drawn import create_drawn
from segmentation.evaluation.crops import crops_of, evaluate_crops
from segmentation.segmenter import Segmenter

PHOTO = np.zeros((200, 100, 3), np.uint8)


def _crops(mask: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> dict[str, GarmentClass]:
    return {crop.window: crop.garment_class for crop in crops_of("figure", PHOTO, mask)}


def test_a_top_and_trousers_are_cropped_apart() -> None:
    mask = np.zeros((200, 100), np.uint8)
    mask[20:100, 30:70] = GarmentClass.UPPER
    mask[100:180, 30:70] = GarmentClass.LOWER
    assert _crops(mask) == {
        "to the waist": GarmentClass.UPPER,
        "from the waist": GarmentClass.LOWER,
        "to the knee": GarmentClass.UPPER,
    }


def test_half_a_dress_is_no_crop() -> None:
    mask = np.zeros((200, 100), np.uint8)
    mask[20:180, 30:70] = GarmentClass.WHOLE
    assert _crops(mask) == {}
    mask[130:180] = 0
    mask[150:180, 40:60] = GarmentClass.LOWER  # tights
    assert _crops(mask) == {"to the knee": GarmentClass.WHOLE}


def test_crops_of_pairs_are_segmented(tmp_path: Path) -> None:
    segmenter = Segmenter.load()
    create_drawn(tmp_path, 40, 0)
    report = evaluate_crops(segmenter, tmp_path, "train")
    assert report.segmenter == segmenter.fingerprint
    assert report.right["all"] > 0.6
    low, high = report.intervals["all"]
    assert low <= report.right["all"] <= high
    assert report.crops["all"] == sum(
        report.crops[each.label] for each in GarmentClass if each.label in report.crops
    )
