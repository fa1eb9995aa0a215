"""What a search asks for: classes, filters, another colour, plain words, a region of the photo."""

from dataclasses import dataclass, field, replace

from catalog.queries import Filters
from indexing.records import Embedder
from indexing.words import Understood, colour_name, understand
from search_app.errors import BadRequest
from segmentation.classes import GarmentClass
from segmentation.mask import Box


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Attributes:
        garment_class: only garments of this class; None = every garment found.
        k: results per garment.
        colour_weight: 0 compares style only, 1 colour only.
        filters: which products may be results.
        in_colour: "the same, but in blue": a colour's name or #rrggbb, searched for instead of
            the garment's own colours.
        words: plain words that a result must answer ("red top", "striped dress"); their
            colour, where they have one, is searched for too.
        region: only what is in this box (x0, y0, x1, y1 in pixels of the photo as it was
            sent); one garment, whatever is found in it.
        fold_duplicates: products with the same photo, or nearly the same garment, answer once.
    """

    garment_class: GarmentClass | None = None
    k: int = 12
    colour_weight: float = 0.5
    filters: Filters = field(default_factory=Filters)
    in_colour: str | None = None
    words: str | None = None
    region: Box | None = None
    fold_duplicates: bool = False

    @property
    def understood(self) -> Understood:
        """What the words ask for, and which of them are not known."""
        return understand(self.words or "")

    @property
    def wanted_colour(self) -> str | None:
        """The colour to search in, in place of the garment's own."""
        if self.in_colour:
            return colour_name(self.in_colour)
        colours = self.understood.wish.colours
        return colours[0].name if colours else None

    @property
    def own_colour(self) -> bool:
        """Whether the garment's own colour is searched in."""
        return self.wanted_colour is None

    @property
    def wanted_products(self) -> Filters:
        """The filters with what the words ask for."""
        wish = self.understood.wish
        return self.filters if wish.is_empty else replace(self.filters, wish=wish)


def check_colour(embedder: Embedder, options: SearchOptions) -> None:
    """BadRequest where `in_colour` is no colour we know; names those we do."""
    if options.wanted_colour:
        try:
            embedder.colour_half(options.wanted_colour)
        except ValueError as error:
            raise BadRequest(str(error)) from error
