"""Files that servers without a common folder share, in a bucket: `APPAREL_FILES=s3://name/prefix`.

The data folder of each server is a cache of it: what is written goes into the bucket first, what is
missing is taken from there. Names are those below the data folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from catalog.errors import BucketAway
from catalog.files import publishing


class Bucket:
    """A storage location of fsspec; thread-safe."""

    def __init__(self, address: str) -> None:
        """Open a bucket by its address. Raises BucketAway if its protocol cannot be used."""
        self._address = address
        with self._translated():
            # Imported here: installed with apparel-search[s3].
            from fsspec.core import url_to_fs

            self._files, self._root = url_to_fs(address, use_listings_cache=False)

    def put(self, name: str, content: bytes) -> None:
        """Store a file. Raises BucketAway."""
        with self._translated():
            self._files.pipe_file(self._path(name), content)

    def get(self, name: str, path: Path) -> bool:
        """Copy a file to a path, wholly or not at all; whether the bucket has it.

        Raises:
            BucketAway: the bucket does not answer.
        """
        with self._translated():
            try:
                content = self._files.cat_file(self._path(name))
            except FileNotFoundError:
                return False
        with publishing(path) as unfinished:
            unfinished.write_bytes(content)
        return True

    def take_missing(self, folder: str, data: Path) -> None:
        """Copy those files of a folder that a data folder lacks. Raises BucketAway."""
        with self._translated():
            try:
                found = self._files.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                return
        for path in found:
            name = f"{folder}/{str(path).rpartition('/')[2]}"
            if not (data / name).exists():
                self.get(name, data / name)

    def remove(self, name: str) -> None:
        """Delete a file if it exists. Raises BucketAway."""
        with self._translated():
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def names(self, folder: str) -> list[str]:
        """Names of all files below a folder. Raises BucketAway."""
        with self._translated():
            found = self._files.find(self._path(folder))
        return [str(path).removeprefix(f"{self._root}/") for path in found]

    def remove_old(self, name: str, seconds: float) -> bool:
        """Delete a file written at least so long ago; whether it was. Raises BucketAway."""
        with self._translated():
            try:
                written: datetime = self._files.modified(self._path(name))
            except FileNotFoundError:
                return False
        is_old = datetime.now(UTC) - written >= timedelta(seconds=seconds)
        if is_old:
            self.remove(name)
        return is_old

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each of fsspec's implementations has its own
            raise BucketAway(
                f"cannot use {self._address}: {' '.join(str(error).split())[:200]}; check "
                "APPAREL_FILES and its credentials, and install apparel-search[s3]"
            ) from error
