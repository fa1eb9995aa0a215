"""The shop's colours by name, in families that go together, and small colour arithmetic."""

from typing import Final

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.float32]
"""One colour, shape (3,), 0 to 1."""

PALETTE: Final = {
    "white": "#f1efe9",
    "cream": "#eadfc8",
    "beige": "#cfb896",
    "camel": "#b58a56",
    "rust": "#a9532b",
    "brown": "#62432f",
    "black": "#26262a",
    "charcoal": "#45474d",
    "grey": "#9b9c9e",
    "navy": "#222d4d",
    "blue": "#34609f",
    "sky": "#a3c0da",
    "teal": "#2d7175",
    "mint": "#a9cdb7",
    "forest": "#2b4c3b",
    "olive": "#69693f",
    "sage": "#98a583",
    "mustard": "#cf9d33",
    "lemon": "#eadb8a",
    "orange": "#d97a3f",
    "coral": "#dd7466",
    "red": "#ae2630",
    "burgundy": "#63202f",
    "pink": "#e0a8b2",
    "blush": "#ecd0c8",
    "lilac": "#b6a5cc",
    "plum": "#5b3558",
}
DENIMS: Final = {
    "indigo": "#2a3a5c",
    "blue": "#4a6a97",
    "light blue": "#93aecb",
    "black": "#34353b",
    "ecru": "#e2d9c4",
}
NEUTRALS: Final = (
    "white", "cream", "beige", "camel", "brown", "black", "charcoal", "grey", "navy", "olive",
)  # fmt: skip
DARK: Final = frozenset(
    {"black", "charcoal", "navy", "brown", "forest", "burgundy", "plum", "teal", "blue", "olive",
     "indigo", "red", "rust"}
)  # fmt: skip
PARTNERS: Final = {
    "white": ("navy", "black", "red", "forest", "sky", "camel"),
    "cream": ("navy", "rust", "forest", "brown", "burgundy", "mustard"),
    "beige": ("white", "brown", "navy", "burgundy"),
    "camel": ("cream", "navy", "forest", "black"),
    "rust": ("cream", "blush", "navy"),
    "brown": ("cream", "sky", "blush", "beige"),
    "black": ("white", "cream", "grey", "mustard", "pink"),
    "charcoal": ("white", "sky", "pink", "lemon"),
    "grey": ("white", "navy", "charcoal", "burgundy"),
    "navy": ("white", "cream", "red", "sky", "mustard"),
    "blue": ("white", "cream", "navy"),
    "sky": ("white", "navy", "cream"),
    "teal": ("cream", "mustard", "blush"),
    "mint": ("white", "forest", "cream"),
    "forest": ("cream", "sage", "mustard", "navy"),
    "olive": ("cream", "black", "beige"),
    "sage": ("cream", "white", "forest"),
    "mustard": ("cream", "navy", "brown"),
    "lemon": ("white", "grey", "sage"),
    "orange": ("cream", "navy", "white"),
    "coral": ("cream", "white", "navy"),
    "red": ("white", "navy", "cream", "black"),
    "burgundy": ("blush", "cream", "navy"),
    "pink": ("white", "burgundy", "cream", "forest"),
    "blush": ("burgundy", "white", "rust"),
    "lilac": ("white", "plum", "cream"),
    "plum": ("lilac", "blush", "cream"),
}
"""Colours that look well with one: for stripes, checks, prints and what is worn with it."""


def rgb_of(colour: str) -> Rgb:
    """A colour by its name or as #rrggbb."""
    digits = PALETTE.get(colour, colour).removeprefix("#")
    values = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    return np.array(values, np.float32)


def blended(first: Rgb, second: Rgb, share: float) -> Rgb:
    """The colour `share` of the way from the first to the second."""
    return np.asarray(first + (second - first) * share, np.float32)


def luminance(colour: Rgb) -> float:
    """How bright a colour looks, 0 to 1."""
    return float(colour @ np.array([0.299, 0.587, 0.114], np.float32))


def jittered(rng: np.random.Generator, colour: Rgb, amount: float = 0.02) -> Rgb:
    """A slightly different shade: no two dye lots are the same."""
    light = rng.normal(0, amount)
    return np.clip(colour + light + rng.normal(0, amount / 2, 3), 0.02, 0.985).astype(np.float32)
