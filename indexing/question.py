"""What is searched for: with which vectors, among what, and how closely it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.filters import Filters
from indexing.records import Probe
from indexing.tiles import LOOKED_AT, LOOKED_ELSEWHERE, vector_weight
from segmentation.classes import GarmentClass

Probes = Sequence[Probe]
"""What one garment is asked with: a candidate's score is the best that any of them gives it."""


@dataclass(frozen=True)
class Question:
    """What is searched for.

    Attributes:
        k: products wanted.
        colour_weight: 0 looks at style only, 1 at colour only.
        filters: which garments may answer.
        exclude_product: a product that may not.
        fold_duplicates: products with the same photo, or nearly the same garment, answer once.
        compared: the best answers are looked at by their tiles.
        model_id: whose tiles these are.
        elsewhere: the class is not the garment's own, all that is asked with is a guess: there
            may be fewer than k answers, of the `LOOKED_ELSEWHERE` nearest those that details tell
            to be alike.
        own_colour: the colour searched for is the garment's own, which another light changes.
    """

    garment_class: GarmentClass
    k: int
    colour_weight: float = 0.5
    filters: Filters = Filters()
    exclude_product: str | None = None
    fold_duplicates: bool = False
    compared: bool = False
    model_id: int = 0
    elsewhere: bool = False
    own_colour: bool = True

    @property
    def looked_at(self) -> int:
        """How many of the nearest that may answer are looked at by their tiles."""
        return self.looked_at_for(self.elsewhere)

    def looked_at_for(self, only_recognised: bool) -> int:
        """The same, where only those that details tell to be alike may answer, or all."""
        if not self.compared:
            return 0
        return LOOKED_ELSEWHERE if only_recognised else LOOKED_AT

    def is_answered(self, answers: int, passing: int) -> bool:
        """Whether so many answers, among so many that may answer, are all that is wanted."""
        return passing >= self.looked_at and (self.elsewhere or answers >= self.k)

    @property
    def vector_weight(self) -> float:
        """The colour weight by which the index is asked."""
        return vector_weight(self.colour_weight) if self.looked_at else self.colour_weight
