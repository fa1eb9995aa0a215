"""What a garment is before it is cut: kind, cut, colour, cloth. All from one seeded generator."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.synthetic.body import Body
from segmentation.synthetic.fabrics import Fabric, Pattern, Weave
from segmentation.synthetic.legs import LegCut, cut_legs
from segmentation.synthetic.palette import (
    DENIMS,
    PALETTE,
    PARTNERS,
    Rgb,
    blended,
    jittered,
    luminance,
    rgb_of,
)  # fmt: skip
from segmentation.synthetic.panels import CutGarment
from segmentation.synthetic.skirts import SkirtCut, cut_skirt
from segmentation.synthetic.styles import CUTS, Cut, WholeCut
from segmentation.synthetic.tops import cut_top
from segmentation.synthetic.torso import TopCut
from segmentation.synthetic.wholes import cut_dress, cut_jumpsuit

_UPPER, _WHOLE, _LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER

KINDS: Final = {
    "tee": _UPPER,
    "long sleeve": _UPPER,
    "shirt": _UPPER,
    "polo": _UPPER,
    "sweater": _UPPER,
    "hoodie": _UPPER,
    "cardigan": _UPPER,
    "jacket": _UPPER,
    "blazer": _UPPER,
    "tank": _UPPER,
    "shift dress": _WHOLE,
    "a-line dress": _WHOLE,
    "maxi dress": _WHOLE,
    "shirt dress": _WHOLE,
    "jumpsuit": _WHOLE,
    "romper": _WHOLE,
    "jeans": _LOWER,
    "trousers": _LOWER,
    "joggers": _LOWER,
    "leggings": _LOWER,
    "shorts": _LOWER,
    "a-line skirt": _LOWER,
    "pencil skirt": _LOWER,
    "pleated skirt": _LOWER,
}
"""Every kind that can be drawn, and its class."""


@dataclass(frozen=True, eq=False)
class Cloths:
    """The cloths and haberdashery of one garment; `drape` is how deep its folds are."""

    main: Fabric
    trim: Fabric
    rib: Fabric
    inside: Fabric
    thread: Rgb
    button: Rgb
    metal: Rgb
    drape: float
    faded: bool


@dataclass(frozen=True, eq=False)
class Design:
    """One garment of a catalogue: it can be drawn again and again, in any scene.

    Attributes:
        colour: name of its main colour, one of `palette.PALETTE` (or a denim wash).
        pattern: value of its `Pattern`.
    """

    kind: str
    garment_class: GarmentClass
    colour: str
    pattern: str
    second_colour: str
    cut: Cut
    cloths: Cloths


def cut_for(design: Design, body: Body) -> CutGarment:
    """The garment cut for a body."""
    cut = design.cut
    if isinstance(cut, WholeCut):
        if isinstance(cut.below, SkirtCut):
            return cut_dress(body, cut.top, cut.below, cut.belted)
        return cut_jumpsuit(body, cut.top, cut.below, cut.belted)
    if isinstance(cut, TopCut):
        return cut_top(body, cut)
    return cut_legs(body, cut) if isinstance(cut, LegCut) else cut_skirt(body, cut)


def random_design(
    rng: np.random.Generator, kind: str | None = None, colour: str | None = None,
    pattern: Pattern | None = None,
) -> Design:  # fmt: skip
    """A garment of a kind, colour and pattern; what is not given is chosen."""
    chosen = kind or str(rng.choice(list(KINDS)))
    pattern = pattern or _pattern_for(rng, chosen)
    colour = colour or _colour_for(rng, pattern)
    partners = PARTNERS.get(colour, ("white", "black"))
    second, third = (str(each) for each in rng.permutation(partners)[:2])
    cut = CUTS[chosen](rng)
    cloths = _cloths_for(rng, chosen, colour, second, third, pattern)
    return Design(chosen, KINDS[chosen], colour, pattern.value, second, cut, cloths)


# -- cloth

_PLAIN_ISH: Final = {Pattern.PLAIN: 5.0, Pattern.STRIPE: 2.0}
_PATTERNS: Final[dict[str, dict[Pattern, float]]] = {
    "tee": {**_PLAIN_ISH, Pattern.BLOCK: 1, Pattern.MELANGE: 1.2, Pattern.DOT: 0.4},
    "long sleeve": {**_PLAIN_ISH, Pattern.STRIPE: 4, Pattern.MELANGE: 1, Pattern.BLOCK: 1},
    "shirt": {Pattern.PLAIN: 3, Pattern.STRIPE: 2.4, Pattern.CHECK: 3, Pattern.GINGHAM: 1.2,
              Pattern.DENIM: 1, Pattern.DOT: 0.8, Pattern.FLORAL: 0.8, Pattern.LEAF: 0.7},
    "polo": {**_PLAIN_ISH, Pattern.BLOCK: 1},
    "sweater": {Pattern.PLAIN: 2, Pattern.RIB: 2, Pattern.CABLE: 2, Pattern.STRIPE: 2,
                Pattern.MELANGE: 1, Pattern.BLOCK: 1},
    "hoodie": {Pattern.PLAIN: 5, Pattern.MELANGE: 2, Pattern.BLOCK: 1},
    "cardigan": {Pattern.PLAIN: 3, Pattern.RIB: 2, Pattern.CABLE: 1, Pattern.STRIPE: 1,
                 Pattern.MELANGE: 1},
    "jacket": {Pattern.PLAIN: 3, Pattern.DENIM: 2.5, Pattern.CHECK: 0.8},
    "blazer": {Pattern.PLAIN: 3, Pattern.PINSTRIPE: 1.4, Pattern.CHECK: 1.2, Pattern.MELANGE: 1},
    "tank": {**_PLAIN_ISH, Pattern.RIB: 1.5, Pattern.FLORAL: 0.7, Pattern.DOT: 0.5},
    "jeans": {Pattern.DENIM: 1},
    "trousers": {Pattern.PLAIN: 5, Pattern.PINSTRIPE: 1, Pattern.CHECK: 1.2, Pattern.MELANGE: 1},
    "joggers": {Pattern.PLAIN: 3, Pattern.MELANGE: 2},
    "leggings": {Pattern.PLAIN: 4, Pattern.MELANGE: 1, Pattern.LEAF: 0.6},
    "shorts": {Pattern.PLAIN: 3, Pattern.DENIM: 2, Pattern.CHECK: 0.8, Pattern.STRIPE: 0.6,
               Pattern.LEAF: 0.6},
    "a-line skirt": {Pattern.PLAIN: 2, Pattern.DENIM: 1.2, Pattern.FLORAL: 1.4, Pattern.CHECK: 1,
                     Pattern.DOT: 1, Pattern.LEAF: 0.6},
    "pencil skirt": {Pattern.PLAIN: 3, Pattern.PINSTRIPE: 1, Pattern.CHECK: 1, Pattern.DENIM: 0.6},
    "pleated skirt": {Pattern.PLAIN: 3, Pattern.CHECK: 2, Pattern.FLORAL: 0.7},
}  # fmt: skip
_DRESS_PATTERNS: Final = {
    Pattern.PLAIN: 3.0, Pattern.FLORAL: 3.0, Pattern.DOT: 1.6, Pattern.STRIPE: 1.4,
    Pattern.LEAF: 1.5, Pattern.GINGHAM: 0.8, Pattern.CHECK: 0.6,
}  # fmt: skip
_JUMPSUIT_PATTERNS: Final = {Pattern.PLAIN: 4.0, Pattern.DENIM: 1.5, Pattern.FLORAL: 0.8,
                             Pattern.PINSTRIPE: 0.7, Pattern.DOT: 0.6}  # fmt: skip
_SIZES: Final = {
    Pattern.STRIPE: (1.8, 4.6), Pattern.PINSTRIPE: (1.8, 3.0), Pattern.CHECK: (5.0, 11.0),
    Pattern.GINGHAM: (1.6, 4.0), Pattern.DOT: (2.0, 4.4), Pattern.FLORAL: (4.5, 9.0),
    Pattern.LEAF: (5.0, 9.0), Pattern.RIB: (3.0, 5.0), Pattern.CABLE: (4.0, 5.5),
    Pattern.BLOCK: (-3.0, 9.0),
}  # fmt: skip
_KNITTED: Final = frozenset({"sweater", "cardigan"})
_JERSEY: Final = frozenset({"tee", "long sleeve", "polo", "hoodie", "tank", "joggers", "leggings"})
_DRAPES: Final = {
    "leggings": 0.5, "blazer": 0.6, "jacket": 0.85, "sweater": 0.7, "cardigan": 0.7, "hoodie": 0.85,
    "pencil skirt": 0.7, "jeans": 0.95, "trousers": 0.9, "maxi dress": 1.15, "a-line dress": 1.1,
}  # fmt: skip


def _pattern_for(rng: np.random.Generator, kind: str) -> Pattern:
    fallback = _JUMPSUIT_PATTERNS if kind in ("jumpsuit", "romper") else _DRESS_PATTERNS
    weights = _PATTERNS.get(kind, fallback)
    shares = np.array(list(weights.values())) / sum(weights.values())
    return list(weights)[int(rng.choice(len(shares), p=shares))]


def _colour_for(rng: np.random.Generator, pattern: Pattern) -> str:
    if pattern is Pattern.DENIM:
        return str(rng.choice(list(DENIMS), p=[0.3, 0.3, 0.2, 0.12, 0.08]))
    if pattern is Pattern.PINSTRIPE:
        return str(rng.choice(["navy", "charcoal", "black", "forest", "burgundy", "sky"]))
    return str(rng.choice(list(PALETTE)))


def _cloths_for(
    rng: np.random.Generator, kind: str, colour: str, second: str, third: str, pattern: Pattern
) -> Cloths:
    denim = pattern is Pattern.DENIM
    base = jittered(rng, rgb_of(DENIMS[colour]) if denim and colour in DENIMS else rgb_of(colour))
    others = jittered(rng, rgb_of(second)), jittered(rng, rgb_of(third))
    low, high = _SIZES.get(pattern, (3.0, 3.0))
    upright = pattern is Pattern.STRIPE and (kind == "shirt" or rng.random() < 0.2)
    size = float(rng.uniform(low, high)) * (0.55 if upright else 1.0)
    seed = int(rng.integers(0, 60))
    weave = _weave_for(rng, kind, pattern)
    main = Fabric(pattern, weave, (base, *others), size, upright, seed)
    plain = Fabric(Pattern.PLAIN, weave, (base, *others), size)
    contrast = kind in ("polo", "tee", "tank") and rng.random() < 0.25
    rib_colour = others[0] if contrast else base
    dark = luminance(base) < 0.4
    trim = main
    if pattern in (Pattern.BLOCK, Pattern.RIB, Pattern.CABLE) or contrast:
        trim = replace(plain, colours=(rib_colour, *others))
    thread = rgb_of("#c98a3e") if denim and colour != "black" else blended(base, _toward(dark), 0.3)
    return Cloths(
        main=main,
        trim=trim,
        rib=replace(plain, pattern=Pattern.RIB, colours=(rib_colour, *others), size=2.2),
        inside=replace(
            plain, colours=(blended(base, rgb_of("#b9b2a8"), 0.12 if dark else 0.06), *others)
        ),
        thread=thread,
        button=_button_colour(rng, base, dark),
        metal=rgb_of(str(rng.choice(["#c9ccd1", "#c7a25c", "#8f8b86"]))),
        drape=_DRAPES.get(kind, 1.0) * float(rng.uniform(0.8, 1.15)),
        faded=denim and bool(rng.random() < 0.75),
    )


def _toward(dark: bool) -> Rgb:
    return rgb_of("#ffffff" if dark else "#1d1a18")


def _button_colour(rng: np.random.Generator, base: Rgb, dark: bool) -> Rgb:
    options = ["#f3efe4", "#4a3324", "#b79468"] if not dark else ["#efe9dc", "#19191b", "#8b6a45"]
    return blended(rgb_of(str(rng.choice(options))), base, 0.12)


def _weave_for(rng: np.random.Generator, kind: str, pattern: Pattern) -> Weave:
    if kind in _KNITTED:
        return Weave.SMOOTH if pattern in (Pattern.RIB, Pattern.CABLE) else Weave.KNIT
    if pattern is Pattern.DENIM or kind in ("jacket", "blazer", "trousers"):
        return Weave.TWILL
    if kind in _JERSEY:
        return Weave.JERSEY
    return (Weave.LINEN, Weave.SMOOTH, Weave.JERSEY)[int(rng.integers(0, 3))]
