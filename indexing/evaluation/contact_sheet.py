"""Contact sheets: queries with their nearest photos as a self-contained HTML page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape
from PIL import Image, ImageOps

from catalog.files import publishing
from indexing.evaluation.report import RankedQuery, RetrievalReport
from segmentation.evaluation.overlays import jpeg_data_url

THUMB_SIDE: Final = 120
"""Longer side of a photo on the sheet, in pixels."""


@dataclass(frozen=True)
class SheetPhoto:
    """A photo on the sheet with its caption; `frame` is query, right, wrong or ""."""

    data_url: str
    caption: str
    frame: str = ""

    @classmethod
    def of(cls, photo: Path | Image.Image, caption: str, frame: str = "") -> "SheetPhoto":
        """Reduce a photo and embed it in the page."""
        if isinstance(photo, Path):
            with Image.open(photo) as opened:
                photo = ImageOps.exif_transpose(opened).convert("RGB")
        return cls(jpeg_data_url(photo, THUMB_SIDE), caption, frame)


def write_report(
    folder: Path, report: RetrievalReport, ranked: Sequence[RankedQuery], shown: int = 12
) -> Path:
    """Write index.html with the table of figures and the `shown` worst and best queries."""
    sections = {
        "Best queries": [_photos_of(query) for query in reversed(ranked[-shown:])],
        "Worst queries": [_photos_of(query) for query in ranked[:shown]],
    }
    return write_page(folder / "index.html", "Retrieval", sections, report)


def write_page(
    path: Path,
    title: str,
    sections: Mapping[str, Sequence[Sequence[SheetPhoto]]],
    report: RetrievalReport | None = None,
) -> Path:
    """Write a page with the figures of a report and the rows of photos below each heading."""
    environment = Environment(
        loader=PackageLoader("indexing.evaluation"), autoescape=select_autoescape()
    )
    page = environment.get_template("sheet.html").render(
        title=title, sections=sections, report=report
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with publishing(path) as temporary:
        temporary.write_text(page, "utf-8")
    return path


def _photos_of(query: RankedQuery) -> list[SheetPhoto]:
    photo = query.garment.photo
    neighbours = [each.photo for each in query.neighbours]
    return [
        SheetPhoto.of(photo.path, f"{photo.label}, {query.precision:.2f}", "query"),
        *(
            SheetPhoto.of(each.path, each.label, "right" if each.label == photo.label else "wrong")
            for each in neighbours
        ),
    ]
