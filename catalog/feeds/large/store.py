"""A collection whose values lie on disk once there are many of them."""

import os
import pickle
import weakref
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from catalog.data_folder.working_folder import working_file

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
        handle, path = working_file()
        self._adopt(path, os.dup(handle))
        self._starts: list[int] = []
        self._length = 0
        with os.fdopen(handle, "wb") as file:
            for values in (iter(first), iter(more)):
                while batch := list(islice(values, BATCH)):
                    self._starts.append(file.tell())
                    pickle.dump(batch, file, pickle.HIGHEST_PROTOCOL)
                    self._length += len(batch)

    def _adopt(self, path: Path, *lock: int) -> None:
        self._path = path
        self._remove = weakref.finalize(self, _remove, path, *lock)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Value]:
        with self._path.open("rb") as file:
            for _ in self._starts:
                yield from pickle.load(file)

    def __contains__(self, value: object) -> bool:
        return any(each == value for each in self)

    def __getstate__(self) -> dict[str, Any]:
        if (detached := self._remove.detach()) is not None:
            _close(*detached[2][1:])
        return {"path": self._path, "starts": self._starts, "length": self._length}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._adopt(state["path"])
        self._starts, self._length = state["starts"], state["length"]


def _remove(path: Path, *lock: int) -> None:
    path.unlink(missing_ok=True)
    _close(*lock)


def _close(*lock: int) -> None:
    for handle in lock:
        os.close(handle)
