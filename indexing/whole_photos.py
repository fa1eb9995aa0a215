"""Photos on which no garment was found: which of them are taken whole, and as which class.

Only where the product's own words settle what is on the photo, and where it shows anything.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Product
from indexing.words import classes_named
from segmentation.classes import GarmentClass

_CATEGORY_ATTRIBUTES: Final = ("product_type", "type", "google_product_category")
"""Columns that say what a category says; the importer keeps those it did not take for one."""
_ROOT: Final = re.compile(r"\b(apparel|clothing)\b", re.IGNORECASE)
"""In "Apparel & Accessories" the second word stands for a whole shop, not for the product."""


def named_classes(session: Session, product_ids: Collection[str]) -> dict[str, GarmentClass]:
    """Product id -> the class that its words settle; without those that settle none."""
    query = select(Product.id, Product.category, Product.attributes, Product.title).where(
        Product.id.in_(product_ids)
    )
    named = {
        product_id: named_class((category or "", *_category_texts(attributes), title))
        for product_id, category, attributes, title in session.execute(query)
    }
    return {product_id: each for product_id, each in named.items() if each is not None}


def _category_texts(attributes: Mapping[str, object]) -> list[str]:
    return [str(attributes.get(name, "")) for name in _CATEGORY_ATTRIBUTES]


def named_class(texts: Sequence[str]) -> GarmentClass | None:
    """The one garment class that a product's texts name, the most telling text first.

    The first text that names anything decides. None where none does, where that one names
    another class too ("dress shirt") or a hat, shoes, ..., or where a later text speaks against it.
    """
    told = [classes for text in texts if (classes := _told_by(text))]
    if not told or len(told[0]) > 1:
        return None
    (named,) = told[0]
    if named == GarmentClass.BACKGROUND or not all(named in classes for classes in told):
        return None
    return named


def _told_by(text: str) -> frozenset[GarmentClass]:
    """What a text names; of a path ("Clothing > Outerwear > Snow pants") its most special part."""
    return frozenset[GarmentClass]().union(*map(_told_by_path, text.splitlines()))


def _told_by_path(path: str) -> frozenset[GarmentClass]:
    for part in reversed(path.split(">")):
        named = classes_named(part)
        if _ROOT.search(part):
            named -= {GarmentClass.BACKGROUND}
        if named:
            return named
    return frozenset()
