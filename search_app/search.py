"""A photo or plain words in, the search document out: what the API and the commands share.

    photo -> QueryPhoto (`query`) -> ResultCard per garment (`nearest`) -> document (`answers`)

The page keeps the QueryPhoto and repeats the last steps.
"""

from time import perf_counter
from typing import Final

from indexing.collection import Collection
from search_app.answers import (
    found_document,
    garment_document,
    model_document,
    photo_document,
    result_document,
    words_document,
)
from search_app.documents import GarmentDocument, SearchDocument, WordsDocument
from search_app.errors import BadRequest
from search_app.nearest import search_garment, search_wholes
from search_app.query import QueryGarment, QueryPhoto, embed_wanted, embedder_of, with_wholes
from search_app.search_options import SearchOptions, check_colour
from segmentation.classes import GarmentClass
from segmentation.photos import Photo

NO_GARMENT: Final = "no garment found on this photo: searched with the whole photo"
NOT_THIS_CLASS: Final = "no garment of class {} found on this photo: searched with the whole photo"


def search_photo(
    collection: Collection,
    photo: Photo,
    options: SearchOptions,
    size: tuple[int, int] | None = None,
) -> SearchDocument:
    """Find the garments on a photo and the products nearest to each.

    Where no garment (or none of the wanted class) is found, the document says so in
    `note` and has one garment that is the whole photo.

    Args:
        size: height and width in which boxes and outlines are told; None = the photo's.
    """
    started = perf_counter()
    embedder = embedder_of(collection)
    check_colour(embedder, options)
    query = embed_wanted(embedder, photo, options, size)
    wanted = _wanted_garments(query, options)
    note = None
    if not wanted:
        note = _note(options.garment_class)
        query = with_wholes(embedder, photo, query, options.garment_class)
    embedded = perf_counter()
    if wanted:
        garments = [
            garment_document(
                found_document(garment, query, size),
                search_garment(collection, garment, options),
                options.colour_weight,
            )
            for garment in wanted
        ]
    else:
        garments = [_whole_document(collection, query, options, size)]
    return SearchDocument(
        garments=garments,
        photo=photo_document(query, size),
        note=note,
        words=words_document(options),
        model=model_document(embedder),
        timings_ms=_timings(started, embedded, perf_counter()),
    )


def search_words(collection: Collection, options: SearchOptions) -> WordsDocument:
    """Products that plain words ask for, without a photo: the surest first.

    Raises:
        BadRequest: no word of the text is known.
    """
    started = perf_counter()
    wish = options.understood.wish
    if wish.is_empty and options.filters.is_empty:
        raise BadRequest(
            f"no word of {options.words or ''!r} is known; try a colour and a kind: red top, "
            "striped dress, dark jeans"
        )
    cards = collection.cards(
        collection.find(options.wanted_products, options.k, options.garment_class)
    )
    return WordsDocument(
        words=words_document(options),
        results=[result_document(card) for card in cards],
        timings_ms={"search": round((perf_counter() - started) * 1000, 1)},
    )


def _wanted_garments(query: QueryPhoto, options: SearchOptions) -> list[QueryGarment]:
    wanted, said = options.garment_class, options.understood.wish.garment_class
    garments = [each for each in query.garments if wanted in (None, *each.own_classes)]
    # "dress" beside a photo of a dress and a jacket means the dress; beside a photo of a
    # jacket alone it means dresses like the jacket.
    return [each for each in garments if each.garment_class == said] or garments


def _whole_document(
    collection: Collection,
    query: QueryPhoto,
    options: SearchOptions,
    size: tuple[int, int] | None,
) -> GarmentDocument:
    cards = search_wholes(collection, query.wholes, options)
    # The best result tells which class the whole photo most looks like.
    nearest = cards[0].garment_class if cards else query.wholes[0].garment_class
    whole = next(each for each in query.wholes if each.garment_class == nearest)
    return garment_document(found_document(whole, query, size), cards, options.colour_weight)


def _note(wanted: GarmentClass | None) -> str:
    return NO_GARMENT if wanted is None else NOT_THIS_CLASS.format(wanted.label)


def _timings(started: float, embedded: float, ended: float) -> dict[str, float]:
    return {
        "embed": round((embedded - started) * 1000, 1),
        "search": round((ended - embedded) * 1000, 1),
        "total": round((ended - started) * 1000, 1),
    }
