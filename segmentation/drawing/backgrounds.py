"""Backgrounds of drawn photos, as colours (h, w, 3)."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np

from segmentation.drawing.palette import Rgb, blended, picked, rgb_of
from segmentation.drawing.raster import Colours, Field, noise_at

STUDIO_TINTS: Final = (
    "#f4f2ee", "#ebe6de", "#e4e6e6", "#efe7dd", "#e3ded5", "#dfe4e3", "#eee6e4", "#f7f6f4",
    "#d9d6d0", "#e6e9ec", "#d8dcd3", "#ece3d4",
)  # fmt: skip
BOLD_TINTS: Final = ("#c8b6a0", "#aebac0", "#c5b3ad", "#b3b9a4", "#8f979d", "#d3bf9f", "#b4a7b5")
WOODS: Final = ("#b98b5f", "#8a6344", "#d2b48c", "#a37a55", "#cdbba4", "#6d4f3a", "#b9b0a4")
TILES: Final = ("#dedad2", "#c9ccca", "#b9aa98", "#a8b0b3", "#e5ded0")
PLASTERS: Final = ("#b8b5af", "#a5a6a6", "#c9c2b8", "#8f8e8b", "#bcae9f")
Background = Literal["studio", "wood", "tiles", "concrete", "room"]
Rng = np.random.Generator


def draw_background(rng: Rng, background: Background, height: int, width: int) -> Colours:
    """A background of this kind, lit softly from one side."""
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None]
    scene = PAINTERS[background](rng, y, x)
    slope = rng.uniform(-0.07, 0.07, 2)
    light = 1 + slope[0] * (x / width * 2 - 1) + slope[1] * (y / height * 2 - 1)
    return np.asarray(np.clip(scene * light[..., None], 0, 1), np.float32)


def _texture(rng: Rng, finest: float, y: Field, x: Field) -> Field:
    """Noise from a place of its own."""
    dy, dx = rng.uniform(0, 512, 2).astype(np.float32)
    return noise_at(finest, x + dx, y + dy)


def _lit(colour: Rgb | Colours, light: Field) -> Colours:
    return np.asarray(colour * light[..., None], np.float32)


def _studio(rng: Rng, y: Field, x: Field) -> Colours:
    """Seamless paper: a soft pool of light, darker corners, a little grain."""
    colour = picked(rng, BOLD_TINTS if rng.random() < 0.16 else STUDIO_TINTS, 0.012)
    across, down = x / x.size - rng.uniform(0.35, 0.65), y / y.size - rng.uniform(0.3, 0.5)
    light = 1.025 - rng.uniform(0.12, 0.3) * ((across * 0.9) ** 2 + (down * 0.8) ** 2)
    return _lit(colour, light + 0.004 * _texture(rng, 0.6, y, x))


def _wood(rng: Rng, y: Field, x: Field) -> Colours:
    """Boards with grain along them and dark joints."""
    upright = rng.random() < 0.5
    across, along = np.broadcast_arrays(x, y) if upright else np.broadcast_arrays(y, x)
    board = float(rng.uniform(52, 110))
    number = np.floor(across / board).astype(np.int32)
    tones = rng.normal(0, 0.055, 32)[number]
    starts = rng.uniform(0, 512, 32).astype(np.float32)[number]
    bend = 5 * noise_at(20.0, across * 0.7 + starts, along * 0.35)
    rings = noise_at(2.2, across * 1.1 + bend + starts, along * 0.05 + starts)
    sides = np.abs(across % board - board / 2) - board / 2 + 1.6
    ends = np.abs((along + starts * 3) % 420 - 210) - 208.6
    joint = np.clip(np.maximum(sides / 1.6, ends / 1.2), 0, 1)
    return _lit(picked(rng, WOODS, 0.025), (1 + tones + 0.06 * rings) * (1 - 0.5 * joint))


def _tiles(rng: Rng, y: Field, x: Field) -> Colours:
    """Square tiles, each a little different, sometimes as a chequerboard."""
    colour = picked(rng, TILES, 0.025)
    side = float(rng.uniform(70, 150))
    y, x = y + np.float32(rng.uniform(0, side)), x + np.float32(rng.uniform(0, side))
    row, column = np.floor(y / side).astype(int), np.floor(x / side).astype(int)
    tone = 1 + rng.normal(0, 0.028, (32, 32))[row % 32, column % 32]
    if rng.random() < 0.3:
        tone *= 1 - (row + column) % 2 * rng.uniform(0.2, 0.45)
    tone = tone + 0.02 * _texture(rng, 9.0, y, x)
    gap = np.maximum(np.abs(y % side - side / 2), np.abs(x % side - side / 2)) - side / 2 + 2.2
    joint = np.clip(gap / 1.4, 0, 1)
    grout = blended(colour, rgb_of("#8b857c"), 0.55)
    return blended(_lit(colour, tone), grout, joint[..., None])


def _concrete(rng: Rng, y: Field, x: Field) -> Colours:
    """Plaster or polished concrete."""
    tone = 0.022 * _texture(rng, 34.0, y, x) + 0.014 * _texture(rng, 7.0, y, x)
    return _lit(picked(rng, PLASTERS, 0.025), 1 + tone + 0.014 * _texture(rng, 1.0, y, x))


def _room(rng: Rng, y: Field, x: Field) -> Colours:
    """A wall, a skirting board and a floor."""
    wall = picked(rng, STUDIO_TINTS + BOLD_TINTS, 0.025)
    floor_y, board = int(y.size * rng.uniform(0.8, 0.9)), max(6, y.size // 60)
    scene = _lit(wall, 1 - 0.1 * (y / y.size) + 0.005 * _texture(rng, 12.0, y, x))
    floor = (_wood, _tiles, _concrete)[int(rng.integers(0, 3))](rng, y, x)
    scene[floor_y:] = floor[floor_y:]
    scene[floor_y - board : floor_y] = blended(wall, np.ones(3, np.float32), 0.45)
    scene[[floor_y - board - 1, floor_y]] *= 0.75
    return scene


PAINTERS: Final[Mapping[Background, Callable[[Rng, Field, Field], Colours]]] = {
    "studio": _studio, "wood": _wood, "tiles": _tiles,
    "concrete": _concrete, "room": _room,
}  # fmt: skip
