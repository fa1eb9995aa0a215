"""A collection whose values lie on disk once there are many of them."""

import os
import pickle
import tempfile
import weakref
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

IN_MEMORY: Final = 5_000
"""Collections up to this length are tuples."""
BATCH: Final = 500
"""Values that are read at once."""


def stored(values: Iterable[Value]) -> Collection[Value]:
    """The values as a tuple, or on disk where there are more than `IN_MEMORY`."""
    remaining = iter(values)
    first = tuple(islice(remaining, IN_MEMORY + 1))
    return first if len(first) <= IN_MEMORY else StoredValues(first, remaining)


class StoredValues(Collection[Value]):
    """Values in a temporary file, which is removed with it.

    Pickling hands the file over to the process that unpickles it.
    """

    def __init__(self, first: Iterable[Value], more: Iterable[Value]) -> None:
        handle, name = tempfile.mkstemp(prefix="apparel-feed-")
        self._adopt(Path(name))
        self._starts: list[int] = []
        self._length = 0
        with os.fdopen(handle, "wb") as file:
            for values in (iter(first), iter(more)):
                while batch := list(islice(values, BATCH)):
                    self._starts.append(file.tell())
                    pickle.dump(batch, file, pickle.HIGHEST_PROTOCOL)
                    self._length += len(batch)

    def _adopt(self, path: Path) -> None:
        self._path = path
        self._remove = weakref.finalize(self, path.unlink, missing_ok=True)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Value]:
        with self._path.open("rb") as file:
            for _ in self._starts:
                yield from pickle.load(file)

    def __contains__(self, value: object) -> bool:
        return any(each == value for each in self)

    def __getstate__(self) -> dict[str, Any]:
        self._remove.detach()
        return {"path": self._path, "starts": self._starts, "length": self._length}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._adopt(state["path"])
        self._starts, self._length = state["starts"], state["length"]
