import pytest

from segmentation.classes import GarmentClass
from segmentation.data.sources import ClothingPhoto
from segmentation.evaluation.products import EvaluatedProduct, product_report_of


def _judged(label: str, largest: GarmentClass, sender: str) -> EvaluatedProduct:
    return EvaluatedProduct(ClothingPhoto("photo", sender, label), largest)


def test_garments_and_hats_are_counted_apart() -> None:
    report = product_report_of(
        [
            _judged("T-Shirt", GarmentClass.UPPER, "1"),
            _judged("Polo", GarmentClass.WHOLE, "2"),
            _judged("Pants", GarmentClass.LOWER, "3"),
            _judged("Hat", GarmentClass.BACKGROUND, "4"),
            _judged("Shoes", GarmentClass.UPPER, "5"),
        ],
        "planned/1",
    )
    assert report.largest_right == pytest.approx(2 / 3)
    assert report.largest_right_by_class["upper"] == 0.5
    assert report.no_garment == 0.5
    assert report.found["Shoes"] == {"upper": 1}
    low, high = report.intervals["largest_right"]
    assert low <= report.largest_right <= high
