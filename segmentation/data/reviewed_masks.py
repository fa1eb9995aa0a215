"""Masks of training photos that were proposed by segmenters and reviewed by eye.

Clothing Co-Parsing publishes many photos with tags only. Three earlier segmenters proposed
outlines for them; every garment was named by eye, and what they had missed was drawn. Of the
clothing dataset, photos whose GrabCut mask failed, or disagreed with a segmenter's, have the
better mask here, or none. Photos that stayed doubtful are not used.

ccp_tagged.npz: photo name -> index into CCP_LABELS of each pixel, reduced to 192 pixels in height
clothing_reviewed.npz: photo name -> mask (H, W) of 0 and 1, empty if no mask is right
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.classes import CCP_LABELS
from segmentation.mask import BoolMask, ClassMask


def tagged_photos(folder: Path) -> list[Path]:
    """Photos of CCP's folder `tagged` that have a reviewed mask."""
    masks = _masks("ccp_tagged.npz")
    return [path for path in sorted(folder.glob("*.jpg")) if path.stem in masks]


def tagged_values(photo: Path, labels: Sequence[str]) -> ClassMask:
    """Pixel values (H, W) of a tagged photo, at its size.

    Args:
        labels: the label of each value (labels.txt).
    """
    with Image.open(photo) as image:
        size = image.size
    value_of = [labels.index(each) if each in labels else 0 for each in CCP_LABELS]
    values = np.array(value_of, np.uint8)[_masks("ccp_tagged.npz")[photo.stem]]
    return np.array(Image.fromarray(values).resize(size, Image.Resampling.NEAREST), np.uint8)


def clothing_mask(name: str) -> BoolMask | None:
    """Reviewed mask (H, W) of a clothing photo, empty if none is right; None if not reviewed."""
    mask = _masks("clothing_reviewed.npz").get(name)
    return None if mask is None else mask.astype(bool)


@cache
def _masks(file: str) -> Mapping[str, npt.NDArray[np.uint8]]:
    with np.load(Path(__file__).with_name(file)) as masks:
        return {name: masks[name] for name in masks.files}
