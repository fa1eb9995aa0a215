"""Recording of searches over the API, whose answers get the ids of their searches."""

from search_app.analytics.recorder import Recorder
from search_app.analytics.records import (
    QueryFacts,
    QueryType,
    SearchRecord,
    query_facts,
    search_record,
    shown_results,
)
from search_app.documents import (
    GarmentDocument,
    ResultsDocument,
    SearchDocument,
    UnderstoodDocument,
    WordsDocument,
)
from search_app.search.options import SearchOptions


def with_photo_searches(
    recorder: Recorder, document: SearchDocument, options: SearchOptions
) -> SearchDocument:
    """Record a search for each garment of a photo; return the document with their ids."""

    def recorded(garment: GarmentDocument) -> GarmentDocument:
        def record() -> SearchRecord:
            colour = garment.colours[0].name if garment.colours else None
            kind = garment.kind.lower() if garment.kind else None
            own = QueryFacts(kind=kind, pattern=garment.pattern, colour=colour)
            return search_record(
                "photo",
                "api",
                options,
                _unknown(document.words),
                query_facts(options, garment.garment_class, own),
                shown_results(garment.results, garment.nothing_close),
            )

        return garment.model_copy(update={"search_id": recorder.search(record) or None})

    return document.model_copy(update={"garments": [recorded(each) for each in document.garments]})


def with_words_search(
    recorder: Recorder, document: WordsDocument, options: SearchOptions
) -> WordsDocument:
    """Record a search by words; return the document with its id."""

    def record() -> SearchRecord:
        chosen = options.garment_class.label if options.garment_class else None
        return search_record(
            "words",
            "api",
            options,
            _unknown(document.words),
            query_facts(options, chosen),
            shown_results(document.results, nothing_close=False, compares=False),
        )

    return document.model_copy(update={"search_id": recorder.search(record) or None})


def with_vector_search(
    recorder: Recorder, document: ResultsDocument, options: SearchOptions, product_id: str | None
) -> ResultsDocument:
    """Record a search by a product of the catalogue or by a vector; return it with its id."""
    query_type: QueryType = "vector" if product_id is None else "product"

    def record() -> SearchRecord:
        facts = query_facts(options, document.garment_class, QueryFacts(product_id=product_id))
        shown = shown_results(document.results, nothing_close=False)
        return search_record(query_type, "api", options, (), facts, shown)

    return document.model_copy(update={"search_id": recorder.search(record) or None})


def _unknown(words: UnderstoodDocument | None) -> list[str]:
    return [] if words is None else [*words.unknown_words, *words.missing_goods]
