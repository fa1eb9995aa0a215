"""Products of the catalogue, their changes and the values of their filters."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from catalog.feeds.availability import Availability
from catalog.feeds.rows import DESCRIPTION_LIMIT, LIMITS
from search_app.documents.fields import CHANGED_PRICE, PRICE, REGULAR_PRICE, Text
from search_app.documents.search import Link


class FacetDocument(BaseModel):
    """A value and how many products have it."""

    model_config = ConfigDict(from_attributes=True)

    value: str
    count: int


class FacetsDocument(BaseModel):
    """The values of each filter with their counts, the commonest first."""

    brand: list[FacetDocument]
    category: list[FacetDocument]
    colour: list[FacetDocument]
    availability: list[FacetDocument]
    garment_class: list[FacetDocument]
    attributes: dict[str, list[FacetDocument]] = Field(description="the requested ones")
    price_min: float | None
    price_max: float | None


class ProductPhotoDocument(BaseModel):
    """A photo of a product and its state."""

    photo_id: int
    photo: str
    photo_url: str | None
    status: str = Field(description="pending, indexed or skipped")
    skip_reason: str | None
    garment_ids: list[int] = Field(
        description="garments found on it, the largest first: for garment_id of /api/v1/similar"
    )


class ProductDocument(BaseModel):
    """A product of the catalogue."""

    id: str
    title: str
    description: str | None = Field(description="plain text from the feed")
    brand: str | None
    category: str | None
    colour: str | None
    price: float | None = Field(description=PRICE)
    regular_price: float | None = Field(description=REGULAR_PRICE)
    sale_price: float | None
    sale_start: datetime | None = Field(description="null: the sale has begun")
    sale_end: datetime | None = Field(description="null: the sale has no end")
    currency: str | None
    url: Link
    availability: str | None
    group_id: str | None = Field(
        description="shared by variants of an article (item_group_id); only one of them is a result"
    )
    attributes: dict[str, str] = Field(description="other fields of the feed: size, material, ...")
    photos: list[ProductPhotoDocument] = Field(description="in order, the main one first")


class ProductPage(BaseModel):
    """One page of the catalogue; `total` counts all pages."""

    products: list[ProductDocument]
    page: int
    pages: int
    total: int
    next_cursor: str | None = Field(description="the `cursor` of the next page")


class ProductFields(BaseModel):
    """Fields of a product that may be left out."""

    model_config = ConfigDict(use_enum_values=True)

    description: Text | None = Field(default=None, max_length=DESCRIPTION_LIMIT)
    brand: Text | None = Field(default=None, max_length=200)
    category: Text | None = Field(default=None, max_length=200)
    colour: Text | None = Field(default=None, max_length=100)
    price: Decimal | None = Field(default=None, ge=0, lt=10**10, description=CHANGED_PRICE)
    regular_price: Decimal | None = Field(default=None, ge=0, lt=10**10)
    sale_start: datetime | None = None
    sale_end: datetime | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    url: Text | None = Field(default=None, max_length=2000, pattern="^https?://")
    availability: Availability | None = None
    group_id: Text | None = Field(default=None, min_length=1, max_length=LIMITS["group"])


class ProductChanges(ProductFields):
    """Changes of a product; a field that is left out stays, an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")

    title: Text | None = Field(default=None, min_length=1, max_length=500)
    sale_price: Decimal | None = Field(default=None, ge=0, lt=10**10)
    attributes: (
        dict[
            Annotated[Text, Field(min_length=1, max_length=100)],
            Annotated[Text, Field(max_length=2000)],
        ]
        | None
    ) = Field(default=None, max_length=200)
