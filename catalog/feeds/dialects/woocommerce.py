"""WooCommerce's CSV export, with headings in the language of the shop.

It has a row for each product and each variation; variations are joined to their parent.
Columns: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import (
    best_availability,
    deepest,
    distinct_lines,
    first_values,
    lowest_price,
    options_of,
    without_absent,
)
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, Reject, only_records

_TRANSLATIONS: Final = {
    "type": "typ tipo", "sku": "artikelnummer ugs cod", "name": "nom nombre nome naam",
    "published": "veröffentlicht publié publicado pubblicato gepubliceerd",
    "short_description": "kurzbeschreibung description_courte descripción_corta"
    " breve_descrizione descrizione_breve korte_beschrijving korte_omschrijving",
    "description": "beschreibung descripción descrizione beschrijving",
    "date_sale_price_starts": "datum_an_dem_angebotspreis_beginnt date_de_début_de_promo"
    " día_en_que_empieza_el_precio_rebajado data_di_partenza_del_prezzo_in_saldo"
    " startdatum_actieprijs",
    "date_sale_price_ends": "datum_an_dem_angebotspreis_endet date_de_fin_de_promo"
    " día_en_que_termina_el_precio_rebajado termine_data_del_prezzo_di_vendita"
    " einddatum_actieprijs",
    "in_stock": "vorrätig en_stock existencias en_inventario op_voorraad",
    "stock": "lager lagerbestand bestand inventario magazzino voorraad",
    "sale_price": "angebotspreis tarif_promo precio_rebajado prezzo_in_offerta actieprijs",
    "regular_price": "regulärer_preis tarif_régulier precio_normal prezzo_di_listino"
    " reguliere_prijs normale_prijs",
    "categories": "kategorien catégories categorías categorie categorieën",
    "tags": "schlagwörter étiquettes etiquetas etichette tag",
    "images": "bilder imágenes immagine immagini afbeeldingen",
    "parent": "übergeordnetes_produkt superior principal genitore hoofd",
    "external_url": "externe_url url_externe url_externa url_esterna",
    "brands": "marken marques marcas marchi brand merken",
    "attribute_#_name": "attribut_#_name nom_de_l_attribut_# nombre_del_atributo_#"
    " attributo_#_nome nome_dell_attributo_# naam_eigenschap_#",
    "attribute_#_value_s": "attribut_#_wert_e valeur_s_de_l_attribut_# valor_es_del_atributo_#"
    " attributo_#_valuta_e valore_i_dell_attributo_# waarde_eigenschap_#"
    " waarde_n_van_eigenschap_#",
}  # fmt: skip
"""Plain names in German, French, Spanish, Italian and Dutch; "#" stands for a number."""
_ENGLISH: Final = {name: own for own, names in _TRANSLATIONS.items() for name in names.split()}
_FIELDS: Final = {
    "id": ("id", "sku"), "title": ("name",), "brand": ("brands",), "category": ("categories",),
    "description": ("description", "short_description"), "price": ("regular_price",),
    "sale_price": ("sale_price",), "sale_start": ("date_sale_price_starts",),
    "sale_end": ("date_sale_price_ends",), "availability": ("in_stock", "stock"),
    "photos": ("images",), "url": ("external_url",), "tags": ("tags",), "sku": ("sku",),
    "": ("parent", "type", "published"),
}  # fmt: skip
SOURCES: Final = {
    field: tuple(each for name in names for each in (name, *_TRANSLATIONS.get(name, "").split()))
    for field, names in _FIELDS.items()
}
"""Field -> plain names of its columns in the CSV export."""
_NUMBER: Final = re.compile(r"(?<=_)\d{1,3}(?=_|$)")
_COMMA: Final = re.compile(r"(?<!\\),")
_ATTRIBUTE: Final = re.compile(r"attribute_(\d{1,3})_name")
LEFT_OUT: Final = "{} products are drafts or private and were left out"


def is_woocommerce(columns: Iterable[str]) -> bool:
    """Whether a header is that of WooCommerce's product export."""
    names = {_english(plain_name(name)) for name in columns}
    return {"type", "sku", "name", "published", "regular_price", "images"} <= names


def read_woocommerce(
    records: Sequence[Record | Reject], mapped: Mapping[str, tuple[str, ...]]
) -> tuple[Sequence[Record | Reject], tuple[str, ...]]:
    """Join variations to their parents; a note reports products that are not on sale."""
    left_out: list[int] = []
    taken = stored(_products(stored(map(_translated, records)), mapped, left_out))
    return taken, (LEFT_OUT.format(len(left_out)),) if left_out else ()


@cache
def _english(name: str) -> str:
    """The English heading of a plain name in any of the languages."""
    number = _NUMBER.search(name)
    known = _ENGLISH.get(_NUMBER.sub("#", name), name)
    return known.replace("#", number[0]) if number else known


def _translated(row: Record | Reject) -> Record | Reject:
    """The row with its values under English headings, too."""
    if isinstance(row, Reject):
        return row
    english = {own: text for name, text in row.values.items() if (own := _english(name)) != name}
    return replace(row, values={**row.values, **english}) if english else row


def _products(
    records: Sequence[Record | Reject],
    mapped: Mapping[str, tuple[str, ...]],
    left_out: list[int],
) -> Iterator[Record | Reject]:
    yield from (each for each in records if isinstance(each, Reject))
    for rows in grouped(_labelled(records)):
        rows.sort(key=_is_variation)
        sold = [row for row in rows if row.values.get("published", "1") not in ("-1", "0")]
        if sold and sold[0] is rows[0]:
            yield _product(sold, mapped)
        else:
            left_out.append(rows[0].line)


def _labelled(records: Sequence[Record | Reject]) -> Iterator[tuple[str, Record]]:
    """Rows with a label of their product, which variations name by its SKU or its id."""
    lines: dict[str, str] = {}
    for row in only_records(records):
        if not _is_variation(row):
            lines.setdefault(f"id:{row.values.get('id', '')}", str(row.line))
            lines.setdefault(row.values.get("sku", ""), str(row.line))
    for row in only_records(records):
        parent = row.values.get("parent", "") if _is_variation(row) else ""
        yield lines.get(parent, str(row.line)) if parent else str(row.line), row


def _is_variation(row: Record) -> bool:
    return row.values.get("type", "").startswith("variation")


def _product(rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    """Join a parent and its variations."""
    own = rows[0].values
    values = first_values(own, SOURCES)
    prices = [row.values for row in rows]
    sellable = [row for row in rows[1:] if row.values.get("in_stock", "")] or rows[:1]
    values |= {
        "category": deepest(_listed(own.get("categories", ""))),
        "price": lowest_price(each.get("regular_price", "") for each in prices),
        "sale_price": lowest_price(each.get("sale_price", "") for each in prices),
        "availability": best_availability(_stock(row) for row in sellable),
        "photos": distinct_lines(row.values.get("images", "") for row in rows),
        "tags": ", ".join(_listed(own.get("tags", ""))),
    }
    values |= options_of(pair for row in rows for pair in _attributes(row))
    values |= first_values(own, mapped)
    values = without_absent(values, own, SOURCES)
    return Record(rows[0].line, values, damaged=rows[0].damaged)


def _listed(cell: str) -> list[str]:
    """The values of a cell; a comma inside one is written with a backslash."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(cell))
    return [part for part in parts if part]


def _stock(row: Record) -> str:
    return row.values.get("in_stock", "") or row.values.get("stock", "")


def _attributes(row: Record) -> Iterable[tuple[str, str]]:
    for column, name in row.values.items():
        if name and (found := _ATTRIBUTE.fullmatch(column)):
            listed = row.values.get(f"attribute_{found[1]}_value_s", "")
            yield from ((name, value) for value in _listed(listed))
