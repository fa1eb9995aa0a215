"""Store of fetched original photos: DATA/fetched/ab/abcdef....photo, named by the URL's SHA-256.

A JSON file beside each holds the response's validators. Originals are stored, without
their metadata, because re-embedding with another model needs them.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from catalog.data_folder.bucket import Bucket
from catalog.fetching.fetch import FetchedPhoto, Validators
from catalog.fetching.metadata import without_metadata
from catalog.files import publishing

FOLDER: Final = "fetched"


def is_url(name: str) -> bool:
    """Whether a photo's name in a feed is a URL."""
    return name[:8].lower().startswith(("http://", "https://"))


class FetchedPhotos:
    """The folder of fetched photos below a data folder."""

    def __init__(self, data: Path, bucket: Bucket | None = None) -> None:
        """Take the data folder and, where servers share one, the bucket that it is a cache of."""
        self._root = data / FOLDER
        self._bucket = bucket

    def path(self, url: str) -> Path:
        """Path of the photo of a URL, which may not exist yet."""
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._root / name[:2] / f"{name}.photo"

    def is_here(self, url: str) -> bool:
        """Whether a photo is stored, perhaps taken from the bucket just now. Raises BucketAway."""
        path = self.path(url)
        if self._bucket is None or path.is_file():
            return path.is_file()
        self._bucket.get(self._name(path.with_suffix(".json")), path.with_suffix(".json"))
        return self._bucket.get(self._name(path), path)

    def validators(self, url: str) -> Validators | None:
        """Validators of a stored photo; None where there is none."""
        path = self.path(url)
        try:
            stored = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            return Validators(stored["etag"], stored["last_modified"]) if path.is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, url: str, fetched: FetchedPhoto) -> Path:
        """Store a photo atomically, without its metadata."""
        path = self.path(url)
        self._write(path, without_metadata(fetched.data))
        # After the photo: new validators beside an old photo would hide that it is outdated.
        content = {
            "url": url,
            "etag": fetched.validators.etag,
            "last_modified": fetched.validators.last_modified,
        }
        self._write(path.with_suffix(".json"), json.dumps(content).encode())
        return path

    def remove(self, url: str) -> None:
        """Delete a photo if it exists."""
        path = self.path(url)
        for each in (path.with_suffix(".json"), path):
            if self._bucket is not None:
                self._bucket.remove(self._name(each))
            each.unlink(missing_ok=True)

    def _write(self, path: Path, content: bytes) -> None:
        if self._bucket is not None:
            self._bucket.put(self._name(path), content)
        with publishing(path) as unfinished:
            unfinished.write_bytes(content)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root.parent).as_posix()
