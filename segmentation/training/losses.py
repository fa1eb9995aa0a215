"""The training loss of the segmenter.

Cross-entropy of each pixel against its code's set of parts, soft Dice over the garment classes so
that rare classes weigh as much as common ones (Milletari, Navab, Ahmadi, "V-Net", 3DV 2016), and
binary cross-entropy of the image labels.
"""

import torch
from torch.nn import functional

from segmentation.classes import GARMENT_CLASSES
from segmentation.data.labels import (
    CLASS_CODE,
    PART_CLASSES,
    UNKNOWN_CODE,
    UNLABELLED,
    allowed_parts,
)
from segmentation.network import class_logits

DICE_WEIGHT = 0.7
PRESENCE_WEIGHT = 0.3


def segmentation_loss(
    parts: torch.Tensor, presence: torch.Tensor, codes: torch.Tensor, image_labels: torch.Tensor
) -> torch.Tensor:
    """Loss of one batch.

    Args:
        parts: (n, PART_COUNT, h, w) logits. presence: (n, IMAGE_LABEL_COUNT) logits.
        codes: (n, h, w) code of each pixel.
        image_labels: (n, IMAGE_LABEL_COUNT), as `data.labels.ImageLabels`.
    """
    logits = parts.float()
    return (
        part_loss(logits, codes)
        + DICE_WEIGHT * soft_dice_loss(logits, codes)
        + PRESENCE_WEIGHT * presence_loss(presence.float(), image_labels)
    )


def part_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Mean of -log P(the pixel's part is in its code)."""
    allowed = torch.from_numpy(allowed_parts())[codes].permute(0, 3, 1, 2)
    inside = logits.masked_fill(~allowed, -torch.inf).logsumexp(dim=1)
    return (logits.logsumexp(dim=1) - inside).mean()


def soft_dice_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """1 - Dice over the garment classes, each summed over the batch's known pixels."""
    known = codes != UNKNOWN_CODE
    # Class codes follow the parts, in the order of the classes.
    table = torch.tensor([*PART_CLASSES, *range(UNKNOWN_CODE - CLASS_CODE), 0])
    classes = table[codes]
    probabilities = class_logits(logits).softmax(dim=1)
    losses = []
    for garment_class in GARMENT_CLASSES:
        truth = ((classes == garment_class) & known).float()
        predicted = probabilities[:, garment_class] * known
        smoothing = 1e-3 * truth.numel()
        overlap = 2 * (predicted * truth).sum() + smoothing
        losses.append(1 - overlap / (predicted.sum() + truth.sum() + smoothing))
    return torch.stack(losses).mean()


def presence_loss(logits: torch.Tensor, image_labels: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy over the labelled entries; 0 if there are none."""
    labelled = image_labels != UNLABELLED
    if not labelled.any():
        return logits.sum() * 0
    return functional.binary_cross_entropy_with_logits(logits[labelled], image_labels[labelled])
