"""Weights files and the cards that lie beside them.

NAME.safetensors holds half-precision tensors; NAME.json, its card, says what they
are: architecture, preprocessing, classes, SHA-256, training data with its licence,
measured figures. Code keeps no copy of what a card says. NAME.int8.xml and NAME.int8.bin,
where the card has their hash, are the same network in 8-bit integers (`segmentation.quantise`).
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from segmentation.calibration import UNCALIBRATED, Calibration
from segmentation.classes import GarmentClass
from segmentation.errors import WeightsError
from segmentation.model import Architecture, SegmentationNetwork, build_network
from segmentation.pairs import DATA_SOURCES, DataSource
from segmentation.preprocess import Preprocessing
from segmentation.rules import NO_RULES, Rules

SHIPPED_SEGMENTER = Path(__file__).parent / "weights" / "segmenter.safetensors"
SHIPPED_SECOND_LOOK = SHIPPED_SEGMENTER.with_name("second_look.safetensors")


@dataclass(frozen=True)
class TrainingNote:
    """Where weights come from: data with licence, the command, how many photos were seen."""

    data: tuple[str, ...] = ()
    licence: str = ""
    command: str = ""
    views: int = 0
    seed: int = 0


@dataclass(frozen=True)
class SegmenterCard:
    """What a segmenter's weights are."""

    architecture: Architecture
    preprocessing: Preprocessing
    sha256: str
    classes: tuple[str, ...] = tuple(each.label for each in GarmentClass)
    training: TrainingNote = TrainingNote()
    figures: dict[str, float] = field(default_factory=dict)
    rules: Rules = NO_RULES
    calibration: Calibration = UNCALIBRATED
    quantised_sha256: str = ""

    @property
    def fingerprint(self) -> str:
        """Architecture and a hash over weights, preprocessing and what comes after the network."""
        parts = (self.preprocessing, self.rules, self.calibration)
        return f"{self.architecture.name}/{fingerprint_of(self.sha256, *parts)}"


def fingerprint_of(sha256: str, *parts: Any) -> str:
    """Twelve hexadecimal digits over a weights file and dataclasses of its card."""
    told = (json.dumps(dataclasses.asdict(part), sort_keys=True) for part in parts)
    text = sha256 + "".join(told)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def training_note(sources: Iterable[str], views: int, seed: int, command: str) -> TrainingNote:
    """The note for weights trained on pairs of these sources (`Pair.source`)."""
    used = [
        DATA_SOURCES.get(source, DataSource(source, "not stated"))
        for source in sorted(set(sources))
    ]
    return TrainingNote(
        data=tuple(source.title for source in used),
        licence=", ".join(sorted({source.licence for source in used})),
        command=command,
        views=views,
        seed=seed,
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def card_path(weights: Path) -> Path:
    """The card that belongs to a weights file."""
    return weights.with_suffix(".json")


def write_card(card: Any, weights: Path) -> None:
    """Write a card (any dataclass) beside its weights."""
    text = json.dumps(dataclasses.asdict(card), indent=2)
    card_path(weights).write_text(text + "\n")


def read_card_fields(weights: Path) -> dict[str, Any]:
    """The raw fields of a card; WeightsError if the card is absent or no JSON."""
    path = card_path(weights)
    try:
        fields = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path} is missing; put the card back beside {weights.name} or train again"
        ) from error
    except ValueError as error:
        raise WeightsError(f"{path} is no JSON; restore it from the release") from error
    return dict(fields)


def note_of(fields: dict[str, Any]) -> TrainingNote:
    """The training note of a card's raw fields."""
    note = dict(fields)
    return TrainingNote(**{**note, "data": tuple(note.get("data", ()))})


def save_tensors(network: nn.Module, path: Path) -> str:
    """Write a network's state in half precision; returns the file's SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    save_file(tensors, path)
    return file_sha256(path)


def load_tensors(network: nn.Module, path: Path, sha256: str) -> None:
    """Fill a network from a file whose SHA-256 must be the card's."""
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall or train again")
    if file_sha256(path) != sha256:
        raise WeightsError(
            f"{path} is not the file its card describes (SHA-256 differs); restore both"
        )
    try:
        network.load_state_dict(_as_float(load_file(path)))
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit its card's architecture; restore both") from error


def _as_float(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def read_segmenter_card(weights: Path) -> SegmenterCard:
    """The card beside a segmenter's weights."""
    fields = read_card_fields(weights)
    try:
        architecture = fields["architecture"]
        preprocessing = fields["preprocessing"]
        return SegmenterCard(
            Architecture(
                architecture["encoder"],
                architecture["pyramid_channels"],
                architecture["segmentation_channels"],
            ),
            Preprocessing(
                preprocessing["height"],
                preprocessing["width"],
                tuple(preprocessing["mean"]),
                tuple(preprocessing["std"]),
            ),
            fields["sha256"],
            tuple(fields["classes"]),
            note_of(fields["training"]),
            dict(fields["figures"]),
            Rules(**fields.get("rules", {})),
            Calibration(**fields.get("calibration", {})),
            fields.get("quantised_sha256", ""),
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{card_path(weights)} lacks {error}; restore the card") from error


def keep_rules(
    weights: Path, rules: Rules, calibration: Calibration, figures: Mapping[str, float]
) -> None:
    """Write what is done after the network into the card beside its weights, and how it did."""
    card = read_segmenter_card(weights)
    known = {**card.figures, **figures}
    kept = dataclasses.replace(card, rules=rules, calibration=calibration, figures=known)
    write_card(kept, weights)


def quantised_path(weights: Path) -> Path:
    """Where the 8-bit network of a weights file lies; its numbers lie beside it as .bin."""
    return weights.with_suffix(".int8.xml")


def quantised_sha256(network: Path) -> str:
    """SHA-256 over both files of an 8-bit network, hexadecimal."""
    both = file_sha256(network) + file_sha256(network.with_suffix(".bin"))
    return hashlib.sha256(both.encode()).hexdigest()


def keep_quantised(weights: Path) -> None:
    """Write the hash of the 8-bit network into the card beside its weights."""
    card = read_segmenter_card(weights)
    sha256 = quantised_sha256(quantised_path(weights))
    write_card(dataclasses.replace(card, quantised_sha256=sha256), weights)


def quantised_of(weights: Path, card: SegmenterCard) -> Path | None:
    """The 8-bit network that a card tells of; None where it tells of none.

    Raises:
        WeightsError: it is missing, or not the one that the card describes.
    """
    if not card.quantised_sha256:
        return None
    network = quantised_path(weights)
    try:
        found = quantised_sha256(network)
    except FileNotFoundError as error:
        raise WeightsError(f"{error.filename} is missing; reinstall or restore it") from error
    if found != card.quantised_sha256:
        raise WeightsError(
            f"{network} is not the network its card describes (SHA-256 differs); restore both"
        )
    return network


def load_segmenter(weights: Path) -> tuple[SegmentationNetwork, SegmenterCard]:
    """The network of a weights file, ready to predict, and its card."""
    card = read_segmenter_card(weights)
    network = build_network(card.architecture)
    load_tensors(network, weights, card.sha256)
    return network.eval(), card
