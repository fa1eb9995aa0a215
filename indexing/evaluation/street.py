"""Street-to-shop search: a contact sheet for judging by eye, and results of the same kind.

Each row of the sheet is a garment of a street photo and its first results by a search with default
settings. Where the photo's labels name the kind of the garment, results are counted whose category
or title is that kind, as in a catalogue made of the clothing dataset.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from indexing.collection import Collection, ResultCard
from indexing.errors import IndexingError
from indexing.evaluation.contact_sheet import SheetPhoto, write_page
from indexing.evaluation.metrics import Interval, mean_with_interval
from indexing.search.query import Query
from indexing.types import EmbeddedGarment, Embedder
from segmentation.classes import GarmentClass
from segmentation.photos import Photo, read_or_none
from segmentation.progress import Progress, no_progress

RESULTS: Final = 5
DEPTHS: Final = (1, RESULTS)
MARGIN_SHARE: Final = 0.1
MIN_AREA: Final = 0.02
"""Minimum area of a query garment as a share of the photo."""


@dataclass(frozen=True)
class StreetPhoto:
    """A photo of the street, and the kind of its garment of each class where that is known."""

    path: Path
    kinds: Mapping[GarmentClass, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StreetRow:
    """One query garment: its photo, class and main colour, and its results with scores.

    `kind` is empty where it is not known, `of_kind` the results of that kind.
    """

    photo: str
    garment_class: str
    colour: str
    kind: str
    products: list[str]
    scores: list[float]
    of_kind: list[bool]


@dataclass(frozen=True)
class StreetReport:
    """Report of `apparel evaluate street`; `sheet` is an HTML page.

    `same_kind` is the share of results of the query's kind at depths 1 and 5 with 95 % intervals,
    over the `known` garments whose kind is known; `missed` are those of a class that was not found.
    """

    garments: int
    known: int
    missed: int
    same_kind: dict[int, Interval]
    rows: list[StreetRow]
    sheet: str


def street_to_shop(
    collection: Collection,
    embedder: Embedder,
    photos: Sequence[StreetPhoto],
    out: Path,
    garments: int = 50,
    progress: Progress = no_progress,
) -> StreetReport:
    """Search with garments of street photos and write OUT/index.html; IndexingError without any."""
    rows: list[StreetRow] = []
    missed = 0
    shown: list[list[SheetPhoto]] = []
    for street in photos:
        photo = read_or_none(street.path)
        if photo is None:
            continue
        (embedded,) = embedder.embed([photo])
        found = _query_garments(embedded.garments)[: garments - len(rows)]
        missed += len(street.kinds.keys() - {each.garment.garment_class for each in found})
        for garment in found:
            query = replace(Query.of(garment), count=RESULTS)
            cards = collection.results(query)
            rows.append(_row(street, garment, cards))
            shown.append(_photos_of(collection, photo, garment, cards))
        progress(len(rows), garments)
        if len(rows) >= garments:
            break
    if not rows:
        raise IndexingError("no garment was found on the street photos; check --photos")
    sheet = write_page(out / "index.html", "Street photos", {"": shown})
    known = [row for row in rows if row.kind]
    same_kind = {
        depth: mean_with_interval([np.mean(row.of_kind[:depth] or [False]) for row in known])
        for depth in DEPTHS
        if known
    }
    return StreetReport(len(rows), len(known), missed, same_kind, rows, str(sheet))


def _query_garments(found: Iterable[EmbeddedGarment]) -> list[EmbeddedGarment]:
    """The largest garment of each class that is large enough."""
    by_class: dict[int, EmbeddedGarment] = {}
    for garment in found:
        if garment.garment.area >= MIN_AREA:
            by_class.setdefault(int(garment.garment.garment_class), garment)
    return list(by_class.values())


def _row(street: StreetPhoto, garment: EmbeddedGarment, cards: Sequence[ResultCard]) -> StreetRow:
    kind = street.kinds.get(garment.garment.garment_class, "")
    return StreetRow(
        photo=street.path.name,
        garment_class=garment.garment.garment_class.label,
        colour=garment.colours[0].name,
        kind=kind,
        products=[card.product_id for card in cards],
        scores=[round(card.score, 3) for card in cards],
        of_kind=[kind in (card.category, card.title) for card in cards],
    )


def _photos_of(
    collection: Collection, photo: Photo, garment: EmbeddedGarment, cards: Sequence[ResultCard]
) -> list[SheetPhoto]:
    label = f"{garment.garment.garment_class.label}, {garment.colours[0].name}"
    return [
        SheetPhoto.of(_framed(photo, garment), label, "query"),
        *(
            SheetPhoto.of(collection.photo_file(card.photo_id), f"{card.score:.2f} {card.title}")
            for card in cards
        ),
    ]


def _framed(photo: Photo, garment: EmbeddedGarment) -> Image.Image:
    """The garment's part of the photo with a margin."""
    x0, y0, x1, y1 = garment.garment.box
    rim = round(MARGIN_SHARE * max(x1 - x0, y1 - y0))
    height, width = photo.shape[:2]
    box = (max(0, x0 - rim), max(0, y0 - rim), min(width, x1 + rim), min(height, y1 + rim))
    return Image.fromarray(photo).crop(box)
