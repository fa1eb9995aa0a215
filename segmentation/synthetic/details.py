"""Collars, plackets, zips, pockets and hoods: places in cm in, layers out."""

import numpy as np

from segmentation.synthetic.body import SIDES, Body
from segmentation.synthetic.geometry import (
    Frame,
    Points,
    band,
    curve,
    joined,
    mirrored,
    on_side,
    points,
    symmetric,
)  # fmt: skip
from segmentation.synthetic.panels import Button, Cloth, Cord, Layer, Panel, Seam


def buttoned(top: float, bottom: float, gap: float) -> list[Layer]:
    """A placket with buttons all the way down."""
    layers = _placket(top, bottom)
    count = max(3, round((bottom - top - 4) / gap))
    layers += [Button((0.0, float(y))) for y in np.linspace(top + 2.0, bottom - 5, count)]
    return layers


def half_placket(top: float, length: float) -> list[Layer]:
    """A polo's placket: three buttons and a box at its end."""
    layers = _placket(top, top + length)
    end = top + length
    layers.append(Seam(points((-1.6, end), (1.6, end)), 0.25, 0.35))
    layers += [Button((0.0, top + share * length)) for share in (0.16, 0.5, 0.82)]
    return layers


def _placket(top: float, bottom: float) -> list[Layer]:
    outline = points((-1.6, top), (1.6, top), (1.6, bottom), (-1.6, bottom))
    return [
        Panel(outline, Cloth.TRIM, lift=0.3, roundness=0.15, inside=True),
        Seam(points((1.6, top), (1.6, bottom)), 0.2, 0.28),
        Seam(points((-1.25, top), (-1.25, bottom)), 0.16, 0.18),
    ]


def zipped(top: float, bottom: float) -> list[Layer]:
    """A zip with its tapes and puller."""
    line = points((0, top), (0, bottom))
    return [
        Seam(points((-1.0, top), (-1.0, bottom)), 0.22, 0.3),
        Seam(points((1.0, top), (1.0, bottom)), 0.22, 0.3),
        Cord(line, 0.62, metal=True),
        Cord(points((0, top + 1.2), (0.1, top + 4.4)), 0.9, metal=True),
    ]


def shirt_collar(
    body: Body, corner: tuple[float, float], bottom: float, cloth: Cloth
) -> list[Layer]:
    """A stand at the back and two leaves that fall from it; a neck hides the stand."""
    x, y = corner
    layers: list[Layer] = []
    stand = joined(curve((0, y - 1.4), (x * 0.6, y - 1.5), (x * 0.96, y - 0.6)),
                   curve((x * 0.96, y + 1.4), (x * 0.5, y + 2.6), (0, y + 2.9)))  # fmt: skip
    if not body.worn:
        layers.append(Panel(symmetric(stand), cloth, tone=0.86, roundness=0.5))
    for side in SIDES:
        leaf = joined(
            curve((x * 0.45, y - 1.5), (x * 0.9, y - 1.4), (x * 1.12, y + 1.0)),
            curve((x * 1.12, y + 1.0), (x * 1.16, y + 5.2), (x * 0.98, bottom + 4.2)),
            curve((x * 0.98, bottom + 4.2), (x * 0.5, bottom + 1.8), (0.25, bottom - 0.5)),
            curve((0.25, bottom - 0.5), (x * 0.42, (bottom + y) / 2 + 0.6), (x * 0.66, y + 2.2)),
        )
        frame = Frame((side * x, y), side * 0.5)
        layers.append(Panel(on_side(leaf, side), cloth, frame, tone=1.03, lift=0.7))
        inner = joined(curve((x * 1.03, y + 2.0), (x * 1.05, y + 5.2), (x * 0.92, bottom + 3.3)),
                       curve((x * 0.5, bottom + 1.2), (0.9, bottom - 0.6)))  # fmt: skip
        layers.append(Seam(on_side(inner, side), 0.16, 0.2))
    return layers


def lapels(body: Body, corner: tuple[float, float], bottom: float) -> list[Layer]:
    """A blazer's notched lapels and collar, its fronts crossing at the first button."""
    x, y = corner
    layers: list[Layer] = [
        Seam(curve((0.2, bottom), (0.8, bottom + 18), (2.4, bottom + 36)), 0.3, 0.4)
    ]
    notch = y + (bottom - y) * 0.32
    back = joined(curve((0, y - 0.9), (x * 0.6, y - 0.9), (x * 1.02, y + 0.3)),
                  curve((x * 0.9, y + 2.6), (x * 0.5, y + 3.0), (0, y + 3.2)))  # fmt: skip
    if not body.worn:
        layers.append(Panel(symmetric(back), Cloth.TRIM, tone=0.9, roundness=0.5))
    for side in (1, -1):
        frame = Frame((side * x, y), side * 0.35)
        lapel = joined(
            curve((-0.6 if side < 0 else 0.4, bottom + 0.5), (x * 0.55, (bottom + notch) / 2),
                  (x * 0.82, notch)),
            curve((x * 0.82, notch), (x * 1.35, notch - 0.6), (x * 1.78, notch + 0.8)),
            curve((x * 1.78, notch + 0.8), (x * 1.35, (bottom + notch) / 2 + 1.0),
                  (0.2, bottom + 1.6)),
        )  # fmt: skip
        collar = joined(
            curve((x * 0.86, y + 0.6), (x * 1.1, y - 0.2), (x * 1.3, y + 2.2)),
            curve((x * 1.3, y + 2.2), (x * 1.56, notch - 4.2), (x * 1.5, notch - 1.4)),
            curve((x * 1.5, notch - 1.4), (x * 1.1, notch - 0.4), (x * 0.8, notch + 0.1)),
            curve((x * 0.8, notch + 0.1), (x * 0.78, y + 4.5), (x * 0.86, y + 0.6)),
        )
        layers.append(Panel(on_side(lapel, side), Cloth.TRIM, frame, tone=1.02, lift=0.8))
        layers.append(Panel(on_side(collar, side), Cloth.TRIM, frame, lift=0.5, roundness=0.8))
    layers += [Button((0.8, bottom + 3.2), 0.9), Button((1.0, bottom + 13.5), 0.9)]
    return layers


def hood_back(body: Body) -> list[Layer]:
    """The hood lying behind the neck: its outside and its dark inside."""
    x = body.neck
    high = -15.5
    outside = joined(curve((0, high), (x * 0.95, high + 1.4), (x * 1.55, high * 0.45),
                           (x * 1.42, 2.5)), points((0, 4.0)))  # fmt: skip
    inside = joined(curve((0, high + 2.3), (x * 0.75, high + 3.3), (x * 1.2, high * 0.36),
                          (x * 1.05, 2.5)), points((0, 6.0)))  # fmt: skip
    return [
        Panel(symmetric(outside)),
        Panel(symmetric(inside), Cloth.INSIDE, tone=0.68, roundness=0.8),
    ]


def hood_front(x: float, y: float, bottom: float) -> list[Layer]:
    """The hood's edges crossing at the throat, with drawstrings."""
    layers: list[Layer] = []
    for side in (-1, 1):
        edge = joined(
            curve((x * 0.95, y - 4.5), (x * 1.5, y - 2.0), (x * 1.55, y + 3.0)),
            curve((x * 1.55, y + 3.0), (x * 1.0, bottom + 2.6), (-1.2, bottom + 3.0)),
            curve((-1.2, bottom + 1.0), (x * 0.55, bottom - 1.4), (x * 0.95, y - 4.5)),
        )
        layers.append(Panel(on_side(edge, side), lift=0.7, frame=Frame((0, 0), side * 0.7)))
    for side in SIDES:
        drop = bottom + 17.5 + side * 1.2
        line = curve((side * 2.6, bottom + 1.2), (side * 3.4, bottom + 8), (side * 3.0, drop))
        layers.append(Cord(line, 0.62))
    return layers


def turtle_neck(x: float, y: float, bottom: float, worn: bool) -> list[Layer]:
    """A folded tube around the neck."""
    top = y - (5.0 if worn else 5.5)
    narrow = x * (0.98 if worn else 0.94)
    tube = joined(curve((0, top + 0.5), (narrow * 0.7, top + 0.2), (narrow, top - 0.2)),
                  curve((narrow, top), (x * 1.03, y - 1), (x * 1.14, y + 1.5)),
                  curve((x * 1.14, y + 1.5), (x * 0.95, bottom * 0.7 + 0.3),
                        (x * 0.55, bottom + 0.7), (0, bottom + 1.0)))  # fmt: skip
    mouth = joined(
        curve((0, top - 1.0), (narrow * 0.7, top - 0.9), (narrow, top - 0.2)),
        curve((narrow, top - 0.2), (narrow * 0.7, top + 0.6), (0, top + 0.9)),
    )
    layers: list[Layer] = [Panel(symmetric(tube), Cloth.RIB, lift=0.7, roundness=1.0)]
    if not worn:
        layers.insert(0, Panel(symmetric(mouth), Cloth.INSIDE, tone=0.6, roundness=0.3))
    return layers


def pocket_layers(body: Body, pocket: str, hem: float) -> list[Layer]:
    """Pockets of an upper garment."""
    wide = body.bust / 24.0
    if pocket == "chest":
        return patch_pocket(9.6 * wide, 20.0, 10.0 * wide, 11.0, Frame())
    if pocket == "flaps":
        return [layer for side in SIDES
                for layer in _flap_pocket(side * 11.0 * wide, 19.0, 11.0 * wide)]  # fmt: skip
    if pocket == "patch":
        places = [side * 13.0 * wide for side in SIDES]
        size = 13.5 * wide, 15.0
        return [layer for x in places for layer in patch_pocket(x, hem - 22, *size, Frame())]
    if pocket == "welt":
        return [layer for side in SIDES for layer in _welt(side, 12.5 * wide, hem - 19, 11 * wide)]
    if pocket == "kangaroo":
        return _kangaroo(hem, 17.5 * wide)
    return []


def patch_pocket(x: float, y: float, width: float, height: float, frame: Frame) -> list[Layer]:
    """A sewn-on pocket; x is its centre and y its top."""
    half = width / 2
    outline = points((x - half, y), (x + half, y), (x + half, y + height * 0.85),
                     (x, y + height), (x - half, y + height * 0.85))  # fmt: skip
    inner = points((x - half + 0.5, y + 1.6), (x - half + 0.5, y + height * 0.83),
                   (x, y + height - 0.6), (x + half - 0.5, y + height * 0.83),
                   (x + half - 0.5, y + 1.6), (x - half + 0.5, y + 1.6))  # fmt: skip
    return [
        Panel(outline, Cloth.TRIM, frame, lift=0.35, roundness=0.3, inside=True),
        Seam(np.vstack([outline, outline[:1]]), 0.2, 0.3),
        Seam(inner, 0.16, 0.25, stitched=True),
    ]


def _flap_pocket(x: float, y: float, width: float) -> list[Layer]:
    half = width / 2
    flap = points((x - half - 0.4, y - 1), (x + half + 0.4, y - 1), (x + half + 0.4, y + 3.0),
                  (x, y + 5.2), (x - half - 0.4, y + 3.0))  # fmt: skip
    return [
        *patch_pocket(x, y, width, 14.0, Frame()),
        Panel(flap, Cloth.TRIM, lift=0.6, roundness=0.4),
        Seam(np.vstack([flap, flap[:1]]), 0.2, 0.25),
        Button((x, y + 3.4), 0.6),
    ]


def _welt(side: int, x: float, y: float, width: float) -> list[Layer]:
    start, end = side * (x - width / 2), side * (x + width / 2)
    flap = points((start, y + 0.6), (end, y - 0.8), (end, y + 3.4), (start, y + 4.8))
    return [Panel(flap, Cloth.TRIM, lift=0.5, roundness=0.3),
            Seam(points((start, y + 0.6), (end, y - 0.8)), 0.25, 0.45)]  # fmt: skip


def _kangaroo(hem: float, half: float) -> list[Layer]:
    top, bottom = hem - 24, hem - 4.5
    right = joined(points((0, top), (half * 0.62, top)),
                   curve((half * 0.62, top), (half * 0.86, top + 6), (half, top + 13)),
                   points((half, bottom), (0, bottom)))  # fmt: skip
    edge = curve((half * 0.62, top), (half * 0.86, top + 6), (half, top + 13))
    layers: list[Layer] = [Panel(symmetric(right), lift=0.5, roundness=0.4)]
    layers += [Seam(on_side(band(edge, 0.1), side), 0.3, 0.4) for side in SIDES]
    return layers


def waistband(line: Points, height: float, elastic: bool) -> list[Layer]:
    """A band hanging from its upper edge, which is walked from left to right."""
    lower = line + np.array([0.0, height])
    outline = joined(line, lower[::-1])
    cloth = Cloth.RIB if elastic else Cloth.TRIM
    return [Panel(outline, cloth, lift=0.35, roundness=0.5), Seam(lower, 0.24, 0.32)]


def drawstring(y: float) -> list[Layer]:
    """Two ends of a cord tied at the waist."""
    return [Cord(curve((side * 0.5, y), (side * 2.2, y + 4), (side * 1.6, y + 11 + side)), 0.6)
            for side in SIDES]  # fmt: skip


def centred(half: Points) -> Points:
    """A line from the left end to the right end, from its half that starts at the centre."""
    return joined(mirrored(half)[:-1], half)


def bow(x: float, y: float) -> list[Layer]:
    """A knotted belt: two ends and a knot."""
    layers: list[Layer] = []
    for lean, length in ((-2.6, 15.0), (1.2, 17.5)):
        end = joined(curve((x - 0.8, y), (x + lean * 0.6 - 1.0, y + length * 0.5),
                           (x + lean - 1.5, y + length)),
                     curve((x + lean + 1.3, y + length - 1),
                           (x + lean * 0.6 + 1.4, y + length * 0.5), (x + 0.9, y)))  # fmt: skip
        layers.append(Panel(end, Cloth.TRIM, lift=0.6))
    knot = points((x - 1.6, y - 2), (x + 1.6, y - 2.2), (x + 1.4, y + 2), (x - 1.5, y + 1.8))
    layers.append(Panel(knot, Cloth.TRIM, lift=0.6))
    return layers
