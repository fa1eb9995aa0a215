"""Cloth: colour by position on the cloth in centimetres.

Edges of stripes and dots are one pixel soft, so patterns stay clean at any scale.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

import numpy as np

from segmentation.drawing.palette import Rgb, blended
from segmentation.drawing.raster import Colours, Field, noise_at

Mark = tuple[int, Field]
"""Index of a colour of a fabric, and where it lies, 0 to 1."""
Cloth = Literal["main", "trim", "rib", "inside"]
"""Which cloth of a garment a panel is cut from."""
Notion = Literal["thread", "button", "metal", "cord"]
"""What a garment has besides cloth."""


class Pattern(Enum):
    """What is printed on or woven into a cloth."""

    PLAIN = "plain"
    STRIPE = "stripe"
    PINSTRIPE = "pinstripe"
    CHECK = "check"
    GINGHAM = "gingham"
    DOT = "dot"
    FLORAL = "floral"
    LEAF = "leaf"
    DENIM = "denim"
    RIB = "rib"
    CABLE = "cable"
    BLOCK = "colour-block"
    MELANGE = "melange"


@dataclass(frozen=True, eq=False)
class Fabric:
    """A cloth ready to be cut.

    Attributes:
        colours: main, second and third colour.
        size: period of the pattern in cm.
        upright: stripes run down instead of across.
        seed: which arrangement of flowers, which width of stripes.
    """

    pattern: Pattern
    colours: tuple[Rgb, Rgb, Rgb]
    size: float = 3.0
    upright: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Cloths:
    """The cloths and notions of one garment; `drape` is how deep its folds are."""

    fabrics: Mapping[Cloth, Fabric]
    notions: Mapping[Notion, Rgb]
    drape: float


@dataclass(frozen=True, eq=False)
class Spot:
    """Positions on the cloth: across `u` and along `v` in cm, shape (h, w); cm per pixel."""

    u: Field
    v: Field
    pixel: float


def paint(fabric: Fabric, spot: Spot) -> Colours:
    """Colours (h, w, 3) of the cloth at these positions, without light."""
    cloth = np.broadcast_to(fabric.colours[0], (*spot.u.shape, 3)).astype(np.float32)
    marks = _MARKS.get(fabric.pattern)
    for index, share in marks(fabric, spot) if marks else ():
        cloth = blended(cloth, fabric.colours[index], share[..., None])
    if fabric.pattern in _RELIEFS:
        cloth *= (1 + _RELIEFS[fabric.pattern](fabric, spot))[..., None]
    grain = 0.018 * _nearness(spot) * noise_at(0.6, spot.u * 9, spot.v * 9)
    return cloth * (1 + grain)[..., None]


def _nearness(spot: Spot) -> float:
    """How well threads are seen, at most 1: they fade where a pixel is much larger."""
    return min(1.0, max(0.35, 0.18 / spot.pixel))


def _bars(along: Field, period: float, share: float, pixel: float) -> Field:
    """1 on bars that take `share` of every period, with one-pixel edges."""
    return _inside(share * period / 2 - np.abs((along / period) % 1.0 - 0.5) * period, pixel)


def _stripe(fabric: Fabric, spot: Spot) -> list[Mark]:
    share = (0.5, 0.34, 0.24)[fabric.seed % 3]
    along = spot.u if fabric.upright else spot.v
    return [(1, _bars(along, fabric.size, share, spot.pixel))]


def _pinstripe(fabric: Fabric, spot: Spot) -> list[Mark]:
    return [(1, _bars(spot.u, fabric.size, 0.16 / fabric.size, spot.pixel) * 0.55)]


def _check(fabric: Fabric, spot: Spot) -> list[Mark]:
    """Tartan: broad and thin bars both ways, woven through each other."""
    size, pixel = fabric.size, spot.pixel
    ways = (spot.u, spot.v)
    broad = [(1, 0.5 * _bars(along, size, 0.46, pixel)) for along in ways]
    return broad + [(2, 0.7 * _bars(along + size / 2, size, 0.07, pixel)) for along in ways]


def _gingham(fabric: Fabric, spot: Spot) -> list[Mark]:
    bars = [_bars(each, fabric.size, 0.5, spot.pixel) for each in (spot.u, spot.v)]
    return [(1, (bars[0] + bars[1]) / 2)]


def _dot(fabric: Fabric, spot: Spot) -> list[Mark]:
    row = np.floor(spot.v / fabric.size)
    u = (spot.u / fabric.size + row % 2 * 0.5) % 1.0 - 0.5
    v = (spot.v / fabric.size) % 1.0 - 0.5
    radius = (0.2, 0.26, 0.14)[fabric.seed % 3]
    return [(1, _inside((radius - np.hypot(u, v)) * fabric.size, spot.pixel))]


def _block(fabric: Fabric, spot: Spot) -> list[Mark]:
    """Two or three broad fields, counted from the chest."""
    lower = _inside(spot.v - 30 - fabric.size, spot.pixel)
    middle = _inside(3.2 - np.abs(spot.v - 27 - fabric.size), spot.pixel)
    return [(1, lower), (2, middle)][: 1 + fabric.seed % 2]


def _motif_places(fabric: Fabric, spot: Spot) -> tuple[Field, Field]:
    """Positions in cm around the centre of the nearest motif, each one turned its own way."""
    row = np.floor(spot.v / fabric.size)
    across = spot.u / fabric.size + row % 2 * 0.5
    column = np.floor(across)
    chance = np.sin(column * 127.1 + row * 311.7 + fabric.seed) * 43758.55
    u = (across - column - 0.5 + 0.14 * np.sin(chance)) * fabric.size
    v = (spot.v / fabric.size - row - 0.5 + 0.14 * np.cos(chance)) * fabric.size
    turn = chance % (2 * np.pi)
    return u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)


def _inside(distance: Field, pixel: float) -> Field:
    """1 where a distance (cm) from an edge is positive, one pixel soft."""
    return np.asarray(np.clip(distance / pixel + 0.5, 0, 1))


def _floral(fabric: Fabric, spot: Spot) -> list[Mark]:
    """Flowers of five petals with an eye, on two leaves."""
    u, v = _motif_places(fabric, spot)
    radius, angle, size = np.hypot(u, v), np.arctan2(v, u), fabric.size * 0.25
    fold = (angle / (0.4 * np.pi) % 1 - 0.5) * 0.4 * np.pi
    petals = size * 0.36 - np.hypot(radius * np.cos(fold) - size * 0.7, radius * np.sin(fold))
    leaves = size * 1.4 * np.abs(np.cos(angle)) ** 12 - radius
    shapes = ((2, leaves), (1, petals), (2, size * 0.26 - radius))
    return [(index, _inside(shape, spot.pixel)) for index, shape in shapes]


def _leaf(fabric: Fabric, spot: Spot) -> list[Mark]:
    """Sprigs: three pairs of leaves along a stem."""
    u, v = _motif_places(fabric, spot)
    gap, reach = fabric.size * 0.17, fabric.size * 0.2
    along, away = u - np.abs(v) * 0.8, np.abs(v) / reach
    width = gap * 0.38 * np.sqrt(np.clip(4 * away * (1 - away), 0, 1)) - 0.1 * spot.pixel
    middle = np.abs((along + 1.5 * gap) % gap - gap / 2)
    return [(1, _inside(np.minimum(width - middle, 1.5 * gap - np.abs(along)), spot.pixel))]


def _denim(_: Fabric, spot: Spot) -> Field:
    slub = noise_at(1.2, spot.u * 26, spot.v * 5)
    cloud = noise_at(14.0, spot.u * 9, spot.v * 9)
    return 0.05 * _nearness(spot) * slub + 0.035 * cloud


def _melange(_: Fabric, spot: Spot) -> Field:
    return 0.07 * _nearness(spot) * noise_at(0.7, spot.u * 9, spot.v * 22)


def _rib(fabric: Fabric, spot: Spot) -> Field:
    period = max(fabric.size * 0.3, 3.2 * spot.pixel)
    return np.asarray(0.085 * np.cos(2 * np.pi * spot.u / period))


def _cable(fabric: Fabric, spot: Spot) -> Field:
    """Plaits between ribs."""
    period = fabric.size * 2.2
    place = (spot.u / period) % 1.0 - 0.5
    sway = 0.12 * np.sin(2 * np.pi * spot.v / (period * 0.9))
    plait = np.exp(-(((place - sway) / 0.085) ** 2)) + np.exp(-(((place + sway) / 0.085) ** 2))
    edge = np.exp(-(((np.abs(place) - 0.3) / 0.035) ** 2))
    return np.asarray(0.16 * np.clip(plait, 0, 1.2) - 0.17 * edge - 0.04)


_MARKS: Final[dict[Pattern, Callable[[Fabric, Spot], list[Mark]]]] = {
    Pattern.STRIPE: _stripe, Pattern.PINSTRIPE: _pinstripe, Pattern.CHECK: _check,
    Pattern.GINGHAM: _gingham, Pattern.DOT: _dot, Pattern.BLOCK: _block,
    Pattern.FLORAL: _floral, Pattern.LEAF: _leaf,
}  # fmt: skip
_RELIEFS: Final[dict[Pattern, Callable[[Fabric, Spot], Field]]] = {
    Pattern.DENIM: _denim, Pattern.MELANGE: _melange, Pattern.RIB: _rib, Pattern.CABLE: _cable,
}  # fmt: skip
