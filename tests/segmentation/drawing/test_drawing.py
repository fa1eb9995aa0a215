"""Drawn garments: the mask must be true, the generator the only source of chance."""

import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.drawing import KINDS, Design, DrawnPhoto, Scene, draw_photo, random_design
from segmentation.drawing.backgrounds import PAINTERS, Background, draw_background
from segmentation.drawing.body import flat_body
from segmentation.drawing.bottoms import cut_garment
from segmentation.drawing.cuts import random_cut
from segmentation.drawing.fabrics import Fabric, Pattern, Spot, paint
from segmentation.drawing.palette import DENIMS, PALETTE, rgb_of
from segmentation.drawing.raster import Grid, blurred, cover_of, ellipse, points

SMALL = (150, 200)


def draw(seed: int, scene: Scene, kind: str) -> DrawnPhoto:
    rng = np.random.default_rng(seed)
    return draw_photo(rng, scene, random_design(rng, kind), size=SMALL)


def test_same_generator_same_pixels() -> None:
    first = [draw(3, scene, "shirt") for scene in Scene]
    second = [draw(3, scene, "shirt") for scene in Scene]
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.photo, other.photo)
        assert np.array_equal(one.mask, other.mask)
    assert not np.array_equal(first[0].photo, draw(4, Scene.FLAT, "shirt").photo)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_alone_has_its_class_and_nothing_else(kind: str) -> None:
    drawn = draw(11, Scene.FLAT, kind)
    assert drawn.photo.shape == (200, 150, 3)
    assert drawn.photo.dtype == np.uint8
    assert drawn.mask.shape == (200, 150)
    assert set(np.unique(drawn.mask)) == {GarmentClass.BACKGROUND, KINDS[kind]}
    assert 0.08 < (drawn.mask > 0).mean() < 0.85
    assert drawn.designs[0].garment_class == KINDS[kind]
    # Laid out with a margin: the frame of the photo is background.
    frame = np.concatenate([drawn.mask[0], drawn.mask[-1], drawn.mask[:, 0], drawn.mask[:, -1]])
    assert not frame.any()


@pytest.mark.parametrize("kind", ["tee", "blazer", "cardigan", "jeans", "pleated skirt"])
def test_worn_halves_show_both_classes(kind: str) -> None:
    drawn = draw(5, Scene.WORN, kind)
    assert set(np.unique(drawn.mask)) == {0, GarmentClass.UPPER, GarmentClass.LOWER}
    classes = {design.garment_class for design in drawn.designs}
    assert classes == {GarmentClass.UPPER, GarmentClass.LOWER}
    upper_rows = np.flatnonzero((drawn.mask == GarmentClass.UPPER).any(axis=1))
    lower_rows = np.flatnonzero((drawn.mask == GarmentClass.LOWER).any(axis=1))
    assert upper_rows.mean() < lower_rows.mean()
    assert drawn.designs[0].kind == kind


@pytest.mark.parametrize("kind", ["maxi dress", "jumpsuit"])
def test_worn_whole_stands_alone(kind: str) -> None:
    drawn = draw(6, Scene.WORN, kind)
    assert set(np.unique(drawn.mask)) == {0, GarmentClass.WHOLE}


def test_mask_follows_the_drawn_edge() -> None:
    """A red tee on grey: red pixels are the mask, grey ones are not."""
    rng = np.random.default_rng(8)
    design = random_design(rng, "tee", "red", Pattern.PLAIN)
    drawn = draw_photo(rng, Scene.FLAT, design, "studio", size=(240, 320))
    pixels = drawn.photo.astype(int)
    reddish = pixels[..., 0] - pixels[..., 1:].mean(axis=2) > 55
    agree = (reddish == (drawn.mask == GarmentClass.UPPER)).mean()
    assert agree > 0.985


@pytest.mark.parametrize("colour", ["white", "red", "navy", "olive", "sky", "black"])
def test_colour_is_the_named_one(colour: str) -> None:
    rng = np.random.default_rng(9)
    design = random_design(rng, "tee", colour, Pattern.PLAIN)
    drawn = draw_photo(rng, Scene.FLAT, design, size=SMALL)
    seen = np.median(drawn.photo[drawn.mask > 0], axis=0) / 255
    distances = {name: float(np.abs(rgb_of(name) - seen).sum()) for name in PALETTE}
    assert distances[colour] < min(distances.values()) + 0.12
    assert drawn.designs[0].colour == colour


def test_a_design_keeps_its_look_in_another_scene() -> None:
    rng = np.random.default_rng(12)
    design = random_design(rng, "a-line dress", "teal", Pattern.PLAIN)
    means = []
    for scene in (Scene.FLAT, Scene.WORN):
        drawn = draw_photo(rng, scene, design, size=SMALL)
        assert drawn.designs[0] is design
        means.append(drawn.photo[drawn.mask == GarmentClass.WHOLE].mean(axis=0))
    assert np.abs(means[0] - means[1]).max() < 30


def test_designs_vary_and_say_what_they_are() -> None:
    designs = [random_design(np.random.default_rng(seed)) for seed in range(200)]
    assert {design.garment_class for design in designs} == set(KINDS.values())
    assert len({design.kind for design in designs}) > 20
    assert len({design.pattern for design in designs}) >= 10
    assert all(_is_named(design) for design in designs)


def _is_named(design: Design) -> bool:
    names = DENIMS if design.pattern == "denim" else PALETTE
    return design.colour in names


@pytest.mark.parametrize("pattern", Pattern)
def test_patterns_are_coloured_cloth(pattern: Pattern) -> None:
    colours = rgb_of("navy"), rgb_of("white"), rgb_of("red")
    fabric = Fabric(pattern, colours, size=4.0)
    v, u = np.mgrid[0:60:0.25, 0:40:0.25].astype(np.float32)
    cloth = paint(fabric, Spot(u, v, 0.25))
    assert cloth.shape == (240, 160, 3)
    assert cloth.dtype == np.float32
    assert np.abs(cloth[..., 2] - colours[0][2]).min() < 0.08  # the main colour is there
    if pattern is not Pattern.PLAIN:
        assert cloth.std(axis=(0, 1)).max() > 0.005


def test_stripe_period_is_in_centimetres() -> None:
    colours = rgb_of("#000000"), rgb_of("#ffffff"), rgb_of("red")
    fabric = Fabric(Pattern.STRIPE, colours, size=4.0)
    v, u = np.mgrid[0:40:0.1, 0:1:0.1].astype(np.float32)
    column = paint(fabric, Spot(u, v, 0.1))[:, 0, 0] > 0.5
    assert np.count_nonzero(np.diff(column.astype(int)) == 1) == 10


@pytest.mark.parametrize("background", PAINTERS)
def test_backgrounds_fill_the_photo(background: Background) -> None:
    scene = draw_background(np.random.default_rng(1), background, 160, 120)
    assert scene.shape == (160, 120, 3)
    assert scene.dtype == np.float32
    assert 0 <= scene.min() <= scene.max() <= 1
    assert scene.std() > 0.003


@pytest.mark.parametrize("kind", KINDS)
def test_every_typical_cut_of_a_kind_can_be_cut(kind: str) -> None:
    """Forty cuts of each kind, laid out: finite outlines of a garment's size."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        layers = cut_garment(random_cut(rng, kind), flat_body(rng, 0.3))
        assert all(np.isfinite(layer.line).all() for layer in layers)
        assert all(np.abs(layer.line).max() < 200 for layer in layers)


def test_drawn_attributes_take_every_value() -> None:
    """Sleeves none, short, long; legs and skirts short, midi, long: heads learn all of them."""
    rng = np.random.default_rng(4)
    cuts = [random_cut(rng, kind) for kind in KINDS for _ in range(40)]
    sleeves = np.array([cut.top.sleeve for cut in cuts if cut.top])
    legs = np.array([cut.legs.length for cut in cuts if cut.legs])
    hems = np.array([cut.skirt.hem for cut in cuts if cut.skirt])
    for values, first, second in ((sleeves, 0.1, 0.6), (legs, 0.5, 0.82), (hems, 98, 120)):
        thirds = np.digitize(values, (first, second))
        assert np.bincount(thirds, minlength=3).min() > 10


def test_coverage_has_the_area_of_the_outline() -> None:
    grid = Grid(scale=4.0, x=50, y=50, width=100, height=100)
    circle = cover_of([ellipse((0, 0), (8, 8))], grid)
    assert circle.cover.sum() == pytest.approx(np.pi * 32**2, rel=0.03)
    half_out = cover_of([points((0, -5), (40, -5), (40, 5), (0, 5))], grid)
    assert half_out.window[1].stop == 100
    assert half_out.cover.sum() == pytest.approx(50 * 40, rel=0.05)


def test_blur_keeps_the_middle_of_a_large_shape() -> None:
    field = np.zeros((120, 120), np.float32)
    field[20:100, 20:100] = 1
    for sigma in (1.0, 3.0, 7.0):
        soft = blurred(field, sigma)
        assert soft.shape == field.shape
        assert soft[60, 60] == pytest.approx(1, abs=0.02)
        assert soft[60, 19:21].mean() == pytest.approx(0.5, abs=0.03)
