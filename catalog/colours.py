"""Colour names that shoppers use, matched to sRGB colours by CIELAB distance (CIE 15:2004, D65)."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Lab = npt.NDArray[np.float32]
"""CIELAB values, shape (n, 3): L 0..100, a and b about -100..100."""


@dataclass(frozen=True)
class Colour:
    """One of a garment's main colours and its share of the pixels, 0 to 1."""

    name: str
    hex: str
    share: float


_SHADES: Final = {
    "black": "#101012 #26262a",
    "grey": "#4a4a4d #6c6c6f #8c8c8e #a2a2a4",
    "white": "#c4c4c4 #d8d8d6 #f5f5f3",
    "beige": "#d9c8ab #efe3cf #bfa888",
    "brown": "#6b4629 #8f6440 #44301f #6a5040",
    "red": "#c01f2b #e0332e #d04848 #a02226",
    "burgundy": "#6d1428 #4a1020 #5e2a36",
    "pink": "#e79bb0 #d8467f #f3c9d0 #b55f78",
    "orange": "#e8782a #f29b52 #b5521f",
    "yellow": "#e8c62f #f3e08a",
    "olive": "#6a6a32 #4a4a28 #5e5e48",
    "green": "#2f8a43 #7fb65c #1e4a30 #4f6a58",
    "turquoise": "#2aa5a0 #8fd6cf #1f6066",
    "blue": "#2a5cb8 #3f7fd0 #55709a #4a5a75",
    "light blue": "#9dbfe0 #b3c6dc #8ba3bf",
    "navy": "#1b2547 #2a3557 #20283a",
    "purple": "#5d3286 #8a5fb0 #3f2a50",
    "lilac": "#c0a8d6 #9f93c4",
}
NAMED_COLOURS: Final = tuple(
    (name, shade) for name, shades in _SHADES.items() for shade in shades.split()
)
"""Colour names and reference shades; a name may have several shades."""


def rgb_to_lab(rgb: npt.NDArray[np.uint8]) -> Lab:
    """Convert sRGB values, shape (n, 3), 0..255, to CIELAB."""
    values = rgb.astype(np.float32) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]], np.float32,
    )  # fmt: skip
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883], np.float32)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[:, 0], root[:, 1], root[:, 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1).astype(np.float32)


def hex_to_rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0..255 each, of a colour written #rrggbb."""
    digits = colour.removeprefix("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


SHADE_NAMES: Final = tuple(name for name, _ in NAMED_COLOURS)
"""The name of each row of `NAMED_COLOURS`; a name may occur several times."""
COLOUR_NAMES: Final = tuple(dict.fromkeys(SHADE_NAMES))
"""Every colour name, once."""
_NAMED_LAB: Final = rgb_to_lab(np.array([hex_to_rgb(hexa) for _, hexa in NAMED_COLOURS], np.uint8))
_PICKED: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def is_picked(colour: str) -> bool:
    """Whether a colour is written #rrggbb, the format of a colour picker."""
    return _PICKED.fullmatch(colour) is not None


def nearest_colour_name(colour: str) -> str:
    """The name for a colour written #rrggbb."""
    lab = rgb_to_lab(np.array([hex_to_rgb(colour)], np.uint8))
    return SHADE_NAMES[int(nearest_shades(lab)[0])]


def nearest_shades(lab: Lab) -> npt.NDArray[np.intp]:
    """Row of `NAMED_COLOURS` nearest to each CIELAB value; shape (n, 3) -> (n,)."""
    # Lightness weighs less: folds and illumination change it more than hue.
    weights = np.array([0.55, 1.0, 1.0], np.float32)
    return np.asarray(squared_distances(lab * weights, _NAMED_LAB * weights).argmin(axis=1))


def squared_distances(lab: Lab, centres: Lab) -> npt.NDArray[np.float32]:
    """Squared distances, shape (n, m), between points (n, 3) and (m, 3)."""
    # A matrix product is much faster than broadcasting the differences.
    squares = (lab**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)[None]
    return np.asarray(squares - 2 * lab @ centres.T, np.float32)
