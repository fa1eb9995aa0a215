"""Files of a class index: written atomically, verified by hash when read.

    DATA/index/upper.json                  the manifest: model, dimension, count, last change of
                                           the database that it contains, each file's SHA-256
    DATA/index/upper-3f2a9c01.ids.npy      files of the manifest
    DATA/index/upper-77b0d1e4.vectors.npy
    DATA/index/upper-0c9e55aa.view.faiss   three IVF indices above `building.EXACT_LIMIT` vectors

The manifest is replaced last; then the earlier files are removed.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import faiss
import numpy as np
from pydantic import TypeAdapter

from catalog.files import file_sha256, publishing
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.index.exact import ExactVectors, IvfIndex, SearchEffort
from indexing.types import ModelFingerprint

FORMAT: Final = 3
_LOCK: Final = "lock"
_ABANDONED_SECONDS: Final = 86_400
_REMEDY: Final = "run `apparel rebuild`"


@dataclass(frozen=True)
class FileEntry:
    """A file of a manifest."""

    name: str
    sha256: str


@dataclass(frozen=True)
class IvfEntry:
    """An IVF index's file, its colour weight, and its search effort by query weight."""

    file: FileEntry
    weight: float
    probes: tuple[SearchEffort, ...]


@dataclass(frozen=True)
class Manifest:
    """Content and origin of an index's files."""

    format: int
    model: str
    dimension: int
    count: int
    change: int
    ids: FileEntry
    vectors: FileEntry
    views: tuple[IvfEntry, ...]


@contextmanager
def drafting(manifest: Path) -> Iterator[Path]:
    """Path of a scratch file beside the manifest, removed at the end.

    Arrays mapped from it stay readable.
    """
    with suppress(OSError):  # a read-only folder: a small index needs no scratch file
        manifest.parent.mkdir(parents=True, exist_ok=True)
    draft = manifest.parent / f".{manifest.stem}.{os.getpid()}-{uuid4().hex}.npy"
    try:
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def publish_base(
    base: ExactVectors,
    path: Path,
    fingerprint: ModelFingerprint,
    change: int,
    files: Manifest | None = None,
) -> Manifest:
    """Write a base's files, unless `files` contain it, and the manifest; remove earlier files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / _LOCK).open("w") as lock:
        # Without a lock, two publishing processes would remove each other's files.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if files is not None and all((path.parent / each.name).is_file() for each in _files(files)):
            manifest = replace(files, change=change)
        else:
            manifest = _write_files(base, path, fingerprint, change)
        with publishing(path) as temporary:
            temporary.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        _remove_others(path, {entry.name for entry in _files(manifest)})
    return manifest


def _write_files(
    base: ExactVectors, path: Path, fingerprint: ModelFingerprint, change: int
) -> Manifest:
    vectors = _publish(path, ".vectors.npy", lambda file: _save(file, base.vectors))
    if base.ivf_indices:
        # Map the published file, so that the scratch file can be removed.
        base.vectors = np.load(path.parent / vectors.name, mmap_mode="r")
    return Manifest(
        format=FORMAT,
        model=fingerprint.key,
        dimension=fingerprint.dimension,
        count=len(base),
        change=change,
        ids=_publish(path, ".ids.npy", lambda file: _save(file, base.ids)),
        vectors=vectors,
        views=tuple(
            IvfEntry(_publish(path, ".view.faiss", index.write), index.weight, index.probes)
            for index in base.ivf_indices
        ),
    )


def _remove_others(path: Path, named: set[str]) -> None:
    """Remove files of earlier bases and scratch files of killed processes."""
    for old in path.parent.glob(f"{path.stem}-*"):
        if old.name not in named:
            old.unlink(missing_ok=True)
    for draft in path.parent.glob(f".{path.stem}.*"):
        # Another process may remove the file meanwhile.
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                draft.unlink()


def _files(manifest: Manifest) -> tuple[FileEntry, ...]:
    return (manifest.ids, manifest.vectors, *(view.file for view in manifest.views))


def _save(path: Path, array: np.ndarray[Any, Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def _publish(manifest: Path, suffix: str, write: Callable[[Path], None]) -> FileEntry:
    """Write a file named by its hash, so that the old one stays intact."""
    draft = manifest.with_suffix(suffix)
    with publishing(draft) as temporary:
        write(temporary)
        sha256 = str(file_sha256(temporary))
    name = f"{manifest.stem}-{sha256[:16]}{suffix}"
    draft.replace(manifest.parent / name)
    return FileEntry(name, sha256)


def read_base(path: Path, fingerprint: ModelFingerprint) -> tuple[ExactVectors, Manifest]:
    """Read the base of a manifest, with the manifest.

    Raises:
        FileNotFoundError: there is no manifest.
        IndexDamaged: the manifest or a file is damaged.
        ModelMismatch: it was made by another model; the message names both.
    """
    manifest = read_manifest(path)
    if manifest.model != fingerprint.key or manifest.dimension != fingerprint.dimension:
        raise ModelMismatch(
            f"{path.name} was made by {manifest.model}, the model at hand is "
            f"{fingerprint.key}; {_REMEDY}"
        )
    for entry in _files(manifest):
        if file_sha256(path.parent / entry.name) != entry.sha256:
            raise IndexDamaged(f"{entry.name} fails its checksum; {_REMEDY}")
    ids = np.load(path.parent / manifest.ids.name)
    vectors = np.load(path.parent / manifest.vectors.name, mmap_mode="r")
    if vectors.shape != (manifest.count, manifest.dimension) or len(ids) != manifest.count:
        raise IndexDamaged(f"{path.name} does not fit its files; {_REMEDY}")
    views = tuple(_read_ivf(path.parent, entry, fingerprint, len(ids)) for entry in manifest.views)
    return ExactVectors(ids, vectors, fingerprint.style_dimension, views), manifest


def _read_ivf(folder: Path, entry: IvfEntry, fingerprint: ModelFingerprint, count: int) -> IvfIndex:
    name = entry.file.name
    try:
        read: Any = faiss.read_index(str(folder / name))
    except RuntimeError as error:
        raise IndexDamaged(f"{name} is not a FAISS index; {_REMEDY}") from error
    if read.ntotal != count:
        raise IndexDamaged(f"{name} is not what its manifest says; {_REMEDY}")
    index = IvfIndex(read, entry.weight, fingerprint.style_dimension)
    index.probes = entry.probes
    return index


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; IndexDamaged where it is invalid."""
    try:
        manifest = TypeAdapter(Manifest).validate_json(path.read_bytes())
    except ValueError as error:
        raise IndexDamaged(f"{path.name} is damaged; {_REMEDY}") from error
    if manifest.format != FORMAT:
        raise IndexDamaged(f"{path.name} has another format; {_REMEDY}")
    return manifest
