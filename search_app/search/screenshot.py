"""Detection of the picture in a screenshot, between status bar, letterbox and an app's controls.

    blank strip of one colour | straight edge | picture | straight edge | blank strip

A picture is accepted between two strips whose edges are straight over its whole width, or between
one and the border of the photo. A garment on a studio's white has no such edges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.mask import Box
from segmentation.photos import Photo

_ROWS: Final = 640
"""Sampled pixels along the searched direction ..."""
_COLUMNS: Final = 256
"""... and across it."""
SAME: Final = 8
"""Levels by which a pixel of a strip may differ from its colour; JPEG changes about so many."""
BLANK_SHARE: Final = 0.97
"""Share of a blank row's pixels that have its colour."""
EDGE_SHARE: Final = 0.6
"""Least share of the pixels along an edge that differ from the strip ..."""
EDGES_SHARE: Final = 0.8
"""... and of both edges together."""
_STRIP: Final = 3
"""Sampled rows of the narrowest strip."""
_BLUR: Final = 3
"""Sampled rows of an edge that is neither strip nor picture."""
_DEPTH: Final = 6
"""Sampled rows of the picture that must follow an edge: more than a line has."""
FLAT_SHARE: Final = 0.85
"""Share of one colour from which the rows behind an edge are rather a bar than a picture."""
_LEAST_WIDTH: Final = 0.3
_LEAST_AREA: Final = 0.12
"""Least share of the photo that a picture covers; smaller ones are one of a grid."""
_BLANK_INSIDE: Final = 0.01
"""Greatest share of the picture's rows that are as blank as the strips."""
_SIDE_SHARE: Final = 0.5
"""Greatest share of the pixels along the picture's sides that have the strips' colour."""
_MISALIGNED: Final = 0.02
"""Greatest distance of the two edges' ends, as a share of the photo's width."""

Colours = npt.NDArray[np.int16]
"""Sampled rows, shape (rows, columns, 3)."""


@dataclass(frozen=True)
class _Edge:
    """An edge of a picture, which spans the columns from `left` to `right`.

    Attributes:
        share: share of its pixels that differ from the strip.
        is_flat: the rows behind it have one colour.
        colour: the strip's; None at the border of the photo.
    """

    row: int
    left: int
    right: int
    share: float = 0.0
    is_flat: bool = False
    colour: npt.NDArray[np.int16] | None = None


def picture_box(photo: Photo) -> Box | None:
    """The box of the picture that a screenshot shows; None for an ordinary photo.

    Args:
        photo: shape (H, W, 3), RGB.
    """
    height, width = photo.shape[:2]
    down, across = -(-height // _ROWS), -(-width // _COLUMNS)
    if box := _between_strips(photo[::down, ::across].astype(np.int16)):
        x0, y0, x1, y1 = box
        return _scaled((x0, y0, x1, y1), (across, down), (width, height))
    down, across = -(-height // _COLUMNS), -(-width // _ROWS)
    turned = photo[::down, ::across].astype(np.int16).transpose(1, 0, 2)
    if box := _between_strips(turned):
        y0, x0, y1, x1 = box
        return _scaled((x0, y0, x1, y1), (across, down), (width, height))
    return None


def _scaled(box: Box, steps: tuple[int, int], size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = (
        min(edge * step, end) for edge, step, end in zip(box, steps * 2, size * 2, strict=True)
    )
    return x0, y0, x1, y1


def _between_strips(rows: Colours) -> Box | None:
    """The largest picture between an edge above and an edge below."""
    medians = np.median(rows, axis=1).astype(np.int16)
    flat = (np.abs(rows - medians[:, None]).max(axis=2) <= SAME).mean(axis=1)
    strips = list(_strips(medians, flat))
    height, width = rows.shape[:2]
    tops = [edge for strip in strips if (edge := _edge(rows, strip[1], 1, medians, flat))]
    bottoms = [edge for strip in strips if (edge := _edge(rows, strip[0] - 1, -1, medians, flat))]
    if not tops and not bottoms:
        return None
    pairs = [(top, bottom) for top in tops for bottom in bottoms if top.row < bottom.row]
    pairs += [(top, _Edge(height - 1, top.left, top.right, top.share, True)) for top in tops]
    pairs += [(_Edge(0, each.left, each.right, each.share, True), each) for each in bottoms]
    boxes = [
        (not (top.is_flat or bottom.is_flat), (top.left, top.row, top.right, bottom.row + 1))
        for top, bottom in pairs
        if _is_picture(rows, top, bottom)
    ]
    boxes = [each for each in boxes if _area(each[1]) >= _LEAST_AREA * height * width]
    best = max(boxes, key=lambda each: (each[0], _area(each[1])), default=None)
    return best[1] if best else None


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _strips(
    medians: npt.NDArray[np.int16], flat: npt.NDArray[np.float64]
) -> Iterator[tuple[int, int]]:
    """First row and the row behind of each run of blank rows of one colour."""
    start = 0
    for row in range(1, len(flat) + 1):
        goes_on = (
            row < len(flat)
            and flat[row] >= BLANK_SHARE
            and flat[start] >= BLANK_SHARE
            and np.abs(medians[row] - medians[start]).max() <= SAME
        )
        if not goes_on:
            if flat[start] >= BLANK_SHARE and row - start >= _STRIP:
                yield start, row
            start = row


def _edge(
    rows: Colours,
    row: int,
    step: int,
    medians: npt.NDArray[np.int16],
    flat: npt.NDArray[np.float64],
) -> _Edge | None:
    """The edge of a picture that begins at a row behind a strip, or within its blur.

    Args:
        step: 1 below a strip, -1 above it.
    """
    height, width = rows.shape[:2]
    if not 0 <= row < height:
        return None
    colour = medians[row - step]
    for first in range(row, row + step * _BLUR, step):
        last = first + step * (_DEPTH - 1)
        if not 0 <= last < height:
            return None
        behind = rows[min(first, last) : max(first, last) + 1]
        differs = np.abs(behind - colour).max(axis=2) > SAME
        columns = np.flatnonzero(differs.mean(axis=0) > 0.5)
        if len(columns) < _LEAST_WIDTH * width:
            continue
        left, right = int(columns[0]), int(columns[-1]) + 1
        inside = differs[:, left:right]
        shares = inside.mean(axis=1)
        if shares[0 if step > 0 else -1] < EDGE_SHARE or shares.min() < EDGE_SHARE - 0.1:
            continue
        is_flat = _flatness(behind[:, left:right]) >= FLAT_SHARE
        return _Edge(first, left, right, float(shares.mean()), is_flat, colour)
    return None


def _flatness(rows: Colours) -> float:
    """Share of the pixels that have their row's median colour, the mean of some rows."""
    medians = np.median(rows, axis=1, keepdims=True)
    return float((np.abs(rows - medians).max(axis=2) <= SAME).mean())


def _is_picture(rows: Colours, top: _Edge, bottom: _Edge) -> bool:
    """Whether two edges belong to one picture, with no strip of the app between them."""
    width = rows.shape[1]
    ends = abs(top.left - bottom.left), abs(top.right - bottom.right)
    if max(ends) > _MISALIGNED * width or top.share + bottom.share < 2 * EDGES_SHARE:
        return False
    colours = [each.colour for each in (top, bottom) if each.colour is not None]
    touches = top.left <= 1, top.right >= width - 1
    if (top.is_flat and bottom.is_flat) or touches[0] != touches[1]:
        return False
    # A garment that leaves the photo at one side is no picture within it.
    if len(colours) < 2 and not all(touches):
        return False
    inside = rows[top.row : bottom.row + 1, top.left : top.right]
    return not any(_shows_strip(inside, colour, any(touches)) for colour in colours)


def _shows_strip(inside: Colours, colour: npt.NDArray[np.int16], fills_width: bool) -> bool:
    """Whether a strip's colour is found within a picture as only an app shows it."""
    same = np.abs(inside - colour).max(axis=2) <= SAME
    if (same.mean(axis=1) >= BLANK_SHARE).mean() > _BLANK_INSIDE:
        return True
    return not fills_width and same[:, [2, -3]].mean(axis=0).max() > _SIDE_SHARE
