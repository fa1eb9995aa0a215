"""Commands to evaluate, calibrate and quantise the segmenter."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli import session
from search_app.cli.output import (
    print_figures,
    print_json,
    print_note,
    print_table,
    progress_on_stderr,
)
from search_app.cli.session import JsonOption, SegmenterOption, settings_for
from search_app.cli.train import (
    OutOption,
    PairsOption,
    SeedOption,
    dataset_app,
    evaluate_app,
    print_pairs,
    require_train_extra,
    train_app,
)

if TYPE_CHECKING:
    from search_app.settings import Settings
    from segmentation.evaluation.masks import SegmentationReport


ReportOption = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write a page with plots, best and worst photos."),
]


class MaskLabels(StrEnum):
    """Meaning of the values in a mask file."""

    CCP = "ccp"
    CLASSES = "classes"


class SplitName(StrEnum):
    """A split of a pairs folder."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def add_commands() -> None:
    """Register the commands with the groups `evaluate`, `train` and `dataset`."""
    evaluate_app.command("segmentation")(evaluate_segmentation)
    evaluate_app.command("products")(evaluate_products)
    train_app.command("quantised")(train_quantised)
    train_app.command("calibration")(train_calibration)
    dataset_app.command("checked")(dataset_checked)


def evaluate_segmentation(
    context: typer.Context,
    photos: Annotated[Path, typer.Option(metavar="DIR", help="The photos.")],
    masks: Annotated[Path, typer.Option(metavar="DIR", help="A true mask NAME.png for each.")],
    labels: Annotated[
        MaskLabels, typer.Option(help="Values of the masks: CCP's 59 labels, or our 4 classes.")
    ],
    split: Annotated[
        SplitName | None,
        typer.Option(help="Only this split of the manifest.csv beside the photos' folder."),
    ] = None,
    report: ReportOption = None,
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure masks: pixel accuracy, IoU and F1 of each class.

    Also how often a class is found that is not on the photo.
    Intervals are 95 % bootstraps over photos, or over senders if there is a manifest.csv
    beside the photos' folder.

    Example: apparel evaluate segmentation --photos photos --masks masks --labels ccp
    """
    from segmentation.evaluation.masks import evaluate_folder, report_of

    settings = settings_for(context, segmenter=segmenter)
    wanted = _names_of(photos.parent, split) if split else None
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        evaluated = evaluate_folder(
            loaded,
            photos,
            masks,
            labels.value,
            wanted,
            tick,
        )
    found = report_of(evaluated, loaded.fingerprint)
    if report:
        from segmentation.evaluation.report import write_report

        print_note(f"page: {write_report(found, evaluated, loaded, labels.value, report)}")
    if as_json:
        print_json(found)
    else:
        _print_report(found)


def _names_of(folder: Path, split: SplitName) -> set[str]:
    from segmentation.data.pairs import read_pairs

    return {pair.name for pair in read_pairs(folder).of_split(split.value).pairs}


def _print_report(report: "SegmentationReport") -> None:
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
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="CLOTHING", help="The clothing dataset's folder with images.csv and photos."
        ),
    ],
    split: Annotated[
        SplitName, typer.Option(help="The split whose photos are used.")
    ] = SplitName.TEST,
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

    settings = settings_for(context, segmenter=segmenter)
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        report = evaluate(loaded, source, split.value, limit, tick)
    (print_json if as_json else print_figures)(report)


def dataset_checked(
    source: Annotated[
        Path, typer.Argument(metavar="CLOTHING", help="The folder with images.csv and photos.")
    ],
    out: OutOption,
) -> None:
    """Make the pairs of sixty photos with hand-checked masks.

    They are only for evaluation.

    Example: apparel dataset checked clothing --out data/checked
    """
    from segmentation.data.checked import create_checked

    print_pairs(create_checked(source, out))


def _weights_file(settings: "Settings") -> Path:
    """The weights file of the configured segmenter, beside which these commands write."""
    from segmentation.weights import SHIPPED_SEGMENTER

    name = settings.segmenter
    if name is None:
        return SHIPPED_SEGMENTER
    if not name.endswith(".safetensors"):
        raise typer.BadParameter(f"--segmenter {name}: name a weights file (.safetensors)")
    return Path(name)


def train_quantised(
    context: typer.Context,
    pairs: PairsOption,
    segmenter: SegmenterOption = None,
    seed: SeedOption = 0,
) -> None:
    """Write a segmenter in 8-bit integers beside its weights.

    OpenVINO runs it. Encoders fitted on its features have to be fitted again.

    Example: apparel train quantised --pairs ccp --pairs clothing
    """
    require_train_extra()
    from segmentation.training.quantise import quantise_segmenter

    path = _weights_file(settings_for(context, segmenter=segmenter))
    with progress_on_stderr("photos") as tick:
        written = quantise_segmenter(path, pairs, seed=seed, progress=tick)
    typer.echo(f"8-bit network: {written}")


def train_calibration(
    context: typer.Context,
    pairs: PairsOption,
    split: Annotated[SplitName, typer.Option(help="The split to fit on.")] = SplitName.VAL,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Maximum number of pairs from each folder."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the figures without changing the card.")
    ] = False,
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the calibration and the smallest score of a garment.

    Writes both into the weights' card.

    Example: apparel train calibration --pairs data/ccp --dry-run
    """
    from segmentation.evaluation.calibration import (
        collect_samples,
        fit_calibration,
        measure_calibration,
    )
    from segmentation.weights import save_calibration

    settings = settings_for(context, segmenter=segmenter)
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        samples = collect_samples(loaded, pairs, split.value, limit, tick)
    calibration = fit_calibration(samples)
    figures = measure_calibration(samples, calibration)
    if not dry_run:
        file = _weights_file(settings)
        named = {f"{split.value}_{name}": value for name, value in asdict(figures).items()}
        save_calibration(file, calibration, named)
        print_note(f"the card of {file.name} has this calibration now")
    document = {"photos": len(samples), "calibration": calibration, "figures": figures}
    (print_json if as_json else print_figures)(document)
