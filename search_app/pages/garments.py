"""View models of garments on a query photo and of a product's page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from catalog.feeds.reader import ProductRow
from catalog.queries import GarmentCard, ProductDetail, ProductSummary
from catalog.sale import price_now
from indexing.types import EmbeddedGarment
from search_app.documents import http_link
from search_app.language import texts
from search_app.pages.cards import (
    area_of,
    capitalised,
    photo_url,
    price_text,
    product_href,
    stock_text,
)
from search_app.pages.state import PageState
from search_app.pages.views import BoxView, Dot, GarmentView, PhotoView, ProductView, VariantView
from search_app.search.outline import label_point, outline_path
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


def product_view(
    product: ProductDetail, cards: dict[int, GarmentCard], variants: Sequence[ProductSummary]
) -> ProductView:
    """A product with the garments on its photos and the other colours it comes in."""
    row = product.row
    photos = tuple(
        PhotoView(
            url=photo_url(photo.id),
            width=photo.width,
            height=photo.height,
            garments=tuple(box_view(cards[each]) for each in photo.garment_ids if each in cards),
        )
        for photo in product.photos
        if photo.status == "indexed"
    )
    now = price_text(price_now(row), row.currency)
    regular = price_text(row.price, row.currency)
    return ProductView(
        title=row.title,
        brand=row.brand or "",
        price=now,
        was=regular if regular != now else "",
        stock=stock_text(row.availability),
        description=row.description or "",
        shop_url=http_link(row.url) or "",
        facts=_facts(row),
        photos=photos,
        garments=_distinct(garment for photo in photos for garment in photo.garments),
        variants=_variant_views(variants, row) if len(variants) > 1 else (),
    )


def _distinct(garments: Iterable[BoxView]) -> tuple[BoxView, ...]:
    """The first garment of each name and colour: a product's photos show the same ones again."""
    found: dict[tuple[str, str], BoxView] = {}
    for each in garments:
        found.setdefault((each.name, each.colour_name), each)
    return tuple(found.values())


def _facts(row: ProductRow) -> tuple[tuple[str, str], ...]:
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


def _variant_views(variants: Sequence[ProductSummary], row: ProductRow) -> tuple[VariantView, ...]:
    return tuple(
        VariantView(
            capitalised(texts.colour(each.colour or each.title)),
            product_href(each.id),
            photo_url(each.photo_id),
            _colour_of(each) == _colour_of(row),
        )
        for each in variants
    )


def _colour_of(product: ProductSummary | ProductRow) -> str:
    return (product.colour or product.id).lower()


def box_view(card: GarmentCard) -> BoxView:
    """The view of a catalogue garment with its box on its photo."""
    return BoxView(
        name=texts.class_name(card.garment_class),
        colour_name=texts.colour(card.colours[0].name) if card.colours else "",
        colours=tuple(Dot(colour.hex) for colour in card.colours[:3]),
        like_href=f"/like/{card.garment_id}",
        area=area_of(card.box),
    )
