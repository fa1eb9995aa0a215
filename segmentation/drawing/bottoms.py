"""Panels, seams and folds of legs and skirts, alone or sewn to a top."""

import numpy as np

from segmentation.drawing.body import ANKLE_Y, CROTCH_Y, HIP_Y, SIDES, WAIST_Y, Body
from segmentation.drawing.cuts import Cut, LegCut, SkirtCut
from segmentation.drawing.fabrics import Cloth, Notion
from segmentation.drawing.raster import Points, curve, on_side, points, symmetric
from segmentation.drawing.sewing import Fold, Layer, Panel, Seam, button
from segmentation.drawing.tops import Top, buttoned, creases


def cut_garment(cut: Cut, body: Body) -> list[Layer]:
    """The layers of a garment cut for a body."""
    top = Top(body, cut.top) if cut.top else None
    if top and not (cut.legs or cut.skirt):
        return top.layers()
    layers: list[Layer] = []
    if cut.legs:
        layers = _jumpsuit(body, top, cut.legs) if top else _trousers(body, cut.legs)
    if cut.skirt:
        layers = _dress(body, top, cut.skirt) if top else _skirt(body, cut.skirt)
    return [*layers, *_sewn_waist(top, cut.belted)] if top else layers


def _dress(body: Body, top: Top, skirt: SkirtCut) -> list[Layer]:
    """One panel from the neck to the hem; the skirt's waist is as wide as the bodice."""
    side = _skirt_half(body, skirt)
    share = ((side[:, 1] - WAIST_Y) / (skirt.hem - WAIST_Y)).clip(0, 1)
    wider = (top.side_width(WAIST_Y) - side[0, 0]) * (1 - share) ** 2
    side[:, 0] += wider * (side[:, 0] / side[:, 0].max()).clip(0, 1)
    outline = symmetric(np.vstack([top.half(WAIST_Y - 3), side[1:]]))
    until = WAIST_Y + 4 if skirt.buttoned else WAIST_Y
    return [*top.back(), Panel(outline), *_skirt_details(body, skirt), *top.front(until)]


def _jumpsuit(body: Body, top: Top, legs: LegCut) -> list[Layer]:
    """A jumpsuit or, with short legs, a romper."""
    x = top.side_width(WAIST_Y)
    edge = curve((0, WAIST_Y - 2.0), (x * 0.6, WAIST_Y - 2.2), (x, WAIST_Y - 2.5))
    bodice = Panel(symmetric(np.vstack([top.half(WAIST_Y), (0, WAIST_Y + 1.5)])))
    return [*top.back(), *_leg_panels(body, legs, edge), bodice, *_leg_details(body, legs),
            *top.front(WAIST_Y)]  # fmt: skip


def _sewn_waist(top: Top, belted: bool) -> list[Layer]:
    """The seam between top and bottom, or a knotted belt over it."""
    x, y = top.side_width(WAIST_Y), WAIST_Y
    if not belted:
        line = symmetric(curve((x, y), (x * 0.5, y + 0.8), (0, y + 1.0)))
        return [Seam(line, 0.28, 0.35)] if top.cut.fit > 0.4 else []
    belt = symmetric(curve((x + 0.3, y - 1.6), (x * 0.5, y - 0.9), (0, y - 0.6)))
    end = points((-5, y - 1), (-2, y - 1), (-1, y + 16), (-4.5, y + 15))
    return [*_waistband(belt, 3.4), Panel(end, "trim", lift=0.6)]


def _waist_half(body: Body, y: float) -> Points:
    """Right half of the upper edge, from the centre; it sags a little in front."""
    x = body.half_width(y) * (1.0 if body.worn else 0.92) + 0.4
    return curve((0, y + 1.1), (x * 0.6, y + 0.7), (x, y))


def _waistband(line: Points, height: float, elastic: bool = False) -> list[Layer]:
    """A band that hangs from its upper edge."""
    lower = line + points((0, height))
    outline = np.vstack([line, lower[::-1]])
    return [Panel(outline, "rib" if elastic else "trim", lift=0.35, roundness=0.5), Seam(lower)]


def _trousers(body: Body, cut: LegCut) -> list[Layer]:
    top, y = _waist_half(body, cut.waist), cut.waist + 1.1
    layers = [*_leg_panels(body, cut, top), *_leg_details(body, cut),
              *_waistband(symmetric(top[::-1]), 4.2, cut.elastic)]  # fmt: skip
    if cut.elastic:
        cord = curve((0.5, y + 2), (2.2, y + 6), (1.6, y + 13))
        sides = SIDES if cut.cuffed else ()
        return [*layers, *(Seam(on_side(cord, side), 0.6, notion="cord") for side in sides)]
    return [*layers, button(0.6, y + 2.0, 0.85, "metal" if cut.jeans else "button")]


def _leg(body: Body, cut: LegCut, side: int) -> tuple[Points, Points]:
    """Centre line (26, 2) of a leg on the right, as long as the cut, and its half-widths."""
    heights = np.linspace(CROTCH_Y, CROTCH_Y + (ANKLE_Y - CROTCH_Y) * cut.length, 26)
    thigh, knee, hem = body.hip * 0.5 + cut.thigh, body.knee + cut.knee, body.ankle + cut.hem
    share = (heights - CROTCH_Y) / (ANKLE_Y - CROTCH_Y)
    widths = [thigh, thigh * 0.55 + knee * 0.45, knee, knee * 0.4 + hem * 0.6, hem]
    half = np.interp(share, [0, 0.22, 0.5, 0.72, 1], widths)
    if body.worn:  # no skin beside the cloth
        half = np.maximum(half, body.leg_half_width(heights) + 0.5)
    return body.leg_line(side, heights), half


def _leg_panels(body: Body, cut: LegCut, top: Points) -> list[Layer]:
    """Both legs; `top` is the right half of their upper edge, from the centre outwards."""
    layers: list[Layer] = []
    for side in SIDES:
        centre, half = _leg(body, cut, side)
        across = np.stack([half, np.zeros_like(half)], axis=1)
        outer, inner = centre + across, centre - across * 0.94
        if not body.worn:  # laid out so that the legs stay apart
            apart = 0.5 + 0.075 * (inner[:, 1] - CROTCH_Y).clip(0, 30)
            inner[:, 0] = np.maximum(inner[:, 0], apart)
        hip = (body.half_width(HIP_Y - 8) + 0.5, HIP_Y - 8), (body.hip + cut.thigh * 0.6, HIP_Y + 2)
        outline = np.vstack([
            top, curve(*hip, *outer[4::4], outer[-1]),
            curve(outer[-1], centre[-1] + (0, 0.6), inner[-1]),
            curve(inner[-1], *inner[-5:5:-4], (0.7, CROTCH_Y + 4), (0, CROTCH_Y + 1.5)),
            points((-0.6, CROTCH_Y), (-0.6, top[0, 1])),
        ])  # fmt: skip
        run = centre[-1] - centre[0]
        turn = -side * float(np.arctan2(run[0], run[1])) if cut.length > 0.3 else 0.0
        origin = side * float(centre[0, 0]), 0.0
        layers.append(Panel(on_side(outline, side), "main", origin, turn))
    return layers


def _leg_details(body: Body, cut: LegCut) -> list[Layer]:
    """Seam, pockets, hems, creases; jeans have seams of thread and rivets."""
    top, x = cut.waist + 4, body.half_width(cut.waist + 4)
    thread: Notion | None = "thread" if cut.jeans else None
    layers: list[Layer] = [Seam(points((0, top), (0, CROTCH_Y + 1.5)), 0.28, 0.35)]
    pocket = curve((x * 0.66, top), (x * 0.85, top + 8), (x * 1.04, top + 15))
    if cut.jeans:
        pocket = curve((x * 0.42, top), (x * 0.5, top + 6.0), (x * 0.99, top + 8.2))
    for side in SIDES:
        centre, half = _leg(body, cut, side)
        layers.append(Seam(on_side(pocket, side), 0.3, 0.42))
        if cut.jeans:
            outer = centre + np.stack([half - 0.9, np.zeros_like(half)], axis=1)
            layers += [Seam(on_side(line, side), 0.18, notion=thread)
                       for line in (pocket + points((0, 0.9)), outer[2:])]  # fmt: skip
            layers.append(button(side * x * 0.95, top + 8.0, 0.32, "metal"))
        layers.append(_leg_end(cut, centre[-1], float(half[-1]), side))
        for y in CROTCH_Y - np.array([6, 2.6, -0.8]):
            whisker = curve((1.2, y + 3), (body.hip * 0.45, y), (body.hip * 0.9, y - 4))
            layers.append(Fold(on_side(whisker, side)))
        if cut.length > 0.6:
            layers += creases(centre, half, int(13 / cut.length), side)
            layers += creases(centre, half, 22, side)
    return layers


def _leg_end(cut: LegCut, end: Points, half: float, side: int) -> Layer:
    """A ribbed cuff on elastic trousers, a turn-up on others, or a hem."""
    if not cut.cuffed:
        line = end + curve((-half, -2.0), (0, -1.5), (half, -2.0))
        return Seam(on_side(line, side), 0.2, 0.25, "thread" if cut.jeans else None)
    wide = half + (-0.7 if cut.elastic else 0.5)
    outline = end + points((-wide, -4.2), (wide, -4.2), (wide, 0.2), (0, 1.0), (-wide, 0.2))
    cloth: Cloth = "rib" if cut.elastic else "trim"
    return Panel(on_side(outline, side), cloth, lift=0.5, roundness=0.8)


def _skirt(body: Body, cut: SkirtCut) -> list[Layer]:
    top = _waist_half(body, WAIST_Y)
    outline = symmetric(np.vstack([top, _skirt_half(body, cut)[1:]]))
    band = _waistband(symmetric(top[::-1]), 3.6)
    return [Panel(outline), *_skirt_details(body, cut), *band]


def _skirt_side(body: Body, cut: SkirtCut) -> Points:
    """From the right end of the waist down to the hem."""
    x, end = _waist_half(body, WAIST_Y)[-1, 0], body.hip + cut.flare
    hip = x + (end - x) * (HIP_Y - WAIST_Y) / (cut.hem - WAIST_Y) * 1.05
    lower = [(body.hip + 0.9, HIP_Y + 10)] if cut.shape == "pencil" else []
    return curve((x, WAIST_Y), (max(body.hip + 0.8, hip), HIP_Y), *lower, (end, cut.hem))


def _skirt_half(body: Body, cut: SkirtCut) -> Points:
    """From the right end of the waist down the side and along the hem to the centre."""
    return np.vstack([_skirt_side(body, cut), _hem(body, cut)[1:]])


def _hem(body: Body, cut: SkirtCut) -> Points:
    """The hem from the right to the centre; full skirts end in soft waves."""
    share = np.linspace(0, 1, 50)
    waves, count = {"pencil": (0.0, 1.0), "pleated": (0.3, 9.0)}.get(cut.shape, (0.4, 2.25))
    dip = min(5.0, 1.2 + max(cut.flare, 0) * 0.16) * np.sin(share * np.pi / 2)
    y = cut.hem + dip + waves * np.sin(share * 2 * np.pi * count)
    return np.stack([(body.hip + cut.flare) * (1 - share), y], axis=1)


def _skirt_details(body: Body, cut: SkirtCut) -> list[Layer]:
    """Pleats, buttons, the hem's seam, and folds that open towards it."""
    layers: list[Layer] = []
    if cut.shape == "pleated":
        layers += [Seam(_down(body, cut, share, WAIST_Y + 3, cut.hem + 1), 0.3)
                   for share in np.linspace(-0.86, 0.86, 13)]  # fmt: skip
    else:
        layers.append(Seam(symmetric(_hem(body, cut)) - (0, 2.4), 0.2, 0.2))
    if cut.buttoned:
        layers += buttoned(WAIST_Y + 3.5, cut.hem + 1.5)
    for k, share in enumerate(np.linspace(-0.84, 0.84, 8 if cut.flare > 0 else 0)):
        line = _down(body, cut, share, WAIST_Y + 6 + (k * 7 % 5) * 2.5, cut.hem + 9)
        layers.append(Fold(line, 2.6 + cut.flare * 0.1, -0.8 if k % 2 else 0.5))
    return layers


def _down(body: Body, cut: SkirtCut, share: float, top: float, bottom: float) -> Points:
    """A line down a skirt, at a share of its half-width."""
    heights, side = np.linspace(top, bottom, 8), _skirt_side(body, cut)
    return np.stack([np.interp(heights, side[:, 1], side[:, 0]) * share, heights], axis=1)
