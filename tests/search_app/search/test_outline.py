import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from search_app.search.outline import (
    Points,
    label_point,
    outline_path,
    simplify_loop,
    smooth_path,
    trace_loops,
)


def disc(height: int, width: int, radius: float) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[:height, :width]
    middle = ((height - 1) / 2, (width - 1) / 2)
    return np.asarray((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 <= radius**2)


def painted(path: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Paint the points of a path, even-odd, curves as their corners."""
    picture = np.zeros((size[1], size[0]), bool)
    for part in path.split("M")[1:]:
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", part)]
        points = [(numbers[0], numbers[1])]
        for place in range(2, len(numbers), 4):
            points.append((numbers[place + 2], numbers[place + 3]))
        layer = Image.new("1", size)
        ImageDraw.Draw(layer).polygon(points, fill=1)
        picture ^= np.asarray(layer)
    return picture


def overlap(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    return float((first & second).sum() / (first | second).sum())


def area(points: Points) -> float:
    x, y = points.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_one_pixel_is_one_diamond() -> None:
    (loop,) = trace_loops(np.ones((1, 1), bool))
    assert sorted(map(tuple, loop.tolist())) == [(0, 0.5), (0.5, 0), (0.5, 1), (1, 0.5)]


def test_hole_runs_the_other_way_round() -> None:
    mask = np.ones((9, 9), bool)
    mask[3:6, 3:6] = False
    areas = sorted(area(loop) for loop in trace_loops(mask))
    assert len(areas) == 2
    assert areas[0] < 0 < areas[1]


def test_pieces_that_meet_at_a_corner_stay_apart() -> None:
    mask = np.zeros((4, 4), bool)
    mask[:2, :2] = mask[2:, 2:] = True
    assert len(trace_loops(mask)) == 2


def test_loops_of_noise_enclose_its_pixels() -> None:
    mask = np.random.default_rng(3).random((30, 40)) > 0.5
    edges = sum(len(loop) for loop in trace_loops(mask))
    padded = np.pad(mask, 1)
    assert edges == np.diff(padded, axis=0).sum() + np.diff(padded, axis=1).sum()


def test_simplified_square_keeps_its_corners_only() -> None:
    (loop,) = trace_loops(np.ones((40, 40), bool))
    assert len(simplify_loop(loop, 0.7)) <= 8


def test_simplified_loop_stays_within_tolerance() -> None:
    (loop,) = trace_loops(disc(80, 80, 35))
    simple = simplify_loop(loop, 0.7)
    assert len(simple) < len(loop) / 4
    assert abs(area(simple)) == pytest.approx(abs(area(loop)), rel=0.02)


@pytest.mark.parametrize("side", [50, 200, 1200])
def test_path_lies_on_the_garment_in_photo_pixels(side: int) -> None:
    mask = disc(side, side // 2, side * 0.23)
    left, top = 30, 12
    size = (left + side, top + side + 9)
    expected = np.zeros((size[1], size[0]), bool)
    expected[top : top + side, left : left + side // 2] = mask
    path = outline_path(mask, (left, top, left + side // 2, top + side))
    assert overlap(painted(path, size), expected) > 0.93
    assert len(path) < 4000


def test_hole_is_left_open_and_speck_is_left_out() -> None:
    mask = np.zeros((200, 200), bool)
    mask[20:180, 20:180] = True
    mask[70:130, 70:130] = False
    mask[2:4, 2:4] = True
    path = outline_path(mask, (0, 0, 200, 200))
    assert path.count("M") == 2
    assert not painted(path, (200, 200))[100, 100]


def test_thin_garment_still_has_an_outline() -> None:
    mask = np.zeros((1500, 1500), bool)
    mask[:, 700:702] = True
    assert outline_path(mask, (0, 0, 1500, 1500)).startswith("M")


def test_empty_mask_has_no_outline() -> None:
    assert outline_path(np.zeros((10, 10), bool), (0, 0, 10, 10)) == ""


def test_path_is_closed_and_valid_in_xml() -> None:
    path = smooth_path(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]]))
    assert path.endswith("Z")
    ElementTree.fromstring(f'<path d="{path}"/>')


def test_label_point_lies_inside_a_ring() -> None:
    mask = disc(90, 90, 44) & ~disc(90, 90, 25)
    x, y = label_point(mask, (100, 200, 190, 290))
    assert mask[int(y - 200), int(x - 100)]
