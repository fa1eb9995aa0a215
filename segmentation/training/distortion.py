"""Distorted copies of a garment photo: new background, occlusion, crop, light, blur.

Used for queries of `apparel evaluate same-garment` and views in training and fit. All steps
are applied, in this order:

- background: everything but the garment is replaced by another photo, slightly blurred;
- occlusion: a patch of that photo, 25 to 40 % of the garment's box on each side, covers it;
- crop: a window of 60 % of the photo's area near the garment's middle;
- perspective: each corner moves by up to 8 % of the side;
- light: gain 0.7 to 1.3, gamma 0.8 to 1.25; white balance: each channel by 0.85 to 1.15;
- blur: Gaussian with a radius of 0.2 to 0.4 % of the longer side;
- JPEG at quality 40.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from segmentation.mask import BoolMask, Box, Garment, box_of, mask_on_photo, rectangle_in
from segmentation.photos import Photo

CROPPED_AREA: Final = 0.6
CORNER_SHIFT: Final = 0.08
PATCH_SHARE: Final = (0.25, 0.4)
GAIN: Final = (0.7, 1.3)
GAMMA: Final = (0.8, 1.25)
WHITE_BALANCE: Final = (0.85, 1.15)
BLUR_SHARE: Final = (0.002, 0.004)
JPEG_QUALITY: Final = 40

Rng = np.random.Generator
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DistortedPhoto:
    """The distorted photo and the mask of the pixels that still show the garment."""

    photo: Photo
    mask: BoolMask


def distorted_copy(photo: Photo, garment: Garment, other: Photo, rng: Rng) -> DistortedPhoto:
    """Distort a garment's photo; `other` is the new background."""
    mask = mask_on_photo(garment, *photo.shape[:2])
    changed, shown = distort(photo, mask.astype(np.uint8), 0, other, rng)
    return DistortedPhoto(changed, shown > 0)


def distort(
    photo: Photo, labels: Labels, background_label: int, other: Photo, rng: Rng
) -> tuple[Photo, Labels]:
    """Distort a photo and its labels alike.

    Args:
        labels: label of each pixel of `photo`, shape (H, W).
        background_label: label of everything but the garment, which must have pixels.
        other: photo for the new background and the occlusion, which get `background_label`.
    """
    height, width = photo.shape[:2]
    background = np.asarray(
        Image.fromarray(other).resize((width, height)).filter(ImageFilter.GaussianBlur(2))
    )
    shows = labels != background_label
    box = box_of(shows)
    shows[_patch(box, rng)] = False
    pasted = np.where(shows[..., None], photo, background)
    visible = np.where(shows, labels, np.uint8(background_label))
    window = _window(height, width, box, rng)
    view, shown = Image.fromarray(pasted[window]), Image.fromarray(visible[window])
    corners = _perspective(view.size, rng)
    warp = (view.size, Image.Transform.PERSPECTIVE, corners)
    view = view.transform(*warp, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128))
    shown = shown.transform(*warp, Image.Resampling.NEAREST, fillcolor=background_label)
    return _photographed(np.asarray(view), rng), np.array(shown, np.uint8)


def _photographed(photo: Photo, rng: Rng) -> Photo:
    """Apply illumination, blur and JPEG compression."""
    lit = Image.fromarray(_lit(photo, rng))
    radius = float(rng.uniform(*BLUR_SHARE)) * max(lit.size)
    buffer = io.BytesIO()
    lit.filter(ImageFilter.GaussianBlur(radius)).save(buffer, "JPEG", quality=JPEG_QUALITY)
    with Image.open(buffer) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def _patch(box: Box, rng: Rng) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    tall = max(1, round((y1 - y0) * float(rng.uniform(*PATCH_SHARE))))
    wide = max(1, round((x1 - x0) * float(rng.uniform(*PATCH_SHARE))))
    return rectangle_in(box, tall, wide, rng)


def _window(height: int, width: int, box: Box, rng: Rng) -> tuple[slice, slice]:
    """A window with 60 % of the area, near the garment's middle."""
    tall, wide = round(height * CROPPED_AREA**0.5), round(width * CROPPED_AREA**0.5)
    x0, y0, x1, y1 = box
    jitter = rng.uniform(-0.05, 0.05, 2)
    top = round((y0 + y1 - tall) / 2 + jitter[0] * height)
    left = round((x0 + x1 - wide) / 2 + jitter[1] * width)
    top, left = (int(np.clip(top, 0, height - tall)), int(np.clip(left, 0, width - wide)))
    return slice(top, top + tall), slice(left, left + wide)


def _perspective(size: tuple[int, int], rng: Rng) -> list[float]:
    """Coefficients of a random perspective transform for Pillow."""
    width, height = size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    moved = corners + rng.uniform(-CORNER_SHIFT, CORNER_SHIFT, (4, 2)) * (width, height)
    rows, targets = [], []
    for (x, y), (u, v) in zip(corners, moved, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        targets += [u, v]
    return [float(each) for each in np.linalg.solve(np.array(rows), np.array(targets))]


def _lit(photo: npt.NDArray[np.uint8], rng: Rng) -> Photo:
    linear = (photo / 255.0) ** float(rng.uniform(*GAMMA))
    linear = linear * float(rng.uniform(*GAIN)) * rng.uniform(*WHITE_BALANCE, 3)
    return np.asarray(np.clip(linear * 255, 0, 255), np.uint8)
