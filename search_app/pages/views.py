"""View models of the templates: values ready to display."""

from dataclasses import dataclass

from search_app.search.query_photo import Region

Pairs = tuple[tuple[str, str], ...]
"""Hidden fields of a form, which preserve other parts of the state."""


@dataclass(frozen=True)
class Area:
    """A box on a photo, in per cent of it."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class ResultView:
    """A product in a grid.

    `key` is for the card's element ids; `closeness` is "" for products without a similarity.
    `was` is the price before a sale, `stock` the availability unless it is in stock, `area` the
    matched garment on a photo of several. `like_href` searches with the result, `more_href` and
    `less_href` steer this search by it; it is `liked` if it steers already.
    """

    href: str
    key: str
    photo_url: str
    title: str
    brand: str
    price: str
    was: str = ""
    stock: str = ""
    sold_out: bool = False
    colour_count: str = ""
    area: Area | None = None
    closeness: str = ""
    score: float = 0.0
    style: float = 0.0
    colour: float = 0.0
    like_href: str = ""
    more_href: str = ""
    less_href: str = ""
    liked: bool = False
    exclude_href: str = ""


@dataclass(frozen=True)
class GarmentView:
    """A garment on the query photo, as outline and button; `value` is its position.

    `crop` is its part of the photo: the view box of an SVG.
    """

    value: str
    href: str
    name: str
    class_label: str
    colour_name: str
    colour_hex: str
    outline: str
    crop: str
    dot_x: float
    dot_y: float
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """One value of a menu; `count` is None if products were not counted.

    `unwanted_href` excludes the value, or includes it again if it is `unwanted`.
    """

    value: str
    name: str
    chosen: bool
    count: int | None = None
    hex: str = ""
    unwanted: bool = False
    unwanted_href: str = ""


@dataclass(frozen=True)
class PhotoPick:
    """The query photo with everything that can be picked on it.

    `kept` are the form fields preserved when something else is picked, `correct` those
    preserved when the class is corrected. `doubts` are the other classes of an unsure garment.
    `region` was drawn, or is a suggestion. `further` are tokens of other photos of what is wanted,
    each with the address without it.
    """

    path: str
    photo_url: str
    width: int
    height: int
    dot_radius: float
    garments: tuple[GarmentView, ...]
    chosen: GarmentView
    whole_photo: bool
    region: Region
    has_region: bool
    kept: Pairs
    correct: Pairs
    classes: tuple[Choice, ...]
    doubts: tuple[Choice, ...]
    further: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Menu:
    """A filter by one of the existing values; `chosen` is the value in force or ""."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    chosen: str


@dataclass(frozen=True)
class ActiveFilter:
    """An active filter and the address without it."""

    name: str
    href: str


@dataclass(frozen=True)
class FilterForm:
    """The filter form beside results; all its fields become part of the address.

    Without prices there are no `sorts` and no bounds. `each_word` are the concepts of several that
    the words name, each with the address without it.
    """

    action: str
    kept: Pairs
    classes: tuple[Choice, ...]
    among: str
    colour_weight: str | None
    words: str | None
    unknown_words: str
    text: str | None
    in_colours: tuple[Choice, ...]
    menus: tuple[Menu, ...]
    price_min: str
    price_max: str
    sorts: tuple[Choice, ...]
    active: tuple[ActiveFilter, ...]
    each_word: tuple[ActiveFilter, ...]
    reset_href: str
