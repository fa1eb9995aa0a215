"""The table of corrected labels fits the photos that it names."""

import csv
from pathlib import Path

import numpy as np

from segmentation.classes import CCP_CLASSES, CCP_LABELS
from segmentation.data import corrections
from segmentation.data.corrections import corrected_values
from segmentation.data.pairs import load_mask

TABLE = Path(corrections.__file__).with_name("ccp_corrections.csv")


def _rows() -> list[dict[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_correction_changes_what_its_photo_has(datasets: Path) -> None:
    for row in _rows():
        photo, label, correction = row["photo"], row["label"], row["correction"]
        assert CCP_CLASSES[label] != CCP_CLASSES[correction], row
        values = load_mask(datasets / "ccp" / "masks" / f"{photo}.png")
        corrected = corrected_values(photo, values, CCP_LABELS)
        wrong = values == CCP_LABELS.index(label)
        assert wrong.any(), row
        assert (corrected[wrong] == CCP_LABELS.index(correction)).all()


def test_other_photos_stay() -> None:
    values = np.arange(59, dtype=np.uint8)[None]
    assert corrected_values("0001", values, CCP_LABELS).tolist() == values.tolist()
