"""The class maps hold what the contract of design.md lists, written out here a second time."""

import pytest

from segmentation.classes import (
    CCP_CLASSES,
    CLOTHING_CLASSES,
    CLOTHING_NOT_GARMENTS,
    IMATERIALIST_CLASSES,
    IMATERIALIST_PARTS,
    GarmentClass,
    ccp_lookup,
)

UPPER_OF_CCP = """blazer blouse bra cape cardigan coat hoodie jacket jumper shirt suit sweater
sweatshirt t-shirt top vest"""
LOWER_OF_CCP = "jeans leggings panties pants shorts skirt stockings tights"
UPPER_OF_CLOTHING = "Blazer Blouse Hoodie Longsleeve Outwear Polo Shirt T-Shirt Top Undershirt"


def labels_of(classes: dict[str, GarmentClass], wanted: int) -> set[str]:
    return {label for label, garment_class in classes.items() if garment_class == wanted}


def test_values_of_a_mask_are_the_contracts():
    assert [(each.value, each.label) for each in GarmentClass] == [
        (0, "background"),
        (1, "upper"),
        (2, "whole"),
        (3, "lower"),
    ]


def test_ccp_labels():
    assert labels_of(CCP_CLASSES, 1) == set(UPPER_OF_CCP.split())
    assert labels_of(CCP_CLASSES, 2) == {"bodysuit", "dress", "intimate", "romper", "swimwear"}
    assert labels_of(CCP_CLASSES, 3) == set(LOWER_OF_CCP.split())
    assert len(CCP_CLASSES) == 16 + 5 + 8


def test_clothing_labels_cover_the_dataset():
    assert labels_of(CLOTHING_CLASSES, 1) == set(UPPER_OF_CLOTHING.split())
    assert labels_of(CLOTHING_CLASSES, 2) == {"Body", "Dress"}
    assert labels_of(CLOTHING_CLASSES, 3) == {"Pants", "Shorts", "Skirt"}
    assert {"Hat", "Shoes"} == CLOTHING_NOT_GARMENTS


def test_imaterialist_categories_are_46_with_each_in_one_group():
    background = {*range(13, 20), *range(22, 27)}
    assert frozenset(range(27, 46)) == IMATERIALIST_PARTS
    assert set(IMATERIALIST_CLASSES) | background | IMATERIALIST_PARTS == set(range(46))
    assert not set(IMATERIALIST_CLASSES) & (background | IMATERIALIST_PARTS)
    groups = {1: {0, 1, 2, 3, 4, 5, 9}, 2: {10, 11, 12}, 3: {6, 7, 8, 20, 21}}
    for value, categories in groups.items():
        assert {c for c, each in IMATERIALIST_CLASSES.items() if each == value} == categories


def test_ccp_lookup_goes_by_line_number():
    table = ccp_lookup(["null", "bag", " dress ", "jeans", "coat"])
    assert table[:6].tolist() == [0, 0, 2, 3, 1, 0]
    assert (table.dtype, table.shape) == ("uint8", (256,))


def test_from_label_reads_names_and_names_those_that_exist():
    assert GarmentClass.from_label(" Upper") is GarmentClass.UPPER
    with pytest.raises(ValueError, match="use one of upper, whole, lower"):
        GarmentClass.from_label("hat")
