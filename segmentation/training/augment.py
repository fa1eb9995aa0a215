"""Geometric and photometric augmentation. Needs the `train` extra (OpenCV).

Geometry is one affine warp (scale, stretch, shift, rotation, flip), bilinear for the photo and
nearest-neighbour for the mask. Then follow downscaling, gain, contrast, white balance and
saturation, and sometimes blur, noise, greyscale or JPEG compression.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.mask import ClassMask
from segmentation.photos import Photo

JPEG_QUALITY: Final = (30, 90)
THUMBNAIL_SIDE: Final = (0.3, 0.7)
"""Factor by which a view is downscaled and enlarged again."""

Warp = npt.NDArray[np.float64]
"""An affine map from photo to view, shape (2, 3)."""


@dataclass(frozen=True)
class AugmentConfig:
    """Strength of the augmentation."""

    scale: tuple[float, float] = (0.75, 1.4)
    stretch: float = 0.12
    shift: float = 0.08
    turn_degrees: float = 8.0
    upside_down_share: float = 0.02
    gain: float = 0.25
    contrast: float = 0.25
    white_balance: float = 0.12
    saturation: float = 0.3
    grey_share: float = 0.05
    blur_share: float = 0.05
    noise_share: float = 0.05
    jpeg_share: float = 0.0
    thumbnail_share: float = 0.0


def augment(
    photo: Photo,
    mask: ClassMask,
    size: tuple[int, int],
    config: AugmentConfig,
    generator: np.random.Generator,
    mask_stride: int = 1,
    outside: int = 0,
) -> tuple[Photo, ClassMask]:
    """Augment a photo and its mask to a view of `size` (height, width).

    Args:
        mask_stride: downscaling factor of the returned mask.
        outside: value of the mask beyond the photo's edge.
    """
    warp = _random_warp(photo.shape[:2], size, config, generator)
    target = (size[1], size[0])
    border = tuple(float(value) for value in photo[::8, ::8].reshape(-1, 3).mean(axis=0))
    view = cv2.warpAffine(
        photo,
        warp,
        target,
        flags=cv2.INTER_LINEAR,
        borderMode=_border(generator),
        borderValue=border,
    )
    view_mask = cv2.warpAffine(
        mask,
        _reduced(warp, mask_stride),
        (target[0] // mask_stride, target[1] // mask_stride),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(float(outside),),
    )
    if generator.random() < config.thumbnail_share:
        view = _enlarged_thumbnail(np.asarray(view, np.uint8), generator.uniform(*THUMBNAIL_SIDE))
    return relight(np.asarray(view, np.uint8), config, generator), np.asarray(view_mask, np.uint8)


def _enlarged_thumbnail(view: Photo, share: float) -> Photo:
    """Downscale a view to `share` of its sides and enlarge it again."""
    height, width = view.shape[:2]
    thumbnail = (int(width * share), int(height * share))
    small = cv2.resize(view, thumbnail, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _reduced(warp: Warp, stride: int) -> Warp:
    """The same warp onto a grid that is coarser by `stride`."""
    reduced = warp / stride
    reduced[:, 2] += 0.5 / stride - 0.5
    return reduced


def _border(generator: np.random.Generator) -> int:
    # Never reflected: a reflected garment would have no label.
    return cv2.BORDER_REPLICATE if generator.random() < 0.3 else cv2.BORDER_CONSTANT


def _random_warp(
    source: tuple[int, ...],
    size: tuple[int, int],
    config: AugmentConfig,
    generator: np.random.Generator,
) -> Warp:
    height, width = source[:2]
    fit = min(size[0] / height, size[1] / width)
    scale = fit * np.exp(generator.uniform(*np.log(config.scale)))
    stretch = np.exp(generator.uniform(-config.stretch, config.stretch))
    angle = np.deg2rad(generator.uniform(-config.turn_degrees, config.turn_degrees))
    if generator.random() < config.upside_down_share:
        angle += np.pi
    flip = -1.0 if generator.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = scale * turn @ np.diag([stretch * flip, 1 / stretch])
    shift = generator.uniform(-config.shift, config.shift, 2) * (size[1], size[0])
    centre = np.array([size[1] / 2, size[0] / 2]) + shift
    offset = centre - linear @ np.array([width / 2, height / 2])
    return np.column_stack([linear, offset])


def relight(photo: Photo, config: AugmentConfig, generator: np.random.Generator) -> Photo:
    """Change illumination and camera properties of a photo."""
    values = photo.astype(np.float32)
    gain = np.exp(generator.uniform(-config.gain, config.gain))
    balance = np.exp(generator.uniform(-config.white_balance, config.white_balance, 3))
    contrast = np.exp(generator.uniform(-config.contrast, config.contrast))
    saturation = np.exp(generator.uniform(-config.saturation, config.saturation))
    if generator.random() < config.grey_share:
        saturation = 0.0
    grey = values.mean(axis=2, keepdims=True)
    values = grey + saturation * (values - grey)
    middle = float(values.mean())
    values = ((values - middle) * contrast + middle) * (gain * balance).astype(np.float32)
    if generator.random() < config.noise_share:
        values = values + generator.normal(0, generator.uniform(2, 9), values.shape)
    if generator.random() < config.blur_share:
        values = cv2.GaussianBlur(values, (0, 0), generator.uniform(0.4, 1.4))
    relit = np.asarray(np.clip(values, 0, 255), np.uint8)
    if generator.random() < config.jpeg_share:
        return _through_jpeg(relit, int(generator.integers(*JPEG_QUALITY)))
    return relit


def _through_jpeg(photo: Photo, quality: int) -> Photo:
    _, encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
