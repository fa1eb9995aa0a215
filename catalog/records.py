"""What the catalogue's queries answer with: frozen, typed, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.feeds import ProductRow
from segmentation.classes import GarmentClass


@dataclass(frozen=True)
class ColourShare:
    """One of a garment's main colours; `share` of its pixels, 0 to 1."""

    name: str
    hex: str
    share: float


@dataclass(frozen=True)
class GarmentCard:
    """A garment with its photo and product: all that a result shows.

    `photo` is the photo's name as the feed gave it; `box` is x0, y0, x1, y1 as shares of it.
    `whole_photo`: no garment was found there, the whole photo stands in.
    """

    garment_id: int
    garment_class: GarmentClass
    box: tuple[float, float, float, float]
    colours: tuple[ColourShare, ...]
    photo_id: int
    photo: str
    product_id: str
    title: str
    brand: str | None
    category: str | None
    product_colour: str | None
    price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    whole_photo: bool


@dataclass(frozen=True)
class AttributeCard:
    """A garment with what was predicted of it: attributes by name, their certainties by name,
    and the share of each of its main colours by name."""

    garment_id: int
    product_id: str
    attributes: Mapping[str, str]
    certainties: Mapping[str, float]
    shares: Mapping[str, float]


@dataclass(frozen=True)
class PhotoDetail:
    """A product's photo and how far it came: status is pending, indexed or skipped.

    `whole_photo`: its garment is the whole photo, because none was found.
    """

    id: int
    source: str
    position: int
    status: str
    skip_stage: str | None
    skip_code: str | None
    skip_reason: str | None
    garment_ids: tuple[int, ...]
    whole_photo: bool


@dataclass(frozen=True)
class ProductDetail:
    """One product with its photos in order."""

    row: ProductRow
    photos: tuple[PhotoDetail, ...]


@dataclass(frozen=True)
class ProductSummary:
    """A line of a product list; `photo_id` is its first photo with a stored copy."""

    id: str
    title: str
    brand: str | None
    category: str | None
    colour: str | None
    price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    photo_id: int | None


@dataclass(frozen=True)
class ProductPage:
    """A page of products; `page` counts from 1, `total` is of all pages."""

    products: tuple[ProductSummary, ...]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class SkipCount:
    """How many photos were skipped at a stage for a reason's code."""

    stage: str
    code: str
    count: int


@dataclass(frozen=True)
class CatalogCounts:
    """Rows of each kind; `garments` by class."""

    products: int
    photos_pending: int
    photos_indexed: int
    photos_skipped: int
    garments: dict[GarmentClass, int]
    skips: tuple[SkipCount, ...]
