"""Cuts of garments: their parts, and the typical cuts of every kind. Lengths in centimetres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

import numpy as np

from segmentation.drawing.body import WAIST_Y

Neck = Literal["crew", "v", "scoop", "boat", "square", "straps", "collar", "lapel"]
Front = Literal["closed", "half placket", "buttons", "zip", "open"]
Collar = Literal["band", "shirt", "hood", "lapel"]
Pocket = Literal["none", "chest", "pair", "patch", "welt", "kangaroo"]
SkirtShape = Literal["pencil", "a-line", "pleated"]


@dataclass(frozen=True)
class TopCut:
    """What hangs from the shoulders.

    Attributes:
        depth: of the neckline, 0 to 1 within the range of its shape.
        sleeve: length as a share of the arm, 0 for none.
        hem: height of the hem; `dip`: how much lower it is at the centre.
        fit: 1 follows the waist, 0 falls straight.
        ease: width beyond the body.
        ribbed: hem and cuffs of rib.
        trimmed: neck and sleeves bound in rib.
    """

    neck: Neck = "crew"
    depth: float = 0.5
    sleeve: float = 0.0
    hem: float = WAIST_Y
    dip: float = 0.8
    fit: float = 0.3
    ease: float = 1.0
    front: Front = "closed"
    collar: Collar = "band"
    pocket: Pocket = "none"
    ribbed: bool = False
    trimmed: bool = False


@dataclass(frozen=True)
class LegCut:
    """Trousers: `length` 1 reaches the ankle, 0 the crotch; thigh, knee and hem are ease."""

    waist: float = WAIST_Y + 2
    length: float = 0.97
    thigh: float = 1.0
    knee: float = 1.0
    hem: float = 1.0
    jeans: bool = False
    cuffed: bool = False
    elastic: bool = False


@dataclass(frozen=True)
class SkirtCut:
    """Skirts: `hem` is its height, `flare` its half-width beyond the hips."""

    shape: SkirtShape = "a-line"
    hem: float = 95.0
    flare: float = 6.0
    buttoned: bool = False


@dataclass(frozen=True)
class Cut:
    """A garment: a top, legs or a skirt, or a top with one of them sewn to its waist."""

    top: TopCut | None = None
    legs: LegCut | None = None
    skirt: SkirtCut | None = None
    belted: bool = False


@dataclass(frozen=True)
class Style:
    """The typical parts of a kind, of which one each is chosen; how often it has a belt."""

    tops: tuple[TopCut, ...] = ()
    legs: tuple[LegCut, ...] = ()
    skirts: tuple[SkirtCut, ...] = ()
    belted: float = 0.0


Part = TypeVar("Part", TopCut, LegCut, SkirtCut)
_ROUND: Final[tuple[Neck, ...]] = ("crew", "v", "scoop", "boat", "square")


def _necks(cut: TopCut, *necks: Neck) -> tuple[TopCut, ...]:
    return tuple(replace(cut, neck=neck) for neck in necks)


_TEE: Final = TopCut(sleeve=0.38, hem=65, ease=1.5)
_TEES: Final = (*_necks(_TEE, "crew", *_ROUND[:4]), replace(_TEE, pocket="chest"))
_POLO: Final = replace(_TEE, neck="collar", hem=63, front="half placket", collar="shirt")
_SHIRT: Final = TopCut("collar", sleeve=0.98, hem=66, dip=3, front="buttons", collar="shirt")
_SHIRTS: Final = (_SHIRT, replace(_SHIRT, dip=0.6, pocket="chest"), replace(_SHIRT, pocket="pair"),
                  replace(_SHIRT, sleeve=0.45))  # fmt: skip
_SWEATER: Final = TopCut(sleeve=0.97, hem=64, fit=0.2, ease=2.6, ribbed=True)
_HOODIE: Final = replace(_SWEATER, neck="collar", collar="hood", pocket="kangaroo")
_CARDIGAN: Final = replace(_SWEATER, neck="v", front="buttons")
_OPEN: Final = replace(_CARDIGAN, front="open", ribbed=False, hem=68, pocket="patch")
_OVERSHIRT: Final = replace(_SHIRT, dip=0.8, fit=0.1, ease=2.6, hem=64, pocket="pair")
_BOMBER: Final = replace(_SWEATER, fit=0.1, front="zip", pocket="welt")
_BLAZER: Final = TopCut("lapel", 0.5, 0.98, 70, 1.6, 0.6, 1.8, collar="lapel", pocket="welt")
_TANKS: Final = _necks(TopCut(hem=61, fit=0.55, ease=-1.2), *_ROUND, "straps")
_BODICE: Final = TopCut(fit=0.9, ease=0.5)
_BODICES: Final = (
    *_necks(_BODICE, "straps", "straps", *_ROUND), *_necks(replace(_BODICE, sleeve=0.35), *_ROUND),
    *_necks(replace(_BODICE, sleeve=0.7), *_ROUND), *_necks(replace(_BODICE, sleeve=0.98), *_ROUND),
)  # fmt: skip
_LOOSE: Final = tuple(replace(cut, fit=0.15) for cut in _BODICES)
_SHIRT_BODICES: Final = (replace(_SHIRT, fit=0.7), replace(_SHIRT, fit=0.7, sleeve=0.45))
_JUMPSUIT_TOPS: Final = (*_BODICES, *_SHIRT_BODICES * 7)
_JEANS: Final = LegCut(waist=42, jeans=True)
_SHORTS: Final = LegCut(waist=42, length=0.32, thigh=1.9, knee=4.5)
_LEGGINGS: Final = LegCut(thigh=-0.6, knee=-0.6, hem=-0.6, elastic=True)
_SWING: Final = (SkirtCut(hem=90, flare=13), SkirtCut(hem=106, flare=13))

STYLES: Final = {
    "tee": Style((*_TEES, replace(_TEE, hem=53))),
    "long sleeve": Style(tuple(replace(cut, sleeve=0.96) for cut in _TEES[:5])),
    "shirt": Style(_SHIRTS),
    "polo": Style((_POLO, replace(_POLO, trimmed=True))),
    "sweater": Style(_necks(_SWEATER, "crew", "v")),
    "hoodie": Style((_HOODIE, replace(_HOODIE, front="zip"))),
    "cardigan": Style((_CARDIGAN, replace(_CARDIGAN, pocket="patch"), _OPEN)),
    "jacket": Style((_BOMBER, _OVERSHIRT)),
    "blazer": Style((_BLAZER,)),
    "tank": Style((*_TANKS, *(replace(cut, trimmed=True, hem=52) for cut in _TANKS))),
    "shift dress": Style(_LOOSE, (), (SkirtCut(hem=92, flare=3),), 0.15),
    "a-line dress": Style(_BODICES, (), _SWING, 0.4),
    "maxi dress": Style(_BODICES, (), tuple(replace(cut, hem=135) for cut in _SWING), 0.4),
    "shirt dress": Style(_SHIRT_BODICES, (), (SkirtCut(hem=105, flare=7, buttoned=True),), 0.7),
    "jumpsuit": Style(_JUMPSUIT_TOPS, (LegCut(knee=2.5, hem=3.5),), (), 0.6),
    "romper": Style(_JUMPSUIT_TOPS, (replace(_SHORTS, length=0.23, elastic=True),), (), 0.6),
    "jeans": Style(legs=(
        replace(_JEANS, knee=0.6, hem=0.6), replace(_JEANS, knee=1.6, hem=1.8, cuffed=True),
        replace(_JEANS, knee=1.6, hem=1.8), replace(_JEANS, knee=2.4, hem=4.0),
        replace(_JEANS, hem=5.8),
    )),
    "trousers": Style(legs=(
        LegCut(knee=0.8, hem=0.8), LegCut(thigh=1.8, knee=2.0, hem=2.2),
        LegCut(knee=4.0, hem=6.0), LegCut(length=0.9, cuffed=True),
    )),
    "joggers": Style(legs=(LegCut(thigh=2, knee=2.3, elastic=True, cuffed=True),)),
    "leggings": Style(legs=(_LEGGINGS, replace(_LEGGINGS, length=0.76))),
    "shorts": Style(legs=(
        replace(_SHORTS, length=0.2), replace(_SHORTS, length=0.42, elastic=True),
        replace(_SHORTS, jeans=True), replace(_SHORTS, cuffed=True),
    )),
    "a-line skirt": Style(skirts=(
        SkirtCut(hem=90, flare=10), SkirtCut(hem=110, flare=12), SkirtCut(hem=98, buttoned=True),
    )),
    "pencil skirt": Style(skirts=(SkirtCut("pencil", 100, -1.7),)),
    "pleated skirt": Style(skirts=tuple(SkirtCut("pleated", hem, 10) for hem in (86, 104, 120))),
}  # fmt: skip


_SPREADS: Final[Mapping[type, Mapping[str, float]]] = {
    TopCut: {"depth": 0.5, "sleeve": 0.04, "hem": 4.0, "fit": 0.15, "ease": 1.2},
    LegCut: {"waist": 2.5, "length": 0.05, "thigh": 0.6, "knee": 0.5, "hem": 0.5},
    SkirtCut: {"hem": 8.0, "flare": 3.0},
}
"""How far a typical length is changed to either side."""


def random_cut(rng: np.random.Generator, kind: str) -> Cut:
    """A cut of a kind: one of its typical parts each, with other lengths."""
    style = STYLES[kind]
    top, legs = _varied(rng, style.tops), _varied(rng, style.legs)
    return Cut(top, legs, _varied(rng, style.skirts), bool(rng.random() < style.belted))


def _varied(rng: np.random.Generator, parts: Sequence[Part]) -> Part | None:
    """One of the parts with other lengths; 0 stays 0: no sleeve is no short sleeve."""
    if not parts:
        return None
    part = parts[int(rng.integers(0, len(parts)))]
    lengths: dict[str, Any] = {
        name: getattr(part, name) + spread * float(rng.uniform(-1, 1))
        for name, spread in _SPREADS[type(part)].items()
        if getattr(part, name)
    }
    return replace(part, **lengths)
