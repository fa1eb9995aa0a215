"""A garment without anybody in it: laid out on a ground, or on a hanger before a wall."""

from collections.abc import Callable
from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.synthetic.body import flat_body
from segmentation.synthetic.canvas import Canvas
from segmentation.synthetic.design import Cloths, Design, cut_for
from segmentation.synthetic.figure import plain_cloths
from segmentation.synthetic.geometry import Points, band, curve, gentle_warp, points
from segmentation.synthetic.palette import rgb_of
from segmentation.synthetic.panels import CutGarment, Panel
from segmentation.synthetic.raster import Grid
from segmentation.synthetic.sewing import Painted, sew

CLOSEST: Final = 9.2
"""Pixels per cm of the nearest view, on a photo 640 high."""


def draw_laid(canvas: Canvas, rng: np.random.Generator, design: Design, hung: bool) -> None:
    """One garment, laid on the ground or hung before it."""
    spread = float(rng.uniform(0.1, 0.24)) if hung else _spread_for(rng, design)
    body = flat_body(rng, spread)
    garment = cut_for(design, body).moved(gentle_warp(rng, 0.5 if hung else 0.9))
    turn = 0.0 if hung else float(rng.normal(0, 0.035))
    garment = garment.moved(_turned(turn))
    grid = _grid_around(garment, canvas, rng, above=16.0 if hung else 0.0)
    painted = sew(garment, design.cloths, grid, rng)
    if hung:
        hanger = _hanger(design, rng)
        _shade_wall(canvas, painted, grid)
        canvas.lay(sew(*hanger, grid, rng), GarmentClass.BACKGROUND)
    else:
        canvas.shadow(painted, 1.1 * grid.scale, (2, 4), 0.26)
        canvas.shadow(painted, max(0.8, 0.28 * grid.scale), (1, 2), 0.34)
    canvas.lay(painted, design.garment_class)


def _spread_for(rng: np.random.Generator, design: Design) -> float:
    """How far the sleeves are laid out: short ones stand off, long ones lie near."""
    long_sleeved = design.kind not in ("tee", "polo", "tank")
    low, high = (0.22, 0.46) if long_sleeved else (0.62, 0.95)
    return float(rng.uniform(low, high))


def _turned(angle: float) -> Callable[[Points], Points]:
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    matrix = np.array([[cos, sin], [-sin, cos]])

    def turn(line: Points) -> Points:
        return np.asarray(line @ matrix)

    return turn


def _grid_around(
    garment: CutGarment, canvas: Canvas, rng: np.random.Generator, above: float
) -> Grid:
    """Place the garment on the photo: as large as it fits, with a margin."""
    height, width = canvas.height, canvas.width
    outline = np.vstack([each.outline for each in garment.layers if isinstance(each, Panel)])
    low, high = outline.min(axis=0) - (0, above), outline.max(axis=0)
    wide, tall = high - low
    room = rng.uniform(0.8, 0.92)
    scale = min(width * room / wide, height * room / tall, CLOSEST * height / 640)
    centre = (low + high) / 2
    jitter = rng.uniform(-0.5, 0.5, 2) * (np.array([width, height]) * (1 - room)) * 0.3
    x = width / 2 - centre[0] * scale + jitter[0]
    y = height / 2 - centre[1] * scale + jitter[1]
    return Grid(float(scale), float(x), float(y), width, height)


def _hanger(design: Design, rng: np.random.Generator) -> tuple[CutGarment, Cloths]:
    """A wooden hanger for what has shoulders, a bar with clips for what has a waist."""
    colour = rgb_of(str(rng.choice(["#b98f62", "#7a573b", "#d8c3a0", "#3a3634"])))
    cloths = plain_cloths(colour, 0.0)
    if design.garment_class is GarmentClass.LOWER:
        y = 37.0
        wood = Panel(points((-18, y - 4), (18, y - 4), (18, y - 2.4), (-18, y - 2.4)))
        clip = points((-0.9, y - 4.4), (0.9, y - 4.4), (1.3, y + 6), (-1.3, y + 6))
        clips = [Panel(clip + np.array([x, 0.0])) for x in (-13, 13)]
        hook_y = y - 4
        layers = [wood, *clips]
    else:
        arch = curve((-17.5, 7.4), (-9, 1.8), (0, -3.6), (9, 1.8), (17.5, 7.4))
        layers = [Panel(band(arch, 2.2))]
        hook_y = -5.5
    hook = curve((0, hook_y + 2), (0, hook_y - 3), (2.4, hook_y - 5.5), (2.6, hook_y - 8.2),
                 (0, hook_y - 10), (-2.6, hook_y - 8.4))  # fmt: skip
    return CutGarment((Panel(band(hook, 0.5)), *layers)), cloths


def _shade_wall(canvas: Canvas, painted: Painted, grid: Grid) -> None:
    canvas.shadow(painted, 1.5 * grid.scale, (int(1.6 * grid.scale), int(1.9 * grid.scale)), 0.24)
    canvas.shadow(painted, 0.6 * grid.scale, (int(0.5 * grid.scale), int(0.7 * grid.scale)), 0.2)
