"""Garments on a figure: who stands where, what is worn together, what covers what."""

from dataclasses import replace
from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.synthetic import figure as figures
from segmentation.synthetic.canvas import Canvas
from segmentation.synthetic.design import Design, cut_for, random_design
from segmentation.synthetic.fabrics import Pattern
from segmentation.synthetic.geometry import ellipse
from segmentation.synthetic.palette import PARTNERS, Rgb
from segmentation.synthetic.panels import CutGarment
from segmentation.synthetic.raster import Grid, cover_of
from segmentation.synthetic.sewing import Painted, sew
from segmentation.synthetic.torso import Front, Neck, TopCut

FEMININE: Final = frozenset({"tank", "leggings"})


def draw_worn(canvas: Canvas, rng: np.random.Generator, design: Design) -> tuple[Design, ...]:
    """Somebody wears the design and what goes with it; all of it is returned, the design first."""
    feminine = design.garment_class is GarmentClass.WHOLE or "skirt" in design.kind
    feminine = feminine or design.kind in FEMININE or bool(rng.random() < 0.5)
    person = figures.random_figure(rng, feminine)
    outfit = _outfit(rng, design, feminine)
    grid = _figure_grid(canvas, rng, outfit)
    _stand_shadow(canvas, person, grid)
    _lay_part(canvas, figures.hair_behind(person), person.paints.hair, grid, rng, 0.5)
    _lay_part(canvas, figures.skin(person), person.paints.skin, grid, rng, 0.0)
    _lay_part(canvas, figures.shoes(person), person.paints.shoes, grid, rng, 0.1)
    for piece in outfit:
        garment = cut_for(piece, person.body)
        painted = sew(garment, piece.cloths, grid, rng)
        canvas.shadow(painted, max(0.8, 0.5 * grid.scale), (1, 2), 0.3)
        canvas.lay(painted, piece.garment_class)
    _lay_part(canvas, figures.head(person), person.paints.skin, grid, rng, 0.0)
    _lay_part(canvas, figures.hair_front(person), person.paints.hair, grid, rng, 0.5)
    return tuple(sorted(outfit, key=lambda piece: piece is not design))


def _outfit(rng: np.random.Generator, design: Design, feminine: bool) -> tuple[Design, ...]:
    """What is worn, from the skin outwards."""
    if design.garment_class is GarmentClass.WHOLE:
        return (design,)
    partners = PARTNERS.get(design.colour, ("white", "navy", "cream"))
    colour = str(rng.choice(partners))
    if design.garment_class is GarmentClass.UPPER:
        kinds = ["jeans", "trousers", "shorts", "jeans", "joggers"]
        kinds += ["a-line skirt", "pleated skirt", "pencil skirt", "leggings"] if feminine else []
        kind = str(rng.choice(kinds))
        below = random_design(rng, kind, None if kind == "jeans" else colour)
        return _with_shirt_below(rng, (below, design))
    kind = str(rng.choice(["tee", "long sleeve", "shirt", "sweater", "polo", "hoodie", "jacket"]))
    above = random_design(rng, "tank" if feminine and rng.random() < 0.2 else kind, colour)
    return _with_shirt_below(rng, (design, above))


def _with_shirt_below(rng: np.random.Generator, outfit: tuple[Design, ...]) -> tuple[Design, ...]:
    """Whoever wears something open at the front wears a plain shirt below it."""
    outermost = outfit[-1]
    open_front = isinstance(outermost.cut, TopCut) and (
        outermost.cut.front is Front.OPEN or outermost.cut.neck_depth > 16
    )
    if not open_front or outermost.kind == "tank":
        return outfit
    colour = "white" if outermost.colour not in ("white", "cream") else "navy"
    shirt = random_design(rng, "tee", colour, Pattern.PLAIN)
    cut = TopCut(neck=Neck.CREW, neck_depth=7.5, sleeve=0.3, sleeve_ease=-0.3, cuff_ease=0.5,
                 hem=57, fit=0.8, ease=0.2)  # fmt: skip
    return (*outfit[:-1], replace(shirt, cut=cut), outermost)


def _figure_grid(canvas: Canvas, rng: np.random.Generator, outfit: tuple[Design, ...]) -> Grid:
    """Mostly head to toe; sometimes nearer, with the feet or the head out of the photo."""
    height, width = canvas.height, canvas.width
    scale = height / 214 * float(rng.uniform(0.93, 1.04))
    middle = 60.0
    if rng.random() < 0.3:
        near = float(rng.uniform(1.2, 1.6))
        scale *= near
        lower = outfit[0].garment_class is GarmentClass.LOWER and len(outfit) == 1
        middle = 90.0 if lower else 60.0 - 34 * (near - 1)
    x = width / 2 + float(rng.normal(0, width * 0.03))
    y = height / 2 - (middle + float(rng.normal(0, 2))) * scale
    return Grid(scale, x, y, width, height)


def _lay_part(
    canvas: Canvas, part: CutGarment, colour: Rgb, grid: Grid, rng: np.random.Generator,
    drape: float,
) -> None:  # fmt: skip
    if part.layers:
        painted = sew(part, figures.plain_cloths(colour, drape), grid, rng)
        canvas.lay(painted, GarmentClass.BACKGROUND)


def _stand_shadow(canvas: Canvas, person: figures.Figure, grid: Grid) -> None:
    """A soft pool of shade under the feet."""
    patch = cover_of([ellipse((2.0, 159.5), (24.0, 3.4))], grid)
    if patch.cover.size and patch.rows.stop - patch.rows.start > 2:
        painted = Painted(np.zeros((*patch.cover.shape, 3), np.float32), patch.cover, patch.rows,
                          patch.columns)  # fmt: skip
        canvas.shadow(painted, 2.2 * grid.scale, (2, 1), 0.34)
