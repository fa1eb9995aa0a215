"""Logits and codes in, one number to minimise out.

Cross-entropy of each pixel against the set of parts that its code allows, soft Dice over
the garment classes so that a rare class weighs as much as a common one (Milletari, Navab,
Ahmadi, "V-Net", 3DV 2016), and binary cross-entropy for what is on the photo.
"""

import torch
from torch.nn import functional

from segmentation.classes import GARMENT_CLASSES
from segmentation.model import class_logits
from segmentation.parts import CLASS_CODE, PART_CLASSES, UNKNOWN_CODE, UNSAID, allowed_parts

DICE_WEIGHT = 0.7
PRESENCE_WEIGHT = 0.3


def segmentation_loss(
    parts: torch.Tensor, presence: torch.Tensor, codes: torch.Tensor, answers: torch.Tensor
) -> torch.Tensor:
    """Loss of one batch.

    Args:
        parts: (n, PART_COUNT, h, w) logits. presence: (n, PRESENCE_COUNT) logits.
        codes: (n, h, w) code of each pixel. answers: (n, PRESENCE_COUNT), as `parts.Presence`.
    """
    logits = parts.float()
    return (
        part_loss(logits, codes)
        + DICE_WEIGHT * soft_dice_loss(logits, codes)
        + PRESENCE_WEIGHT * presence_loss(presence.float(), answers)
    )


def part_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Mean of -log P(the pixel is one of the parts its code allows)."""
    allowed = torch.from_numpy(allowed_parts())[codes].permute(0, 3, 1, 2)
    inside = logits.masked_fill(~allowed, -torch.inf).logsumexp(dim=1)
    surprise = logits.logsumexp(dim=1) - inside
    return surprise.mean()


def soft_dice_loss(logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """1 - Dice over the garment classes, each summed over the batch's known pixels."""
    known = codes != UNKNOWN_CODE
    # Beyond the parts come the class codes, in the order of the classes.
    table = torch.tensor([*PART_CLASSES, *range(UNKNOWN_CODE - CLASS_CODE), 0])
    classes = table[codes]
    probabilities = class_logits(logits).softmax(dim=1)
    losses = []
    for garment_class in GARMENT_CLASSES:
        truth = ((classes == garment_class) & known).float()
        found = probabilities[:, garment_class] * known
        smoothing = 1e-3 * truth.numel()
        overlap = 2 * (found * truth).sum() + smoothing
        losses.append(1 - overlap / (found.sum() + truth.sum() + smoothing))
    return torch.stack(losses).mean()


def presence_loss(logits: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy over what the data says; nothing where it says nothing."""
    said = answers != UNSAID
    if not said.any():
        return logits.sum() * 0
    return functional.binary_cross_entropy_with_logits(logits[said], answers[said])
