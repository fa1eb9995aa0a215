"""Options that several commands share."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from search_app.cli.output import print_note
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from catalog.feeds.rows import FieldMap


def _data_folder(context: typer.Context, given: Path | None) -> Path | None:
    """The folder named after the command, else the one named before it."""
    return given or context.find_root().obj


DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        callback=_data_folder,
        help="Folder of database, indices and stored photos (or APPAREL_DATA).",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")
]
SegmenterOption = Annotated[
    str | None,
    typer.Option(
        metavar="SEGMENTER",
        help="Segmenter weights with their card, or hf-hub:... or local-dir:... of a SegFormer.",
    ),
]
EncoderOption = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        "--encoder-weights",
        metavar="ENCODER",
        help="Encoder weights with their card, a timm name, hf-hub:... or local-dir:...",
    ),
]

# Feeds: `index` and `sync add`
PhotosOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder of the feed's photos (default: beside the feed). Addresses are looked up "
        "here by their last part before they are fetched.",
    ),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Which column holds id, title, photos, price, ...; may be repeated.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODEPAGE",
        help="The feed's encoding, such as windows-1251, if it is not detected correctly.",
    ),
]
ClearEmptyOption = Annotated[
    bool, typer.Option("--clear-empty", help="An empty cell clears the stored value.")
]
RefreshPhotosOption = Annotated[
    bool, typer.Option("--refresh-photos", help="Check whether fetched photos have changed.")
]
PrivateHostsOption = Annotated[
    bool,
    typer.Option("--allow-private-hosts", help="Fetch from this machine and private networks too."),
]

# Networks: `evaluate`, `train` and `dataset`
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="The folder to write.")]
SeedOption = Annotated[int, typer.Option(metavar="N", help="Start of the random numbers.")]
PairsOption = Annotated[
    list[Path],
    typer.Option(metavar="DIR", help="A folder made by `apparel dataset`; may be repeated."),
]
ThreadsOption = Annotated[int, typer.Option(metavar="N", min=1, help="CPU threads.")]
SplitName = Literal["train", "val", "test"]
ClothingArgument = Annotated[
    Path,
    typer.Argument(
        metavar="CLOTHING", help="The clothing dataset's folder with images.csv and photos."
    ),
]


def parsed_map(texts: list[str] | None) -> "FieldMap":
    """The columns of `--map`. Raises BadParameter."""
    from catalog.errors import FeedError
    from catalog.feeds.reader import parse_field_map

    try:
        return parse_field_map(texts or [])
    except FeedError as error:
        raise typer.BadParameter(f"--map: {error}") from error


def require_extra(extra: str, *modules: str) -> None:
    """Raise CommandFailed unless the modules of an optional dependency are installed."""
    absent = [name for name in modules if find_spec(name) is None]
    if absent:
        raise CommandFailed(
            f"this needs {', '.join(absent)}; run `python -m pip install 'apparel-search[{extra}]'`"
        )


def require_training() -> None:
    """Say that PyTorch is loaded. Raises CommandFailed unless the training extra is installed."""
    require_extra("train", "torch", "timm", "segmentation_models_pytorch", "cv2", "nncf")
    print_note("loading PyTorch ...")
