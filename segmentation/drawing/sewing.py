"""Layers of a cut garment, and their pixels and coverage.

Panels are painted one over the other with the shadow each drops; then one height field, made of
the cut's folds and of noise, is lit from the upper left. All lengths are centimetres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from segmentation.drawing import raster
from segmentation.drawing.fabrics import Cloth, Cloths, Notion, Spot, paint
from segmentation.drawing.raster import (
    Colours,
    Field,
    Grid,
    Patch,
    Points,
    Window,
    cover_of,
    points,
)

Rng = np.random.Generator
LIGHT: Final = (-0.55, -0.83)  # where it comes from: x, y
FOLD_GRID: Final = 2  # folds are computed on a grid this many times coarser


@dataclass(frozen=True, eq=False)
class Panel:
    """One piece of cloth.

    Attributes:
        line: closed outline, shape (n, 2).
        turn: angle of the cloth's pattern in radians, around `origin`.
        tone: lightness, 1 is the cloth's own.
        lift: width of the shadow it drops on what lies under it.
        roundness: how far its edges fall into shade, 0 to 1.
        attached: sewn on, so that no edge shows where it meets the panels before it.
        inside: clipped to what is already painted: a pocket never sticks out.
        notion: what it is made of instead of cloth.
    """

    line: Points
    cloth: Cloth = "main"
    origin: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    tone: float = 1.0
    lift: float = 0.0
    roundness: float = 1.0
    attached: bool = False
    inside: bool = False
    notion: Notion | None = None


@dataclass(frozen=True, eq=False)
class Seam:
    """A dark crease, or a line of thread, of cord or of a zip's metal."""

    line: Points
    width: float = 0.22
    depth: float = 0.28
    notion: Notion | None = None


def button(x: float, y: float, radius: float = 0.6, notion: Notion = "button") -> Panel:
    """A round button, or a rivet of metal, with its centre at (x, y)."""
    disc = raster.ellipse((x, y), (radius, radius))
    return Panel(disc, lift=0.3, roundness=0.6, inside=True, notion=notion)


@dataclass(frozen=True, eq=False)
class Fold:
    """A valley in the cloth, widest in its middle; a ridge where `height` > 0."""

    line: Points
    width: float = 2.2
    height: float = -0.5


Layer = Panel | Seam | Fold
"""Garments are lists of layers, from the back to the front; folds may stand anywhere."""


def moved(layers: Sequence[Layer], move: raster.Move) -> list[Layer]:
    """The layers with every point sent through `move`."""
    return [replace(layer, line=move(layer.line)) for layer in layers]


def outlines(layers: Sequence[Layer]) -> list[Points]:
    """Outlines of the panels."""
    return [layer.line for layer in layers if isinstance(layer, Panel)]


class _Surface:
    """Paint, shade and coverage that grow layer by layer."""

    def __init__(self, grid: Grid, cloths: Cloths) -> None:
        self.grid, self.cloths = grid, cloths
        self.paint = np.zeros((grid.height, grid.width, 3), np.float32)
        self.shade = np.ones((grid.height, grid.width), np.float32)
        self.cover = np.zeros((grid.height, grid.width), np.float32)

    def blend(self, window: Window, paint: Colours, shade: Field | float, share: Field) -> None:
        """Lay paint and its shade over what is painted, by a share per pixel."""
        self.paint[window] += (paint - self.paint[window]) * share[..., None]
        self.shade[window] += (shade - self.shade[window]) * share


def sew(layers: Sequence[Layer], cloths: Cloths, grid: Grid, rng: Rng) -> tuple[Colours, Patch]:
    """Paint a garment: its colours (h, w, 3), and where they lie on the grid."""
    area = cover_of(outlines(layers), grid, 3)
    surface = _Surface(grid.window(area), cloths)
    for layer in layers:
        if isinstance(layer, Panel):
            _paint_panel(surface, layer)
        elif isinstance(layer, Seam):
            _paint_seam(surface, layer)
    colours = surface.paint * surface.shade[..., None]
    if cloths.drape > 0:
        folds = [layer for layer in layers if isinstance(layer, Fold)]
        relief = _relief(surface.grid, folds, cloths.drape, rng)
        colours = _lit(colours, relief, surface.grid)
    np.clip(colours, 0, 1, out=colours)
    return colours, Patch(surface.cover, area.window)


def _paint_panel(surface: _Surface, panel: Panel) -> None:
    scale = surface.grid.scale
    if panel.lift:
        lift, moved = panel.lift * scale, panel.line + points((0.3, 0.6)) * panel.lift
        shadow = cover_of([moved], surface.grid, int(lift * 3) + 2)
        soft = raster.blurred(shadow.cover, max(0.7, lift * 0.9))
        surface.shade[shadow.window] *= 1 - 0.36 * soft
    patch = cover_of([panel.line], surface.grid)
    before = surface.cover[patch.window]
    cover = np.minimum(patch.cover, before) if panel.inside else patch.cover
    union = np.maximum(before, cover) if panel.inside else 1 - (1 - before) * (1 - cover)
    share = cover / np.maximum(union, 1e-6)
    if panel.notion:
        cloth = surface.cloths.notions[panel.notion]
    else:
        spot = _spot(surface.grid.window(patch), panel)
        cloth = paint(surface.cloths.fabrics[panel.cloth], spot)
    shade = panel.tone * _rounded(union if panel.attached else cover, panel.roundness, scale)
    surface.blend(patch.window, cloth, shade, share)
    surface.cover[patch.window] = union


def _spot(grid: Grid, panel: Panel) -> Spot:
    """Positions on the panel's cloth; a slow wave keeps printed lines from looking ruled."""
    x, y = grid.centimetres()
    ox, oy = panel.origin
    cos, sin = np.cos(panel.turn), np.sin(panel.turn)
    u = (x - ox) * cos + (y - oy) * sin + 0.35 * np.sin(y * 0.21 + ox) + 0.25 * np.sin(x * 0.17)
    v = (y - oy) * cos - (x - ox) * sin + 0.4 * np.sin(x * 0.16 + oy) + oy
    return Spot(u.astype(np.float32), v.astype(np.float32), 1 / grid.scale)


def _rounded(cover: Field, roundness: float, scale: float) -> Field:
    """Shade of cloth that turns away from the light at its edges, most on the lower right."""
    soft = raster.blurred(cover, max(1.2, 1.5 * scale))
    edge = np.clip(soft * 2 - 1, 0, 1)
    down, right = np.gradient(soft)
    away = -(right * LIGHT[0] + down * LIGHT[1]) * scale * 1.9
    shade = 1 - roundness * 0.13 * (1 - edge) ** 2 + roundness * 0.16 * away
    return np.asarray(np.clip(shade, 0.5, 1.12), np.float32)


def _paint_seam(surface: _Surface, seam: Seam) -> None:
    """A seam darkens; thread, cord and metal are painted where there is cloth."""
    patch = cover_of([seam.line], surface.grid, 4, seam.width)
    if seam.notion is None:
        surface.shade[patch.window] *= 1 - patch.cover * np.float32(seam.depth * 0.9)
        return
    if seam.notion != "thread":
        shadow = cover_of([seam.line + 0.3], surface.grid, 4, seam.width * 1.2)
        surface.shade[shadow.window] *= 1 - 0.36 * shadow.cover
    share = patch.cover * surface.cover[patch.window] * min(1.0, seam.width * 3)
    surface.blend(patch.window, surface.cloths.notions[seam.notion], 1.0, share)


def _relief(grid: Grid, folds: Sequence[Fold], drape: float, rng: Rng) -> Field:
    """Height of the cloth on the coarse grid: billows, long drapes, creases and the cut's folds."""
    step = FOLD_GRID
    width, height = -(-grid.width // step), -(-grid.height // step)
    coarse = Grid(grid.scale / step, grid.x / step, grid.y / step, width, height)
    x, y = coarse.centimetres()
    x, y = x + np.float32(rng.uniform(0, 99)), y + np.float32(rng.uniform(0, 99))
    tilt = np.float32(rng.uniform(-0.25, 0.25))
    billow = raster.noise_at(16.0, x * 4.2, y * 2.8)
    long = raster.noise_at(12.0, (x + y * tilt) * 8, y * 1.5)
    crease = 1 - np.minimum(
        np.abs(raster.noise_at(14.0, (x + y * 0.5) * 6, (y - x * 0.35) * 5)), 1.4
    )
    gate = np.clip(raster.noise_at(22.0, x * 5, y * 5), 0, 1.5)
    soft = 0.42 * billow + 0.34 * long + 0.5 * crease * gate
    return np.asarray(drape * (soft + _fold_strokes(folds, coarse)), np.float32)


def _fold_strokes(folds: Sequence[Fold], grid: Grid) -> Field:
    picture = Image.new("F", (grid.width, grid.height))
    draw = ImageDraw.Draw(picture)
    for fold in folds:
        outline = grid.to_pixels(raster.stroke(fold.line, fold.width))
        draw.polygon(outline.ravel().tolist(), fill=fold.height)
    return raster.blurred(np.asarray(picture, np.float32), max(1.0, 0.62 * grid.scale)) * 1.6


def _lit(colours: Colours, relief: Field, grid: Grid) -> Colours:
    """Paint times light: slopes that face the light are brighter, the others fall into shade."""
    down, right = np.gradient(relief)
    facing = -(right * LIGHT[0] + down * LIGHT[1]) * (grid.scale / FOLD_GRID)
    light = np.clip(0.3 * facing + 0.05 * relief, -0.42, 0.39)
    picture = Image.fromarray(light.astype(np.float32)).resize((grid.width, grid.height))
    light = np.asarray(picture)[..., None]
    bright = np.clip(light, 0, 1) * np.float32(0.62)
    # Shade is a little warmer than light; on dark cloth light shows as sheen.
    tint = np.array([0.97, 1.0, 1.04], np.float32)
    lit = colours * (1 + (np.minimum(light, 0) + bright) * tint) + bright * 0.16
    return np.asarray(lit, np.float32)
