"""A contact sheet for judging street-to-shop search by eye.

There are no labels for street photos here. Each row of the sheet is a garment of a street photo and
its first results by a search with default settings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PIL import Image

from indexing.collection import Collection, ResultCard
from indexing.errors import IndexingError
from indexing.evaluation.contact_sheet import SheetPhoto, write_page
from indexing.search.query import Query
from indexing.types import EmbeddedGarment, Embedder
from segmentation.photos import Photo, read_or_none
from segmentation.progress import Progress, no_progress

RESULTS: Final = 5
MARGIN_SHARE: Final = 0.1
MIN_AREA: Final = 0.02
"""Minimum area of a query garment as a share of the photo."""


@dataclass(frozen=True)
class StreetRow:
    """One query garment: its photo, class and main colour, and its results with scores."""

    photo: str
    garment_class: str
    colour: str
    products: list[str]
    scores: list[float]


@dataclass(frozen=True)
class StreetReport:
    """Report of `apparel evaluate street`; `sheet` is an HTML page."""

    garments: int
    rows: list[StreetRow]
    sheet: str


def street_to_shop(
    collection: Collection,
    embedder: Embedder,
    photos: Sequence[Path],
    out: Path,
    garments: int = 50,
    progress: Progress = no_progress,
) -> StreetReport:
    """Search with garments of street photos and write OUT/index.html; IndexingError without any."""
    rows: list[StreetRow] = []
    shown: list[list[SheetPhoto]] = []
    for path in photos:
        photo = read_or_none(path)
        if photo is None:
            continue
        (embedded,) = embedder.embed([photo])
        for garment in _query_garments(embedded.garments)[: garments - len(rows)]:
            query = replace(Query.of(garment), count=RESULTS)
            cards = collection.results(query)
            rows.append(_row(path, garment, cards))
            shown.append(_photos_of(collection, photo, garment, cards))
        progress(len(rows), garments)
        if len(rows) >= garments:
            break
    if not rows:
        raise IndexingError("no garment was found on the street photos; check --photos")
    sheet = write_page(out / "index.html", "Street photos", {"": shown})
    return StreetReport(len(rows), rows, str(sheet))


def _query_garments(found: Iterable[EmbeddedGarment]) -> list[EmbeddedGarment]:
    """The largest garment of each class that is large enough."""
    by_class: dict[int, EmbeddedGarment] = {}
    for garment in found:
        if garment.garment.area >= MIN_AREA:
            by_class.setdefault(int(garment.garment.garment_class), garment)
    return list(by_class.values())


def _row(path: Path, garment: EmbeddedGarment, cards: Sequence[ResultCard]) -> StreetRow:
    return StreetRow(
        photo=path.name,
        garment_class=garment.garment.garment_class.label,
        colour=garment.colours[0].name,
        products=[card.product_id for card in cards],
        scores=[round(card.score, 3) for card in cards],
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
