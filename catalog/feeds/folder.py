"""A folder of photos as a feed: one product per photo."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import FeedError
from catalog.feeds.rows import LIMITS, Feed, ProductRow, Reject
from segmentation.photos import SUFFIXES


@dataclass
class _Walk:
    """A walk over a folder: photos, counts of other files by suffix, unreadable folders."""

    folder: Path
    photos: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Visit every folder once, linked ones too; hidden names are skipped."""
        for folder, names in self._folders():
            for name in names:
                path = folder / name
                if name.startswith(".") or not path.is_file():
                    continue
                if path.suffix.lower() in SUFFIXES:
                    self.photos.append(path.relative_to(self.folder))
                else:
                    self.others[path.suffix.lower() or "without a suffix"] += 1
        self.photos.sort()

    def _folders(self) -> Iterator[tuple[Path, list[str]]]:
        visited: set[tuple[int, int]] = set()
        for root, folders, names in os.walk(self.folder, onerror=self._note, followlinks=True):
            state = Path(root).stat()
            if (state.st_dev, state.st_ino) in visited:
                folders.clear()
                continue
            visited.add((state.st_dev, state.st_ino))
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            yield Path(root), names

    def _note(self, error: OSError) -> None:
        name = os.path.relpath(error.filename, self.folder)
        self.unreadable.append(f"{name}: {error.strerror}")

    def notes(self) -> tuple[str, ...]:
        """A sentence for each unreadable folder, and one for files left out."""
        notes = [f"cannot read {each}; check its permissions" for each in self.unreadable]
        if self.others:
            kinds = ", ".join(f"{count} {suffix}" for suffix, count in self.others.most_common())
            notes.append(f"files left out, because they are not photos of a known kind: {kinds}")
        return tuple(notes)


def read_folder(folder: Path) -> Feed:
    """Read every photo below a folder as a product.

    The id is the path within the folder, the title comes from the file's name, the category
    from the first sub-folder if there is one.

    Raises:
        FeedError: no such folder, or no photo in it.
    """
    name = folder.resolve().name
    if not folder.is_dir():
        raise FeedError(f"there is no folder {name}; check the path")
    walk = _Walk(folder)
    walk.run()
    if not walk.photos:
        reason = "; ".join(("give a folder with JPEG, PNG or WebP files", *walk.notes()))
        raise FeedError(f"no photos below {name}; {reason}")
    too_long = [name for name in walk.photos if len(name.as_posix()) > LIMITS["id"]]
    return Feed(
        rows=tuple(_row_of_photo(name) for name in walk.photos if name not in too_long),
        rejects=tuple(
            Reject(0, f"the path is longer than {LIMITS['id']} characters", name.as_posix())
            for name in too_long
        ),
        folder=folder,
        origin=str(folder.resolve()),
        kind="folder",
        notes=walk.notes(),
        unreadable=tuple(walk.unreadable),
    )


def _row_of_photo(name: Path) -> ProductRow:
    words = re.sub(r"[\W_]+", " ", name.stem).strip()
    return ProductRow(
        id=name.as_posix(),
        title=words[:1].upper() + words[1:] or name.name,
        photos=(name.as_posix(),),
        category=name.parts[0] if len(name.parts) > 1 else None,
    )
