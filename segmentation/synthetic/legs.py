"""Trousers of all lengths, and the legs of a jumpsuit: a cut and a body in, panels out."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from segmentation.synthetic import details
from segmentation.synthetic.body import ANKLE_Y, CROTCH_Y, HIP_Y, SIDES, WAIST_Y, Body
from segmentation.synthetic.geometry import (
    Frame,
    Points,
    curve,
    joined,
    on_side,
    points,
)  # fmt: skip
from segmentation.synthetic.panels import Button, Cloth, CutGarment, Fold, Layer, Panel, Seam


class LegPocket(Enum):
    """Pockets of trousers."""

    NONE = "none"
    JEANS = "jeans"
    SLANT = "slant"
    CARGO = "cargo"


class LegHem(Enum):
    """How a leg ends."""

    HEM = "hem"
    CUFF = "cuff"
    RIB = "rib"
    RAW = "raw"


@dataclass(frozen=True)
class LegCut:
    """Trousers: `length` 1 reaches the ankle, 0 the crotch; widths are ease in cm.

    `stretch` is how narrow they are, as a share, when nobody is in them.
    """

    waist: float = WAIST_Y + 1
    length: float = 1.0
    thigh: float = 1.0
    knee: float = 1.0
    hem: float = 1.0
    pocket: LegPocket = LegPocket.NONE
    ending: LegHem = LegHem.HEM
    elastic: bool = False
    fly: bool = True
    drawstring: bool = False
    crease: bool = False
    belted: bool = False
    stretch: float = 1.0


def cut_legs(body: Body, cut: LegCut) -> CutGarment:
    """Jeans, trousers, leggings, shorts."""
    body = body.narrowed(cut.stretch)
    layers = leg_panels(body, cut, waist_half(body, cut.waist))
    layers += leg_details(body, cut)
    line = details.centred(waist_half(body, cut.waist))
    layers += details.waistband(line, 4.2, cut.elastic)
    layers += _waist_details(body, cut)
    return CutGarment(tuple(layers), tuple(leg_folds(body, cut)))


def waist_half(body: Body, y: float) -> Points:
    """Right half of the upper edge, from the centre; it sags a little in front."""
    x = body.half_width(y) * (1.0 if body.worn else 0.92) + 0.4
    return curve((0, y + 1.1), (x * 0.6, y + 0.7), (x, y))


def leg_half(body: Body, cut: LegCut, side: int) -> Points:
    """One side of the trousers on the right: outer seam, hem, inner seam up to the crotch."""
    centre, half = _leg_middle(body, cut, side)
    outer, inner = _sides(centre, half)
    if not body.worn:  # laid out so that the legs stay apart
        inner[:, 0] = np.maximum(inner[:, 0], 0.5 + 0.075 * (inner[:, 1] - CROTCH_Y).clip(0, 30))
    start = curve(
        (body.half_width(HIP_Y - 8) + 0.5, HIP_Y - 8), (body.hip + cut.thigh * 0.6, HIP_Y + 2)
    )
    crotch = CROTCH_Y + 1.5
    lift = 0.6
    return joined(
        curve(*_pairs(start), *_pairs(outer[4::4]), _pair(outer[-1])),
        curve(_pair(outer[-1]), _pair(centre[-1] + (0.0, lift)), _pair(inner[-1])),
        curve(_pair(inner[-1]), *_pairs(inner[-5:5:-4]), (0.7, crotch + 2.5), (0.0, crotch)),
    )  # fmt: skip


def _leg_middle(body: Body, cut: LegCut, side: int) -> tuple[Points, np.ndarray]:
    """Centre line of a leg on the right, as long as the cut, and its half-widths."""
    line = on_side(body.leg_line(side), side)
    heights = np.linspace(CROTCH_Y, CROTCH_Y + (ANKLE_Y - CROTCH_Y) * cut.length, 26)
    centre = np.stack([np.interp(heights, line[:, 1], line[:, 0]), heights], axis=1)
    share = (heights - CROTCH_Y) / (ANKLE_Y - CROTCH_Y)
    thigh = body.hip * 0.5 + cut.thigh
    widths = np.interp(
        share, [0, 0.22, 0.5, 0.72, 1],
        [thigh, thigh * 0.55 + (body.knee + cut.knee) * 0.45, body.knee + cut.knee,
         (body.knee + cut.knee) * 0.4 + (body.ankle + cut.hem) * 0.6, body.ankle + cut.hem],
    )  # fmt: skip
    if body.worn:  # no skin beside the cloth
        bare, _ = body.leg_half_widths(heights)
        widths = np.maximum(widths, bare + 0.5)
    return centre, widths


def _sides(centre: Points, half: np.ndarray) -> tuple[Points, Points]:
    across = np.stack([half, np.zeros_like(half)], axis=1)
    return centre + across, centre - across * 0.94


def leg_panels(body: Body, cut: LegCut, top: Points) -> list[Layer]:
    """The two legs; `top` is the right half of their upper edge, from the centre outwards."""
    layers: list[Layer] = []
    for side in SIDES:
        half = joined(top, leg_half(body, cut, side))
        overlap = joined(half, points((-0.6, CROTCH_Y), (-0.6, float(top[0, 1]))))
        centre, _ = _leg_middle(body, cut, side)
        run = centre[-1] - centre[0]
        angle = -side * float(np.arctan2(run[0], run[1])) * (1 if cut.length > 0.3 else 0)
        frame = Frame((side * float(centre[0, 0]), 0.0), angle)
        layers.append(Panel(on_side(overlap, side), frame=frame))
    return layers


def leg_details(body: Body, cut: LegCut) -> list[Layer]:
    """Fly or seam, pockets, hems, creases."""
    layers: list[Layer] = []
    denim = cut.pocket is LegPocket.JEANS
    if cut.fly:
        top = cut.waist + 3
        layers.append(Seam(points((0, top), (0, CROTCH_Y + 1.5)), 0.28, 0.4))
        curve_line = curve((3.4, top), (3.3, top + 13), (2.2, top + 17.5), (0, top + 19.5))
        layers.append(Seam(curve_line, 0.2, 0.22, stitched=denim))
    else:
        layers.append(Seam(points((0, cut.waist + 3), (0, CROTCH_Y + 1.5)), 0.22, 0.25))
    for side in SIDES:
        layers += _leg_pockets(body, cut, side)
        layers += _leg_end(body, cut, side)
        centre, half = _leg_middle(body, cut, side)
        if cut.crease:
            layers.append(Seam(on_side(centre, side), 0.3, 0.13))
        if denim:
            outer, _ = _sides(centre, half)
            layers.append(Seam(on_side(outer[2:] - (0.9, 0), side), 0.18, 0.2, stitched=True))
    return layers


def _leg_pockets(body: Body, cut: LegCut, side: int) -> list[Layer]:
    x, y = body.half_width(cut.waist + 4), cut.waist + 4
    if cut.pocket is LegPocket.JEANS:
        line = curve((x * 0.42, y), (x * 0.5, y + 6.0), (x * 0.99, y + 8.2))
        second = curve((x * 0.47, y), (x * 0.55, y + 5.2), (x * 0.99, y + 7.3))
        return [Seam(on_side(line, side), 0.26, 0.4),
                Seam(on_side(second, side), 0.18, 0.25, stitched=True),
                Button((side * x * 0.95, y + 8.0), 0.32, metal=True)]  # fmt: skip
    if cut.pocket in (LegPocket.SLANT, LegPocket.CARGO):
        line = curve((x * 0.66, y), (x * 0.85, y + 8), (body.half_width(y + 15) * 0.99, y + 15))
        layers: list[Layer] = [Seam(on_side(line, side), 0.3, 0.42)]
        if cut.pocket is LegPocket.CARGO and cut.length > 0.35:
            centre, half = _leg_middle(body, cut, side)
            at = min(8, len(centre) - 8)
            place = side * float(centre[at, 0] + half[at] * 0.45)
            layers += details.patch_pocket(
                place, float(centre[at, 1]), float(half[at]) * 0.95, 15.0, Frame()
            )
        return layers
    return []


def _leg_end(body: Body, cut: LegCut, side: int) -> list[Layer]:
    centre, half = _leg_middle(body, cut, side)
    end = float(centre[-1, 1])
    width = float(half[-1])
    x = float(centre[-1, 0])
    if cut.ending in (LegHem.CUFF, LegHem.RIB):
        depth = 4.2
        grow = 0.5 if cut.ending is LegHem.CUFF else -0.7
        outline = joined(
            points((x - width - grow * 0.6, end - depth), (x + width + grow * 0.6, end - depth)),
            curve((x + width + grow, end + 0.2), (x, end + 1.0), (x - width - grow, end + 0.2)),
        )
        cloth = Cloth.RIB if cut.ending is LegHem.RIB else Cloth.TRIM
        return [Panel(on_side(outline, side), cloth, lift=0.5, roundness=0.8)]
    if cut.ending is LegHem.RAW:
        return []
    line = curve((x - width, end - 2.0), (x, end - 1.5), (x + width, end - 2.0))
    return [Seam(on_side(line, side), 0.2, 0.25, stitched=cut.pocket is LegPocket.JEANS)]


def _waist_details(body: Body, cut: LegCut) -> list[Layer]:
    y = cut.waist + 1.1
    layers: list[Layer] = []
    if cut.elastic:
        return details.drawstring(y + 2.2) if cut.drawstring else []
    if cut.belted:
        for share in (-0.72, -0.3, 0.3, 0.72):
            x = body.half_width(cut.waist) * 0.94 * share
            loop = points((x - 0.6, y - 0.6), (x + 0.6, y - 0.6), (x + 0.6, y + 4.2),
                          (x - 0.6, y + 4.2))  # fmt: skip
            layers.append(Panel(loop, Cloth.TRIM, lift=0.35, roundness=0.2))
    layers.append(Button((0.6, y + 2.0), 0.85, metal=cut.pocket is LegPocket.JEANS))
    return layers


def leg_folds(body: Body, cut: LegCut) -> list[Fold]:
    """Whiskers from the crotch, breaks at the knee and above the shoe."""
    folds: list[Fold] = []
    for side in SIDES:
        for k in range(3):
            y = CROTCH_Y - 6 + k * 3.4
            line = curve((1.2, y + 3), (body.hip * 0.45, y + 0.5 - k), (body.hip * 0.9, y - 3 - k))
            folds.append(Fold(on_side(line, side), 2.0, -0.45))
        centre, half = _leg_middle(body, cut, side)
        if cut.length > 0.6:
            folds += _breaks(centre, half, int(len(centre) * 0.5 / cut.length), side, 3)
        if cut.length > 0.85 and cut.hem > 0:
            folds += _breaks(centre, half, len(centre) - 5, side, 3)
    return folds


def _breaks(centre: Points, half: np.ndarray, at: int, side: int, count: int) -> list[Fold]:
    folds = []
    for k in range(count):
        x, y = centre[min(at + k, len(centre) - 1)]
        w = float(half[min(at, len(half) - 1)])
        lean = (2.4, -2.0, 1.2)[k % 3]
        line = curve(
            (x - w * 0.9, y + lean), (x - w * 0.1, y + lean * 0.1), (x + w * 0.7, y - lean)
        )
        folds.append(Fold(on_side(line, side), 2.1, -0.5))
    return folds


def _pair(point: Points) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _pairs(line: Points) -> list[tuple[float, float]]:
    return [_pair(point) for point in line]
