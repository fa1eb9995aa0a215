"""Adapter for SegFormer clothes parsers of the transformers library. Needs the `hub` extra.

    local-dir:DIR | hf-hub:NAME, optionally #LABELS.json
    -> SegformerForSemanticSegmentation -> probabilities of its labels -> of the four classes

The weights must be safetensors: a pickle can run code when loaded. Models with ATR's 18 labels need
no label map; for others LABELS.json is {"label of the model": "upper" | "whole" | "lower"}, and
missing labels are background.
Xie et al., "SegFormer", NeurIPS 2021; Liang et al., "Deep Human Parsing with Active Template
Regression" (ATR), TPAMI 2015.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import nn

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.errors import WeightsError
from segmentation.hub.files import Channels, normalisation, path_or_name, refuse_pickle
from segmentation.preprocess import Preprocessing
from segmentation.runtime import RuntimeOptions, open_runtime
from segmentation.segmenter import Segmenter
from segmentation.torch_runtime import PictureNetwork, network_sha256
from segmentation.weights import fingerprint_of

if TYPE_CHECKING:
    from transformers import SegformerForSemanticSegmentation

CANVAS: Final = (512, 384)
IMAGENET_MEAN: Final[Channels] = (0.485, 0.456, 0.406)
IMAGENET_STD: Final[Channels] = (0.229, 0.224, 0.225)
"""Normalisation of models without a preprocessor_config.json."""

_ATR_BACKGROUND: Final = (
    "Background Hat Hair Sunglasses Belt Left-shoe Right-shoe Face Left-leg Right-leg Left-arm "
    "Right-arm Bag Scarf"
).split()
ATR_CLASSES: Final = dict.fromkeys(_ATR_BACKGROUND, GarmentClass.BACKGROUND) | {
    "Upper-clothes": GarmentClass.UPPER,
    "Dress": GarmentClass.WHOLE,
    "Pants": GarmentClass.LOWER,
    "Skirt": GarmentClass.LOWER,
}
"""ATR label -> class."""


@dataclass(frozen=True)
class LabelMap:
    """Garment class of each output channel."""

    classes: tuple[int, ...]


class SegformerClasses(nn.Module):
    """A SegFormer with the output of `SegmentationNetwork`.

    Photos (n, 3, H, W) -> class probabilities (n, 4, H / 4, W / 4), presence logits (n, 3), which
    are 0.
    """

    sums: torch.Tensor
    """Mask of the output channels of each class, shape (4, channels)."""

    def __init__(self, parser: "SegformerForSemanticSegmentation", labels: LabelMap) -> None:
        super().__init__()
        self.parser = parser
        channels = torch.tensor(labels.classes)
        self.register_buffer("sums", nn.functional.one_hot(channels, CLASS_COUNT).float().T)

    def forward(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities = self.parser(pixel_values=photos.contiguous()).logits.softmax(dim=1)
        classes = torch.einsum("cl,nlhw->nchw", self.sums, probabilities)
        return classes, torch.zeros(len(photos), len(GARMENT_CLASSES))


def load_segformer(name: str, options: RuntimeOptions) -> Segmenter:
    """Load `local-dir:DIR` or `hf-hub:NAME`, optionally followed by `#LABELS.json`.

    Raises:
        WeightsError: it is missing, not a SegFormer, a pickle, or has unknown labels.
    """
    source, _, labels_file = name.partition("#")
    parser = _opened(source)
    labels = _label_map(parser, name, Path(labels_file) if labels_file else None)
    preprocessing = Preprocessing(*CANVAS, *normalisation(source, IMAGENET_MEAN, IMAGENET_STD))
    hashed = fingerprint_of(network_sha256(parser), preprocessing, labels)
    fingerprint = f"segformer-{'-'.join(map(str, parser.config.depths))}/{hashed}"
    network = SegformerClasses(parser, labels).eval()
    pictures = PictureNetwork(network, preprocessing.mean, preprocessing.std)
    runtime = open_runtime(lambda: pictures, options, fingerprint)
    return Segmenter(runtime, preprocessing, fingerprint)


def _opened(source: str) -> "SegformerForSemanticSegmentation":
    try:
        from transformers import SegformerForSemanticSegmentation
    except ImportError as error:
        raise WeightsError(
            f"{source} needs transformers; run `python -m pip install 'apparel-search[hub]'`"
        ) from error
    refuse_pickle(source)
    try:
        parser = SegformerForSemanticSegmentation.from_pretrained(
            path_or_name(source), use_safetensors=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(
            f"cannot open the segmenter {source!r} ({reason}); name a folder or model with a "
            "SegFormer's config.json and model.safetensors"
        ) from error
    return parser


def _label_map(
    parser: "SegformerForSemanticSegmentation", name: str, file: Path | None
) -> LabelMap:
    labels = [parser.config.id2label[channel] for channel in range(parser.config.num_labels)]
    known: dict[str, GarmentClass] = dict(ATR_CLASSES)
    if file is not None:
        known = dict.fromkeys(labels, GarmentClass.BACKGROUND) | _read_labels(file)
    unknown = (set(known) ^ set(labels)) if file is None else (set(known) - set(labels))
    if unknown:
        raise WeightsError(
            f"{name}: {', '.join(sorted(unknown)[:5])} are not labels of both the model and its "
            f"label map; write {name.partition('#')[0]}#LABELS.json with the model's own labels"
        )
    return LabelMap(tuple(int(known[label]) for label in labels))


def _read_labels(file: Path) -> dict[str, GarmentClass]:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        return {label: GarmentClass.from_label(value) for label, value in fields.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise WeightsError(
            f'{file} is no label map ({error}); write {{"label": "upper" | "whole" | "lower"}}'
        ) from error
