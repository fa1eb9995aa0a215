"""Searches: what is sent, and the garments and results that come back."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.documents.fields import (
    PRICE,
    REGULAR_PRICE,
    ClassLabel,
    FilterTexts,
    Rounded,
    Text,
    without_empty,
)


def http_link(url: str | None) -> str | None:
    """The address if it is http or https, else None: feeds may contain javascript: links."""
    return url if url and url.lower().startswith(("http://", "https://")) else None


Link = Annotated[str | None, BeforeValidator(http_link)]
"""An address that a client may make a link of."""
GarmentIds = Annotated[
    list[Annotated[int, Field(ge=1, lt=2**63)]], BeforeValidator(without_empty), Field(max_length=8)
]


class SearchFields(BaseModel):
    """Parameters of every search for similar products."""

    k: int = Field(default=12, ge=1, le=200)
    colour_weight: float = Field(
        default=DEFAULT_COLOUR_WEIGHT, ge=0, le=1, description="0 style, 1 colour"
    )
    filters: FilterTexts = []
    in_colour: Text | None = Field(
        default=None, max_length=40, description="the same in another colour: a name or #rrggbb"
    )
    more_like: GarmentIds = Field(
        default=[], description="garment_id of results to be nearer to; may be repeated"
    )
    less_like: GarmentIds = Field(
        default=[],
        description="garment_id of results to be farther from, themselves last; may be repeated",
    )


class ColourDocument(BaseModel):
    """A main colour of a garment; `share` of its pixels."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    hex: str = Field(examples=["#b01c2e"])
    share: Rounded


class ResultDocument(BaseModel):
    """A product similar to a garment; `score` weighs style and colour, 1 is identical."""

    product_id: str
    title: str
    photo: str = Field(description="the photo's name in its feed or folder")
    photo_url: str = Field(description="address of the thumbnail on this server")
    garment_id: int
    garment_class: str
    score: Rounded
    style: Rounded
    colour: Rounded
    same_kind: Rounded = Field(description="calibrated probability that the kind is the same")
    same_colour: Rounded = Field(
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
    score: Rounded = Field(description="probability of the class, calibrated: 0.8 is right in 80 %")
    box: tuple[int, int, int, int]
    area: Rounded = Field(description="share of the photo, 0 to 1")
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

    model_config = ConfigDict(from_attributes=True)

    segmenter: str
    encoder: str
    dimension: int


class UnderstoodDocument(BaseModel):
    """The understood parts of a text query.

    Kinds, colours and the rest are named in English whatever the query's language. `text_words`
    must occur in the product's text, `excluded` are negated, `unknown_words` were not used.
    `missing_goods` are things such as sneakers that the catalogue has none of; of `unsure_kinds`
    nothing is known to be one, and the results may be.
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
    unsure_kinds: list[str] = []


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


class VectorRequest(SearchFields):
    """A vector to search with: a style half, then a colour half, of any length."""

    model_config = ConfigDict(extra="forbid")

    vector: list[float] = Field(min_length=1, max_length=8192)
    garment_class: ClassLabel


class ResultsDocument(BaseModel):
    """Products near to a vector, among the garments of one class."""

    garment_class: str
    search_id: str | None = Field(default=None, description=SEARCH_ID)
    results: list[ResultDocument]


class EventRequest(BaseModel):
    """An action of a customer on a product after a search."""

    model_config = ConfigDict(extra="forbid")

    search_id: Text = Field(min_length=1, max_length=22, description="of the search's answer")
    event: Literal["click", "cart", "purchase"]
    product_id: Text = Field(min_length=1, max_length=200)
    position: int | None = Field(
        default=None, ge=1, le=10_000, description="rank among the results, from 1"
    )
