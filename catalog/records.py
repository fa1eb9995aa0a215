"""Result types of the catalogue's queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.colours import Colour
from catalog.feeds.rows import ProductRow
from catalog.filtering.word_query import Term
from segmentation.classes import GarmentClass


@dataclass(frozen=True)
class GarmentCard:
    """A garment with its photo and product, as a search result shows it.

    `price` is the price in force, `regular_price` the one without a sale.
    `photo` is the photo's name in the feed; `box` is x0, y0, x1, y1 relative to it, 0 to 1.
    `garments_on_photo` counts this garment too; `group_id` is shared by an article's variants.
    """

    garment_id: int
    garment_class: GarmentClass
    box: tuple[float, float, float, float]
    colours: tuple[Colour, ...]
    photo_id: int
    photo: str
    product_id: str
    title: str
    brand: str | None
    category: str | None
    product_colour: str | None
    price: Decimal | None
    regular_price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    group_id: str | None
    garments_on_photo: int


@dataclass(frozen=True)
class AttributeCard:
    """A garment that a text query found.

    Attributes:
        attributes: predicted values by attribute.
        certainties: probability of each of them.
        shares: share of each main colour on the garment, by name.
        named: terms of the query that the product's own text names.
        rank: rank of the product's text for the typed words; 0 where it has none of them.
    """

    garment_id: int
    product_id: str
    attributes: Mapping[str, str]
    certainties: Mapping[str, float]
    shares: Mapping[str, float]
    named: tuple[Term, ...] = ()
    rank: float = 0.0


@dataclass(frozen=True)
class PhotoDetail:
    """A product's photo with its status (pending, indexed, skipped) and its size in pixels.

    `has_copy`: there is a stored copy to show.
    """

    id: int
    source: str
    position: int
    width: int | None
    height: int | None
    status: str
    skip_stage: str | None
    skip_code: str | None
    skip_reason: str | None
    has_copy: bool
    garment_ids: tuple[int, ...]


@dataclass(frozen=True)
class ProductDetail:
    """One product with its photos in order."""

    row: ProductRow
    photos: tuple[PhotoDetail, ...]


@dataclass(frozen=True)
class ProductSummary:
    """An entry of a product list; `photo_id` is its first photo with a stored copy.

    `price` is the price in force, `regular_price` the one without a sale.
    """

    id: str
    title: str
    brand: str | None
    category: str | None
    colour: str | None
    price: Decimal | None
    regular_price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    group_id: str | None
    photo_id: int | None


@dataclass(frozen=True)
class ProductListing:
    """A page of products; `page` counts from 1, `total` is the number of all products."""

    products: tuple[ProductSummary, ...]
    page: int
    page_size: int
    total: int

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.page_size))


@dataclass(frozen=True)
class SkipCount:
    """Number of photos skipped at a stage with a reason's code."""

    stage: str
    code: str
    count: int


@dataclass(frozen=True)
class CatalogCounts:
    """Numbers of rows; `garments` by class."""

    products: int
    photos_pending: int
    photos_indexed: int
    photos_skipped: int
    garments: dict[GarmentClass, int]
    skips: tuple[SkipCount, ...]
