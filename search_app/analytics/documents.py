"""Recording of searches over the API, whose answers get the ids of their searches."""

from search_app.analytics.recorder import Recorder
from search_app.analytics.records import QueryFacts, QueryType, search_row
from search_app.documents import (
    GarmentDocument,
    ResultsDocument,
    SearchDocument,
    UnderstoodDocument,
    WordsDocument,
)
from search_app.search.search import SearchOptions


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
