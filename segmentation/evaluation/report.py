"""Self-contained HTML report of a segmenter: figures and example photos.

The page has the figures with intervals, both confusion matrices, a reliability diagram (SVG), and
photos with true and predicted masks: the best, the worst, and false positives of each class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape
from PIL import Image

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.evaluation.masks import EvaluatedPhoto, MaskLabels, SegmentationReport, read_truth
from segmentation.evaluation.metrics import FALSE_POSITIVE_AREA
from segmentation.evaluation.overlays import jpeg_data_url, overlay
from segmentation.photos import read_photo
from segmentation.segmenter import BATCH_SIZE, Segmenter

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
class Example:
    """A photo with its true and predicted mask, as data URLs."""

    name: str
    iou: str
    photo: str
    truth: str
    predicted: str


def write_report(
    report: SegmentationReport,
    evaluated: Sequence[EvaluatedPhoto],
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
        plot=PLOT,
        rows=_example_rows(evaluated, segmenter, labels),
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def figure_rows(report: SegmentationReport) -> list[tuple[str, str, str]]:
    """Name, value and interval of each figure, with "-" for missing values."""
    return [
        (title, text(getattr(report, name)), interval(report.intervals.get(name)))
        for name, title in INTERVAL_NAMES
    ]


def _class_rows(report: SegmentationReport) -> list[tuple[str, str, str, str, str]]:
    """Name, IoU, F1, false positive rate and its interval for each class."""
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
    """Format a figure."""
    return "-" if value is None else f"{value:.3f}"


def interval(ends: Sequence[float] | None) -> str:
    """Format an interval."""
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "-"


def _example_rows(
    evaluated: Sequence[EvaluatedPhoto], segmenter: Segmenter, labels: MaskLabels
) -> list[tuple[str, list[Example]]]:
    ordered = sorted(evaluated, key=lambda each: each.iou)
    rows = {"Worst": ordered[:SHOWN], "Best": ordered[::-1][:SHOWN]}
    for each in GARMENT_CLASSES:
        rows[f"False positives of {each.label}"] = _false_positives(evaluated, each)[:SHOWN]
    return [
        (title, _examples(photos, segmenter, labels)) for title, photos in rows.items() if photos
    ]


def _false_positives(
    evaluated: Sequence[EvaluatedPhoto], garment_class: GarmentClass
) -> list[EvaluatedPhoto]:
    """Photos with false positives of a class, by descending area."""

    def area(photo: EvaluatedPhoto) -> float:
        return float(photo.confusion[:, garment_class].sum() / photo.confusion.sum())

    wrong = [
        each
        for each in evaluated
        if garment_class not in each.classes and area(each) > FALSE_POSITIVE_AREA
    ]
    return sorted(wrong, key=area, reverse=True)


def _examples(
    evaluated: Sequence[EvaluatedPhoto], segmenter: Segmenter, labels: MaskLabels
) -> list[Example]:
    examples = []
    for start in range(0, len(evaluated), BATCH_SIZE):
        batch = evaluated[start : start + BATCH_SIZE]
        photos = [read_photo(each.photo, max_side=10_000) for each in batch]
        for each, photo, found in zip(batch, photos, segmenter.segment(photos), strict=True):
            truth = overlay(photo, read_truth(each.mask, labels))
            shown = [
                jpeg_data_url(Image.fromarray(picture), SIDE)
                for picture in (photo, truth, overlay(photo, found.mask))
            ]
            examples.append(Example(each.photo.stem, text(each.iou), *shown))
    return examples
