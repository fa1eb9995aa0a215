"""Names of classes, kinds, colours and how close a result is."""

from typing import Final

from search_app.language.phrases import Names
from search_app.language.translations import N_, gettext
from segmentation.classes import GarmentClass

_UPPER, _WHOLE, _LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER

_CLASSES: Final = {_UPPER: N_("Top"), _WHOLE: N_("One-piece"), _LOWER: N_("Bottom")}
CLASSES_PLURAL: Final = {_UPPER: N_("Tops"), _WHOLE: N_("One-pieces"), _LOWER: N_("Bottoms")}
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
KINDS: Final = {
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
_PREDICTED: Final = {
    "kind": {kind.lower(): name for kind, name in KINDS.items()},
    "pattern": {
        "plain": N_("plain"), "striped": N_("striped"), "checked": N_("checked"),
        "dotted": N_("dotted"), "floral": N_("floral"), "denim": N_("denim"),
        "colour-block": N_("colour-block"),
    },
    "sleeve": {
        "none": N_("sleeveless"), "short": N_("short-sleeved"), "long": N_("long-sleeved"),
    },
    "length": {"short": N_("short"), "midi": N_("midi"), "long": N_("long")},
}  # fmt: skip
_COLOURS: Final = (
    N_("beige"), N_("black"), N_("blue"), N_("brown"),
    N_("burgundy"), N_("green"), N_("grey"), N_("light blue"),
    N_("lilac"), N_("navy"), N_("olive"), N_("orange"),
    N_("pink"), N_("purple"), N_("red"), N_("turquoise"),
    N_("white"), N_("yellow"),
)  # fmt: skip
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
    """Names that the pages have for what they show; `kind` is a predicted one."""

    class_name = Names(_CLASSES)
    class_plural = Names(CLASSES_PLURAL)
    like_this = Names(_LIKE_THIS)
    worn_with = Names(_WORN_WITH)
    search_among = Names(_SEARCH_AMONG)
    kind = Names(KINDS)
    closeness = Names(dict(enumerate(_CLOSENESS)))

    @staticmethod
    def colour(name: str) -> str:
        """A colour's name; what a feed or a visitor calls otherwise stays as it is."""
        return gettext(name.lower()) if name.lower() in _COLOURS else name

    @staticmethod
    def kind_typed(name: str) -> str:
        """The name of a predicted kind in any case; another one stays as it is."""
        return NameTexts.predicted("kind", name)

    @staticmethod
    def predicted(field: str, value: str) -> str:
        """The name of a predicted attribute's value; what is none stays as it is."""
        names = _PREDICTED.get(field, {})
        return gettext(names[value.lower()]) if value.lower() in names else value

    @staticmethod
    def stock(availability: str) -> str:
        return gettext(_STOCK[availability]) if availability in _STOCK else availability
