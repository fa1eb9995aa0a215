"""The body a garment is cut for, in centimetres and in a pose, and the person who has it.

A garment that lies flat is cut for a wide, flat body with its arms spread; one that is worn, for
a figure. The pit of the neck is (0, 0).
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from segmentation.drawing.raster import Points, curve, edges, ellipse, on_side, symmetric
from segmentation.drawing.sewing import Layer, Panel, Seam

SHOULDER_Y: Final = 4.5
BUST_Y: Final = 22.0
WAIST_Y: Final = 39.0
HIP_Y: Final = 57.0
CROTCH_Y: Final = 67.0
KNEE_Y: Final = 107.0
ANKLE_Y: Final = 147.0
FLOOR_Y: Final = 155.0
UPPER_ARM: Final = 29.0
FOREARM: Final = 26.0
SIDES: Final = (-1, 1)

Limb = tuple[float, float]
"""Angles above and below the joint from straight down, outwards positive, in radians."""


@dataclass(frozen=True)
class Body:
    """Half-widths in cm; arms and legs are (left of the photo, right of the photo)."""

    worn: bool
    neck: float
    shoulder: float
    bust: float
    waist: float
    hip: float
    knee: float
    ankle: float
    arm: float
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]

    def half_width(self, y: float) -> float:
        line = curve((BUST_Y, self.bust), (WAIST_Y, self.waist), (HIP_Y, self.hip), (80, self.hip))
        return float(np.interp(y, line[:, 0], line[:, 1]))

    def leg_half_width(self, heights: Points) -> Points:
        """Half-widths (n,) of a bare leg at heights (n,)."""
        thigh, knee, ankle = self.hip * 0.5, self.knee, self.ankle
        at = CROTCH_Y + (FLOOR_Y - CROTCH_Y) * np.array([0.05, 0.25, 0.46, 0.6, 0.9])
        return np.interp(heights, at, [thigh, thigh * 0.85, knee, knee * 1.05, ankle])

    def arm_line(self, side: int, length: float = 1.0) -> Points:
        """Centre line (24, 2) of an arm, drawn on the right; `length` is a share of the arm."""
        start = np.array([self.shoulder - self.arm * 0.6, SHOULDER_Y + self.arm * 0.8])
        line = _limb(start, self.arms[side > 0], UPPER_ARM, FOREARM)
        walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        at = np.linspace(0, walked[-1] * length, 24)
        return np.stack([np.interp(at, walked, line[:, axis]) for axis in range(2)], axis=1)

    def leg_line(self, side: int, heights: Points) -> Points:
        """Centre line (n, 2) of a leg at heights (n,), drawn on the right."""
        start = np.array([self.hip * 0.5, CROTCH_Y])
        line = _limb(start, self.legs[side > 0], KNEE_Y - CROTCH_Y, ANKLE_Y - KNEE_Y)
        return np.stack([np.interp(heights, line[:, 1], line[:, 0]), heights], axis=1)


def _limb(start: Points, angles: Limb, *lengths: float) -> Points:
    """Smooth line from a shoulder or hip over the joint to the end."""
    steps = [np.array([np.sin(angle), np.cos(angle)]) * length
             for angle, length in zip(angles, lengths, strict=True)]  # fmt: skip
    joint = start + steps[0]
    return curve(start, start + steps[0] * 0.45, start + steps[0] * 0.82, joint + steps[1] * 0.18,
                 joint + steps[1] * 0.55, joint + steps[1])  # fmt: skip


def flat_body(rng: np.random.Generator, spread: float) -> Body:
    """A garment laid out or hung: wide and nearly symmetric; `spread` is the arms' angle."""
    arms = [(spread + rng.normal(0, 0.03), spread + rng.normal(-0.06, 0.06)) for _ in SIDES]
    lean = float(rng.uniform(0.035, 0.075))
    legs = [(lean + rng.normal(0, 0.01), lean + rng.normal(0, 0.012)) for _ in SIDES]
    return Body(False, 8.2, 20.6, 22.4, 21.2, 23.2, 9.4, 7.6, 9.0, (arms[0], arms[1]),
                (legs[0], legs[1]))  # fmt: skip


def figure_body(rng: np.random.Generator, broad: float) -> Body:
    """A person standing; `broad` runs from 0 (narrow shoulders) to 1 (broad ones)."""
    arms = [_arm_pose(rng) for _ in SIDES]
    lean, stance = float(rng.normal(0.0, 0.02)), float(rng.uniform(-0.01, 0.07))
    legs = [(stance + side * lean, stance * 0.6 + side * lean) for side in SIDES]
    narrow = np.array([5.0, 17.6, 15.2, 12.0, 17.0, 6.0, 3.4, 4.4])
    widths = narrow + np.array([0.9, 3.6, 2.6, 3.6, 0.2, 0.5, 0.4, 0.9]) * broad
    neck, shoulder, bust, waist, hip, knee, ankle, arm = widths.tolist()
    return Body(True, neck, shoulder, bust, waist, hip, knee, ankle, arm, (arms[0], arms[1]),
                (legs[0], legs[1]))  # fmt: skip


def _arm_pose(rng: np.random.Generator) -> Limb:
    if rng.random() < 0.22:  # a hand on the hip
        return float(rng.uniform(0.5, 0.62)), float(rng.uniform(-0.72, -0.6))
    upper = float(rng.uniform(0.1, 0.34))
    return upper, upper + float(rng.uniform(-0.2, 0.1))


# -- the person: skin, head, hair and shoes as layers

_SHOE: Final = np.array([
    (-1.02, 0), (0, 0.7), (1.04, 0), (1.15, 3), (1.9, 10), (1.8, 13), (0.3, 14.4), (-1.2, 13),
    (-1.25, 10), (-1.05, 3), (-1.02, 0),
])  # fmt: skip
"""(share of the ankle's half-width across, cm down) from the ankle."""
_HAIR: Final = {
    "crop": ((-8.4, -21.5), (-9.0, -28.5), (-4.5, -33.6), (2.5, -34.0), (8.4, -30), (8.5, -21.5),
             (7.4, -25.5), (4.5, -28.2), (-1.0, -27.2), (-6.4, -27.4), (-8.4, -21)),
    "parted": ((1.6, -32.9), (7.4, -31.3), (10.0, -24), (9.3, -13), (7.6, -20), (6.4, -25.4),
               (1.6, -29.8), (-4.4, -27.2), (-7.4, -21.5), (-9.3, -13), (-10.0, -24),
               (-7.2, -31.3), (1.6, -32.9)),
    "behind": ((0, -31.5), (8, -29.5), (10.4, -20), (10.8, -6), (12.2, 8), (0, 13.5), (-12.2, 8),
               (-10.8, -6), (-10.4, -20), (-8, -29.5), (0, -31.5)),
}  # fmt: skip


def skin(body: Body) -> list[Layer]:
    """Legs, trunk, neck, arms and hands."""
    neck, shoulder, heights = body.neck, body.shoulder, np.linspace(CROTCH_Y - 8, FLOOR_Y - 4, 30)
    trunk = curve((0, -14), (neck * 0.86, -13), (neck * 0.84, -6), (neck * 1.05, -2.2),
                  (neck * 1.6, 0.2), (shoulder * 0.8, 3.4), (shoulder * 0.88, 12), (body.bust, 20),
                  (body.waist, WAIST_Y), (body.hip * 0.98, HIP_Y), (body.hip * 0.96, CROTCH_Y),
                  (0, CROTCH_Y + 1))  # fmt: skip
    panels: list[Layer] = [Panel(symmetric(trunk), roundness=0.7)]
    for side in SIDES:
        panels.append(_tube(body.leg_line(side, heights), body.leg_half_width(heights), side))
        line = body.arm_line(side)
        widths = np.array([0.4, 0.8, 0.98, 0.8, 0.8, 0.52]) * body.arm
        half = np.interp(np.linspace(0, 1, 24), [0, 0.02, 0.12, 0.5, 0.72, 1], widths)
        along = (line[-1] - line[-4]) / np.hypot(*(line[-1] - line[-4]))
        hand = np.linspace(line[-1], line[-1] + along * 15, 6)
        fingers = np.array([0.5, 0.62, 0.7, 0.62, 0.45, 0.1]) * body.arm
        panels += [_tube(line, half, side), _tube(hand, fingers, side)]
    return panels


def _tube(centre: Points, half: Points, side: int) -> Panel:
    left, right = edges(centre, half)
    return Panel(on_side(np.vstack([left, right[::-1]]), side), attached=True)


def head() -> list[Layer]:
    """The head with ears and a hint of a face."""
    outline = curve((0, -31), (6.2, -29.4), (8.1, -22.5), (7.2, -15.2), (4.0, -10.2), (0, -8.6))
    layers: list[Layer] = [Panel(ellipse((s * 8.1, -20.5), (1.3, 2.5)), tone=0.95) for s in SIDES]
    layers += [Panel(symmetric(outline), lift=0.9),
               Seam(curve((0.3, -20), (0.9, -17.2), (-0.4, -16.8)), 0.35, 0.25),
               Seam(curve((-2.0, -13.6), (0, -13.0), (2.0, -13.6)), 0.7, 0.46)]  # fmt: skip
    brow = curve((1.9, -23.6), (3.4, -24.5), (5.2, -23.8))
    eye = curve((2.2, -20.9), (3.4, -21.5), (4.8, -20.8))
    for side in SIDES:
        layers += [Seam(on_side(brow, side), 0.5, 0.45), Seam(on_side(eye, side), 0.75, 0.8)]
    return layers


def hair(part: Literal["crop", "parted", "behind"]) -> list[Layer]:
    """Short or long hair over the forehead, or what falls behind the shoulders."""
    return [Panel(curve(*_HAIR[part]), lift=0.3)]


def shoes(body: Body) -> list[Layer]:
    """Shoes from the front, toes a little outwards."""
    ankles = [(side, body.leg_line(side, np.array([ANKLE_Y]))[0]) for side in SIDES]
    outlines = [on_side(ankle + curve(*(_SHOE * (body.ankle, 1))), side) for side, ankle in ankles]
    return [Panel(outline) for outline in outlines]
