"""Upper garments: a cut for the torso and sleeves and a body in; panels, seams, folds out."""

import numpy as np

from segmentation.synthetic import details
from segmentation.synthetic.body import SIDES, WAIST_Y, Body
from segmentation.synthetic.geometry import (
    Frame,
    Points,
    band,
    curve,
    joined,
    mirrored,
    on_side,
    points,
    shifted,
    symmetric,
)  # fmt: skip
from segmentation.synthetic.panels import Cloth, CutGarment, Fold, Layer, Panel, Seam
from segmentation.synthetic.sleeves import elbow_folds, sleeve_layers
from segmentation.synthetic.torso import (
    Collar,
    Front,
    Neck,
    TopCut,
    neck_bottom,
    neck_line,
    neck_point,
    shoulder_line,
    side_line,
    side_width,
    torso_half,
    underarm,
)  # fmt: skip


def cut_top(body: Body, cut: TopCut) -> CutGarment:
    """A garment that ends at the hem."""
    layers: list[Layer] = [*back_layers(body, cut)]
    layers += _torso_panels(body, cut)
    layers += _hem_layers(body, cut)
    layers += details.pocket_layers(body, cut.pocket.value, cut.hem)
    layers += sleeve_layers(body, cut)
    layers += front_layers(body, cut, cut.hem)
    layers += collar_layers(body, cut)
    return CutGarment(tuple(layers), tuple(torso_folds(body, cut, cut.hem)))


def _hem_half(body: Body, cut: TopCut) -> Points:
    """From the side to the centre along the hem."""
    x = side_width(body, cut, cut.hem)
    dip = cut.hem_curve
    return curve(
        (x, cut.hem),
        (x * 0.86, cut.hem + dip * 0.45),
        (x * 0.5, cut.hem + dip),
        (0, cut.hem + dip * 1.15),
    )


def _torso_panels(body: Body, cut: TopCut) -> list[Layer]:
    half = joined(torso_half(body, cut, cut.hem), _hem_half(body, cut)[1:])
    if cut.front is not Front.OPEN:
        return [Panel(symmetric(half))]
    return [
        Panel(on_side(_open_front(body, cut), side), lift=0.8, frame=Frame((side * 8.0, 0)))
        for side in SIDES
    ]


def _open_front(body: Body, cut: TopCut) -> Points:
    """The right front of a garment worn open: its edge falls from the neck to the hem."""
    x, y = neck_point(body, cut)
    gap = body.neck * (0.5 if body.worn else 0.42)
    hem = _hem_half(body, cut)
    kept = hem[hem[:, 0] > gap * 1.25]
    edge = curve(
        (gap * 1.25, cut.hem + cut.hem_curve), (gap * 0.9, WAIST_Y), (gap * 0.95, 18), (x, y)
    )
    return joined(edge, shoulder_line(body, cut)[1:], side_line(body, cut, cut.hem)[1:], kept[1:])


def back_layers(body: Body, cut: TopCut) -> list[Layer]:
    """What is seen of the inside through the neck, when nobody is in it."""
    layers: list[Layer] = []
    if body.worn:
        return layers
    if cut.collar is Collar.HOOD:
        layers += details.hood_back(body)
    x, y = neck_point(body, cut)
    if cut.front is Front.OPEN:
        inside = joined(
            curve((0, y + 2.2), (x * 0.6, y + 1.6), (x, y)),
            shoulder_line(body, cut)[1:], side_line(body, cut, cut.hem - 1)[1:],
            points((0, cut.hem - 1)),
        )  # fmt: skip
        return [*layers, Panel(symmetric(inside), Cloth.INSIDE, tone=0.74)]
    depth = neck_bottom(body, cut) + 3
    rear = 2.4 if cut.neck is not Neck.STRAPS else (depth - y) * 0.6
    opening = joined(
        curve((0, y + rear), (x * 0.6, y + rear * 0.8), (x, y)),
        points((x + 1.5, y + 1.2), (x * 0.8, depth), (0, depth)),
    )
    layers.append(Panel(symmetric(opening), Cloth.INSIDE, tone=0.7, roundness=0.3))
    if cut.neck is not Neck.STRAPS:
        tape = curve((-x, y), (-x * 0.6, y + 1.9), (0, y + 2.4), (x * 0.6, y + 1.9), (x, y))
        layers.append(Panel(band(tape, -1.5), Cloth.INSIDE, tone=0.82, roundness=0.2))
    return layers


def _hem_layers(body: Body, cut: TopCut) -> list[Layer]:
    half = _hem_half(body, cut)
    line = joined(half, mirrored(half)[1:])
    if cut.front is Front.OPEN:
        return []
    if cut.ribbed:
        outline = band(line * np.array([1.012, 1.0]), -5.5)
        return [Panel(outline, Cloth.RIB, lift=0.35, roundness=0.7)]
    seam = np.stack([line[:, 0], line[:, 1] - 2.0], axis=1)
    return [Seam(seam, 0.2, 0.22)] if cut.stitched else []


def front_layers(body: Body, cut: TopCut, until: float) -> list[Layer]:
    """Placket, buttons or zip, from the neckline down to `until`."""
    top = neck_bottom(body, cut)
    bottom = until + cut.hem_curve
    if cut.front is Front.BUTTONS:
        return details.buttoned(top - 0.3, bottom - (0.3 if not cut.ribbed else 0), 9.0)
    if cut.front is Front.HALF_PLACKET:
        return details.half_placket(top - 0.3, 14.0)
    if cut.front is Front.ZIP:
        return details.zipped(top - 1.0, bottom + (0.0 if not cut.ribbed else 0.4))
    if cut.front is Front.OPEN:
        return [Seam(on_side(shifted(_open_front(body, cut)[:26], -1.6), side), 0.2, 0.2)
                for side in SIDES]  # fmt: skip
    return []


def collar_layers(body: Body, cut: TopCut) -> list[Layer]:
    """Band, collar, lapels, hood or turtle neck on the neckline."""
    half = neck_line(body, cut)
    line = joined(mirrored(half)[:-1], half)
    x, y = neck_point(body, cut)
    bottom = neck_bottom(body, cut)
    if cut.collar is Collar.BAND and cut.front is Front.OPEN:
        return []
    if cut.collar is Collar.BAND and cut.neck is Neck.STRAPS:
        return [Seam(shifted(line, -1.0)[2:-2], 0.18, 0.22)]
    if cut.collar is Collar.BAND:
        cloth = Cloth.RIB if cut.ribbed or cut.trimmed else Cloth.TRIM
        width = 1.9
        return [Panel(band(line, -width), cloth, lift=0.25, roundness=0.6, inside=True),
                Seam(shifted(line, -width), 0.18, 0.25)]  # fmt: skip
    if cut.collar in (Collar.SHIRT, Collar.POLO):
        return details.shirt_collar(body, (x, y), bottom, Cloth.TRIM)
    if cut.collar is Collar.LAPEL:
        return details.lapels(body, (x, y), bottom)
    if cut.collar is Collar.HOOD:
        return details.hood_front(x, y, bottom)
    if cut.collar is Collar.TURTLE:
        return details.turtle_neck(x, y, bottom, body.worn)
    return []


def torso_folds(body: Body, cut: TopCut, until: float) -> list[Fold]:
    """Where cloth pulls: from the underarms, at the waist, at the elbows."""
    folds: list[Fold] = []
    ux, uy = underarm(body, cut)
    for side in SIDES:
        pulls = (((ux - 2, uy - 3), (ux - 7, uy + 3), (ux - 13, uy + 6)),
                 ((ux - 1, uy + 1), (ux - 5, uy + 9), (ux - 9, uy + 19)))  # fmt: skip
        folds += [Fold(on_side(curve(*pull), side), 2.6, -0.55) for pull in pulls]
        if cut.sleeve > 0.5:
            folds += elbow_folds(body, cut, side)
    if cut.fit > 0.45 and until > WAIST_Y + 8:
        for side in SIDES:
            x = side_width(body, cut, WAIST_Y)
            for k, height in enumerate((WAIST_Y - 3, WAIST_Y + 2)):
                line = curve((x - 0.5, height), (x * 0.6, height + 2.5 + k), (x * 0.3, height + 1))
                folds.append(Fold(on_side(line, side), 2.4, -0.5))
    return folds
