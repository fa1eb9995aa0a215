"""A garment's photo in, the same garment seen again through a hard change out, seeded.

The change, all of it every time, in this order:

- background: what is not the garment is replaced by another photo, blurred a little;
- occlusion: a patch of that other photo, 25 to 40 % of the garment's box on each side, lies on it;
- crop: a window of 60 % of the photo's area that keeps as much of the garment as it can;
- perspective: each corner moves by up to 8 % of the side;
- light: gain 0.7 to 1.3, gamma 0.8 to 1.25; white balance: each channel by 0.85 to 1.15;
- blur: Gaussian with a radius of 0.2 to 0.4 % of the longer side;
- JPEG at quality 40.
"""

import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from indexing.crop import mask_on_photo
from segmentation.mask import Garment
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


def seen_again(photo: Photo, garment: Garment, other: Photo, rng: Rng) -> Photo:
    """The hard change of one photo; `other` gives the new background."""
    height, width = photo.shape[:2]
    behind = np.asarray(
        Image.fromarray(other).resize((width, height)).filter(ImageFilter.GaussianBlur(2))
    )
    pasted = np.where(mask_on_photo(garment, height, width)[..., None], photo, behind)
    pasted = _with_patch(pasted, garment, behind, rng)
    view = Image.fromarray(_cropped(pasted, garment, rng))
    view = view.transform(
        view.size, Image.Transform.PERSPECTIVE, _perspective(view.size, rng),
        Image.Resampling.BILINEAR, fillcolor=(128, 128, 128),
    )  # fmt: skip
    lit = Image.fromarray(_lit(np.asarray(view), rng))
    radius = float(rng.uniform(*BLUR_SHARE)) * max(lit.size)
    buffer = io.BytesIO()
    lit.filter(ImageFilter.GaussianBlur(radius)).save(buffer, "JPEG", quality=JPEG_QUALITY)
    with Image.open(buffer) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def _with_patch(photo: Photo, garment: Garment, behind: Photo, rng: Rng) -> Photo:
    x0, y0, x1, y1 = garment.box
    tall = max(1, round((y1 - y0) * float(rng.uniform(*PATCH_SHARE))))
    wide = max(1, round((x1 - x0) * float(rng.uniform(*PATCH_SHARE))))
    top, left = int(rng.integers(y0, y1 - tall + 1)), int(rng.integers(x0, x1 - wide + 1))
    covered = photo.copy()
    covered[top : top + tall, left : left + wide] = behind[top : top + tall, left : left + wide]
    return covered


def _cropped(photo: Photo, garment: Garment, rng: Rng) -> Photo:
    """A window with 60 % of the area, near the garment's middle."""
    height, width = photo.shape[:2]
    tall, wide = round(height * CROPPED_AREA**0.5), round(width * CROPPED_AREA**0.5)
    x0, y0, x1, y1 = garment.box
    jitter = rng.uniform(-0.05, 0.05, 2)
    top = round((y0 + y1 - tall) / 2 + jitter[0] * height)
    left = round((x0 + x1 - wide) / 2 + jitter[1] * width)
    top, left = (int(np.clip(top, 0, height - tall)), int(np.clip(left, 0, width - wide)))
    return photo[top : top + tall, left : left + wide]


def _perspective(size: tuple[int, int], rng: Rng) -> list[float]:
    """Coefficients of Pillow's perspective: output corners to where they come from."""
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
