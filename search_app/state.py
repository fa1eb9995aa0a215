"""The address of a results page in, its choices out, and back: all state is in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Path

from catalog.queries import Filters
from search_app.errors import BadRequest
from search_app.search import SearchOptions
from segmentation.classes import GarmentClass

PAGE_SIZE: Final = 24
MAX_RESULTS: Final = 240
WHOLE_PHOTO: Final = "photo"
DEFAULT_COLOUR_WEIGHT: Final = 0.5
_TEXT_LIMIT: Final = 200

RowId = Annotated[int, Path(ge=1, lt=2**63)]
"""A row's id in an address: beyond this SQLite would raise."""


@dataclass(frozen=True)
class PageState:
    """What a visitor has chosen.

    Attributes:
        garment: place of the garment on the photo, or the whole photo.
        among: the class to search in; None = the garment's own.
        k: results shown.
        page: page of the catalogue, from 1.
    """

    garment: int | Literal["photo"] = 0
    among: GarmentClass | None = None
    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    k: int = PAGE_SIZE
    colour_weight: float = DEFAULT_COLOUR_WEIGHT
    page: int = 1

    @property
    def filters(self) -> Filters:
        """Which products may be shown."""
        return Filters(
            brand=self.brand,
            category=self.category,
            colour=self.colour,
            price_min=self.price_min,
            price_max=self.price_max,
        )

    @property
    def options(self) -> SearchOptions:
        """How to search."""
        return SearchOptions(None, self.k, self.colour_weight, self.filters)

    def query_string(self) -> str:
        """The state as it stands behind the `?`; what is at its default is left out."""
        pairs = {
            "garment": self.garment if self.garment != 0 else None,
            "class": self.among.label if self.among else None,
            "brand": self.brand,
            "category": self.category,
            "colour": self.colour,
            "price_min": self.price_min,
            "price_max": self.price_max,
            "k": self.k if self.k != PAGE_SIZE else None,
            "colour_weight": (
                f"{self.colour_weight:g}" if self.colour_weight != DEFAULT_COLOUR_WEIGHT else None
            ),
            "page": self.page if self.page != 1 else None,
        }
        return urlencode({name: value for name, value in pairs.items() if value is not None})

    def href(self, path: str) -> str:
        """A link to `path` in this state."""
        query = self.query_string()
        return f"{path}?{query}" if query else path

    def on_page(self, page: int) -> str:
        """A link to another page of the catalogue in this state."""
        return replace(self, page=page).href("/catalogue")


def parse_state(params: Mapping[str, str]) -> PageState:
    """The state in a query string; an empty field counts as absent.

    Raises:
        BadRequest: a value that is no number or no class where one is due.
    """
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    return PageState(
        garment=_garment(given.get("garment", "0")),
        among=parse_class(given.get("class")),
        brand=_text(given.get("brand")),
        category=_text(given.get("category")),
        colour=_text(given.get("colour")),
        price_min=_price(given.get("price_min")),
        price_max=_price(given.get("price_max")),
        k=_count(given.get("k"), PAGE_SIZE, MAX_RESULTS, "k"),
        colour_weight=parse_weight(given.get("colour_weight")),
        page=_count(given.get("page"), 1, 10**6, "page"),
    )


def parse_class(text: str | None) -> GarmentClass | None:
    """upper, whole or lower; None and "" are no choice. Raises BadRequest."""
    if not text:
        return None
    try:
        garment_class = GarmentClass.from_label(text)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if garment_class is GarmentClass.BACKGROUND:
        raise BadRequest("background is no garment class: use one of upper, whole, lower")
    return garment_class


def parse_weight(text: str | None) -> float:
    """A colour weight from 0 to 1. Raises BadRequest."""
    try:
        weight = float(text or DEFAULT_COLOUR_WEIGHT)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise BadRequest("colour_weight must be a number from 0 (style) to 1 (colour)")
    return weight


def _garment(text: str) -> int | Literal["photo"]:
    if text == WHOLE_PHOTO:
        return "photo"
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise BadRequest("garment must be the number of a garment on the photo, or photo")
    return int(text)


def _text(text: str | None) -> str | None:
    return text[:_TEXT_LIMIT] if text else None


def _price(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        price = Decimal(text.replace(",", "."))
    except InvalidOperation:
        price = Decimal(-1)
    if not (price.is_finite() and 0 <= price < 10**10):
        raise BadRequest("a price must be a number such as 49.90")
    return price


def _count(text: str | None, default: int, most: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise BadRequest(f"{name} must be a whole number from 1 to {most}")
    return min(int(text[:9]), most)
