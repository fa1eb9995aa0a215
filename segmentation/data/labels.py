"""Part labels of the training data, and their map onto the four classes.

Sixteen parts (skin, shoes, knit, dress, trousers...) also teach the network what surrounds a
garment; a class's probability is the sum of its parts'. Where a dataset is less specific (a phone
photo with a garment mask, but no skin labels) a pixel's label is a set of parts: a *code*.

CCP mask, or class mask and label -> codes -> loss
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import (
    CLOTHING_CLASSES,
    CLOTHING_NOT_GARMENTS,
    GARMENT_CLASSES,
    GarmentClass,
)

Codes = npt.NDArray[np.uint8]
"""The code of each pixel, shape (H, W)."""

_BACKGROUND, _UPPER, _WHOLE, _LOWER = GarmentClass
_PARTS: Final = {
    "background": (_BACKGROUND, "null"),
    "skin": (_BACKGROUND, "skin"),
    "hair": (_BACKGROUND, "hair"),
    "shoes": (
        _BACKGROUND,
        "boots clogs flats heels loafers pumps sandals shoes sneakers wedges",
    ),
    "bag": (_BACKGROUND, "bag purse wallet"),
    "hat": (_BACKGROUND, "hat"),
    "trinket": (
        _BACKGROUND,
        "accessories belt bracelet earrings glasses gloves necklace ring scarf socks "
        "sunglasses tie watch",
    ),
    "shirt": (_UPPER, "blouse bra shirt t-shirt top"),
    "knit": (_UPPER, "cardigan hoodie jumper sweater sweatshirt"),
    "outer": (_UPPER, "blazer cape coat jacket suit vest"),
    "dress": (_WHOLE, "dress"),
    "one-piece": (_WHOLE, "bodysuit intimate romper swimwear"),
    "trousers": (_LOWER, "jeans pants"),
    "shorts": (_LOWER, "shorts"),
    "skirt": (_LOWER, "skirt"),
    "legwear": (_LOWER, "leggings panties stockings tights"),
}
"""Part -> its class and its CCP labels."""

PARTS: Final = tuple(_PARTS)
PART_COUNT: Final = len(PARTS)
PART_CLASSES: Final = tuple(int(garment_class) for garment_class, _ in _PARTS.values())
"""Class of each part, in order."""


def parts_of(garment_class: int) -> list[int]:
    """The parts of a class."""
    return [part for part, own in enumerate(PART_CLASSES) if own == garment_class]


_PART_OF_CCP: Final = {
    label: part for part, (_, labels) in enumerate(_PARTS.values()) for label in labels.split()
}
_PART_OF_CLOTHING: Final = {
    label: PARTS.index(part)
    for part, labels in {
        "shirt": "Blouse Polo Shirt T-Shirt Top Undershirt",
        "knit": "Hoodie",
        "outer": "Blazer Outwear",
        "dress": "Dress",
        "one-piece": "Body",
        "trousers": "Pants",
        "shorts": "Shorts",
        "skirt": "Skirt",
    }.items()
    for label in labels.split()
}

CLASS_CODE: Final = PART_COUNT
"""CLASS_CODE + c is the code of "any part of class c"; lower codes are the parts themselves."""
UNKNOWN_CODE: Final = CLASS_CODE + len(GarmentClass)
"""Code of an unlabelled pixel, which has no loss."""
CODE_COUNT: Final = UNKNOWN_CODE + 1

ABSENT, PRESENT, UNLABELLED = 0.0, 1.0, -1.0
IMAGE_LABEL_COUNT: Final = len(GARMENT_CLASSES) + PART_COUNT
"""Number of image labels: three garment classes, then each part."""
PRESENT_SHARE: Final = 0.003
"""Minimum share of the photo of a present part; an absent one has no pixel."""

GARMENT_CODES: Final = (
    *(part for part, part_class in enumerate(PART_CLASSES) if part_class != _BACKGROUND),
    *(CLASS_CODE + each for each in GARMENT_CLASSES),
)
"""Codes that only contain garment parts."""

ImageLabels = npt.NDArray[np.float32]
"""ABSENT, PRESENT or UNLABELLED, shape (IMAGE_LABEL_COUNT,)."""


def allowed_parts() -> npt.NDArray[np.bool_]:
    """Mask of the parts in each code, shape (CODE_COUNT, PART_COUNT)."""
    classes = np.array(PART_CLASSES)
    return np.concatenate(
        [
            np.eye(PART_COUNT, dtype=bool),
            classes[None] == np.arange(len(GarmentClass))[:, None],
            np.ones((1, PART_COUNT), bool),
        ]
    )


def ccp_part_lookup(labels: list[str]) -> Codes:
    """Look-up table from CCP pixel value (line in labels.txt) to part, shape (256,)."""
    table = np.zeros(256, np.uint8)
    for value, label in enumerate(labels):
        table[value] = _PART_OF_CCP.get(label.strip(), 0)
    return table


def class_codes(mask: npt.NDArray[np.uint8], label: str = "") -> Codes:
    """Codes of a class mask; only the labelled garment's part is known."""
    codes = mask + np.uint8(CLASS_CODE)
    if label in _PART_OF_CLOTHING:
        part = _PART_OF_CLOTHING[label]
        codes[mask == PART_CLASSES[part]] = part
    return codes


def image_labels_of_codes(codes: Codes) -> ImageLabels:
    """Image labels of a photo's codes; class codes only count for their class."""
    shares = np.bincount(codes.ravel(), minlength=CODE_COUNT) / codes.size
    parts = shares[:PART_COUNT]
    classes = np.array(
        [
            parts[np.array(PART_CLASSES) == each].sum() + shares[CLASS_CODE + each]
            for each in GARMENT_CLASSES
        ]
    )
    both = np.concatenate([classes, parts])
    return _image_labels(both >= PRESENT_SHARE, both == 0)


def image_labels_of_label(label: str) -> ImageLabels:
    """Image labels of a photo with one labelled garment, hat or pair of shoes."""
    image_labels = np.full(IMAGE_LABEL_COUNT, UNLABELLED, np.float32)
    own = CLOTHING_CLASSES.get(label, GarmentClass.BACKGROUND)
    image_labels[: len(GARMENT_CLASSES)] = [float(each == own) for each in GARMENT_CLASSES]
    for part, part_class in enumerate(PART_CLASSES, len(GARMENT_CLASSES)):
        if part_class not in (GarmentClass.BACKGROUND, own):
            image_labels[part] = ABSENT
    if label in _PART_OF_CLOTHING:
        image_labels[len(GARMENT_CLASSES) + _PART_OF_CLOTHING[label]] = PRESENT
    if label in CLOTHING_NOT_GARMENTS:
        image_labels[len(GARMENT_CLASSES) + PARTS.index(label.lower())] = PRESENT
    return image_labels


def image_labels_of_classes(mask: npt.NDArray[np.uint8]) -> ImageLabels:
    """Image labels of a photo with only a class mask."""
    image_labels = np.full(IMAGE_LABEL_COUNT, UNLABELLED, np.float32)
    shares = np.array([(mask == each).mean() for each in GARMENT_CLASSES])
    image_labels[: len(GARMENT_CLASSES)] = _image_labels(shares >= PRESENT_SHARE, shares == 0)
    return image_labels


def _image_labels(present: npt.NDArray[np.bool_], absent: npt.NDArray[np.bool_]) -> ImageLabels:
    return np.where(present, PRESENT, np.where(absent, ABSENT, UNLABELLED)).astype(np.float32)
