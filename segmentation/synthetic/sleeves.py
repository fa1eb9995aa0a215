"""Sleeves: a cut and a body in; sleeves with armhole seams and cuffs, or bound armholes, out."""

from typing import Final

import numpy as np

from segmentation.synthetic.body import SHOULDER_Y, SIDES, Body
from segmentation.synthetic.geometry import Frame, Points, band, curve, joined, on_side, points
from segmentation.synthetic.panels import Cloth, Fold, Layer, Panel, Seam
from segmentation.synthetic.torso import Neck, TopCut, shoulder_line, underarm

SLEEVE_REACH: Final = 55.0
"""Length of a whole sleeve in cm."""


def sleeve_layers(body: Body, cut: TopCut) -> list[Layer]:
    """Both sleeves with their armhole seams and cuffs."""
    if cut.sleeve == 0:
        return _armhole_bands(body, cut)
    layers: list[Layer] = []
    for side in SIDES:
        layers += _sleeve(body, cut, side)
    return layers


def _armhole_bands(body: Body, cut: TopCut) -> list[Layer]:
    if cut.neck is Neck.STRAPS and not cut.trimmed:
        return []
    line = shoulder_line(body, cut)[2:]
    cloth = Cloth.RIB if cut.trimmed else Cloth.MAIN
    return [
        Panel(on_side(band(line, -1.3), side), cloth, lift=0.2, roundness=0.5, inside=True)
        for side in SIDES
    ]


def sleeve_centre(body: Body, cut: TopCut, side: int) -> Points:
    """Centre line of a sleeve, on the right side whatever the side."""
    return on_side(body.arm_line(side, cut.sleeve), side)


def sleeve_half_widths(body: Body, cut: TopCut, count: int) -> list[float]:
    """Half-widths from the shoulder to the cuff."""
    top = body.arm + cut.sleeve_ease
    wrist = body.arm * 0.55 + cut.cuff_ease
    end = top + (wrist - top) * min(1.0, cut.sleeve * 1.02)
    return [float(each) for each in np.linspace(top, end, count)]


def _sleeve(body: Body, cut: TopCut, side: int) -> list[Layer]:
    centre = sleeve_centre(body, cut, side)
    half = np.array(sleeve_half_widths(body, cut, len(centre)))
    outer, inner = _offset(centre, half), _offset(centre, -half)
    reach = np.linspace(0, cut.sleeve * SLEEVE_REACH, len(centre))
    tip = body.shoulder + cut.drop, SHOULDER_Y + cut.drop * 0.45
    under = underarm(body, cut)
    first = 3.5 if body.worn else min(9.0, reach[-1] * 0.6)
    kept_outer = outer[reach > first][::4]
    kept_inner = inner[reach > 19.0][::-4]
    ends = points((outer[-1, 0], outer[-1, 1]), (inner[-1, 0], inner[-1, 1]))
    armhole = curve(
        under, (max(tip[0] - 0.9, under[0] - 3.6) - 0.4, 17.5), (tip[0] - 2.0, 12.5), tip
    )
    outline = joined(
        curve(tip, *_pairs(kept_outer), _pair(outer[-1])), ends,
        curve(_pair(inner[-1]), *_pairs(kept_inner), under), armhole,
    )  # fmt: skip
    along = centre[-1] - centre[0]
    angle = -float(np.arctan2(along[0], along[1])) * side
    frame = Frame((side * float(centre[0, 0]), float(centre[0, 1])), angle)
    layers: list[Layer] = [
        Panel(on_side(outline, side), frame=frame, lift=0.9 if body.worn else 0.5, attached=True),
        Seam(on_side(armhole, side), 0.2, 0.2),
    ]
    return layers + _cuff(cut, centre, half, frame, side)


def _cuff(cut: TopCut, centre: Points, half: np.ndarray, frame: Frame, side: int) -> list[Layer]:
    """The end of a sleeve: ribbed, buttoned or only hemmed."""
    along = (centre[-1] - centre[-3]) / np.hypot(*(centre[-1] - centre[-3]))
    across = np.array([along[1], -along[0]])
    depth = 5.0 if cut.ribbed or cut.cuffed else 1.8
    end, start = centre[-1] + along * 0.3, centre[-1] - along * depth
    width = half[-1] * (0.94 if cut.ribbed else 1.04)
    corners = np.array([start + across * width * 1.03, end + across * width,
                        end - across * width, start - across * width * 1.03])  # fmt: skip
    if not (cut.ribbed or cut.cuffed or cut.trimmed):
        return [Seam(on_side(corners[[0, 3]], side), 0.2, 0.22)] if cut.stitched else []
    cloth = Cloth.RIB if cut.ribbed or cut.trimmed else Cloth.MAIN
    return [Panel(on_side(corners, side), cloth, frame, lift=0.4, roundness=0.8),
            Seam(on_side(corners[[0, 3]], side), 0.25, 0.3)]  # fmt: skip


def _offset(centre: Points, distance: np.ndarray) -> Points:
    along = np.gradient(centre, axis=0)
    length = np.hypot(along[:, 0], along[:, 1])
    side = np.stack([along[:, 1], -along[:, 0]], axis=1) / length[:, None]
    return np.asarray(centre + side * distance[:, None])


def _pair(point: Points) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _pairs(line: Points) -> list[tuple[float, float]]:
    return [_pair(point) for point in line]


def elbow_folds(body: Body, cut: TopCut, side: int) -> list[Fold]:
    """Creases across the elbow of a long sleeve."""
    centre = sleeve_centre(body, cut, side)
    half = body.arm + cut.sleeve_ease
    middle = int(len(centre) * min(0.9, 0.5 / cut.sleeve))
    folds = []
    for step, lean in ((-3, 1.6), (0, -0.5), (2, -2.2)):
        at = centre[min(max(middle + step, 0), len(centre) - 1)]
        line = curve((at[0] - half * 0.8, at[1] + lean), (at[0], at[1] + lean * 0.2),
                     (at[0] + half * 0.55, at[1] - lean * 0.6))  # fmt: skip
        folds.append(Fold(on_side(line, side), 2.2, -0.5))
    return folds
