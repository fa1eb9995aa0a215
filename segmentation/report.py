"""Figures and judged photos in, one HTML page to look at out; it needs nothing beside it.

The page has the figures with their intervals, both confusion matrices, the reliability
of the scores as a plot (SVG), and photos with their true and predicted masks: the best,
the worst, and for each class those where it was found though it is absent.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from PIL import Image

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.evaluate import JudgedPhoto, MaskLabels, SegmentationReport, read_truth
from segmentation.metrics import FALSE_POSITIVE_AREA
from segmentation.overlays import overlay
from segmentation.photos import Photo, read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter

SHOWN: Final = 12
"""Photos in a row of examples."""
SIDE: Final = 240
"""Long side of a shown photo in pixels."""
PLOT: Final = 320
"""Side of the reliability plot."""
INTERVAL_NAMES: Final = (
    ("pixel_accuracy", "pixel accuracy"),
    ("foreground_miou", "foreground mIoU"),
    ("miou", "mIoU with background"),
    ("garment_iou", "IoU of the garment, photos of one class"),
    ("garment_iou_below_half", "of these below 0.5"),
    ("single_class_right", "largest garment has the right class, photos of one class"),
    ("no_garment_right", "no garment found where there is none"),
    ("calibration_error", "expected calibration error of the score"),
)


@dataclass(frozen=True)
class FigureRow:
    """A line of the table of figures; "-" where there is nothing to tell."""

    name: str
    value: str
    interval: str


@dataclass(frozen=True)
class Cell:
    """A cell of a confusion matrix: a share of its row, and the count behind it."""

    share: float
    count: int


@dataclass(frozen=True)
class Point:
    """A tenth of the score in the plot, in its pixels; `radius` grows with the garments."""

    x: float
    y: float
    radius: float
    title: str


@dataclass(frozen=True)
class Example:
    """A photo with its true and its predicted mask, as data: addresses."""

    name: str
    iou: str
    photo: str
    truth: str
    predicted: str


@dataclass(frozen=True)
class ExampleRow:
    """Photos under one title."""

    title: str
    examples: list[Example]


def write_report(
    report: SegmentationReport,
    judged: Sequence[JudgedPhoto],
    segmenter: Segmenter,
    labels: MaskLabels,
    out: Path,
) -> Path:
    """Write OUT/index.html and return its path."""
    environment = Environment(
        loader=PackageLoader("segmentation"), autoescape=select_autoescape(), trim_blocks=True
    )
    page = environment.get_template("report.html").render(
        report=report,
        classes=list(report.iou),
        figures=figure_rows(report),
        class_rows=_class_rows(report),
        pixels=_cells(report.confusion),
        by_photo=_cells(report.photo_confusion),
        plot=PLOT,
        points=_points(report),
        rows=_example_rows(judged, segmenter, labels),
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def figure_rows(report: SegmentationReport) -> list[FigureRow]:
    """The figures over all classes, with their intervals."""
    return [
        FigureRow(title, text(getattr(report, name)), interval(report.intervals.get(name)))
        for name, title in INTERVAL_NAMES
    ]


def _class_rows(report: SegmentationReport) -> list[tuple[str, str, str, str, str]]:
    """Of each class: name, IoU, F1, false positive rate and its interval."""
    rates = report.absent_class_false_positive_rate
    return [
        (
            name,
            text(iou),
            text(report.f1[name]),
            text(rates.get(name)),
            interval(report.intervals.get(f"absent_class_false_positive_rate.{name}")),
        )
        for name, iou in report.iou.items()
    ]


def text(value: float | None) -> str:
    """A figure as it is shown."""
    return "-" if value is None else f"{value:.3f}"


def interval(ends: Sequence[float] | None) -> str:
    """The ends of an interval as they are shown."""
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "-"


def _cells(counts: Sequence[Sequence[int]]) -> list[list[Cell]]:
    return [[Cell(count / max(1, sum(row)), count) for count in row] for row in counts]


def _points(report: SegmentationReport) -> list[Point]:
    most = max((each.garments for each in report.reliability), default=1)
    return [
        Point(
            x=PLOT * each.mean_score,
            y=PLOT * (1 - each.share_right),
            radius=3 + 11 * float(np.sqrt(each.garments / most)),
            title=f"{each.garments} garments, score {each.mean_score:.2f}, "
            f"right {each.share_right:.2f}",
        )
        for each in report.reliability
    ]


def _example_rows(
    judged: Sequence[JudgedPhoto], segmenter: Segmenter, labels: MaskLabels
) -> list[ExampleRow]:
    ordered = sorted(judged, key=lambda each: each.iou)
    rows = {"Worst": ordered[:SHOWN], "Best": ordered[::-1][:SHOWN]}
    for each in GARMENT_CLASSES:
        rows[f"Called {each.label}, none there"] = _false_finds(judged, each)[:SHOWN]
    return [
        ExampleRow(title, _examples(photos, segmenter, labels))
        for title, photos in rows.items()
        if photos
    ]


def _false_finds(judged: Sequence[JudgedPhoto], garment_class: GarmentClass) -> list[JudgedPhoto]:
    """Photos that lack a class of which something is found, the largest find first."""

    def found(photo: JudgedPhoto) -> float:
        return float(photo.confusion[:, garment_class].sum() / photo.confusion.sum())

    wrong = [
        each
        for each in judged
        if garment_class not in each.classes and found(each) > FALSE_POSITIVE_AREA
    ]
    return sorted(wrong, key=found, reverse=True)


def _examples(
    judged: Sequence[JudgedPhoto], segmenter: Segmenter, labels: MaskLabels
) -> list[Example]:
    examples = []
    for start in range(0, len(judged), BATCH_SIZE):
        batch = judged[start : start + BATCH_SIZE]
        photos = [read_photo(each.photo, max_side=10_000) for each in batch]
        for each, photo, found in zip(batch, photos, segmenter.segment(photos), strict=True):
            truth = overlay(photo, read_truth(each.mask, labels))
            shown = [_data_address(each) for each in (photo, truth, overlay(photo, found.mask))]
            examples.append(Example(each.photo.stem, text(each.iou), *shown))
    return examples


def _data_address(picture: Photo) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
