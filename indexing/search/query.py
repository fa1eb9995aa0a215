"""The query object of page, API, command line, evaluation and benchmarks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from catalog.filtering.filters import Filters
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.types import EmbeddedGarment, Vector
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import Garment

SURE_OF_CLASS: Final = 0.9
"""Calibrated probability of a class below which a search covers all classes."""


def possible_classes(garment: Garment) -> tuple[GarmentClass, ...] | None:
    """The classes to search for a garment: its own, or None for all where that is doubtful.

    A whole photo, whose score is 0, may show any class.
    """
    return (garment.garment_class,) if garment.score >= SURE_OF_CLASS else None


@dataclass(frozen=True, eq=False)
class Query:
    """A search for garments like one garment.

    Attributes:
        vector: shape (d,), style half then colour half, each of unit length.
        classes: garment classes to search; None: all.
        count: number of products to return.
        colour_weight: 0 compares style only, 1 colour only.
        filters: conditions that a garment and its product must meet.
        exclude_product: id of a product to leave out, with all variants of its article.
        fold_duplicates: return only one of products with the same photo or a near-identical
            garment.
    """

    vector: Vector
    classes: Collection[GarmentClass] | None = None
    count: int = 12
    colour_weight: float = DEFAULT_COLOUR_WEIGHT
    filters: Filters = Filters()
    exclude_product: str | None = None
    fold_duplicates: bool = False

    @classmethod
    def of(cls, garment: EmbeddedGarment) -> "Query":
        """A default query for an embedded garment, in the classes that it may have."""
        return cls(garment.vector, classes=possible_classes(garment.garment))

    @property
    def searched_classes(self) -> tuple[GarmentClass, ...]:
        """The classes to search, in the order of `GARMENT_CLASSES`."""
        return tuple(
            each for each in GARMENT_CLASSES if self.classes is None or each in self.classes
        )
