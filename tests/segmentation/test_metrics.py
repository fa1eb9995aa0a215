import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.metrics import (
    absent_class_false_positive_rate,
    bootstrap,
    confusion_of,
    f1_per_class,
    foreground_mean_iou,
    iou_per_class,
    pixel_accuracy,
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
