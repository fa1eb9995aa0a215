import pytest

from indexing.words import Understood, understand
from segmentation.classes import GarmentClass


def _asked(understood: Understood) -> dict[str, tuple[str, ...]]:
    wish = understood.wish
    asked = {trait.field: trait.values for trait in wish.traits}
    if wish.colours:
        asked["colours"] = tuple(colour.name for colour in wish.colours)
    if wish.tone:
        asked["tone"] = (wish.tone,)
    return asked


@pytest.mark.parametrize(
    ("text", "garment_class", "asked"),
    [
        ("red top", GarmentClass.UPPER, {"colours": ("red",)}),
        ("Striped DRESS", GarmentClass.WHOLE, {"kind": ("Dress",), "pattern": ("striped",)}),
        (
            "dark jeans",
            GarmentClass.LOWER,
            {"kind": ("Pants",), "pattern": ("denim",), "tone": ("dark",)},
        ),
        ("long-sleeved blouse", GarmentClass.UPPER, {"kind": ("Blouse",), "sleeve": ("long",)}),
        ("a mini skirt", GarmentClass.LOWER, {"kind": ("Skirt",), "length": ("short",)}),
        ("the same but in dark blue", None, {"colours": ("navy",)}),
        (
            "light blue shorts",
            GarmentClass.LOWER,
            {"kind": ("Shorts",), "colours": ("light blue",)},
        ),
        (
            "black and white checked shirt",
            GarmentClass.UPPER,
            {"kind": ("Shirt",), "pattern": ("checked",), "colours": ("black", "white")},
        ),
        ("blue shirt dress", GarmentClass.WHOLE, {"kind": ("Dress",), "colours": ("blue",)}),
    ],
)
def test_plain_words_are_understood(
    text: str, garment_class: GarmentClass | None, asked: dict[str, tuple[str, ...]]
) -> None:
    understood = understand(text)
    assert understood.wish.garment_class == garment_class
    assert _asked(understood) == asked
    assert understood.unknown == ()


def test_unknown_words_are_named_once() -> None:
    understood = understand("red cotton kimono, cotton")
    assert understood.unknown == ("cotton", "kimono")
    assert _asked(understood) == {"colours": ("red",)}
    assert understand("").wish.is_empty


def test_a_class_knows_what_products_of_others_are_named() -> None:
    wish = understand("red top").wish
    assert {"top", "shirt", "blouse"} <= set(wish.own_words)
    assert {"legging", "skirt", "dress"} <= set(wish.other_words)
    assert not set(wish.own_words) & set(wish.other_words)
    assert understand("red").wish.other_words == ()


def test_a_kind_knows_what_other_kinds_are_named() -> None:
    (dress,) = understand("dress").wish.traits
    assert {"skirt", "romper", "shirt"} <= set(dress.others)
    assert not set(dress.others) & set(dress.words)
