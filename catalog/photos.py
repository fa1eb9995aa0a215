"""Reduced copies of indexed photos: DATA/photos/ab/abcdef....jpg, named by the source's SHA-256.

Result pages show them, so that they stay quick and work when the shop's files have moved.
"""

from pathlib import Path
from typing import Final

from PIL import Image

from catalog.files import bytes_of, publishing
from segmentation.photos import Photo

FOLDER: Final = "photos"
LONG_SIDE: Final = 720
JPEG_QUALITY: Final = 85


class PhotoStore:
    """The folder of reduced copies below a data folder."""

    def __init__(self, data: Path) -> None:
        self.root = data / FOLDER

    def save(self, sha256: str, photo: Photo) -> str:
        """Store a reduced copy, unless it lies there already; its name below the folder."""
        name = f"{sha256[:2]}/{sha256}.jpg"
        target = self.root / name
        if target.is_file():
            return name
        image = Image.fromarray(photo)
        image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        with publishing(target) as temporary:
            image.save(temporary, "JPEG", quality=JPEG_QUALITY)
        return name

    def path(self, name: str) -> Path:
        """Where a stored copy lies."""
        return self.root / name

    def remove(self, name: str) -> None:
        """Delete a stored copy; nothing happens when it is gone already."""
        self.path(name).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all copies together."""
        return bytes_of(self.root.glob("*/*.jpg"))
