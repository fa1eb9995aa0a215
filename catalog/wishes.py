"""What plain words ask of a garment in, SQL conditions on the catalogue out.

A trait holds where the product's own title or category says the word: a shop that writes
"Striped dress" is right about it. It also holds where the garment's predicted attribute has it,
unless the shop says something else: its "Pleated skirt" is no dress.
"""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, not_, or_

from catalog.models import Garment, Product
from segmentation.classes import GarmentClass

TraitField = Literal["kind", "pattern", "sleeve", "length"]
Tone = Literal["dark", "light"]

DARK: Final = 38.0
"""A main colour below this lightness (CIELAB L, 0 to 100) is dark."""
LIGHT: Final = 62.0
"""A main colour above this lightness is light."""
_COLUMNS: Final = {
    "kind": Garment.kind,
    "pattern": Garment.pattern,
    "sleeve": Garment.sleeve,
    "length": Garment.length,
}


@dataclass(frozen=True)
class Trait:
    """The garment's `field` is one of `values`, or its product is named with one of `words`.

    A product named with one of `others` is what it is named, whatever was predicted.
    """

    field: TraitField
    values: tuple[str, ...]
    words: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColourWish:
    """A main colour: `name` as it was said, `names` of the shades that count as it."""

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Wish:
    """What words ask of a garment; all of it must hold. Several colours: one is the main one.

    `own_words` are what products of the class are named, `other_words` those of other classes.
    """

    garment_class: GarmentClass | None = None
    traits: tuple[Trait, ...] = ()
    colours: tuple[ColourWish, ...] = ()
    tone: Tone | None = None
    own_words: tuple[str, ...] = ()
    other_words: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every garment will do."""
        return self == Wish()


def wish_conditions(wish: Wish) -> list[ColumnElement[bool]]:
    """Conditions where product and garment are joined."""
    conditions = [_trait_condition(trait) for trait in wish.traits]
    if wish.garment_class is not None:
        conditions.append(Garment.garment_class == int(wish.garment_class))
    if wish.colours:
        main = [name for colour in wish.colours for name in colour.names]
        own: ColumnElement[bool] = func.lower(Product.colour).in_(main)
        if wish.other_words:
            # The red of red leggings is not that of the top that is worn with them.
            other = and_(_is_named(wish.other_words), not_(_is_named(wish.own_words)))
            own = and_(own, not_(other))
        conditions.append(or_(Garment.main_colour.in_(main), own))
    if len(wish.colours) > 1:
        conditions += [or_(*map(_has_colour, colour.names)) for colour in wish.colours]
    if wish.tone == "dark":
        conditions.append(Garment.lightness < DARK)
    elif wish.tone == "light":
        conditions.append(Garment.lightness > LIGHT)
    return conditions


def _trait_condition(trait: Trait) -> ColumnElement[bool]:
    predicted: ColumnElement[bool] = _COLUMNS[trait.field].in_(trait.values)
    if trait.others:
        predicted = and_(predicted, not_(_is_named(trait.others)))
    return or_(predicted, _is_named(trait.words)) if trait.words else predicted


def _is_named(words: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether title or category has a word that begins with one of these."""
    named = (func.coalesce(Product.title, ""), func.coalesce(Product.category, ""))
    texts = [func.lower(literal(" ") + text) for text in named]
    return or_(*(text.contains(f" {word}", autoescape=True) for text in texts for word in words))


def _has_colour(name: str) -> ColumnElement[bool]:
    """Whether a colour is among the garment's, read from the JSON text as it was written."""
    return cast(Garment.colours, String).contains(f'"name": "{name}"', autoescape=True)
