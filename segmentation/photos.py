"""Bytes in, one safe upright RGB array out: the only place that decodes a photo.

Refused before any pixel is decoded: too many bytes, a format that is not in
`FORMATS`, too many pixels. A photo that cannot be decoded to its end is refused
too: Pillow's `verify()` passes half a JPEG, so the pixels are really loaded.
"""

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from segmentation.errors import UnreadablePhoto

Photo = npt.NDArray[np.uint8]
"""An upright photo, shape (height, width, 3), RGB."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Pillow's names; MPO (two photos in one, from phones) is opened as the JPEG it begins with."""
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
MAX_BYTES: Final = 30_000_000
MAX_PIXELS: Final = 60_000_000
MIN_SIDE: Final = 8
SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap height and width."""
GREY_RANGES: Final = (1.0, 255.0, 65535.0)
WORKING_SIDE: Final = 1024
"""A decoded photo is brought to at most this long side: no step looks closer."""


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """A photo and the size it had before it was reduced: upright, in pixels."""

    photo: Photo
    height: int
    width: int


def read_photo(
    source: Path | bytes, max_side: int = WORKING_SIDE, min_side: int = MIN_SIDE
) -> Photo:
    """The photo alone of `decode_photo`, with the same arguments and errors."""
    return decode_photo(source, max_side, min_side).photo


def decode_photo(
    source: Path | bytes, max_side: int = WORKING_SIDE, min_side: int = MIN_SIDE
) -> DecodedPhoto:
    """Decode one photo, upright, transparent parts on white, first frame only.

    Args:
        source: a file, or the bytes of one.
        max_side: longest side of the answer in pixels; larger photos are reduced.
        min_side: a photo with a shorter side is refused.
    Raises:
        UnreadablePhoto: with a `code` among empty, too_large, not_a_photo,
            too_many_pixels, too_small, damaged, absent.
    """
    image, (width, height) = _decode(_bytes_of(source), max_side, min_side)
    return DecodedPhoto(np.array(_bounded(_to_rgb(image), max_side)), height, width)


def _bytes_of(source: Path | bytes) -> bytes:
    data = source if isinstance(source, bytes) else _read_file(source)
    if not data:
        raise UnreadablePhoto("empty", "the file is empty; upload it again")
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    return data


def _read_file(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise UnreadablePhoto("absent", f"{path.name} is not a file; name a photo")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(
            "absent", f"cannot read {path.name}: {error.strerror}; check the path"
        ) from error
    except ValueError as error:  # a NUL inside the name
        raise UnreadablePhoto("absent", "the path is no file name; check it") from error


def _too_large(size: int) -> UnreadablePhoto:
    return UnreadablePhoto(
        "too_large",
        f"the file has {size / 1e6:.0f} MB, the limit is {MAX_BYTES / 1e6:.0f} MB; save it smaller",
    )


def _decode(data: bytes, max_side: int, min_side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame, upright, every pixel really decoded; and its width, height as stored."""
    _silence_pillow()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            _check_size(image.size, min_side)
            # JPEG can skip most of its work when a small answer is enough.
            image.draft("RGB", _fitted(width, height, max_side))
            image.load()
            upright, sideways = _upright(image)
            return upright, (height, width) if sideways else (width, height)
    except UnreadablePhoto:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels("far too many") from error
    except UnidentifiedImageError as error:
        raise UnreadablePhoto(
            "not_a_photo", "this is not a photo we can read; use JPEG, PNG or WebP"
        ) from error
    # Pillow's decoders raise nearly anything on a damaged file (struct.error, KeyError,
    # SyntaxError...), so all of it counts; hardly any code of ours runs inside this try.
    except Exception as error:
        raise _damaged() from error


def _fitted(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height reduced to a long side; `draft` halves only while both stay as large."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _silence_pillow() -> None:
    """Keep Pillow's remarks on odd files out of the logs, once and for all.

    `warnings.catch_warnings` is not for threads: two readers at once can leave
    every warning of the process switched off.
    """
    rule = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
    if rule not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _damaged() -> UnreadablePhoto:
    return UnreadablePhoto("damaged", "the photo is damaged or cut short; save or upload it again")


def _upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """Turned as EXIF says, and whether that swapped the sides.

    A photo whose EXIF cannot be read stays as it lies. A TIFF was turned by Pillow
    while it loaded, header and all, and asks for no turn any more.
    """
    try:
        sideways = image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
        return ImageOps.exif_transpose(image), sideways
    except Exception:  # as in _decode: any kind, from bytes that nobody checked
        return image, False


def _check_size(size: tuple[int, int], min_side: int) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width} x {height}")
    if min(size) < min_side:
        raise UnreadablePhoto(
            "too_small", f"the photo has {width} x {height} pixels; use a larger one"
        )


def _too_many_pixels(count: str) -> UnreadablePhoto:
    return UnreadablePhoto(
        "too_many_pixels",
        f"the photo has {count} pixels, the limit is "
        f"{MAX_PIXELS // 1_000_000} million; save it smaller",
    )


def _to_rgb(image: Image.Image) -> Image.Image:
    """Eight-bit RGB; 16-bit grey is scaled (Pillow would saturate it), alpha goes on white."""
    if image.mode.startswith("I") or image.mode == "F":
        return _grey16_to_rgb(image)
    try:
        if image.has_transparency_data:
            with_alpha = image.convert("RGBA")
            ground = Image.new("RGBA", image.size, "white")
            return Image.alpha_composite(ground, with_alpha).convert("RGB")
        return image.convert("RGB")
    except ValueError as error:  # a palette or a colour space that Pillow cannot convert
        raise _damaged() from error


def _grey16_to_rgb(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
    brightest = float(values.max())
    # The range is not written in the file: the least usual one that holds the values.
    top = next((top for top in GREY_RANGES if brightest <= top), brightest)
    if image.mode.startswith("I"):
        top = max(top, 255.0)
    grey = np.clip(values / top * 255.0, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _bounded(image: Image.Image, max_side: int) -> Image.Image:
    image.thumbnail((max_side, max_side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return image


def find_photos(folder: Path) -> list[Path]:
    """Files below `folder` named like a photo, in name order; hidden ones are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
