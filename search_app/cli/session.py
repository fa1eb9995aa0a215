"""Settings, models and open catalogue of a command.

Tests replace `load_embedder` and `load_segmenter`; heavy packages are imported only when one
of these functions runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from search_app.cli.output import note_if_slow, print_note
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from catalog.database import Database
    from indexing.collection import Collection
    from indexing.embedding.encoder import StyleEncoder
    from indexing.types import Embedder, ModelFingerprint
    from search_app.settings import Settings
    from segmentation.segmenter import Segmenter


def settings_for(**options: Any) -> Settings:
    """Settings of the environment, overridden by the command's options that are not None."""
    from pydantic import ValidationError

    from search_app.settings import Settings

    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        problem = error.errors()[0]
        name = "APPAREL_" + "_".join(str(part) for part in problem["loc"]).upper()
        raise typer.BadParameter(f"{name}: {problem['msg']}") from error


def load_embedder(settings: Settings) -> Embedder:
    """Load all models, from photo to vectors."""
    print_note("loading the segmenter and the encoder")
    from search_app.jobs.encoder_choices import encoder_in_use

    return settings.load_embedder(encoder_in_use(settings))


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


class DeferredEmbedder:
    """Embedder of a catalogue with vectors that loads its models at the first photo."""

    def __init__(
        self,
        fingerprint: ModelFingerprint,
        weights_folder: Path | None,
        load: Callable[[], Embedder],
    ) -> None:
        self.fingerprint = fingerprint
        self.weights_folder = weights_folder
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

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._loaded, name)


def embedder_when_needed(settings: Settings) -> Embedder:
    """The catalogue's models, loaded when needed, or at once if there are no vectors yet."""
    return embedder_of_vectors(settings) or load_embedder(settings)


def embedder_of_vectors(settings: Settings) -> Embedder | None:
    """The models that computed the vectors, loaded when needed; None without vectors."""
    from indexing.embedding.encoder import weights_folder
    from search_app.jobs.encoder_choices import encoder_in_use, stored_fingerprint

    about = note_if_slow("reading which models computed the vectors")
    with _unfit_values_explained(settings), about:
        fingerprint = stored_fingerprint(settings)
    if fingerprint is None:
        return None
    folder = weights_folder(encoder_in_use(settings))
    return cast("Embedder", DeferredEmbedder(fingerprint, folder, lambda: load_embedder(settings)))


def attributes_kept(collection: Collection) -> str:
    """The reason why a rebuild did not renew the predicted attributes; empty where it did."""
    encoder = collection.lacks_heads
    return encoder and f"attributes stay as they are: there are no heads for encoder {encoder}"


def require_catalogue(settings: Settings) -> None:
    """Raise CommandFailed unless the data folder has a database or the settings name a server's.

    Raises DatabaseError if the folder has a catalogue's files but no intact database.
    """
    from catalog.data_folder.integrity import check_integrity
    from catalog.models import DATABASE_NAME

    if settings.database_url is not None:
        return
    check_integrity(settings.data)
    if not (settings.data / DATABASE_NAME).is_file():
        raise CommandFailed(
            f"there is no catalogue in {settings.data}; "
            "make one with `apparel index SOURCE` or name another --data"
        )


@contextmanager
def _unfit_values_explained(settings: Settings) -> Iterator[None]:
    """Name the stored values that the schema does not allow where an exception may come of them."""
    try:
        yield
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        from catalog.data_folder.unfit_values import count_unfit_values
        from catalog.database import REMEDY, read_only_database

        opened = read_only_database(settings.data, settings.database_url)
        with opened as database, database.session() as rows:
            columns = ", ".join(count_unfit_values(rows))
        if not columns:
            raise
        raise CommandFailed(f"{columns}: values that the type does not allow; {REMEDY}") from error


@contextmanager
def opened_collection(settings: Settings, embedder: Embedder | None = None) -> Iterator[Collection]:
    """Open the collection of the data folder, created if absent; closed at the end."""
    with _unfit_values_explained(settings):
        with note_if_slow(f"opening the catalogue in {settings.data}"):
            collection = settings.open_collection(embedder)
        try:
            yield collection
        finally:
            collection.close()


@contextmanager
def opened_catalogue(data: Path | None) -> Iterator[Collection]:
    """Open an existing catalogue without models. Raises CommandFailed if there is none."""
    settings = settings_for(data=data)
    require_catalogue(settings)
    with opened_collection(settings) as collection:
        yield collection


@contextmanager
def opened_database(settings: Settings, create: bool = False) -> Iterator[Database]:
    """Open the database of a catalogue. Raises CommandFailed if there is none to be created."""
    if not create:
        require_catalogue(settings)
    with note_if_slow(f"opening the catalogue in {settings.data}"):
        from catalog.database import open_database

        database = open_database(settings.data, settings.database_url)
    try:
        with _unfit_values_explained(settings):
            yield database
    finally:
        database.close()
