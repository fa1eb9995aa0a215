"""Draw the demo catalogue: a shop with photos and a product feed, without downloads.

Writes `photos/*.jpg`, `products.csv` and `samples/*.jpg` (query photos of garments that
resemble the shop's but are not among them). The same seed gives the same pixels and rows.
"""

import csv
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.drawing import KINDS, Design, DrawnPhoto, Scene, draw_photo, random_design
from segmentation.drawing.draw import SIZE
from segmentation.drawing.fabrics import Pattern
from segmentation.photos import Photo

CURRENCY: Final = "EUR"
PHOTO_SEPARATOR: Final = "|"
JPEG_QUALITY: Final = 90
MAX_WORKERS: Final = 4
SAMPLE_SEED: Final = 9_000
"""Far from the seeds of catalogues, so that a sample is never one of their photos."""
FIRST_LIKE_SAMPLE: Final = 100
LIKE_SAMPLE_EVERY: Final = 4
"""From the hundredth product on every fourth resembles a sample: a shop has several red tees."""
SECOND_PHOTO_SHARE: Final = 1 / 6
SHOP: Final = "https://shop.example"


@dataclass(frozen=True)
class Article:
    """Category, names, price and materials of a kind of garment in the shop."""

    category: str
    names: list[str]
    price: int
    materials: list[str]


_SHOP = json.loads(Path(__file__).with_name("demo_shop.json").read_text(encoding="utf-8"))
BRANDS: Final[dict[str, float]] = _SHOP["brands"]
"""Invented brands and the factor of their prices."""
ARTICLES: Final = {kind: Article(**article) for kind, article in _SHOP["articles"].items()}
"""Kinds of garments; prices in euro before the brand's factor."""
PATTERN_WORDS: Final[dict[str, str]] = _SHOP["pattern_words"]
LEG_SHAPES: Final = ((1.1, "Slim"), (2.6, "Straight-Leg"), (5.0, "Wide-Leg"), (99.0, "Flared"))
"""Largest ease at the ankle in cm for each name of jeans."""
AVAILABILITIES: Final = ("in stock", "out of stock", "preorder")


@dataclass(frozen=True)
class DemoProduct:
    """One row of the demo feed, whose columns are the fields."""

    id: str
    title: str
    brand: str
    category: str
    colour: str
    price: Decimal
    currency: str
    url: str
    availability: str
    photos: str
    pattern: str


@dataclass(frozen=True)
class ProductSpec:
    """The inputs for drawing one product; `like` is the sample whose kind and look it shares."""

    seed: int
    number: int
    kind: str
    photos: Path
    size: tuple[int, int]
    like: "SamplePhoto | None" = None


@dataclass(frozen=True)
class SamplePhoto:
    """A query photo: its main garment and the scene."""

    name: str
    kind: str
    colour: str
    pattern: Pattern
    scene: Scene
    seed: int


SAMPLES: Final = (
    SamplePhoto("red_tee.jpg", "tee", "red", Pattern.PLAIN, Scene.BUSY, 9),
    SamplePhoto("striped_top_and_jeans.jpg", "long sleeve", "navy", Pattern.STRIPE, Scene.WORN, 14),
    SamplePhoto("floral_dress.jpg", "a-line dress", "forest", Pattern.FLORAL, Scene.WORN, 5),
    SamplePhoto("checked_shirt.jpg", "shirt", "forest", Pattern.CHECK, Scene.HUNG, 3),
    SamplePhoto("blue_jeans.jpg", "jeans", "blue", Pattern.DENIM, Scene.BUSY, 8),
    SamplePhoto("pleated_skirt.jpg", "pleated skirt", "burgundy", Pattern.PLAIN, Scene.HUNG, 8),
)


def _silent(done: int, total: int) -> None:
    """Ignore progress."""


def draw_demo(
    out: Path,
    count: int = 320,
    seed: int = 7,
    progress: Callable[[int, int], None] = _silent,
    *,
    size: tuple[int, int] = SIZE,
    workers: int | None = None,
) -> Path:
    """Draw the demo catalogue.

    Args:
        out: folder for `photos/` and `products.csv`; created if missing.
        count: number of products (`product_specs`).
        progress: called after each product with the number done and the total.
        size: width and height of a photo in pixels.
        workers: number of processes, by default one per core, at most `MAX_WORKERS`; the
            pixels do not depend on it.
    Returns:
        The path of products.csv.
    """
    photos = out / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    specs = product_specs(photos, count, seed, size)
    products = []
    for product in _drawn(specs, workers or min(MAX_WORKERS, os.cpu_count() or 1)):
        products.append(product)
        progress(len(products), count)
    return _write_feed(out / "products.csv", products)


def product_specs(
    photos: Path, count: int, seed: int, size: tuple[int, int] = SIZE
) -> list[ProductSpec]:
    """Designs of `draw_demo`: all kinds in turn, later more of the kinds that the samples show."""
    specs = []
    for number, kind in enumerate(_kinds(count, seed)):
        like = None
        if number >= FIRST_LIKE_SAMPLE and number % LIKE_SAMPLE_EVERY == 0:
            like = SAMPLES[number // LIKE_SAMPLE_EVERY % len(SAMPLES)]
        specs.append(ProductSpec(seed, number, like.kind if like else kind, photos, size, like))
    return specs


def _drawn(specs: list[ProductSpec], workers: int) -> Iterator[DemoProduct]:
    """Draw the products in order, in this process or in several."""
    if workers == 1:
        yield from map(draw_product, specs)
        return
    # Spawned, not forked: the caller may have threads (torch, a web server).
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        yield from pool.map(draw_product, specs, chunksize=4)


def sample_photos(out: Path) -> tuple[Path, ...]:
    """Draw the query photos into `out/samples/`, in the order of `SAMPLES`."""
    folder = out / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in SAMPLES:
        paths.append(_save(folder / sample.name, draw_sample(sample).photo))
    return tuple(paths)


def draw_sample(sample: SamplePhoto, size: tuple[int, int] = SIZE) -> DrawnPhoto:
    """Draw one query photo."""
    rng = np.random.default_rng((SAMPLE_SEED, sample.seed))
    design = random_design(rng, sample.kind, sample.colour, sample.pattern)
    return draw_photo(rng, sample.scene, design, size=size)


def _kinds(count: int, seed: int) -> Iterator[str]:
    """Kinds in a shuffled order, each as often as the others."""
    rng = np.random.default_rng((seed, 1_000_000))
    kinds = list(KINDS)
    for start in range(0, count, len(kinds)):
        order = rng.permutation(kinds)
        yield from (str(kind) for kind in order[: count - start])


def draw_product(spec: ProductSpec) -> DemoProduct:
    """Draw and save the photos of one product; may run in another process."""
    rng = np.random.default_rng((spec.seed, spec.number))
    colour, pattern = (spec.like.colour, spec.like.pattern) if spec.like else (None, None)
    design = random_design(rng, spec.kind, colour, pattern)
    first = _first_scene(rng)
    scenes = [first]
    if rng.random() < SECOND_PHOTO_SHARE:
        others = [Scene.BUSY, Scene.HUNG] if first is Scene.WORN else [Scene.WORN, Scene.WORN]
        scenes.append(others[int(rng.integers(0, 2))])
    product_id = f"demo-{spec.number + 1:04d}"
    names = []
    for scene, letter in zip(scenes, "ab", strict=False):
        name = f"{product_id}{letter}.jpg"
        _save(spec.photos / name, draw_photo(rng, scene, design, size=spec.size).photo)
        names.append(f"{spec.photos.name}/{name}")
    return _describe(rng, product_id, design, PHOTO_SEPARATOR.join(names))


def _first_scene(rng: np.random.Generator) -> Scene:
    """A random scene; like in a shop, mostly on a plain background."""
    scenes = (Scene.FLAT, Scene.HUNG, Scene.BUSY, Scene.WORN)
    return scenes[int(rng.choice(4, p=[0.5, 0.16, 0.12, 0.22]))]


def _describe(
    rng: np.random.Generator, product_id: str, design: Design, photos: str
) -> DemoProduct:
    article = ARTICLES[design.kind]
    brand = str(rng.choice(list(BRANDS)))
    euros = article.price * BRANDS[brand] * float(rng.uniform(0.8, 1.25))
    return DemoProduct(
        id=product_id,
        title=_title(rng, design, article),
        brand=brand,
        category=article.category,
        colour=design.colour,
        price=Decimal(max(9, round(euros))) - Decimal("0.10"),
        currency=CURRENCY,
        url=f"{SHOP}/{product_id}",
        availability=str(rng.choice(AVAILABILITIES, p=[0.84, 0.1, 0.06])),
        photos=photos,
        pattern=design.pattern,
    )


def _title(rng: np.random.Generator, design: Design, article: Article) -> str:
    """A title such as `Striped Cotton Tee, Navy`."""
    material = str(rng.choice(article.materials))
    if design.pattern == "denim" or rng.random() < 0.35:
        material = ""
    word = PATTERN_WORDS[design.pattern]
    if design.kind == "jeans":
        word = _leg_shape(design)
    words = (word, material, str(rng.choice(article.names)))
    return f"{' '.join(each for each in words if each)}, {design.colour.title()}"


def _leg_shape(design: Design) -> str:
    """The name of jeans by the width of their hem; "" for other garments."""
    legs = design.cut.legs
    return next(name for most, name in LEG_SHAPES if legs.hem <= most) if legs else ""


def _save(path: Path, photo: Photo) -> Path:
    Image.fromarray(photo).save(path, quality=JPEG_QUALITY)
    return path


def _write_feed(path: Path, products: list[DemoProduct]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(DemoProduct)])
        writer.writeheader()
        writer.writerows(map(asdict, products))
    return path
