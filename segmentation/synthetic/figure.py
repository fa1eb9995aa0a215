"""A stylised person for the garments to be worn by: skin, hair, face and shoes as layers."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segmentation.synthetic.body import (
    CROTCH_Y,
    FLOOR_Y,
    HIP_Y,
    SIDES,
    WAIST_Y,
    Body,
    figure_body,
)  # fmt: skip
from segmentation.synthetic.design import Cloths
from segmentation.synthetic.fabrics import Fabric, Pattern, Weave
from segmentation.synthetic.geometry import (
    Points,
    curve,
    ellipse,
    joined,
    on_side,
    points,
    symmetric,
)  # fmt: skip
from segmentation.synthetic.palette import Rgb, rgb_of
from segmentation.synthetic.panels import CutGarment, Layer, Panel, Seam

SKINS: Final = ("#f0cdb4", "#e5b998", "#d9a581", "#c08a63", "#9b6a47", "#7a4f35", "#5b3a29")
HAIRS: Final = ("#2a211d", "#47301f", "#6d4a2c", "#8f6a3f", "#c49a5e", "#7d3f26", "#8d8a86")
SHOES: Final = ("#e9e6df", "#2b2a2d", "#7c5232", "#b08d66", "#8e2f2f", "#3c4a63")
MANNEQUINS: Final = ("#e9e4dc", "#d8d2c8", "#f1efec", "#b8b1a8", "#3c3b3d")


@dataclass(frozen=True, eq=False)
class Paints:
    """One colour each for what is not a garment."""

    skin: Rgb
    hair: Rgb
    shoes: Rgb


@dataclass(frozen=True, eq=False)
class Figure:
    """A person or a mannequin in a pose.

    Attributes:
        broad: shoulders from 0 to 1.
        hair: 0 short, 1 bob, 2 long, 3 bun, 4 curls; -1 none (a mannequin).
        shoe: 0 sneaker, 1 pump, 2 boot; -1 bare.
    """

    body: Body
    paints: Paints
    broad: float
    hair: int
    shoe: int


def random_figure(rng: np.random.Generator, feminine: bool) -> Figure:
    """Somebody to wear the clothes; one in six is a mannequin."""
    broad = float(rng.uniform(0, 0.35) if feminine else rng.uniform(0.55, 1.0))
    body = figure_body(rng, broad)
    if rng.random() < 0.16:
        tone = rgb_of(str(rng.choice(MANNEQUINS)))
        return Figure(body, Paints(tone, tone, tone), broad, hair=-1, shoe=-1)
    paints = Paints(*(rgb_of(str(rng.choice(each))) for each in (SKINS, HAIRS, SHOES)))
    hair = int(rng.choice([1, 2, 2, 3, 4] if feminine else [0, 0, 0, 4]))
    shoe = int(rng.choice([0, 1, 2] if feminine else [0, 0, 2]))
    return Figure(body, paints, broad, hair, shoe)


def plain_cloths(colour: Rgb, drape: float) -> Cloths:
    """One colour for everything: skin, hair or shoes painted like cloth."""
    fabric = Fabric(Pattern.PLAIN, Weave.SMOOTH, (colour, colour, colour))
    return Cloths(fabric, fabric, fabric, fabric, colour, colour, colour, drape, faded=False)


def hair_behind(figure: Figure) -> CutGarment:
    """Hair that falls behind the shoulders."""
    if figure.hair == 2:
        fall = joined(curve((0, -31.5), (7.5, -29.5), (10.2, -20), (10.8, -6), (12.2, 8)),
                      curve((12.2, 8), (8, 13), (0, 13.5)))  # fmt: skip
        return CutGarment((Panel(symmetric(fall)),))
    if figure.hair == 1:
        bob = joined(curve((0, -31.5), (8, -29.5), (10.4, -20), (10.0, -8.5)),
                     curve((10.0, -8.5), (6, -5.5), (0, -6.0)))  # fmt: skip
        return CutGarment((Panel(symmetric(bob)),))
    if figure.hair == 3:
        return CutGarment((Panel(ellipse((0, -34.0), (4.8, 4.4))),))
    return CutGarment(())


def skin(figure: Figure) -> CutGarment:
    """Legs, trunk, neck and arms."""
    body = figure.body
    layers: list[Layer] = []
    for side in SIDES:
        layers.append(Panel(on_side(_leg(body, side), side)))
    layers.append(Panel(_trunk(body), roundness=0.7))
    layers.append(Panel(_neck(body), roundness=0.8))
    for side in SIDES:
        layers.append(Panel(on_side(_arm(body, side), side), lift=0.4, attached=True))
        layers.append(Panel(on_side(_hand(body, side), side), attached=True))
    return CutGarment(tuple(layers))


def _leg(body: Body, side: int) -> Points:
    line = on_side(body.leg_line(side), side)
    heights = np.linspace(CROTCH_Y - 8, FLOOR_Y - 4, 30)
    x = np.interp(heights, line[:, 1], line[:, 0])
    outer, inner = body.leg_half_widths(heights)
    return joined(np.stack([x + outer, heights], 1), np.stack([x - inner, heights], 1)[::-1])


def _trunk(body: Body) -> Points:
    right = joined(
        curve((0, -1), (body.neck * 0.9, -3.0), (body.neck * 1.5, -0.6),
              (body.shoulder * 0.8, 3.4)),
        curve((body.shoulder * 0.8, 3.4), (body.shoulder * 0.88, 12), (body.bust, 20),
              (body.waist, WAIST_Y), (body.hip * 0.98, HIP_Y), (body.hip * 0.96, CROTCH_Y)),
        points((0, CROTCH_Y + 1)),
    )  # fmt: skip
    return symmetric(right)


def _neck(body: Body) -> Points:
    x = body.neck
    return symmetric(joined(
        curve((0, -14), (x * 0.86, -13), (x * 0.84, -6), (x * 1.05, -2.2), (x * 1.6, 0.6)),
        points((0, 4.5)),
    ))  # fmt: skip


def _arm(body: Body, side: int) -> Points:
    line = on_side(body.arm_line(side), side)
    half = np.interp(np.linspace(0, 1, len(line)), [0, 0.12, 0.45, 0.56, 0.72, 1.0],
                     np.array([0.86, 0.98, 0.84, 0.78, 0.8, 0.52]) * body.arm)  # fmt: skip
    along = np.gradient(line, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], 1) / np.hypot(*along.T)[:, None]
    start, round_ = line[0], half[0]
    cap = [(float(start[0] + np.cos(a) * round_), float(start[1] - np.sin(a) * round_))
           for a in np.linspace(np.pi * 0.9, 0.1, 7)]  # fmt: skip
    return joined(
        points(*cap), line + across * half[:, None], (line - across * half[:, None])[::-1]
    )


def _hand(body: Body, side: int) -> Points:
    line = on_side(body.arm_line(side), side)
    wrist, along = line[-1], line[-1] - line[-4]
    along = along / np.hypot(*along)
    across = np.array([along[1], -along[0]])
    w = body.arm * 0.5

    def at(right: float, down: float) -> tuple[float, float]:
        x, y = wrist + across * right * w + along * down
        return float(x), float(y)

    return curve(at(1.0, -1), at(1.25, 4), at(1.15, 9), at(0.5, 14.5), at(-0.4, 15),
                 at(-0.85, 10.5), at(-1.55, 8.6), at(-1.7, 5.2), at(-1.1, 2.6),
                 at(-1.0, -1))  # fmt: skip


def head(figure: Figure) -> CutGarment:
    """The head with ears and a hint of a face."""
    face = symmetric(
        curve((0, -31), (6.2, -29.4), (8.1, -22.5), (7.2, -15.2), (4.0, -10.2), (0, -8.6))
    )
    layers: list[Layer] = []
    if figure.hair >= 0:
        layers += [Panel(ellipse((side * 8.1, -20.5), (1.3, 2.5)), tone=0.95) for side in SIDES]
    layers.append(Panel(face, lift=0.9))
    if figure.hair >= 0:
        layers += _features()
    return CutGarment(tuple(layers))


def _features() -> list[Layer]:
    layers: list[Layer] = []
    for side in SIDES:
        brow = curve((1.9, -23.6), (3.4, -24.5), (5.2, -23.8))
        eye = curve((2.2, -20.9), (3.4, -21.5), (4.8, -20.8))
        layers += [Seam(on_side(brow, side), 0.5, 0.4), Seam(on_side(eye, side), 0.75, 0.75)]
    layers.append(Seam(curve((0.3, -20), (0.9, -17.2), (-0.4, -16.8)), 0.35, 0.22))
    layers.append(Seam(curve((-2.0, -13.6), (0, -13.0), (2.0, -13.6)), 0.7, 0.42))
    return layers


def hair_front(figure: Figure) -> CutGarment:
    """Hair over the forehead."""
    if figure.hair < 0:
        return CutGarment(())
    if figure.hair == 4:
        return _curls()
    if figure.hair == 0:
        crop = joined(curve((-8.4, -21.5), (-9.0, -28.5), (-4.5, -33.6), (2.5, -34.0), (8.4, -30),
                            (8.5, -21.5)),
                      curve((7.4, -25.5), (4.5, -28.2), (-1.0, -27.2), (-6.4, -27.4),
                            (-8.4, -21.5)))  # fmt: skip
        return CutGarment((Panel(crop, lift=0.3),))
    low = -12.0 if figure.hair != 3 else -20.0
    parted = joined(
        curve((1.6, -32.9), (7.4, -31.3), (10.0, -24), (9.3, low)),
        curve((9.3, low), (7.6, -20), (6.4, -25.4), (1.6, -29.8)),
        curve((1.6, -29.8), (-4.4, -27.2), (-7.4, -21.5), (-9.3, low)),
        curve((-9.3, low), (-10.0, -24), (-7.2, -31.3), (1.6, -32.9)),
    )
    return CutGarment((Panel(parted, lift=0.3), Seam(points((1.6, -33), (1.7, -29.8)), 0.3, 0.3)))


def _curls() -> CutGarment:
    angles = np.linspace(np.pi * 1.12, -np.pi * 0.12, 11)
    layers: list[Layer] = [
        Panel(ellipse((8.0 * float(np.cos(a)), -25.5 - 7.0 * float(np.sin(a))), (4.2, 4.0)),
              roundness=0.6)
        for a in angles
    ]  # fmt: skip
    layers.append(Panel(ellipse((0, -30.0), (7.4, 4.4)), roundness=0.4))
    return CutGarment(tuple(layers))


def shoes(figure: Figure) -> CutGarment:
    """Shoes seen from the front, toes a little outwards."""
    layers: list[Layer] = []
    for side in SIDES:
        line = on_side(figure.body.leg_line(side), side)
        x, y, w = float(line[-1, 0]), float(line[-1, 1]), figure.body.ankle
        top = {-1: y - 2.0, 0: y + 1.5, 1: y + 6.5, 2: y - 16}[figure.shoe]
        out = 1.2
        upper = joined(
            curve((x - w * 1.02, top), (x, top + 0.7), (x + w * 1.04, top)),
            curve(
                (x + w * 1.04, top),
                (x + w * 1.15, y + 3),
                (x + w * 1.6 + out, y + 10),
                (x + w * 1.5 + out, y + 13),
            ),
            curve(
                (x + w * 1.5 + out, y + 13), (x + out, y + 14.4), (x - w * 1.3 + out * 0.5, y + 13)
            ),
            curve(
                (x - w * 1.3 + out * 0.5, y + 13),
                (x - w * 1.35, y + 10),
                (x - w * 1.05, y + 3),
                (x - w * 1.02, top),
            ),
        )
        layers.append(Panel(on_side(upper, side)))
        if figure.shoe == 0:
            sole = curve(
                (x - w * 1.35, y + 11.9), (x + out, y + 13.4), (x + w * 1.6 + out, y + 11.9)
            )
            layers.append(Seam(on_side(sole, side), 0.5, 0.3))
            layers += [Seam(on_side(points((x - 1.4, y + k), (x + 1.8, y + k + 0.3)), side), 0.4)
                       for k in (4.0, 5.8, 7.6)]  # fmt: skip
    return CutGarment(tuple(layers))
