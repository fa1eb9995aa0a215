"""The shop's colours by name, colours that go together, and small colour arithmetic."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.floating[Any]]
"""One colour, shape (3,), 0 to 1."""

PALETTE: Final = {
    "white": "#f1efe9", "cream": "#eadfc8", "beige": "#cfb896", "camel": "#b58a56",
    "rust": "#a9532b", "brown": "#62432f", "black": "#26262a", "charcoal": "#45474d",
    "grey": "#9b9c9e", "navy": "#222d4d", "blue": "#34609f", "sky": "#a3c0da",
    "teal": "#2d7175", "mint": "#a9cdb7", "forest": "#2b4c3b", "olive": "#69693f",
    "sage": "#98a583", "mustard": "#cf9d33", "lemon": "#eadb8a", "orange": "#d97a3f",
    "coral": "#dd7466", "red": "#ae2630", "burgundy": "#63202f", "pink": "#e0a8b2",
    "blush": "#ecd0c8", "lilac": "#b6a5cc", "plum": "#5b3558",
}  # fmt: skip
DENIMS: Final = {
    "indigo": "#2a3a5c", "blue": "#4a6a97", "light blue": "#93aecb", "black": "#34353b",
    "ecru": "#e2d9c4",
}  # fmt: skip


def partners_of(colour: str) -> tuple[str, ...]:
    """Names of colours that go with one: for stripes, prints and what is worn with it."""
    if luminance(rgb_of(DENIMS.get(colour, colour))) < 0.45:
        return "white", "cream", "sky", "mustard", "blush"
    return "navy", "white", "forest", "burgundy", "brown"


def rgb_of(colour: str) -> Rgb:
    """A colour by its name or as #rrggbb."""
    digits = PALETTE.get(colour, colour).removeprefix("#")
    return np.frombuffer(bytes.fromhex(digits), np.uint8).astype(np.float32) / np.float32(255)


def picked(rng: np.random.Generator, colours: tuple[str, ...], spread: float = 0.0) -> Rgb:
    """One of the colours, a little lighter or darker by `spread`."""
    return jittered(rng, rgb_of(colours[int(rng.integers(0, len(colours)))]), spread)


def blended(first: Rgb, second: Rgb, share: float | Rgb) -> Rgb:
    """The colour, or the colours (h, w, 3), `share` of the way from the first to the second."""
    return np.asarray(first + (second - first) * share, np.float32)


def luminance(colour: Rgb) -> float:
    """How bright a colour looks, 0 to 1."""
    return float(colour @ np.array([0.299, 0.587, 0.114], np.float32))


def jittered(rng: np.random.Generator, colour: Rgb, amount: float = 0.02) -> Rgb:
    """A slightly different shade: no two dye lots are the same."""
    light = rng.normal(0, amount)
    return np.clip(colour + light + rng.normal(0, amount / 2, 3), 0.02, 0.985).astype(np.float32)
