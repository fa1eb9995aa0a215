"""Skirts, and the lower half of a dress: a cut and a body in, panels out."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from segmentation.synthetic import details
from segmentation.synthetic.body import HIP_Y, SIDES, WAIST_Y, Body
from segmentation.synthetic.geometry import Frame, Points, curve, joined, mirrored, on_side
from segmentation.synthetic.legs import waist_half
from segmentation.synthetic.panels import Button, CutGarment, Fold, Layer, Panel, Seam


class SkirtShape(Enum):
    """How a skirt falls."""

    PENCIL = "pencil"
    A_LINE = "a-line"
    PLEATED = "pleated"
    TIERED = "tiered"


@dataclass(frozen=True)
class SkirtCut:
    """Skirts: `flare` is the hem's half-width beyond the hips; `hem` its height."""

    shape: SkirtShape = SkirtShape.A_LINE
    waist: float = WAIST_Y
    hem: float = 95.0
    flare: float = 6.0
    slit: bool = False
    buttoned: bool = False
    pockets: bool = False


def cut_skirt(body: Body, cut: SkirtCut) -> CutGarment:
    """A skirt with its waistband."""
    top = waist_half(body, cut.waist)
    right = joined(top, skirt_half(body, cut)[1:])
    layers: list[Layer] = [Panel(joined(right, mirrored(right)))]
    layers += skirt_layers(body, cut)
    layers += details.waistband(details.centred(top), 3.6, cut.shape is SkirtShape.TIERED)
    if cut.shape is SkirtShape.PENCIL:
        layers.append(Button((0.6, cut.waist + 2.8), 0.6))
    return CutGarment(tuple(layers), tuple(skirt_folds(body, cut)))


def skirt_half(body: Body, cut: SkirtCut) -> Points:
    """From the right end of the waist down the side and along the hem to the centre."""
    x = body.half_width(cut.waist) * (1.0 if body.worn else 0.92) + 0.4
    end = body.hip + cut.flare
    if cut.shape is SkirtShape.PENCIL:
        side = curve(
            (x, cut.waist), (body.hip + 0.8, HIP_Y), (body.hip + 0.9, HIP_Y + 10), (end, cut.hem)
        )
    else:
        reach = (HIP_Y - cut.waist) / max(cut.hem - cut.waist, 1)
        hip = max(body.hip + 0.8, x + (end - x) * reach * 1.05)
        side = curve((x, cut.waist), (hip, HIP_Y), (end, cut.hem))
    return joined(side, hem_line(end, cut)[1:])


def hem_line(end: float, cut: SkirtCut) -> Points:
    """The hem from the right to the centre; full skirts end in soft waves."""
    share = np.linspace(0, 1, 50)
    dip = min(5.0, 1.2 + max(cut.flare, 0) * 0.16)
    waves = {SkirtShape.PENCIL: 0.0, SkirtShape.A_LINE: 0.4, SkirtShape.TIERED: 0.5}.get(
        cut.shape, 0.3
    )
    count = 9.0 if cut.shape is SkirtShape.PLEATED else 2.25
    y = cut.hem + dip * np.sin(share * np.pi / 2) + waves * np.sin(share * np.pi * 2 * count)
    return np.stack([end * (1 - share), y], axis=1)


def skirt_layers(body: Body, cut: SkirtCut) -> list[Layer]:
    """Pleats, tiers, buttons, pockets and the hem's seam."""
    layers: list[Layer] = []
    end = body.hip + cut.flare
    hem = hem_line(end, cut)
    full = joined(hem, mirrored(hem)[1:])
    if cut.shape is SkirtShape.PLEATED:
        for share in np.linspace(-0.86, 0.86, 13):
            layers.append(Seam(_pleat(body, cut, float(share)), 0.3, 0.3))
    elif cut.shape is SkirtShape.TIERED:
        for share in (0.36, 0.68):
            layers.append(Seam(_tier(body, cut, share), 0.4, 0.4))
    else:
        layers.append(Seam(full - (0, 2.4), 0.2, 0.2))
    if cut.buttoned:
        layers += details.buttoned(cut.waist + 3.5, cut.hem + 1.5, 8.0)
    if cut.slit:
        layers.append(
            Seam(curve((6, cut.hem - 20), (6.4, cut.hem - 8), (7, cut.hem + 1.6)), 0.5, 0.42)
        )
    if cut.pockets:
        for side in SIDES:
            layers += details.patch_pocket(side * 9.5, cut.waist + 13, 11.5, 12.5, Frame())
    return layers


def _widths_at(body: Body, cut: SkirtCut, heights: Points) -> Points:
    """Half-widths of a skirt at heights (n,)."""
    side = skirt_half(body, cut)
    falling = side[: int(np.argmax(np.isclose(side[:, 1], cut.hem))) + 1]
    return np.interp(heights, falling[:, 1], falling[:, 0])


def _pleat(body: Body, cut: SkirtCut, share: float) -> Points:
    heights = np.linspace(cut.waist + 3, cut.hem, 8)
    sag = 1.0 + 2.0 * (1 - abs(share)) * (heights > HIP_Y)
    return np.stack([_widths_at(body, cut, heights) * share, heights + sag], axis=1)


def _tier(body: Body, cut: SkirtCut, share: float) -> Points:
    y = cut.waist + (cut.hem - cut.waist) * share
    x = float(_widths_at(body, cut, np.array([y]))[0])
    return curve((-x, y - 0.5), (-x * 0.5, y + 1.4), (0, y + 1.9), (x * 0.5, y + 1.4), (x, y - 0.5))


def skirt_folds(body: Body, cut: SkirtCut) -> list[Fold]:
    """Godets that open towards the hem."""
    folds: list[Fold] = []
    if cut.shape is SkirtShape.PENCIL:
        for side in SIDES:
            line = curve((body.hip, HIP_Y + 2), (body.hip * 0.5, HIP_Y + 5), (2, HIP_Y + 4))
            folds.append(Fold(on_side(line, side), 2.2, -0.4))
        return folds
    count = {SkirtShape.PLEATED: 13, SkirtShape.TIERED: 11}.get(cut.shape, 7)
    for k, share in enumerate(np.linspace(-0.84, 0.84, count)):
        top = cut.waist + 6 + (k * 7 % 5) * 2.5
        heights = np.linspace(top, cut.hem + 9, 7)
        line = np.stack([_widths_at(body, cut, heights) * share, heights], axis=1)
        folds.append(Fold(line, 2.6 + max(cut.flare, 0) * 0.1, -0.8 if k % 2 else 0.5))
    return folds
