"""From centimetres to pixels: coverage of outlines, blurs and cached noise.

Coverage is drawn on a grid `SUPER` times finer and averaged, so edges are smooth and
"half covered or more" is the exact mask of what was drawn.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

from segmentation.synthetic.geometry import Points

Field = npt.NDArray[np.float32]
"""One number per pixel, shape (h, w)."""
Colours = npt.NDArray[np.float32]
"""RGB per pixel, 0 to 1, shape (h, w, 3)."""

SUPER: Final = 4
NOISE_SIDE: Final = 512
LEAST_WINDOW: Final = 8
"""Pixels; what lies outside the photo still gets a window, so that nothing is a special case."""


@dataclass(frozen=True)
class Grid:
    """A window of pixels: `scale` px per cm; cm (0, 0) lies at pixel (x, y)."""

    scale: float
    x: float
    y: float
    width: int
    height: int

    def to_pixels(self, line: Points) -> Points:
        """Points in cm to pixels."""
        return np.asarray(line * self.scale + np.array([self.x, self.y]))

    def window(self, x0: int, y0: int, x1: int, y1: int) -> "Grid":
        """The grid of a part of it; the corners are in pixels."""
        return Grid(self.scale, self.x - x0, self.y - y0, x1 - x0, y1 - y0)

    def centimetres(self) -> tuple[Field, Field]:
        """x (1, w) and y (h, 1) of the pixel centres, in cm."""
        x = (np.arange(self.width, dtype=np.float32) + 0.5 - self.x) / self.scale
        y = (np.arange(self.height, dtype=np.float32) + 0.5 - self.y) / self.scale
        return x[None, :], y[:, None]


@dataclass(frozen=True, eq=False)
class Patch:
    """Coverage of one shape, 0 to 1, and the pixel window (rows, columns) it lies in."""

    cover: Field
    rows: slice
    columns: slice

    @property
    def window(self) -> tuple[slice, slice]:
        """Index into an array of the grid's size."""
        return self.rows, self.columns


def bounds(lines: list[Points], grid: Grid, margin: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the pixels around the lines (in cm), kept inside the grid."""
    pixels = np.vstack([grid.to_pixels(line) for line in lines])
    x0, y0 = np.floor(pixels.min(axis=0)).astype(int) - margin
    x1, y1 = np.ceil(pixels.max(axis=0)).astype(int) + margin
    x0, x1 = _kept(int(x0), int(x1), grid.width)
    y0, y1 = _kept(int(y0), int(y1), grid.height)
    return x0, y0, x1, y1


def _kept(start: int, stop: int, length: int) -> tuple[int, int]:
    """A range moved into 0..length, at least `LEAST_WINDOW` long."""
    start = min(max(start, 0), max(0, length - LEAST_WINDOW))
    return start, min(max(stop, start + LEAST_WINDOW), length)


def cover_of(shapes: list[Points], grid: Grid, margin: int = 1) -> Patch:
    """Coverage of closed outlines (cm) taken together."""
    x0, y0, x1, y1 = bounds(shapes, grid, margin)
    fine = Image.new("L", ((x1 - x0) * SUPER, (y1 - y0) * SUPER))
    draw = ImageDraw.Draw(fine)
    for shape in shapes:
        pixels = (grid.to_pixels(shape) - (x0, y0)) * SUPER
        draw.polygon(pixels.ravel().tolist(), fill=255)
    cover = np.asarray(fine.reduce(SUPER), np.float32) / np.float32(255)
    return Patch(cover, slice(y0, y1), slice(x0, x1))


def cover_of_lines(lines: list[tuple[Points, float]], grid: Grid) -> Patch:
    """Coverage of lines of a width in cm; thinner than half a pixel fades instead."""
    x0, y0, x1, y1 = bounds([line for line, _ in lines], grid, 4)
    fine = Image.new("L", ((x1 - x0) * SUPER, (y1 - y0) * SUPER))
    draw = ImageDraw.Draw(fine)
    for line, width in lines:
        pixels = (grid.to_pixels(line) - (x0, y0)) * SUPER
        draw.line(pixels.ravel().tolist(), 255, max(2, round(width * grid.scale * SUPER)), "curve")
    cover = np.asarray(fine.reduce(SUPER), np.float32) / np.float32(255)
    return Patch(cover, slice(y0, y1), slice(x0, x1))


def blurred(field: Field, sigma: float) -> Field:
    """Gaussian blur; wide ones are done on a reduced grid. Zero outside."""
    step = max(1, int(sigma / 1.6))
    if step == 1:
        return np.asarray(ndimage.gaussian_filter(field, sigma, mode="constant"), np.float32)
    height, width = field.shape
    padded = np.pad(field, ((0, -height % step), (0, -width % step)), mode="edge")
    small = padded.reshape(padded.shape[0] // step, step, -1, step).mean(axis=(1, 3))
    soft = ndimage.gaussian_filter(small, sigma / step, mode="constant", truncate=3.0)
    return resized(soft, padded.shape[1], padded.shape[0])[:height, :width]


def resized(field: Field, width: int, height: int) -> Field:
    """Smoothly brought to another size."""
    picture = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)


@cache
def noise(finest: float, seed: int = 0) -> Field:
    """A tile of smooth noise that repeats, mean 0, deviation 1, shape (512, 512).

    Args:
        finest: deviation in pixels of the blur that made it.
        seed: which one of them.
    """
    rng = np.random.default_rng((seed, round(finest * 100)))
    white = rng.normal(0, 1, (NOISE_SIDE, NOISE_SIDE))
    soft = ndimage.gaussian_filter(white, finest, mode="wrap") if finest else white
    return np.asarray((soft - soft.mean()) / soft.std(), np.float32)


def noise_at(tile: Field, x: Field, y: Field) -> Field:
    """A noise tile read at coordinates in its pixels; (1, w) with (h, 1) is the fast way."""
    columns = np.floor(x).astype(np.int32) % NOISE_SIDE
    rows = np.floor(y).astype(np.int32) % NOISE_SIDE
    return np.asarray(tile[rows, columns], np.float32)


def mixed(under: Colours, over: Colours, share: Field) -> Colours:
    """`over` laid on `under` by a share per pixel."""
    return under + (over - under) * share[..., None]
