"""Corrections of Clothing Co-Parsing's labels, made by eye.

CCP often labels a skirt under a top as a dress, a denim jacket as jeans, or trousers as a romper.
All train photos with a one-piece or a skirt were checked by eye, and all of val and test without
their labels and without a network's masks; only labels that are surely wrong were corrected.

ccp_corrections.csv -> corrected pixel values
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

_TABLE: Final = Path(__file__).with_name("ccp_corrections.csv")


def corrected_values(
    photo: str, values: npt.NDArray[np.uint8], labels: Sequence[str]
) -> npt.NDArray[np.uint8]:
    """Correct the pixel values (H, W) of a photo, named without extension.

    Args:
        labels: the label of each value (labels.txt).
    """
    table = np.arange(256, dtype=np.uint8)
    for label, correction in _corrections().get(photo, {}).items():
        if label in labels and correction in labels:
            table[labels.index(label)] = labels.index(correction)
    return table[values]


@cache
def _corrections() -> Mapping[str, Mapping[str, str]]:
    """Read the table: photo -> label -> correction."""
    corrections: dict[str, dict[str, str]] = defaultdict(dict)
    with _TABLE.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            corrections[row["photo"]][row["label"]] = row["correction"]
    return corrections
