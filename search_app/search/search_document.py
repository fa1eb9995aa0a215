"""Search by photo or by words as one document, shared by the API and the command line.

    photo -> QueryPhoto -> result cards of each garment -> SearchDocument

The page keeps the QueryPhoto and repeats the last steps.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Final

from catalog.filtering.vocabulary import ConceptField
from catalog.filtering.word_query import Term, UnderstoodWords
from indexing.collection import Collection, ResultCard
from indexing.search.results import nothing_close
from indexing.types import EmbeddedGarment, EmbeddedPhoto, Embedder
from search_app.documents import (
    FoundGarmentDocument,
    GarmentDocument,
    ModelDocument,
    PhotoDocument,
    ResultDocument,
    SearchDocument,
    SegmentDocument,
    UnderstoodDocument,
    WordsDocument,
)
from search_app.errors import BadRequest
from search_app.search.query_photo import (
    QueryPhoto,
    counterpart,
    embed_query,
    embedder_of,
    is_monochrome,
    reduced,
    scaled_box,
    with_whole,
)
from search_app.search.search import SearchOptions, find_by_words, search_garment
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
    query = _embedded(embedder, photo, options, size)
    options = options.fitted(query.monochrome)
    wanted = _wanted_garments(query, options)
    if not wanted and query.whole is None:
        query = with_whole(embedder, photo, query)
    others = [embed_query(embedder, each) for each in further]
    embedded = perf_counter()

    def cards_of(garment: EmbeddedGarment) -> list[ResultCard]:
        also = [counterpart(each, garment.garment.garment_class) for each in others]
        found = [each for each in also if each is not None]
        return search_garment(collection, garment, options, also=found)

    height, width = size or photo.shape[:2]
    scale = (width / query.width, height / query.height)
    garments = [
        _garment_document(found_document(each, *scale), cards_of(each), options.colour_weight)
        for each in wanted or filter(None, [query.whole])
    ]
    ended = perf_counter()
    seconds = {"embed": embedded - started, "search": ended - embedded, "total": ended - started}
    return SearchDocument(
        garments=garments,
        photo=PhotoDocument(width=width, height=height),
        note=_note(query, options.garment_class, bool(wanted)),
        words=words_document(collection.understand(options.words)),
        model=ModelDocument.model_validate(embedder.fingerprint),
        timings_ms={stage: round(time * 1000, 1) for stage, time in seconds.items()},
    )


def search_words(collection: Collection, options: SearchOptions) -> WordsDocument:
    """Products that a text finds, the best match first. Raises BadRequest if no word is known."""
    started = perf_counter()
    words, cards = find_by_words(collection, options, options.garment_class)
    if not cards and words.query.is_empty and options.filters.is_empty:
        raise BadRequest(
            "words",
            f"no word of {options.words or ''!r} is known; try a colour and a kind: red top, "
            "striped dress, dark jeans",
        )
    return WordsDocument(
        words=words_document(words),
        results=[result_document(card) for card in cards],
        timings_ms={"search": round((perf_counter() - started) * 1000, 1)},
    )


def _embedded(
    embedder: Embedder, photo: Photo, options: SearchOptions, size: tuple[int, int] | None
) -> QueryPhoto:
    """The garments of the photo, or the one in the requested region. Raises BadRequest."""
    if options.region is None:
        return embed_query(embedder, photo)
    height, width = photo.shape[:2]
    sent_height, sent_width = size or (height, width)
    x0, y0, x1, y1 = scaled_box(options.region, width / sent_width, height / sent_height)
    region = (min(x0, width), min(y0, height), min(x1, width), min(y1, height))
    try:
        embedded = embedder.embed_region(photo, region, options.garment_class)
    except ValueError as error:
        raise BadRequest("region", f"{error}; give x0,y0,x1,y1 inside the photo") from error
    return QueryPhoto(height, width, (reduced(embedded),), monochrome=is_monochrome(photo))


def _wanted_garments(query: QueryPhoto, options: SearchOptions) -> list[EmbeddedGarment]:
    wanted, said = options.garment_class, options.word_query.garment_classes
    garments = [each for each in query.garments if wanted in (None, each.garment.garment_class)]
    # "dress" beside a photo of a dress and a jacket means the dress; beside a photo of a
    # jacket alone it means dresses like the jacket.
    return [each for each in garments if each.garment.garment_class in said] or garments


def _note(query: QueryPhoto, wanted: GarmentClass | None, found: bool) -> str | None:
    absent = NO_GARMENT if wanted is None else NOT_THIS_CLASS.format(wanted.label)
    notes = [*([] if found else [absent]), *([NO_COLOURS] if query.monochrome else [])]
    return "; ".join(notes) or None


def segment_document(
    embedder: Embedder, embedded: EmbeddedPhoto, size: tuple[int, int], mask_png: str
) -> SegmentDocument:
    """The garments of an embedded photo, without results; boxes in pixels of `size`."""
    scale = (size[1] / embedded.width, size[0] / embedded.height)
    return SegmentDocument(
        garments=[found_document(garment, *scale) for garment in embedded.garments],
        photo=PhotoDocument(width=size[1], height=size[0]),
        mask_png=mask_png,
        model=ModelDocument.model_validate(embedder.fingerprint),
    )


def found_document(embedded: EmbeddedGarment, across: float, down: float) -> FoundGarmentDocument:
    """A garment's document; its box on a photo so many times as wide and as high."""
    garment = embedded.garment
    kind, pattern = embedded.attributes.kind, embedded.attributes.pattern
    fields = {
        "garment_class": garment.garment_class.label,
        "score": garment.score,
        "box": scaled_box(garment.box, across, down),
        "area": garment.area,
        "colours": embedded.colours,
        "kind": kind.value if kind else None,
        "pattern": pattern.value if pattern else None,
        "whole_photo": embedded.whole_photo,
    }
    return FoundGarmentDocument.model_validate(fields)


def _garment_document(
    found: FoundGarmentDocument, cards: list[ResultCard], colour_weight: float
) -> GarmentDocument:
    """A garment's document with its results; a whole photo has the class of the best of them."""
    if found.whole_photo and cards:
        found = found.model_copy(update={"garment_class": cards[0].garment_class.label})
    return GarmentDocument(
        **found.model_dump(),
        nothing_close=nothing_close(cards, colour_weight),
        results=[result_document(card) for card in cards],
    )


def result_document(card: ResultCard) -> ResultDocument:
    """A result's document."""
    shown = {"photo_url": f"/photos/{card.photo_id}.jpg", "garment_class": card.garment_class.label}
    return ResultDocument.model_validate(vars(card) | shown)


def words_document(understood: UnderstoodWords) -> UnderstoodDocument | None:
    """The document of the parsed words; None without words."""
    if not understood.text:
        return None
    query = understood.query
    return UnderstoodDocument(
        text=understood.text,
        garment_class=query.garment_class.label if query.garment_class else None,
        kind=_named(query.terms, "kind", "goods"),
        colours=_named(query.terms, "colour"),
        tone=next(iter(_named(query.terms, "tone")), None),
        pattern=_named(query.terms, "pattern"),
        sleeve=_named(query.terms, "sleeve"),
        length=_named(query.terms, "length"),
        text_words=_named(query.terms, "text", "material"),
        excluded=[term.said for term in query.excluded_terms],
        unknown_words=list(understood.unknown),
        missing_goods=list(understood.missing),
        unsure_kinds=list(understood.unsure),
    )


def _named(terms: Sequence[Term], *fields: ConceptField) -> list[str]:
    names = (term.concept.name for term in terms if term.concept.field in fields)
    return list(dict.fromkeys(names))
