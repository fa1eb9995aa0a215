"""Mapping of a feed's columns to product fields.

Common column names of shops and data sets are known (`SYNONYMS`); any other column becomes an
attribute.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.names import names_by_meaning
from catalog.feeds.prices import currency_of, is_currency_code
from catalog.feeds.rows import FieldMap

SYNONYMS: Final = names_by_meaning("columns")
"""Field -> its column names in order of preference; one column may serve two fields."""
KNOWN_NAMES: Final = frozenset(
    name.replace("_", "") for names in SYNONYMS.values() for name in names
)
"""Known names as `squeezed` gives them."""
PHOTO_NAMES: Final = frozenset(
    name.replace("_", "") for name in SYNONYMS["photos"] + SYNONYMS["more_photos"]
)
"""Known names of photo columns."""
_PRICE_NAMES: Final = frozenset(
    name.replace("_", "")
    for field in ("price", "regular_price", "sale_price")
    for name in SYNONYMS[field]
)
MINOR: Final = re.compile(
    "(?:(?:^|_)(in_)?(?:ct|cs)|_?(in_?)?(cents?|pence|pennies|minor(_?units?)?|cent_?amount|centimes?|centavos|céntimos"
    "|centesimi|grosz[ye]?|øre|öre|kopecks?))$"
)
"""Suffix of a price column in cents, or the minor unit of another currency."""
_GOOGLE_CATEGORY: Final = "google_product_category"
_OUTER: Final = re.compile(
    r"^((product|item|pricing|prices|attributes?|attribut|properties|data|details|info|default|main"
    r"|variants|variant|c|product(pictures?|categor(y|ies)|manufacturers?))_)+"
)
"""Words before a field's name that say nothing, as in "attributes_color"."""
_SIGN: Final = re.compile(r"[€£$](?=[)\]]?$)")
"""The currency of "Price (€)"."""
_REMARK: Final = re.compile(
    r"[(（\[](?!.{0,20}(?:excl|net|hors|\bht\b|ohne|zzgl)).*", re.DOTALL | re.I
)
"""What may be left out of a name; a price without tax is another one."""
_LANGUAGE: Final = re.compile(
    r"_(?:de|en|es|fr|it|nl|pl|pt)(?:_[a-z]{2})?(?:_[a-z]{1,20})?$|^(?:de|en|es|fr|it|nl|us)_"
)
"""The language, country and channel of "name_en_us_ecommerce", or that of "us_title"."""
LISTED_LENGTH: Final = 500
"""Characters of a header that a message repeats."""
LONGEST_NAME: Final = 200
"""Longer column names are cut."""


@dataclass(frozen=True)
class Columns:
    """The columns of each field; columns outside `taken` become attributes.

    `of_feed`: they are those that the feed has, not all that a dialect may have.
    """

    fields: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, tuple[str, ...]]
    taken: frozenset[str]
    of_feed: bool = True


@dataclass(frozen=True)
class PriceUnit:
    """A price column's squeezed name without unit, its currency and whether it counts cents."""

    name: str
    currency: str | None
    is_minor: bool


def plain_name(name: str) -> str:
    """A column's or attribute's name in lower case, words joined by "_", without Google's "g:"."""
    return _plain(name[:LONGEST_NAME])


@lru_cache(maxsize=1_000)  # every row of a JSON or XML feed has its names
def _plain(name: str) -> str:
    spelled = _SIGN.sub(lambda found: f" {currency_of(found[0])}", name)
    return re.sub(r"[\W_]+", "_", spelled.lower().removeprefix("g:")).strip("_")


def squeezed(name: str) -> str:
    """A plain name without "_": "imageUrl", "Image URL" and "image_url" are one."""
    return plain_name(name).replace("_", "")


def choose_columns(names: Sequence[str], field_map: FieldMap, feed_name: str) -> Columns:
    """Decide which columns hold which field.

    Raises:
        FeedError: no column holds the id, or `field_map` names a missing one; the message lists
            the feed's columns.
    """
    mapped = mapped_columns(field_map, names, feed_name)
    fields = {
        name: mapped.get(name) or found for name, found in known_columns(tuple(names)).items()
    }
    if not fields["id"]:
        missing = [name for name in ("id", "photos") if not fields[name]]
        raise FeedError(
            f"{feed_name} has no column for {' and '.join(missing)}, it has: "
            f"{_listed(names)}; say which one holds it: --map {missing[0]}=COLUMN"
        )
    if not mapped.keys() & {"photos", "more_photos"}:
        fields["more_photos"] += numbered_photos(_by_squeezed_name(names))
    there = set(map(plain_name, names))
    attributes = {name: columns for name, columns in mapped.items() if name not in SYNONYMS}
    taken = {column for columns in (*fields.values(), *mapped.values()) for column in columns}
    if "category" not in mapped and fields["category"] and _GOOGLE_CATEGORY in there:
        # Where a row has no category of the shop's own, Google's counts; it stays an attribute.
        fields["category"] = tuple(dict.fromkeys((*fields["category"], _GOOGLE_CATEGORY)))
    return Columns(fields, attributes, frozenset(taken))


@lru_cache(maxsize=100)
def known_columns(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The column of each field, recognised by name; empty without any."""
    there = _by_squeezed_name(names)
    inner = {squeezed(_OUTER.sub("", plain_name(name))): plain_name(name) for name in names[::-1]}
    return {
        field: _found(synonyms, there) or _found(synonyms, inner)
        for field, synonyms in SYNONYMS.items()
    }


def _found(synonyms: Iterable[str], there: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(there[each] for each in map(squeezed, synonyms) if each in there)[:1]


def _by_squeezed_name(names: Iterable[str]) -> dict[str, str]:
    """Plain names, also without a remark in brackets, a price's unit or a language."""
    listed = list(names)[::-1]
    bare = {squeezed(_REMARK.sub("", name)): plain_name(name) for name in listed}
    spoken = {squeezed(_LANGUAGE.sub("", plain_name(name))): plain_name(name) for name in listed}
    units = {plain_name(name): price_unit(plain_name(name)) for name in listed}
    priced = {found.name: name for name, found in units.items() if found.name in _PRICE_NAMES}
    return spoken | priced | bare | {squeezed(name): plain_name(name) for name in listed}


@lru_cache(maxsize=1_000)
def price_unit(name: str) -> PriceUnit:
    """Parse the unit at the end of a column's plain name: "price_eur", "preis_in_cent"."""
    currency, is_minor = None, False
    while True:
        before, _, code = name.rpartition("_")
        if before and is_currency_code(code.upper()):
            name, currency = before.removesuffix("_in"), code.upper()
        elif minor := MINOR.search(name):
            name, is_minor = name[: minor.start()], True
        else:
            return PriceUnit(name.replace("_", ""), currency, is_minor)


def numbered_photos(names: Mapping[str, str]) -> tuple[str, ...]:
    """The columns "image_1", "image_2", "bild3" among squeezed names with their plain names."""
    unnumbered = ((name, name.rstrip("0123456789")) for name in names)
    found = (name for name, photo in unnumbered if photo != name and photo in PHOTO_NAMES)
    return tuple(names[each] for each in sorted(found, key=lambda name: (len(name), name)))


def mapped_columns(
    field_map: FieldMap, names: Sequence[str], feed_name: str
) -> dict[str, tuple[str, ...]]:
    """Field -> plain names of its columns; FeedError for a column that the feed lacks."""
    there = {plain_name(name) for name in names}
    mapped: dict[str, tuple[str, ...]] = {}
    for wanted, column in field_map:
        if plain_name(column) not in there:
            raise FeedError(
                f"{feed_name} has no column {column!r}, it has: {_listed(names)}; correct --map"
            )
        mapped[wanted] = (*mapped.get(wanted, ()), plain_name(column))
    return mapped


def _listed(names: Sequence[str]) -> str:
    """Names in one line, truncated to `LISTED_LENGTH`."""
    line = " ".join(", ".join(names).split())
    return line if len(line) <= LISTED_LENGTH else f"{line[:LISTED_LENGTH]}..."
