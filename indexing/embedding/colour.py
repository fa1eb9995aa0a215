"""Colour vector and named main colours of a garment, from its own pixels.

The vector joins a soft histogram over fixed CIELAB centres and the shares of the named colours,
both square-rooted, so that the inner product of two vectors is the Bhattacharyya coefficient of
their histograms (soft assignment: van Gemert et al., "Visual Word Ambiguity", PAMI 2010). Names
are included because people judge by them: dark blue is closer to light blue than to black, even
where CIELAB disagrees.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from catalog.colours import (
    COLOUR_NAMES,
    NAMED_COLOURS,
    SHADE_NAMES,
    Colour,
    Lab,
    hex_to_rgb,
    is_picked,
    nearest_shades,
    rgb_to_lab,
    squared_distances,
)
from indexing.types import Vector
from segmentation.mask import Garment
from segmentation.photos import Photo

SAMPLED_SIDE: Final = 96
"""Side of the sampling grid over the garment."""
MAX_PIXELS: Final = SAMPLED_SIDE**2 // 8
"""Pixels sampled per garment: enough for a stable histogram."""
SOFTNESS: Final = 13.0
"""Standard deviation of the soft assignment, in CIELAB units."""
MIN_SHARE: Final = 0.08
MAX_COLOURS: Final = 4
_HUES: Final = {"light blue": "blue", "navy": "blue", "lilac": "purple", "burgundy": "red"}
"""Named colours that are shades of another."""


def _histogram_centres() -> Lab:
    """Histogram centres in CIELAB: a neutral axis and two rings of hues."""
    centres = [(light, 0.0, 0.0) for light in (8, 22, 36, 50, 64, 78, 92)]
    for light, chroma, hues in (
        (20, 22, 6), (40, 20, 8), (40, 46, 8), (60, 20, 8), (60, 48, 8), (80, 18, 8), (80, 45, 6),
    ):  # fmt: skip
        for step in range(hues):
            hue = 2 * np.pi * step / hues
            centres.append((light, chroma * np.cos(hue), chroma * np.sin(hue)))
    return np.array(centres, np.float32)


_CENTRES: Final = _histogram_centres()
_NAME_OF_SHADE: Final = np.array([COLOUR_NAMES.index(name) for name in SHADE_NAMES])
Names = npt.NDArray[np.intp]
"""Index into COLOUR_NAMES of each pixel, shape (n,)."""
NAME_SHARE: Final = 0.4
"""Share of the colour names in a colour score."""
COLOUR_DIMENSION: Final = len(_CENTRES) + len(COLOUR_NAMES)


@dataclass(frozen=True, eq=False)
class ColourDescription:
    """A garment's colour half, shape (COLOUR_DIMENSION,), unit length, and its main colours."""

    vector: Vector
    colours: tuple[Colour, ...]


def describe_colours(photo: Photo, garment: Garment) -> ColourDescription:
    """Describe the colours of the garment's pixels, away from its edge."""
    pixels = _garment_pixels(photo, garment)
    lab = rgb_to_lab(pixels)
    names = _NAME_OF_SHADE[nearest_shades(lab)]
    return ColourDescription(_histogram(lab, names), _main_colours(pixels, names))


def _garment_pixels(photo: Photo, garment: Garment) -> npt.NDArray[np.uint8]:
    """Up to `MAX_PIXELS` RGB values (n, 3) from inside the garment."""
    x0, y0, x1, y1 = garment.box
    stride = max(1, max(garment.mask.shape) // SAMPLED_SIDE)
    mask = garment.mask[::stride, ::stride]
    rows = y0 + _sampled(mask.shape[0], stride * (y1 - y0) / garment.mask.shape[0])
    columns = x0 + _sampled(mask.shape[1], stride * (x1 - x0) / garment.mask.shape[1])
    inner = ndimage.binary_erosion(mask, iterations=2, border_value=1)
    pixels = photo[rows[:, None], columns][inner if inner.sum() >= 50 else mask]
    step = max(1, -(-len(pixels) // MAX_PIXELS))
    return np.asarray(pixels[::step], np.uint8)


def _sampled(count: int, step: float) -> npt.NDArray[np.intp]:
    """Pixel index of each of `count` grid cells that are `step` pixels apart."""
    return (np.arange(count) * step).astype(np.intp)


def histogram_of(lab: Lab) -> Vector:
    """Colour vector of CIELAB values (n, 3)."""
    return _histogram(lab, _NAME_OF_SHADE[nearest_shades(lab)])


def _histogram(lab: Lab, names: Names) -> Vector:
    nearness = (squared_distances(lab, _CENTRES)) / (-2 * SOFTNESS**2)
    weights = np.exp(nearness - nearness.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    named = np.bincount(names, minlength=len(COLOUR_NAMES))
    shares = np.concatenate(
        [(1 - NAME_SHARE) * weights.mean(axis=0), NAME_SHARE * named / len(lab)]
    )
    return np.asarray(np.sqrt(shares / shares.sum()), np.float32)


def _main_colours(pixels: npt.NDArray[np.uint8], names: Names) -> tuple[Colour, ...]:
    """Colours by name: those of the hue with the largest share first, within it by share.

    A garment in three blues is blue, even where each alone has less of it than grey.
    """
    found = []
    hues: dict[str, float] = defaultdict(float)
    for name in np.unique(names):
        of_name = names == name
        share = float(np.count_nonzero(of_name)) / len(names)
        shade = "#{:02x}{:02x}{:02x}".format(*map(round, pixels[of_name].mean(axis=0).tolist()))
        found.append(Colour(COLOUR_NAMES[name], shade, round(share, 3)))
        hues[_HUES.get(COLOUR_NAMES[name], COLOUR_NAMES[name])] += round(share, 3)
    found.sort(
        key=lambda colour: (-hues[_HUES.get(colour.name, colour.name)], -colour.share, colour.name)
    )
    main = [colour for colour in found if colour.share >= MIN_SHARE] or found[:1]
    return tuple(main[:MAX_COLOURS])


_SHADING: Final = np.linspace(0.55, 1.25, 8)
"""Typical brightness factors of a plain garment's pixels under folds and illumination."""


def colour_vector(colour: str) -> Vector:
    """The colour half of a plain garment, by name or #rrggbb; ValueError lists the names."""
    wanted = colour.strip().lower()
    if is_picked(wanted):
        shades = [wanted]
    else:
        shades = [hexa for name, hexa in NAMED_COLOURS if name == wanted]
    if not shades:
        raise ValueError(
            f"unknown colour {colour!r}: use #rrggbb or one of {', '.join(COLOUR_NAMES)}"
        )
    rgb = np.array([hex_to_rgb(hexa) for hexa in shades], np.float64)
    lit = np.clip(rgb[:, None] * _SHADING[:, None], 0, 255).reshape(-1, 3)
    return histogram_of(rgb_to_lab(lit.astype(np.uint8)))


def lightness_of(colour: str) -> float:
    """Lightness (CIELAB L, 0 to 100) of a colour written #rrggbb."""
    return float(rgb_to_lab(np.array([hex_to_rgb(colour)], np.uint8))[0, 0])
