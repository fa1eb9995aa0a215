"""Recording of searches on the pages, and over the API, whose answers get the ids of searches."""

from collections.abc import Sequence

from catalog.filtering.word_query import UnderstoodWords
from catalog.models import SearchRow
from catalog.records import GarmentCard
from indexing.collection import ResultCard
from indexing.search.results import nothing_close
from indexing.types import EmbeddedGarment
from search_app.analytics.recorder import Recorder
from search_app.analytics.records import QueryFacts, QueryType, garment_facts, search_row
from search_app.documents import (
    GarmentDocument,
    ResultsDocument,
    SearchDocument,
    UnderstoodDocument,
    WordsDocument,
)
from search_app.pages.state import PAGE_SIZE, PageState
from search_app.search.search import SearchOptions
from segmentation.classes import GarmentClass


def recorded_search(
    recorder: Recorder,
    state: PageState,
    query: EmbeddedGarment | GarmentCard | None,
    words: UnderstoodWords,
    among: GarmentClass | None,
    cards: Sequence[ResultCard],
) -> str:
    """Record a search on a page and return its id, "" if it is not recorded.

    More results of the same search are not a search of their own.

    Args:
        query: the garment of a photo, a product's garment, or None for words alone.
    """
    if state.k > PAGE_SIZE:
        return ""
    label = among.label if among else None

    def record() -> SearchRow:
        unknown = (*words.unknown, *words.missing)
        if query is None:
            return search_row("words", "page", state.options, unknown, QueryFacts(label), cards)
        distant = nothing_close(cards, state.colour_weight)
        if isinstance(query, GarmentCard):
            colour = query.colours[0].name if query.colours else None
            own = QueryFacts(label, colour=colour, product_id=query.product_id)
            return search_row("product", "page", state.options, unknown, own, cards, distant)
        own = garment_facts(query, label)
        return search_row("photo", "page", state.options, unknown, own, cards, distant)

    return recorder.search(record)


def with_photo_searches(
    recorder: Recorder, document: SearchDocument, options: SearchOptions
) -> SearchDocument:
    """Record a search for each garment of a photo; return the document with their ids."""
    unknown = _unknown(document.words)

    def recorded(garment: GarmentDocument) -> GarmentDocument:
        own = QueryFacts(
            garment_class=garment.garment_class,
            kind=garment.kind.lower() if garment.kind else None,
            pattern=garment.pattern,
            colour=garment.colours[0].name if garment.colours else None,
        )
        found = garment.results, garment.nothing_close
        search_id = recorder.search(
            lambda: search_row("photo", "api", options, unknown, own, *found)
        )
        return garment.model_copy(update={"search_id": search_id or None})

    return document.model_copy(update={"garments": [recorded(each) for each in document.garments]})


def with_words_search(
    recorder: Recorder, document: WordsDocument, options: SearchOptions
) -> WordsDocument:
    """Record a search by words; return the document with its id."""
    unknown = _unknown(document.words)
    own = QueryFacts(options.garment_class.label if options.garment_class else None)
    search_id = recorder.search(
        lambda: search_row("words", "api", options, unknown, own, document.results)
    )
    return document.model_copy(update={"search_id": search_id or None})


def with_vector_search(
    recorder: Recorder, document: ResultsDocument, options: SearchOptions, product_id: str | None
) -> ResultsDocument:
    """Record a search by a product of the catalogue or by a vector; return it with its id."""
    own = QueryFacts(document.garment_class, product_id=product_id)
    query_type: QueryType = "vector" if product_id is None else "product"
    search_id = recorder.search(
        lambda: search_row(query_type, "api", options, (), own, document.results)
    )
    return document.model_copy(update={"search_id": search_id or None})


def _unknown(words: UnderstoodDocument | None) -> list[str]:
    return [] if words is None else [*words.unknown_words, *words.missing_goods]
