"""What a command works with: its settings, the models, an open collection.

Tests replace `load_embedder` and `load_segmenter` here; nothing heavy is imported
before one of these functions runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from indexing.collection import Collection
    from indexing.encoders import OpenedEncoder
    from indexing.records import Embedder
    from indexing.second_look import SecondLook
    from search_app.settings import Settings
    from segmentation.predictor import Segmenter

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of database, indices and stored photos (or APPAREL_DATA).",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")
]

WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="FILE", help="Segmenter weights with their card (else the shipped)."
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


class NoCatalogue(SearchAppError):
    """The data folder holds no catalogue yet."""


def settings_for(context: typer.Context, **chosen: Any) -> Settings:
    """Settings of the environment, with what the command line says put above them.

    `--data` counts after the command and before it; an option that is None was not given.
    """
    from pydantic import ValidationError

    from search_app.settings import Settings

    chosen["data"] = chosen.get("data") or cast("Path | None", context.find_root().obj)
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        problem = error.errors()[0]
        name = "APPAREL_" + "_".join(str(part) for part in problem["loc"]).upper()
        raise typer.BadParameter(f"{name}: {problem['msg']}") from error


def load_embedder(settings: Settings) -> Embedder:
    """The models of the whole path, from photo to vectors."""
    from indexing.wiring import load_embedder as load
    from search_app.encoder_choices import encoder_in_use

    return load(
        settings.segmenter_weights,
        encoder_in_use(settings),
        settings.runtime_options,
        settings.second_look,
    )


def load_segmenter(settings: Settings) -> Segmenter:
    """The segmenter alone."""
    from segmentation.predictor import Segmenter

    return Segmenter.load(settings.segmenter_weights, settings.runtime_options)


def load_second_look(settings: Settings) -> SecondLook:
    """What photos to search with are looked at by, too."""
    from indexing.wiring import load_second_look as load

    return load(settings.runtime_options, settings.second_look)


def load_encoder(settings: Settings) -> OpenedEncoder:
    """The encoder alone."""
    from indexing.encoders import open_encoder

    return open_encoder(settings.encoder, settings.runtime_options)


def require_catalogue(settings: Settings) -> None:
    """NoCatalogue unless the data folder has a database, or a server's is named."""
    from catalog.models import DATABASE_NAME

    if settings.database_url is not None:
        return
    if not (settings.data / DATABASE_NAME).is_file():
        raise NoCatalogue(
            f"there is no catalogue in {settings.data}; "
            "make one with `apparel index SOURCE` or name another --data"
        )


@contextmanager
def opened_collection(settings: Settings, embedder: Embedder | None) -> Iterator[Collection]:
    """The collection of the data folder, closed at the end."""
    from indexing.collection import open_collection

    collection = open_collection(settings.data, embedder, settings.database_url)
    try:
        yield collection
    finally:
        collection.close()
