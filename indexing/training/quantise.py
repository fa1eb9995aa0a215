"""Convert a trained encoder for OpenVINO, in 8-bit integers or else half precision.

The network is written beside its weights and recorded in their card. Its style vectors are
compared with the float32 reference on validation crops; below MIN_COSINE half precision is used.
Needs the `train` extra (OpenCV, NNCF).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from indexing.embedding.crop import Crop, crop_garment
from indexing.embedding.encoder import Encoder, EncoderCard, crop_network
from indexing.embedding.network import load_encoder
from indexing.errors import IndexingError
from indexing.training.samples import read_garments
from segmentation.data.splits import Split
from segmentation.runtime import REFERENCE, RuntimeOptions
from segmentation.torch_runtime import converted
from segmentation.training.loop import Report, no_report
from segmentation.training.quantise import quantised_model
from segmentation.weights import quantised_sha256, write_card

if TYPE_CHECKING:
    import openvino

CALIBRATION_PHOTOS: Final = 150
"""Train photos of each folder, to calibrate the ranges of activations."""
CHECKED_PHOTOS: Final = 100
MIN_COSINE: Final = 0.995
"""Minimum mean cosine between style vectors of the 8-bit network and the reference."""


@dataclass(frozen=True)
class ConvertedEncoder:
    """A written network, with the mean and minimum cosine to the reference."""

    network: Path
    cosine: float
    least_cosine: float


def quantise_encoder(
    weights: Path, roots: Sequence[Path], report: Report = no_report
) -> ConvertedEncoder:
    """Write the OpenVINO network beside the weights and record it in their card.

    Args:
        roots: pairs folders with train and val garments.

    Raises:
        IndexingError: a split has no garments.
    """
    network, card = load_encoder(weights)
    pictures = [crop[None] for crop in _crops(roots, "train", CALIBRATION_PHOTOS, card, report)]
    checked = _crops(roots, "val", CHECKED_PHOTOS, card, report)
    model = converted(crop_network(network, card.preprocessing))
    written = _write(quantised_model(model, pictures), weights, ".int8.xml", card, checked)
    report(f"8-bit integers: mean cosine {written.cosine:.4f}, least {written.least_cosine:.4f}")
    if written.cosine >= MIN_COSINE:
        return written
    report(f"below {MIN_COSINE}: half precision is written instead")
    for file in (written.network, written.network.with_suffix(".bin")):
        file.unlink()
    return _write(model, weights, ".f16.xml", card, checked)


def _crops(
    roots: Sequence[Path], split: Split, photos: int, card: EncoderCard, report: Report
) -> list[Crop]:
    samples = read_garments(tuple(roots), split, report, photos)
    if not samples:
        raise IndexingError(f"no {split} garments; make pairs with `apparel dataset`")
    side = card.preprocessing.side
    return [crop_garment(sample.photo, sample.garment, side) for sample in samples]


def _write(
    model: "openvino.Model", weights: Path, suffix: str, card: EncoderCard, crops: list[Crop]
) -> ConvertedEncoder:
    """Write a model and the card, comparing it with the reference on crops."""
    import openvino

    network = weights.with_suffix(suffix)
    openvino.save_model(model, network)
    named = replace(card, openvino=network.name, openvino_sha256=quantised_sha256(network))
    write_card(named, weights)
    expected = Encoder.load(weights, REFERENCE).encode(crops).styles
    found = Encoder.load(weights, RuntimeOptions("openvino", 1)).encode(crops).styles
    cosines = np.asarray((expected * found).sum(axis=1))
    figures = {"openvino_cosine": cosines.mean(), "openvino_least_cosine": cosines.min()}
    rounded = {name: round(float(value), 5) for name, value in figures.items()}
    write_card(replace(named, figures={**card.figures, **rounded}), weights)
    return ConvertedEncoder(network, float(cosines.mean()), float(cosines.min()))
