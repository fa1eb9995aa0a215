"""What a cut garment is made of: layers of cloth, seams, buttons, and the folds in them.

Every length is in centimetres; layers are painted in the order they stand in.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from segmentation.synthetic.geometry import Frame, Points


class Cloth(Enum):
    """Which cloth of a garment a panel is cut from."""

    MAIN = "main"
    SECOND = "second"
    TRIM = "trim"
    RIB = "rib"
    INSIDE = "inside"


@dataclass(frozen=True, eq=False)
class Panel:
    """One piece of cloth.

    Attributes:
        outline: closed, shape (n, 2).
        tone: lightness, 1 is the cloth's own.
        lift: width of the shadow it drops on what lies under it.
        roundness: how far its edges fall into shade, 0 to 1.
        attached: sewn on, so that no edge shows where it meets the panels before it.
        inside: kept within what is already painted: a pocket never sticks out.
    """

    outline: Points
    cloth: Cloth = Cloth.MAIN
    frame: Frame = Frame()
    tone: float = 1.0
    lift: float = 0.0
    roundness: float = 1.0
    attached: bool = False
    inside: bool = False


@dataclass(frozen=True, eq=False)
class Seam:
    """A sewn line: `stitched` ones are dashes in the thread's colour, others a dark crease."""

    line: Points
    width: float = 0.22
    depth: float = 0.3
    stitched: bool = False


@dataclass(frozen=True, eq=False)
class Cord:
    """A drawstring or a zip's teeth: a round light line with its own shadow."""

    line: Points
    width: float
    metal: bool = False


@dataclass(frozen=True)
class Button:
    """A button; `metal` for rivets and jeans buttons."""

    centre: tuple[float, float]
    radius: float = 0.6
    metal: bool = False


@dataclass(frozen=True, eq=False)
class Fold:
    """A ridge (height > 0) or a valley (height < 0) in the cloth, widest in its middle."""

    line: Points
    width: float
    height: float


Layer = Panel | Seam | Cord | Button


@dataclass(frozen=True, eq=False)
class CutGarment:
    """A garment cut for one body: layers from the back to the front."""

    layers: tuple[Layer, ...]
    folds: tuple[Fold, ...] = ()

    def moved(self, move: Callable[[Points], Points]) -> "CutGarment":
        """Every point sent through `move`."""
        layers = tuple(_moved_layer(layer, move) for layer in self.layers)
        folds = tuple(replace(fold, line=move(fold.line)) for fold in self.folds)
        return CutGarment(layers, folds)


def _moved_layer(layer: Layer, move: Callable[[Points], Points]) -> Layer:
    if isinstance(layer, Panel):
        return replace(layer, outline=move(layer.outline))
    if isinstance(layer, Button):
        x, y = move(np.array([layer.centre]))[0]
        return replace(layer, centre=(float(x), float(y)))
    return replace(layer, line=move(layer.line))
