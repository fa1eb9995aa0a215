"""What a garment lies on, hangs before or a figure stands before: colours (h, w, 3) out."""

from collections.abc import Callable
from enum import Enum
from typing import Final

import numpy as np

from segmentation.synthetic.palette import Rgb, blended, rgb_of
from segmentation.synthetic.raster import Colours, Field, mixed, noise, noise_at, resized

STUDIO_TINTS: Final = (
    "#f4f2ee", "#ebe6de", "#e4e6e6", "#efe7dd", "#e3ded5", "#dfe4e3", "#eee6e4", "#f7f6f4",
    "#d9d6d0", "#e6e9ec", "#d8dcd3", "#ece3d4",
)  # fmt: skip
BOLD_TINTS: Final = ("#c8b6a0", "#aebac0", "#c5b3ad", "#b3b9a4", "#8f979d", "#d3bf9f", "#b4a7b5")
WOODS: Final = ("#b98b5f", "#8a6344", "#d2b48c", "#a37a55", "#cdbba4", "#6d4f3a", "#b9b0a4")
SHEETS: Final = ("#e9e5de", "#cfd7dc", "#d8cfc4", "#b9c1b4", "#dcc9c4", "#a9b4c1", "#8d8a88")
CARPETS: Final = ("#b7aa98", "#8d8c8a", "#a7a79a", "#76808a", "#c9bba6", "#92786a", "#5f6a66")
TILES: Final = ("#dedad2", "#c9ccca", "#b9aa98", "#a8b0b3", "#e5ded0")


class Ground(Enum):
    """The kinds of ground."""

    STUDIO = "studio"
    WOOD = "wood"
    TILES = "tiles"
    CARPET = "carpet"
    SHEET = "sheet"
    CONCRETE = "concrete"
    ROOM = "room"
    STREET = "street"


def draw_ground(rng: np.random.Generator, ground: Ground, height: int, width: int) -> Colours:
    """A ground of this kind, lit softly from one side."""
    scene = _PAINTERS[ground](rng, height, width)
    y, x = _places(height, width)
    slope = rng.uniform(-0.07, 0.07, 2).astype(np.float32)
    light = 1 + slope[0] * (x / width * 2 - 1) + slope[1] * (y / height * 2 - 1)
    scene = np.asarray(scene * light.astype(np.float32)[..., None], np.float32)
    np.clip(scene, 0, 1, out=scene)
    return scene


def _places(height: int, width: int) -> tuple[Field, Field]:
    """y (h, 1) and x (1, w) of the pixels."""
    y = np.arange(height, dtype=np.float32)[:, None]
    return y, np.arange(width, dtype=np.float32)[None]


def _pick(rng: np.random.Generator, colours: tuple[str, ...], spread: float = 0.025) -> Rgb:
    colour = rgb_of(colours[int(rng.integers(0, len(colours)))])
    return np.clip(
        colour + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 0.05, 0.98
    ).astype(np.float32)


def _shifted(rng: np.random.Generator, tile: Field, y: Field, x: Field) -> Field:
    dy, dx = rng.uniform(0, 512, 2).astype(np.float32)
    return noise_at(tile, x + dx, y + dy)


def _studio(rng: np.random.Generator, height: int, width: int) -> Colours:
    """Seamless paper: a soft pool of light, darker corners, a breath of grain."""
    tints = BOLD_TINTS if rng.random() < 0.16 else STUDIO_TINTS
    colour = _pick(rng, tints, 0.012)
    y, x = _places(height, width)
    cy, cx = rng.uniform(0.3, 0.5), rng.uniform(0.35, 0.65)
    distance = ((x / width - cx) * 0.9) ** 2 + ((y / height - cy) * 0.8) ** 2
    light = 1.025 - rng.uniform(0.12, 0.3) * distance
    grain = 0.004 * _shifted(rng, noise(0.6, 20), y, x)
    return np.asarray(colour * (light + grain)[..., None], np.float32)


def _wood(rng: np.random.Generator, height: int, width: int) -> Colours:
    """Boards with grain along them and dark joints."""
    colour = _pick(rng, WOODS)
    y, x = _places(height, width)
    if rng.random() < 0.5:
        across, along = np.broadcast_to(x, (height, width)), np.broadcast_to(y, (height, width))
    else:
        across, along = np.broadcast_to(y, (height, width)), np.broadcast_to(x, (height, width))
    board = float(rng.uniform(52, 110))
    number = np.floor(across / board).astype(np.int32)
    tones = rng.normal(0, 0.055, 32).astype(np.float32)[number]
    starts = rng.uniform(0, 512, 32).astype(np.float32)[number]
    bend = 5 * noise_at(noise(20.0, 21), across * 0.7 + starts, along * 0.35)
    rings = noise_at(noise(2.2, 22), across * 1.1 + bend + starts, along * 0.05 + starts)
    fine = noise_at(noise(0.8, 23), across * 1.4 + bend, along * 0.08 + starts)
    tone = 1 + tones + 0.055 * rings + 0.03 * fine
    edge = np.abs(across % board - board / 2)
    joint = np.clip((edge - board / 2 + 1.6) / 1.6, 0, 1)
    ends = np.abs((along + starts * 3) % 420 - 210)
    joint = np.maximum(joint, np.clip((ends - 208.6) / 1.2, 0, 1))
    return np.asarray(colour * (tone * (1 - 0.5 * joint))[..., None], np.float32)


def _tiles(rng: np.random.Generator, height: int, width: int) -> Colours:
    """Square tiles, each a little different, with pale or dark joints."""
    colour = _pick(rng, TILES)
    y, x = _places(height, width)
    side = float(rng.uniform(70, 150))
    dy, dx = rng.uniform(0, side, 2)
    row, column = np.floor((y + dy) / side), np.floor((x + dx) / side)
    tones = rng.normal(0, 0.028, (32, 32)).astype(np.float32)
    tone = 1 + tones[row.astype(int) % 32, column.astype(int) % 32]
    if rng.random() < 0.3:
        dark = (row + column) % 2
        tone = tone * (1 - dark * rng.uniform(0.2, 0.45))
    cloud = _shifted(rng, noise(9.0, 24), y, x)
    vein = np.abs(_shifted(rng, noise(14.0, 25), y * 0.8, x * 0.8))
    tone = tone + 0.02 * cloud - 0.06 * np.clip(0.12 - vein, 0, 1) / 0.12 * (rng.random() < 0.6)
    gap_y = np.abs((y + dy) % side - side / 2) - side / 2 + 2.2
    gap_x = np.abs((x + dx) % side - side / 2) - side / 2 + 2.2
    joint = np.clip(np.maximum(gap_y, gap_x) / 1.4, 0, 1).astype(np.float32)
    grout = blended(colour, rgb_of("#8b857c"), 0.55)
    ground = colour * tone[..., None]
    paint = np.broadcast_to(grout, ground.shape)
    return mixed(ground.astype(np.float32), paint, np.asarray(joint, np.float32))


def _carpet(rng: np.random.Generator, height: int, width: int) -> Colours:
    """Short pile, sometimes with a woven border or stripes."""
    colour = _pick(rng, CARPETS)
    y, x = _places(height, width)
    pile = 0.085 * _shifted(rng, noise(0.75, 26), y, x) + 0.03 * _shifted(rng, noise(7.0, 27), y, x)
    ground = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    if rng.random() < 0.45:
        second = blended(colour, _pick(rng, SHEETS), 0.6)
        period = float(rng.uniform(60, 160))
        wobble = 0.7 * _shifted(rng, noise(5.0, 28), y, x)
        lines = np.abs(((x if rng.random() < 0.5 else y) + wobble) % period - period / 2)
        share = np.clip((lines - period * rng.uniform(0.26, 0.42)) / 1.5, 0, 1)
        paint = np.broadcast_to(second, ground.shape)
        ground = mixed(ground, paint, np.asarray(share, np.float32))
    return np.asarray(ground * (1 + pile)[..., None], np.float32)


def _sheet(rng: np.random.Generator, height: int, width: int) -> Colours:
    """A crumpled bed sheet, plain or striped."""
    colour = _pick(rng, SHEETS)
    y, x = _places(height, width)
    lean = float(rng.uniform(-0.6, 0.6))
    broad = _shifted(rng, noise(22.0, 29), y * 0.8, x * 0.8 + y * lean)
    crease = 1 - np.minimum(
        np.abs(_shifted(rng, noise(15.0, 30), y * 0.75 + x * lean, x * 0.6)), 1.3
    )
    relief = 9 * broad + 7 * crease
    down, right = np.gradient(relief)
    light = np.clip(1 + 0.11 * (right * 0.55 + down * 0.83), 0.72, 1.1)
    ground = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    if rng.random() < 0.4:
        period = float(rng.uniform(16, 60))
        along = x + lean * y + relief * 0.25
        share = np.clip(np.abs(along % period - period / 2) - period * 0.33, 0, 1)
        ground = mixed(
            ground, np.broadcast_to(blended(colour, _pick(rng, CARPETS), 0.45), ground.shape), share
        )
    return np.asarray(ground * light[..., None], np.float32)


def _concrete(rng: np.random.Generator, height: int, width: int) -> Colours:
    """Plaster or polished concrete."""
    colour = _pick(rng, ("#b8b5af", "#a5a6a6", "#c9c2b8", "#8f8e8b", "#bcae9f"))
    y, x = _places(height, width)
    tone = 0.022 * _shifted(rng, noise(34.0, 31), y, x) + 0.014 * _shifted(
        rng, noise(7.0, 32), y, x
    )
    tone = tone + 0.014 * _shifted(rng, noise(1.0, 33), y, x)
    return np.asarray(colour * (1 + tone)[..., None], np.float32)


def _room(rng: np.random.Generator, height: int, width: int) -> Colours:
    """A wall, a skirting board and a floor; often a picture or the light of a window."""
    wall = _pick(rng, STUDIO_TINTS + BOLD_TINTS)
    floor_y = int(height * rng.uniform(0.8, 0.9))
    y, x = _places(height, width)
    scene = (
        wall * (1 - 0.1 * (y / height) + 0.005 * _shifted(rng, noise(12.0, 34), y, x))[..., None]
    )
    scene = scene.astype(np.float32)
    if rng.random() < 0.5:
        _light_of_window(rng, scene)
    if rng.random() < 0.4:
        _picture(rng, scene, floor_y)
    floors = (_wood, _carpet, _tiles, _concrete)
    floor = floors[int(rng.integers(0, len(floors)))](rng, height, width)
    scene[floor_y:] = floor[floor_y:] * np.linspace(0.86, 1.0, height - floor_y)[:, None, None]
    board = max(6, height // 60)
    scene[floor_y - board : floor_y] = blended(wall, np.ones(3, np.float32), 0.45)
    scene[floor_y - board - 1] *= 0.85
    scene[floor_y] *= 0.7
    return scene


def _light_of_window(rng: np.random.Generator, scene: Colours) -> None:
    height, width = scene.shape[:2]
    y, x = _places(height, width)
    left, top = rng.uniform(-0.1, 0.5) * width, rng.uniform(0, 0.3) * height
    across, down = x - left + y * 0.35, y - top
    wide, high = width * rng.uniform(0.35, 0.6), height * rng.uniform(0.35, 0.6)
    inside = np.clip(np.minimum(across, wide - across) / 9, 0, 1) * np.clip(
        np.minimum(down, high - down) / 9, 0, 1
    )
    bar = np.clip(np.abs(across - wide / 2) / 5 - 0.6, 0, 1) * np.clip(
        np.abs(down - high / 2) / 5 - 0.6, 0, 1
    )
    scene *= (1 + 0.09 * inside * bar)[..., None]


def _picture(rng: np.random.Generator, scene: Colours, floor_y: int) -> None:
    height, width = scene.shape[:2]
    wide, high = int(width * rng.uniform(0.16, 0.3)), int(height * rng.uniform(0.14, 0.26))
    left = int(rng.choice([rng.uniform(0.02, 0.12), rng.uniform(0.7, 0.84)]) * width)
    top = int(rng.uniform(0.06, 0.25) * min(height, floor_y))
    frame = _pick(rng, WOODS)
    scene[top + 4 : top + high + 8, left + 3 : left + wide + 6] *= 0.88
    scene[top : top + high, left : left + wide] = frame
    inner = scene[top + 5 : top + high - 5, left + 5 : left + wide - 5]
    inner[...] = rgb_of("#f3efe6")
    rows, columns = inner.shape[0] // 5, inner.shape[1] // 5
    inner[rows:-rows, columns:-columns] = _pick(rng, CARPETS + SHEETS)
    inner[-2 * rows : -rows, columns:-columns] = _pick(rng, BOLD_TINTS)


STREET_GRID: Final = 5
"""A street is far away and out of focus: it is painted this many times coarser."""


def _street(rng: np.random.Generator, height: int, width: int) -> Colours:
    """A blurred street: house fronts, windows, a pavement."""
    rows, columns = -(-height // STREET_GRID), -(-width // STREET_GRID)
    scene = np.empty((rows, columns, 3), np.float32)
    scene[...] = _pick(rng, ("#d4dce2", "#e6e1d9", "#c3d0da"))
    floor = int(rows * rng.uniform(0.76, 0.86))
    left = 0
    while left < columns:
        wide = int(rng.uniform(0.2, 0.5) * columns)
        _house(rng, scene[:floor, left : left + wide], _pick(rng, WOODS + CARPETS + TILES, 0.03))
        left += wide
    far = np.stack([resized(scene[..., channel], width, height) for channel in range(3)], axis=2)
    floor_y = floor * STREET_GRID
    y, _ = _places(height, width)
    share = np.clip((y - floor_y) / STREET_GRID, 0, 1)
    pavement = _concrete(rng, height, width) * 0.95
    return mixed(far, pavement, np.broadcast_to(share, (height, width)))


def _house(rng: np.random.Generator, front: Colours, wall: Rgb) -> None:
    """A house front with rows of windows, painted into a view of the scene."""
    rows, columns = front.shape[:2]
    top = max(0, int(rng.uniform(-0.3, 0.3) * rows))
    front[top:] = wall
    glass = blended(wall, rgb_of("#3d4852"), float(rng.uniform(0.4, 0.75)))
    gap = int(rng.integers(11, 17))
    wide, high = max(2, int(gap * 0.33)), int(gap * 0.56)
    for window_y in range(top + 5, rows - gap, gap):
        for window_x in range(3, columns - wide - 1, max(4, int(gap * 0.62))):
            tone = rng.uniform(0.9, 1.15)
            front[window_y : window_y + high, window_x : window_x + wide] = glass * tone


_PAINTERS: Final[dict[Ground, Callable[[np.random.Generator, int, int], Colours]]] = {
    Ground.STUDIO: _studio,
    Ground.WOOD: _wood,
    Ground.TILES: _tiles,
    Ground.CARPET: _carpet,
    Ground.SHEET: _sheet,
    Ground.CONCRETE: _concrete,
    Ground.ROOM: _room,
    Ground.STREET: _street,
}
