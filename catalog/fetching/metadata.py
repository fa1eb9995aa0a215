"""Remove what a photo says about its origin: EXIF with its position and device, XMP, comments.

The pixels stay bit for bit. Colour profiles and, in JPEG, the orientation are kept, because they
change what is seen; what follows the end of the image is cut.
"""

import io
import re
import struct
from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import ExifTags, Image

from segmentation.decoding import MAX_PARTS
from segmentation.errors import UnreadablePhoto
from segmentation.photos import decode_photo

_EOI, _SOS = 0xD9, 0xDA
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_APP1, _APP2 = 0xE1, 0xE2
_DROPPED: Final = frozenset({*range(0xE3, 0xEE), 0xEF, 0xFE})
"""JPEG segments of applications and comments; APP0 is JFIF, APP14 the colour transform."""
_TURNED_BY_XMP: Final = re.compile(rb"tiff:Orientation(?:=\"|>)[2-8]")
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD"})
"""Ancillary chunks that change the pixels' meaning; critical ones are kept too."""
_WEBP_DROPPED: Final = frozenset({b"EXIF", b"XMP "})
_WEBP_FLAGS: Final = 0x08 | 0x04
"""Bits of VP8X that promise EXIF and XMP."""


def without_metadata(data: bytes) -> bytes:
    """Return the photo without metadata; bytes that are not a photo come back as they are.

    JPEG, PNG and WebP keep their compressed pixels; other formats, and PNG and WebP that are to be
    turned, become PNG.
    """
    try:
        if data.startswith(b"\xff\xd8"):
            return b"".join(_jpeg_parts(data))
        if data.startswith(_PNG_SIGNATURE):
            return b"".join(_png_parts(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_of(data)
    except (struct.error, IndexError, _TurnedElsewhere):
        pass  # where it is damaged it may be readable all the same
    return _as_png(data)


class _TurnedElsewhere(Exception):
    """The orientation is in a part that is dropped."""


def _orientation(exif: bytes) -> int:
    """The orientation of an EXIF block, 1 to 8; 1 where it cannot be read."""
    if len(exif) > MAX_PARTS:
        return 1
    try:
        tags = Image.Exif()
        tags.load(exif)
        value = tags.get(ExifTags.Base.Orientation)
    # As in `segmentation.photos`: on unchecked bytes Pillow may raise anything.
    except Exception:
        return 1
    return value if isinstance(value, int) and 2 <= value <= 8 else 1


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """The start and each segment that is kept, up to the end of the image."""
    yield data[:2]
    offset = 2
    while (marker := data[offset + 1]) != _EOI:
        if data[offset] != 0xFF:
            raise IndexError
        end = offset + 2 + struct.unpack_from(">H", data, offset + 2)[0]
        content = data[offset + 4 : end]
        if marker == _SOS:
            end = _end_of_scan(data, end)
        if marker == _APP1:
            yield _orientation_segment(content)
        elif marker not in _DROPPED and (marker != _APP2 or content.startswith(b"ICC_PROFILE")):
            yield data[offset:end]
        offset = end
    yield data[offset : offset + 2]


def _orientation_segment(content: bytes) -> bytes:
    """The kept part of an APP1 segment: an EXIF block with the orientation alone."""
    if _TURNED_BY_XMP.search(content):
        raise _TurnedElsewhere
    orientation = _orientation(content) if content.startswith(b"Exif") else 1
    if orientation == 1:
        return b""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    block = exif.tobytes()
    return struct.pack(">HH", 0xFF00 | _APP1, len(block) + 2) + block


def _end_of_scan(data: bytes, offset: int) -> int:
    """Offset of the next marker that is neither a stuffed byte nor a restart."""
    found = _MARKER.search(data, offset)
    if found is None:
        raise IndexError  # cut short
    return found.start()


def _png_parts(data: bytes) -> Iterator[bytes]:
    yield _PNG_SIGNATURE
    offset, kind = 8, b""
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, offset)
        end = offset + size + 12
        if kind == b"eXIf" and _orientation(data[offset + 8 : end - 4]) != 1:
            raise _TurnedElsewhere
        if kind[:1].isupper() or kind in _PNG_KEPT:
            yield data[offset:end]
        offset = end


def _webp_of(data: bytes) -> bytes:
    kept, offset = [], 12
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    while offset < end:
        kind, size = struct.unpack_from("<4sI", data, offset)
        chunk = bytearray(data[offset : offset + 8 + size + size % 2])
        if kind == b"EXIF" and _orientation(bytes(chunk[8:])) != 1:
            raise _TurnedElsewhere
        if kind == b"VP8X":
            chunk[8] &= ~_WEBP_FLAGS & 0xFF
        if kind not in _WEBP_DROPPED:
            kept.append(bytes(chunk))
        offset += len(chunk)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _as_png(data: bytes) -> bytes:
    try:
        photo = decode_photo(data).photo
    except UnreadablePhoto:
        return data
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(photo)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
