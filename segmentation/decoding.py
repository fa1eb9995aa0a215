"""Decode photos in bounded time and memory, whatever their encoding.

A few hundred kilobytes can cost minutes (scans of a JPEG, chunks of a PNG) or gigabytes
(every pixel decoded, laid on white and converted in full size). `check_parts` counts
the parts of a file before Pillow reads it; `PIXEL_MEMORY` bounds what all threads decode at once;
`reduced_rgb` converts strip by strip.
"""

import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.errors import UnreadablePhoto

MAX_PARTS: Final = 65_536
"""Segments, chunks, extension blocks or strips of one file: a PNG of 30 MB has some 4,000. Larger
EXIF (in bytes) is not read: each of its tags may hold all of it again."""
MAX_SCANS: Final = 50
"""Scans of one JPEG, each a walk over all its pixels; progressive encoders write about ten."""
MAX_MEMORY: Final = 600_000_000
"""Bytes that all photos in decoding take together, by `bytes_per_pixel`."""
_BYTES_PER_PIXEL: Final = {"WEBP": 16, "AVIF": 10, "HEIF": 10, "TIFF": 10, "JPEG": 7, "MPO": 7}
"""Most that a decoder holds for a pixel, as measured; 5 for all other formats."""
_GREY_RANGES: Final = (1.0, 255.0, 65535.0)
_REDUCED_DIRECTLY: Final = frozenset({"RGB", "L", "CMYK"})
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_STANDALONE: Final = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
_TIFF_SIZES: Final = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by its type; one of any other type has one byte."""


class MemoryBudget:
    """A semaphore weighted by bytes, in order of arrival: large requests are not starved."""

    def __init__(self, total: int) -> None:
        self._free = total
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Wait until `count` bytes are free and hold them; `count` is at most the total."""
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            with self._changed:
                self._free += count
                self._changed.notify_all()


PIXEL_MEMORY: Final = MemoryBudget(MAX_MEMORY)


def bytes_per_pixel(image: Image.Image) -> int:
    """Most that the decoder of an opened image holds for a pixel."""
    return _BYTES_PER_PIXEL.get(image.format or "", 5)


def check_parts(data: bytes) -> None:
    """Count the parts of a file, in time linear in its size and bounded in their number.

    Raises:
        UnreadablePhoto: damaged, or `too_complex`.
    """
    try:
        if data.startswith(b"\xff\xd8"):
            _check_jpeg(data)
        elif data.startswith(b"\x89PNG"):
            _check_png(data)
        elif data.startswith(b"GIF8"):
            _check_gif(data)
        elif data.startswith((b"II", b"MM")):
            _check_tiff(data)
        elif data.startswith(b"BM"):
            _check_bmp(data)
    except (struct.error, IndexError):
        return  # cut short: Pillow says so


def _check_jpeg(data: bytes) -> None:
    """Walk over the segments up to the end of the first image; junk counts byte by byte."""
    offset, parts, scans = 2, 0, 0
    while offset < len(data):
        parts += 1
        if parts > MAX_PARTS or scans > MAX_SCANS:
            raise _too_complex()
        marker = data[offset + 1]
        if data[offset] != 0xFF or marker in (0x00, 0xFF):
            offset += 1
        elif marker == _EOI:
            return
        elif marker in _STANDALONE:
            offset += 2
        else:
            offset += 2 + struct.unpack_from(">H", data, offset + 2)[0]
            if marker == _SOS:
                scans += 1
                found = _MARKER.search(data, offset)
                offset = found.start() if found else len(data)


def _check_png(data: bytes) -> None:
    offset, parts = 8, 0
    while offset < len(data):
        parts += 1
        if parts > MAX_PARTS:
            raise _too_complex()
        offset += 12 + struct.unpack_from(">I", data, offset)[0]


def _check_gif(data: bytes) -> None:
    """Walk over the blocks before the first frame; no other frame is decoded."""
    offset = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    parts = 0
    while data[offset] == ord("!"):
        offset += 2
        while size := data[offset]:
            offset += 1 + size
            parts += 1
            if parts > MAX_PARTS:
                raise _too_complex()
        offset += 1
        parts += 1


def _check_tiff(data: bytes) -> None:
    """Bound the tags of the first directory: several may claim the same bytes, each a copy."""
    order = "<" if data.startswith(b"II") else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    start = struct.unpack_from(f"{order}{'8xQ' if big else '4xI'}", data)[0]
    count = struct.unpack_from(f"{order}{'Q' if big else 'H'}", data, start)[0]
    entry, size = (f"{order}HHQ8x", 20) if big else (f"{order}HHI4x", 12)
    if count > MAX_PARTS:
        raise _too_complex()
    total, values = 0, 0
    for index in range(count):
        _, kind, number = struct.unpack_from(entry, data, start + (8 if big else 2) + index * size)
        total += number * _TIFF_SIZES.get(kind, 1)
        values += number if kind in _TIFF_SIZES else 0
    if total > len(data) or values > MAX_PARTS:
        raise _too_complex()


def _check_bmp(data: bytes) -> None:
    compression = struct.unpack_from("<I", data, 30)[0]
    # Pillow unpacks runs in Python, some twenty bytes in the time of a part.
    if compression in (1, 2) and len(data) > 20 * MAX_PARTS:
        raise _too_complex()


def _too_complex() -> UnreadablePhoto:
    return UnreadablePhoto(
        "too_complex", "the photo is packed in far too many parts; save it anew as JPEG or PNG"
    )


def reduced_rgb(image: Image.Image, max_side: int) -> Image.Image:
    """Reduce to between one and about four times `max_side`, in RGB (CMYK stays CMYK).

    Every pixel counts in the mean of its block. Transparent parts lie on white, 16-bit grey is
    scaled (Pillow would saturate it). Beside the image only a strip is held in full size.

    Raises:
        ValueError: a palette or a colour space that Pillow cannot convert.
    """
    factor = max(1, int(max(image.size) / max_side / 2))
    if image.mode in _REDUCED_DIRECTLY and not image.has_transparency_data:
        small = image.reduce(factor) if factor > 1 else image
        return small if small.mode == "CMYK" else small.convert("RGB")
    strips = partial(_strips, image, factor, max_side * max_side)
    top = _grey_top(image, strips()) if _is_deep(image) else None
    small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    for row, strip in strips():
        rgb = _on_white(strip) if top is None else _scaled(strip, top)
        small.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, row // factor))
    return small


def _strips(image: Image.Image, factor: int, pixels: int) -> Iterator[tuple[int, Image.Image]]:
    """Strips of whole blocks with about so many pixels, each with its first row."""
    rows = factor * max(1, pixels // (image.width * factor))
    for row in range(0, image.height, rows):
        yield row, image.crop((0, row, image.width, min(row + rows, image.height)))


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    with_alpha = image.convert("RGBA")
    background = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(background, with_alpha).convert("RGB")


def _grey_top(image: Image.Image, strips: Iterator[tuple[int, Image.Image]]) -> float:
    """The value of white. It is not written in the file: the least usual one that holds all."""
    brightest = max(float(_values(strip).max()) for _, strip in strips)
    top = next((top for top in _GREY_RANGES if brightest <= top), brightest)
    return max(top, 255.0) if image.mode.startswith("I") else top


def _scaled(image: Image.Image, top: float) -> Image.Image:
    grey = np.clip(_values(image) / top * 255.0, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _values(image: Image.Image) -> npt.NDArray[np.float32]:
    return np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
