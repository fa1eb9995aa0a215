"""The body a garment is cut for, in centimetres and in a pose.

A garment that lies flat is cut for a wide, flat body with its arms spread; one that
is worn, for a figure. The pit of the neck is (0, 0).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segmentation.synthetic.geometry import Points, curve

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


@dataclass(frozen=True)
class Limb:
    """Angles from straight down, outwards positive, in radians; above and below the joint."""

    upper: float
    lower: float


@dataclass(frozen=True)
class Body:
    """Half-widths in cm, arms and legs (left of the photo, right of the photo)."""

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
        """Half-width of the torso at a height."""
        heights = (BUST_Y - 8, BUST_Y, WAIST_Y, HIP_Y, CROTCH_Y)
        widths = (self.bust * 0.97, self.bust, self.waist, self.hip, self.hip * 1.01)
        line = curve(*zip(heights, widths, strict=True))
        return float(np.interp(y, line[:, 0], line[:, 1]))

    def narrowed(self, share: float) -> "Body":
        """The body that a stretchy garment keeps when it is laid out; a figure stays itself."""
        if self.worn:
            return self
        return replace(
            self, waist=self.waist * share, hip=self.hip * share, knee=self.knee * share,
            ankle=self.ankle * share,
        )  # fmt: skip

    def leg_half_widths(self, heights: Points) -> tuple[Points, Points]:
        """Half-widths of a bare leg outwards and inwards of its centre line, at heights (n,)."""
        share = (heights - CROTCH_Y) / (FLOOR_Y - CROTCH_Y)
        thigh, knee, ankle = self.hip * 0.5, self.knee, self.ankle
        at = [-0.1, 0.05, 0.25, 0.46, 0.58, 0.66, 0.9, 1]
        outer = [thigh, thigh, thigh * 0.87, knee, knee * 1.06, knee * 1.05, ankle, ankle]
        inner = [thigh, thigh * 0.97, thigh * 0.8, knee * 0.9, knee * 0.98, knee * 0.9,
                 ankle * 0.95, ankle]  # fmt: skip
        return np.interp(share, at, outer), np.interp(share, at, inner)

    def arm_line(self, side: int, length: float = 1.0) -> Points:
        """Centre line from the shoulder towards the wrist; `length` is a share of the arm."""
        pose = self.arms[0 if side < 0 else 1]
        start = (side * (self.shoulder - self.arm * 0.6), SHOULDER_Y + self.arm * 0.8)
        elbow = _step(start, side * pose.upper, UPPER_ARM)
        wrist = _step(elbow, side * pose.lower, FOREARM)
        nearly, past = _between(start, elbow, 0.8), _between(elbow, wrist, 0.2)
        line = curve(start, _between(start, elbow, 0.4), nearly, past, _between(past, wrist, 0.5),
                     wrist)  # fmt: skip
        return cut_line(line, length)

    def leg_line(self, side: int) -> Points:
        """Centre line: hip, knee and ankle."""
        pose = self.legs[0 if side < 0 else 1]
        start = (side * self.hip * 0.5, CROTCH_Y)
        knee = _step(start, side * pose.upper, KNEE_Y - CROTCH_Y)
        ankle = _step(knee, side * pose.lower, ANKLE_Y - KNEE_Y)
        return curve(start, _between(start, knee, 0.5), knee, _between(knee, ankle, 0.5), ankle)


def _step(start: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    return start[0] + float(np.sin(angle)) * length, start[1] + float(np.cos(angle)) * length


def _between(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def cut_line(line: Points, share: float) -> Points:
    """The first part of a line, evenly spaced points."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, walked[-1] * share, 24)
    return np.stack([np.interp(at, walked, line[:, axis]) for axis in range(2)], axis=1)


def flat_body(rng: np.random.Generator, spread: float) -> Body:
    """A garment laid out or hung: wide and nearly symmetric; `spread` is the arms' angle."""
    arms = tuple(
        Limb(spread + rng.normal(0, 0.03), spread + rng.normal(-0.06, 0.06)) for _ in SIDES
    )
    lean = float(rng.uniform(0.035, 0.075))
    legs = tuple(Limb(lean + rng.normal(0, 0.01), lean + rng.normal(0, 0.012)) for _ in SIDES)
    return Body(
        worn=False, neck=8.2, shoulder=20.6, bust=22.4, waist=21.2, hip=23.2, knee=9.4, ankle=7.6,
        arm=9.0, arms=(arms[0], arms[1]), legs=(legs[0], legs[1]),
    )  # fmt: skip


def figure_body(rng: np.random.Generator, broad: float) -> Body:
    """A person standing; `broad` runs from 0 (narrow shoulders) to 1 (broad ones)."""
    arms = tuple(_arm_pose(rng) for _ in SIDES)
    lean = float(rng.normal(0.0, 0.02))
    stance = float(rng.uniform(-0.01, 0.07))
    legs = tuple(
        Limb(stance + side * lean + rng.normal(0, 0.01), stance * 0.6 + side * lean)
        for side in SIDES
    )
    return Body(
        worn=True,
        neck=5.0 + 0.9 * broad,
        shoulder=17.6 + 3.6 * broad,
        bust=15.2 + 2.6 * broad,
        waist=12.0 + 3.6 * broad,
        hip=17.0 + 0.2 * broad,
        knee=6.0 + 0.5 * broad,
        ankle=3.4 + 0.4 * broad,
        arm=4.4 + 0.9 * broad,
        arms=(arms[0], arms[1]),
        legs=(legs[0], legs[1]),
    )


def _arm_pose(rng: np.random.Generator) -> Limb:
    if rng.random() < 0.22:  # a hand on the hip
        return Limb(float(rng.uniform(0.5, 0.62)), float(rng.uniform(-0.72, -0.6)))
    upper = float(rng.uniform(0.1, 0.34))
    return Limb(upper, upper + float(rng.uniform(-0.2, 0.1)))
