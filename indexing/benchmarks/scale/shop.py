"""A synthetic shop: products with titles in six languages, photos, and predicted attributes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import insert

from catalog.colours import COLOUR_NAMES, Colour
from catalog.database import Database, open_database
from catalog.filtering.vocabulary import Concept, concepts
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.benchmarks.catalogue import garment_row, photo_row
from segmentation.classes import GARMENT_CLASSES, GarmentClass

Row = dict[str, Any]
SEED: Final = 17
ROWS_PER_COMMIT: Final = 5_000
_MATERIALS: Final = ("Cotton", "Linen", "Wool", "Viscose", "Polyester", "Seide", "Leder", "Denim")
_SEASONS: Final = ("Spring", "Summer", "Autumn", "Winter")
_FITS: Final = ("slim", "regular", "loose", "oversized")
_WORN_WITH_SHARE: Final = 0.4
"""Share of the photos that show a second garment, which is not the product."""
_NAMED_SHARE: Final = 0.8
"""Share of the titles that say the kind; the others are names such as "Linda 12"."""


class Shop:
    """Products by number, from 1; the same seed gives the same shop."""

    def __init__(self) -> None:
        self._random = Random(SEED)
        self._kinds = [each for each in concepts().values() if each.field == "kind"]
        self._patterns = [each for each in concepts().values() if each.field == "pattern"]
        self._colours = [each for each in concepts().values() if each.field == "colour"]

    def rows(self, numbers: range) -> tuple[list[Row], list[Row], list[Row]]:
        """Rows of the tables product, photo and garment."""
        products, photos, garments = [], [], []
        for number in numbers:
            kind, pattern, colour = map(
                self._random.choice, (self._kinds, self._patterns, self._colours)
            )
            products.append(self._product(number, kind, pattern, colour))
            photos.append(photo_row(number))
            garments.append(self._garment(2 * number - 1, number, kind, pattern, colour))
            if self._random.random() < _WORN_WITH_SHARE:
                other = self._random.choice(self._kinds)
                worn = self._garment(2 * number, number, other, pattern, colour)
                garments.append(worn | {"worn_with": True})
        return products, photos, garments

    def _product(self, number: int, kind: Concept, pattern: Concept, colour: Concept) -> Row:
        choose, chance = self._random.choice, self._random.random
        words = [choose(pattern.spellings)] if chance() < 0.3 else []
        words += [choose(colour.spellings)] if chance() < 0.4 else []
        words += [choose(kind.spellings)] if chance() < _NAMED_SHARE else ["Linda"]
        return {
            "id": f"p{number}",
            "title": f"{' '.join(words).capitalize()} {number % 977}",
            "brand": f"Brand {number % 240}",
            "category": f"Women > {kind.name}" if chance() < 0.5 else f"Collection {number % 30}",
            "colour": choose(colour.spellings) if chance() < 0.7 else None,
            "availability": choose(("in stock", "in stock", "out of stock")),
            "price": self._random.randrange(500, 30_000) / 100,
            "sale_price": 4.5 if chance() < 0.1 else None,
            "currency": "EUR",
            "attributes": {
                "size": choose("SML"),
                "material": choose(_MATERIALS),
                "season": choose(_SEASONS),
                "fit": choose(_FITS),
            },
            "created_at": datetime.now(UTC),
            "updated_at": datetime.now(UTC),
        }

    def _garment(
        self, garment_id: int, photo_id: int, kind: Concept, pattern: Concept, colour: Concept
    ) -> Row:
        chance = self._random.random
        garment_class = kind.garment_class or GarmentClass.UPPER
        if chance() < 0.05:
            garment_class = self._random.choice(GARMENT_CLASSES)
        shown = colour.name if chance() < 0.8 else self._random.choice(COLOUR_NAMES)
        predicted = {"kind": kind.predicted[:1], "pattern": pattern.predicted[:1]}
        values = {name: each[0] for name, each in predicted.items() if each and chance() < 0.8}
        return garment_row(garment_id, photo_id, garment_class) | {
            "score": 0.5 + chance() / 2,
            "area": 0.1 + chance() / 2,
            "main_colour": shown,
            "lightness": 100 * chance(),
            "colours": (
                Colour(shown, "#808080", 0.7),
                Colour(self._random.choice(COLOUR_NAMES), "#404040", 0.2),
            ),
            "kind": values.get("kind"),
            "pattern": values.get("pattern"),
            "certainties": {name: round(0.4 + 0.6 * chance(), 3) for name in values},
            "worn_with": False,
        }


def fill_shop(data: Path, count: int) -> Database:
    """Write a shop of `count` products and open its database."""
    database, shop = open_database(data), Shop()
    for start in range(1, count + 1, ROWS_PER_COMMIT):
        rows = shop.rows(range(start, min(start + ROWS_PER_COMMIT, count + 1)))
        with database.transaction() as session:
            for table, values in zip((Product, PhotoRow, GarmentRow), rows, strict=True):
                session.execute(insert(table), values)
    database.analyze()
    return database


def feed_rows(count: int) -> Iterator[Row]:
    """Products as rows of a feed."""
    shop = Shop()
    for start in range(1, count + 1, ROWS_PER_COMMIT):
        yield from shop.rows(range(start, min(start + ROWS_PER_COMMIT, count + 1)))[0]
