"""A garment's own pixels in; its colour vector and its named main colours out.

The vector is a soft histogram over fixed CIELAB centres, square-rooted so that an
inner product of two is the Bhattacharyya coefficient of their histograms (soft
assignment: van Gemert et al., "Visual Word Ambiguity", PAMI 2010).
CIELAB: CIE 15:2004, D65 white.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from indexing.records import Colour, Vector
from segmentation.mask import Garment
from segmentation.photos import Photo

Lab = npt.NDArray[np.float32]
"""CIELAB values, shape (n, 3): L 0..100, a and b about -100..100."""

MAX_PIXELS: Final = 1200
"""Pixels looked at per garment: enough for a histogram that does not move."""
SAMPLED_SIDE: Final = 96
"""The garment is looked at on a grid of about this many pixels a side."""
_HEX: Final = re.compile("#[0-9a-f]{6}")
SOFTNESS: Final = 13.0
"""Standard deviation of the soft assignment, in CIELAB units."""
MIN_SHARE: Final = 0.08
MAX_COLOURS: Final = 4

NAMED_COLOURS: Final = (
    ("black", "#101012"),
    ("black", "#26262a"),
    ("grey", "#4a4a4d"),
    ("grey", "#6c6c6f"),
    ("grey", "#8c8c8e"),
    ("grey", "#a2a2a4"),
    ("white", "#c4c4c4"),
    ("white", "#d8d8d6"),
    ("white", "#f5f5f3"),
    ("beige", "#d9c8ab"),
    ("beige", "#efe3cf"),
    ("beige", "#bfa888"),
    ("brown", "#6b4629"),
    ("brown", "#8f6440"),
    ("brown", "#44301f"),
    ("brown", "#6a5040"),
    ("red", "#c01f2b"),
    ("red", "#e0332e"),
    ("red", "#d04848"),
    ("red", "#a02226"),
    ("burgundy", "#6d1428"),
    ("burgundy", "#4a1020"),
    ("burgundy", "#5e2a36"),
    ("pink", "#e79bb0"),
    ("pink", "#d8467f"),
    ("pink", "#f3c9d0"),
    ("pink", "#b55f78"),
    ("orange", "#e8782a"),
    ("orange", "#f29b52"),
    ("orange", "#b5521f"),
    ("yellow", "#e8c62f"),
    ("yellow", "#f3e08a"),
    ("olive", "#6a6a32"),
    ("olive", "#4a4a28"),
    ("olive", "#5e5e48"),
    ("green", "#2f8a43"),
    ("green", "#7fb65c"),
    ("green", "#1e4a30"),
    ("green", "#4f6a58"),
    ("turquoise", "#2aa5a0"),
    ("turquoise", "#8fd6cf"),
    ("turquoise", "#1f6066"),
    ("blue", "#2a5cb8"),
    ("blue", "#3f7fd0"),
    ("blue", "#55709a"),
    ("blue", "#4a5a75"),
    ("light blue", "#9dbfe0"),
    ("light blue", "#b3c6dc"),
    ("light blue", "#8ba3bf"),
    ("navy", "#1b2547"),
    ("navy", "#2a3557"),
    ("navy", "#20283a"),
    ("purple", "#5d3286"),
    ("purple", "#8a5fb0"),
    ("purple", "#3f2a50"),
    ("lilac", "#c0a8d6"),
    ("lilac", "#9f93c4"),
)
"""Colour names with the shades they stand for; a name may have several."""


def rgb_to_lab(rgb: npt.NDArray[np.uint8]) -> Lab:
    """sRGB values (n, 3) in 0..255 to CIELAB."""
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


def _hex_to_rgb(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _histogram_centres() -> Lab:
    """Centres over the clothes' part of CIELAB: a neutral axis and two rings of hue."""
    centres = [(light, 0.0, 0.0) for light in (8, 22, 36, 50, 64, 78, 92)]
    for light, chroma, hues in (
        (20, 22, 6), (40, 20, 8), (40, 46, 8), (60, 20, 8), (60, 48, 8), (80, 18, 8), (80, 45, 6),
    ):  # fmt: skip
        for step in range(hues):
            hue = 2 * np.pi * step / hues
            centres.append((light, chroma * np.cos(hue), chroma * np.sin(hue)))
    return np.array(centres, np.float32)


_CENTRES: Final = _histogram_centres()
_NAMES: Final = tuple(name for name, _ in NAMED_COLOURS)
_NAMED_LAB: Final = rgb_to_lab(np.array([_hex_to_rgb(hexa) for _, hexa in NAMED_COLOURS], np.uint8))
COLOUR_DIMENSION: Final = len(_CENTRES)


@dataclass(frozen=True, eq=False)
class ColourDescription:
    """A garment's colour half (COLOUR_DIMENSION,), unit length, and its named main colours."""

    vector: Vector
    colours: tuple[Colour, ...]


def describe_colours(photo: Photo, garment: Garment) -> ColourDescription:
    """Colours of the garment's own pixels, away from its edge."""
    pixels = _garment_pixels(photo, garment)
    lab = rgb_to_lab(pixels)
    return ColourDescription(histogram_of(lab), _main_colours(pixels, lab))


def _garment_pixels(photo: Photo, garment: Garment) -> npt.NDArray[np.uint8]:
    """Up to `MAX_PIXELS` RGB values (n, 3) from inside the garment."""
    x0, y0, x1, y1 = garment.box
    stride = max(1, max(garment.mask.shape) // SAMPLED_SIDE)
    mask = garment.mask[::stride, ::stride]
    inner = ndimage.binary_erosion(mask, iterations=2, border_value=1)
    pixels = photo[y0:y1:stride, x0:x1:stride][inner if inner.sum() >= 50 else mask]
    step = max(1, -(-len(pixels) // MAX_PIXELS))
    return np.asarray(pixels[::step], np.uint8)


def histogram_of(lab: Lab) -> Vector:
    """Square-rooted soft histogram of CIELAB values (n, 3), unit length."""
    nearness = (_squared_distances(lab, _CENTRES)) / (-2 * SOFTNESS**2)
    weights = np.exp(nearness - nearness.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    histogram = np.sqrt(weights.mean(axis=0))
    return np.asarray(histogram / np.linalg.norm(histogram), np.float32)


def _squared_distances(lab: Lab, centres: Lab) -> npt.NDArray[np.float32]:
    """(n, m) from (n, 3) and (m, 3): the matrix product is much faster than broadcasting."""
    squares = (lab**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)[None]
    return np.asarray(squares - 2 * lab @ centres.T, np.float32)


def _main_colours(pixels: npt.NDArray[np.uint8], lab: Lab) -> tuple[Colour, ...]:
    """Colours by name, the largest share first."""
    shades = _nearest_shades(lab)
    names = np.array(_NAMES)[shades]
    found = []
    for name in sorted(set(names)):
        of_name = names == name
        share = float(of_name.mean())
        found.append(Colour(str(name), _hex_of(pixels[of_name].mean(axis=0)), round(share, 3)))
    found.sort(key=lambda colour: colour.share, reverse=True)
    kept = [colour for colour in found if colour.share >= MIN_SHARE] or found[:1]
    return tuple(kept[:MAX_COLOURS])


COLOUR_NAMES: Final = tuple(dict.fromkeys(_NAMES))
"""Every colour name, once."""
_SHADING: Final = np.linspace(0.55, 1.25, 8)
"""Light on cloth: a plain garment's pixels are its colour times factors about like these."""


def colour_vector(colour: str) -> Vector:
    """The colour half of a plain garment of this colour: a name, or #rrggbb.

    ValueError says which names there are.
    """
    wanted = colour.strip().lower()
    if _HEX.fullmatch(wanted):
        shades = [wanted]
    else:
        shades = [hexa for name, hexa in NAMED_COLOURS if name == wanted]
    if not shades:
        raise ValueError(
            f"unknown colour {colour!r}: use #rrggbb or one of {', '.join(COLOUR_NAMES)}"
        )
    rgb = np.array([_hex_to_rgb(hexa) for hexa in shades], np.float64)
    lit = np.clip(rgb[:, None] * _SHADING[:, None], 0, 255).reshape(-1, 3)
    return histogram_of(rgb_to_lab(lit.astype(np.uint8)))


def lightness_of(colour: str) -> float:
    """Lightness (CIELAB L, 0 to 100) of a colour written #rrggbb."""
    return float(rgb_to_lab(np.array([_hex_to_rgb(colour)], np.uint8))[0, 0])


def nearest_colour_name(colour: str) -> str:
    """The name for a colour written #rrggbb."""
    lab = rgb_to_lab(np.array([_hex_to_rgb(colour)], np.uint8))
    return _NAMES[int(_nearest_shades(lab)[0])]


def _nearest_shades(lab: Lab) -> npt.NDArray[np.intp]:
    # Lightness counts for less: folds and light change it, hue they do not.
    weights = np.array([0.55, 1.0, 1.0], np.float32)
    return np.asarray(_squared_distances(lab * weights, _NAMED_LAB * weights).argmin(axis=1))


def _hex_of(rgb: npt.NDArray[np.floating]) -> str:
    red, green, blue = (round(float(value)) for value in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"
