"""Search by photo or by words as one document, shared by the API and the command line.

    photo -> QueryPhoto -> result cards of each garment -> SearchDocument

The page keeps the QueryPhoto and repeats the last steps.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

from indexing.collection import Collection, ResultCard
from indexing.types import EmbeddedGarment
from search_app.documents import (
    FoundGarmentDocument,
    GarmentDocument,
    SearchDocument,
    WordsDocument,
)
from search_app.errors import BadRequest
from search_app.search.json_documents import (
    found_document,
    garment_document,
    model_document,
    photo_document,
    result_document,
    words_document,
)
from search_app.search.options import SearchOptions, check_colour
from search_app.search.query_photo import (
    QueryPhoto,
    counterpart,
    embed_query,
    embed_wanted,
    embedder_of,
    with_whole,
)
from search_app.search.search import search_garment
from segmentation.classes import GarmentClass
from segmentation.photos import Photo

NO_GARMENT: Final = "no garment found on this photo: searched with the whole photo"
NO_COLOURS: Final = "this photo has no colours of its own: searched by style alone"
NOT_THIS_CLASS: Final = "no garment of class {} found on this photo: searched with the whole photo"


def search_photo(
    collection: Collection,
    photo: Photo,
    options: SearchOptions,
    size: tuple[int, int] | None = None,
    further: Sequence[Photo] = (),
) -> SearchDocument:
    """Find the garments on a photo and the products nearest to each.

    If no garment (or none of the requested class) is detected, the document says so in `note`
    and has one garment that is the whole photo.

    Args:
        size: height and width to which boxes refer; None = the photo's.
        further: other photos of what is wanted, whose garments of the same class are averaged in.
    """
    started = perf_counter()
    embedder = embedder_of(collection)
    check_colour(options)
    query = embed_wanted(embedder, photo, options, size)
    options = query.fitted(options)
    wanted = _wanted_garments(query, options)
    if not wanted and query.whole is None:
        query = with_whole(embedder, photo, query)
    others = [embed_query(embedder, each) for each in further]
    embedded = perf_counter()

    def cards_of(garment: EmbeddedGarment) -> list[ResultCard]:
        also = [counterpart(each, garment.garment.garment_class) for each in others]
        found = [each for each in also if each is not None]
        return search_garment(collection, garment, options, also=found)

    garments = [
        garment_document(
            found_document(garment, query, size), cards_of(garment), options.colour_weight
        )
        for garment in wanted
    ]
    if query.whole is not None and not wanted:
        cards = cards_of(query.whole)
        garments = [_whole_document(found_document(query.whole, query, size), cards, options)]
    return SearchDocument(
        garments=garments,
        photo=photo_document(query, size),
        note=_note(query, options.garment_class, bool(wanted)),
        words=words_document(collection, options),
        model=model_document(embedder),
        timings_ms=_timings(started, embedded, perf_counter()),
    )


def search_words(collection: Collection, options: SearchOptions) -> WordsDocument:
    """Products that a text query finds, without a photo: the best match first.

    Raises:
        BadRequest: no word of the text is known.
    """
    started = perf_counter()
    words = collection.understand(options.words).query
    if words.is_empty and options.filters.is_empty:
        raise BadRequest(
            "words",
            f"no word of {options.words or ''!r} is known; try a colour and a kind: red top, "
            "striped dress, dark jeans",
        )
    found = collection.find(options.filters_with(words), options.k, options.garment_class)
    cards = collection.cards(found)
    return WordsDocument(
        words=words_document(collection, options),
        results=[result_document(card) for card in cards],
        timings_ms={"search": round((perf_counter() - started) * 1000, 1)},
    )


def _wanted_garments(query: QueryPhoto, options: SearchOptions) -> list[EmbeddedGarment]:
    wanted, said = options.garment_class, options.word_query.garment_classes
    garments = [each for each in query.garments if wanted in (None, each.garment.garment_class)]
    # "dress" beside a photo of a dress and a jacket means the dress; beside a photo of a
    # jacket alone it means dresses like the jacket.
    return [each for each in garments if each.garment.garment_class in said] or garments


def _whole_document(
    found: FoundGarmentDocument, cards: list[ResultCard], options: SearchOptions
) -> GarmentDocument:
    """The document of the whole photo as one garment, with the class of its best result."""
    if cards:
        found = found.model_copy(update={"garment_class": cards[0].garment_class.label})
    return garment_document(found, cards, options.colour_weight)


def _note(query: QueryPhoto, wanted: GarmentClass | None, found: bool) -> str | None:
    absent = NO_GARMENT if wanted is None else NOT_THIS_CLASS.format(wanted.label)
    notes = [*([] if found else [absent]), *([NO_COLOURS] if query.monochrome else [])]
    return "; ".join(notes) or None


def _timings(started: float, embedded: float, ended: float) -> dict[str, float]:
    return {
        "embed": round((embedded - started) * 1000, 1),
        "search": round((ended - embedded) * 1000, 1),
        "total": round((ended - started) * 1000, 1),
    }
