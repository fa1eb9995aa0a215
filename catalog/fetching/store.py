"""Store of fetched original photos: DATA/fetched/ab/abcdef....photo, named by the URL's SHA-256.

A JSON file beside each holds the response's validators. Originals are stored, without
their metadata, because re-embedding with another model needs them.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from catalog.fetching.fetch import FetchedPhoto, Validators
from catalog.fetching.metadata import without_metadata
from catalog.files import publishing

FOLDER: Final = "fetched"


def is_url(name: str) -> bool:
    """Whether a photo's name in a feed is a URL."""
    return name[:8].lower().startswith(("http://", "https://"))


class FetchedPhotos:
    """The folder of fetched photos below a data folder."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER

    def path(self, url: str) -> Path:
        """Path of the photo of a URL, which may not exist yet."""
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._root / name[:2] / f"{name}.photo"

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
        with publishing(path) as unfinished:
            unfinished.write_bytes(without_metadata(fetched.data))
        # After the photo: new validators beside an old photo would hide that it is outdated.
        content = {
            "url": url,
            "etag": fetched.validators.etag,
            "last_modified": fetched.validators.last_modified,
        }
        with publishing(path.with_suffix(".json")) as unfinished:
            unfinished.write_text(json.dumps(content), encoding="utf-8")
        return path

    def remove(self, url: str) -> None:
        """Delete a photo if it exists."""
        path = self.path(url)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
