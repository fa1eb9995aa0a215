"""How each kind of garment is cut: a generator in, a cut with believable lengths out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segmentation.synthetic.body import HIP_Y, WAIST_Y
from segmentation.synthetic.legs import LegCut, LegHem, LegPocket
from segmentation.synthetic.skirts import SkirtCut, SkirtShape
from segmentation.synthetic.torso import Collar, Front, Neck, Pocket, TopCut


@dataclass(frozen=True)
class WholeCut:
    """A top's upper half and what hangs from its waist."""

    top: TopCut
    below: LegCut | SkirtCut
    belted: bool


Cut = TopCut | LegCut | SkirtCut | WholeCut


Rng = np.random.Generator


def _uniform(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _neck(rng: Rng, *necks: Neck) -> Neck:
    return necks[int(rng.integers(0, len(necks)))]


def _tee(rng: Rng) -> TopCut:
    neck = _neck(rng, Neck.CREW, Neck.CREW, Neck.V, Neck.SCOOP, Neck.BOAT)
    return TopCut(
        neck=neck,
        neck_depth=_neck_depth(rng, neck),
        sleeve=_uniform(rng, 0.3, 0.46),
        sleeve_ease=_uniform(rng, 0.2, 2.0),
        cuff_ease=_uniform(rng, 2.2, 4.4),
        drop=_uniform(rng, 0, 2.2) * (rng.random() < 0.4),
        hem=_uniform(rng, 61, 70) if rng.random() < 0.88 else _uniform(rng, 49, 54),
        fit=_uniform(rng, 0.0, 0.7),
        ease=_uniform(rng, 0.0, 3.0),
        pocket=Pocket.CHEST if rng.random() < 0.22 else Pocket.NONE,
    )


def _neck_depth(rng: Rng, neck: Neck) -> float:
    low, high = {
        Neck.CREW: (7.5, 10), Neck.V: (14, 21), Neck.SCOOP: (12, 16), Neck.BOAT: (5.5, 7),
        Neck.SQUARE: (13, 17), Neck.STRAPS: (15, 20),
    }[neck]  # fmt: skip
    return _uniform(rng, low, high)


def _long_sleeve(rng: Rng) -> TopCut:
    return replace(
        _tee(rng), sleeve=_uniform(rng, 0.9, 1.0), cuff_ease=_uniform(rng, 0.2, 1.4),
        hem=_uniform(rng, 61, 69), cuffed=bool(rng.random() < 0.3),
    )  # fmt: skip


def _shirt(rng: Rng) -> TopCut:
    short = rng.random() < 0.3
    return TopCut(
        neck=Neck.V,
        neck_depth=_uniform(rng, 9, 11),
        sleeve=_uniform(rng, 0.4, 0.5) if short else _uniform(rng, 0.95, 1.0),
        sleeve_ease=_uniform(rng, 0.8, 1.8),
        cuff_ease=3.6 if short else _uniform(rng, 0.8, 1.6),
        cuffed=not short,
        hem=_uniform(rng, 62, 70),
        hem_curve=_uniform(rng, 2.5, 5.5) if rng.random() < 0.6 else 0.6,
        fit=_uniform(rng, 0.0, 0.6),
        ease=_uniform(rng, 0.8, 2.6),
        front=Front.BUTTONS,
        collar=Collar.SHIRT,
        pocket=(Pocket.NONE, Pocket.CHEST, Pocket.FLAPS)[int(rng.integers(0, 3))],
        stitched=True,
    )


def _polo(rng: Rng) -> TopCut:
    return replace(
        _tee(rng), neck=Neck.V, neck_depth=_uniform(rng, 9, 11), front=Front.HALF_PLACKET,
        collar=Collar.POLO, trimmed=bool(rng.random() < 0.5), drop=0.0, hem=_uniform(rng, 60, 67),
        pocket=Pocket.NONE,
    )  # fmt: skip


def _sweater(rng: Rng) -> TopCut:
    collar = (Collar.BAND, Collar.BAND, Collar.TURTLE)[int(rng.integers(0, 3))]
    neck = _neck(rng, Neck.CREW, Neck.CREW, Neck.V) if collar is Collar.BAND else Neck.CREW
    return TopCut(
        neck=neck,
        neck_depth=_neck_depth(rng, neck) - 0.5,
        sleeve=_uniform(rng, 0.94, 1.0),
        sleeve_ease=_uniform(rng, 1.2, 3.2),
        cuff_ease=_uniform(rng, 0.6, 2.4),
        drop=_uniform(rng, 0, 3.0),
        hem=_uniform(rng, 60, 68),
        fit=_uniform(rng, 0, 0.4),
        ease=_uniform(rng, 1.5, 4.0),
        collar=collar,
        ribbed=True,
    )


def _hoodie(rng: Rng) -> TopCut:
    return replace(
        _sweater(rng), neck=Neck.CREW, neck_depth=_uniform(rng, 9, 11), collar=Collar.HOOD,
        front=Front.ZIP if rng.random() < 0.4 else Front.CLOSED, pocket=Pocket.KANGAROO,
        hem=_uniform(rng, 60, 67), neck_width=1.08,
    )  # fmt: skip


def _cardigan(rng: Rng) -> TopCut:
    opened = rng.random() < 0.45
    return replace(
        _sweater(rng), neck=Neck.V, neck_depth=_uniform(rng, 18, 28), collar=Collar.BAND,
        front=Front.OPEN if opened else Front.BUTTONS, ribbed=not opened, cuffed=True,
        hem=_uniform(rng, 56, 76) if opened else _uniform(rng, 58, 67),
        pocket=Pocket.PATCH if rng.random() < 0.5 else Pocket.NONE,
    )  # fmt: skip


def _jacket(rng: Rng) -> TopCut:
    bomber = rng.random() < 0.5
    return TopCut(
        neck=Neck.CREW if bomber else Neck.V,
        neck_depth=8.5,
        sleeve=_uniform(rng, 0.95, 1.0),
        sleeve_ease=_uniform(rng, 1.6, 3.0),
        cuff_ease=_uniform(rng, 1.2, 2.4),
        drop=_uniform(rng, 0, 1.5),
        hem=_uniform(rng, 59, 67),
        fit=_uniform(rng, 0, 0.3),
        ease=_uniform(rng, 2.0, 3.6),
        front=Front.ZIP if bomber else Front.BUTTONS,
        collar=Collar.BAND if bomber else Collar.SHIRT,
        pocket=Pocket.WELT if bomber else Pocket.FLAPS,
        ribbed=bomber,
        cuffed=True,
    )


def _blazer(rng: Rng) -> TopCut:
    return TopCut(
        neck=Neck.V,
        neck_depth=_uniform(rng, 30, 36),
        sleeve=_uniform(rng, 0.96, 1.0),
        sleeve_ease=_uniform(rng, 0.8, 1.6),
        cuff_ease=_uniform(rng, 1.8, 2.6),
        hem=_uniform(rng, 66, 74),
        hem_curve=1.6,
        fit=_uniform(rng, 0.4, 0.85),
        ease=_uniform(rng, 1.2, 2.4),
        collar=Collar.LAPEL,
        pocket=Pocket.WELT,
        stitched=False,
    )


def _tank(rng: Rng) -> TopCut:
    neck = _neck(rng, Neck.SCOOP, Neck.STRAPS, Neck.SQUARE, Neck.CREW, Neck.V)
    return TopCut(
        neck=neck,
        neck_depth=_neck_depth(rng, neck),
        neck_width=1.1,
        sleeve=0.0,
        hem=_uniform(rng, 56, 65) if rng.random() < 0.7 else _uniform(rng, 42, 48),
        fit=_uniform(rng, 0.2, 0.9),
        ease=_uniform(rng, -3.0, 0.6),
        trimmed=bool(rng.random() < 0.4),
    )


def _bodice(rng: Rng, fit: tuple[float, float]) -> TopCut:
    neck = _neck(rng, Neck.CREW, Neck.V, Neck.SCOOP, Neck.SQUARE, Neck.STRAPS, Neck.BOAT)
    sleeve = 0.0 if neck is Neck.STRAPS else float(rng.choice([0.0, 0.3, 0.42, 0.7, 0.98]))
    return TopCut(
        neck=neck,
        neck_depth=_neck_depth(rng, neck),
        sleeve=sleeve,
        sleeve_ease=_uniform(rng, 0.0, 1.4),
        cuff_ease=_uniform(rng, 0.8, 4.0),
        cuffed=sleeve > 0.6 and bool(rng.random() < 0.5),
        fit=_uniform(rng, *fit),
        ease=_uniform(rng, -0.4, 1.4),
    )


def _shift_dress(rng: Rng) -> WholeCut:
    skirt = SkirtCut(SkirtShape.A_LINE, hem=_uniform(rng, 84, 100), flare=_uniform(rng, 1.5, 5))
    return WholeCut(_bodice(rng, (0.0, 0.35)), skirt, belted=bool(rng.random() < 0.15))


def _aline_dress(rng: Rng) -> WholeCut:
    shape = SkirtShape.TIERED if rng.random() < 0.2 else SkirtShape.A_LINE
    skirt = SkirtCut(shape, hem=_uniform(rng, 84, 108), flare=_uniform(rng, 9, 19))
    return WholeCut(_bodice(rng, (0.8, 1.15)), skirt, belted=bool(rng.random() < 0.4))


def _maxi_dress(rng: Rng) -> WholeCut:
    shape = SkirtShape.TIERED if rng.random() < 0.4 else SkirtShape.A_LINE
    skirt = SkirtCut(
        shape, hem=_uniform(rng, 128, 142), flare=_uniform(rng, 8, 18),
        slit=shape is SkirtShape.A_LINE and bool(rng.random() < 0.4),
    )  # fmt: skip
    return WholeCut(_bodice(rng, (0.7, 1.1)), skirt, belted=bool(rng.random() < 0.4))


def _shirt_dress(rng: Rng) -> WholeCut:
    top = replace(_shirt(rng), pocket=Pocket.NONE, fit=_uniform(rng, 0.3, 0.9))
    skirt = SkirtCut(
        SkirtShape.A_LINE, hem=_uniform(rng, 92, 118), flare=_uniform(rng, 3, 11), buttoned=True
    )
    return WholeCut(top, skirt, belted=bool(rng.random() < 0.7))


def _jumpsuit(rng: Rng) -> WholeCut:
    legs = LegCut(
        length=_uniform(rng, 0.86, 1.0), thigh=_uniform(rng, 1, 2.4), knee=_uniform(rng, 1, 4.5),
        hem=_uniform(rng, 1.5, 7), pocket=LegPocket.SLANT, fly=False,
    )  # fmt: skip
    return WholeCut(_jumpsuit_top(rng), legs, belted=bool(rng.random() < 0.6))


def _jumpsuit_top(rng: Rng) -> TopCut:
    if rng.random() < 0.4:
        return replace(_shirt(rng), pocket=Pocket.NONE, fit=_uniform(rng, 0.4, 0.9))
    return _bodice(rng, (0.5, 1.0))


def _romper(rng: Rng) -> WholeCut:
    legs = LegCut(
        length=_uniform(rng, 0.15, 0.3), thigh=_uniform(rng, 1.5, 3.5), knee=_uniform(rng, 4, 7),
        pocket=LegPocket.SLANT, fly=False,
    )  # fmt: skip
    return WholeCut(_jumpsuit_top(rng), legs, belted=bool(rng.random() < 0.6))


def _jeans(rng: Rng) -> LegCut:
    knee, hem = ((0.4, 0.2), (1.4, 1.4), (2.2, 3.6), (1.0, 6.0))[int(rng.integers(0, 4))]
    return LegCut(
        waist=WAIST_Y + _uniform(rng, 0, 6),
        length=_uniform(rng, 0.9, 1.02),
        thigh=_uniform(rng, 0.2, 1.6),
        knee=knee + _uniform(rng, 0, 0.6),
        hem=hem + _uniform(rng, 0, 0.8),
        pocket=LegPocket.JEANS,
        ending=LegHem.CUFF if rng.random() < 0.2 else LegHem.HEM,
        belted=True,
    )


def _trousers(rng: Rng) -> LegCut:
    knee, hem = ((0.6, 0.6), (2.0, 2.2), (4.0, 6.5))[int(rng.integers(0, 3))]
    return LegCut(
        waist=WAIST_Y + _uniform(rng, -1, 5),
        length=_uniform(rng, 0.86, 1.02),
        thigh=_uniform(rng, 0.6, 2.4),
        knee=knee,
        hem=hem,
        pocket=LegPocket.CARGO if rng.random() < 0.2 else LegPocket.SLANT,
        ending=LegHem.CUFF if rng.random() < 0.2 else LegHem.RAW,
        crease=bool(rng.random() < 0.6),
        belted=bool(rng.random() < 0.6),
    )


def _joggers(rng: Rng) -> LegCut:
    return LegCut(
        waist=WAIST_Y + _uniform(rng, 0, 4), length=_uniform(rng, 0.94, 1.0),
        thigh=_uniform(rng, 1.2, 2.8), knee=_uniform(rng, 1.5, 3.2), hem=_uniform(rng, 0.6, 1.4),
        pocket=LegPocket.SLANT, ending=LegHem.RIB, elastic=True, fly=False, drawstring=True,
    )  # fmt: skip


def _leggings(rng: Rng) -> LegCut:
    return LegCut(
        waist=WAIST_Y + _uniform(rng, -2, 2), length=_uniform(rng, 0.72, 1.0), thigh=-0.6,
        knee=-0.7, hem=-0.8, stretch=0.8, elastic=True, fly=False, ending=LegHem.HEM,
    )  # fmt: skip


def _shorts(rng: Rng) -> LegCut:
    elastic = bool(rng.random() < 0.35)
    return LegCut(
        waist=WAIST_Y + _uniform(rng, 0, 5), length=_uniform(rng, 0.16, 0.48),
        thigh=_uniform(rng, 0.8, 3.0), knee=_uniform(rng, 3, 6),
        pocket=LegPocket.SLANT if elastic else LegPocket.JEANS,
        ending=LegHem.CUFF if rng.random() < 0.35 else LegHem.HEM,
        elastic=elastic, fly=not elastic, drawstring=elastic, belted=not elastic,
    )  # fmt: skip


def _aline_skirt(rng: Rng) -> SkirtCut:
    tiered = rng.random() < 0.2
    buttoned = not tiered and bool(rng.random() < 0.3)
    return SkirtCut(
        SkirtShape.TIERED if tiered else SkirtShape.A_LINE, hem=_uniform(rng, 82, 122),
        flare=_uniform(rng, 5, 17), buttoned=buttoned,
        pockets=not tiered and bool(rng.random() < 0.25),
    )  # fmt: skip


def _pencil_skirt(rng: Rng) -> SkirtCut:
    return SkirtCut(
        SkirtShape.PENCIL, hem=_uniform(rng, HIP_Y + 34, HIP_Y + 52), flare=_uniform(rng, -3, -0.5),
        slit=bool(rng.random() < 0.5),
    )  # fmt: skip


def _pleated_skirt(rng: Rng) -> SkirtCut:
    return SkirtCut(SkirtShape.PLEATED, hem=_uniform(rng, 80, 126), flare=_uniform(rng, 5, 14))


CUTS: Final[dict[str, Callable[[Rng], Cut]]] = {
    "tee": _tee,
    "long sleeve": _long_sleeve,
    "shirt": _shirt,
    "polo": _polo,
    "sweater": _sweater,
    "hoodie": _hoodie,
    "cardigan": _cardigan,
    "jacket": _jacket,
    "blazer": _blazer,
    "tank": _tank,
    "shift dress": _shift_dress,
    "a-line dress": _aline_dress,
    "maxi dress": _maxi_dress,
    "shirt dress": _shirt_dress,
    "jumpsuit": _jumpsuit,
    "romper": _romper,
    "jeans": _jeans,
    "trousers": _trousers,
    "joggers": _joggers,
    "leggings": _leggings,
    "shorts": _shorts,
    "a-line skirt": _aline_skirt,
    "pencil skirt": _pencil_skirt,
    "pleated skirt": _pleated_skirt,
}
