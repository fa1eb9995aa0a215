"""Weights files and their cards; torch is imported only for tensors.

NAME.safetensors has half-precision tensors; its card NAME.json describes architecture,
preprocessing, classes, SHA-256, training data with its licence, and measured figures. Where the
card has their hash, NAME.int8.xml and NAME.int8.bin are the quantised network
(`segmentation.training.quantise`).
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from segmentation.calibration import UNCALIBRATED, Calibration
from segmentation.classes import GarmentClass
from segmentation.data.pairs import DATA_SOURCES, DataSource
from segmentation.errors import WeightsError
from segmentation.preprocess import Preprocessing

if TYPE_CHECKING:
    import torch
    from torch import nn

    from segmentation.network import SegmentationNetwork

Card = TypeVar("Card")
SHIPPED_SEGMENTER: Final = Path(__file__).parent / "weights" / "segmenter.safetensors"


@dataclass(frozen=True)
class Architecture:
    """Parameters of the network, read from a weights card.

    Attributes:
        encoder: a timm model name.
        pyramid_channels: width of the top-down pathway.
        segmentation_channels: width of the features before the output layer.
    """

    encoder: str = "tf_efficientnet_lite0"
    pyramid_channels: int = 96
    segmentation_channels: int = 64

    @property
    def name(self) -> str:
        return f"fpn-{self.encoder}"


@dataclass(frozen=True)
class CheckedNetwork:
    """An OpenVINO network (its .xml file) and the SHA-256 over both of its files."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class TrainingNote:
    """Origin of weights: data with licence, command, number of training views."""

    data: tuple[str, ...] = ()
    licence: str = ""
    command: str = ""
    views: int = 0
    seed: int = 0


@dataclass(frozen=True)
class SegmenterCard:
    """Card of a segmenter's weights."""

    architecture: Architecture
    preprocessing: Preprocessing
    sha256: str
    classes: tuple[str, ...] = tuple(each.label for each in GarmentClass)
    training: TrainingNote = TrainingNote()
    figures: dict[str, float] = field(default_factory=dict)
    calibration: Calibration = UNCALIBRATED
    quantised_sha256: str = ""

    @property
    def backbone(self) -> str:
        """The architecture's name and a hash over weights, quantised ones too, and preprocessing.

        Feature maps depend on nothing else.
        """
        hashed = fingerprint_of(self.sha256 + self.quantised_sha256, self.preprocessing)
        return f"{self.architecture.name}/{hashed}"

    @property
    def fingerprint(self) -> str:
        """The architecture's name and a hash over weights, preprocessing and calibration."""
        parts = (self.preprocessing, self.calibration)
        return f"{self.architecture.name}/{fingerprint_of(self.sha256, *parts)}"


def fingerprint_of(sha256: str, *parts: Any) -> str:
    """Hash (12 hexadecimal digits) of a weights file's SHA-256 and dataclasses of its card."""
    fields = (json.dumps(dataclasses.asdict(part), sort_keys=True) for part in parts)
    text = sha256 + "".join(fields)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def training_note(sources: Iterable[str], views: int, seed: int, command: str) -> TrainingNote:
    """Make the note for weights trained on pairs of these sources (`Pair.source`)."""
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
    """Path of a weights file's card."""
    return weights.with_suffix(".json")


def write_card(card: Any, weights: Path) -> None:
    """Write a card (any dataclass) beside its weights."""
    text = json.dumps(dataclasses.asdict(card), indent=2)
    card_path(weights).write_text(text + "\n")


def read_card(weights: Path, kind: type[Card]) -> Card:
    """Read the card beside a weights file.

    Raises:
        WeightsError: it is missing, damaged, or the card of other weights.
    """
    from pydantic import TypeAdapter, ValidationError

    path = card_path(weights)
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path} is missing; put the card back beside {weights.name} or train again"
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "JSON"
        raise WeightsError(
            f"{path} is no card of such weights ({where}: {problem['msg']}); restore the card, or "
            "train again with `apparel train`"
        ) from error


def save_tensors(network: "nn.Module", path: Path) -> str:
    """Write a network's state in half precision and return the file's SHA-256."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    save_file(tensors, path)
    return file_sha256(path)


def load_tensors(network: "nn.Module", path: Path, sha256: str) -> None:
    """Load a network's state from a file whose SHA-256 must match the card's."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    _check(path, sha256)
    try:
        network.load_state_dict(_as_float(load_file(path)))
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit its card's architecture; restore both") from error


def read_tensors(path: Path, sha256: str) -> dict[str, npt.NDArray[np.float32]]:
    """Read arrays from a file whose SHA-256 must match the card's."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    _check(path, sha256)
    try:
        return {name: tensor.astype(np.float32) for name, tensor in load_file(path).items()}
    except SafetensorError as error:
        raise WeightsError(f"{path} is damaged; restore it") from error


def _check(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise WeightsError(f"{path} is missing; reinstall or train again")
    if file_sha256(path) != sha256:
        raise WeightsError(
            f"{path} is not the file its card describes (SHA-256 differs); restore both"
        )


def _as_float(tensors: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def read_segmenter_card(weights: Path) -> SegmenterCard:
    """Read the card beside a segmenter's weights."""
    return read_card(weights, SegmenterCard)


def save_calibration(weights: Path, calibration: Calibration, figures: Mapping[str, float]) -> None:
    """Write a calibration and its figures into the card beside its weights."""
    card = read_segmenter_card(weights)
    merged = {**card.figures, **figures}
    write_card(dataclasses.replace(card, calibration=calibration, figures=merged), weights)


def quantised_path(weights: Path) -> Path:
    """Path of a weights file's 8-bit network; its .bin file is beside it."""
    return weights.with_suffix(".int8.xml")


def quantised_sha256(network: Path) -> str:
    """SHA-256 over both files of an 8-bit network, hexadecimal."""
    both = file_sha256(network) + file_sha256(network.with_suffix(".bin"))
    return hashlib.sha256(both.encode()).hexdigest()


def save_quantised_hash(weights: Path) -> None:
    """Write the hash of the 8-bit network into the card beside its weights."""
    card = read_segmenter_card(weights)
    sha256 = quantised_sha256(quantised_path(weights))
    write_card(dataclasses.replace(card, quantised_sha256=sha256), weights)


def quantised_of(weights: Path, card: SegmenterCard) -> CheckedNetwork | None:
    """The card's 8-bit network; None without one."""
    if not card.quantised_sha256:
        return None
    return checked_openvino(quantised_path(weights), card.quantised_sha256)


def checked_openvino(network: Path, sha256: str) -> CheckedNetwork:
    """Check an OpenVINO network's hash against the card's.

    Raises:
        WeightsError: it is missing or does not match the card.
    """
    try:
        found = quantised_sha256(network)
    except FileNotFoundError as error:
        raise WeightsError(f"{error.filename} is missing; reinstall or restore it") from error
    if found != sha256:
        raise WeightsError(
            f"{network} is not the network its card describes (SHA-256 differs); restore both"
        )
    return CheckedNetwork(network, sha256)


def load_segmenter(weights: Path) -> "tuple[SegmentationNetwork, SegmenterCard]":
    """Load a torch network, in evaluation mode, and its card."""
    from segmentation.network import build_network

    card = read_segmenter_card(weights)
    network = build_network(card.architecture)
    load_tensors(network, weights, card.sha256)
    return network.eval(), card
