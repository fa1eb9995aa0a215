"""Commands `apparel dataset`: make folders of photo and mask pairs from original datasets."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli.options import ClothingArgument, OutOption, SeedOption, require_training
from search_app.cli.output import print_note, progress_on_stderr

if TYPE_CHECKING:
    from segmentation.data.pairs import PairsFolder

CcpArgument = Annotated[
    Path,
    typer.Argument(
        metavar="CCP",
        help="The folder with photos, masks, tagged and labels.txt.",
    ),
]

dataset_app = typer.Typer(
    help="Make folders of photo and mask pairs from original datasets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@dataset_app.command("imaterialist")
def dataset_imaterialist(
    source: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder with train.csv and train/.")
    ],
    out: OutOption,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most this many pairs, drawn by --seed.")
    ] = 13_200,
    seed: SeedOption = 0,
) -> None:
    """Convert iMaterialist Fashion 2019 to pairs.

    Its 46 categories become our 4 classes.

    Example: apparel dataset imaterialist imaterialist-2019 --out data/imaterialist
    """
    from segmentation.data.imaterialist import create_imaterialist

    with progress_on_stderr("pairs") as tick:
        folder = create_imaterialist(source, out, limit, seed, tick)
    _print_pairs(folder)


@dataset_app.command("ccp")
def dataset_ccp(
    source: CcpArgument,
    out: OutOption,
    as_published: Annotated[
        bool,
        typer.Option("--as-published", help="Only the published masks, with their errors."),
    ] = False,
) -> None:
    """Convert Clothing Co-Parsing to pairs.

    Its 59 labels become our 4 classes; labels that are surely wrong are corrected, and photos
    without masks have ours.

    Example: apparel dataset ccp CCP --out data/ccp
    """
    from segmentation.data.sources import create_ccp

    with progress_on_stderr("pairs") as tick:
        folder = create_ccp(source, out, tick, as_published=as_published)
    _print_pairs(folder)


@dataset_app.command("clothing")
def dataset_clothing(
    source: ClothingArgument,
    out: OutOption,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, help="Processes that cut out garments.")
    ] = 2,
) -> None:
    """Convert the clothing dataset to pairs.

    GrabCut makes the masks, the label gives the class; masks found wrong are replaced.

    Example: apparel dataset clothing CLOTHING --out data/clothing
    """
    require_training()
    from segmentation.data.sources import create_clothing

    with progress_on_stderr("photos") as tick:
        folder = create_clothing(source, out, workers, tick)
    _print_pairs(folder)


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
    _print_pairs(folder)


@dataset_app.command("checked")
def dataset_checked(source: ClothingArgument, out: OutOption) -> None:
    """Make the pairs of sixty photos with hand-checked masks.

    They are only for evaluation.

    Example: apparel dataset checked clothing --out data/checked
    """
    from segmentation.data.checked import create_checked

    _print_pairs(create_checked(source, out))


def _print_pairs(folder: "PairsFolder") -> None:
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
