"""The finer vocabulary that the segmenter is trained with, and its map onto the four classes.

A part is what a person sees (skin, shoes, a knit, a dress, trousers). Telling sixteen
parts apart teaches the network what lies beside a garment; the class of a pixel is the
sum of its parts' probabilities. Where a data set says less (a phone photo whose garment
was cut out, but not the skin around it), the truth is a set of parts: a *code*.

CCP mask, or class mask and label -> codes -> loss
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import CLOTHING_CLASSES, GARMENT_CLASSES, GarmentClass

Codes = npt.NDArray[np.uint8]
"""The code of each pixel, shape (H, W)."""

_GROUND, _UPPER, _WHOLE, _LOWER = GarmentClass
_PARTS: Final = {
    "ground": (_GROUND, "null"),
    "skin": (_GROUND, "skin"),
    "hair": (_GROUND, "hair"),
    "shoes": (
        _GROUND,
        "boots clogs flats heels loafers pumps sandals shoes sneakers wedges",
    ),
    "bag": (_GROUND, "bag purse wallet"),
    "hat": (_GROUND, "hat"),
    "trinket": (
        _GROUND,
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
"""Part -> its class and the CCP labels that are this part."""

PARTS: Final = tuple(_PARTS)
PART_COUNT: Final = len(PARTS)
PART_CLASSES: Final = tuple(int(garment_class) for garment_class, _ in _PARTS.values())
"""Class of each part, in order."""

_PART_OF_CCP: Final = {
    label: part for part, (_, labels) in enumerate(_PARTS.values()) for label in labels.split()
}
_PART_OF_CLOTHING: Final = {
    PARTS.index(part): labels.split()
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
}

CLASS_CODE: Final = PART_COUNT
"""Code of "some part of class c" is CLASS_CODE + c; codes below are the parts themselves."""
UNKNOWN_CODE: Final = CLASS_CODE + len(GarmentClass)
"""Anything: such a pixel teaches nothing."""
CODE_COUNT: Final = UNKNOWN_CODE + 1

ABSENT, PRESENT, UNSAID = 0.0, 1.0, -1.0
PRESENCE_COUNT: Final = len(GARMENT_CLASSES) + PART_COUNT
"""What is asked of a whole photo: three garment classes, then each part."""
PRESENT_SHARE: Final = 0.003
"""A part counts as present from this share of the photo on, as absent at none."""

GARMENT_CODES: Final = (
    *(part for part, part_class in enumerate(PART_CLASSES) if part_class != _GROUND),
    *(CLASS_CODE + each for each in GARMENT_CLASSES),
)
"""Codes under which there is a garment for certain."""

Presence = npt.NDArray[np.float32]
"""ABSENT, PRESENT or UNSAID, shape (PRESENCE_COUNT,)."""


def allowed_parts() -> npt.NDArray[np.bool_]:
    """Which parts a code allows, shape (CODE_COUNT, PART_COUNT)."""
    classes = np.array(PART_CLASSES)
    return np.concatenate(
        [
            np.eye(PART_COUNT, dtype=bool),
            classes[None] == np.arange(len(GarmentClass))[:, None],
            np.ones((1, PART_COUNT), bool),
        ]
    )


def ccp_part_lookup(labels: list[str]) -> Codes:
    """Table from CCP pixel value (line number in labels.txt) to part, shape (256,)."""
    table = np.zeros(256, np.uint8)
    for value, label in enumerate(labels):
        table[value] = _PART_OF_CCP.get(label.strip(), 0)
    return table


def class_codes(mask: npt.NDArray[np.uint8], label: str = "") -> Codes:
    """Codes of a class mask whose parts are not known, but for the labelled garment's."""
    codes = mask + np.uint8(CLASS_CODE)
    for part, labels in _PART_OF_CLOTHING.items():
        if label in labels:
            codes[mask == PART_CLASSES[part]] = part
    return codes


def presence_of_codes(codes: Codes) -> Presence:
    """What a photo shows by its codes; pixels of which only the class is known count for that."""
    shares = np.bincount(codes.ravel(), minlength=CODE_COUNT) / codes.size
    parts = shares[:PART_COUNT]
    classes = np.array(
        [
            parts[np.array(PART_CLASSES) == each].sum() + shares[CLASS_CODE + each]
            for each in GARMENT_CLASSES
        ]
    )
    both = np.concatenate([classes, parts])
    return _answers(both >= PRESENT_SHARE, both == 0)


def presence_of_tags(tags: str) -> Presence:
    """What a photo with CCP tags, joined by bars, shows; all that is not tagged is absent."""
    found = {_PART_OF_CCP[tag] for tag in tags.split("|") if tag in _PART_OF_CCP}
    parts = np.array([part in found for part in range(PART_COUNT)])
    classes = np.array(
        [any(PART_CLASSES[part] == each for part in found) for each in GARMENT_CLASSES]
    )
    both = np.concatenate([classes, parts])
    return _answers(both, ~both)


def presence_of_label(label: str) -> Presence:
    """What a photo of one labelled garment, hat or pair of shoes shows; of the rest, nothing."""
    answers = np.full(PRESENCE_COUNT, UNSAID, np.float32)
    own = CLOTHING_CLASSES.get(label, GarmentClass.BACKGROUND)
    answers[: len(GARMENT_CLASSES)] = [float(each == own) for each in GARMENT_CLASSES]
    for part, part_class in enumerate(PART_CLASSES, len(GARMENT_CLASSES)):
        if part_class not in (GarmentClass.BACKGROUND, own):
            answers[part] = ABSENT
    for part, labels in _PART_OF_CLOTHING.items():
        if label in labels:
            answers[len(GARMENT_CLASSES) + part] = PRESENT
    if label in ("Hat", "Shoes"):
        answers[len(GARMENT_CLASSES) + PARTS.index(label.lower())] = PRESENT
    return answers


def presence_of_classes(mask: npt.NDArray[np.uint8]) -> Presence:
    """What a photo with a class mask and nothing else known shows."""
    answers = np.full(PRESENCE_COUNT, UNSAID, np.float32)
    shares = np.array([(mask == each).mean() for each in GARMENT_CLASSES])
    answers[: len(GARMENT_CLASSES)] = _answers(shares >= PRESENT_SHARE, shares == 0)
    return answers


def _answers(present: npt.NDArray[np.bool_], absent: npt.NDArray[np.bool_]) -> Presence:
    return np.where(present, PRESENT, np.where(absent, ABSENT, UNSAID)).astype(np.float32)
