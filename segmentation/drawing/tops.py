"""Panels, seams and folds of what hangs from the shoulders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmentation.drawing.body import BUST_Y, FOREARM, SHOULDER_Y, SIDES, UPPER_ARM, WAIST_Y, Body
from segmentation.drawing.cuts import Collar, TopCut
from segmentation.drawing.fabrics import Cloth
from segmentation.drawing.raster import Points, band, curve, edges, on_side, points, symmetric
from segmentation.drawing.sewing import Fold, Layer, Panel, Seam, button

NECK_DEPTHS: Final = {
    "crew": (7.5, 10), "v": (14, 21), "scoop": (12, 16), "boat": (5.5, 7), "square": (13, 17),
    "straps": (15, 20), "collar": (9, 11), "lapel": (30, 36),
}  # fmt: skip
"""Least and greatest depth of a neckline in cm."""


class Top:
    """A top cut for a body: its lines on the right side, and the layers made from them.

    Attributes:
        neck: where the neckline meets the shoulder; bottom: height of its lowest point.
        tip: of the shoulder; under: the underarm.
    """

    def __init__(self, body: Body, cut: TopCut) -> None:
        self.body, self.cut = body, cut
        low, high = NECK_DEPTHS[cut.neck]
        depth = low + (high - low) * cut.depth
        self.bottom = depth * 0.78 - 0.5 if body.worn else depth - 2.2
        wide = {"boat": 1.5, "collar": 1.04}.get(cut.neck, 1.0 if cut.sleeve else 1.1)
        x = body.shoulder * 0.6 if cut.neck == "straps" else body.neck * wide
        self.neck = x, self._shoulder_y(x)
        drop = max(0.0, cut.ease - 1.5) * 0.7
        self.tip = body.shoulder + drop, SHOULDER_Y + drop * 0.45
        if not cut.sleeve:
            self.tip = body.shoulder * 0.88, SHOULDER_Y * 0.8
        self.under = body.bust + cut.ease, BUST_Y + drop * 0.5 + cut.ease * 0.35

    def _shoulder_y(self, x: float) -> float:
        return float(np.interp(x, [self.body.neck, self.body.shoulder], [-2.2, SHOULDER_Y]))

    def neck_line(self) -> Points:
        """From the neckline's lowest point to the shoulder."""
        (x, y), low = self.neck, self.bottom
        if self.cut.neck in ("v", "collar", "lapel"):
            return curve((0, low), (x * 0.52, (low + y) * 0.5 + 0.4), (x, y))
        if self.cut.neck in ("square", "straps"):
            side = curve((x * 0.97, low - 3), (x, y * 0.4), (x, y))
            return np.vstack([points((0, low + 0.6), (x * 0.5, low + 0.3), (x * 0.9, low)), side])
        middle = (x * 0.48, low * 0.86 + y * 0.14), (x * 0.86, low * 0.46 + y * 0.54)
        return curve((0, low), *middle, (x, y))

    def armhole(self) -> Points:
        """From the shoulder's tip, or the strap's edge, to the underarm."""
        if self.cut.neck == "straps":
            x = self.neck[0] + 2.6
            return curve((x, self._shoulder_y(x)), (x + 0.6, 9), self.under)
        x = self.tip[0]
        lower = max(x - 0.9, self.under[0] - 3.6)
        return curve(self.tip, (x - 1.6, 12.5), (lower, 17.5), self.under)

    def side_width(self, y: float) -> float:
        """Half-width at a height below the underarm."""
        own = self.body.half_width(y)
        straight = max(self.body.bust, self.body.half_width(min(y, 60)) * 0.98)
        width = straight + (own - straight) * self.cut.fit + self.cut.ease
        return max(width, own + 1.5) if y > WAIST_Y else width

    def half(self, until: float) -> Points:
        """Right half of the front down to a height: neck, shoulder, armhole, side."""
        return np.vstack([self.neck_line(), self._from_shoulder(until)])

    def _from_shoulder(self, until: float) -> Points:
        heights = np.linspace(BUST_Y + 4, until, 4)
        side = curve(self.under, *((self.side_width(float(y)), y) for y in heights))
        return np.vstack([self.armhole(), side[1:]])

    def _hem(self) -> Points:
        """From the side to the centre along the hem."""
        y, dip, x = self.cut.hem, self.cut.dip, self.side_width(self.cut.hem)
        return curve((x, y), (x * 0.86, y + dip * 0.45), (x * 0.5, y + dip), (0, y + dip * 1.15))

    def layers(self) -> list[Layer]:
        """All layers of a garment that ends at its hem."""
        front = self._open_front() if self.cut.front == "open" else self._closed_front()
        return [*self.back(), *front, *self._pockets(), *self.front(self.cut.hem + self.cut.dip)]

    def _closed_front(self) -> list[Layer]:
        line = symmetric(self._hem())
        panel = Panel(symmetric(np.vstack([self.half(self.cut.hem), self._hem()])))
        if self.cut.ribbed:
            rib = band(line * (1.012, 1.0), -5.5)
            return [panel, Panel(rib, "rib", lift=0.35, roundness=0.7)]
        return [panel, Seam(line - (0, 2.0), 0.2, 0.2)]

    def _open_front(self) -> list[Layer]:
        """Two fronts whose edges fall from the neck to the hem."""
        gap, hem = self.body.neck * 0.45, self._hem()
        ends = (gap * 1.25, self.cut.hem + self.cut.dip), (gap * 0.9, WAIST_Y), (gap, 18), self.neck
        rest = self._from_shoulder(self.cut.hem), hem[hem[:, 0] > gap * 1.25]
        outline = np.vstack([curve(*ends), *rest])
        return [Panel(on_side(outline, side), origin=(side * 8.0, 0), lift=0.8) for side in SIDES]

    def back(self) -> list[Layer]:
        """What is seen of the inside through the neck, when nobody wears it."""
        if self.body.worn:
            return []
        (x, y), low, straps = self.neck, self.bottom + 3, self.cut.neck == "straps"
        rear = y + ((low - y) * 0.6 if straps else 2.4)
        top = curve((0, rear), (x * 0.6, rear - 0.5), (x, y))
        rest = points((x + 1.5, y + 1.2), (x * 0.8, low), (0, low))
        if self.cut.front == "open":
            rest = np.vstack([self._from_shoulder(self.cut.hem - 1), (0, self.cut.hem - 1)])
        inside = Panel(symmetric(np.vstack([top, rest])), "inside", tone=0.72, roundness=0.4)
        return [*self._collar(BACKS), inside]

    def front(self, until: float) -> list[Layer]:
        """Sleeves, folds, closure down to a height, and collar."""
        cut, low = self.cut, self.bottom
        layers: list[Layer] = [*self._sleeve(-1), *self._sleeve(1), *self._folds()]
        if cut.front == "zip":
            layers += [Seam(points((x, low), (x, until)), 0.22, 0.3) for x in (-1.0, 1.0)]
            layers.append(Seam(points((0, low - 1), (0, until)), 0.6, notion="metal"))
        elif cut.front in ("buttons", "half placket"):
            until, gap = (low + 14, 4.5) if cut.front == "half placket" else (until, 9.0)
            layers += buttoned(low - 0.3, until, gap)
        layers += self._collar(COLLARS)
        if cut.collar == "hood":
            cord = curve((2.6, low + 1.2), (3.4, low + 8), (3, low + 18))
            layers += [Seam(on_side(cord, side), 0.6, notion="cord") for side in SIDES]
        if cut.collar == "lapel":
            layers += [button(0.8, low + y, 0.9) for y in (3.2, 13.5)]
        if cut.collar == "band" and cut.front != "open":
            line = symmetric(self.neck_line()[::-1])[::-1]
            cloth: Cloth = "rib" if cut.ribbed or cut.trimmed else "trim"
            layers += [Panel(band(line, -1.9), cloth, lift=0.25, roundness=0.6, inside=True),
                       Seam(edges(line, -1.9)[0], 0.18, 0.25)]  # fmt: skip
        return layers

    def _collar(self, collars: "Mapping[Collar, tuple[Piece, ...]]") -> list[Layer]:
        """The pieces of a collar, placed on this neckline."""
        layers: list[Layer] = []
        (x, y), down = self.neck, self.bottom - self.neck[1]
        for piece in collars.get(self.cut.collar, ()):
            half = np.vstack([curve(*(np.array(run) @ [[x, 0], [0, down], [0, 1]] + (0, y)))
                              for run in piece.runs])  # fmt: skip
            if piece.centred:
                layers.append(Panel(symmetric(half), piece.cloth, tone=piece.tone, lift=piece.lift))
                continue
            for side in (1, -1):
                line, place = on_side(half, side), (side * x, y)
                layers.append(Panel(line, piece.cloth, place, side * 0.45, lift=0.7))
        return layers

    def _pockets(self) -> list[Layer]:
        hem, wide = self.cut.hem, self.body.bust / 24
        sides, x, y, width, height = {
            "chest": ((1,), 9.6, 20, 10, 11), "pair": (SIDES, 11, 18, 11, 13),
            "patch": (SIDES, 13, hem - 22, 13.5, 15), "welt": (SIDES, 12.5, hem - 19, 11, 4),
            "kangaroo": ((1,), 0, hem - 24, 35, 19),
        }.get(self.cut.pocket, ((), 0, 0, 0, 0))  # fmt: skip
        shape = points((-1, 0), (1, 0), (1, 0.85), (0, 1), (-1, 0.85), (-1, 0))
        if self.cut.pocket == "kangaroo":
            shape = points((-0.6, 0), (0.6, 0), (1, 0.65), (1, 1), (-1, 1), (-1, 0.65), (-0.6, 0))
        lines = [shape * (width * wide / 2, height) + (side * x * wide, y) for side in sides]
        panels = [Panel(each, "trim", lift=0.35, roundness=0.3, inside=True) for each in lines]
        return [*panels, *(Seam(each, 0.2) for each in lines)]

    def _sleeve(self, side: int) -> list[Layer]:
        """A sleeve with its armhole seam and cuff, or a trimmed armhole."""
        cut, armhole = self.cut, self.armhole()
        if not cut.sleeve:
            binding = on_side(band(armhole, -1.3), side)
            return [Panel(binding, "rib", lift=0.2, inside=True)] if cut.trimmed else []
        centre, half = self._arm(side)
        outer, inner = edges(centre, half)
        reach = np.linspace(0, cut.sleeve * (UPPER_ARM + FOREARM), len(centre))
        start = 3.5 if self.body.worn else min(9.0, reach[-1] * 0.6)
        outline = np.vstack([
            curve(self.tip, *outer[reach > start][::4], outer[-1]),
            curve(inner[-1], *inner[reach > 19.0][::-4], self.under), armhole[::-1] - (0.4, 0),
        ])  # fmt: skip
        along = centre[-1] - centre[0]
        origin = side * float(centre[0, 0]), float(centre[0, 1])
        turn = -side * float(np.arctan2(along[0], along[1]))
        panel = Panel(on_side(outline, side), "main", origin, turn, lift=0.7, attached=True)
        folds = creases(centre, half, int(12 / cut.sleeve), side) if cut.sleeve > 0.5 else []
        return [panel, Seam(on_side(armhole, side), 0.2, 0.2),
                *self._cuff(centre, float(half[-1]), side), *folds]  # fmt: skip

    def _arm(self, side: int) -> tuple[Points, Points]:
        """Centre line of a sleeve, on the right, and its half-widths from shoulder to cuff."""
        cut, arm = self.cut, self.body.arm
        top = arm + 0.4 + max(0.0, cut.ease) * 0.55
        wrist = arm * 0.55 + (3.2 if cut.sleeve < 0.6 else 0.6 + cut.ease * 0.4)
        half = np.linspace(top, top + (wrist - top) * cut.sleeve, 24)
        return self.body.arm_line(side, cut.sleeve), half

    def _cuff(self, centre: Points, half: float, side: int) -> list[Layer]:
        """The end of a sleeve: ribbed, buttoned or only hemmed."""
        cut = self.cut
        buttoned = cut.sleeve > 0.6 and cut.collar in ("shirt", "lapel")
        along = (centre[-1] - centre[-3]) / np.hypot(*(centre[-1] - centre[-3]))
        across = np.array([along[1], -along[0]]) * half * (0.95 if cut.ribbed else 1.04)
        end = centre[-1] + along * 0.3
        start = centre[-1] - along * (5.0 if cut.ribbed or buttoned else 1.8)
        corners = points(start + across * 1.03, end + across, end - across, start - across * 1.03)
        crease = Seam(on_side(corners[[0, 3]], side), 0.22, 0.25)
        if not (cut.ribbed or buttoned or cut.trimmed):
            return [crease]
        cloth: Cloth = "main" if buttoned else "rib"
        return [Panel(on_side(corners, side), cloth, lift=0.4, roundness=0.8), crease]

    def _folds(self) -> list[Fold]:
        """Where cloth pulls: from the underarms and at the waist."""
        (x, y), waist = self.under, self.side_width(WAIST_Y)
        lines = [curve((x - 2, y - 3), (x - 7, y + 3), (x - 13, y + 6)),
                 curve((x - 1, y + 1), (x - 5, y + 9), (x - 9, y + 19))]  # fmt: skip
        if self.cut.fit > 0.45 and self.cut.hem > WAIST_Y + 8:
            lines += [curve((waist - 0.5, h), (waist * 0.6, h + 3), (waist * 0.3, h + 1))
                      for h in (WAIST_Y - 3, WAIST_Y + 2)]  # fmt: skip
        return [Fold(on_side(line, side)) for line in lines for side in SIDES]


def creases(centre: Points, half: Points, at: int, side: int) -> list[Fold]:
    """Three creases across a sleeve or a leg, around a point of its centre line on the right."""
    folds = []
    for step, lean in ((-2, 1.8), (0, -1.2), (2, -2.2)):
        place = min(at + step, len(centre) - 1)
        shape = points((-0.85, 1), (0, 0.2), (0.6, -0.7)) * (half[place], lean)
        folds.append(Fold(on_side(centre[place] + curve(*shape), side)))
    return folds


def buttoned(top: float, bottom: float, gap: float = 9.0) -> list[Layer]:
    """A strip with buttons down the middle."""
    strip = points((-1.6, top), (1.6, top), (1.6, bottom), (-1.6, bottom))
    panel = Panel(strip, "trim", lift=0.3, roundness=0.15, inside=True)
    buttons = [button(0.0, float(y)) for y in np.arange(top + 2.2, bottom - 2, gap)]
    return [panel, Seam(strip[1:], 0.2), *buttons]


# -- collars as tables: right halves or right pieces, placed on any neckline


@dataclass(frozen=True)
class Piece:
    """One piece of a collar, or both of a pair.

    Attributes:
        runs: smooth lines end to end; each point is (share of the neck's half-width, share of
            the way down to the neckline's lowest point, cm further down).
        centred: the right half of one piece; otherwise a piece on either side.
    """

    runs: tuple[tuple[tuple[float, float, float], ...], ...]
    cloth: Cloth = "trim"
    tone: float = 1.0
    lift: float = 0.0
    centred: bool = False


_STAND: Final = Piece((
    ((0, 0, -1.4), (0.6, 0, -1.5), (0.96, 0, -0.6)), ((0.96, 0, 1.4), (0.5, 0, 2.6), (0, 0, 2.9)),
), tone=0.86, centred=True)  # fmt: skip
BACKS: Final[Mapping[Collar, tuple[Piece, ...]]] = {
    "shirt": (_STAND,), "lapel": (_STAND,),
    "hood": (
        Piece((((0, 0, -13.3), (0.95, 0, -11.9), (1.55, 0, -4.8), (1.42, 0, 4.7)), ((0, 0, 6.2),)),
              "main", centred=True),
        Piece((((0, 0, -11), (0.75, 0, -10), (1.2, 0, -3.4), (1.05, 0, 4.7)), ((0, 0, 8.2),)),
              "inside", 0.68, centred=True),
    ),
}  # fmt: skip
"""Pieces behind the neck, seen when nobody wears the garment."""
COLLARS: Final[Mapping[Collar, tuple[Piece, ...]]] = {
    "shirt": (Piece((
        ((0.45, 0, -1.5), (0.9, 0, -1.4), (1.12, 0, 1.0)),
        ((1.12, 0, 1.0), (1.16, 0, 5.2), (0.98, 1, 4.2)),
        ((0.98, 1, 4.2), (0.5, 1, 1.8), (0.03, 1, -0.5)),
        ((0.03, 1, -0.5), (0.42, 0.5, 0.6), (0.66, 0, 2.2)),
    )),),
    "lapel": (
        Piece((
            ((0.05, 1, 0.5), (0.55, 0.66, 0), (0.82, 0.32, 0)),
            ((0.82, 0.32, 0), (1.35, 0.32, -0.6), (1.78, 0.32, 0.8)),
            ((1.78, 0.32, 0.8), (1.35, 0.66, 1.0), (0.02, 1, 1.6)),
        )),
        Piece((
            ((0.86, 0, 0.6), (1.1, 0, -0.2), (1.3, 0, 2.2)),
            ((1.3, 0, 2.2), (1.56, 0.32, -4.2), (1.5, 0.32, -1.4)),
            ((1.5, 0.32, -1.4), (1.1, 0.32, -0.4), (0.8, 0.32, 0.1)),
            ((0.8, 0.32, 0.1), (0.78, 0, 4.5), (0.86, 0, 0.6)),
        )),
    ),
    "hood": (Piece((
        ((0.95, 0, -4.5), (1.5, 0, -2.0), (1.55, 0, 3.0)),
        ((1.55, 0, 3.0), (1.0, 1, 2.6), (-0.12, 1, 3.0)),
        ((-0.12, 1, 1.0), (0.55, 1, -1.4), (0.95, 0, -4.5)),
    ), "main"),),
}  # fmt: skip
"""Pieces on the neckline, from the back to the front."""
