import numpy as np
import pytest

from segmentation.classes import CCP_CLASSES, CCP_LABELS, CLOTHING_CLASSES, GarmentClass
from segmentation.data.labels import (
    ABSENT,
    CLASS_CODE,
    PART_CLASSES,
    PARTS,
    PRESENT,
    UNLABELLED,
    allowed_parts,
    ccp_part_lookup,
    class_codes,
    image_labels_of_codes,
    image_labels_of_label,
)

DRESS, SKIN, SHOES = (3 + PARTS.index(part) for part in ("dress", "skin", "shoes"))
WHOLE, UPPER = GarmentClass.WHOLE - 1, GarmentClass.UPPER - 1


def test_every_ccp_label_has_a_part_of_its_own_class() -> None:
    table = ccp_part_lookup(CCP_LABELS)
    for value, label in enumerate(CCP_LABELS):
        expected = CCP_CLASSES.get(label, GarmentClass.BACKGROUND)
        assert PART_CLASSES[table[value]] == expected, label
        assert label == "null" or table[value] != 0, label


def test_a_class_code_allows_the_parts_of_its_class_and_no_others() -> None:
    allowed = allowed_parts()[CLASS_CODE + GarmentClass.LOWER]
    assert {PARTS[part] for part in np.flatnonzero(allowed)} == {
        "trousers",
        "shorts",
        "skirt",
        "legwear",
    }


@pytest.mark.parametrize("label", sorted(CLOTHING_CLASSES))
def test_the_part_of_a_label_has_the_label_s_class(label: str) -> None:
    mask = np.full((4, 4), CLOTHING_CLASSES[label], np.uint8)
    code = int(class_codes(mask, label)[0, 0])
    of_class = PART_CLASSES[code] if code < CLASS_CODE else code - CLASS_CODE
    assert of_class == CLOTHING_CLASSES[label]


def test_codes_tell_what_is_there_what_is_not_and_say_nothing_of_specks() -> None:
    codes = np.zeros((100, 100), np.uint8)
    codes[:50] = PARTS.index("dress")
    codes[60, :5] = PARTS.index("shoes")
    image_labels = image_labels_of_codes(codes)
    assert (image_labels[DRESS], image_labels[SKIN], image_labels[SHOES]) == (
        PRESENT,
        ABSENT,
        UNLABELLED,
    )
    assert (image_labels[WHOLE], image_labels[UPPER]) == (PRESENT, ABSENT)


def test_a_label_says_nothing_of_the_person_inside() -> None:
    image_labels = image_labels_of_label("Dress")
    assert (image_labels[DRESS], image_labels[WHOLE], image_labels[UPPER]) == (
        PRESENT,
        PRESENT,
        ABSENT,
    )
    assert image_labels[SKIN] == UNLABELLED
    shoes = image_labels_of_label("Shoes")
    assert (shoes[SHOES], shoes[WHOLE], shoes[DRESS]) == (PRESENT, ABSENT, ABSENT)
