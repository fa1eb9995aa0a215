"""The four classes of a mask and the maps from other label sets onto them.

The order is a contract: it is the value of a pixel in every mask file we write.
Sources of the maps: Clothing Co-Parsing (Yang et al., CVPR 2014), iMaterialist
Fashion 2019 (Kaggle, FGVC6) and "Clothing dataset" (A. Grigorev, 2020).
"""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class GarmentClass(IntEnum):
    """Pixel value of a class in a mask."""

    BACKGROUND = 0
    UPPER = 1
    WHOLE = 2
    LOWER = 3

    @property
    def label(self) -> str:
        """Lower-case name, as used in files, commands and HTTP."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> "GarmentClass":
        """The class with this name; ValueError lists the names that exist."""
        for garment_class in cls:
            if garment_class.label == label.strip().lower():
                return garment_class
        known = ", ".join(each.label for each in GARMENT_CLASSES)
        raise ValueError(f"unknown garment class {label!r}: use one of {known}")


GARMENT_CLASSES: Final = (GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER)
CLASS_COUNT: Final = len(GarmentClass)


def classes_of(first: GarmentClass, second: GarmentClass | None) -> tuple[GarmentClass, ...]:
    """What a garment may well be: its class, and its second one where the first is uncertain."""
    return (first,) if second is None else (first, second)


_UPPER, _WHOLE, _LOWER = GARMENT_CLASSES

_CCP_GROUPS: Final = {
    _UPPER: "blazer blouse bra cape cardigan coat hoodie jacket jumper shirt suit sweater "
    "sweatshirt t-shirt top vest",
    _WHOLE: "bodysuit dress intimate romper swimwear",
    _LOWER: "jeans leggings panties pants shorts skirt stockings tights",
}
CCP_CLASSES: Final = {
    label: garment_class
    for garment_class, labels in _CCP_GROUPS.items()
    for label in labels.split()
}
"""CCP label name -> class; a label that is not here is background."""

CCP_LABELS: Final = (
    "null accessories bag belt blazer blouse bodysuit boots bra bracelet cape cardigan clogs "
    "coat dress earrings flats glasses gloves hair hat heels hoodie intimate jacket jeans "
    "jumper leggings loafers necklace panties pants pumps purse ring romper sandals scarf "
    "shirt shoes shorts skin skirt sneakers socks stockings suit sunglasses sweater "
    "sweatshirt swimwear t-shirt tie tights top vest wallet watch wedges"
).split()
"""CCP's own label list: a mask's pixel value is a position in it."""

IMATERIALIST_CATEGORIES: Final = 46
IMATERIALIST_CLASSES: Final = (
    dict.fromkeys((0, 1, 2, 3, 4, 5, 9), _UPPER)
    | dict.fromkeys((10, 11, 12), _WHOLE)
    | dict.fromkeys((6, 7, 8, 20, 21), _LOWER)
)
"""iMaterialist category -> class; 13-19 and 22-26 are background."""
IMATERIALIST_PARTS: Final = frozenset(range(27, IMATERIALIST_CATEGORIES))
"""Collars, sleeves, pockets, beads...: they never change what they lie on."""

_CLOTHING_GROUPS: Final = {
    _UPPER: "Blazer Blouse Hoodie Longsleeve Outwear Polo Shirt T-Shirt Top Undershirt",
    _WHOLE: "Body Dress",
    _LOWER: "Pants Shorts Skirt",
}
CLOTHING_CLASSES: Final = {
    label: garment_class
    for garment_class, labels in _CLOTHING_GROUPS.items()
    for label in labels.split()
}
"""Clothing-dataset label -> class, for the 15 labels that are garments of ours."""
CLOTHING_NOT_GARMENTS: Final = frozenset({"Hat", "Shoes"})
CLOTHING_UNKNOWN: Final = frozenset({"Not sure", "Other", "Skip"})


def ccp_lookup(labels: list[str]) -> npt.NDArray[np.uint8]:
    """Table from CCP pixel value (line number in labels.txt) to class, shape (256,)."""
    table = np.zeros(256, np.uint8)
    for value, label in enumerate(labels):
        table[value] = CCP_CLASSES.get(label.strip(), GarmentClass.BACKGROUND)
    return table
