"""What templates show: plain words, numbers and links, nothing to compute."""

from dataclasses import dataclass


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
    like_href: str = ""


@dataclass(frozen=True)
class GarmentView:
    """A garment on the query photo, as outline and as chip."""

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
    whole_photo: bool


@dataclass(frozen=True)
class Choice:
    """One value of a menu."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Menu:
    """A filter by one of the values that exist."""

    name: str
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class SteerView:
    """The form beside results: everything in it ends up in the address."""

    action: str
    garment: int | str | None
    classes: tuple[Choice, ...]
    colour_weight: str | None
    menus: tuple[Menu, ...]
    price_min: str
    price_max: str
    reset_href: str
    filters_open: bool


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
    shop_url: str
    facts: tuple[tuple[str, str], ...]
    photos: tuple[PhotoView, ...]
    garments: tuple[BoxView, ...]
