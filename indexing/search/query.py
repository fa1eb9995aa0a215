"""The query object of page, API, command line, evaluation and benchmarks."""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.filtering.filters import Filters
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.types import EmbeddedGarment, Vector
from segmentation.classes import GARMENT_CLASSES, GarmentClass


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
        """A default query for an embedded garment, in all classes: its own may be wrong."""
        return cls(garment.vector)

    @property
    def searched_classes(self) -> tuple[GarmentClass, ...]:
        """The classes to search, in the order of `GARMENT_CLASSES`."""
        return tuple(
            each for each in GARMENT_CLASSES if self.classes is None or each in self.classes
        )
