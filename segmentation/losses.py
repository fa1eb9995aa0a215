"""Logits and masks in, one number to minimise out.

Cross-entropy for every pixel, soft Dice so that a rare class weighs as much as a
common one (Milletari, Navab, Ahmadi, "V-Net", 3DV 2016), and binary cross-entropy
for which classes are present.
"""

import torch
from torch.nn import functional

from segmentation.classes import CLASS_COUNT

PRESENT_SHARE = 0.004
"""A class counts as present from this share of the view on."""


def segmentation_loss(
    logits: torch.Tensor, presence: torch.Tensor, masks: torch.Tensor
) -> torch.Tensor:
    """Loss of one batch.

    Args:
        logits: (n, 4, H, W). presence: (n, 3) logits. masks: (n, H, W) class of each pixel.
    """
    pixel = functional.cross_entropy(logits, masks, label_smoothing=0.02)
    one_hot = functional.one_hot(masks, CLASS_COUNT).permute(0, 3, 1, 2).float()
    present = (one_hot[:, 1:].mean(dim=(2, 3)) > PRESENT_SHARE).float()
    return (
        pixel
        + 0.7 * soft_dice_loss(logits, one_hot)
        + 0.15 * functional.binary_cross_entropy_with_logits(presence, present)
    )


def soft_dice_loss(logits: torch.Tensor, one_hot: torch.Tensor) -> torch.Tensor:
    """1 - Dice over the garment classes, each summed over the whole batch."""
    probabilities = logits.softmax(dim=1)[:, 1:]
    truth = one_hot[:, 1:]
    overlap = (probabilities * truth).sum(dim=(0, 2, 3))
    total = probabilities.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3))
    smoothing = 1e-3 * truth[:, 0].numel()
    return 1 - ((2 * overlap + smoothing) / (total + smoothing)).mean()
