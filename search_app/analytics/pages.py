"""Recording of searches on the pages."""

from collections.abc import Sequence

from catalog.filtering.word_query import UnderstoodWords
from catalog.models import SearchRow
from catalog.records import GarmentCard
from indexing.collection import ResultCard
from indexing.search.results import nothing_close
from indexing.types import EmbeddedGarment
from search_app.analytics.recorder import Recorder
from search_app.analytics.records import QueryFacts, garment_facts, search_row
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
