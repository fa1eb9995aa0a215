"""Commands `apparel train`: train, fit, quantise and calibrate the networks."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli import session
from search_app.cli.options import (
    EncoderOption,
    JsonOption,
    OutOption,
    PairsOption,
    SeedOption,
    SegmenterOption,
    SplitName,
    ThreadsOption,
    require_training,
)
from search_app.cli.output import print_note, print_report, progress_on_stderr
from search_app.cli.session import settings_for

if TYPE_CHECKING:
    from search_app.settings import Settings

train_app = typer.Typer(
    help="Train the networks; a stopped run continues.", no_args_is_help=True, rich_markup_mode=None
)


@train_app.command("segmenter")
def train_segmenter(
    pairs: PairsOption,
    out: OutOption,
    views: Annotated[
        int | None,
        typer.Option(
            "--views",
            metavar="N",
            min=24,
            help="For a smoke run: views per epoch and photos per folder.",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.01, help="Stop after the epoch that passes this time."),
    ] = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
) -> None:
    """Train a segmenter from ImageNet weights.

    Weights, card, log and overlays go to --out.

    Example: apparel train segmenter --pairs data/ccp --pairs data/drawn --out runs/segmenter
    """
    require_training()
    from segmentation.training.config import TrainConfig
    from segmentation.training.train import train_segmenter as train

    config = TrainConfig(
        tuple(pairs),
        out,
        seed=seed,
        threads=threads,
        minutes=minutes,
        command=_command("segmenter", pairs, f"--seed {seed}"),
    )
    if views:
        config = replace(config, views_per_epoch=views, photos_per_folder=views)
    typer.echo(f"best weights: {train(config, print_note)}")


@train_app.command("encoder")
def train_encoder(
    pairs: PairsOption,
    out: OutOption,
    segmenter: Annotated[
        str | None,
        typer.Option("--segmenter", metavar="FILE", help="Weights whose features it is fitted on."),
    ] = None,
    photos: Annotated[
        int | None,
        typer.Option("--photos", metavar="N", min=40, help="For a trial: photos per folder."),
    ] = None,
    clicks: Annotated[
        Path | None,
        typer.Option("--clicks", metavar="FILE", help="Judged pairs, as /admin/searches exports."),
    ] = None,
    click_photos: Annotated[
        Path, typer.Option("--click-photos", metavar="DIR", help="Where photos of clicks lie.")
    ] = Path("apparel-data/photos"),
    threads: ThreadsOption = 2,
) -> None:
    """Fit an encoder on a segmenter's features, in minutes.

    Weights and card go to --out. With --clicks it also learns from what customers chose.

    Example: apparel train encoder --pairs ccp --pairs clothing --out runs/encoder
    """
    require_training()
    from indexing.training.clicks import judged_features
    from indexing.training.fit import FitConfig, fit_encoder
    from segmentation.runtime import RuntimeOptions
    from segmentation.segmenter import Segmenter

    name = settings_for(segmenter=segmenter).segmenter
    backbone = Segmenter.load(name, RuntimeOptions(threads=threads))
    judged, options = None, list[str]()
    if clicks is not None:
        options = ["--clicks", clicks.name]
        with progress_on_stderr("photos of clicks") as tick:
            judged = judged_features(clicks, click_photos, backbone, tick)
    command = _command("encoder", pairs, *options)
    config = FitConfig(tuple(pairs), out, photos=photos, command=command)
    with progress_on_stderr("garments") as tick:
        weights = fit_encoder(config, backbone, tick, judged)
    typer.echo(f"weights: {weights}")


def _command(network: str, pairs: list[Path], *options: str) -> str:
    """The command line of the run for the card, with folders' last names only."""
    folders = (f"--pairs {folder.name}" for folder in pairs)
    return " ".join(["apparel train", network, *folders, *options])


@train_app.command("heads")
def train_heads_command(
    pairs: PairsOption,
    out: OutOption,
    segmenter: SegmenterOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit kinds, patterns and closeness for a new encoder.

    Writes attributes.safetensors, its card and closeness.json; figures are of the test split.

    Example: apparel train heads --pairs clothing --pairs drawn --out heads
    """
    require_training()
    from indexing.training.heads import train_heads

    settings = settings_for(segmenter=segmenter, encoder=encoder)
    loaded = session.load_encoder(settings, session.load_segmenter(settings))
    with progress_on_stderr("garments") as tick:
        heads, closeness = train_heads(pairs, loaded, out, tick)
    document = {"attributes": heads.figures, "closeness": closeness.figures, "out": str(out)}
    print_report(document, as_json)


@train_app.command("quantised")
def train_quantised(
    pairs: PairsOption,
    segmenter: SegmenterOption = None,
    seed: SeedOption = 0,
) -> None:
    """Write a segmenter in 8-bit integers beside its weights.

    OpenVINO runs it. Encoders fitted on its features have to be fitted again.

    Example: apparel train quantised --pairs ccp --pairs clothing
    """
    require_training()
    from segmentation.training.quantise import quantise_segmenter

    path = _weights_file(settings_for(segmenter=segmenter))
    print_note("reading photos")
    with progress_on_stderr("steps") as tick:
        written = quantise_segmenter(path, pairs, seed=seed, progress=tick)
    typer.echo(f"8-bit network: {written}")


@train_app.command("calibration")
def train_calibration(
    pairs: PairsOption,
    split: Annotated[SplitName, typer.Option(help="The split to fit on.")] = "val",
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

    settings = settings_for(segmenter=segmenter)
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        samples = collect_samples(loaded, pairs, split, limit, tick)
    calibration = fit_calibration(samples)
    figures = measure_calibration(samples, calibration)
    if not dry_run:
        file = _weights_file(settings)
        named = {f"{split}_{name}": value for name, value in asdict(figures).items()}
        save_calibration(file, calibration, named)
        print_note(f"the card of {file.name} has this calibration now")
    document = {"photos": len(samples), "calibration": calibration, "figures": figures}
    print_report(document, as_json)


def _weights_file(settings: "Settings") -> Path:
    """The weights file of the configured segmenter, beside which these commands write."""
    from segmentation.weights import SHIPPED_SEGMENTER

    name = settings.segmenter
    if name is None:
        return SHIPPED_SEGMENTER
    if not name.endswith(".safetensors"):
        raise typer.BadParameter(f"--segmenter {name}: name a weights file (.safetensors)")
    return Path(name)
