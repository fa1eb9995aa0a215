"""Plain words in ("striped dress", "dark jeans", "red top"), a wish and the unknown words out.

Kinds are labels of the clothing dataset, as `attributes` predicts them; a word such as "top" or
"trousers" that people use for a whole class asks for the class. Spellings in `words` are also
looked for in product titles, so they are beginnings of words ("strip" finds striped, stripes).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from catalog.colours import COLOUR_NAMES
from catalog.wishes import ColourWish, Tone, Trait, Wish
from segmentation.classes import GarmentClass

MAX_LETTERS: Final = 200
"""Longer texts are cut: they are no wish."""


@dataclass(frozen=True)
class Understood:
    """What was understood of a text, and which of its words were not."""

    wish: Wish
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Meaning:
    """What one phrase asks for."""

    garment_class: GarmentClass | None = None
    traits: tuple[Trait, ...] = ()
    colour: ColourWish | None = None
    tone: Tone | None = None


_UPPER, _WHOLE, _LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


def _kind(garment_class: GarmentClass, *labels: str, words: tuple[str, ...]) -> _Meaning:
    return _Meaning(garment_class, (Trait("kind", labels, words),))


def _trait(trait: Trait) -> _Meaning:
    return _Meaning(None, (trait,))


_DENIM: Final = Trait("pattern", ("denim",), ("denim", "jean"))
_KINDS: Final = {
    "top tops": _Meaning(_UPPER),
    "bottom bottoms": _Meaning(_LOWER),
    "t-shirt t-shirts tshirt tshirts tee tees": _kind(
        _UPPER, "T-Shirt", words=("t-shirt", "tshirt", "tee")
    ),
    "shirt shirts": _kind(_UPPER, "Shirt", words=("shirt",)),
    "blouse blouses": _kind(_UPPER, "Blouse", words=("blouse",)),
    "polo polos": _kind(_UPPER, "Polo", words=("polo",)),
    "hoodie hoodies sweatshirt sweatshirts": _kind(
        _UPPER, "Hoodie", words=("hood", "sweatshirt")
    ),
    "sweater sweaters jumper jumpers pullover pullovers knit longsleeve": _kind(
        _UPPER, "Longsleeve", "Hoodie",
        words=("sweater", "jumper", "pullover", "knit", "longsleeve", "long sleeve"),
    ),
    "cardigan cardigans": _kind(_UPPER, "Longsleeve", "Outwear", words=("cardigan",)),
    "blazer blazers": _kind(_UPPER, "Blazer", words=("blazer",)),
    "jacket jackets": _kind(_UPPER, "Outwear", "Blazer", words=("jacket",)),
    "coat coats outerwear outwear parka": _kind(
        _UPPER, "Outwear", words=("coat", "outerwear", "parka")
    ),
    "tank camisole undershirt tanktop": _kind(
        _UPPER, "Undershirt", "Top", words=("tank", "camisole", "undershirt")
    ),
    "dress dresses gown": _kind(_WHOLE, "Dress", words=("dress", "gown")),
    "body bodysuit bodysuits": _kind(_WHOLE, "Body", words=("body",)),
    "jumpsuit jumpsuits overall overalls romper rompers": _Meaning(
        _WHOLE, (Trait("kind", (), ("jumpsuit", "overall", "romper")),)
    ),
    "trousers trouser pants": _kind(_LOWER, "Pants", words=("trouser", "pants", "chino", "jean")),
    "jeans": _Meaning(_LOWER, (Trait("kind", ("Pants",), ("jean",)), _DENIM)),
    "leggings tights": _kind(_LOWER, "Pants", words=("legging", "tights")),
    "shorts": _kind(_LOWER, "Shorts", words=("shorts",)),
    "skirt skirts": _kind(_LOWER, "Skirt", words=("skirt",)),
}  # fmt: skip
_PATTERNS: Final = {
    "plain solid": Trait("pattern", ("plain",), ("plain", "solid")),
    "striped stripes stripe stripy": Trait("pattern", ("striped",), ("strip",)),
    "checked check checks checkered plaid tartan gingham": Trait(
        "pattern", ("checked",), ("check", "plaid", "tartan", "gingham")
    ),
    "floral flowery flowers flowered": Trait("pattern", ("floral",), ("flor", "flower")),
    "printed print prints patterned graphic": Trait(
        "pattern", ("floral", "dotted", "colour-block"), ("print", "flor", "flower", "graphic")
    ),
    "dotted dots dotty polka": Trait("pattern", ("dotted",), ("dot", "polka")),
    "denim": _DENIM,
}
_LENGTHS: Final = {
    "sleeveless": Trait("sleeve", ("none",), ("sleeveless",)),
    "short sleeve": Trait("sleeve", ("short",), ("short sleeve", "short-sleeve")),
    "short sleeved": Trait("sleeve", ("short",), ("short sleeve", "short-sleeve")),
    "short sleeves": Trait("sleeve", ("short",), ("short sleeve", "short-sleeve")),
    "long sleeve": Trait("sleeve", ("long",), ("long sleeve", "long-sleeve", "longsleeve")),
    "long sleeved": Trait("sleeve", ("long",), ("long sleeve", "long-sleeve", "longsleeve")),
    "long sleeves": Trait("sleeve", ("long",), ("long sleeve", "long-sleeve", "longsleeve")),
    "mini": Trait("length", ("short",), ("mini",)),
    "midi": Trait("length", ("midi",), ("midi",)),
    "maxi": Trait("length", ("long",), ("maxi",)),
    "short": Trait("length", ("short",), ("short", "mini", "crop")),
    "long": Trait("length", ("long",), ("long", "maxi")),
}
_COLOUR_FAMILIES: Final = {
    "blue": ("blue", "navy", "light blue"),
    "green": ("green", "olive"),
    "red": ("red", "burgundy"),
    "purple": ("purple", "lilac"),
    "brown": ("brown", "beige"),
}
"""Names that also count as the colour that was said."""
_COLOUR_SYNONYMS: Final = {
    "gray": "grey", "charcoal": "grey", "silver": "grey", "violet": "purple", "lavender": "lilac",
    "maroon": "burgundy", "wine": "burgundy", "bordeaux": "burgundy", "cream": "beige",
    "ivory": "white", "tan": "beige", "camel": "beige", "sand": "beige", "khaki": "olive",
    "teal": "turquoise", "aqua": "turquoise", "cyan": "turquoise", "rose": "pink",
    "magenta": "pink", "fuchsia": "pink", "gold": "yellow", "mustard": "yellow",
    "coral": "orange", "rust": "orange", "scarlet": "red", "crimson": "red",
    "sky blue": "light blue", "baby blue": "light blue", "dark blue": "navy",
    "navy blue": "navy", "dark red": "burgundy", "light grey": "grey", "light gray": "grey",
    "light brown": "beige", "light purple": "lilac", "light pink": "pink",
}  # fmt: skip
_TONES: Final[dict[str, Tone]] = {"dark": "dark", "light": "light", "pale": "light"}
_FILLERS: Final = frozenset(
    "a an the and or with in of for same but like similar to this that one ones some any color "
    "colour coloured colored women womens men mens clothes clothing garment please".split()
)
"""Words that ask for nothing."""
_NOT_GARMENTS: Final = frozenset(
    "accessories accessory backpack backpacks bag bags beanie beanies belt belts boot boots "
    "bracelet bracelets cap caps clogs earring earrings glasses glove gloves handbag handbags hat "
    "hats heels jewellery jewelry loafer loafers necklace necklaces necktie pumps purse purses "
    "ring rings sandal sandals scarf scarves shoe shoes slipper slippers sneaker sneakers sock "
    "socks sunglasses ties tote trainers wallet wallets watch watches".split()
)
"""What is sold beside garments, and often named with a word of theirs ("dress shoes")."""


def _colour_meaning(name: str) -> _Meaning:
    return _Meaning(colour=ColourWish(name, _COLOUR_FAMILIES.get(name, (name,))))


def _against_other_kinds(meaning: _Meaning) -> _Meaning:
    """The meaning, its kind refused where a product is named as another kind."""
    own = {word for trait in meaning.traits for word in trait.words}
    spoken = [
        word
        for other in _KINDS.values()
        if other.garment_class != meaning.garment_class or meaning.garment_class == _WHOLE
        for trait in other.traits
        if trait.field == "kind"
        for word in trait.words
    ]
    others = tuple(dict.fromkeys(word for word in spoken if word not in own))
    return replace(
        meaning,
        traits=tuple(
            replace(trait, others=others) if trait.field == "kind" else trait
            for trait in meaning.traits
        ),
    )


def _kind_words() -> dict[GarmentClass, tuple[str, ...]]:
    """What products of a class are named."""
    words: dict[GarmentClass, dict[str, None]] = {_UPPER: {}, _WHOLE: {}, _LOWER: {}}
    for phrases, meaning in _KINDS.items():
        assert meaning.garment_class is not None
        spelt = [word for trait in meaning.traits if trait.field == "kind" for word in trait.words]
        words[meaning.garment_class] |= dict.fromkeys(spelt or phrases.split())
    return {each: tuple(spelt) for each, spelt in words.items()}


def _vocabulary() -> dict[str, _Meaning]:
    """Every phrase that is known, in lower case, with what it asks for."""
    known: dict[str, _Meaning] = {}
    for phrases, meaning in _KINDS.items():
        known |= dict.fromkeys(phrases.split(), _against_other_kinds(meaning))
    for phrases, trait in _PATTERNS.items():
        known |= dict.fromkeys(phrases.split(), _trait(trait))
    known |= {phrase: _trait(trait) for phrase, trait in _LENGTHS.items()}
    known |= {name: _colour_meaning(name) for name in COLOUR_NAMES}
    known |= {said: _colour_meaning(name) for said, name in _COLOUR_SYNONYMS.items()}
    known |= {word: _Meaning(tone=tone) for word, tone in _TONES.items()}
    return known


_KNOWN: Final = _vocabulary()
_NAMES: Final = _kind_words()
_WORD: Final = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def understand(text: str) -> Understood:
    """What plain words ask for; two words that belong together are tried before one."""
    wish, unknown = Wish(), []
    for phrase, meaning in _phrases(text[:MAX_LETTERS]):
        if meaning is not None:
            wish = _with(wish, meaning)
        elif phrase not in _FILLERS:
            unknown.append(phrase)
    return Understood(wish, tuple(dict.fromkeys(unknown)))


def classes_named(text: str) -> frozenset[GarmentClass]:
    """The class of every kind of garment in a text; BACKGROUND for a hat, shoes, a bag, ..."""
    named: set[GarmentClass] = set()
    for phrase, meaning in _phrases(text):
        if meaning is not None:
            named |= {meaning.garment_class} if meaning.garment_class else set()
        elif phrase in _NOT_GARMENTS:
            named.add(GarmentClass.BACKGROUND)
        elif "-" in phrase:
            named |= classes_named(phrase.replace("-", " "))
    return frozenset(named)


def _phrases(text: str) -> Iterator[tuple[str, _Meaning | None]]:
    """The words of a text in lower case, pairs that belong together as one, with meanings."""
    words, place = _WORD.findall(text.lower()), 0
    while place < len(words):
        pair = " ".join(words[place : place + 2])
        phrase = pair if pair in _KNOWN else words[place]
        yield phrase, _meaning_of(phrase)
        place += phrase.count(" ") + 1


def _meaning_of(word: str) -> _Meaning | None:
    """A word's meaning; "long-sleeved" is understood as its two words."""
    return _KNOWN.get(word) or _KNOWN.get(word.replace("-", " "))


def colour_name(text: str) -> str:
    """A colour as a person says it, by its name here; #rrggbb and what is unknown stay."""
    said = " ".join(text.lower().split())
    return _COLOUR_SYNONYMS.get(said, said)


def _with(wish: Wish, meaning: _Meaning) -> Wish:
    """The wish with one more meaning; the last kind said gives the class ("shirt dress")."""
    traits = wish.traits
    if meaning.garment_class is not None:
        traits = tuple(trait for trait in traits if trait.field != "kind")
    traits += tuple(trait for trait in meaning.traits if trait not in traits)
    colours = wish.colours
    if meaning.colour is not None and meaning.colour not in colours:
        colours = (*colours, meaning.colour)
    garment_class = meaning.garment_class or wish.garment_class
    return replace(
        wish,
        garment_class=garment_class,
        own_words=_NAMES.get(garment_class, ()) if garment_class else (),
        other_words=tuple(
            word
            for each, words in _NAMES.items()
            if garment_class not in (None, each)
            for word in words
        ),
        traits=traits,
        colours=colours,
        tone=meaning.tone or wish.tone,
    )
