"""Smooth lines and outlines in centimetres: points in, denser points out.

x grows to the right of the photo, y downwards; (0, 0) is the pit of the neck.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""Points of a line, shape (n, 2)."""

SAMPLES: Final = 9
"""Points put between two given ones."""


@dataclass(frozen=True, eq=False)
class Frame:
    """How cloth lies in a panel: where its pattern starts, and its turn in radians."""

    origin: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0


def points(*pairs: tuple[float, float]) -> Points:
    """A polyline with corners, shape (n, 2)."""
    return np.array(pairs, np.float64)


def curve(*pairs: tuple[float, float]) -> Points:
    """A smooth open line through the points (Catmull-Rom with reflected ends)."""
    knots = np.array(pairs, np.float64)
    if len(knots) < 3:
        return knots
    first, last = 2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2]
    padded = np.vstack([first, knots, last])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(SAMPLES) / SAMPLES)[None, :, None]
    before, start, end, after = (each[:, None, :] for each in (before, start, end, after))
    between = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.vstack([between.reshape(-1, 2), knots[-1:]])


def joined(*lines: Points) -> Points:
    """Lines end to end: smooth inside each, corners where they meet."""
    return np.vstack(lines)


def mirrored(line: Points) -> Points:
    """The line on the other side of the body, walked backwards."""
    return np.asarray(line[::-1] * np.array([-1.0, 1.0]))


def on_side(line: Points, side: int) -> Points:
    """The line drawn for the right side (+1), moved to `side`."""
    return np.asarray(line * np.array([float(side), 1.0]))


def symmetric(half: Points) -> Points:
    """Closed outline from its right half, walked from the top centre to the bottom centre."""
    return np.vstack([half, mirrored(half)])


def normals(line: Points) -> Points:
    """Unit vectors to the left of the walk, shape (n, 2)."""
    along = np.gradient(line, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    return np.stack([along[:, 1], -along[:, 0]], axis=1) / length[:, None]


def shifted(line: Points, distance: float) -> Points:
    """The line moved sideways, to the left of the walk."""
    return line + normals(line) * distance


def band(line: Points, width: float) -> Points:
    """Closed outline of a strip of cloth on the left of the line."""
    return np.vstack([line, shifted(line, width)[::-1]])


def tapered(line: Points, width: float) -> Points:
    """Closed outline of a stroke that is `width` wide in the middle and ends in points."""
    share = np.linspace(0, 1, len(line))
    half = normals(line) * (np.sin(np.pi * share) ** 0.7 * width / 2)[:, None]
    return np.vstack([line + half, (line - half)[::-1]])


def limb(centre: Points, half_widths: list[float]) -> Points:
    """Closed outline around a centre line; half-widths are spread evenly along it."""
    share = np.linspace(0, 1, len(centre))
    half = np.interp(share, np.linspace(0, 1, len(half_widths)), half_widths)
    side = normals(centre) * half[:, None]
    return np.vstack([centre + side, (centre - side)[::-1]])


def ellipse(centre: tuple[float, float], half: tuple[float, float], turn: float = 0.0) -> Points:
    """Closed outline of an ellipse turned by `turn` radians."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x, y = half[0] * np.cos(angle), half[1] * np.sin(angle)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack([centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos], axis=1)


def gentle_warp(rng: np.random.Generator, amount: float) -> Callable[[Points], Points]:
    """A slow random bend of the plane, at most about `amount` cm: nothing is laid out exactly."""
    waves = rng.normal(0, 1, (2, 3, 2)) * np.array([0.075, 0.05])
    phases = rng.uniform(0, 2 * np.pi, (2, 3))
    sizes = rng.normal(0, amount / 2.5, (2, 3))

    def warp(line: Points) -> Points:
        moved = line.copy()
        for axis in range(2):
            phase = line @ waves[axis].T + phases[axis]
            moved[:, axis] += (np.sin(phase) * sizes[axis]).sum(axis=1)
        return moved

    return warp
