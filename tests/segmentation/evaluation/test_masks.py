from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.data.pairs import load_mask, save_mask
from segmentation.errors import DatasetError
from segmentation.evaluation.masks import SegmentationReport, evaluate_folder, report_of
from segmentation.mask import ClassMask, find_garments, one_hot
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation
from segmentation.segmenter import Segmenter
from tests.drawn import draw_pairs


class PlannedSegmenter(Segmenter):
    """Answers with masks given beforehand, in the order of the photos."""

    def __init__(self, masks: list[ClassMask]) -> None:
        self._masks = iter(masks)
        self.fingerprint = "planned/1"

    def segment(self, photos: "list[Photo]") -> list[Segmentation]:  # type: ignore[override]
        masks = [next(self._masks) for _ in photos]
        return [Segmentation.of_mask(mask, find_garments(mask, one_hot(mask))) for mask in masks]


def _evaluate(root: Path, masks: list[ClassMask], labels: str = "classes") -> SegmentationReport:
    evaluated = evaluate_folder(PlannedSegmenter(masks), root / "photos", root / "masks", labels)  # type: ignore[arg-type]
    return report_of(evaluated, "planned/1")


def _truths(root: Path) -> list[ClassMask]:
    return [load_mask(path) for path in sorted((root / "masks").iterdir())]


def test_the_truth_itself_has_full_marks(tmp_path: Path) -> None:
    draw_pairs(tmp_path, 9)
    report = _evaluate(tmp_path, _truths(tmp_path))
    assert report.photos == 9
    assert report.pixel_accuracy == report.miou == report.foreground_miou == 1.0
    assert report.single_class_right == report.garment_iou == 1.0
    assert report.garment_iou_below_half == report.calibration_error == 0
    assert report.no_garment_right is None
    assert [report.photo_confusion[each][each] for each in range(4)] == [0, 3, 3, 3]
    assert report.absent_class_false_positive_rate == {"upper": 0, "whole": 0, "lower": 0}


def test_background_alone_has_no_foreground(tmp_path: Path) -> None:
    draw_pairs(tmp_path, 9)
    report = _evaluate(tmp_path, [np.zeros_like(mask) for mask in _truths(tmp_path)])
    assert 0.5 < report.pixel_accuracy < 1
    assert report.foreground_miou == 0
    assert report.single_class_right == 0
    assert report.garment_iou == 0
    assert report.garment_iou_below_half == 1
    assert sum(row[0] for row in report.photo_confusion) == 9
    low, high = report.intervals["pixel_accuracy"]
    assert low <= report.pixel_accuracy <= high


def test_a_wrong_class_is_wrong_however_sure_its_score(tmp_path: Path) -> None:
    draw_pairs(tmp_path, 6)
    turned = [np.where(mask > 0, 1 + mask % 3, 0).astype(np.uint8) for mask in _truths(tmp_path)]
    report = _evaluate(tmp_path, turned)
    assert report.single_class_right == 0
    assert report.calibration_error == pytest.approx(1)
    assert [(each.garments, each.share_right) for each in report.reliability] == [(6, 0)]


def test_ccp_values_become_classes(tmp_path: Path) -> None:
    draw_pairs(tmp_path, 1)
    (truth,) = _truths(tmp_path)
    # 48 is sweater and 37 is scarf in CCP's list: an upper and background.
    ccp = np.where(truth > 0, 48, 37).astype(np.uint8)
    save_mask(ccp, tmp_path / "masks" / "000.png")
    assert _evaluate(tmp_path, [truth], "ccp").pixel_accuracy == 1.0
    with pytest.raises(DatasetError, match="--labels ccp"):
        _evaluate(tmp_path, [truth])


def test_masks_of_another_size_and_empty_folders_are_named(tmp_path: Path) -> None:
    draw_pairs(tmp_path, 1)
    truths = _truths(tmp_path)
    Image.new("L", (5, 5)).save(tmp_path / "masks" / "000.png")
    with pytest.raises(DatasetError, match="photo's size"):
        _evaluate(tmp_path, truths)
    (tmp_path / "masks" / "000.png").unlink()
    with pytest.raises(DatasetError, match="no photo"):
        _evaluate(tmp_path, [])
