"""The JSON documents of the API and of `--json`, as typed models; no behaviour."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from catalog.feeds_fields import DESCRIPTION_LIMIT, LIMITS

ClassLabel = Literal["upper", "whole", "lower"]


def http_link(url: str | None) -> str | None:
    """The address if it is http or https, else None: a feed may hold javascript: links."""
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


class ColourDocument(BaseModel):
    """A main colour of a garment; `share` of its pixels."""

    name: str
    hex: str = Field(examples=["#b01c2e"])
    share: float


class ResultDocument(BaseModel):
    """A product near to a garment; `score` weighs `style`, which `details` may raise, and
    `colour`; 1 is identical."""

    product_id: str
    title: str
    photo: str = Field(description="the photo's name in the feed or folder it came from")
    photo_url: str = Field(description="where this server serves the photo, reduced")
    garment_id: int
    garment_class: str = Field(
        description="the result's class: another than the garment's where its details agree well"
    )
    score: float
    style: float
    colour: float
    details: float | None = Field(
        description="of the nearest, how well the garment is found again piece by piece"
    )
    same_kind: float = Field(description="calibrated chance, by style, that it is the same kind")
    same_colour: float = Field(description="calibrated chance that the main colour is the same")
    brand: str | None
    category: str | None
    price: float | None
    currency: str | None
    url: Link
    availability: str | None


class FoundGarmentDocument(BaseModel):
    """A garment found on a photo; `box` is x0, y0, x1, y1 in the photo's pixels."""

    garment_class: str
    score: float = Field(description="probability of the class, calibrated: 0.8 is right in 80 %")
    second_class: str | None = Field(
        description="what it may well be instead: results of this class are among its results"
    )
    second_score: float = Field(description="probability of the second class, 0 if there is none")
    box: tuple[int, int, int, int]
    area: float = Field(description="share of the photo, 0 to 1")
    colours: list[ColourDocument]
    whole_photo: bool = Field(description="no garment was found, this is the whole photo")


class GarmentDocument(FoundGarmentDocument):
    """A garment found on a photo and the products nearest to it."""

    nothing_close: bool = Field(description="the catalogue has nothing that comes close")
    results: list[ResultDocument]


class PhotoDocument(BaseModel):
    """Size of the upright photo, in which boxes are told."""

    width: int
    height: int


class ModelDocument(BaseModel):
    """What made the vectors: name and fingerprint of both networks."""

    segmenter: str
    encoder: str
    dimension: int


class UnderstoodDocument(BaseModel):
    """What plain words were taken to ask for; `unknown_words` were not used."""

    text: str
    garment_class: str | None
    kind: list[str] = []
    colours: list[str]
    tone: Literal["dark", "light"] | None
    pattern: list[str] = []
    sleeve: list[str] = []
    length: list[str] = []
    unknown_words: list[str]


class SearchDocument(BaseModel):
    """The garments of a photo, each with its nearest products."""

    garments: list[GarmentDocument]
    photo: PhotoDocument
    note: str | None = Field(description="what a person should know, e.g. no garment found")
    words: UnderstoodDocument | None = None
    model: ModelDocument
    timings_ms: dict[str, float]


class WordsDocument(BaseModel):
    """The products that plain words ask for, found without a photo.

    A result's `style` is how sure its predicted attributes are, `colour` the share of the named
    colour on it, `score` their product.
    """

    words: UnderstoodDocument | None
    results: list[ResultDocument]
    timings_ms: dict[str, float]


class SegmentDocument(BaseModel):
    """The garments of a photo and its class mask (PNG, base64, values 0 to 3)."""

    garments: list[FoundGarmentDocument]
    photo: PhotoDocument
    mask_png: str
    model: ModelDocument


class VectorRequest(BaseModel):
    """A vector to search with: a style half, then a colour half; lengths do not matter."""

    model_config = ConfigDict(extra="forbid")

    vector: list[float] = Field(min_length=1, max_length=8192)
    garment_class: ClassLabel
    k: int = Field(default=12, ge=1, le=200)
    colour_weight: float = Field(default=0.5, ge=0, le=1)
    filters: list[Text] = Field(default=[], max_length=100, description="FIELD=VALUE")
    in_colour: Text | None = Field(default=None, min_length=1, max_length=40)


class ResultsDocument(BaseModel):
    """Products near to a vector, among the garments of one class."""

    garment_class: str
    results: list[ResultDocument]


class FacetDocument(BaseModel):
    """A value and how many products have it."""

    value: str
    count: int


class FacetsDocument(BaseModel):
    """What can be filtered by, the commonest values first."""

    brand: list[FacetDocument]
    category: list[FacetDocument]
    colour: list[FacetDocument]
    availability: list[FacetDocument]
    garment_class: list[FacetDocument]
    attributes: dict[str, list[FacetDocument]] = Field(description="those asked for")
    price_min: float | None
    price_max: float | None


class ProductPhotoDocument(BaseModel):
    """A photo of a product and how far it came."""

    photo_id: int
    photo: str
    photo_url: str | None
    status: str = Field(description="pending, indexed or skipped")
    skip_reason: str | None
    garment_ids: list[int] = Field(
        description="garments found on it, the largest first: for garment_id of /api/v1/similar"
    )
    whole_photo: bool = Field(
        description="no garment was found; the whole photo stands in for the one that the "
        "product is named as"
    )


class ProductDocument(BaseModel):
    """A product of the catalogue."""

    id: str
    title: str
    description: str | None = Field(description="plain text, as the feed gave it")
    brand: str | None
    category: str | None
    colour: str | None
    price: float | None
    currency: str | None
    url: Link
    availability: str | None
    group_id: str | None = Field(
        description="what variants of one article share (item_group_id): one of them is a result"
    )
    attributes: dict[str, str] = Field(description="what else the feed said: size, material, ...")
    photos: list[ProductPhotoDocument] = Field(description="in order, the main one first")


class ProductPage(BaseModel):
    """One page of the catalogue; `total` counts all pages."""

    products: list[ProductDocument]
    page: int
    pages: int
    total: int
    next_cursor: str | None = Field(description="sent as `cursor` it gives what follows")


class ProductChanges(BaseModel):
    """Fields of a product to change; a field that is left out stays, an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")

    title: Text | None = Field(default=None, min_length=1, max_length=500)
    description: Text | None = Field(default=None, max_length=DESCRIPTION_LIMIT)
    brand: Text | None = Field(default=None, max_length=200)
    category: Text | None = Field(default=None, max_length=200)
    colour: Text | None = Field(default=None, max_length=100)
    price: Decimal | None = Field(default=None, ge=0, lt=10**10)
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
    """What a ready server has; `searchable` garments by class."""

    status: Literal["ready"]
    model: str
    products: int
    searchable: dict[str, int]
    waiting: int = Field(description="photos before or in the models now")
    importing: bool


class ErrorBody(BaseModel):
    """`code` is stable for machines, `message` one line for people."""

    code: str
    message: str


class ErrorDocument(BaseModel):
    """The one shape of every error."""

    error: ErrorBody


class CompatibleRequest(BaseModel):
    """Body of `POST /api`: the photo's bytes in base64, a data: URL is fine too."""

    img_string: str


class CompatibleAnswer(BaseModel):
    """Answer of `POST /api`: base64 PNG, 512 x 512, grey value = class x 85."""

    mask_string: str
