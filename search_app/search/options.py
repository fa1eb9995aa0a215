"""Search options: class, filters, another colour, plain words, a region of the photo."""

from dataclasses import dataclass, field

from catalog.database import Database
from catalog.filtering.facets import attribute_names
from catalog.filtering.filters import Filters, parse_filters
from catalog.filtering.vocabulary import colour_name
from catalog.filtering.word_parser import parse_words
from catalog.filtering.word_query import WordQuery
from indexing.embedding.colour import colour_vector
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT, NAMED_COLOUR_WEIGHT
from search_app.errors import BadRequest
from segmentation.classes import GarmentClass
from segmentation.mask import Box


@dataclass(frozen=True)
class SearchOptions:
    """Options of a search.

    Attributes:
        garment_class: only garments of this class; None = every garment found.
        k: results per garment.
        colour_weight: 0 compares style only, 1 colour only.
        filters: which products may be results.
        in_colour: a colour's name or #rrggbb to search for instead of the garment's own
            colours ("the same, but in blue"); it weighs at least `NAMED_COLOUR_WEIGHT`.
        words: a text query that results must match ("red top", "dress without stripes"); a
            colour in it replaces the garment's own colours too.
        region: box x0, y0, x1, y1 in pixels of the original photo, searched as one garment.
        more_like, less_like: ids of garments that results should be more and less like.
        fold_duplicates: products with the same photo or nearly the same garment appear once.
    """

    garment_class: GarmentClass | None = None
    k: int = 12
    colour_weight: float = DEFAULT_COLOUR_WEIGHT
    filters: Filters = field(default_factory=Filters)
    in_colour: str | None = None
    words: str | None = None
    region: Box | None = None
    more_like: tuple[int, ...] = ()
    less_like: tuple[int, ...] = ()
    fold_duplicates: bool = False

    @property
    def word_query(self) -> WordQuery:
        """The parsed words; `Collection.understand` says which of them the catalogue knows."""
        return parse_words(self.words or "")

    @property
    def wanted_colour(self) -> str | None:
        """The colour that replaces the garment's own."""
        if self.in_colour:
            return colour_name(self.in_colour)
        return self.word_query.colour

    @property
    def searched_weight(self) -> float:
        """The colour weight to search with; who names a colour wants to see it."""
        if self.wanted_colour:
            return max(self.colour_weight, NAMED_COLOUR_WEIGHT)
        return self.colour_weight


def check_colour(options: SearchOptions) -> None:
    """Raise BadRequest, listing the known colours, if `in_colour` is unknown."""
    if options.wanted_colour:
        try:
            colour_vector(options.wanted_colour)
        except ValueError as error:
            raise BadRequest("in_colour", str(error)) from error


def parsed_filters(database: Database, texts: list[str]) -> Filters:
    """Parse "FIELD=VALUE" filters. Raises CatalogError, which lists the fields."""
    if not texts:
        return Filters()
    with database.session() as session:
        return parse_filters(texts, attribute_names(session))
