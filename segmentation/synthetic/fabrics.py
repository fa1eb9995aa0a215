"""Cloth: where a pixel lies on the cloth (cm) in, its colour out.

Edges of stripes and dots are one pixel soft, so patterns stay clean at any scale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from segmentation.synthetic.palette import Rgb, luminance
from segmentation.synthetic.prints import MOTIF_SIDE, motif_tile
from segmentation.synthetic.raster import Colours, Field, mixed, noise, noise_at


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


class Weave(Enum):
    """The surface of a cloth seen from near."""

    SMOOTH = "smooth"
    JERSEY = "jersey"
    TWILL = "twill"
    KNIT = "knit"
    LINEN = "linen"


@dataclass(frozen=True, eq=False)
class Fabric:
    """A cloth ready to be cut.

    Attributes:
        colours: main, second and third colour.
        size: period of the pattern in cm.
        upright: stripes run down instead of across.
        seed: which arrangement of flowers, which grain.
    """

    pattern: Pattern
    weave: Weave
    colours: tuple[Rgb, Rgb, Rgb]
    size: float = 3.0
    upright: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Spot:
    """Places on the cloth: across `u` and along `v` in cm, shape (h, w); cm per pixel."""

    u: Field
    v: Field
    pixel: float


Paint = Callable[[Fabric, Spot], Colours]


def paint(fabric: Fabric, spot: Spot) -> Colours:
    """The colours of the cloth at these places, without light: shape (h, w, 3)."""
    return _with_weave(fabric, spot, _PAINTS[fabric.pattern](fabric, spot))


def _flat(colour: Rgb, spot: Spot) -> Colours:
    return np.broadcast_to(colour, (*spot.u.shape, 3)).astype(np.float32)


def _plain(fabric: Fabric, spot: Spot) -> Colours:
    return _flat(fabric.colours[0], spot)


def _bars(along: Field, period: float, share: float, pixel: float) -> Field:
    """1 on bars that take `share` of every period, with one-pixel edges."""
    distance = np.abs((along / period) % 1.0 - 0.5) * period
    return np.asarray(np.clip((share * period / 2 - distance) / pixel + 0.5, 0, 1), np.float32)


def _two(fabric: Fabric, spot: Spot, share: Field) -> Colours:
    first, second, _ = fabric.colours
    return np.asarray(first + (second - first) * share[..., None], np.float32)


def _stripe(fabric: Fabric, spot: Spot) -> Colours:
    along = spot.u if fabric.upright else spot.v
    share = (0.5, 0.34, 0.24)[fabric.seed % 3]
    return _two(fabric, spot, _bars(along, fabric.size, share, spot.pixel))


def _pinstripe(fabric: Fabric, spot: Spot) -> Colours:
    line = _bars(spot.u, fabric.size, 0.16 / fabric.size, spot.pixel)
    return _two(fabric, spot, line * 0.55)


def _check(fabric: Fabric, spot: Spot) -> Colours:
    """A tartan: broad and thin bars both ways, woven through each other."""
    first, second, third = fabric.colours
    cloth = _flat(first, spot)
    for along, strength in ((spot.u, 0.5), (spot.v, 0.5)):
        cloth = mixed(cloth, _flat(second, spot),
                      _bars(along, fabric.size, 0.46, spot.pixel) * strength)  # fmt: skip
    for along in (spot.u, spot.v):
        thin = _bars(along + fabric.size / 2, fabric.size, 0.07, spot.pixel)
        cloth = mixed(cloth, _flat(third, spot), thin * 0.7)
    return cloth


def _gingham(fabric: Fabric, spot: Spot) -> Colours:
    across = _bars(spot.u, fabric.size, 0.5, spot.pixel)
    down = _bars(spot.v, fabric.size, 0.5, spot.pixel)
    return _two(fabric, spot, np.asarray((across + down) / 2, np.float32))


def _dot(fabric: Fabric, spot: Spot) -> Colours:
    row = np.floor(spot.v / fabric.size)
    u = (spot.u / fabric.size + row % 2 * 0.5) % 1.0 - 0.5
    v = (spot.v / fabric.size) % 1.0 - 0.5
    distance = np.hypot(u, v) * fabric.size
    radius = fabric.size * (0.2, 0.26, 0.14)[fabric.seed % 3]
    inside = np.clip((radius - distance) / spot.pixel + 0.5, 0, 1)
    return _two(fabric, spot, np.asarray(inside, np.float32))


def _denim(fabric: Fabric, spot: Spot) -> Colours:
    """Twill with slubs; the fade is the light's work, in `shading`."""
    slub = noise_at(noise(1.2, 3), spot.u * 26, spot.v * 5)
    cloud = noise_at(noise(14.0, 4), spot.u * 9, spot.v * 9)
    near = float(np.clip(0.16 / spot.pixel, 0.35, 1.0))
    light = 1 + near * 0.05 * slub + 0.035 * cloud
    return np.asarray(_flat(fabric.colours[0], spot) * light[..., None], np.float32)


def _rib(fabric: Fabric, spot: Spot) -> Colours:
    wave = np.cos(2 * np.pi * spot.u / max(fabric.size * 0.3, 3.2 * spot.pixel))
    return np.asarray(_flat(fabric.colours[0], spot) * (1 + 0.085 * wave)[..., None], np.float32)


def _cable(fabric: Fabric, spot: Spot) -> Colours:
    """Plaits between ribs."""
    period = fabric.size * 2.2
    place = (spot.u / period) % 1.0 - 0.5
    sway = 0.12 * np.sin(2 * np.pi * spot.v / (period * 0.9))
    plait = np.exp(-(((place - sway) / 0.085) ** 2)) + np.exp(-(((place + sway) / 0.085) ** 2))
    edge = np.exp(-(((np.abs(place) - 0.3) / 0.035) ** 2))
    light = 0.16 * np.clip(plait, 0, 1.2) - 0.17 * edge - 0.04
    return np.asarray(_flat(fabric.colours[0], spot) * (1 + light)[..., None], np.float32)


def _block(fabric: Fabric, spot: Spot) -> Colours:
    """Two or three broad fields, counted from the chest."""
    first, second, third = fabric.colours
    soft = spot.pixel
    lower = np.clip((spot.v - 30 - fabric.size) / soft + 0.5, 0, 1)
    cloth = mixed(_flat(first, spot), _flat(second, spot), lower)
    if fabric.seed % 2:
        middle = np.clip((np.abs(spot.v - 27 - fabric.size) - 3.2) / -soft + 0.5, 0, 1)
        cloth = mixed(cloth, _flat(third, spot), middle)
    return cloth


def _melange(fabric: Fabric, spot: Spot) -> Colours:
    fleck = noise_at(noise(0.7, 5), spot.u * 9, spot.v * 22)
    broad = noise_at(noise(3.0, 6), spot.u * 12, spot.v * 12)
    near = float(np.clip(0.16 / spot.pixel, 0.3, 1.0))
    light = 1 + near * (0.07 * fleck + 0.025 * broad)
    return np.asarray(_flat(fabric.colours[0], spot) * light[..., None], np.float32)


def _printed(fabric: Fabric, spot: Spot) -> Colours:
    """Flowers or leaves: a drawn tile repeated every 4.5 sizes."""
    key = tuple(tuple(round(float(each), 3) for each in colour) for colour in fabric.colours)
    tile = motif_tile(fabric.pattern is Pattern.LEAF, key, fabric.seed % 6)
    side = fabric.size * 4.5
    step = max(1, min(8, round(spot.pixel / side * MOTIF_SIDE)))
    reduced = tile[step.bit_length() - 1]
    count = reduced.shape[0]
    columns = np.floor(spot.u / side * count).astype(np.int32) % count
    rows = np.floor(spot.v / side * count).astype(np.int32) % count
    return np.asarray(reduced[rows, columns], np.float32)


def _with_weave(fabric: Fabric, spot: Spot, cloth: Colours) -> Colours:
    """A faint grain; it fades when a thread is much smaller than a pixel."""
    if fabric.weave is Weave.SMOOTH:
        return cloth
    near = float(np.clip(0.22 / spot.pixel, 0.35, 1.0))
    depth = near * (0.75 if luminance(fabric.colours[0]) > 0.25 else 1.2)
    return np.asarray(cloth * (1 + depth * _GRAIN[fabric.weave](spot))[..., None], np.float32)


def _jersey(spot: Spot) -> Field:
    return 0.018 * noise_at(noise(0.6, 7), spot.u * 9, spot.v * 9)


def _twill(spot: Spot) -> Field:
    grain = noise_at(noise(0.8, 8), (spot.u - spot.v) * 5, (spot.u + spot.v) * 14)
    return 0.03 * grain


def _knit(spot: Spot) -> Field:
    period = max(0.62, 3.0 * spot.pixel)
    column = np.abs((spot.u / period) % 1.0 - 0.5)
    stitch = np.cos(2 * np.pi * (spot.v / (period * 0.8) + column * 1.4))
    return np.asarray(0.03 * stitch - 0.05 * (0.5 - column) + 0.012, np.float32)


def _linen(spot: Spot) -> Field:
    across = noise_at(noise(0.8, 9), spot.u * 3, spot.v * 16)
    return 0.024 * across + 0.024 * noise_at(noise(0.8, 10), spot.u * 16, spot.v * 3)


_GRAIN: Final[dict[Weave, Callable[[Spot], Field]]] = {
    Weave.JERSEY: _jersey,
    Weave.TWILL: _twill,
    Weave.KNIT: _knit,
    Weave.LINEN: _linen,
}
_PAINTS: Final[dict[Pattern, Paint]] = {
    Pattern.PLAIN: _plain,
    Pattern.STRIPE: _stripe,
    Pattern.PINSTRIPE: _pinstripe,
    Pattern.CHECK: _check,
    Pattern.GINGHAM: _gingham,
    Pattern.DOT: _dot,
    Pattern.FLORAL: _printed,
    Pattern.LEAF: _printed,
    Pattern.DENIM: _denim,
    Pattern.RIB: _rib,
    Pattern.CABLE: _cable,
    Pattern.BLOCK: _block,
    Pattern.MELANGE: _melange,
}
