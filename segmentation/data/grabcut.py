"""Training masks for single-garment photos by GrabCut, without manual labels.

GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004; `cv2.grabCut`) runs twice from different seeds.
Where both results agree the mask is nearly always right; otherwise it is rejected, since a smaller
training set is better than a wrong one. Needs the `train` extra (OpenCV).
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.mask import BoolMask
from segmentation.photos import Photo

WORKING_SIDE: Final = 208
BORDER: Final = 0.04
"""Width of the photo's rim that counts as background, as a share of the shorter side."""
MIN_AREA: Final = 0.06
MAX_AREA: Final = 0.80
MIN_AGREEMENT: Final = 0.88
"""Minimum IoU of the two runs."""
MAX_RIM_SHARE: Final = 0.20
"""Maximum share of the rim covered by a garment; above it the garment extends beyond the photo."""
FOREGROUND_VALUES: Final = (cv2.GC_FGD, cv2.GC_PR_FGD)

Seed = npt.NDArray[np.uint8]
"""Initial labels for GrabCut, shape (H, W): `cv2.GC_FGD`, `GC_BGD`, `GC_PR_FGD`, `GC_PR_BGD`."""


@dataclass(frozen=True)
class GrabCutResult:
    """A mask at the photo's size, or None and the reason for the rejection."""

    mask: BoolMask | None
    reason: str


def cut_garment(photo: Photo) -> GrabCutResult:
    """Segment the single garment on `photo` (H, W, 3), if the result is reliable."""
    small = _reduced(photo)
    by_colour = _grab(small, seed_by_colour(small))
    by_position = _grab(small, _seed_by_position(small))
    reason = _rejection_reason(by_colour, by_position)
    if reason:
        return GrabCutResult(None, reason)
    height, width = photo.shape[:2]
    # Thresholding after bilinear enlargement keeps curves smooth.
    soft = cv2.resize(by_colour.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return GrabCutResult(soft > 0.5, "")


def _reduced(photo: Photo) -> Photo:
    height, width = photo.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rim(shape: tuple[int, ...], wider: int = 0) -> BoolMask:
    """Mask of the outer `BORDER` of an image of this shape, some pixels wider."""
    thickness = max(2, round(BORDER * min(shape[:2]))) + wider
    rim = np.ones(shape[:2], bool)
    rim[thickness:-thickness, thickness:-thickness] = False
    return rim


def seed_by_colour(photo: Photo) -> Seed:
    """Seed by colour: pixels far in CIELAB from the rim's main colours are probable garment."""
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB).astype(np.float32)
    rim = _rim(photo.shape)
    samples = lab[rim]
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(0)
    _, _, centres = cv2.kmeans(samples, 4, np.empty(0), criteria, 1, cv2.KMEANS_PP_CENTERS)
    distance = np.min(
        np.linalg.norm(lab[:, :, None, :] - np.asarray(centres)[None, None], axis=-1), axis=-1
    )
    height, width = rim.shape
    rows, columns = np.mgrid[0:height, 0:width]
    offset = np.hypot((rows / height - 0.5) / 0.5, (columns / width - 0.5) / 0.5)
    # A prior for the middle of the photo.
    evidence = cv2.GaussianBlur(distance, (0, 0), 2) - 12 - 30 * (offset - 0.7)
    seed = np.where(evidence > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seed[rim] = cv2.GC_BGD
    return seed


def _seed_by_position(photo: Photo) -> Seed:
    """Seed by position: an ellipse in the middle is probable garment."""
    rim = _rim(photo.shape)
    height, width = rim.shape
    rows, columns = np.mgrid[0:height, 0:width]
    inside = np.hypot((rows / height - 0.5) / 0.42, (columns / width - 0.5) / 0.38) < 1
    seed = np.where(inside, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seed[rim] = cv2.GC_BGD
    return seed


def _grab(photo: Photo, seed: Seed) -> BoolMask:
    if not np.isin(seed, FOREGROUND_VALUES).any():
        return np.zeros(seed.shape, bool)
    return _tidied(grab_cut(photo, seed, rounds=4))


def grab_cut(photo: Photo, seed: Seed, rounds: int) -> BoolMask:
    """Run GrabCut from a seed (H, W) of `cv2.GC_*` values with garment and background."""
    mask = seed.copy()
    background: npt.NDArray[Any] = np.zeros((1, 65), np.float64)
    foreground: npt.NDArray[Any] = np.zeros((1, 65), np.float64)
    cv2.setRNGSeed(0)
    bgr = cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)
    cv2.grabCut(bgr, mask, None, background, foreground, rounds, cv2.GC_INIT_WITH_MASK)
    return np.isin(mask, FOREGROUND_VALUES)


def _tidied(mask: BoolMask) -> BoolMask:
    """Remove thin structures, keep the largest piece, and close small holes."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return np.zeros(mask.shape, bool)
    garment = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    holes, labels, stats, _ = cv2.connectedComponentsWithStats((~garment).astype(np.uint8))
    for hole in range(1, holes):
        if stats[hole, cv2.CC_STAT_AREA] < 0.02 * garment.sum():
            garment[labels == hole] = True
    return np.asarray(garment, bool)


def _rejection_reason(first: BoolMask, second: BoolMask) -> str:
    """Why a mask is unreliable; empty if it is accepted."""
    area = float(first.mean())
    if not MIN_AREA <= area <= MAX_AREA:
        return f"area {area:.2f}"
    union = int((first | second).sum())
    agreement = float((first & second).sum() / union) if union else 0.0
    if agreement < MIN_AGREEMENT:
        return f"agreement {agreement:.2f}"
    if float(first[_rim(first.shape, wider=2)].mean()) > MAX_RIM_SHARE:
        return "runs out of the photo"
    return ""
