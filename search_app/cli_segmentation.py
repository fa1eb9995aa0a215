"""The commands that measure the segmenter, calibrate it and lay out the truth for both."""

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_session
from search_app.cli_models import (
    OutOption,
    PairsOption,
    SeedOption,
    dataset_app,
    evaluate_app,
    require_train_extra,
    tell_pairs,
    train_app,
)
from search_app.cli_output import print_figures, print_json, print_table, progress_on_stderr, tell
from search_app.cli_session import JsonOption, WeightsOption, settings_for

if TYPE_CHECKING:
    from segmentation.evaluate import SegmentationReport
    from segmentation.fit_rules import Candidate


ReportOption = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write a page with plots, best and worst photos."),
]


class MaskLabels(StrEnum):
    """What the values in a mask file mean."""

    CCP = "ccp"
    CLASSES = "classes"


class SplitName(StrEnum):
    """A split of a pairs folder."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class MixedNetwork(StrEnum):
    """What `train mixture` can mix."""

    SEGMENTER = "segmenter"
    ENCODER = "encoder"


def add_commands() -> None:
    """Make these commands known to the groups `evaluate`, `train` and `dataset`."""
    evaluate_app.command("segmentation")(evaluate_segmentation)
    evaluate_app.command("products")(evaluate_products)
    train_app.command("mixture")(train_mixture)
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
    weights: WeightsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pixel accuracy, IoU and F1 of each class, false positives of absent classes.

    Intervals are 95 % bootstraps over photos, or over senders where a manifest.csv
    beside the photos' folder tells them.
    """
    from segmentation.evaluate import judge_folder, report_of

    settings = settings_for(context, segmenter_weights=weights)
    wanted = _names_of(photos.parent, split) if split else None
    segmenter = cli_session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        judged = judge_folder(
            segmenter,
            photos,
            masks,
            labels.value,
            wanted,
            lambda done, total: tick(done, total, ""),
        )
    found = report_of(judged, segmenter.fingerprint)
    if report:
        from segmentation.report import write_report

        tell(f"page: {write_report(found, judged, segmenter, labels.value, report)}")
    if as_json:
        print_json(found.to_json())
    else:
        _print_report(found)


def _names_of(folder: Path, split: SplitName) -> set[str]:
    from segmentation.pairs import read_pairs

    return {pair.name for pair in read_pairs(folder).of_split(split.value).pairs}


def _print_report(report: "SegmentationReport") -> None:
    """Three tables: the classes, the figures with their intervals, pixels by class."""
    from segmentation.report import figure_rows, text

    rates = report.absent_class_false_positive_rate
    print_table(
        ("class", "IoU", "F1", "found where absent"),
        [
            (name, text(iou), text(report.f1[name]), text(rates.get(name)))
            for name, iou in report.iou.items()
        ],
    )
    typer.echo()
    print_table(
        ("figure", "value", "95 % interval"),
        [(row.name, row.value, row.interval) for row in figure_rows(report)],
    )
    typer.echo()
    _print_confusion(report)
    typer.echo(f"\n{report.photos} photos, {report.segmenter}")


def _print_confusion(report: "SegmentationReport") -> None:
    """Of each true class's pixels, the share that was called each class."""
    rows = []
    for name, counts in zip(report.iou, report.confusion, strict=True):
        total = sum(counts)
        shares = (f"{count / total:.1%}" if total else "-" for count in counts)
        rows.append((name, *shares))
    print_table(("pixels: truth, then called", *report.iou), rows)


def evaluate_products(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(help="The clothing dataset's folder with images.csv and photos.")
    ],
    split: Annotated[SplitName, typer.Option(help="Whose senders' photos.")] = SplitName.TEST,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many photos.")] = None,
    weights: WeightsOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often the largest garment of a product photo has its label's class."""
    from segmentation.evaluate_products import evaluate_products as evaluate

    settings = settings_for(context, segmenter_weights=weights)
    segmenter = cli_session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        report = evaluate(
            segmenter, source, split.value, limit, lambda done, total: tick(done, total, "")
        )
    (print_json if as_json else print_figures)(report.to_json())


def dataset_checked(
    source: Annotated[Path, typer.Argument(help="The folder with images.csv and photos.")],
    out: OutOption,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Make the masks from their drawings again.")
    ] = False,
) -> None:
    """Sixty product photos with masks drawn and checked by hand, for evaluation alone."""
    from segmentation.checked import create_checked

    if redraw:
        require_train_extra()
    tell_pairs(create_checked(source, out, redraw))


def train_mixture(
    network: Annotated[MixedNetwork, typer.Argument(help="Which network the weights are of.")],
    start: Annotated[Path, typer.Option(metavar="FILE", help="Weights that a run started from.")],
    trained: Annotated[Path, typer.Option(metavar="FILE", help="Weights that it ended with.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The weights to write.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of --trained.")] = 0.7,
) -> None:
    """A network between a run's start and its end: their weights, averaged."""
    from indexing.mixture import mix_encoders
    from segmentation.mixture import mix_segmenters

    mix = mix_segmenters if network == MixedNetwork.SEGMENTER else mix_encoders
    typer.echo(f"mixed weights: {mix(start, trained, share, out)}")


def train_quantised(
    context: typer.Context,
    pairs: PairsOption,
    weights: WeightsOption = None,
    seed: SeedOption = 0,
) -> None:
    """The segmenter in 8-bit integers, written beside its weights, from some train photos."""
    require_train_extra()
    from segmentation.quantise import quantise_segmenter
    from segmentation.weights import SHIPPED_SEGMENTER

    path = settings_for(context, segmenter_weights=weights).segmenter_weights or SHIPPED_SEGMENTER
    with progress_on_stderr("photos") as tick:
        written = quantise_segmenter(
            path, pairs, seed=seed, progress=lambda done, total: tick(done, total, "")
        )
    typer.echo(f"8-bit network: {written}")


def train_calibration(
    context: typer.Context,
    pairs: PairsOption,
    split: Annotated[SplitName, typer.Option(help="Whose pairs to fit on.")] = SplitName.VAL,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many pairs of each folder.")
    ] = None,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Try the mean with the mirror image: twice the time.")
    ] = False,
    least: Annotated[
        list[float] | None,
        typer.Option(
            min=0,
            max=1,
            help="Drop what is less probably a garment; may be repeated (else several are tried).",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the table and leave the card as it is.")
    ] = False,
    weights: WeightsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose what is done after the network, and calibrate scores, on validation photos.

    The best rules and their calibration are written into the weights' card.
    """
    from segmentation.fit_rules import LEAST_GARMENTS, choose_rules, collect_samples
    from segmentation.weights import SHIPPED_SEGMENTER, keep_rules

    settings = settings_for(context, segmenter_weights=weights)
    segmenter = cli_session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        samples = collect_samples(
            segmenter, pairs, split.value, limit, mirror, lambda done, total: tick(done, total, "")
        )
    tell("measuring rules on what the network said")
    candidates = choose_rules(samples, least or LEAST_GARMENTS)
    if not dry_run:
        best = candidates[0]
        file = settings.segmenter_weights or SHIPPED_SEGMENTER
        figures = {f"{split.value}_{name}": value for name, value in asdict(best.figures).items()}
        keep_rules(file, best.rules, best.calibration, figures)
        tell(f"the card of {file.name} has the first line's rules and calibration now")
    if as_json:
        print_json({"photos": len(samples), "candidates": candidates})
    else:
        _print_candidates(candidates)


def _print_candidates(candidates: Sequence["Candidate"]) -> None:
    """One line for each set of rules, the best first."""
    print_table(
        (
            *("gate", "least", "rename", "flip", "street mIoU", "street false", "garment IoU"),
            *("garment kept", "largest right", "nothing right", "calibration error", "mean"),
        ),
        [
            (
                f"{each.rules.presence_gate:.1f}",
                f"{each.rules.least_garment:.1f}",
                "yes" if each.rules.rename else "no",
                "yes" if each.rules.flip else "no",
                f"{each.figures.street_miou:.3f}",
                f"{each.figures.street_false:.3f}",
                f"{each.figures.garment_iou:.3f}",
                f"{each.figures.garment_kept:.3f}",
                f"{each.figures.largest_right:.3f}",
                f"{each.figures.nothing_right:.3f}",
                f"{each.figures.calibration_error:.3f}",
                f"{each.figures.mean:.3f}",
            )
            for each in candidates
        ],
    )
