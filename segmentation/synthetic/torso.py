"""The cut of an upper half, and the lines on the body that it is built on."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from segmentation.synthetic.body import BUST_Y, SHOULDER_Y, WAIST_Y, Body
from segmentation.synthetic.geometry import Points, curve, joined, points


class Neck(Enum):
    """The shape of the front neckline."""

    CREW = "crew"
    V = "v"
    SCOOP = "scoop"
    BOAT = "boat"
    SQUARE = "square"
    STRAPS = "straps"


class Front(Enum):
    """How the front is closed."""

    CLOSED = "closed"
    HALF_PLACKET = "half placket"
    BUTTONS = "buttons"
    ZIP = "zip"
    OPEN = "open"


class Collar(Enum):
    """What sits on the neckline."""

    NONE = "none"
    BAND = "band"
    SHIRT = "shirt"
    POLO = "polo"
    HOOD = "hood"
    LAPEL = "lapel"
    TURTLE = "turtle"


class Pocket(Enum):
    """Pockets of the front."""

    NONE = "none"
    CHEST = "chest"
    FLAPS = "flaps"
    KANGAROO = "kangaroo"
    PATCH = "patch"
    WELT = "welt"


@dataclass(frozen=True)
class TopCut:
    """Lengths in cm; `sleeve` is a share of the arm, 0 for none; `fit` 1 follows the waist."""

    neck: Neck = Neck.CREW
    neck_depth: float = 8.0
    neck_width: float = 1.0
    sleeve: float = 0.36
    sleeve_ease: float = 1.0
    cuff_ease: float = 1.0
    drop: float = 0.0
    hem: float = 64.0
    hem_curve: float = 0.8
    fit: float = 0.3
    ease: float = 1.0
    front: Front = Front.CLOSED
    collar: Collar = Collar.BAND
    pocket: Pocket = Pocket.NONE
    ribbed: bool = False
    cuffed: bool = False
    trimmed: bool = False
    stitched: bool = True


def neck_line(body: Body, cut: TopCut) -> Points:
    """Right half of the front neckline, from its lowest point to the shoulder."""
    side = neck_point(body, cut)
    depth = neck_bottom(body, cut)
    x, y = side
    if cut.neck is Neck.V:
        return curve((0, depth), (x * 0.52, depth * 0.5 + y * 0.5 + 0.4), (x, y))
    if cut.neck in (Neck.SQUARE, Neck.STRAPS):
        return joined(curve((0, depth + 0.6), (x * 0.5, depth + 0.3), (x * 0.93, depth - 1)),
                      curve((x * 0.97, depth - 3), (x, y * 0.4), (x, y)))  # fmt: skip
    return curve(
        (0, depth), (x * 0.48, depth * 0.86 + y * 0.14), (x * 0.86, depth * 0.46 + y * 0.54), (x, y)
    )


def neck_point(body: Body, cut: TopCut) -> tuple[float, float]:
    """Where the neckline meets the right shoulder."""
    x = body.neck * cut.neck_width
    if cut.neck is Neck.BOAT:
        x *= 1.5
    if cut.neck is Neck.STRAPS:
        x = body.shoulder * 0.6
    x = min(x, body.shoulder * 0.72)
    return x, _shoulder_y(body, x)


def _shoulder_y(body: Body, x: float) -> float:
    return float(np.interp(x, [body.neck, body.shoulder], [-2.2, SHOULDER_Y]))


def neck_bottom(body: Body, cut: TopCut) -> float:
    """Height of the lowest point of the front neckline."""
    return (-2.2 if not body.worn else -0.5) + cut.neck_depth * (0.78 if body.worn else 1.0)


def shoulder_line(body: Body, cut: TopCut) -> Points:
    """From the neck over the shoulder tip down the armhole to the underarm, right side."""
    x, y = neck_point(body, cut)
    under = underarm(body, cut)
    if cut.neck is Neck.STRAPS:
        strap = x + 2.6
        edge = strap, _shoulder_y(body, strap)
        return joined(points((x, y), edge), curve(edge, (strap + 0.6, 9), under))
    tip = body.shoulder + cut.drop, SHOULDER_Y + cut.drop * 0.45
    if cut.sleeve == 0:
        tip = body.shoulder * 0.88, SHOULDER_Y * 0.8
    return joined(
        points((x, y), tip),
        curve(tip, (tip[0] - 1.6, 12.5), (max(tip[0] - 0.9, under[0] - 3.6), 17.5), under),
    )


def underarm(body: Body, cut: TopCut) -> tuple[float, float]:
    """The right underarm point."""
    return body.bust + cut.ease, BUST_Y + cut.drop * 0.5 + cut.ease * 0.35


def side_width(body: Body, cut: TopCut, y: float) -> float:
    """Half-width of the garment at a height below the underarm."""
    straight = max(body.bust, body.half_width(min(y, 60)) * 0.98)
    width = straight + (body.half_width(y) - straight) * cut.fit + cut.ease
    return max(width, body.half_width(y) + 1.5) if y > WAIST_Y else width


def side_line(body: Body, cut: TopCut, until: float) -> Points:
    """From the underarm down the right side."""
    heights = np.linspace(BUST_Y + 4, until, 4)
    return curve(
        underarm(body, cut), *((side_width(body, cut, float(y)), float(y)) for y in heights)
    )


def torso_half(body: Body, cut: TopCut, until: float) -> Points:
    """Right half: the neck's lowest point, shoulder, underarm, side."""
    return joined(
        neck_line(body, cut), shoulder_line(body, cut)[1:], side_line(body, cut, until)[1:]
    )
