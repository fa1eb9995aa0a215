"""The encoders that an admin may choose: the shipped one and those in DATA/encoders.

    DATA/encoders/NAME.safetensors, with NAME.json, its card, beside it

Of servers that share a bucket, each takes what its folder lacks from encoders/ there. Only the
operator can put files into either; a request can only name one.
"""

import logging
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from catalog.data_folder.bucket import Bucket
from catalog.models import DATABASE_NAME
from search_app.errors import PageNotFound
from segmentation.errors import WeightsError

if TYPE_CHECKING:
    from indexing.types import ModelFingerprint
    from search_app.settings import Settings

_log = logging.getLogger(__name__)

FOLDER: Final = "encoders"
SHIPPED: Final = "shipped"
SUFFIX: Final = ".safetensors"


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder with its name, fingerprint and weights."""

    name: str
    fingerprint: str
    weights: Path


def encoder_choices(data: Path, bucket: Bucket | None = None) -> list[EncoderChoice]:
    """The shipped encoder, then those in the data folder by name, without broken cards."""
    # Imported here: loads torch.
    from indexing.embedding.encoder import SHIPPED_ENCODER, read_encoder_card

    if bucket is not None:
        bucket.take_missing(FOLDER, data)
    named = [(SHIPPED, SHIPPED_ENCODER)]
    named += [(each.stem, each) for each in sorted((data / FOLDER).glob(f"*{SUFFIX}"))]
    choices = []
    for name, weights in named:
        try:
            fingerprint = read_encoder_card(weights).fingerprint
        except WeightsError as error:
            _log.debug("an encoder is left out: %s", error)
            continue
        choices.append(EncoderChoice(name, fingerprint, weights))
    return choices


def choice_named(data: Path, bucket: Bucket | None, name: str) -> EncoderChoice:
    """The encoder of this name. Raises PageNotFound."""
    for choice in encoder_choices(data, bucket):
        if choice.name == name:
            return choice
    raise PageNotFound(f"there is no encoder {name[:100]!r}; put its weights into DATA/{FOLDER}")


def encoder_of_name(settings: "Settings", encoder: str | None) -> str | None:
    """The weights of an encoder chosen by name; any other reference stays as it is."""
    if encoder is None:
        return None
    choices = encoder_choices(settings.data, settings.bucket())
    named = {choice.name: str(choice.weights) for choice in choices}
    return named.get(encoder, encoder)


def encoder_in_use(settings: "Settings") -> str | None:
    """The encoder to open: that of the settings, else the one that computed the vectors.

    So a server whose encoder was changed restarts with the new one.
    """
    bucket, folder = settings.bucket(), settings.data / FOLDER
    if settings.encoder is not None or not (bucket or any(folder.glob(f"*{SUFFIX}"))):
        return settings.encoder
    stored = stored_fingerprint(settings)
    made_by = stored and stored.encoder
    chosen = [
        each for each in encoder_choices(settings.data, bucket) if each.fingerprint == made_by
    ]
    return str(chosen[0].weights) if chosen else None


def stored_fingerprint(settings: "Settings") -> "ModelFingerprint | None":
    """The fingerprint of the models that computed the vectors; None without a catalogue."""
    from catalog.database import open_database
    from indexing.index.vector_rows import active_model, fingerprint_of

    if settings.database_url is None and not (settings.data / DATABASE_NAME).is_file():
        return None
    with (
        closing(open_database(settings.data, settings.database_url)) as database,
        database.session() as session,
    ):
        model = active_model(session)
        return fingerprint_of(model) if model else None
