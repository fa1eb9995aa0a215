"""A photo and what a person drew on it in, the garment's mask out; needs OpenCV.

The drawing tells GrabCut (see `segmentation.grabcut`) where garment and ground surely
are; what GrabCut still gets wrong is painted over.
"""

from typing import Final

import cv2
import numpy as np

from segmentation.checked import Drawing, Polygon
from segmentation.grabcut import Seed, grab_cut, seed_by_colour
from segmentation.mask import BoolMask
from segmentation.photos import Photo

CORE_DEPTH: Final = 0.05
"""How deep inside a wide outline all is garment, as a share of the photo's shorter side."""
LEAST_PIECE: Final = 0.08
"""Pieces smaller than this share of the largest are dropped: hands and tags mostly."""
LEAST_HOLE: Final = 0.004
"""Holes smaller than this share of the largest piece of ground are closed."""
STROKE_WIDTH: Final = 3


def draw_mask(photo: Photo, drawing: Drawing) -> BoolMask:
    """The mask (H, W) that a drawing gives on its photo."""
    shape = photo.shape[:2]
    seed = _seed_of(drawing, shape) if drawing.outline else seed_by_colour(photo)
    seed[_filled(shape, drawing.ground)] = cv2.GC_BGD
    mask = _smoothed(grab_cut(photo, seed, rounds=5))
    mask |= _filled(shape, drawing.add) | _stroked(shape, drawing.strokes)
    return mask & ~_filled(shape, drawing.cut)


def _seed_of(drawing: Drawing, shape: tuple[int, ...]) -> Seed:
    """GrabCut's seed (H, W) of an outline that is either close or wide."""
    inside = _filled(shape, (drawing.outline,))
    if drawing.edge is None:
        deep = _eroded(inside, max(4, round(CORE_DEPTH * min(shape)))) & drawing.core
        may_be = inside
    else:
        deep = _eroded(inside, drawing.edge)
        may_be = ~_eroded(~inside, drawing.edge)
    seed = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    seed = np.where(may_be, seed, cv2.GC_BGD)
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
    """What lies more than `depth` pixels inside; the photo's rim is no edge."""
    kernel = np.ones((2 * depth + 1, 2 * depth + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel, borderValue=1), bool)


def _smoothed(mask: BoolMask) -> BoolMask:
    """Threads and small pieces dropped, small holes closed, the edge's steps rounded."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel).astype(bool)
    garment = _without_small(opened, LEAST_PIECE)
    garment = ~_without_small(~garment, LEAST_HOLE)
    return np.asarray(cv2.GaussianBlur(garment.astype(np.float32), (0, 0), 1.2) > 0.5)


def _without_small(mask: BoolMask, least: float) -> BoolMask:
    """Pieces smaller than this share of the largest one removed."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    keep = sizes > least * sizes.max()
    return np.asarray(keep[labels], bool)
