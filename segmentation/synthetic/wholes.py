"""Whole garments: a top's upper half sewn to a skirt or to legs at the waist."""

from segmentation.synthetic import details, legs, skirts, tops
from segmentation.synthetic.body import WAIST_Y, Body
from segmentation.synthetic.geometry import Points, curve, joined, mirrored, points
from segmentation.synthetic.legs import LegCut
from segmentation.synthetic.panels import CutGarment, Layer, Panel, Seam
from segmentation.synthetic.skirts import SkirtCut
from segmentation.synthetic.sleeves import sleeve_layers
from segmentation.synthetic.torso import Front, TopCut, side_width, torso_half


def cut_dress(body: Body, top: TopCut, skirt: SkirtCut, belted: bool) -> CutGarment:
    """A dress: one panel from the neck to the hem."""
    right = joined(torso_half(body, top, skirt.waist - 3), _dress_side(body, top, skirt)[1:])
    layers: list[Layer] = [*tops.back_layers(body, top)]
    layers.append(Panel(joined(right, mirrored(right))))
    layers += skirts.skirt_layers(body, skirt)
    layers += _upper_layers(body, top, skirt.waist if not skirt.buttoned else skirt.waist + 4)
    x = side_width(body, top, skirt.waist)
    layers += _waist(x, skirt.waist, belted, top.fit > 0.4)
    folds = [*tops.torso_folds(body, top, skirt.waist), *skirts.skirt_folds(body, skirt)]
    return CutGarment(tuple(layers), tuple(folds))


def _dress_side(body: Body, top: TopCut, skirt: SkirtCut) -> Points:
    """A skirt's side and hem, its waist as wide as the bodice; the difference fades downwards."""
    side = skirts.skirt_half(body, skirt)
    wider = side_width(body, top, skirt.waist) - side[0, 0]
    share = ((side[:, 1] - skirt.waist) / (skirt.hem - skirt.waist)).clip(0, 1)
    from_centre = side[:, 0] / side[:, 0].max()
    side[:, 0] += (1 - share) ** 2 * wider * from_centre.clip(0, 1)
    return side


def cut_jumpsuit(body: Body, top: TopCut, cut: LegCut, belted: bool) -> CutGarment:
    """A jumpsuit or, with short legs, a romper."""
    x = side_width(body, top, WAIST_Y)
    edge = curve((0, WAIST_Y - 2.0), (x * 0.6, WAIST_Y - 2.2), (x, WAIST_Y - 2.5))
    right = joined(torso_half(body, top, WAIST_Y), points((0, WAIST_Y + 1.5)))
    layers: list[Layer] = [*tops.back_layers(body, top)]
    layers += legs.leg_panels(body, cut, edge)
    layers.append(Panel(joined(right, mirrored(right))))
    layers += legs.leg_details(body, cut)
    layers += _upper_layers(body, top, WAIST_Y + 14 if top.front is Front.ZIP else WAIST_Y)
    layers += _waist(x, WAIST_Y, belted, True)
    folds = [*tops.torso_folds(body, top, WAIST_Y), *legs.leg_folds(body, cut)]
    return CutGarment(tuple(layers), tuple(folds))


def _upper_layers(body: Body, top: TopCut, until: float) -> list[Layer]:
    layers: list[Layer] = [*sleeve_layers(body, top)]
    layers += tops.front_layers(body, top, until)
    layers += tops.collar_layers(body, top)
    return layers


def _waist(x: float, y: float, belted: bool, seamed: bool) -> list[Layer]:
    if belted:
        line = curve((-x - 0.3, y - 1.6), (0, y - 0.6), (x + 0.3, y - 1.6))
        return [*details.waistband(line, 3.4, elastic=False), *details.bow(-3.0, y + 1.0)]
    if seamed:
        return [Seam(curve((-x, y), (-x * 0.5, y + 0.8), (0, y + 1.0), (x * 0.5, y + 0.8), (x, y)),
                     0.28, 0.35)]  # fmt: skip
    return []
