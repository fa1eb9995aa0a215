"""Outlines in centimetres, their coverage in pixels, and cached noise.

x grows to the right of the photo, y downwards; (0, 0) is the pit of the neck. Coverage is drawn
on a grid `SUPER` times finer and averaged: edges are smooth, and the pixels covered by half or
more are the exact mask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import Akima1DInterpolator

Points = npt.NDArray[np.floating[Any]]
"""Points of a line, shape (n, 2)."""
Field = npt.NDArray[np.floating[Any]]
"""One number per pixel, shape (h, w)."""
Colours = npt.NDArray[np.floating[Any]]
"""RGB per pixel, 0 to 1, shape (h, w, 3)."""
Window = tuple[slice, slice]
"""Rows and columns: an index into an array of a grid's size."""
Move = Callable[[Points], Points]

SAMPLES: Final = 9
SUPER: Final = 4
NOISE_SIDE: Final = 512
MIN_WINDOW: Final = 8
"""Pixels; a shape outside the photo still gets a window, so that nothing is a special case."""


def points(*pairs: npt.ArrayLike) -> Points:
    """Polyline with corners, shape (n, 2)."""
    return np.array(pairs, np.float64)


def curve(*pairs: npt.ArrayLike) -> Points:
    """Smooth open line through the points, with `SAMPLES` steps from one to the next."""
    knots = np.array(pairs, np.float64)
    if len(knots) < 3:
        return knots
    steps = np.linspace(0, len(knots) - 1, (len(knots) - 1) * SAMPLES + 1)
    return np.asarray(Akima1DInterpolator(np.arange(len(knots)), knots)(steps))


def on_side(line: Points, side: int) -> Points:
    """Line drawn for the right side (+1), moved to `side`."""
    return np.asarray(line * np.array([float(side), 1.0]))


def symmetric(half: Points) -> Points:
    """Closed outline from its right half, or a whole line from its half ending at the centre."""
    return np.vstack([half, on_side(half[::-1], -1)])


def edges(centre: Points, half: float | Points) -> tuple[Points, Points]:
    """Lines on the left and the right of the walk, `half` (n,) away from the centre line."""
    along = np.gradient(centre, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) * (half / length)[:, None]
    return centre + across, centre - across


def band(line: Points, width: float) -> Points:
    """Closed outline of a strip of cloth on the left of the line."""
    return np.vstack([line, edges(line, width)[0][::-1]])


def stroke(line: Points, width: float) -> Points:
    """Closed outline of a brush stroke, `width` wide in its middle."""
    taper = np.sin(np.pi * np.linspace(0, 1, len(line))) ** 0.7 * width / 2
    left, right = edges(line, taper)
    return np.vstack([left, right[::-1]])


def ellipse(centre: tuple[float, float], half: tuple[float, float]) -> Points:
    """Closed outline of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * half + centre


def gentle_warp(rng: np.random.Generator, amount: float, turn: float) -> Move:
    """Slow random bend of the plane by about `amount` cm, and a turn in radians."""
    waves = rng.normal(0, 1, (2, 3, 2)) * np.array([0.075, 0.05])
    phases, sizes = rng.uniform(0, 2 * np.pi, (2, 3)), rng.normal(0, amount / 2.5, (2, 3))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def warp(line: Points) -> Points:
        moves = [(np.sin(line @ waves[i].T + phases[i]) * sizes[i]).sum(axis=1) for i in range(2)]
        return np.asarray((line + np.stack(moves, axis=1)) @ turned)

    return warp


@dataclass(frozen=True)
class Grid:
    """A window of pixels: `scale` px per cm; cm (0, 0) lies at pixel (x, y)."""

    scale: float
    x: float
    y: float
    width: int
    height: int

    def to_pixels(self, line: Points) -> Points:
        return np.asarray(line * self.scale + np.array([self.x, self.y]))

    def window(self, patch: "Patch") -> "Grid":
        height, width = patch.cover.shape
        rows, columns = patch.window
        return Grid(self.scale, self.x - columns.start, self.y - rows.start, width, height)

    def centimetres(self) -> tuple[Field, Field]:
        """x (1, w) and y (h, 1) of the pixel centres, in cm."""
        x = (np.arange(self.width, dtype=np.float32) + 0.5 - self.x) / self.scale
        y = (np.arange(self.height, dtype=np.float32) + 0.5 - self.y) / self.scale
        return x[None, :], y[:, None]


@dataclass(frozen=True, eq=False)
class Patch:
    """Coverage (h, w) of a shape, 0 to 1, and the window of the grid it lies in."""

    cover: Field
    window: Window


def cover_of(
    lines: Sequence[Points], grid: Grid, margin: int = 1, width: float | None = None
) -> Patch:
    """Coverage of closed outlines (cm) taken together, or of lines of a width in cm."""
    pixels = [grid.to_pixels(line) for line in lines]
    everything = np.vstack(pixels)
    size = np.array([grid.width, grid.height])
    x0, y0 = np.clip(everything.min(axis=0) - margin, 0, size - MIN_WINDOW).astype(int).tolist()
    end = np.ceil(everything.max(axis=0)).astype(int) + margin
    x1, y1 = np.clip(end, (x0 + MIN_WINDOW, y0 + MIN_WINDOW), size).tolist()
    fine = Image.new("L", ((x1 - x0) * SUPER, (y1 - y0) * SUPER))
    draw = ImageDraw.Draw(fine)
    for line in pixels:
        xy = ((line - (x0, y0)) * SUPER).ravel().tolist()
        if width is None:
            draw.polygon(xy, fill=255)
        else:
            draw.line(xy, 255, max(2, round(width * grid.scale * SUPER)), "curve")
    cover = np.asarray(fine.reduce(SUPER), np.float32) / np.float32(255)
    return Patch(cover, (slice(y0, y1), slice(x0, x1)))


def blurred(field: Field, sigma: float) -> Field:
    """Blur that is zero outside: two box filters, which are fast at any width."""
    side = 2 * max(1, round(1.22 * sigma)) + 1
    once = ndimage.uniform_filter(np.asarray(field, np.float32), side, mode="constant")
    return np.asarray(ndimage.uniform_filter(once, side, mode="constant"))


@cache
def _noise(finest: float) -> Field:
    """Tile of smooth periodic noise, mean 0, deviation 1; `finest` is its blur in pixels."""
    white = np.random.default_rng(round(finest * 100)).normal(0, 1, (NOISE_SIDE, NOISE_SIDE))
    soft = ndimage.gaussian_filter(white, finest, mode="wrap")
    return np.asarray((soft - soft.mean()) / soft.std(), np.float32)


def noise_at(finest: float, x: Field, y: Field) -> Field:
    """Smooth noise at coordinates; `finest` is the size of its details. (1, w) and (h, 1) do."""
    columns = np.floor(x).astype(np.int32) % NOISE_SIDE
    rows = np.floor(y).astype(np.int32) % NOISE_SIDE
    return np.asarray(_noise(finest)[rows, columns], np.float32)
