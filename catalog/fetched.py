"""Photos that came by http(s), as they came: DATA/fetched/ab/abcdef....photo, named by address.

Beside each lies what its server gave to ask whether it has changed. They are kept because
another model needs the originals again.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from catalog.fetch import FetchedPhoto, Validators
from catalog.files import publishing

FOLDER: Final = "fetched"


def is_url(name: str) -> bool:
    """Whether a photo's name in a feed is an address."""
    return name[:8].lower().startswith(("http://", "https://"))


class FetchedPhotos:
    """The folder of fetched photos below a data folder."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER

    def path(self, url: str) -> Path:
        """Where the photo of an address lies, or will lie."""
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._root / name[:2] / f"{name}.photo"

    def validators(self, url: str) -> Validators | None:
        """What came with the photo; None where no photo is kept."""
        path = self.path(url)
        try:
            kept = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            return Validators(kept["etag"], kept["last_modified"]) if path.is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, url: str, fetched: FetchedPhoto) -> Path:
        """Keep a photo; whole, or as it was before."""
        path = self.path(url)
        with publishing(path) as unfinished:
            unfinished.write_bytes(fetched.data)
        # After the photo: new validators beside an old photo would hide that it is old.
        kept = {
            "url": url,
            "etag": fetched.validators.etag,
            "last_modified": fetched.validators.last_modified,
        }
        with publishing(path.with_suffix(".json")) as unfinished:
            unfinished.write_text(json.dumps(kept), encoding="utf-8")
        return path

    def remove(self, url: str) -> None:
        """Delete a photo; nothing happens when it is gone already."""
        path = self.path(url)
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
