"""Search options, and the result cards of a query under them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from catalog.database import Database
from catalog.filtering.comparison import Shown, relative_to
from catalog.filtering.facets import attribute_names
from catalog.filtering.filters import Filters, parse_filters
from catalog.filtering.vocabulary import colour_name
from catalog.filtering.word_parser import parse_words
from catalog.filtering.word_query import UnderstoodWords, WordQuery
from catalog.filtering.word_search import finds_any
from indexing.collection import Collection, ResultCard
from indexing.embedding.colour import colour_vector, lightness_of
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT, NAMED_COLOUR_WEIGHT
from indexing.search.feedback import joined, steered
from indexing.search.query import Query
from indexing.types import ATTRIBUTE_NAMES, EmbeddedGarment
from search_app.errors import BadRequest
from search_app.search.query_photo import embedder_of
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

    def __post_init__(self) -> None:
        """Raise BadRequest, listing the known colours, if `in_colour` is none of them."""
        if self.in_colour:
            try:
                colour_vector(colour_name(self.in_colour))
            except ValueError as error:
                raise BadRequest("in_colour", str(error)) from error

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

    def fitted(self, monochrome: bool) -> "SearchOptions":
        """The options for a photo: by style alone where it has no colours to compare."""
        if not monochrome or self.wanted_colour:
            return self
        return replace(self, colour_weight=0.0)


def parsed_filters(database: Database, texts: list[str]) -> Filters:
    """Parse "FIELD=VALUE" filters. Raises CatalogError, which lists the fields."""
    if not texts:
        return Filters()
    with database.session() as session:
        return parse_filters(texts, attribute_names(session))


def search_garment(
    collection: Collection,
    garment: EmbeddedGarment,
    options: SearchOptions,
    among: GarmentClass | None = None,
    also: Sequence[EmbeddedGarment] = (),
) -> list[ResultCard]:
    """Results for one garment of a query photo, the nearest first.

    Args:
        also: the same garment, or ones like it, on further query photos.
    """
    query = Query.of(garment)
    if also:
        queries = [query, *map(Query.of, also)]
        query = joined(queries, embedder_of(collection).fingerprint.style_dimension)
    words = collection.understand(options.words).query
    if words.alternatives:
        words = relative_to(words, _shown(garment))
    return search_cards(collection, query, options, among, words)


def _shown(garment: EmbeddedGarment) -> Shown:
    """The query garment's attributes that comparatives are relative to."""
    predicted = {name: getattr(garment.attributes, name) for name in ATTRIBUTE_NAMES}
    values = {name: each.value for name, each in predicted.items() if each is not None}
    return Shown(values, lightness_of(garment.colours[0].hex) if garment.colours else None)


def search_cards(
    collection: Collection,
    query: Query,
    options: SearchOptions,
    among: GarmentClass | None = None,
    words: WordQuery | None = None,
) -> list[ResultCard]:
    """Results of a query under the options, the nearest first and disliked ones last.

    Args:
        among: the class to search; None = that of the options or their words, else the query's.
        words: the options' words, where they are relative to a garment.
    """
    if words is None:
        words = collection.understand(options.words).query
    query = _with_feedback(collection, query, options)
    chosen = among or options.garment_class
    classes = (chosen,) if chosen else words.garment_classes or query.classes
    wanted = replace(
        query,
        classes=classes,
        count=options.k,
        colour_weight=options.colour_weight,
        filters=replace(options.filters, words=words),
        fold_duplicates=options.fold_duplicates,
    )
    found = collection.results(_in_wanted_colour(collection, wanted, options))
    # What was disliked stands last, however near it is.
    return sorted(found, key=lambda card: card.garment_id in options.less_like)


def find_by_words(
    collection: Collection, options: SearchOptions, among: GarmentClass | None
) -> tuple[UnderstoodWords, list[ResultCard]]:
    """Products that words and filters find, the best first, and how the words were understood.

    Where the encoder takes texts, words that no product's text has are searched for by it.
    """
    words = collection.understand(options.words)
    filters = replace(options.filters, words=words.query)
    text = _text_to_embed(collection, words)
    if filters.is_empty and not text:
        return words, []
    hits = collection.find(filters, options.k, among, text)
    return replace(words, unknown=()) if text else words, collection.cards(hits)


def words_find_any(
    collection: Collection, options: SearchOptions, among: GarmentClass | None
) -> bool:
    """Whether `find_by_words` finds any product; without words and filters, whether any is sold."""
    words = collection.understand(options.words)
    query = words.query
    if _text_to_embed(collection, words):
        # The nearest to a text need not be what its words name.
        query = replace(query, alternatives=())
    with collection.database.session() as session:
        return finds_any(session, replace(options.filters, words=query), among)


def _text_to_embed(collection: Collection, words: UnderstoodWords) -> str:
    return words.text if collection.takes_text and not words.missing else ""


def _with_feedback(collection: Collection, query: Query, options: SearchOptions) -> Query:
    """The query moved towards and away from the garments that the options name."""
    if not (options.more_like or options.less_like) or collection.fingerprint is None:
        return query
    more = [collection.query_like(each) for each in options.more_like]
    less = [collection.query_like(each) for each in options.less_like]
    return steered(query, more, less, collection.fingerprint.style_dimension)


def _in_wanted_colour(collection: Collection, query: Query, options: SearchOptions) -> Query:
    """The query with the wanted colour for its own; who names a colour wants to see it."""
    if not options.wanted_colour:
        return query
    embedder = embedder_of(collection)
    style = query.vector[: embedder.fingerprint.style_dimension]
    vector = np.concatenate([style, embedder.colour_half(options.wanted_colour)])
    weight = max(query.colour_weight, NAMED_COLOUR_WEIGHT)
    return replace(query, vector=vector, colour_weight=weight)
