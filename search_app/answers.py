"""What a search has found in, the documents that tell it to machines out."""

from indexing.collection import ResultCard
from indexing.records import EmbeddedPhoto, Embedder
from search_app.documents import (
    ColourDocument,
    FoundGarmentDocument,
    GarmentDocument,
    ModelDocument,
    PhotoDocument,
    ResultDocument,
    SegmentDocument,
    UnderstoodDocument,
)
from search_app.nearest import nothing_close
from search_app.query import QueryGarment, QueryPhoto, query_of
from search_app.search_options import SearchOptions


def segment_document(
    embedder: Embedder, embedded: EmbeddedPhoto, size: tuple[int, int], mask_png: str
) -> SegmentDocument:
    """The garments of an embedded photo without results; boxes in pixels of `size`."""
    query = query_of(embedded)
    return SegmentDocument(
        garments=[found_document(garment, query, size) for garment in query.garments],
        photo=photo_document(query, size),
        mask_png=mask_png,
        model=model_document(embedder),
    )


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
        details=None if card.details is None else round(card.details, 4),
        same_kind=round(card.same_kind, 4),
        same_colour=round(card.same_colour, 4),
        brand=card.brand,
        category=card.category,
        price=None if card.price is None else float(card.price),
        currency=card.currency,
        url=card.url,
        availability=card.availability,
    )


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


def photo_document(query: QueryPhoto, size: tuple[int, int] | None) -> PhotoDocument:
    """Size of the photo in which boxes are told."""
    height, width = size or (query.height, query.width)
    return PhotoDocument(width=width, height=height)


def model_document(embedder: Embedder) -> ModelDocument:
    """What made the vectors."""
    made_by = embedder.fingerprint
    return ModelDocument(
        segmenter=made_by.segmenter, encoder=made_by.encoder, dimension=made_by.dimension
    )
