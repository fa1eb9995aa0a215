"""Make the mask of a checked photo from its manual drawing. Needs OpenCV.

The drawing seeds GrabCut (`segmentation.data.grabcut`); remaining errors are corrected by
polygons of the drawing.
"""

from typing import Final

import cv2
import numpy as np

from segmentation.data.checked import Drawing, Polygon
from segmentation.data.grabcut import Seed, grab_cut, seed_by_colour
from segmentation.mask import BoolMask
from segmentation.photos import Photo

CORE_DEPTH: Final = 0.05
"""Depth inside a wide outline from which all is garment, as a share of the shorter side."""
MIN_PIECE: Final = 0.08
"""Minimum size of a piece relative to the largest; smaller ones are mostly hands and tags."""
MIN_HOLE: Final = 0.004
"""Minimum size of a hole relative to the largest background piece; smaller ones are closed."""
STROKE_WIDTH: Final = 3


def draw_mask(photo: Photo, drawing: Drawing) -> BoolMask:
    """Make the mask (H, W) of a drawing on its photo."""
    shape = photo.shape[:2]
    seed = _seed_of(drawing, shape) if drawing.outline else seed_by_colour(photo)
    seed[_filled(shape, drawing.background)] = cv2.GC_BGD
    mask = _smoothed(grab_cut(photo, seed, rounds=5))
    mask |= _filled(shape, drawing.add) | _stroked(shape, drawing.strokes)
    return mask & ~_filled(shape, drawing.cut)


def _seed_of(drawing: Drawing, shape: tuple[int, ...]) -> Seed:
    """Make GrabCut's seed (H, W) from an outline."""
    inside = _filled(shape, (drawing.outline,))
    if drawing.edge is None:
        deep = _eroded(inside, max(4, round(CORE_DEPTH * min(shape)))) & drawing.core
        possible = inside
    else:
        deep = _eroded(inside, drawing.edge)
        possible = ~_eroded(~inside, drawing.edge)
    seed = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    seed = np.where(possible, seed, cv2.GC_BGD)
    return np.where(deep, cv2.GC_FGD, seed).astype(np.uint8)


def _filled(shape: tuple[int, ...], polygons: tuple[Polygon, ...]) -> BoolMask:
    canvas = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(canvas, [np.array(polygon, np.int32)], (1,))
    return canvas.astype(bool)


def _stroked(shape: tuple[int, ...], strokes: tuple[Polygon, ...]) -> BoolMask:
    canvas = np.zeros(shape, np.uint8)
    lines = [np.array(stroke, np.int32) for stroke in strokes]
    cv2.polylines(canvas, lines, False, (1,), STROKE_WIDTH)
    return canvas.astype(bool)


def _eroded(mask: BoolMask, depth: int) -> BoolMask:
    """Erode a mask by `depth` pixels, except at the photo's border."""
    kernel = np.ones((2 * depth + 1, 2 * depth + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel, borderValue=1), bool)


def _smoothed(mask: BoolMask) -> BoolMask:
    """Remove thin structures and small pieces, close small holes, smooth the edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel).astype(bool)
    garment = _without_small(opened, MIN_PIECE)
    garment = ~_without_small(~garment, MIN_HOLE)
    return np.asarray(cv2.GaussianBlur(garment.astype(np.float32), (0, 0), 1.2) > 0.5)


def _without_small(mask: BoolMask, least: float) -> BoolMask:
    """Remove pieces smaller than this share of the largest one."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    keep = sizes > least * sizes.max()
    return np.asarray(keep[labels], bool)
