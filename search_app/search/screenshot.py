"""Detection of the picture in a screenshot, between status bar, letterbox and an app's controls.

    blank strip of one colour | straight edge | picture | straight edge | blank strip

A picture is accepted between two strips whose edges are straight over its whole width, or between
one and the border of the photo. A garment on a studio's white has no such edges.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segmentation.mask import Box
from segmentation.photos import WORKING_SIDE, Photo

SAME: Final = 8
"""Levels by which a pixel of a strip may differ from its colour; JPEG changes about so many."""
BLANK: Final = 0.97
"""Share of a blank row's pixels that have its colour."""
STRAIGHT: Final = 0.6
"""Share of the pixels along an edge that differ from the strip."""
LEAST_SIDE: Final = 0.3
"""Least share of the photo's height and width that a picture covers."""
SAMPLED_SIDE: Final = WORKING_SIDE // 4
"""Sampled pixels a side, every fourth of a decoded photo; masks of queries have no more either."""
_BLUR: Final = 3
"""Sampled rows that are neither strip nor picture, and those of the narrowest strip."""

Pixels = npt.NDArray[np.int16]
"""Sampled rows of colours, shape (rows, columns, 3), or one of them."""


class _Edge(NamedTuple):
    """An edge of a picture from column `left` to `right`; without a colour the photo's border.

    `is_flat`: the rows behind it have one colour, as those of a bar.
    """

    row: int
    left: int
    right: int
    is_flat: bool
    colour: Pixels | None


def picture_box(photo: Photo) -> Box | None:
    """The box of the picture that a screenshot shows; None for an ordinary photo.

    Args:
        photo: shape (H, W, 3), RGB.
    """
    height, width = photo.shape[:2]
    down, across = -(-height // SAMPLED_SIDE), -(-width // SAMPLED_SIDE)
    rows = photo[::down, ::across].astype(np.int16)
    box = _between_strips(rows)
    if box is None and (turned := _between_strips(rows.transpose(1, 0, 2))):
        box = (turned[1], turned[0], turned[3], turned[2])
    if box is None:
        return None
    x0, y0, x1, y1 = box
    return x0 * across, y0 * down, min(x1 * across, width), min(y1 * down, height)


def _between_strips(rows: Pixels) -> Box | None:
    """The largest picture between an edge above and an edge below."""
    height = len(rows)
    medians = np.median(rows, axis=1).astype(np.int16)
    tops, bottoms = list[_Edge](), list[_Edge]()
    for start, end in _strips(rows, medians):
        tops += _edges(rows[end:], medians[end - 1], end, 1)
        bottoms += _edges(rows[:start][::-1], medians[start], start - 1, -1)
    pairs = [(top, bottom) for top in tops for bottom in bottoms]
    pairs += [(top, top._replace(row=height - 1, is_flat=True, colour=None)) for top in tops]
    pairs += [(each._replace(row=0, is_flat=True, colour=None), each) for each in bottoms]
    boxes = [
        (
            not (top.is_flat or bottom.is_flat),
            bottom.row - top.row,
            (top.left, top.row, top.right, bottom.row + 1),
        )
        for top, bottom in pairs
        if bottom.row - top.row >= LEAST_SIDE * height and _is_picture(rows, top, bottom)
    ]
    return max(boxes)[-1] if boxes else None


def _has(rows: Pixels, colour: Pixels) -> npt.NDArray[np.bool_]:
    """A mask of the pixels that have a colour."""
    return np.asarray(np.abs(rows - colour).max(axis=-1) <= SAME)


def _strips(rows: Pixels, medians: Pixels) -> list[tuple[int, int]]:
    """First row of each run of blank rows of one colour, and the row after it."""
    blank = _has(rows, medians[:, None]).mean(axis=1) >= BLANK
    breaks = ~(blank[1:] & blank[:-1] & _has(medians[1:], medians[:-1]))
    bounds = [0, *(np.flatnonzero(breaks) + 1), len(rows)]
    return [
        (int(start), int(end))
        for start, end in pairwise(bounds)
        if blank[start] and end - start >= _BLUR
    ]


def _edges(behind: Pixels, colour: Pixels, row: int, step: int) -> list[_Edge]:
    """The edge of a picture, if any, that begins in the first rows behind a strip.

    Args:
        behind: the rows from the strip on.
        row, step: number of the first of them, and 1 below a strip, -1 above it.
    """
    for skipped in range(_BLUR):
        first = behind[skipped : skipped + 2 * _BLUR]
        if len(first) < 2 * _BLUR:
            break
        differs = ~_has(first, colour)
        columns = np.flatnonzero(differs.mean(axis=0) > 0.5)
        if len(columns) < LEAST_SIDE * differs.shape[1]:
            continue
        left, right = int(columns[0]), int(columns[-1]) + 1
        if differs[:, left:right].mean(axis=1).min() >= STRAIGHT:
            inside = first[:, left:right]
            is_flat = _has(inside, np.median(inside, axis=1, keepdims=True)).mean() >= BLANK
            return [_Edge(row + step * skipped, left, right, bool(is_flat), colour)]
    return []


def _is_picture(rows: Pixels, top: _Edge, bottom: _Edge) -> bool:
    """Whether two edges belong to one picture, with no strip of the app between them."""
    width = rows.shape[1]
    slack = (1 - BLANK) * width
    if abs(top.left - bottom.left) > slack or abs(top.right - bottom.right) > slack:
        return False
    touches = top.left <= 1, top.right >= width - 1
    if (top.is_flat and bottom.is_flat) or touches[0] != touches[1]:
        return False
    colours = [each.colour for each in (top, bottom) if each.colour is not None]
    # A garment that leaves the photo at one side is not a picture within it.
    if len(colours) < 2 and not all(touches):
        return False
    inside = rows[top.row : bottom.row + 1, top.left : top.right]
    return not any(_shows_strip(_has(inside, each), all(touches)) for each in colours)


def _shows_strip(same: npt.NDArray[np.bool_], fills_width: bool) -> bool:
    """Whether a strip's colour is found within a picture as only an app shows it."""
    if (same.mean(axis=1) >= BLANK).mean() > 1 - BLANK:
        return True
    return not fills_width and same[:, [2, -3]].mean(axis=0).max() > 1 - STRAIGHT
