"""Recording of searches on the pages."""

from collections.abc import Sequence

from catalog.filtering.word_query import UnderstoodWords
from catalog.records import GarmentCard
from indexing.collection import ResultCard
from indexing.search.results import nothing_close
from indexing.types import EmbeddedGarment
from search_app.analytics.recorder import Recorder
from search_app.analytics.records import (
    QueryFacts,
    QueryType,
    SearchRecord,
    garment_facts,
    query_facts,
    search_record,
    shown_results,
)
from search_app.pages.state import PAGE_SIZE, PageState
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

    More results of the same search are no search of their own.

    Args:
        query: the garment of a photo, a product's garment, or None for words alone.
    """
    if state.k > PAGE_SIZE:
        return ""

    def record() -> SearchRecord:
        compares = query is not None
        is_distant = compares and nothing_close(cards, state.colour_weight)
        return search_record(
            _query_type(query),
            "page",
            state.options,
            (*words.unknown, *words.missing),
            query_facts(state.options, among.label if among else None, _facts_of(query)),
            shown_results(cards, is_distant, compares),
        )

    return recorder.search(record)


def _query_type(query: EmbeddedGarment | GarmentCard | None) -> QueryType:
    if query is None:
        return "words"
    return "product" if isinstance(query, GarmentCard) else "photo"


def _facts_of(query: EmbeddedGarment | GarmentCard | None) -> QueryFacts:
    if isinstance(query, GarmentCard):
        colour = query.colours[0].name if query.colours else None
        return QueryFacts(colour=colour, product_id=query.product_id)
    return QueryFacts() if query is None else garment_facts(query)
