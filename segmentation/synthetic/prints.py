"""Printed tiles: flowers and leaves, drawn once per arrangement and set of colours."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from segmentation.synthetic.geometry import Points, ellipse
from segmentation.synthetic.palette import Rgb, blended
from segmentation.synthetic.raster import Colours

MOTIF_SIDE: Final = 384
"""Pixels of a printed tile's side."""


Key = tuple[tuple[float, ...], ...]


@lru_cache(maxsize=64)
def motif_tile(leaves: bool, colours: Key, seed: int) -> tuple[Colours, ...]:
    """The tile at 1, 1/2, 1/4 and 1/8 of its size, so that it never glitters."""
    ground, motif, accent = (np.array(colour, np.float32) for colour in colours)
    rng = np.random.default_rng((seed, 77))
    fine = Image.new("RGB", (MOTIF_SIDE * 2, MOTIF_SIDE * 2), _bytes(ground))
    draw = _WrappedDraw(fine)
    flower = _leaf_sprig if leaves else _flower
    for x, y in _spread(rng, 26, MOTIF_SIDE * 2):
        flower(draw, rng, (x, y), motif, accent, ground)
    tiles = (fine.reduce(2 * step) for step in (1, 2, 4, 8))
    return tuple(np.asarray(tile, np.float32) / np.float32(255) for tile in tiles)


def _bytes(colour: Rgb) -> tuple[int, int, int]:
    red, green, blue = (int(np.clip(each, 0, 1) * 255) for each in colour)
    return red, green, blue


def _spread(rng: np.random.Generator, count: int, side: int) -> list[tuple[float, float]]:
    """Places that keep away from each other on a tile that repeats (best candidate)."""
    places = [tuple(rng.uniform(0, side, 2))]
    while len(places) < count:
        tries = rng.uniform(0, side, (24, 2))
        gaps = np.abs(tries[:, None] - np.array(places)[None])
        gaps = np.minimum(gaps, side - gaps)
        nearest = np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1)
        places.append(tuple(tries[int(nearest.argmax())]))
    return [(float(x), float(y)) for x, y in places]


class _WrappedDraw:
    """Draws polygons on a tile so that what leaves on one side enters on the other."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._side = picture.width

    def polygon(self, outline: Points, colour: Rgb) -> None:
        for across in (-self._side, 0, self._side):
            for down in (-self._side, 0, self._side):
                moved = outline + np.array([across, down])
                if (moved.max(axis=0) > 0).all() and (moved.min(axis=0) < self._side).all():
                    self._draw.polygon(moved.ravel().tolist(), fill=_bytes(colour))


def _flower(
    draw: _WrappedDraw, rng: np.random.Generator, at: tuple[float, float],
    motif: Rgb, accent: Rgb, ground: Rgb,
) -> None:  # fmt: skip
    """Five petals, an eye and two leaves."""
    size, turn = float(rng.uniform(26, 62)), float(rng.uniform(0, 2 * np.pi))
    leaf = blended(accent, ground, 0.25)
    for angle in (turn + 0.6, turn + 2.6):
        place = at[0] + np.cos(angle) * size * 1.25, at[1] + np.sin(angle) * size * 1.25
        draw.polygon(ellipse(place, (size * 0.55, size * 0.2), angle), leaf)
    shade = float(rng.uniform(0, 0.35))
    for petal in range(5):
        angle = turn + petal * 2 * np.pi / 5
        place = at[0] + np.cos(angle) * size * 0.55, at[1] + np.sin(angle) * size * 0.55
        colour = blended(motif, ground, shade + 0.12 * (petal % 2))
        draw.polygon(ellipse(place, (size * 0.5, size * 0.36), angle), colour)
    eye = np.array([0.93, 0.78, 0.36], np.float32)
    draw.polygon(ellipse(at, (size * 0.2, size * 0.2)), blended(eye, accent, 0.25))


def _leaf_sprig(
    draw: _WrappedDraw, rng: np.random.Generator, at: tuple[float, float],
    motif: Rgb, accent: Rgb, ground: Rgb,
) -> None:  # fmt: skip
    """A stem with pairs of leaves."""
    size, turn = float(rng.uniform(42, 70)), float(rng.uniform(0, 2 * np.pi))
    along = np.array([np.cos(turn), np.sin(turn)])
    colour = blended(motif, accent, float(rng.uniform(0, 0.5)))
    colour = blended(colour, ground, float(rng.uniform(0, 0.25)))
    for place in np.linspace(-1, 1, 5):
        centre = np.array(at) + along * place * size
        for lean in (-0.85, 0.85):
            angle = turn + lean
            tip = centre + np.array([np.cos(angle), np.sin(angle)]) * size * 0.34
            half = size * 0.34 * (1.1 - 0.3 * place), size * 0.12
            draw.polygon(ellipse((float(tip[0]), float(tip[1])), half, angle), colour)
