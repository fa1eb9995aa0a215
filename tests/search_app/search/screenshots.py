"""Screenshots of a phone or a browser around a photo, composed with Pillow."""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from segmentation.mask import Box
from segmentation.photos import Photo

_FONTS: Final = "/usr/share/fonts/truetype"


@dataclass(frozen=True)
class Layout:
    """How an app shows a picture.

    Attributes:
        size: width and height of the screen.
        place: the box that the picture is fitted into.
        fills: cropped to fill the box, not fitted with bars beside it.
        header: height of a bar of another colour under the status bar; 0 without one.
        font: file below the system's fonts; None: Pillow's own.
        quality: of JPEG; 0: PNG.
    """

    size: tuple[int, int]
    place: Box
    paper: str
    ink: str
    fills: bool = False
    header: int = 0
    header_colour: str = "#ffffff"
    font: str | None = None
    quality: int = 0
    captions: int = 4


FIRST: Final = {
    "post": Layout((540, 1170), (0, 150, 540, 690), "#ffffff", "#262626", fills=True, header=0),
    "story": Layout((540, 1170), (0, 0, 540, 1170), "#000000", "#ffffff", captions=0),
    "shop page": Layout((540, 1170), (24, 180, 516, 760), "#fafafa", "#333333", fills=True),
}
"""Layouts that the detector was tuned on."""
MORE: Final = {
    "dark post": Layout(
        (1080, 2340), (0, 330, 1080, 1680), "#121212", "#e8e8e8", fills=True, header=150,
        header_colour="#1f2c34", font="liberation/LiberationSans-Regular.ttf", quality=88,
    ),
    "gallery": Layout(
        (750, 1334), (0, 128, 750, 1240), "#101418", "#ffffff",
        font="liberation/LiberationSerif-Regular.ttf", quality=80, captions=1,
    ),
    "browser": Layout(
        (1280, 800), (420, 140, 860, 720), "#f2efe9", "#222222", fills=True, header=60,
        header_colour="#345c7d", font="liberation/LiberationSansNarrow-Italic.ttf",
    ),
    "card": Layout(
        (828, 1792), (60, 300, 768, 1250), "#eef1f4", "#101010", fills=True, header=110,
        header_colour="#d8345f", font="dejavu/DejaVuSerif-Bold.ttf", quality=92,
    ),
}  # fmt: skip
"""Further layouts that it was tuned on."""
OTHERS: Final = {
    "messenger": Layout(
        (1170, 2532), (90, 520, 1100, 1900), "#0b141a", "#e9edef", fills=True, header=170,
        header_colour="#202c33", font="liberation/LiberationMono-Regular.ttf", quality=85,
    ),
    "reel": Layout(
        (720, 1600), (0, 96, 720, 1420), "#000000", "#f0f0f0", captions=2,
        font="dejavu/DejaVuSansCondensed-Oblique.ttf", quality=75,
    ),
    "tablet": Layout(
        (1536, 2048), (0, 220, 1536, 1500), "#fdf6e3", "#586e75", header=120,
        header_colour="#073642", font="dejavu/DejaVuSansMono.ttf",
    ),
    "pin": Layout(
        (640, 1136), (16, 110, 624, 900), "#ffffff", "#111111", fills=True,
        font="liberation/LiberationSerif-Regular.ttf", quality=90,
    ),
    "player": Layout((1920, 1080), (0, 0, 1920, 1080), "#000000", "#ffffff", captions=0),
}  # fmt: skip
"""Layouts with other sizes, bars and fonts, to measure on."""


def screenshot(photo: Image.Image, layout: Layout, seed: int = 0) -> tuple[Photo, Box]:
    """A screenshot of a photo in an app, and the picture's box on it."""
    screen = Image.new("RGB", layout.size, layout.paper)
    box = _paste(screen, photo, layout)
    draw = ImageDraw.Draw(screen)
    width, height = layout.size
    chance = np.random.default_rng(seed)
    unit = height // 60
    font = _font(layout, unit)
    if layout.header:
        draw.rectangle((0, 2 * unit, width, 2 * unit + layout.header), layout.header_colour)
        draw.text((4 * unit, 3 * unit), "Shop  News", layout.ink, font)
    if box[1] > 2 * unit:
        draw.text((unit, unit // 3), f"{chance.integers(10, 23)}:41", layout.ink, font)
        draw.rectangle((width - 4 * unit, unit // 2, width - 2 * unit, unit), layout.ink)
    if box[1] > 6 * unit + layout.header:
        y = box[1] - 3 * unit
        draw.ellipse((unit, y, 3 * unit, y + 2 * unit), "#b07050")
        draw.text((4 * unit, y), f"linda_{chance.integers(1000)}", layout.ink, font)
    for line in range(layout.captions):
        y = box[3] + unit + 2 * unit * line
        if y < height - unit:
            letters = chance.integers(10, 30)
            draw.text((unit, y), ("I love this one so much! " * 2)[:letters], layout.ink, font)
    if not layout.quality:
        return np.asarray(screen), box
    file = io.BytesIO()
    screen.save(file, "JPEG", quality=layout.quality)
    return np.asarray(Image.open(file)), box


def _paste(screen: Image.Image, photo: Image.Image, layout: Layout) -> Box:
    x0, y0, x1, y1 = layout.place
    size = (x1 - x0, y1 - y0)
    picture = ImageOps.fit(photo, size) if layout.fills else ImageOps.contain(photo, size)
    left, top = x0 + (size[0] - picture.width) // 2, y0 + (size[1] - picture.height) // 2
    screen.paste(picture, (left, top))
    return left, top, left + picture.width, top + picture.height


def _font(layout: Layout, unit: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if layout.font is None:
        return ImageFont.load_default(unit)
    try:
        return ImageFont.truetype(f"{_FONTS}/{layout.font}", unit)
    except OSError:
        return ImageFont.load_default(unit)
