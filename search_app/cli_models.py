"""The commands around the networks: evaluate, train, dataset."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_retrieval, cli_session
from search_app.cli_output import progress_on_stderr, tell
from search_app.cli_session import WeightsOption, settings_for
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from segmentation.pairs import PairsFolder

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")]
MinutesOption = Annotated[
    float | None,
    typer.Option("--minutes", min=0.01, help="Stop after the epoch that passes this time."),
]
PairsOption = Annotated[
    list[Path],
    typer.Option(
        "--pairs", metavar="DIR", help="A folder made by `apparel dataset`; may be repeated."
    ),
]
ThreadsOption = Annotated[int, typer.Option("--threads", min=1, help="CPU threads.")]
EpochsOption = Annotated[int, typer.Option(min=1, help="With --start: how many epochs.")]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Compile the network: minutes at first, faster after.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed draws the same.")]

evaluate_app = typer.Typer(
    help="Measure the networks against truth.", no_args_is_help=True, rich_markup_mode=None
)
train_app = typer.Typer(
    help="Train the networks; a stopped run goes on.", no_args_is_help=True, rich_markup_mode=None
)
dataset_app = typer.Typer(
    help="Make folders of photo and mask pairs from original datasets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_commands(app: typer.Typer) -> None:
    """Make these commands known to the console script."""
    cli_retrieval.add_commands(evaluate_app, train_app)
    app.add_typer(evaluate_app, name="evaluate")
    app.add_typer(train_app, name="train")
    app.add_typer(dataset_app, name="dataset")


class TrainExtraMissing(SearchAppError):
    """A package that only training and dataset creation need is not installed."""


@train_app.command("segmenter")
def train_segmenter(
    pairs: PairsOption,
    out: OutOption,
    start: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Segmenter weights to go on from, in fewer epochs."),
    ] = None,
    epochs: EpochsOption = 12,
    on_ground: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="With --start: share of garments seen again on bare ground."
        ),
    ] = 0.0,
    second_look: Annotated[
        bool, typer.Option("--second-look", help="With --start: the network that queries ask too.")
    ] = False,
    compiled: CompileOption = False,
    minutes: MinutesOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
) -> None:
    """Train a segmenter; weights, card, log and overlays go to --out."""
    if on_ground and second_look:
        raise typer.BadParameter("--on-ground or --second-look: the second look has its own share")
    if (on_ground or second_look) and start is None:
        raise typer.BadParameter("--on-ground and --second-look go with --start")
    require_train_extra()
    from segmentation.train import train_segmenter as train
    from segmentation.train_config import (
        TrainConfig,
        for_second_look,
        going_on_from,
        on_bare_ground,
    )

    config = TrainConfig(
        tuple(pairs),
        out,
        seed=seed,
        threads=threads,
        minutes=minutes,
        command=_command("segmenter", pairs, seed),
        compiled=compiled,
    )
    if start:
        config = going_on_from(start, config, epochs)
        config = on_bare_ground(config, on_ground) if on_ground else config
        config = for_second_look(config) if second_look else config
    typer.echo(f"best weights: {train(config)}")


@train_app.command("encoder")
def train_encoder(
    pairs: PairsOption,
    out: OutOption,
    segmenter: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Segmenter weights to start from (else from scratch)."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Encoder weights to go on from, in few epochs."),
    ] = None,
    epochs: EpochsOption = 12,
    compiled: CompileOption = False,
    minutes: MinutesOption = None,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
) -> None:
    """Train an encoder; weights, card and log go to --out."""
    require_train_extra()
    from indexing.train import EncoderTrainConfig, going_on_from
    from indexing.train import train_encoder as train

    config = EncoderTrainConfig(
        tuple(pairs),
        out,
        segmenter,
        seed=seed,
        threads=threads,
        minutes=minutes,
        command=_command("encoder", pairs, seed),
        compiled=compiled,
    )
    if start:
        config = going_on_from(start, config, epochs)
    typer.echo(f"best weights: {train(config)}")


def _command(network: str, pairs: list[Path], seed: int) -> str:
    """How the run was started, for the card; folders by their last name."""
    folders = " ".join(f"--pairs {folder.name}" for folder in pairs)
    return f"apparel train {network} {folders} --seed {seed}"


def require_train_extra() -> None:
    """TrainExtraMissing unless OpenCV and NNCF are installed, which only these commands need."""
    if find_spec("cv2") is None or find_spec("nncf") is None:
        raise TrainExtraMissing(
            "OpenCV or NNCF is not installed; run `python -m pip install 'apparel-search[train]'`"
        )


@dataset_app.command("imaterialist")
def dataset_imaterialist(
    source: Annotated[Path, typer.Argument(help="The folder with train.csv and train/.")],
    out: OutOption,
    limit: Annotated[int, typer.Option(min=1, help="At most this many pairs, drawn by --seed.")] = (
        13_200
    ),
    seed: SeedOption = 0,
) -> None:
    """iMaterialist Fashion 2019: 46 categories become 4 classes."""
    from segmentation.imaterialist import create_imaterialist

    with progress_on_stderr("pairs") as tick:
        folder = create_imaterialist(
            source, out, limit, seed, lambda done, total: tick(done, total, "")
        )
    tell_pairs(folder)


@dataset_app.command("ccp")
def dataset_ccp(
    source: Annotated[Path, typer.Argument(help="The folder with photos, masks and labels.txt.")],
    out: OutOption,
) -> None:
    """Clothing Co-Parsing: 59 labels become 4 classes."""
    from segmentation.dataset import create_ccp

    with progress_on_stderr("pairs") as tick:
        folder = create_ccp(source, out, lambda done, total: tick(done, total, ""))
    tell_pairs(folder)


@dataset_app.command("ccp-tagged")
def dataset_ccp_tagged(
    source: Annotated[Path, typer.Argument(help="The folder with tagged and tagged.csv.")],
    out: OutOption,
) -> None:
    """Clothing Co-Parsing's photos that have tags but no masks; for training only."""
    from segmentation.dataset import create_ccp_tagged

    with progress_on_stderr("photos") as tick:
        folder = create_ccp_tagged(source, out, lambda done, total: tick(done, total, ""))
    tell_pairs(folder)


@dataset_app.command("clothing")
def dataset_clothing(
    source: Annotated[Path, typer.Argument(help="The folder with images.csv and photos.")],
    out: OutOption,
    workers: Annotated[int, typer.Option(min=1, help="Processes that cut out garments.")] = 2,
) -> None:
    """Clothing dataset: GrabCut makes the masks, the label gives the class."""
    require_train_extra()
    from segmentation.dataset import create_clothing

    with progress_on_stderr("photos") as tick:
        folder = create_clothing(source, out, workers, lambda done, total: tick(done, total, ""))
    tell_pairs(folder)


@dataset_app.command("drawn")
def dataset_drawn(
    out: OutOption,
    count: Annotated[int, typer.Option(min=1, help="How many photos to draw.")] = 600,
    seed: SeedOption = 0,
) -> None:
    """Garments drawn by seeded code, with exact masks; needs no data."""
    from segmentation.drawn_pairs import create_drawn

    with progress_on_stderr("drawing") as tick:
        folder = create_drawn(out, count, seed, lambda done, total: tick(done, total, ""))
    tell_pairs(folder)


@dataset_app.command("found")
def dataset_found(
    context: typer.Context,
    pairs: PairsOption,
    out: OutOption,
    weights: WeightsOption = None,
) -> None:
    """Photos of other pairs folders with the masks that the segmenter finds, for the encoder."""
    from segmentation.found_pairs import create_found

    segmenter = cli_session.load_segmenter(settings_for(context, segmenter_weights=weights))
    with progress_on_stderr("photos") as tick:
        folder = create_found(pairs, segmenter, out, lambda done, total: tick(done, total, ""))
    tell_pairs(folder)


@dataset_app.command("seen-again")
def dataset_seen_again(
    context: typer.Context,
    pairs: PairsOption,
    out: OutOption,
    views: Annotated[int, typer.Option(min=1, help="Changed photos of each photo.")] = 3,
    weights: WeightsOption = None,
    seed: SeedOption = 0,
) -> None:
    """Photos changed hard, with the masks that the segmenter finds there, for the encoder."""
    from indexing.again_pairs import create_seen_again

    segmenter = cli_session.load_segmenter(settings_for(context, segmenter_weights=weights))
    with progress_on_stderr("photos") as tick:
        folder = create_seen_again(
            pairs, segmenter, out, views, seed, lambda done, total: tick(done, total, "")
        )
    tell_pairs(folder)


def tell_pairs(folder: "PairsFolder") -> None:
    """How many pairs there are in each split, and why photos were left out."""
    splits = Counter(pair.split for pair in folder.pairs)
    counted = ", ".join(f"{splits[split]} {split}" for split in ("train", "val", "test"))
    typer.echo(f"{len(folder.pairs)} pairs in {folder.root} ({counted})")
    if not folder.left_out:
        return
    tell(f"{len(folder.left_out)} photos left out:")
    reasons = Counter(each.reason for each in folder.left_out)
    for reason, count in reasons.most_common(10):
        tell(f"  {count} x {reason}")
