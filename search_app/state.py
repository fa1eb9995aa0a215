"""The address of a results page in, its choices out, and back: all state is in the URL."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Path
from starlette.datastructures import ImmutableMultiDict

from catalog.queries import Filters
from search_app.errors import BadRequest
from search_app.search_options import SearchOptions
from segmentation.classes import GarmentClass
from segmentation.mask import Box

PAGE_SIZE: Final = 24
MAX_RESULTS: Final = 240
MAX_EXCLUDED: Final = 50
UNWANTED_FIELDS: Final = ("category", "colour", "brand", "availability")
WHOLE_PHOTO: Final = "photo"
DEFAULT_COLOUR_WEIGHT: Final = 0.5
_TEXT_LIMIT: Final = 200
_MERGED_AT_MOST: Final = 8
_EDGES: Final = ("left", "top", "right", "bottom")

RowId = Annotated[int, Path(ge=1, lt=2**63)]
"""A row's id in an address: beyond this SQLite would raise."""


@dataclass(frozen=True)
class Region:
    """A box that the visitor drew, its edges in per cent of the photo."""

    left: int
    top: int
    right: int
    bottom: int

    def box(self, width: int, height: int) -> Box:
        """The same box in pixels of a photo."""
        across, down = width / 100, height / 100
        return (
            round(self.left * across),
            round(self.top * down),
            round(self.right * across),
            round(self.bottom * down),
        )


Pick = tuple[int, ...] | Region | Literal["photo"] | None
"""What of the photo is searched with: garments by their places (several are taken together),
a drawn region, the whole photo; None = the best garment."""


@dataclass(frozen=True)
class PageState:
    """What a visitor has chosen.

    Attributes:
        among: the class to search in; None = the garment's own.
        words: what a result must be, said in plain words ("striped dress").
        in_colour: the colour to search in instead of the garment's own.
        text: words that must occur in a product of the catalogue page.
        unwanted: fields and values that no product shown may have.
        excluded: ids of products that are not to be shown.
        k: results shown.
        page: page of the catalogue, from 1.
    """

    pick: Pick = None
    among: GarmentClass | None = None
    words: str | None = None
    in_colour: str | None = None
    text: str | None = None
    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    availability: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    unwanted: tuple[tuple[str, str], ...] = ()
    excluded: tuple[str, ...] = ()
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
            availability=self.availability,
            price_min=self.price_min,
            price_max=self.price_max,
            excluded=self.unwanted,
        )

    @property
    def options(self) -> SearchOptions:
        """How to search: for more than is shown by as many as are left out."""
        wanted = self.k + len(self.excluded)
        return SearchOptions(
            None, wanted, self.colour_weight, self.filters, self.in_colour, self.words
        )

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """The state as fields of a form; what is at its default, or in `without`, is left out."""
        weight = f"{self.colour_weight:g}" if self.colour_weight != DEFAULT_COLOUR_WEIGHT else None
        fields = [
            *_pick_pairs(self.pick),
            ("class", self.among.label if self.among else None),
            ("words", self.words),
            ("in_colour", self.in_colour),
            ("text", self.text),
            ("brand", self.brand),
            ("category", self.category),
            ("colour", self.colour),
            ("availability", self.availability),
            ("price_min", _plain(self.price_min)),
            ("price_max", _plain(self.price_max)),
            *(("not", f"{field}={value}") for field, value in self.unwanted),
            *(("exclude", each) for each in self.excluded),
            ("colour_weight", weight),
            ("k", str(self.k) if self.k != PAGE_SIZE else None),
            ("page", str(self.page) if self.page != 1 else None),
        ]
        return [(name, value) for name, value in fields if value and name not in without]

    def href(self, path: str) -> str:
        """A link to `path` in this state."""
        query = urlencode(self.pairs())
        return f"{path}?{query}" if query else path

    def on_page(self, page: int) -> str:
        """A link to another page of the catalogue in this state."""
        return replace(self, page=page).href("/catalogue")

    def without_filters(self) -> "PageState":
        """The same garment, compared in the same way, among all products."""
        return PageState(pick=self.pick, among=self.among, colour_weight=self.colour_weight)

    def class_searched(self, own_class: GarmentClass | None) -> GarmentClass | None:
        """The class that is searched among: the chosen one, that of the words, the garment's."""
        return self.among or self.options.understood.wish.garment_class or own_class


def parse_state(params: ImmutableMultiDict[str, str]) -> PageState:
    """The state in a query string; an empty field counts as absent.

    Raises:
        BadRequest: a value that is no number or no class where one is due.
    """
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    return PageState(
        pick=_pick(params.getlist("garment"), given),
        among=parse_class(given.get("class")),
        words=_text(given.get("words")),
        in_colour=_text(given.get("in_colour")),
        text=_text(given.get("text")),
        brand=_text(given.get("brand")),
        category=_text(given.get("category")),
        colour=_text(given.get("colour")),
        availability=_text(given.get("availability")),
        price_min=_price(given.get("price_min")),
        price_max=_price(given.get("price_max")),
        unwanted=_unwanted(_texts(params.getlist("not"))),
        excluded=_texts(params.getlist("exclude")),
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


def _pick(garments: list[str], given: dict[str, str]) -> Pick:
    """A region if its four edges are there, else the garments that are named."""
    if all(edge in given for edge in _EDGES):
        return _region([given[edge] for edge in _EDGES])
    named = [each.strip() for each in garments if each.strip()]
    if not named:
        return None
    if WHOLE_PHOTO in named:
        return "photo"
    if not all(each.isascii() and each.isdigit() and len(each) < 4 for each in named):
        raise BadRequest("garment must be the number of a garment on the photo, or photo")
    return tuple(sorted({int(each) for each in named[:_MERGED_AT_MOST]}))


def _region(edges: list[str]) -> Region:
    try:
        left, top, right, bottom = (min(max(round(float(edge)), 0), 100) for edge in edges)
    except (ValueError, OverflowError) as error:
        raise BadRequest("the edges of a region must be numbers from 0 to 100") from error
    if left >= right or top >= bottom:
        raise BadRequest("a region's left and top must lie before its right and bottom")
    return Region(left, top, right, bottom)


def _pick_pairs(pick: Pick) -> list[tuple[str, str | None]]:
    match pick:
        case None:
            return []
        case "photo":
            return [("garment", WHOLE_PHOTO)]
        case Region():
            edges = (pick.left, pick.top, pick.right, pick.bottom)
            return [(name, str(edge)) for name, edge in zip(_EDGES, edges, strict=True)]
    return [("garment", str(place)) for place in pick]


def _text(text: str | None) -> str | None:
    return text[:_TEXT_LIMIT] if text else None


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in order."""
    kept = dict.fromkeys(text.strip()[:_TEXT_LIMIT] for text in texts if text.strip())
    return tuple(kept)[:MAX_EXCLUDED]


def _unwanted(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in texts:
        field, _, value = text.partition("=")
        if field not in UNWANTED_FIELDS or not value:
            raise BadRequest(
                f"not must be FIELD=VALUE with a field of {', '.join(UNWANTED_FIELDS)}"
            )
        pairs.append((field, value))
    return tuple(pairs)


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


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def _count(text: str | None, default: int, most: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise BadRequest(f"{name} must be a whole number from 1 to {most}")
    return min(int(text[:9]), most)
