"""View models of garments on a query photo and of a product's page."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from catalog.feeds.rows import ProductRow
from catalog.records import GarmentCard
from indexing.types import EmbeddedGarment
from search_app.language import texts
from search_app.pages.state import PageState
from search_app.pages.views import GarmentView
from search_app.search.outline import label_point, outline_path
from segmentation.classes import GarmentClass
from segmentation.mask import Box

SURE_KIND: Final = 0.6
"""A garment is named by its kind from this certainty on, else by its class."""
IDENTIFIERS: Final = re.compile(
    r"(^|[ _-])(id|gtin\d*|ean|upc|mpn|sku|isbn|handle)$", re.IGNORECASE
)
"""Names of attributes that identify a product to machines; visitors are not shown them."""


def garment_view(
    embedded: EmbeddedGarment,
    rank: int | None,
    path: str,
    state: PageState,
    chosen: bool,
    size: tuple[int, int],
) -> GarmentView:
    """The view of a query garment; `rank` is None for one that the visitor made.

    Args:
        size: width and height of the photo.
    """
    garment = embedded.garment
    main = embedded.colours[0] if embedded.colours else None
    # The class in the state belongs to the garment chosen before.
    picked = replace(
        state, pick=(rank or 0,), among=None, more_like=(), less_like=(), k=PageState.k
    )
    x, y = label_point(garment.mask, garment.box)
    return GarmentView(
        value="" if rank is None else str(rank),
        href=picked.href(path),
        name=texts.WHOLE_PHOTO if embedded.whole_photo else kind_name(embedded),
        class_label=garment.garment_class.label,
        colour_name=texts.colour(main.name) if main else "",
        colour_hex=main.hex if main else "#888888",
        outline=outline_path(garment.mask, garment.box),
        crop=_crop(garment.box, size),
        dot_x=round(x, 1),
        dot_y=round(y, 1),
        chosen=chosen,
    )


def kind_name(embedded: EmbeddedGarment) -> str:
    """The garment's predicted kind if it is certain enough, else its class."""
    kind = embedded.attributes.kind
    if kind is not None and kind.certainty >= SURE_KIND:
        return texts.kind(kind.value)
    return texts.class_name(embedded.garment.garment_class)


def _crop(box: Box, size: tuple[int, int]) -> str:
    """View box of an SVG that shows the square around a garment's upper part, inside the photo."""
    x0, y0, x1, y1 = box
    side = min(max(x1 - x0, min(y1 - y0, round(1.25 * (x1 - x0)))), *size)
    left = min(max(0, round((x0 + x1 - side) / 2)), size[0] - side)
    return f"{left} {min(y0, size[1] - side)} {side} {side}"


def distinct_garments(cards: Iterable[GarmentCard]) -> list[GarmentCard]:
    """The first garment of each class and colour: a product's photos show the same ones again."""
    found: dict[tuple[GarmentClass, str], GarmentCard] = {}
    for each in cards:
        found.setdefault((each.garment_class, main_colour(each)), each)
    return [*found.values()]


def main_colour(card: GarmentCard) -> str:
    """Name of a garment's main colour in the language of the page; "" without colours."""
    return texts.colour(card.colours[0].name) if card.colours else ""


def product_facts(row: ProductRow) -> tuple[tuple[str, str], ...]:
    """The feed's other fields of a product, without identifiers."""
    named = (
        (texts.CATEGORY, row.category),
        (texts.COLOUR, texts.colour(row.colour or "")),
        (texts.STOCK, texts.stock(row.availability or "")),
    )
    own = (
        (texts.attribute(name), value)
        for name, value in (row.attributes or {}).items()
        if not IDENTIFIERS.search(name)
    )
    return tuple((name, value) for name, value in (*named, *own) if value)
