"""What a garment is: kind, cut, colours and cloth, all from one seeded generator."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.drawing import palette
from segmentation.drawing.cuts import Cut, random_cut
from segmentation.drawing.fabrics import Cloth, Cloths, Fabric, Notion, Pattern

KINDS: Final = {
    **dict.fromkeys(("tee", "long sleeve", "shirt", "polo", "sweater", "hoodie", "cardigan",
                     "jacket", "blazer", "tank"), GarmentClass.UPPER),
    **dict.fromkeys(("shift dress", "a-line dress", "maxi dress", "shirt dress", "jumpsuit",
                     "romper"), GarmentClass.WHOLE),
    **dict.fromkeys(("jeans", "trousers", "joggers", "leggings", "shorts", "a-line skirt",
                     "pencil skirt", "pleated skirt"), GarmentClass.LOWER),
}  # fmt: skip
"""Every kind that can be drawn, and its class."""


@dataclass(frozen=True, eq=False)
class Design:
    """One garment of a catalogue: it can be drawn again and again, in any scene.

    Attributes:
        colour: name of its main colour, one of `palette.PALETTE` (or of `palette.DENIMS`).
        pattern: value of its `Pattern`.
    """

    kind: str
    garment_class: GarmentClass
    colour: str
    pattern: str
    cut: Cut
    cloths: Cloths


_P = Pattern
_TEE: Final = (_P.PLAIN, _P.PLAIN, _P.PLAIN, _P.STRIPE, _P.STRIPE, _P.BLOCK, _P.MELANGE, _P.DOT)
_KNIT: Final = (_P.PLAIN, _P.PLAIN, _P.RIB, _P.CABLE, _P.STRIPE, _P.MELANGE, _P.BLOCK)
_FLEECE: Final = (_P.PLAIN, _P.PLAIN, _P.PLAIN, _P.MELANGE, _P.BLOCK)
_TAILORED: Final = (_P.PLAIN, _P.PLAIN, _P.PLAIN, _P.PINSTRIPE, _P.CHECK, _P.MELANGE)
_DRESS: Final = (_P.PLAIN, _P.PLAIN, _P.FLORAL, _P.FLORAL, _P.LEAF, _P.DOT, _P.STRIPE, _P.GINGHAM)
_JUMPSUIT: Final = (_P.PLAIN, _P.PLAIN, _P.PLAIN, _P.DENIM, _P.FLORAL, _P.PINSTRIPE, _P.DOT)
_PATTERNS: Final = {
    **dict.fromkeys(("tee", "long sleeve", "polo"), _TEE), "tank": (*_TEE, _P.RIB, _P.FLORAL),
    "shirt": (_P.PLAIN, _P.PLAIN, _P.STRIPE, _P.STRIPE, _P.CHECK, _P.CHECK, _P.GINGHAM, _P.DENIM,
              _P.DOT, _P.FLORAL, _P.LEAF),
    "sweater": _KNIT, "cardigan": _KNIT, "hoodie": _FLEECE, "joggers": _FLEECE,
    "jacket": (_P.PLAIN, _P.PLAIN, _P.DENIM, _P.CHECK),
    **dict.fromkeys(("jumpsuit", "romper"), _JUMPSUIT),
    **dict.fromkeys(("blazer", "trousers", "pencil skirt"), _TAILORED), "jeans": (_P.DENIM,),
    "leggings": (_P.PLAIN, _P.PLAIN, _P.PLAIN, _P.MELANGE, _P.LEAF),
    "shorts": (_P.PLAIN, _P.PLAIN, _P.DENIM, _P.CHECK, _P.STRIPE),
    "a-line skirt": (_P.PLAIN, _P.PLAIN, _P.DENIM, _P.FLORAL, _P.CHECK, _P.DOT, _P.LEAF),
    "pleated skirt": (_P.PLAIN, _P.PLAIN, _P.CHECK, _P.FLORAL),
}  # fmt: skip
"""Patterns of a kind, as often as they come up; dresses have `_DRESS`."""
_SIZES: Final = {
    _P.STRIPE: (1.8, 4.6), _P.PINSTRIPE: (1.8, 3.0), _P.CHECK: (5.0, 11.0), _P.GINGHAM: (1.6, 4.0),
    _P.DOT: (2.0, 4.4), _P.FLORAL: (5.0, 9.0), _P.LEAF: (6.0, 10.0), _P.RIB: (3.0, 5.0),
    _P.CABLE: (4.0, 5.5), _P.BLOCK: (-3.0, 9.0),
}  # fmt: skip
"""Least and greatest period in cm."""
_STIFF: Final = ("leggings", "blazer", "jacket", "sweater", "cardigan", "hoodie", "pencil skirt")


def random_design(
    rng: np.random.Generator, kind: str | None = None, colour: str | None = None,
    pattern: Pattern | None = None,
) -> Design:  # fmt: skip
    """A garment of a kind, colour and pattern; what is not given is chosen."""
    kind = kind or str(rng.choice(list(KINDS)))
    patterns = _PATTERNS.get(kind, _DRESS)
    pattern = pattern or patterns[int(rng.integers(0, len(patterns)))]
    colour = colour or str(
        rng.choice(list(palette.DENIMS if pattern is Pattern.DENIM else palette.PALETTE))
    )
    cut = random_cut(rng, kind)
    cloths = _cloths(rng, kind, colour, pattern)
    return Design(kind, KINDS[kind], colour, pattern.value, cut, cloths)


def _cloths(rng: np.random.Generator, kind: str, colour: str, pattern: Pattern) -> Cloths:
    denim, textured = pattern is Pattern.DENIM, pattern in (Pattern.RIB, Pattern.CABLE)
    base = palette.jittered(
        rng, palette.rgb_of(palette.DENIMS.get(colour, colour) if denim else colour)
    )
    partners = rng.permutation([each for each in palette.partners_of(colour) if each != colour])
    second, third = (palette.jittered(rng, palette.rgb_of(str(each))) for each in partners[:2])
    upright = pattern is Pattern.STRIPE and (kind == "shirt" or bool(rng.random() < 0.2))
    size = float(rng.uniform(*_SIZES.get(pattern, (3.0, 3.0)))) * (0.55 if upright else 1.0)
    seed = int(rng.integers(0, 60))
    main = Fabric(pattern, (base, second, third), size, upright, seed)
    contrast = kind in ("polo", "tee", "tank") and rng.random() < 0.2
    edge = second if contrast else base
    plain = replace(main, pattern=Pattern.PLAIN, colours=(edge, edge, edge))
    lining = palette.blended(base, palette.rgb_of("#b9b2a8"), 0.1)
    fabrics: Mapping[Cloth, Fabric] = {
        "main": main, "trim": plain if contrast or textured or pattern is Pattern.BLOCK else main,
        "rib": replace(plain, pattern=Pattern.RIB, size=2.2),
        "inside": replace(plain, colours=(lining, lining, lining)),
    }  # fmt: skip
    drape = (0.7 if kind in _STIFF else 1.0) * float(rng.uniform(0.8, 1.15))
    return Cloths(fabrics, _notions(rng, base, denim), drape)


def _notions(
    rng: np.random.Generator, base: palette.Rgb, denim: bool
) -> Mapping[Notion, palette.Rgb]:
    dark = palette.luminance(base) < 0.55
    return {
        "thread": palette.rgb_of("#c98a3e" if denim else "#efe9dc" if dark else "#6f6a64"),
        "button": palette.blended(
            palette.picked(rng, ("#f3efe4", "#4a3324", "#b79468")), base, 0.12
        ),
        "metal": palette.picked(rng, ("#c9ccd1", "#c7a25c", "#8f8b86")),
        "cord": palette.rgb_of("#efece2") if dark else base * 0.72,
    }
