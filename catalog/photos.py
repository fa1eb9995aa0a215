"""Store of reduced copies of indexed photos: DATA/photos/ab/abcdef....jpg, named by SHA-256.

Result pages show them, and re-embedding reads them where the shop's files have moved. The name
verifies the content.
"""

import hashlib
import io
import re
from pathlib import Path
from typing import Final

from PIL import Image

from catalog.data_folder.bucket import Bucket
from catalog.errors import BadStoredName
from catalog.files import bytes_of, file_sha256, publishing
from segmentation.photos import Photo

FOLDER: Final = "photos"
LONG_SIDE: Final = 720
JPEG_QUALITY: Final = 85
_NAME: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.jpg")


def is_stored_name(name: str) -> bool:
    """Whether a name has the form of those by `PhotoStore.save`."""
    return bool(_NAME.fullmatch(name))


class PhotoStore:
    """The folder of reduced copies below a data folder."""

    def __init__(self, data: Path, bucket: Bucket | None = None) -> None:
        """Take the data folder and, where servers share one, the bucket that it is a cache of."""
        self.root = data / FOLDER
        self._bucket = bucket

    def save(self, photo: Photo) -> str:
        """Store a reduced copy, unless it exists; return its name below the folder."""
        image = Image.fromarray(photo)
        image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
        sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
        name = f"{sha256[:2]}/{sha256}.jpg"
        if self._bucket is not None:  # also a copy that is here: another server may have removed it
            self._bucket.put(f"{FOLDER}/{name}", buffer.getvalue())
        if file_sha256(self.root / name) != sha256:
            with publishing(self.root / name) as temporary:
                temporary.write_bytes(buffer.getvalue())
        return name

    def is_whole(self, name: str) -> bool:
        """Whether a stored copy exists and its content matches its name."""
        return file_sha256(self.path(name)) == name[3:67]

    def path(self, name: str) -> Path:
        """Path of a stored copy, taken from the bucket if it is not here.

        Raises:
            BadStoredName: the name has another form.
            BucketAway: the bucket does not answer.
        """
        path = self._path_here(name)
        if self._bucket is not None and not path.is_file():
            self._bucket.get(f"{FOLDER}/{name}", path)
        return path

    def remove(self, name: str) -> None:
        """Delete a stored copy if it exists."""
        path = self._path_here(name)
        if self._bucket is not None:
            self._bucket.remove(f"{FOLDER}/{name}")
        path.unlink(missing_ok=True)

    def _path_here(self, name: str) -> Path:
        if not is_stored_name(name):
            raise BadStoredName(
                f"{name[:80]!r} is not the name of a stored photo; restore a backup"
            )
        return self.root / name

    def size(self) -> int:
        """Total size of all copies in bytes."""
        return bytes_of(self.root.glob("*/*.jpg"))
