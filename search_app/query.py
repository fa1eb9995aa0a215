"""A query photo in, what is searched with out: its garments with vectors, outlines, reduced masks.

photo -> embedder -> QueryPhoto: its garments, or what is in a region, or the whole photo
"""

from dataclasses import dataclass, field, replace
from typing import Final

from indexing.collection import Collection
from indexing.records import Colour, EmbeddedGarment, EmbeddedPhoto, Embedder, Probe, Vector
from indexing.tiles import Tiles, no_tiles
from search_app.errors import BadRequest, NotReady
from search_app.outline import label_point, outline_path
from search_app.search_options import SearchOptions
from segmentation.classes import GARMENT_CLASSES, GarmentClass, classes_of
from segmentation.mask import BoolMask, Box
from segmentation.photos import Photo

MASK_SIDE: Final = 400
"""More of a mask is not kept with a query: a crop shows no finer edge."""


@dataclass(frozen=True, eq=False)
class QueryGarment:
    """A garment of a query photo, ready to search with; `outline` is SVG path data.

    `second_class` is what the garment may well be instead; None where that is improbable.
    `box`, `outline` and `dot` (x, y) are in pixels of the query photo; `mask` is the garment
    inside its box, reduced to about `MASK_SIDE` pixels on its longer side. `also` is searched
    with too, where the mask is in doubt.
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
    tiles: Tiles = field(default_factory=no_tiles)
    also: tuple[Probe, ...] = ()

    @property
    def own_classes(self) -> tuple[GarmentClass, ...]:
        """Its class, and its second one where the first is uncertain."""
        return classes_of(self.garment_class, self.second_class)


@dataclass(frozen=True, eq=False)
class QueryPhoto:
    """What is known of a query photo: its garments, or the whole photo as each class.

    `possible` may be its garment where none was found; it is searched with beside the wholes.
    """

    height: int
    width: int
    garments: tuple[QueryGarment, ...]
    wholes: tuple[QueryGarment, ...] = ()
    possible: tuple[QueryGarment, ...] = ()


def embedder_of(collection: Collection) -> Embedder:
    """The models the collection was opened with.

    Raises:
        NotReady: it was opened without any.
    """
    if collection.embedder is None:
        raise NotReady("the models are not loaded; run `apparel doctor`")
    return collection.embedder


def embed_query(embedder: Embedder, photo: Photo) -> QueryPhoto:
    """Run the models on one photo; `wholes` is left empty."""
    return query_of(embedder.embed_to_ask([photo])[0])


def embed_wanted(
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


def query_of(embedded: EmbeddedPhoto) -> QueryPhoto:
    """The garments of an embedded photo with outlines instead of masks."""
    garments = tuple(query_garment(garment) for garment in embedded.garments)
    possible = tuple(query_garment(garment) for garment in embedded.possible)
    return QueryPhoto(embedded.height, embedded.width, garments, possible=possible)


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
        tiles=embedded.tiles,
        also=embedded.also,
    )


def with_wholes(
    embedder: Embedder, photo: Photo, query: QueryPhoto, wanted: GarmentClass | None = None
) -> QueryPhoto:
    """The query with the whole photo embedded as the wanted class, or as each class.

    What may be its garment goes with them where it is of such a class.
    """
    classes = GARMENT_CLASSES if wanted is None else (wanted,)
    wholes = tuple(query_garment(embedder.embed_whole(photo, each)) for each in classes)
    possible = tuple(each for each in query.possible if each.garment_class in classes)
    return replace(query, wholes=wholes + possible)
