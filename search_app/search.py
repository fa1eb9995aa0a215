"""A photo in, the search document out: what the page, the API and the commands share.

    photo -> QueryPhoto (garments with vectors) -> ResultCard per garment -> SearchDocument

`search_photo` does all of it; the page keeps the QueryPhoto and repeats the last steps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final

import numpy as np

from catalog.queries import Filters
from indexing.closeness import nearness
from indexing.collection import Collection, ResultCard
from indexing.records import Colour, EmbeddedGarment, EmbeddedPhoto, Embedder, Vector
from indexing.words import Understood, colour_name, understand
from search_app.documents import (
    ColourDocument,
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
from search_app.errors import BadRequest, NotReady
from search_app.outline import label_point, outline_path
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import BoolMask, Box
from segmentation.photos import Photo

DISTANT_COLOUR: Final = 0.3
"""Nothing is close in colour alone where the nearest have a lower chance of the same colour."""
NO_GARMENT: Final = "no garment found on this photo: searched with the whole photo"
MASK_SIDE: Final = 400
"""More of a mask is not kept with a query: a crop shows no finer edge."""
NOT_THIS_CLASS: Final = "no garment of class {} found on this photo: searched with the whole photo"


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Attributes:
        garment_class: only garments of this class; None = every garment found.
        k: results per garment.
        colour_weight: 0 compares style only, 1 colour only.
        filters: which products may be results.
        in_colour: "the same, but in blue": a colour's name or #rrggbb, searched for instead of
            the garment's own colours.
        words: plain words that a result must answer ("red top", "striped dress"); their
            colour, where they have one, is searched for too.
        region: only what is in this box (x0, y0, x1, y1 in pixels of the photo as it was
            sent); one garment, whatever is found in it.
        fold_duplicates: products with the same photo, or nearly the same garment, answer once.
    """

    garment_class: GarmentClass | None = None
    k: int = 12
    colour_weight: float = 0.5
    filters: Filters = field(default_factory=Filters)
    in_colour: str | None = None
    words: str | None = None
    region: Box | None = None
    fold_duplicates: bool = False

    @property
    def understood(self) -> Understood:
        """What the words ask for, and which of them are not known."""
        return understand(self.words or "")

    @property
    def wanted_colour(self) -> str | None:
        """The colour to search in, in place of the garment's own."""
        if self.in_colour:
            return colour_name(self.in_colour)
        colours = self.understood.wish.colours
        return colours[0].name if colours else None

    @property
    def wanted_products(self) -> Filters:
        """The filters with what the words ask for."""
        wish = self.understood.wish
        return self.filters if wish.is_empty else replace(self.filters, wish=wish)


@dataclass(frozen=True, eq=False)
class QueryGarment:
    """A garment of a query photo, ready to search with; `outline` is SVG path data.

    `second_class` is what the garment may well be instead; None where that is improbable.
    `box`, `outline` and `dot` (x, y) are in pixels of the query photo; `mask` is the garment
    inside its box, reduced to about `MASK_SIDE` pixels on its longer side.
    """

    garment_class: GarmentClass
    score: float
    box: Box
    area: float
    colours: tuple[Colour, ...]
    vector: Vector
    mask: BoolMask
    outline: str
    dot: tuple[float, float]
    whole_photo: bool = False
    second_class: GarmentClass | None = None
    second_score: float = 0.0


@dataclass(frozen=True, eq=False)
class QueryPhoto:
    """What is known of a query photo: its garments, or the whole photo as each class."""

    height: int
    width: int
    garments: tuple[QueryGarment, ...]
    wholes: tuple[QueryGarment, ...] = ()


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
    query = _embed_wanted(embedder, photo, options, size)
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
        photo=_photo_document(query, size),
        note=note,
        words=words_document(options),
        model=_model_document(embedder),
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


def check_colour(embedder: Embedder, options: SearchOptions) -> None:
    """BadRequest where `in_colour` is no colour we know; names those we do."""
    if options.wanted_colour:
        try:
            embedder.colour_half(options.wanted_colour)
        except ValueError as error:
            raise BadRequest(str(error)) from error


def words_document(options: SearchOptions) -> UnderstoodDocument | None:
    """What was understood of the words; None where there are none."""
    if not options.words:
        return None
    wish = options.understood.wish
    return UnderstoodDocument(
        text=options.words,
        garment_class=wish.garment_class.label if wish.garment_class else None,
        colours=[colour.name for colour in wish.colours],
        tone=wish.tone,
        unknown_words=list(options.understood.unknown),
        **{trait.field: list(trait.values or trait.words) for trait in wish.traits},
    )


def embedder_of(collection: Collection) -> Embedder:
    """The models the collection was opened with.

    Raises:
        NotReady: it was opened without any.
    """
    if collection.embedder is None:
        raise NotReady("the models are not loaded; run `apparel doctor`")
    return collection.embedder


def segment_document(
    embedder: Embedder, embedded: EmbeddedPhoto, size: tuple[int, int], mask_png: str
) -> SegmentDocument:
    """The garments of an embedded photo without results; boxes in pixels of `size`."""
    query = query_of(embedded)
    return SegmentDocument(
        garments=[found_document(garment, query, size) for garment in query.garments],
        photo=_photo_document(query, size),
        mask_png=mask_png,
        model=_model_document(embedder),
    )


def embed_query(embedder: Embedder, photo: Photo) -> QueryPhoto:
    """Run the models on one photo; `wholes` is left empty."""
    return query_of(embedder.embed([photo])[0])


def query_of(embedded: EmbeddedPhoto) -> QueryPhoto:
    """The garments of an embedded photo with outlines instead of masks."""
    garments = tuple(query_garment(garment) for garment in embedded.garments)
    return QueryPhoto(embedded.height, embedded.width, garments)


def query_garment(embedded: EmbeddedGarment, scale: float = 1.0) -> QueryGarment:
    """An embedded garment as the page keeps it.

    Args:
        scale: pixels of the query photo per pixel of the photo it was embedded from.
    """
    garment = embedded.garment
    x0, y0, x1, y1 = (round(edge * scale) for edge in garment.box)
    step = -(-max(garment.mask.shape) // MASK_SIDE)
    return QueryGarment(
        garment_class=garment.garment_class,
        score=garment.score,
        box=(x0, y0, x1, y1),
        area=garment.area,
        colours=embedded.colours,
        vector=embedded.vector,
        mask=garment.mask[::step, ::step].copy(),
        outline=outline_path(garment.mask, (x0, y0, x1, y1)),
        dot=label_point(garment.mask, (x0, y0, x1, y1)),
        whole_photo=embedded.whole_photo,
        second_class=garment.second_class,
        second_score=garment.second_score,
    )


def with_wholes(
    embedder: Embedder, photo: Photo, query: QueryPhoto, wanted: GarmentClass | None = None
) -> QueryPhoto:
    """The query with the whole photo embedded as the wanted class, or as each class."""
    classes = GARMENT_CLASSES if wanted is None else (wanted,)
    wholes = tuple(query_garment(embedder.embed_whole(photo, each)) for each in classes)
    return replace(query, wholes=wholes)


def search_garment(
    collection: Collection,
    garment: QueryGarment,
    options: SearchOptions,
    among: GarmentClass | None = None,
) -> list[ResultCard]:
    """Results for one garment, the nearest first, among its own class unless told.

    Words that name a class ("dress") tell it too. A garment whose class is uncertain is
    searched among its second class as well: a vector does not depend on the class.
    """
    told = among or options.garment_class or options.understood.wish.garment_class
    vector = steered_vector(collection, garment.vector, options)
    cards = [
        card
        for garment_class in ((told,) if told else _own_classes(garment))
        for card in collection.cards(
            collection.search(
                vector,
                garment_class,
                options.k,
                options.colour_weight,
                options.wanted_products,
                fold_duplicates=options.fold_duplicates,
            )
        )
    ]
    return _best_of(cards, options.k)


def _own_classes(garment: QueryGarment) -> tuple[GarmentClass, ...]:
    if garment.second_class is None:
        return (garment.garment_class,)
    return garment.garment_class, garment.second_class


def _best_of(cards: Iterable[ResultCard], k: int) -> list[ResultCard]:
    """The k best cards of hits in several indices, one a product."""
    best: dict[str, ResultCard] = {}
    for card in sorted(cards, key=lambda card: card.score, reverse=True):
        best.setdefault(card.product_id, card)
    return list(best.values())[:k]


def steered_vector(collection: Collection, vector: Vector, options: SearchOptions) -> Vector:
    """A garment's vector with the wanted colour in place of its own colour half."""
    if not options.wanted_colour:
        return vector
    embedder = embedder_of(collection)
    check_colour(embedder, options)
    style = vector[: embedder.fingerprint.style_dimension]
    return np.concatenate([style, embedder.colour_half(options.wanted_colour)])


def search_wholes(
    collection: Collection, wholes: Iterable[QueryGarment], options: SearchOptions
) -> list[ResultCard]:
    """Results for a whole photo over the classes it was embedded as, merged by score."""
    cards = (card for whole in wholes for card in search_garment(collection, whole, options))
    return _best_of(cards, options.k)


def chance_of(card: ResultCard, colour_weight: float) -> float:
    """Chance, 0 to 1, that a person would call a result similar: in kind and in colour."""
    return (1 - colour_weight) * card.same_kind + colour_weight * card.same_colour


def nothing_close(cards: Sequence[ResultCard], colour_weight: float) -> bool:
    """Whether the catalogue has nothing close to what was searched with."""
    if not cards:
        return False
    if colour_weight == 1:
        return nearness([card.same_colour for card in cards]) < DISTANT_COLOUR
    return nearness([card.same_kind for card in cards]) < cards[0].distant_below


def found_document(
    garment: QueryGarment, query: QueryPhoto, size: tuple[int, int] | None
) -> FoundGarmentDocument:
    """One garment as it is told to machines, its box in pixels of `size`."""
    height, width = size or (query.height, query.width)
    across, down = width / query.width, height / query.height
    x0, y0, x1, y1 = garment.box
    return FoundGarmentDocument(
        garment_class=garment.garment_class.label,
        score=round(garment.score, 4),
        second_class=garment.second_class.label if garment.second_class else None,
        second_score=round(garment.second_score, 4),
        box=(round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)),
        area=round(garment.area, 4),
        colours=[
            ColourDocument(name=each.name, hex=each.hex, share=round(each.share, 4))
            for each in garment.colours
        ],
        whole_photo=garment.whole_photo,
    )


def garment_document(
    found: FoundGarmentDocument, cards: list[ResultCard], colour_weight: float
) -> GarmentDocument:
    """One garment with its results as they are told to machines."""
    return GarmentDocument(
        **found.model_dump(),
        nothing_close=nothing_close(cards, colour_weight),
        results=[result_document(card) for card in cards],
    )


def result_document(card: ResultCard) -> ResultDocument:
    """One result as it is told to machines."""
    return ResultDocument(
        product_id=card.product_id,
        title=card.title,
        photo=card.photo,
        photo_url=f"/photos/{card.photo_id}.jpg",
        garment_id=card.garment_id,
        garment_class=card.garment_class.label,
        score=round(card.score, 4),
        style=round(card.style, 4),
        colour=round(card.colour, 4),
        same_kind=round(card.same_kind, 4),
        same_colour=round(card.same_colour, 4),
        brand=card.brand,
        category=card.category,
        price=None if card.price is None else float(card.price),
        currency=card.currency,
        url=card.url,
        availability=card.availability,
    )


def _embed_wanted(
    embedder: Embedder, photo: Photo, options: SearchOptions, size: tuple[int, int] | None
) -> QueryPhoto:
    """The garments of the photo, or the one of the wanted region.

    Raises:
        BadRequest: the region lies outside or holds nothing.
    """
    if options.region is None:
        return embed_query(embedder, photo)
    height, width = photo.shape[:2]
    sent_height, sent_width = size or (height, width)
    scales = (width / sent_width, height / sent_height) * 2
    x0, y0, x1, y1 = (
        min(round(edge * scale), end)
        for edge, scale, end in zip(options.region, scales, (width, height) * 2, strict=True)
    )
    try:
        embedded = embedder.embed_region(photo, (x0, y0, x1, y1), options.garment_class)
    except ValueError as error:
        raise BadRequest(f"region: {error}; give x0,y0,x1,y1 inside the photo") from error
    return QueryPhoto(height, width, (query_garment(embedded),))


def _wanted_garments(query: QueryPhoto, options: SearchOptions) -> list[QueryGarment]:
    wanted, said = options.garment_class, options.understood.wish.garment_class
    garments = [each for each in query.garments if wanted in (None, *_own_classes(each))]
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


def _photo_document(query: QueryPhoto, size: tuple[int, int] | None) -> PhotoDocument:
    height, width = size or (query.height, query.width)
    return PhotoDocument(width=width, height=height)


def _model_document(embedder: Embedder) -> ModelDocument:
    made_by = embedder.fingerprint
    return ModelDocument(
        segmenter=made_by.segmenter, encoder=made_by.encoder, dimension=made_by.dimension
    )


def _timings(started: float, embedded: float, ended: float) -> dict[str, float]:
    return {
        "embed": round((embedded - started) * 1000, 1),
        "search": round((ended - embedded) * 1000, 1),
        "total": round((ended - started) * 1000, 1),
    }
