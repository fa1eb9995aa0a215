"""Command groups evaluate, train and dataset."""

from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from search_app.cli.output import print_note, progress_on_stderr
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from segmentation.data.pairs import PairsFolder

TRAINING_MODULES: Final = ("torch", "timm", "segmentation_models_pytorch", "cv2", "nncf")
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")]
MinutesOption = Annotated[
    float | None,
    typer.Option(
        "--minutes", metavar="N", min=0.01, help="Stop after the epoch that passes this time."
    ),
]
PairsOption = Annotated[
    list[Path],
    typer.Option(
        "--pairs", metavar="DIR", help="A folder made by `apparel dataset`; may be repeated."
    ),
]
ThreadsOption = Annotated[int, typer.Option("--threads", metavar="N", min=1, help="CPU threads.")]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="Start of the random numbers.")
]

evaluate_app = typer.Typer(
    help="Evaluate the networks on labelled data.", no_args_is_help=True, rich_markup_mode=None
)
train_app = typer.Typer(
    help="Train the networks; a stopped run continues.", no_args_is_help=True, rich_markup_mode=None
)
dataset_app = typer.Typer(
    help="Make folders of photo and mask pairs from original datasets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_commands(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(evaluate_app, name="evaluate")
    app.add_typer(train_app, name="train")
    app.add_typer(dataset_app, name="dataset")


class TrainExtraMissing(SearchAppError):
    """A package needed only for training and datasets is not installed."""


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
    minutes: MinutesOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
) -> None:
    """Train a segmenter from ImageNet weights.

    Weights, card, log and overlays go to --out.

    Example: apparel train segmenter --pairs data/ccp --pairs data/drawn --out runs/segmenter
    """
    require_train_extra()
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
    threads: ThreadsOption = 2,
) -> None:
    """Fit an encoder on a segmenter's features, in minutes.

    Weights and card go to --out.

    Example: apparel train encoder --pairs ccp --pairs clothing --out runs/encoder
    """
    require_train_extra()
    from indexing.training.fit import FitConfig, fit_encoder
    from segmentation.runtime import RuntimeOptions
    from segmentation.segmenter import Segmenter

    backbone = Segmenter.load(segmenter, RuntimeOptions(threads=threads))
    config = FitConfig(tuple(pairs), out, photos=photos, command=_command("encoder", pairs))
    with progress_on_stderr("garments") as tick:
        weights = fit_encoder(config, backbone, tick)
    typer.echo(f"weights: {weights}")


def _command(network: str, pairs: list[Path], *options: str) -> str:
    """The command line of the run for the card, with folders' last names only."""
    folders = (f"--pairs {folder.name}" for folder in pairs)
    return " ".join(["apparel train", network, *folders, *options])


def require_train_extra() -> None:
    """Say that PyTorch is loaded; raise TrainExtraMissing unless it, OpenCV and NNCF are there."""
    absent = [name for name in TRAINING_MODULES if find_spec(name) is None]
    if absent:
        raise TrainExtraMissing(
            f"training needs {', '.join(absent)}; "
            "run `python -m pip install 'apparel-search[train]'`"
        )
    print_note("loading PyTorch ...")


@dataset_app.command("imaterialist")
def dataset_imaterialist(
    source: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder with train.csv and train/.")
    ],
    out: OutOption,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most this many pairs, drawn by --seed.")
    ] = (13_200),
    seed: SeedOption = 0,
) -> None:
    """Convert iMaterialist Fashion 2019 to pairs.

    Its 46 categories become our 4 classes.

    Example: apparel dataset imaterialist imaterialist-2019 --out data/imaterialist
    """
    from segmentation.data.imaterialist import create_imaterialist

    with progress_on_stderr("pairs") as tick:
        folder = create_imaterialist(source, out, limit, seed, tick)
    print_pairs(folder)


@dataset_app.command("ccp")
def dataset_ccp(
    source: Annotated[
        Path, typer.Argument(metavar="CCP", help="The folder with photos, masks and labels.txt.")
    ],
    out: OutOption,
) -> None:
    """Convert Clothing Co-Parsing to pairs.

    Its 59 labels become our 4 classes.

    Example: apparel dataset ccp CCP --out data/ccp
    """
    from segmentation.data.sources import create_ccp

    with progress_on_stderr("pairs") as tick:
        folder = create_ccp(source, out, tick)
    print_pairs(folder)


@dataset_app.command("ccp-tagged")
def dataset_ccp_tagged(
    source: Annotated[
        Path, typer.Argument(metavar="CCP", help="The folder with tagged and tagged.csv.")
    ],
    out: OutOption,
) -> None:
    """Convert Clothing Co-Parsing's photos that have no masks.

    Their tags tell which classes are on them; only for training.

    Example: apparel dataset ccp-tagged CCP --out data/ccp-tagged
    """
    from segmentation.data.sources import create_ccp_tagged

    with progress_on_stderr("photos") as tick:
        folder = create_ccp_tagged(source, out, tick)
    print_pairs(folder)


@dataset_app.command("clothing")
def dataset_clothing(
    source: Annotated[
        Path, typer.Argument(metavar="CLOTHING", help="The folder with images.csv and photos.")
    ],
    out: OutOption,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Processes that cut out garments.")
    ] = 2,
) -> None:
    """Convert the clothing dataset to pairs.

    GrabCut makes the masks, the label gives the class.

    Example: apparel dataset clothing CLOTHING --out data/clothing
    """
    require_train_extra()
    from segmentation.data.sources import create_clothing

    with progress_on_stderr("photos") as tick:
        folder = create_clothing(source, out, workers, tick)
    print_pairs(folder)


@dataset_app.command("drawn")
def dataset_drawn(
    out: OutOption,
    count: Annotated[int, typer.Option(metavar="N", min=1, help="How many photos to draw.")] = 600,
    seed: SeedOption = 0,
) -> None:
    """Draw garments with exact masks; needs no data.

    Example: apparel dataset drawn --out data/drawn --count 200
    """
    from segmentation.data.drawn import create_drawn

    with progress_on_stderr("drawing") as tick:
        folder = create_drawn(out, count, seed, tick)
    print_pairs(folder)


def print_pairs(folder: "PairsFolder") -> None:
    """Print the number of pairs in each split and why photos were skipped."""
    splits = Counter(pair.split for pair in folder.pairs)
    counted = ", ".join(f"{splits[split]} {split}" for split in ("train", "val", "test"))
    typer.echo(f"{len(folder.pairs)} pairs in {folder.root} ({counted})")
    if not folder.left_out:
        return
    print_note(f"{len(folder.left_out)} photos left out:")
    reasons = Counter(each.reason for each in folder.left_out)
    for reason, count in reasons.most_common(10):
        print_note(f"  {count} x {reason}")
