"""Decode photos: bytes to one safe, upright RGB array.

Refused before any pixel is decoded: too many bytes, a format that is not in
`FORMATS`, too many pixels, far too many parts. A photo that cannot be decoded to its end
is refused too: Pillow's `verify()` passes half a JPEG, so the pixels are really loaded.
"""

import ctypes
import io
import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from segmentation.decoding import (
    MAX_MEMORY,
    MAX_PARTS,
    PIXEL_MEMORY,
    bytes_per_pixel,
    check_parts,
    reduced_rgb,
)
from segmentation.errors import UnreadablePhoto

Photo = npt.NDArray[np.uint8]
"""An upright photo, shape (height, width, 3), RGB."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Pillow's names; MPO (two photos in one, from phones) is opened as the JPEG it begins with."""
SUFFIXES: Final = frozenset(
    ".jpg .jpeg .jpe .jfif .jif .pjpeg .png .webp .gif .bmp .tif .tiff .avif .heic .heif".split()
)
HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
"""Brands in the `ftyp` box of HEIC files."""
MAX_BYTES: Final = 30_000_000
MAX_PIXELS: Final = MAX_MEMORY // 10
MIN_SIDE: Final = 8
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> transposition that makes the photo upright."""
SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap height and width."""
WORKING_SIDE: Final = 1024
"""Longest side of a decoded photo in pixels; no later step needs more."""


@dataclass(frozen=True, eq=False)
class DecodedPhoto:
    """A photo and the size it had before it was reduced: upright, in pixels."""

    photo: Photo
    height: int
    width: int


def read_photo(
    source: Path | bytes, max_side: int = WORKING_SIDE, min_side: int = MIN_SIDE
) -> Photo:
    """Decode one photo as `decode_photo` does, without its original size."""
    return decode_photo(source, max_side, min_side).photo


def read_or_none(path: Path) -> Photo | None:
    """Decode one photo; None where that fails."""
    try:
        return read_photo(path)
    except UnreadablePhoto:
        return None


def decode_photo(
    source: Path | bytes, max_side: int = WORKING_SIDE, min_side: int = MIN_SIDE
) -> DecodedPhoto:
    """Decode one photo, upright, transparent parts on white, first frame only.

    Args:
        source: a file, or the bytes of one.
        max_side: longest side of the result in pixels; larger photos are reduced.
        min_side: a photo with a shorter side is refused.
    Raises:
        UnreadablePhoto: with a `code` among empty, too_large, not_a_photo,
            too_many_pixels, too_complex, too_small, damaged, absent, heic.
    """
    data = source if isinstance(source, bytes) else photo_bytes(source)
    if not data:
        raise UnreadablePhoto("empty", "the file is empty; upload it again")
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    check_parts(data)
    image, (width, height) = _decode(data, max_side, min_side)
    small = _in_srgb(image, image.info.get("icc_profile")).convert("RGB")
    return DecodedPhoto(np.array(small), height, width)


def photo_bytes(path: Path) -> bytes:
    """Read a file; UnreadablePhoto where it is absent or too large."""
    try:
        # Opening a named pipe would block for ever.
        if path.exists() and not path.is_file():
            raise UnreadablePhoto("absent", f"{path.name} is not a file; name a photo")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(
            "absent", f"cannot read {path.name[:200]}: {error.strerror}; check the path"
        ) from error
    except ValueError as error:  # a NUL inside the name
        raise UnreadablePhoto("absent", "the path is no file name; check it") from error


def _too_large(size: int) -> UnreadablePhoto:
    return UnreadablePhoto(
        "too_large",
        f"the file has {size / 1e6:.0f} MB, the limit is {MAX_BYTES / 1e6:.0f} MB; save it smaller",
    )


def _decode(data: bytes, max_side: int, min_side: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame, reduced and upright, and the upright width and height before.

    Every pixel is decoded, in memory that all threads share.
    """
    _silence_pillow()
    _silence_libtiff()
    try:
        with Image.open(io.BytesIO(data), formats=_formats(data)) as image:
            _check_size(image, min_side)
            width, height = image.size
            with PIXEL_MEMORY.hold(width * height * bytes_per_pixel(image)):
                # JPEG can skip most of its work when a small answer is enough.
                image.draft("RGB", _fitted(width, height, max_side))
                image.load()
                small, sideways = _upright(image, reduced_rgb(image, max_side))
            small.thumbnail((max_side, max_side), Image.Resampling.BILINEAR)
            return small, (height, width) if sideways else (width, height)
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


def _formats(data: bytes) -> tuple[str, ...]:
    """Formats to try; HEIC where it is one and its decoder is installed.

    Raises:
        UnreadablePhoto: HEIC without its decoder.
    """
    if data[4:8] != b"ftyp" or data[8:12] not in HEIC_BRANDS:
        return FORMATS
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise UnreadablePhoto(
            "heic",
            "this is a HEIC photo; run pip install 'apparel-search[heic]' or save it as JPEG",
        ) from error
    register_heif_opener()
    return (*FORMATS, "HEIF")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The image in sRGB by its colour profile; a damaged profile counts as sRGB."""
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != image.mode:
            return image
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _fitted(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height reduced to a longest side; `draft` never goes below them."""
    scale = min(1.0, max_side / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _silence_pillow() -> None:
    """Keep Pillow's warnings about odd files out of the logs.

    `warnings.catch_warnings` is not thread-safe: two readers at once can suppress every warning
    of the process.
    """
    rule = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
    if rule not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


@cache
def _silence_libtiff() -> None:
    """Keep libtiff's own lines about damaged photos off stderr; Pillow raises an exception, too.

    Pillow has no setting for it, so its library is asked where its wheels have it.
    """
    package = Path(Image.__file__).parent
    for folder in (package.with_name("pillow.libs"), package / ".dylibs"):
        for library in folder.glob("libtiff*"):
            ctypes.CDLL(str(library)).TIFFSetErrorHandler(None)


def _damaged() -> UnreadablePhoto:
    return UnreadablePhoto("damaged", "the photo is damaged or cut short; save or upload it again")


def _upright(image: Image.Image, small: Image.Image) -> tuple[Image.Image, bool]:
    """Rotate the reduced copy by the image's EXIF; also whether that swapped the sides.

    A photo with unreadable EXIF is not rotated. Pillow rotates a TIFF while loading it and
    updates its header.
    """
    small.info = image.info
    try:
        if len(image.info.get("exif", b"")) > MAX_PARTS:
            return small, False
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        turn = TURNS.get(orientation or 1)
        return small if turn is None else small.transpose(turn), orientation in SIDEWAYS
    except Exception:  # as in _decode: unchecked bytes may raise anything
        return small, False


def _check_size(image: Image.Image, min_side: int) -> None:
    width, height = image.size
    limit = min(MAX_PIXELS, MAX_MEMORY // bytes_per_pixel(image))
    if width * height > limit:
        raise _too_many_pixels(f"{width} x {height}", limit)
    if min(image.size) < min_side:
        raise UnreadablePhoto(
            "too_small", f"the photo has {width} x {height} pixels; use a larger one"
        )


def _too_many_pixels(count: str, limit: int = MAX_PIXELS) -> UnreadablePhoto:
    return UnreadablePhoto(
        "too_many_pixels",
        f"the photo has {count} pixels, the limit is {limit // 1_000_000} million; save it smaller",
    )


def find_photos(folder: Path) -> list[Path]:
    """Files below `folder` named like a photo, in name order; hidden ones are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
