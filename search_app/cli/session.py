"""Settings, models and open collection of a command.

Tests replace `load_embedder` and `load_segmenter`; heavy packages are imported only when one
of these functions runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from search_app.cli.output import note_if_slow, print_note
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from catalog.database import Database
    from indexing.clock import StageClock
    from indexing.collection import Collection
    from indexing.embedding.encoder import StyleEncoder
    from indexing.types import EmbeddedPhoto, Embedder, ModelFingerprint
    from search_app.settings import Settings
    from segmentation.photos import Photo
    from segmentation.segmenter import Segmenter

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of database, indices and stored photos (or APPAREL_DATA).",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")
]

SegmenterOption = Annotated[
    str | None,
    typer.Option(
        "--segmenter",
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


class NoCatalogue(SearchAppError):
    """The data folder has no catalogue yet."""


def settings_for(context: typer.Context, **chosen: Any) -> Settings:
    """Settings of the environment, overridden by the command line's options.

    `--data` may stand before or after the command's name; None = the option was not given.
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
    """Load all models, from photo to vectors."""
    print_note("loading the segmenter and the encoder")
    from indexing.embedding.wiring import load_embedder as load
    from search_app.jobs.encoder_choices import encoder_in_use

    return load(settings.segmenter, encoder_in_use(settings), settings.runtime_options)


class DeferredEmbedder:
    """Embedder of a catalogue with vectors that loads its models at the first photo."""

    def __init__(self, fingerprint: ModelFingerprint, load: Callable[[], Embedder]) -> None:
        self.fingerprint = fingerprint
        self._load = load

    @cached_property
    def _loaded(self) -> Embedder:
        """The models. Raises ModelMismatch if others computed the vectors."""
        from indexing.errors import ModelMismatch

        embedder = self._load()
        if embedder.fingerprint != self.fingerprint:
            raise ModelMismatch(
                f"the vectors were made by {self.fingerprint.key}, the models loaded are "
                f"{embedder.fingerprint.key}; `apparel rebuild --encoder` changes the encoder"
            )
        return embedder

    def embed_timed(self, photos: list[Photo], clock: StageClock) -> list[EmbeddedPhoto]:
        """Embed photos, with the seconds of each stage if the models report them."""
        from indexing.types import TimedEmbedder

        if isinstance(self._loaded, TimedEmbedder):
            return self._loaded.embed_timed(photos, clock)
        return self._loaded.embed(photos)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._loaded, name)


def embedder_when_needed(settings: Settings) -> Embedder:
    """The catalogue's models, loaded when needed, or at once if there are no vectors yet."""
    fingerprint = _stored_fingerprint(settings)
    if fingerprint is None:
        return load_embedder(settings)
    return cast("Embedder", DeferredEmbedder(fingerprint, lambda: load_embedder(settings)))


def _stored_fingerprint(settings: Settings) -> ModelFingerprint | None:
    from catalog.models import DATABASE_NAME
    from indexing.index.vector_rows import active_model, fingerprint_of

    if settings.database_url is None and not (settings.data / DATABASE_NAME).is_file():
        return None
    with opened_database(settings) as database, database.session() as rows:
        model = active_model(rows)
        return None if model is None else fingerprint_of(model)


def load_segmenter(settings: Settings) -> Segmenter:
    """Load the segmenter."""
    print_note("loading the segmenter")
    from segmentation.segmenter import Segmenter

    return Segmenter.load(settings.segmenter, settings.runtime_options)


def load_encoder(settings: Settings, segmenter: Segmenter | None = None) -> StyleEncoder:
    """Load the encoder; one fitted on the features of `segmenter` loads no network of its own."""
    print_note("loading the encoder")
    from indexing.embedding.wiring import open_encoder

    return open_encoder(settings.encoder, settings.runtime_options, segmenter)


def require_catalogue(settings: Settings) -> None:
    """Raise NoCatalogue unless the data folder has a database or the settings name a server's.

    Raises DatabaseError if the folder has a catalogue's files but no intact database.
    """
    from catalog.data_folder.integrity import check_integrity
    from catalog.models import DATABASE_NAME

    if settings.database_url is not None:
        return
    check_integrity(settings.data)
    if not (settings.data / DATABASE_NAME).is_file():
        raise NoCatalogue(
            f"there is no catalogue in {settings.data}; "
            "make one with `apparel index SOURCE` or name another --data"
        )


@contextmanager
def opened_collection(settings: Settings, embedder: Embedder | None) -> Iterator[Collection]:
    """Open the collection of the data folder; closed at the end."""
    with note_if_slow(f"opening the catalogue in {settings.data}"):
        collection = settings.open_collection(embedder)
    try:
        yield collection
    finally:
        collection.close()


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """Open the database of the data folder, created if absent; closed at the end."""
    with note_if_slow(f"opening the catalogue in {settings.data}"):
        from catalog.database import open_database

        database = open_database(settings.data, settings.database_url)
    try:
        yield database
    finally:
        database.close()
