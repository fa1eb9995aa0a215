"""Commands `apparel evaluate segmentation`, `products` and `crops`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from search_app.cli import session
from search_app.cli.options import ClothingArgument, JsonOption, SegmenterOption, SplitName
from search_app.cli.output import (
    print_json,
    print_note,
    print_report,
    print_table,
    progress_on_stderr,
)
from search_app.cli.session import settings_for

if TYPE_CHECKING:
    from segmentation.evaluation.masks import SegmentationReport


def evaluate_segmentation(
    photos: Annotated[Path, typer.Option(metavar="DIR", help="The photos.")],
    masks: Annotated[Path, typer.Option(metavar="DIR", help="A true mask NAME.png for each.")],
    labels: Annotated[
        Literal["ccp", "classes"],
        typer.Option(help="Values of the masks: CCP's 59 labels, or our 4 classes."),
    ],
    split: Annotated[
        SplitName | None,
        typer.Option(help="Only this split of the manifest.csv beside the photos' folder."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a page with plots, best and worst photos."),
    ] = None,
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure masks: pixel accuracy, IoU and F1 of each class.

    Also how often a class is found that is not on the photo.
    Intervals are 95 % bootstraps over photos, or over senders if there is a manifest.csv
    beside the photos' folder.

    Example: apparel evaluate segmentation --photos photos --masks masks --labels ccp
    """
    from segmentation.data.pairs import read_pairs
    from segmentation.evaluation.masks import evaluate_folder, report_of

    settings = settings_for(segmenter=segmenter)
    pairs = read_pairs(photos.parent).of_split(split).pairs if split else None
    wanted = None if pairs is None else {pair.name for pair in pairs}
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        evaluated = evaluate_folder(loaded, photos, masks, labels, wanted, tick)
    found = report_of(evaluated, loaded.fingerprint)
    if report:
        from segmentation.evaluation.report import write_report

        print_note(f"page: {write_report(found, evaluated, loaded, labels, report)}")
    if as_json:
        print_json(found)
    else:
        _print_masks(found)


def _print_masks(report: "SegmentationReport") -> None:
    """Print the classes, the figures with their intervals, and the pixels by class."""
    from segmentation.evaluation.report import figure_rows, text

    rates = report.absent_class_false_positive_rate
    print_table(
        ("class", "IoU", "F1", "found where absent"),
        [
            (name, text(iou), text(report.f1[name]), text(rates.get(name)))
            for name, iou in report.iou.items()
        ],
    )
    typer.echo()
    print_table(("figure", "value", "95 % interval"), figure_rows(report))
    typer.echo()
    _print_confusion(report)
    typer.echo(f"\n{report.photos} photos, {report.segmenter}")


def _print_confusion(report: "SegmentationReport") -> None:
    """Print the share of each true class's pixels by predicted class."""
    rows = []
    for name, counts in zip(report.iou, report.confusion, strict=True):
        total = sum(counts)
        shares = (f"{count / total:.1%}" if total else "-" for count in counts)
        rows.append((name, *shares))
    print_table(("pixels: truth, then called", *report.iou), rows)


def evaluate_products(
    source: ClothingArgument,
    split: Annotated[SplitName, typer.Option(help="The split whose photos are used.")] = "test",
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Maximum number of photos.")
    ] = None,
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often a product photo's class is right.

    The class is that of the largest garment, the truth that of the photo's label.

    Example: apparel evaluate products clothing --limit 200
    """
    from segmentation.evaluation.products import evaluate_products as evaluate

    settings = settings_for(segmenter=segmenter)
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        report = evaluate(loaded, source, split, limit, tick)
    print_report(report, as_json)


def evaluate_crops(
    pairs: Annotated[
        Path, typer.Option(metavar="DIR", help="A folder made by `apparel dataset ccp`.")
    ],
    split: Annotated[SplitName, typer.Option(help="The split whose photos are used.")] = "test",
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often a cropped figure gets the right class.

    Figures are cut at the waist and at the knee; the truth is the class of the largest area.

    Example: apparel evaluate crops --pairs data/ccp
    """
    from segmentation.evaluation.crops import evaluate_crops as evaluate

    loaded = session.load_segmenter(settings_for(segmenter=segmenter))
    with progress_on_stderr("photos") as tick:
        report = evaluate(loaded, pairs, split, tick)
    print_report(report, as_json)
