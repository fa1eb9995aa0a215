"""Conversion of garments and results to JSON documents."""

from collections.abc import Sequence
from decimal import Decimal

from catalog.filtering.vocabulary import ConceptField
from catalog.filtering.word_query import Term
from indexing.collection import Collection, ResultCard
from indexing.search.results import nothing_close
from indexing.types import Attribute, EmbeddedGarment, EmbeddedPhoto, Embedder
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
from search_app.search.options import SearchOptions
from search_app.search.query_photo import QueryPhoto, query_of


def segment_document(
    embedder: Embedder, embedded: EmbeddedPhoto, size: tuple[int, int], mask_png: str
) -> SegmentDocument:
    """The garments of an embedded photo, without results; boxes in pixels of `size`."""
    query = query_of(embedded)
    return SegmentDocument(
        garments=[found_document(garment, query, size) for garment in query.garments],
        photo=photo_document(query, size),
        mask_png=mask_png,
        model=model_document(embedder),
    )


def found_document(
    embedded: EmbeddedGarment, query: QueryPhoto, size: tuple[int, int] | None
) -> FoundGarmentDocument:
    """A garment's document; box in pixels of `size`."""
    height, width = size or (query.height, query.width)
    across, down = width / query.width, height / query.height
    garment = embedded.garment
    x0, y0, x1, y1 = garment.box
    return FoundGarmentDocument(
        garment_class=garment.garment_class.label,
        score=round(garment.score, 4),
        box=(round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)),
        area=round(garment.area, 4),
        colours=[
            ColourDocument(name=each.name, hex=each.hex, share=round(each.share, 4))
            for each in embedded.colours
        ],
        kind=_value(embedded.attributes.kind),
        pattern=_value(embedded.attributes.pattern),
        whole_photo=embedded.whole_photo,
    )


def _value(attribute: Attribute | None) -> str | None:
    return None if attribute is None else attribute.value


def garment_document(
    found: FoundGarmentDocument, cards: list[ResultCard], colour_weight: float
) -> GarmentDocument:
    """A garment's document with its results."""
    return GarmentDocument(
        **found.model_dump(),
        nothing_close=nothing_close(cards, colour_weight),
        results=[result_document(card) for card in cards],
    )


def result_document(card: ResultCard) -> ResultDocument:
    """A result's document."""
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
        price=amount(card.price),
        regular_price=amount(card.regular_price),
        currency=card.currency,
        url=card.url,
        availability=card.availability,
        more_colours=card.more_colours,
    )


def amount(price: Decimal | None) -> float | None:
    """A price as a JSON number."""
    return None if price is None else float(price)


def words_document(collection: Collection, options: SearchOptions) -> UnderstoodDocument | None:
    """The document of the parsed words; None without words."""
    if not options.words:
        return None
    understood = collection.understand(options.words)
    query = understood.query
    return UnderstoodDocument(
        text=options.words,
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
    )


def _named(terms: Sequence[Term], *fields: ConceptField) -> list[str]:
    names = (term.concept.name for term in terms if term.concept.field in fields)
    return list(dict.fromkeys(names))


def photo_document(query: QueryPhoto, size: tuple[int, int] | None) -> PhotoDocument:
    """The document of the photo's size, to which boxes refer."""
    height, width = size or (query.height, query.width)
    return PhotoDocument(width=width, height=height)


def model_document(embedder: Embedder) -> ModelDocument:
    """The document of the models that computed the vectors."""
    made_by = embedder.fingerprint
    return ModelDocument(
        segmenter=made_by.segmenter, encoder=made_by.encoder, dimension=made_by.dimension
    )
