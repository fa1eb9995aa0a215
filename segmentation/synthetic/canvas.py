"""The photo while it is drawn, and the mask that grows with it."""

import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.synthetic.raster import Colours, blurred
from segmentation.synthetic.sewing import Painted


class Canvas:
    """A photo while it is drawn: pixels (H, W, 3), 0 to 1, and the class mask (H, W)."""

    def __init__(self, ground: Colours) -> None:
        self.photo = ground
        self.height, self.width = ground.shape[0], ground.shape[1]
        self.mask: npt.NDArray[np.uint8] = np.zeros((self.height, self.width), np.uint8)

    def lay(self, painted: Painted, garment_class: GarmentClass) -> None:
        """Composite a garment; what it covers by half or more has its class from now on."""
        window = painted.window
        under = self.photo[window]
        self.photo[window] = under + (painted.colours - under) * painted.cover[..., None]
        self.mask[window][painted.cover >= 0.5] = garment_class

    def shadow(self, painted: Painted, sigma: float, shift: tuple[int, int], depth: float) -> None:
        """The soft shadow of something, on everything drawn so far."""
        margin = int(sigma * 2.5) + 1
        soft = blurred(np.pad(painted.cover, margin), sigma)
        top = painted.rows.start + shift[1] - margin
        left = painted.columns.start + shift[0] - margin
        rows = slice(max(top, 0), min(top + soft.shape[0], self.height))
        columns = slice(max(left, 0), min(left + soft.shape[1], self.width))
        seen = soft[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        tint = np.array([depth, depth * 0.97, depth * 0.92], np.float32)
        self.photo[rows, columns] *= 1 - seen[..., None] * tint
