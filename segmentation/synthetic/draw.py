"""One photo drawn from a generator: a scene, one or two garments, and the exact class mask."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.synthetic.canvas import Canvas
from segmentation.synthetic.design import Design, random_design
from segmentation.synthetic.grounds import Ground, draw_ground
from segmentation.synthetic.laid import draw_laid
from segmentation.synthetic.raster import Colours, noise, noise_at
from segmentation.synthetic.worn import draw_worn

SIZE: Final = (480, 640)
"""Width and height of a photo."""
BUSY: Final = (Ground.WOOD, Ground.TILES, Ground.CARPET, Ground.SHEET, Ground.CONCRETE)
WALLS: Final = (Ground.STUDIO, Ground.STUDIO, Ground.CONCRETE, Ground.WOOD, Ground.ROOM)
BEHIND: Final = (Ground.STUDIO, Ground.STUDIO, Ground.ROOM, Ground.ROOM, Ground.STREET,
                 Ground.CONCRETE)  # fmt: skip


class Scene(Enum):
    """How the garment is shown."""

    FLAT = "flat"
    HUNG = "hung"
    BUSY = "busy"
    WORN = "worn"


@dataclass(frozen=True, eq=False)
class DrawnPhoto:
    """A drawn photo and the truth about it.

    Attributes:
        photo: shape (H, W, 3), uint8 RGB.
        mask: shape (H, W), uint8, values of `GarmentClass`.
        designs: the garment that was asked for first, then what is worn with it.
    """

    photo: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]
    scene: Scene
    designs: tuple[Design, ...]

    @property
    def design(self) -> Design:
        """The garment that the photo shows first of all."""
        return self.designs[0]

    @property
    def kind(self) -> str:
        """Kind of that garment."""
        return self.design.kind

    @property
    def garment_class(self) -> GarmentClass:
        """Class of that garment."""
        return self.design.garment_class

    @property
    def colour(self) -> str:
        """Main colour of that garment."""
        return self.design.colour

    @property
    def pattern(self) -> str:
        """Pattern of that garment."""
        return self.design.pattern


def draw_photo(
    rng: np.random.Generator,
    scene: Scene | None = None,
    design: Design | None = None,
    ground: Ground | None = None,
    size: tuple[int, int] = SIZE,
) -> DrawnPhoto:
    """Draw a garment in a scene; whatever is not given is chosen by the generator.

    Args:
        rng: the only source of chance: the same state gives the same pixels.
        size: width and height in pixels.
    """
    design = design or random_design(rng)
    scene = scene or _random_scene(rng)
    ground = ground or _ground_for(rng, scene)
    canvas = Canvas(draw_ground(rng, ground, size[1], size[0]))
    designs: tuple[Design, ...] = (design,)
    if scene is Scene.WORN:
        designs = draw_worn(canvas, rng, design)
    else:
        draw_laid(canvas, rng, design, hung=scene is Scene.HUNG)
    photo = _as_bytes(canvas.photo, rng)
    return DrawnPhoto(photo, canvas.mask, scene, designs)


def _random_scene(rng: np.random.Generator) -> Scene:
    return list(Scene)[int(rng.choice(4, p=[0.34, 0.14, 0.18, 0.34]))]


def _ground_for(rng: np.random.Generator, scene: Scene) -> Ground:
    options = {Scene.FLAT: (Ground.STUDIO,), Scene.BUSY: BUSY, Scene.HUNG: WALLS,
               Scene.WORN: BEHIND}[scene]  # fmt: skip
    return options[int(rng.integers(0, len(options)))]


def _as_bytes(photo: Colours, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A camera's grain, then eight bits."""
    shift = int(rng.integers(0, 512))
    photo *= 255
    photo += _grain(photo.shape[0], photo.shape[1], shift)[..., None]
    np.clip(photo, 0, 255, out=photo)
    return photo.astype(np.uint8)


def _grain(height: int, width: int, shift: int) -> npt.NDArray[np.float32]:
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None] + shift
    return noise_at(noise(0.5, 40), columns, rows) * np.float32(1.1) + np.float32(0.5)
