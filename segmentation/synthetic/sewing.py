"""A cut garment and its cloths in; its lit pixels and its coverage out.

Panels are painted one over the other with the shadow each drops; then one height
field, made of the cut's folds and of noise, is lit from the upper left.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from segmentation.synthetic.design import Cloths
from segmentation.synthetic.fabrics import Fabric, Spot, paint
from segmentation.synthetic.geometry import ellipse, tapered
from segmentation.synthetic.palette import Rgb, blended, luminance
from segmentation.synthetic.panels import Button, Cloth, Cord, CutGarment, Fold, Panel, Seam
from segmentation.synthetic.raster import (
    Colours,
    Field,
    Grid,
    Patch,
    blurred,
    bounds,
    cover_of,
    cover_of_lines,
    noise,
    noise_at,
    resized,
)  # fmt: skip

LIGHT: Final = (-0.55, -0.83)
"""Where the light comes from: x, y."""
FOLD_GRID: Final = 2
"""Folds are worked out on a grid this many times coarser."""


@dataclass(frozen=True, eq=False)
class Painted:
    """Pixels of one garment or body and their coverage, in a window of the photo."""

    colours: Colours
    cover: Field
    rows: slice
    columns: slice

    @property
    def window(self) -> tuple[slice, slice]:
        """Index into an array of the photo's size."""
        return self.rows, self.columns


class _Layer:
    """Paint, shade and coverage that grow panel by panel."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.paint = np.zeros((grid.height, grid.width, 3), np.float32)
        self.shade = np.ones((grid.height, grid.width), np.float32)
        self.cover = np.zeros((grid.height, grid.width), np.float32)


def sew(garment: CutGarment, cloths: Cloths, grid: Grid, rng: np.random.Generator) -> Painted:
    """Paint a garment onto the part of the grid that it covers."""
    outlines = [layer.outline for layer in garment.layers if isinstance(layer, Panel)]
    x0, y0, x1, y1 = bounds(outlines, grid, 3)
    layer = _Layer(grid.window(x0, y0, x1, y1))
    _paint_layers(layer, garment, cloths)
    colours = layer.paint * layer.shade[..., None]
    if cloths.faded:
        colours = _faded(colours, layer.grid)
    if cloths.drape > 0:
        relief = _relief(layer, garment.folds, cloths.drape, rng)
        colours = _lit(colours, relief, layer.grid)
    np.clip(colours, 0, 1, out=colours)
    return Painted(colours, layer.cover, slice(y0, y1), slice(x0, x1))


def _paint_layers(layer: _Layer, garment: CutGarment, cloths: Cloths) -> None:
    seams: list[Seam] = []
    for piece in garment.layers:
        if isinstance(piece, Seam):
            seams.append(piece)
            continue
        _paint_seams(layer, seams, cloths)
        seams = []
        if isinstance(piece, Panel):
            _paint_panel(layer, piece, _cloth_of(piece.cloth, cloths))
        elif isinstance(piece, Button):
            _paint_button(layer, piece, cloths)
        else:
            _paint_cord(layer, piece, cloths)
    _paint_seams(layer, seams, cloths)


def _cloth_of(cloth: Cloth, cloths: Cloths) -> Fabric:
    if cloth is Cloth.RIB:
        return cloths.rib
    if cloth is Cloth.INSIDE:
        return cloths.inside
    return cloths.trim if cloth is Cloth.TRIM else cloths.main


def _paint_panel(layer: _Layer, panel: Panel, fabric: Fabric) -> None:
    scale = layer.grid.scale
    if panel.lift:
        _drop_shadow(layer, panel, scale)
    patch = cover_of([panel.outline], layer.grid)
    cloth = paint(fabric, _spot(layer.grid, patch, panel))
    window = patch.window
    if panel.inside:
        patch = replace(patch, cover=np.minimum(patch.cover, layer.cover[window]))
    before = layer.cover[window]
    union = before if panel.inside else 1 - (1 - before) * (1 - patch.cover)
    share = patch.cover / np.maximum(union, 1e-6)
    layer.paint[window] += (cloth - layer.paint[window]) * share[..., None]
    turned = union if panel.attached else patch.cover
    shade = panel.tone * _rounded(turned, panel.roundness, scale)
    layer.shade[window] += (shade - layer.shade[window]) * share
    layer.cover[window] = union


def _spot(grid: Grid, patch: Patch, panel: Panel) -> Spot:
    window = grid.window(patch.columns.start, patch.rows.start, patch.columns.stop, patch.rows.stop)
    x, y = window.centimetres()
    ox, oy = panel.frame.origin
    cos, sin = np.float32(np.cos(panel.frame.angle)), np.float32(np.sin(panel.frame.angle))
    # A slow wave keeps printed lines from looking ruled.
    sway = 0.35 * np.sin(y * 0.21 + ox) + 0.25 * np.sin(x * 0.17)
    u = (x - ox) * cos + (y - oy) * sin + sway
    v = (y - oy) * cos - (x - ox) * sin + 0.4 * np.sin(x * 0.16 + oy) + oy
    return Spot(u.astype(np.float32), v.astype(np.float32), 1 / grid.scale)


def _rounded(cover: Field, roundness: float, scale: float) -> Field:
    """Cloth turns away from the light at its edges, more on the lower right."""
    if min(cover.shape) < 2:
        return np.ones_like(cover)
    soft = blurred(cover, max(1.2, 1.5 * scale))
    edge = np.clip(soft * 2 - 1, 0, 1)
    down, right = np.gradient(soft)
    turned = -(right * LIGHT[0] + down * LIGHT[1]) * scale * 1.9
    shade = 1 - roundness * 0.13 * (1 - edge) ** 2 + roundness * 0.16 * turned
    return np.asarray(np.clip(shade, 0.5, 1.12), np.float32)


def _drop_shadow(layer: _Layer, panel: Panel, scale: float) -> None:
    margin = int(panel.lift * scale * 3) + 2
    patch = cover_of([panel.outline], layer.grid, margin)
    soft = blurred(patch.cover, max(0.7, panel.lift * scale * 0.9))
    shift = max(1, round(panel.lift * scale * 0.6))
    moved = np.zeros_like(soft)
    moved[shift:, shift // 2 :] = soft[:-shift, : soft.shape[1] - shift // 2]
    layer.shade[patch.window] *= 1 - 0.36 * moved


def _paint_seams(layer: _Layer, seams: list[Seam], cloths: Cloths) -> None:
    """Creases darken (with a light lip beside them); stitches are dashes of thread."""
    creases = [seam for seam in seams if not seam.stitched]
    for depth in sorted({seam.depth for seam in creases}):
        lines = [(seam.line, seam.width) for seam in creases if seam.depth == depth]
        patch = cover_of_lines(lines, layer.grid)
        dark = patch.cover * depth
        lip = np.zeros_like(dark)
        lip[1:, 1:] = dark[:-1, :-1]
        layer.shade[patch.window] *= 1 - dark * 0.9 + np.clip(lip - dark, 0, 1) * 0.35
    dashes = [(dash, seam.width) for seam in seams if seam.stitched for dash in _dashes(seam)]
    if dashes:
        patch = cover_of_lines(dashes, layer.grid)
        share = (patch.cover * np.float32(min(0.85, 0.3 + layer.grid.scale * 0.08)))[..., None]
        layer.paint[patch.window] += (cloths.thread - layer.paint[patch.window]) * share


def _dashes(seam: Seam) -> list[np.ndarray]:
    steps = np.hypot(*np.diff(seam.line, axis=0).T)
    walked = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.arange(0, max(walked[-1] - 0.5, 0.01), 1.0)
    return [
        np.stack([np.interp([at, at + 0.62], walked, seam.line[:, axis]) for axis in range(2)], 1)
        for at in starts
    ]


def _paint_button(layer: _Layer, button: Button, cloths: Cloths) -> None:
    x, y = button.centre
    radius = max(button.radius, 1.1 / layer.grid.scale)
    colour = cloths.metal if button.metal else cloths.button
    shadow = cover_of([ellipse((x + 0.15, y + 0.3), (radius * 1.1, radius * 1.1))], layer.grid)
    layer.shade[shadow.window] *= 1 - 0.38 * shadow.cover
    _stamp(layer, cover_of([ellipse((x, y), (radius, radius))], layer.grid), colour)
    shine = ellipse((x - radius * 0.22, y - radius * 0.28), (radius * 0.5, radius * 0.42))
    _stamp(layer, cover_of([shine], layer.grid), blended(colour, np.ones(3, np.float32), 0.3))


def _paint_cord(layer: _Layer, cord: Cord, cloths: Cloths) -> None:
    colour = cloths.metal if cord.metal else _cord_colour(cloths)
    shadow = cover_of_lines([(cord.line + np.array([0.25, 0.35]), cord.width * 1.2)], layer.grid)
    layer.shade[shadow.window] *= 1 - 0.35 * shadow.cover
    _stamp(layer, cover_of_lines([(cord.line, cord.width)], layer.grid), colour * 0.86)
    lit = cover_of_lines([(cord.line - np.array([0.06, 0.08]), cord.width * 0.45)], layer.grid)
    _stamp(layer, lit, blended(colour, np.ones(3, np.float32), 0.25))


def _cord_colour(cloths: Cloths) -> Rgb:
    base = cloths.main.colours[0]
    target = np.array([0.95, 0.93, 0.88], np.float32) if luminance(base) < 0.62 else base * 0.7
    return blended(base, target, 0.8)


def _stamp(layer: _Layer, patch: Patch, colour: Rgb) -> None:
    inside = patch.cover * layer.cover[patch.window]
    layer.paint[patch.window] += (colour - layer.paint[patch.window]) * inside[..., None]
    layer.shade[patch.window] += (1 - layer.shade[patch.window]) * inside


# -- folds and light


def _relief(
    layer: _Layer, folds: tuple[Fold, ...], drape: float, rng: np.random.Generator
) -> Field:
    """Height of the cloth on the coarse grid."""
    grid = layer.grid
    step = FOLD_GRID
    coarse = Grid(grid.scale / step, grid.x / step, grid.y / step,
                  -(-grid.width // step), -(-grid.height // step))  # fmt: skip
    x, y = coarse.centimetres()
    shift = rng.uniform(0, 512, (4, 2)).astype(np.float32)
    tilt = np.float32(rng.uniform(-0.25, 0.25))
    # Broad billows, long drapes down the cloth, and soft creases (a ridged noise).
    billow = noise_at(noise(16.0, 11), x * 4.2 + shift[0, 0], y * 2.8 + shift[0, 1])
    long = noise_at(noise(12.0, 12), (x + y * tilt) * 8 + shift[1, 0], y * 1.5 + shift[1, 1])
    crease = noise_at(
        noise(14.0, 13), (x + y * 0.5) * 6 + shift[2, 0], (y - x * 0.35) * 5 + shift[2, 1]
    )
    ridged = 1 - np.minimum(np.abs(crease), 1.4)
    gate = np.clip(noise_at(noise(22.0, 14), x * 5 + shift[3, 0], y * 5 + shift[3, 1]), 0, 1.5)
    height = drape * (0.42 * billow + 0.34 * long + 0.5 * ridged * gate)
    return height + _fold_strokes(folds, coarse) * np.float32(drape)


def _fold_strokes(folds: tuple[Fold, ...], grid: Grid) -> Field:
    picture = Image.new("F", (grid.width, grid.height))
    draw = ImageDraw.Draw(picture)
    total = np.zeros((grid.height, grid.width), np.float32)
    for fold in folds:
        pixels = grid.to_pixels(tapered(fold.line, fold.width))
        draw.polygon(pixels.ravel().tolist(), fill=fold.height)
    total += np.asarray(picture, np.float32)
    return blurred(total, max(1.0, 0.62 * grid.scale)) * 1.6


def _lit(colours: Colours, relief: Field, grid: Grid) -> Colours:
    """Paint times light: slopes that face the light are brighter, the others fall into shade."""
    slope_y, slope_x = np.gradient(relief)
    facing = -(slope_x * LIGHT[0] + slope_y * LIGHT[1]) * (grid.scale / FOLD_GRID)
    light = np.clip(0.3 * facing + 0.05 * relief, -0.42, 0.39)
    light = resized(light.astype(np.float32), grid.width, grid.height)
    bright = np.clip(light, 0, 1) * 0.62
    light = np.minimum(light, 0) + bright
    # Light on dark cloth shows as sheen; in shade the colour turns a little warmer and deeper.
    lit = np.empty_like(colours)
    for channel, tint in enumerate((0.97, 1.0, 1.04)):
        lit[..., channel] = colours[..., channel] * (1 + light * np.float32(tint))
        lit[..., channel] += bright * 0.16
    return lit


def _faded(colours: Colours, grid: Grid) -> Colours:
    """Washed denim: lighter down the middle of thighs and over the chest."""
    x, y = grid.centimetres()
    thigh = np.exp(-(((np.abs(x) - 10.5) / 4.6) ** 2) - ((y - 88) / 24) ** 2)
    chest = np.exp(-((x / 14.0) ** 2) - ((y - 24) / 16) ** 2) * 0.5
    share = ((thigh + chest) * 0.34).astype(np.float32)[..., None]
    washed = colours * 0.55 + 0.45 * np.array([0.78, 0.85, 0.93], np.float32)
    return np.asarray(colours + (washed - colours) * share, np.float32)
