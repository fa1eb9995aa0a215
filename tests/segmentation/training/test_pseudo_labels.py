from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    CLASS_CODE,
    PART_COUNT,
    PARTS,
    UNKNOWN_CODE,
    ImageLabels,
    image_labels_of_label,
    image_labels_of_tags,
)
from segmentation.network import MASK_STRIDE, SegmentationNetwork
from segmentation.preprocess import MEAN, STD, Preprocessing
from segmentation.training.pseudo_labels import pseudo_codes

SIDE = 64
CELLS = SIDE // MASK_STRIDE
SEEN = Preprocessing(SIDE, SIDE, MEAN, STD)


class _Said:
    """A network that says the same of every photo: logits by part, in the middle of the photo."""

    def __init__(self, **logits: npt.NDArray[np.float64]) -> None:
        self._parts = np.full((PART_COUNT, CELLS, CELLS), -6.0)
        self._parts[0] = 4
        self._parts[0, 2:-2, 4:-4] = -6
        for part, values in logits.items():
            self._parts[PARTS.index(part), 2:-2, 4:-4] = values

    def parts(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = torch.from_numpy(self._parts).float().expand(len(photos), -1, -1, -1)
        return logits, torch.zeros(len(photos), 1)


def _codes(network: _Said, image_labels: ImageLabels) -> npt.NDArray[np.uint8]:
    """Of a photo that is red above and blue below, before grey."""
    photo = np.full((SIDE, SIDE, 3), 128, np.uint8)
    photo[8:32, 16:48], photo[32:56, 16:48] = (200, 30, 30), (30, 30, 200)
    return pseudo_codes(photo, image_labels, cast("SegmentationNetwork", network), SEEN)


def _half(above: float, below: float) -> npt.NDArray[np.float64]:
    values = np.full((CELLS - 4, CELLS - 8), below)
    values[: len(values) // 2] = above
    return values


def test_what_tags_rule_out_gives_its_place_to_the_next_likely_of_their_classes() -> None:
    network = _Said(dress=_half(4, 4), shirt=_half(2, -4), skirt=_half(-4, 2))
    codes = _codes(network, image_labels_of_tags("null|shirt|skirt"))
    assert codes[20, 32] == PARTS.index("shirt")
    assert codes[44, 32] == PARTS.index("skirt")
    assert codes[1, 1] == PARTS.index("background")
    assert PARTS.index("dress") not in codes


def test_a_class_that_is_there_gets_its_share_where_it_is_likeliest() -> None:
    dress = _half(-4, -4)
    dress[-4:] = 2
    network = _Said(shirt=_half(5, 5), dress=dress)
    alone, both = (
        _codes(network, image_labels_of_tags("null|shirt")),
        _codes(network, image_labels_of_tags("null|shirt|dress")),
    )
    assert alone[44, 32] == PARTS.index("shirt")
    assert both[20, 32] == PARTS.index("shirt")
    assert both[44, 32] == PARTS.index("dress")
    assert np.array_equal(alone == PARTS.index("background"), both == PARTS.index("background"))


def test_a_part_that_is_not_sure_leaves_the_class_and_a_class_that_is_not_leaves_nothing() -> None:
    parts_alike = _codes(
        _Said(shirt=_half(4, 4), knit=_half(4, 4)), image_labels_of_tags("null|shirt|sweater")
    )
    assert parts_alike[32, 32] == CLASS_CODE + GarmentClass.UPPER
    classes_alike = _codes(
        _Said(shirt=_half(4, 4), skirt=_half(4, 4)), image_labels_of_tags("null|shirt|skirt")
    )
    assert classes_alike[32, 32] == UNKNOWN_CODE


def test_a_label_names_the_class_and_leaves_what_lies_around_it_open() -> None:
    codes = _codes(_Said(dress=_half(4, 4), skirt=_half(1, 1)), image_labels_of_label("Skirt"))
    assert codes[32, 32] == PARTS.index("skirt")
    assert codes[1, 1] == PARTS.index("background")
