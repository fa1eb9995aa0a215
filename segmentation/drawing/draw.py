"""One photo drawn from a generator: a scene, one or more garments, and the exact class mask."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.drawing import body as bodies
from segmentation.drawing import raster
from segmentation.drawing.backgrounds import Background, draw_background
from segmentation.drawing.bottoms import cut_garment
from segmentation.drawing.cuts import Cut, TopCut
from segmentation.drawing.design import Design, random_design
from segmentation.drawing.fabrics import Cloths, Fabric, Pattern
from segmentation.drawing.palette import Rgb, partners_of, picked
from segmentation.drawing.raster import Colours, Grid, Patch, curve, points
from segmentation.drawing.sewing import Layer, Panel, moved, outlines, sew

SIZE: Final = (480, 640)
"""Width and height of a photo."""
MAX_SCALE: Final = 9.2  # pixels per cm of the nearest view, on a photo 640 high
SKINS: Final = ("#f0cdb4", "#e5b998", "#d9a581", "#c08a63", "#9b6a47", "#7a4f35", "#5b3a29")
HAIR_COLOURS: Final = ("#2a211d", "#47301f", "#6d4a2c", "#8f6a3f", "#c49a5e", "#7d3f26", "#8d8a86")
SHOE_COLOURS: Final = ("#e9e6df", "#2b2a2d", "#7c5232", "#b08d66", "#8e2f2f", "#3c4a63")
HANGERS: Final = ("#b98f62", "#7a573b", "#d8c3a0", "#3a3634")
ABOVE: Final = ("tee", "long sleeve", "shirt", "sweater", "polo", "hoodie", "jacket")
BELOW: Final = ("jeans", "trousers", "shorts", "jeans", "joggers")
SKIRTS: Final = ("a-line skirt", "pleated skirt", "pencil skirt", "leggings")
"""Kinds that are worn with a garment of the catalogue."""


class Scene(Enum):
    """How the garment is shown."""

    FLAT = "flat"
    HUNG = "hung"
    BUSY = "busy"
    WORN = "worn"


SCENES: Final[dict[Scene, tuple[float, tuple[Background, ...]]]] = {
    Scene.FLAT: (0.34, ("studio",)),
    Scene.HUNG: (0.14, ("studio", "studio", "concrete", "wood", "room")),
    Scene.BUSY: (0.18, ("wood", "wood", "tiles", "concrete")),
    Scene.WORN: (0.34, ("studio", "studio", "room", "room", "room", "concrete")),
}
"""How often a scene is chosen, and its backgrounds."""


@dataclass(frozen=True, eq=False)
class DrawnPhoto:
    """A drawn photo and the truth about it.

    Attributes:
        photo: shape (H, W, 3), uint8 RGB.
        mask: shape (H, W), uint8, values of `GarmentClass`.
        designs: the garment that the photo is about, then what is worn with it.
    """

    photo: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]
    designs: tuple[Design, ...]


class Canvas:
    """A photo while it is drawn: pixels (H, W, 3), 0 to 1, and the class mask (H, W)."""

    def __init__(self, background: Colours, rng: np.random.Generator) -> None:
        self.photo, self.rng = background, rng
        self.height, self.width = background.shape[:2]
        self.mask: npt.NDArray[np.uint8] = np.zeros((self.height, self.width), np.uint8)

    def lay(self, colours: Colours, patch: Patch, garment_class: GarmentClass) -> None:
        """Composite a garment; what it covers by half or more has its class from now on."""
        under = self.photo[patch.window]
        self.photo[patch.window] = under + (colours - under) * patch.cover[..., None]
        self.mask[patch.window][patch.cover >= 0.5] = garment_class

    def lay_plain(self, part: list[Layer], colour: Rgb, grid: Grid, drape: float = 0.0) -> None:
        """Composite something of one colour that is not a garment."""
        fabric = Fabric(Pattern.PLAIN, (colour, colour, colour))
        painted = sew(part, Cloths({"main": fabric}, {}, drape), grid, self.rng)
        self.lay(*painted, GarmentClass.BACKGROUND)

    def shadow(self, patch: Patch, sigma: float, shift: tuple[float, float], depth: float) -> None:
        """Darken everything drawn so far by the soft shadow of a shape; lengths in pixels."""
        margin = int(sigma * 2.5) + 1
        soft = raster.blurred(np.pad(patch.cover, margin), sigma)
        top = patch.window[0].start + round(shift[1]) - margin
        left = patch.window[1].start + round(shift[0]) - margin
        rows = slice(max(top, 0), min(top + soft.shape[0], self.height))
        columns = slice(max(left, 0), min(left + soft.shape[1], self.width))
        seen = soft[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        self.photo[rows, columns] *= 1 - seen[..., None] * np.float32(depth)


def draw_photo(
    rng: np.random.Generator,
    scene: Scene | None = None,
    design: Design | None = None,
    background: Background | None = None,
    size: tuple[int, int] = SIZE,
) -> DrawnPhoto:
    """Draw a garment in a scene, `size` pixels wide and high; `rng` chooses what is not given."""
    design = design or random_design(rng)
    if scene is None:
        scene = list(SCENES)[int(rng.choice(4, p=[share for share, _ in SCENES.values()]))]
    options = SCENES[scene][1]
    background = background or options[int(rng.integers(0, len(options)))]
    canvas = Canvas(draw_background(rng, background, size[1], size[0]), rng)
    designs: tuple[Design, ...] = (design,)
    if scene is Scene.WORN:
        designs = _draw_worn(canvas, design)
    else:
        _draw_laid(canvas, design, hung=scene is Scene.HUNG)
    grain = rng.normal(0.5, 1.1, (size[1], size[0], 1))
    photo = np.clip(canvas.photo * 255 + grain, 0, 255).astype(np.uint8)
    return DrawnPhoto(photo, canvas.mask, designs)


def _draw_laid(canvas: Canvas, design: Design, hung: bool) -> None:
    """One garment, laid on the background or hung before it."""
    rng, cut = canvas.rng, design.cut
    long_sleeves = cut.top is None or cut.top.sleeve > 0.6
    spread = (0.1, 0.24) if hung else (0.22, 0.46) if long_sleeves else (0.62, 0.95)
    garment = cut_garment(cut, bodies.flat_body(rng, float(rng.uniform(*spread))))
    turn = 0.0 if hung else float(rng.normal(0, 0.035))
    garment = moved(garment, raster.gentle_warp(rng, 0.5 if hung else 0.9, turn))
    grid = _fitting_grid(garment, canvas, above=16.0 if hung else 0.0)
    colours, patch = sew(garment, design.cloths, grid, rng)
    far, near = (1.6, 0.5) if hung else (0.4, 0.15)
    canvas.shadow(patch, 1.3 * grid.scale, (far * grid.scale, far * grid.scale), 0.25)
    canvas.shadow(patch, 0.4 * grid.scale, (near * grid.scale, near * grid.scale), 0.27)
    if hung:
        hanger = _hanger(at_waist=design.garment_class is GarmentClass.LOWER)
        canvas.lay_plain(hanger, picked(rng, HANGERS), grid)
    canvas.lay(colours, patch, design.garment_class)


def _fitting_grid(garment: list[Layer], canvas: Canvas, above: float) -> Grid:
    """Place the garment on the photo: as large as it fits, with a margin."""
    height, width = canvas.height, canvas.width
    outline = np.vstack(outlines(garment))
    low, high = outline.min(axis=0) - (0, above), outline.max(axis=0)
    room = canvas.rng.uniform(0.8, 0.92)
    wide, tall = high - low
    scale = min(width * room / wide, height * room / tall, MAX_SCALE * height / 640)
    jitter = canvas.rng.uniform(-0.5, 0.5, 2) * (1 - room) * 0.3
    x, y = np.array([width, height]) * (0.5 + jitter) - (low + high) / 2 * scale
    return Grid(float(scale), float(x), float(y), width, height)


def _hanger(at_waist: bool) -> list[Layer]:
    """A hanger for what has shoulders, a bar with clips for what has a waist."""
    wood = raster.band(curve((-17.5, 7.4), (-9, 1.8), (0, -3.6), (9, 1.8), (17.5, 7.4)), 2.2)
    if at_waist:
        half = points((0, 33), (18, 33), (18, 35), (14, 35), (14, 46), (12, 46), (12, 35), (0, 35))
        wood = raster.symmetric(half)
    bend = (0, 2), (0, -3), (2.4, -5.5), (2.6, -8.2), (0, -10), (-2.6, -8.4)
    hook = curve(*bend) + points((0, 35.0 if at_waist else -5.5))
    return [Panel(raster.band(hook, 0.5)), Panel(wood)]


def _draw_worn(canvas: Canvas, design: Design) -> tuple[Design, ...]:
    """Somebody wears the design and what goes with it; all of it is returned, the design first."""
    rng = canvas.rng
    feminine = design.cut.skirt is not None or bool(rng.random() < 0.6)
    body = bodies.figure_body(rng, float(rng.uniform(0, 0.4) + (0 if feminine else 0.6)))
    outfit, grid = _outfit(rng, design, feminine), _figure_grid(canvas)
    skin, hair, shoes = (picked(rng, each) for each in (SKINS, HAIR_COLOURS, SHOE_COLOURS))
    pool = raster.cover_of([raster.ellipse((2.0, 159.5), (24.0, 3.4))], grid)
    canvas.shadow(pool, 2.2 * grid.scale, (2, 1), 0.34)
    if feminine:
        canvas.lay_plain(bodies.hair("behind"), hair, grid, 0.5)
    canvas.lay_plain(bodies.skin(body), skin, grid)
    canvas.lay_plain(bodies.shoes(body), shoes, grid)
    for piece in outfit:
        colours, patch = sew(cut_garment(piece.cut, body), piece.cloths, grid, rng)
        canvas.shadow(patch, max(0.8, 0.5 * grid.scale), (1, 2), 0.3)
        canvas.lay(colours, patch, piece.garment_class)
    canvas.lay_plain(bodies.head(), skin, grid)
    canvas.lay_plain(bodies.hair("parted" if feminine else "crop"), hair, grid, 0.5)
    return tuple(sorted(outfit, key=lambda piece: piece is not design))


def _outfit(rng: np.random.Generator, design: Design, feminine: bool) -> tuple[Design, ...]:
    """What is worn, from the skin outwards."""
    if design.garment_class is GarmentClass.WHOLE:
        return (design,)
    kinds: tuple[str, ...] = ABOVE
    if design.garment_class is GarmentClass.UPPER:
        kinds = (*BELOW, *SKIRTS) if feminine else BELOW
    kind = str(rng.choice(kinds))
    colour = None if kind == "jeans" else str(rng.choice(partners_of(design.colour)))
    partner = random_design(rng, kind, colour)
    lower, upper = (design, partner) if kinds is ABOVE else (partner, design)
    top = upper.cut.top
    if top is None or not top.sleeve or (top.front != "open" and top.neck != "lapel"):
        return lower, upper
    # Whoever wears something open wears a plain shirt below it.
    white = upper.colour not in ("white", "cream")
    shirt = random_design(rng, "tee", "white" if white else "navy", Pattern.PLAIN)
    cut = Cut(TopCut(depth=0.0, sleeve=0.3, hem=57, fit=0.8, ease=-0.4))
    return lower, replace(shirt, cut=cut), upper


def _figure_grid(canvas: Canvas) -> Grid:
    """Mostly head to toe; sometimes nearer, with the feet out of the photo."""
    rng, height, width = canvas.rng, canvas.height, canvas.width
    near = float(rng.uniform(1.2, 1.6)) if rng.random() < 0.3 else 1.0
    scale = height / 214 * float(rng.uniform(0.93, 1.04)) * near
    middle = 60.0 - 34 * (near - 1) + float(rng.normal(0, 2))
    x = width / 2 + float(rng.normal(0, width * 0.03))
    return Grid(scale, x, height / 2 - middle * scale, width, height)
