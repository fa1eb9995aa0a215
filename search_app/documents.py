"""The JSON documents of the API and of `--json`, as typed models; no behaviour."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from catalog.feeds.rows import DESCRIPTION_LIMIT, LIMITS
from catalog.filtering.fields import MAX_FILTERS
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT

ClassLabel = Literal["upper", "whole", "lower"]


PRICE: Final = "the price in force: the sale price during a sale"
CHANGED_PRICE: Final = "in force from now on; below regular_price it is a sale price"
REGULAR_PRICE: Final = "the price without a sale"


def http_link(url: str | None) -> str | None:
    """The address if it is http or https, else None: feeds may contain javascript: links."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


Link = Annotated[str | None, BeforeValidator(http_link)]
"""An address that a client may make a link of."""


def _plain_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a zero byte")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half a character (a lone surrogate)") from error
    return text


Text = Annotated[str, AfterValidator(_plain_text)]
"""What a client may send to be kept or searched for: JSON can carry what no database takes."""


def without_empty(values: object) -> object:
    """A list without empty texts, which forms send for a list without entries."""
    if isinstance(values, list):
        return [each for each in values if each != ""]
    return values


FilterTexts = Annotated[
    list[Annotated[Text, Field(max_length=2200)]],
    BeforeValidator(without_empty),
    Field(max_length=MAX_FILTERS, description="FIELD=VALUE, or FIELD!=VALUE to exclude; repeated"),
]
"""Filters as they are sent."""


class ColourDocument(BaseModel):
    """A main colour of a garment; `share` of its pixels."""

    name: str
    hex: str = Field(examples=["#b01c2e"])
    share: float


class ResultDocument(BaseModel):
    """A product similar to a garment; `score` weighs style and colour, 1 is identical."""

    product_id: str
    title: str
    photo: str = Field(description="the photo's name in its feed or folder")
    photo_url: str = Field(description="address of the thumbnail on this server")
    garment_id: int
    garment_class: str
    score: float
    style: float
    colour: float
    same_kind: float = Field(description="calibrated probability that the kind is the same")
    same_colour: float = Field(
        description="calibrated probability that the main colour is the same"
    )
    brand: str | None
    category: str | None
    price: float | None = Field(description=PRICE)
    regular_price: float | None = Field(description=REGULAR_PRICE)
    currency: str | None
    url: Link
    availability: str | None
    more_colours: int = Field(description="other colours of this article in the catalogue")


class FoundGarmentDocument(BaseModel):
    """A garment found on a photo; `box` is x0, y0, x1, y1 in the photo's pixels."""

    garment_class: str
    score: float = Field(description="probability of the class, calibrated: 0.8 is right in 80 %")
    box: tuple[int, int, int, int]
    area: float = Field(description="share of the photo, 0 to 1")
    colours: list[ColourDocument]
    kind: str | None = Field(default=None, description="predicted, such as Dress; null if unsure")
    pattern: str | None = Field(default=None, description="predicted, such as striped")
    whole_photo: bool = Field(description="no garment was detected; this is the whole photo")


SEARCH_ID: Final = (
    "for POST /api/v1/events: says which search a click or a purchase came from; null where "
    "analytics are off"
)


class GarmentDocument(FoundGarmentDocument):
    """A garment found on a photo and the products nearest to it."""

    search_id: str | None = Field(default=None, description=SEARCH_ID)
    nothing_close: bool = Field(description="no result is close")
    results: list[ResultDocument]


class PhotoDocument(BaseModel):
    """Size of the upright photo, whose pixels boxes refer to."""

    width: int
    height: int


class ModelDocument(BaseModel):
    """The networks that computed the vectors: names and fingerprint."""

    segmenter: str
    encoder: str
    dimension: int


class UnderstoodDocument(BaseModel):
    """How a text query was understood.

    Kinds, colours and the rest are named in English whatever the query's language. `text_words`
    must occur in the product's text, `excluded` are negated, `unknown_words` were not used.
    `missing_goods` are things such as sneakers that the catalogue has none of.
    """

    text: str
    garment_class: str | None
    kind: list[str] = []
    colours: list[str]
    tone: str | None
    pattern: list[str] = []
    sleeve: list[str] = []
    length: list[str] = []
    text_words: list[str] = []
    excluded: list[str] = []
    unknown_words: list[str]
    missing_goods: list[str] = []


class SearchDocument(BaseModel):
    """The garments of a photo, each with its nearest products."""

    garments: list[GarmentDocument]
    photo: PhotoDocument
    note: str | None = Field(
        description="a remark for the user, such as that no garment was detected"
    )
    words: UnderstoodDocument | None = None
    model: ModelDocument
    timings_ms: dict[str, float]


class WordsDocument(BaseModel):
    """The products that a text query finds without a photo.

    A result's `style` is how sure its predicted attributes are, `colour` the share of the named
    colours on it. Its `score` is their product, halved at most where other products' texts have
    more of the typed words.
    """

    words: UnderstoodDocument | None
    search_id: str | None = Field(default=None, description=SEARCH_ID)
    results: list[ResultDocument]
    timings_ms: dict[str, float]


class SegmentDocument(BaseModel):
    """The garments of a photo and its class mask (PNG, base64, values 0 to 3)."""

    garments: list[FoundGarmentDocument]
    photo: PhotoDocument
    mask_png: str
    model: ModelDocument


class VectorRequest(BaseModel):
    """A vector to search with: a style half, then a colour half, of any length."""

    model_config = ConfigDict(extra="forbid")

    vector: list[float] = Field(min_length=1, max_length=8192)
    garment_class: ClassLabel
    k: int = Field(default=12, ge=1, le=200)
    colour_weight: float = Field(default=DEFAULT_COLOUR_WEIGHT, ge=0, le=1)
    filters: FilterTexts = []
    in_colour: Text | None = Field(default=None, min_length=1, max_length=40)


class ResultsDocument(BaseModel):
    """Products near to a vector, among the garments of one class."""

    garment_class: str
    search_id: str | None = Field(default=None, description=SEARCH_ID)
    results: list[ResultDocument]


class EventRequest(BaseModel):
    """What a customer did with a product after a search."""

    model_config = ConfigDict(extra="forbid")

    search_id: Text = Field(min_length=1, max_length=22, description="of the search's answer")
    event: Literal["click", "cart", "purchase"]
    product_id: Text = Field(min_length=1, max_length=200)
    position: int | None = Field(
        default=None, ge=1, le=10_000, description="place among the results, from 1"
    )


class FacetDocument(BaseModel):
    """A value and how many products have it."""

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


class ProductChanges(BaseModel):
    """Changes of a product; a field that is left out stays, an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")

    title: Text | None = Field(default=None, min_length=1, max_length=500)
    description: Text | None = Field(default=None, max_length=DESCRIPTION_LIMIT)
    brand: Text | None = Field(default=None, max_length=200)
    category: Text | None = Field(default=None, max_length=200)
    colour: Text | None = Field(default=None, max_length=100)
    price: Decimal | None = Field(default=None, ge=0, lt=10**10, description=CHANGED_PRICE)
    regular_price: Decimal | None = Field(default=None, ge=0, lt=10**10)
    sale_price: Decimal | None = Field(default=None, ge=0, lt=10**10)
    sale_start: datetime | None = None
    sale_end: datetime | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    url: Text | None = Field(default=None, max_length=2000, pattern="^https?://")
    availability: Text | None = Field(default=None, max_length=50)
    group_id: Text | None = Field(default=None, min_length=1, max_length=LIMITS["group"])
    attributes: (
        dict[
            Annotated[Text, Field(min_length=1, max_length=100)],
            Annotated[Text, Field(max_length=2000)],
        ]
        | None
    ) = Field(default=None, max_length=200)


class ReadyDocument(BaseModel):
    """State of a ready server; `searchable` counts garments by class."""

    status: Literal["ready"]
    model: str
    products: int
    searchable: dict[str, int]
    waiting: int = Field(description="requests waiting for the models or running")
    importing: bool
    writable: bool = Field(description="false if the disk is full or read-only")


class ErrorBody(BaseModel):
    """An error: `code` is stable for programs, `message` is one line for people."""

    code: str
    message: str


class ErrorDocument(BaseModel):
    """The body of every error."""

    error: ErrorBody


class CompatibleRequest(BaseModel):
    """Body of `POST /api`: the photo in base64, or as a data: URL."""

    img_string: str


class CompatibleAnswer(BaseModel):
    """Answer of `POST /api`: base64 PNG, 512 x 512, grey value = class x 85."""

    mask_string: str
