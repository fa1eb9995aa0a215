"""Decision which garments on a product's photos are the product itself.

A photo of jeans shows a top too. Category, type and title decide; where they name no garment, the
class that most of the product's photos share, then the class with the largest area. Of boots, a
hat or a bag no garment is the product.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.filtering.vocabulary import (
    colour_name,
    folded,
    garment_classes,
    goods_words,
    grammar_words,
    listed,
)
from catalog.models import GarmentRow, PhotoRow, Product
from segmentation.classes import GarmentClass

_TYPE_COLUMNS: Final = ("product_type", "type", "google_product_category")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|[&,;+]")
_JOINED: Final = frozenset("&,;+")
_PATH: Final = re.compile(r"[>/|\n]")
_COMPOUND: Final = 4
"""Letters from which a word is also found at the end of a compound such as Sommerkleid."""
_IDS_PER_QUERY: Final = 500

Place = tuple[int, int, GarmentClass, float]
"""Garment id, photo id, class and area."""


def sold_classes(texts: Iterable[str]) -> frozenset[GarmentClass]:
    """The classes that the first telling text names; a set of clothes has several.

    A later text decides between several: a "Skirt" among "Dresses & Skirts".

    Args:
        texts: category, type and title, or any others, the most telling first.
    """
    found: frozenset[GarmentClass] = frozenset()
    for text in texts:
        parts = map(_named, reversed(_PATH.split(text.lower())))
        named = next(filter(None, parts), frozenset())
        found = found & named or found or named
        if len(found) == 1:
            break
    return found


def are_other_goods(texts: Iterable[str]) -> bool:
    """Whether texts name shoes, a hat, a bag or the like and no garment."""
    texts = tuple(texts)
    parts = [part for text in texts for part in _PATH.split(text.lower())]
    return any(map(_is_of_goods, parts)) and not sold_classes(texts)


def _is_of_goods(part: str) -> bool:
    """Whether all that a part of a text names are goods: "shoes & bags", no "shoes & clothing"."""
    last, first = (goods_words(head_first=each) for each in (False, True))
    phrases = (
        [word for word in phrase if colour_name(word) == word]
        for phrase in _phrases(part.partition(",")[0])
    )
    return all(phrase and (phrase[-1] in last or phrase[0] in first) for phrase in phrases)


def _named(part: str) -> frozenset[GarmentClass]:
    return frozenset(each for phrase in _phrases(part) for each in _head(phrase))


def _phrases(part: str) -> Iterator[list[str]]:
    """The words between separators, up to those after which nothing sold is named."""
    phrase: list[str] = []
    for word in _WORD.findall(part):
        plain = folded(word)
        if plain in _cut() or (plain in listed("made_of") and _head(phrase)):
            break
        if word in _JOINED or plain in grammar_words("and"):
            yield phrase
            phrase = []
        else:
            phrase.append(plain)
    yield phrase


def _head(phrase: Sequence[str]) -> set[GarmentClass]:
    """The class of the word that says what a phrase is about: a shirt dress is a dress."""
    last, first = (garment_classes(head_first=each) for each in (False, True))
    for index in reversed(range(len(phrase))):
        word = phrase[index]
        if word in listed("suits") or (word.endswith("anzug") and word not in last):
            return {GarmentClass.UPPER, GarmentClass.LOWER}
        if found := last.get(word) or last.get(word.removesuffix("s")) or _compound(word):
            # "Combinaison pantalon": both words are French, too, where the head is first.
            return {found} if word not in first else _head_first(phrase[:index]) or {found}
    return _head_first(phrase)


def _head_first(phrase: Sequence[str]) -> set[GarmentClass]:
    """The class of the first word that names one: a "robe chemise" is a dress."""
    first = garment_classes(head_first=True)
    return set([first[word] for word in phrase if word in first][:1])


def _compound(word: str) -> GarmentClass | None:
    """The class of the longest known word that a compound ends with."""
    last = garment_classes(head_first=False)
    ends = (word[start:] for start in range(1, len(word) - _COMPOUND + 1))
    return next((last[end] for end in ends if end in last), None)


@cache
def _cut() -> frozenset[str]:
    """Words after which a text no longer names what is sold: "jeans with a white top"."""
    # Not the French "à", which is an article in English: "A skirt".
    return listed("cut") | {each for each in grammar_words("with") if len(each) > 1}


def mark_worn_with(session: Session, product_ids: Collection[str]) -> None:
    """Store for each garment of some products whether it is only worn with the product."""
    ordered = sorted(set(product_ids))
    for start in range(0, len(ordered), _IDS_PER_QUERY):
        _mark(session, ordered[start : start + _IDS_PER_QUERY])


def _mark(session: Session, product_ids: Sequence[str]) -> None:
    query = (
        select(
            PhotoRow.product_id, GarmentRow.id, PhotoRow.id, GarmentRow.garment_class,
            GarmentRow.area, GarmentRow.worn_with,
        )
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .where(PhotoRow.product_id.in_(product_ids))
    )  # fmt: skip
    places: dict[str, list[Place]] = {}
    marked: set[int] = set()
    for product_id, garment_id, photo_id, number, area, worn_with in session.execute(query):
        place = garment_id, photo_id, GarmentClass(number), area
        places.setdefault(product_id, []).append(place)
        marked |= {garment_id} if worn_with else set()
    texts = _texts(session, places.keys())
    worn = {
        each for key, garments in places.items() for each in worn_with_product(garments, texts[key])
    }
    for value, ids in ((True, worn - marked), (False, marked - worn)):
        if ids:
            session.execute(
                update(GarmentRow).where(GarmentRow.id.in_(ids)).values(worn_with=value)
            )


def _texts(session: Session, product_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    query = select(Product.id, Product.category, Product.attributes, Product.title).where(
        Product.id.in_(product_ids)
    )
    return {
        product_id: (
            category or "",
            *(str(attributes.get(name, "")) for name in _TYPE_COLUMNS),
            title,
        )
        for product_id, category, attributes, title in session.execute(query)
    }


def worn_with_product(garments: Sequence[Place], texts: Iterable[str]) -> set[int]:
    """Ids of the garments that are not the product.

    A photo's only garment always is, but of shoes and the like.
    """
    texts = tuple(texts)
    if are_other_goods(texts):
        return {place[0] for place in garments}
    there = {place[2] for place in garments}
    sold = sold_classes(texts) & there or {_main_class(garments)}
    on_photo: dict[int, list[Place]] = {}
    for place in garments:
        on_photo.setdefault(place[1], []).append(place)
    return {
        place[0]
        for places in on_photo.values()
        if len(places) > 1
        for place in places
        if place[2] not in sold
    }


def _main_class(garments: Sequence[Place]) -> GarmentClass:
    """The class on most photos, of those the one with the largest area."""
    photos: dict[GarmentClass, set[int]] = {}
    areas: dict[GarmentClass, float] = {}
    for _, photo_id, garment_class, area in garments:
        photos.setdefault(garment_class, set()).add(photo_id)
        areas[garment_class] = areas.get(garment_class, 0.0) + area
    return max(areas, key=lambda each: (len(photos[each]), areas[each]))
