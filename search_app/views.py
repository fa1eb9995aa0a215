"""What templates show: plain words, numbers and links, nothing to compute."""

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
"""Hidden fields of a form: what of the state it keeps."""


@dataclass(frozen=True)
class Dot:
    """A colour to paint, as #rrggbb."""

    hex: str


@dataclass(frozen=True)
class ResultView:
    """A product in a grid; `closeness` is "" where nothing was compared."""

    href: str
    photo_url: str
    title: str
    brand: str
    price: str
    closeness: str = ""
    score: float = 0.0
    style: float = 0.0
    colour: float = 0.0
    details: float | None = None
    colours: tuple[Dot, ...] = ()
    like_href: str = ""
    exclude_href: str = ""


@dataclass(frozen=True)
class GarmentView:
    """A garment on the query photo, as outline and as button; `value` is its place."""

    value: str
    href: str
    name: str
    class_label: str
    colour_name: str
    colour_hex: str
    colours: tuple[Dot, ...]
    outline: str
    dot_x: float
    dot_y: float
    chosen: bool


@dataclass(frozen=True)
class RegionView:
    """The box of the region that is drawn, or would be: edges in per cent of the photo."""

    left: int
    top: int
    right: int
    bottom: int
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """One value of a menu; `count` is None where products were not counted.

    `unwanted_href` leaves the value out, or takes it back in where it is `unwanted`.
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
    """The query photo with all that can be picked on it.

    `kept` are the fields that stay when something else is picked, `correct` those that stay
    when the class is corrected.
    """

    path: str
    photo_url: str
    width: int
    height: int
    dot_radius: float
    garments: tuple[GarmentView, ...]
    chosen: GarmentView
    whole_photo: bool
    region: RegionView
    kept: Pairs
    correct: Pairs
    classes: tuple[Choice, ...]


@dataclass(frozen=True)
class Menu:
    """A filter by one of the values that exist."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    open: bool


@dataclass(frozen=True)
class ActiveFilter:
    """A filter that is on, and the way to drop it."""

    name: str
    href: str


@dataclass(frozen=True)
class SteerView:
    """The form beside results: everything in it ends up in the address."""

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
    active: tuple[ActiveFilter, ...]
    reset_href: str


@dataclass(frozen=True)
class BoxView:
    """A garment of a product: its box as shares of the photo, and where more like it are."""

    name: str
    colour_name: str
    colours: tuple[Dot, ...]
    like_href: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PhotoView:
    """A product's photo with the garments on it."""

    url: str
    garments: tuple[BoxView, ...]


@dataclass(frozen=True)
class ProductView:
    """A product's own page."""

    title: str
    brand: str
    price: str
    description: str
    shop_url: str
    facts: tuple[tuple[str, str], ...]
    photos: tuple[PhotoView, ...]
    garments: tuple[BoxView, ...]


@dataclass(frozen=True)
class LookView:
    """Products of another class that go with a product."""

    title: str
    results: tuple[ResultView, ...]
