"""The four classes of a mask and the maps from other label sets onto them.

The values are those of the pixels in every mask file. Label sets: Clothing Co-Parsing (Yang et
al., CVPR 2014), iMaterialist Fashion 2019 (Kaggle, FGVC6), "Clothing dataset" (A. Grigorev, 2020).
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
        """The class with this label; ValueError lists the labels."""
        for garment_class in cls:
            if garment_class.label == label.strip().lower():
                return garment_class
        known = ", ".join(each.label for each in GARMENT_CLASSES)
        raise ValueError(f"unknown garment class {label!r}: use one of {known}")


GARMENT_CLASSES: Final = (GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER)
CLASS_COUNT: Final = len(GarmentClass)


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
"""CCP label -> class; other labels are background."""

CCP_LABELS: Final = (
    "null accessories bag belt blazer blouse bodysuit boots bra bracelet cape cardigan clogs "
    "coat dress earrings flats glasses gloves hair hat heels hoodie intimate jacket jeans "
    "jumper leggings loafers necklace panties pants pumps purse ring romper sandals scarf "
    "shirt shoes shorts skin skirt sneakers socks stockings suit sunglasses sweater "
    "sweatshirt swimwear t-shirt tie tights top vest wallet watch wedges"
).split()
"""CCP's labels; a mask's pixel value is an index into them."""

IMATERIALIST_CLASSES: Final = (
    dict.fromkeys((0, 1, 2, 3, 4, 5, 9), _UPPER)
    | dict.fromkeys((10, 11, 12), _WHOLE)
    | dict.fromkeys((6, 7, 8, 20, 21), _LOWER)
)
"""iMaterialist category -> class; other categories are background."""
IMATERIALIST_PARTS: Final = frozenset(range(27, 46))
"""Garment parts such as collars, sleeves and pockets, which are not painted."""

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
"""Clothing-dataset label -> class, for its 15 garment labels."""
CLOTHING_NOT_GARMENTS: Final = frozenset({"Hat", "Shoes"})

_CCP_KINDS: Final = {
    "Blazer": "blazer",
    "Blouse": "blouse",
    "Body": "bodysuit romper",
    "Dress": "dress",
    "Hoodie": "hoodie",
    "Longsleeve": "cardigan jumper sweater sweatshirt",
    "Outwear": "cape coat jacket",
    "Pants": "jeans leggings pants",
    "Shirt": "shirt",
    "Shorts": "shorts",
    "Skirt": "skirt",
    "T-Shirt": "t-shirt",
    "Top": "top",
}
CCP_KINDS: Final = {label: kind for kind, labels in _CCP_KINDS.items() for label in labels.split()}
"""CCP label -> clothing-dataset label; others, such as vests and tights, have none."""


def ccp_lookup(labels: list[str]) -> npt.NDArray[np.uint8]:
    """Look-up table from CCP pixel value (line in labels.txt) to class, shape (256,)."""
    table = np.zeros(256, np.uint8)
    for value, label in enumerate(labels):
        table[value] = CCP_CLASSES.get(label.strip(), GarmentClass.BACKGROUND)
    return table
