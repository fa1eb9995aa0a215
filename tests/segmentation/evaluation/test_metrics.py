import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.evaluation.metrics import (
    absent_class_false_positive_rate,
    bootstrap,
    confusion_of,
    expected_calibration_error,
    f1_per_class,
    foreground_mean_iou,
    garment_iou,
    iou_per_class,
    mean_of_present,
    pixel_accuracy,
    reliability,
)

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 1]], np.uint8)
PREDICTED = np.array([[0, 1, 1, 1], [0, 0, 0, 3]], np.uint8)


def test_figures_match_a_count_by_hand() -> None:
    confusions = confusion_of(TRUTH, PREDICTED)[None]
    assert pixel_accuracy(confusions) == 5 / 8
    iou = iou_per_class(confusions)
    assert iou[GarmentClass.BACKGROUND] == pytest.approx(3 / 5)
    assert iou[GarmentClass.UPPER] == pytest.approx(2 / 5)
    assert iou[GarmentClass.LOWER] == 0
    assert np.isnan(iou[GarmentClass.WHOLE])
    assert f1_per_class(confusions)[GarmentClass.UPPER] == pytest.approx(4 / 7)
    assert foreground_mean_iou(confusions) == pytest.approx((2 / 5 + 0) / 2)


def test_false_positives_count_photos_that_lack_the_class() -> None:
    confusions = np.stack([confusion_of(TRUTH, PREDICTED), confusion_of(TRUTH, TRUTH)])
    assert absent_class_false_positive_rate(confusions, GarmentClass.LOWER) == 0.5
    assert absent_class_false_positive_rate(confusions, GarmentClass.WHOLE) == 0
    assert np.isnan(absent_class_false_positive_rate(confusions, GarmentClass.UPPER))


def test_interval_holds_the_value_and_shrinks_with_photos() -> None:
    generator = np.random.default_rng(0)
    photos = [
        confusion_of(TRUTH, np.where(generator.random(TRUTH.shape) < 0.3, 0, TRUTH))
        for _ in range(80)
    ]
    few = bootstrap(np.stack(photos[:8]), pixel_accuracy, rounds=200)
    many = bootstrap(np.stack(photos), pixel_accuracy, rounds=200)
    assert few.low <= few.value <= few.high
    assert many.high - many.low < few.high - few.low


def test_garment_iou_is_of_photos_with_one_class() -> None:
    two = np.array([[0, 1, 3, 3], [0, 1, 3, 3]], np.uint8)
    confusions = np.stack([confusion_of(TRUTH, PREDICTED), confusion_of(two, two)])
    first, second = garment_iou(confusions)
    assert first == pytest.approx(2 / 5)
    assert np.isnan(second)


def test_calibration_error_weighs_each_tenth_by_its_garments() -> None:
    bins = reliability([0.95, 0.95, 0.85, 0.15], [True, True, False, False])
    assert [each.garments for each in bins] == [1, 1, 2]
    assert expected_calibration_error(bins) == pytest.approx((0.15 + 0.85 + 2 * 0.05) / 4)


def test_photos_of_one_group_are_drawn_together() -> None:
    values = np.array([1.0] * 30 + [0.0] * 30)
    alone = bootstrap(values, mean_of_present)
    pairs = bootstrap(values, mean_of_present, ["a"] * 30 + ["b"] * 30)
    assert alone.value == pairs.value == 0.5
    assert (pairs.low, pairs.high) == (0, 1)
    assert alone.high - alone.low < 0.4
