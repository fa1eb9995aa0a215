"""Mapping of a feed's columns to product fields.

Common column names of shops and data sets are known (`SYNONYMS`); any other column becomes an
attribute.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.errors import FeedError
from catalog.feeds.rows import FieldMap

SYNONYMS: Final = {
    "id": (
        "id", "product_id", "sku", "handle", "variant_sku", "item_id", "article_number",
        "article_id", "item_number", "product_code", "artikelnummer", "artikel_nr", "référence",
        "referencia", "codice_articolo", "image",
    ),
    "title": (
        "title", "name", "product_name", "product_title", "label", "bezeichnung", "titel",
        "artikelname", "produktname", "titre", "nom", "nombre", "título", "titolo", "nome", "naam",
    ),
    "description": (
        "description", "body_html", "product_description", "long_description",
        "short_description", "beschreibung", "descripción", "descrizione", "omschrijving",
    ),
    "brand": (
        "brand", "vendor", "manufacturer", "brand_name", "marke", "marque", "marca", "merk",
    ),
    "category": (
        "category", "product_type", "type", "product_category", "google_product_category",
        "categories", "label", "kategorie", "catégorie", "categoría", "categoria", "categorie",
    ),
    "colour": (
        "colour", "color", "colour_name", "color_name", "farbe", "couleur", "colore", "kleur",
    ),
    "price": ("price", "variant_price", "preis", "prix", "precio", "prezzo", "prijs"),
    "regular_price": (
        "regular_price", "compare_at_price", "original_price", "list_price", "old_price",
        "was_price", "strike_price", "rrp", "msrp", "uvp",
    ),
    "sale_price": (
        "sale_price", "special_price", "discount_price", "discounted_price", "promo_price",
    ),
    "sale_dates": ("sale_price_effective_date",),
    "sale_start": ("sale_start", "special_price_from_date"),
    "sale_end": ("sale_end", "special_price_to_date"),
    "currency": ("currency", "price_currency", "currency_code", "währung", "devise", "valuta"),
    "url": ("url", "link", "product_url", "product_link", "permalink", "page_url", "deeplink"),
    "availability": (
        "availability", "stock_status", "in_stock", "is_in_stock", "available", "is_available",
        "stock", "stock_quantity", "stock_level", "inventory_quantity", "inventory", "quantity",
        "qty", "verfügbarkeit", "lagerbestand", "bestand", "disponibilité", "disponibilidad",
        "disponibilità", "voorraad",
    ),
    "group": ("item_group_id", "group_id", "parent_id", "parent_sku"),
    "photos": (
        "photos", "photo", "images", "image", "image_path", "photo_path", "file", "filename",
        "path", "image_link", "image_src", "image_url", "image_urls", "photo_url", "photo_urls",
        "base_image", "main_image", "picture", "pictures", "picture_url", "img", "img_url", "bild",
        "bilder", "imagen", "imágenes", "immagine", "immagini", "afbeelding", "afbeeldingen",
    ),
    "more_photos": (
        "additional_image_link", "additional_image_links", "additional_image_urls",
        "additional_images", "more_photos", "other_images", "gallery_images",
    ),
}  # fmt: skip
"""Field -> its column names in order of preference; one column may serve two fields."""
KNOWN_NAMES: Final = frozenset(
    name.replace("_", "") for names in SYNONYMS.values() for name in names
)
"""Known names as `squeezed` gives them."""
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


def plain_name(name: str) -> str:
    """A column's or attribute's name in lower case, words joined by "_", without Google's "g:"."""
    return re.sub(r"[\W_]+", "_", name[:LONGEST_NAME].lower().removeprefix("g:")).strip("_")


def squeezed(name: str) -> str:
    """A plain name without "_": "imageUrl", "Image URL" and "image_url" are one."""
    return plain_name(name).replace("_", "")


def choose_columns(names: Sequence[str], field_map: FieldMap, feed_name: str) -> Columns:
    """Decide which columns hold which field.

    Raises:
        FeedError: no column holds the id, or `field_map` names a missing one; the message lists
            the feed's columns.
    """
    there = {squeezed(name): plain_name(name) for name in reversed(names)}
    mapped = mapped_columns(field_map, names, feed_name)
    fields = {
        name: mapped.get(name)
        or tuple(there[each] for each in map(squeezed, synonyms) if each in there)[:1]
        for name, synonyms in SYNONYMS.items()
    }
    if not fields["id"]:
        missing = [name for name in ("id", "photos") if not fields[name]]
        raise FeedError(
            f"{feed_name} has no column for {' and '.join(missing)}, it has: "
            f"{_listed(names)}; say which one holds it: --map {missing[0]}=COLUMN"
        )
    attributes = {name: columns for name, columns in mapped.items() if name not in SYNONYMS}
    taken = {column for columns in (*fields.values(), *mapped.values()) for column in columns}
    return Columns(fields, attributes, frozenset(taken))


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
