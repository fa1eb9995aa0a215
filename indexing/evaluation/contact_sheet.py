"""Contact sheets: queries with their nearest photos as a self-contained HTML page."""

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from catalog.files import publishing
from indexing.evaluation.labelled import LabelledGarment
from indexing.evaluation.report import RankedQuery, RetrievalReport

THUMB_SIDE: Final = 120
"""Longer side of a photo on the sheet, in pixels."""
_STYLE: Final = (
    "body{font:14px system-ui,sans-serif;margin:2rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .6rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    ".row{display:flex;gap:.5rem;margin:.75rem 0;align-items:flex-end}"
    "figure{margin:0;text-align:center;font-size:12px;max-width:130px}"
    "img{display:block;max-width:120px;border:3px solid transparent}"
    ".query img{border-color:#345}.right img{border-color:#2a8a3e}.wrong img{border-color:#c22}"
    "@media (prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
    "td,th{border-color:#444}}"
)


@dataclass(frozen=True)
class SheetPhoto:
    """A photo on the sheet with its caption; `frame` is query, right, wrong or ""."""

    photo: Path | Image.Image
    caption: str
    frame: str = ""


def write_report(
    folder: Path, report: RetrievalReport, ranked: Sequence[RankedQuery], shown: int = 12
) -> Path:
    """Write index.html with the table of figures and the `shown` worst and best queries."""
    best = list(reversed(ranked[-shown:]))
    parts = [
        f"<h1>Retrieval: {report.queries} queries, {report.gallery} gallery photos</h1>",
        f"<p>{escape(report.encoder)}, masks by {escape(report.segmenter)}</p>",
        _figures_table(report),
        _labels_table(report),
        "<h2>Best queries</h2>",
        *(sheet_row(_photos_of(query)) for query in best),
        "<h2>Worst queries</h2>",
        *(sheet_row(_photos_of(query)) for query in ranked[:shown]),
    ]
    return write_page(folder / "index.html", "Retrieval", parts)


def write_page(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write HTML parts as a page with inline style."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title>"
    with publishing(path) as temporary:
        temporary.write_text(f"{head}<style>{_STYLE}</style>" + "\n".join(parts), "utf-8")
    return path


def sheet_row(photos: Iterable[SheetPhoto]) -> str:
    """A row of photos, each with its caption."""
    figures = (
        f'<figure class="{photo.frame}"><img src="{_thumb(photo.photo)}" alt="">'
        f"<figcaption>{escape(photo.caption)}</figcaption></figure>"
        for photo in photos
    )
    return f'<div class="row">{"".join(figures)}</div>'


def _photos_of(query: RankedQuery) -> list[SheetPhoto]:
    photo = query.garment.photo
    return [
        SheetPhoto(photo.path, f"{photo.label}, {query.precision:.2f}", "query"),
        *(_neighbour(photo.label, each) for each in query.neighbours),
    ]


def _neighbour(label: str, garment: LabelledGarment) -> SheetPhoto:
    photo = garment.photo
    return SheetPhoto(photo.path, photo.label, "right" if photo.label == label else "wrong")


def _thumb(photo: Path | Image.Image) -> str:
    if isinstance(photo, Path):
        with Image.open(photo) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
    photo.thumbnail((THUMB_SIDE, THUMB_SIDE))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _figures_table(report: RetrievalReport) -> str:
    names = ("precision_at_1", "precision_at_5", "recall_at_10", "map_at_10")
    rows = [
        [
            f"{each.method}, colour weight {each.colour_weight:g}",
            *("{:.3f} [{:.3f}, {:.3f}]".format(*each.measures[name]) for name in names),
            f"{each.macro['precision_at_5']:.3f}",
        ]
        for each in report.figures
    ]
    return _table(("method", *names, "macro precision_at_5"), rows)


def _labels_table(report: RetrievalReport) -> str:
    names = ("precision_at_1", "precision_at_5")
    rows = [
        [label, str(each["queries"]), *(f"{each[name]:.3f}" for name in names)]
        for label, each in report.figures[0].per_label.items()
    ]
    return _table(("label", "queries", *names), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    titles = "".join(f"<th>{escape(each)}</th>" for each in header)
    return f"<table><tr>{titles}</tr>{''.join(lines)}</table>"
