"""An encoder's weights before and after a training in, weights between them out."""

from dataclasses import replace
from pathlib import Path

from indexing.encoder import load_encoder
from segmentation.mixture import mix_into, mixed_note, not_of_one_network
from segmentation.weights import save_tensors, write_card


def mix_encoders(start: Path, trained: Path, share: float, out: Path) -> Path:
    """Write the mixture to `out`; arguments and errors as of `mix_segmenters`.

    Tiles that the first network does not have yet are those of the trained one.
    """
    (first, before), (second, card) = load_encoder(start), load_encoder(trained)
    alike = replace(card.architecture, tiles=before.architecture.tiles)
    if (before.architecture, before.preprocessing) != (alike, card.preprocessing):
        raise not_of_one_network(start, trained)
    mix_into(second, first, 1 - share)
    sha256 = save_tensors(second, out)
    note = mixed_note(card.training, share, start)
    write_card(replace(card, sha256=sha256, training=note, figures={}), out)
    return out
