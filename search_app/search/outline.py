"""The outline of a mask as SVG path data.

    mask -> reduced mask -> loops of edge midpoints -> fewer points -> smooth path

The loops follow the cracks between pixels (garment on the right hand), so a hole is
a loop of the other direction and the even-odd fill rule leaves it open.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from segmentation.mask import BoolMask, Box

Points = npt.NDArray[np.float64]
"""Corners of a closed loop, shape (n, 2), x then y, in pixels of the mask."""

GRID_SIDE: Final = 240
"""Longest side of the mask that is traced: finer edges cannot be seen on a page."""
TOLERANCE: Final = 0.7
"""Largest distance of a dropped point from the path, in pixels of the traced mask."""
MIN_LOOP: Final = 0.003
"""Loops enclosing less than this share of the traced mask are left out."""

_Step = tuple[int, int]


def outline_path(mask: BoolMask, box: Box) -> str:
    """SVG path data of a garment's edge, in pixels of the photo.

    Args:
        mask: the garment inside its box, shape (y1 - y0, x1 - x0).
        box: x0, y0, x1, y1 in pixels of the photo.
    Returns:
        one closed sub-path a piece or hole, largest first; "" for an empty mask.
    """
    if not mask.any():
        return ""
    grid = _reduced(mask)
    scale = np.array([(box[2] - box[0]) / grid.shape[1], (box[3] - box[1]) / grid.shape[0]])
    loops = sorted(trace_loops(grid), key=_area, reverse=True)
    kept = [loop for loop in loops if _area(loop) >= MIN_LOOP * grid.size] or loops[:1]
    return " ".join(
        smooth_path(simplify_loop(loop, TOLERANCE) * scale + np.array(box[:2])) for loop in kept
    )


def label_point(mask: BoolMask, box: Box) -> tuple[float, float]:
    """The point x, y deepest inside a garment, in pixels of the photo: where a dot fits."""
    grid = _reduced(mask)
    depth = ndimage.distance_transform_edt(np.pad(grid, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    width, height = box[2] - box[0], box[3] - box[1]
    return (
        box[0] + (float(x) + 0.5) * width / grid.shape[1],
        box[1] + (float(y) + 0.5) * height / grid.shape[0],
    )


def trace_loops(mask: BoolMask) -> list[Points]:
    """Every closed boundary of a mask as the midpoints of its pixel edges."""
    following = _edges(mask)
    loops: list[Points] = []
    while following:
        start = next(iter(following))
        points = np.array(_walk(following, start), float)
        loops.append((points + np.roll(points, -1, axis=0)) / 2)
    return loops


def simplify_loop(points: Points, tolerance: float) -> Points:
    """Simplify a closed loop; no dropped point is further than `tolerance` from the new loop.

    Uses Ramer-Douglas-Peucker on the two halves between the extreme points in x + y.
    """
    order = points.sum(axis=1)
    turned = np.roll(points, -int(order.argmin()), axis=0)
    far = int(turned.sum(axis=1).argmax())
    if far == 0:
        return turned
    first = _simplify_line(turned[: far + 1], tolerance)
    second = _simplify_line(np.vstack([turned[far:], turned[:1]]), tolerance)
    return np.vstack([first[:-1], second[:-1]])


def smooth_path(points: Points) -> str:
    """A closed path of quadratic curves: control points are the points, ends the midpoints."""
    middles = (points + np.roll(points, -1, axis=0)) / 2
    curves = " ".join(
        f"Q{_number(point[0])} {_number(point[1])} {_number(middle[0])} {_number(middle[1])}"
        for point, middle in zip(points, middles, strict=True)
    )
    return f"M{_number(middles[-1][0])} {_number(middles[-1][1])} {curves}Z"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _reduced(mask: BoolMask) -> BoolMask:
    """The mask reduced to at most `GRID_SIDE` on its longest side, by majority."""
    height, width = mask.shape
    factor = GRID_SIDE / max(height, width)
    if factor >= 1:
        return mask
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    coverage = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX)
    reduced = np.asarray(coverage) >= 128
    return reduced if reduced.any() else np.asarray(coverage) > 0


def _edges(mask: BoolMask) -> dict[_Step, list[_Step]]:
    """Directed unit edges between garment and background: start corner -> end corners."""
    padded = np.pad(mask, 1)
    inside = padded[1:, 1:]
    above = padded[:-1, 1:]
    left = padded[1:, :-1]
    following: dict[_Step, list[_Step]] = {}
    sides = (
        (inside & ~above, (0, 0), (1, 0)),
        (above & ~inside, (1, 0), (0, 0)),
        (inside & ~left, (0, 1), (0, 0)),
        (left & ~inside, (0, 0), (0, 1)),
    )
    for where, start, end in sides:
        for y, x in np.argwhere(where).tolist():
            corner = (x + start[0], y + start[1])
            following.setdefault(corner, []).append((x + end[0], y + end[1]))
    return following


def _walk(following: dict[_Step, list[_Step]], start: _Step) -> list[_Step]:
    """Follow edges from `start` back to it and remove them from `following`.

    Where two loops touch at a corner, the walk turns right, so that pieces that meet only
    diagonally stay separate.
    """
    corners = [start]
    came: _Step | None = None
    here = start
    while True:
        ends = following[here]
        there = ends[0] if came is None else max(ends, key=lambda end: _turn(came, here, end))
        ends.remove(there)
        if not ends:
            del following[here]
        if there == start:
            return corners
        corners.append(there)
        came, here = here, there


def _turn(came: _Step | None, here: _Step, end: _Step) -> int:
    """Positive for a right turn (y points down), negative for a left one."""
    if came is None:
        return 0
    before = (here[0] - came[0], here[1] - came[1])
    after = (end[0] - here[0], end[1] - here[1])
    return before[0] * after[1] - before[1] * after[0]


def _simplify_line(points: Points, tolerance: float) -> Points:
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        distances = _distances(points[first + 1 : last], points[first], points[last])
        furthest = int(distances.argmax())
        if distances[furthest] > tolerance:
            middle = first + 1 + furthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return np.asarray(points[keep])


def _distances(points: Points, start: Points, end: Points) -> npt.NDArray[np.float64]:
    """Distance of each point to the segment from `start` to `end`, shape (n,)."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.asarray(np.linalg.norm(points - start - share[:, None] * along, axis=1))


def _area(points: Points) -> float:
    """Area a loop encloses, in pixels of the traced mask."""
    x, y = points.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
