"""Names of classes, kinds, colours and how close a result is."""

from typing import Final

from search_app.language.translations import N_, gettext
from segmentation.classes import GarmentClass

_UPPER, _WHOLE, _LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER

_CLASSES: Final = {_UPPER: N_("Top"), _WHOLE: N_("One-piece"), _LOWER: N_("Bottom")}
_CLASSES_PLURAL: Final = {_UPPER: N_("Tops"), _WHOLE: N_("One-pieces"), _LOWER: N_("Bottoms")}
_LIKE_THIS: Final = {
    _UPPER: N_("Tops like this"),
    _WHOLE: N_("One-pieces like this"),
    _LOWER: N_("Bottoms like this"),
}
_WORN_WITH: Final = {
    _UPPER: N_("Tops worn with it"),
    _WHOLE: N_("One-pieces worn with it"),
    _LOWER: N_("Bottoms worn with it"),
}
_SEARCH_AMONG: Final = {
    _UPPER: N_("Search among tops"),
    _WHOLE: N_("Search among one-pieces"),
    _LOWER: N_("Search among bottoms"),
}
_KINDS: Final = {
    "Blazer": N_("Blazer"),
    "Blouse": N_("Blouse"),
    "Body": N_("Bodysuit"),
    "Dress": N_("Dress"),
    "Hoodie": N_("Hoodie"),
    "Longsleeve": N_("Long sleeve"),
    "Outwear": N_("Jacket"),
    "Pants": N_("Trousers"),
    "Polo": N_("Polo"),
    "Shirt": N_("Shirt"),
    "Shorts": N_("Shorts"),
    "Skirt": N_("Skirt"),
    "T-Shirt": N_("T-shirt"),
    "Top": N_("Top"),
    "Undershirt": N_("Tank top"),
}
"""Predicted kinds as a shopper calls them."""
_COLOURS: Final = {
    "beige": N_("beige"),
    "black": N_("black"),
    "blue": N_("blue"),
    "brown": N_("brown"),
    "burgundy": N_("burgundy"),
    "green": N_("green"),
    "grey": N_("grey"),
    "light blue": N_("light blue"),
    "lilac": N_("lilac"),
    "navy": N_("navy"),
    "olive": N_("olive"),
    "orange": N_("orange"),
    "pink": N_("pink"),
    "purple": N_("purple"),
    "red": N_("red"),
    "turquoise": N_("turquoise"),
    "white": N_("white"),
    "yellow": N_("yellow"),
}
_STOCK: Final = {
    "in stock": N_("In stock"),
    "out of stock": N_("Sold out"),
    "discontinued": N_("No longer sold"),
    "preorder": N_("Pre-order"),
    "backorder": N_("Back soon"),
    "in store only": N_("In store only"),
}
_CLOSENESS: Final = (
    N_("Nearly the same"),
    N_("Very close"),
    N_("Close"),
    N_("Somewhat close"),
    N_("Not close"),
)


class NameTexts:
    """Names that the pages have for what they show."""

    @staticmethod
    def class_name(garment_class: GarmentClass) -> str:
        """Top, One-piece, Bottom."""
        return gettext(_CLASSES[garment_class])

    @staticmethod
    def class_plural(garment_class: GarmentClass) -> str:
        """Tops, One-pieces, Bottoms."""
        return gettext(_CLASSES_PLURAL[garment_class])

    @staticmethod
    def like_this(garment_class: GarmentClass) -> str:
        """Head of the results for a garment."""
        return gettext(_LIKE_THIS[garment_class])

    @staticmethod
    def worn_with(garment_class: GarmentClass) -> str:
        """Head of the products of another class that go with one."""
        return gettext(_WORN_WITH[garment_class])

    @staticmethod
    def search_among(garment_class: GarmentClass) -> str:
        """Advice to search among another class."""
        return gettext(_SEARCH_AMONG[garment_class])

    @staticmethod
    def kind(value: str) -> str:
        """A predicted kind."""
        return gettext(_KINDS[value])

    @staticmethod
    def colour(name: str) -> str:
        """A colour's name; what a feed or a visitor calls otherwise stays as it is."""
        return gettext(_COLOURS[name.lower()]) if name.lower() in _COLOURS else name

    @staticmethod
    def stock(availability: str) -> str:
        """An availability of the catalogue."""
        return gettext(_STOCK[availability]) if availability in _STOCK else availability

    @staticmethod
    def closeness(rank: int) -> str:
        """How close a result is: 0 for nearly the same, 4 for not close."""
        return gettext(_CLOSENESS[rank])
