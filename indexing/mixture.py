"""An encoder's weights before and after a training in, weights between them out."""

from dataclasses import replace
from pathlib import Path

from indexing.encoder import build_encoder, read_encoder_card
from segmentation.errors import WeightsError
from segmentation.mixture import mix_into, mixed_note
from segmentation.weights import load_tensors, save_tensors, write_card


def mix_encoders(start: Path, trained: Path, share: float, out: Path) -> Path:
    """Write the mixture to `out`; arguments and errors as of `mix_segmenters`."""
    before, card = read_encoder_card(start), read_encoder_card(trained)
    if (before.architecture, before.preprocessing) != (card.architecture, card.preprocessing):
        raise WeightsError(
            f"{start} and {trained} are not of one network; mix a run with what it started from"
        )
    first, second = build_encoder(before.architecture), build_encoder(card.architecture)
    load_tensors(first, start, before.sha256)
    load_tensors(second, trained, card.sha256)
    mix_into(second, first, 1 - share)
    sha256 = save_tensors(second, out)
    note = mixed_note(card.training, share)
    write_card(replace(card, sha256=sha256, training=note, figures={}), out)
    return out
