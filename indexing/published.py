"""A base's files, written whole and checked when they are read.

    DATA/index/upper.json                  the manifest: model, dimension, count, the last change
                                           of the database that is in it, each file's SHA-256
    DATA/index/upper-3f2a9c01.ids.npy      what the manifest names
    DATA/index/upper-77b0d1e4.vectors.npy
    DATA/index/upper-0c9e55aa.view.faiss   three of these beyond `base.EXACT_LIMIT` vectors

The manifest is replaced last: until then the earlier files stand, after it they are removed.
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

import numpy as np

from catalog.files import file_sha256, publishing
from indexing.base import Base
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.records import ModelFingerprint
from indexing.views import Probes, View, read_view

FORMAT: Final = 3
_LOCK: Final = "lock"
_ABANDONED_SECONDS: Final = 86_400
_REMEDY: Final = "run `apparel rebuild`"


@dataclass(frozen=True)
class FileEntry:
    """A file that a manifest names."""

    name: str
    sha256: str


@dataclass(frozen=True)
class ViewEntry:
    """A view's file, its weight, and how many lists it needs at which query weights."""

    file: FileEntry
    weight: float
    probes: tuple[Probes, ...]


@dataclass(frozen=True)
class Manifest:
    """What an index's files are and what they were made of."""

    format: int
    model: str
    dimension: int
    count: int
    change: int
    ids: FileEntry
    vectors: FileEntry
    views: tuple[ViewEntry, ...]


@contextmanager
def drafting(manifest: Path) -> Iterator[Path]:
    """An absent path beside the manifest to map large vectors from; gone at the end.

    What is mapped stays readable while it is mapped.
    """
    manifest.parent.mkdir(parents=True, exist_ok=True)
    draft = manifest.parent / f".{manifest.stem}.{os.getpid()}-{uuid4().hex}.npy"
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def publish_base(
    base: Base,
    path: Path,
    fingerprint: ModelFingerprint,
    change: int,
    files: Manifest | None = None,
) -> Manifest:
    """Write a base's files and their manifest `path`; remove those of the base before.

    Args:
        files: a manifest whose files hold this base already: only the manifest is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / _LOCK).open("w") as lock:
        # Two processes that publish at once would remove each other's files.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if files is not None and all((path.parent / each.name).is_file() for each in _files(files)):
            manifest = replace(files, change=change)
        else:
            manifest = _write_files(base, path, fingerprint, change)
        with publishing(path) as temporary:
            temporary.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        _remove_others(path, {entry.name for entry in _files(manifest)})
    return manifest


def _write_files(base: Base, path: Path, fingerprint: ModelFingerprint, change: int) -> Manifest:
    vectors = _publish(path, ".vectors.npy", lambda file: _save(file, base.vectors))
    if base.views:
        # The same numbers from the published file: the draft they were mapped from can go.
        base.vectors = np.load(path.parent / vectors.name, mmap_mode="r")
    return Manifest(
        FORMAT,
        fingerprint.key,
        fingerprint.dimension,
        len(base),
        change,
        _publish(path, ".ids.npy", lambda file: _save(file, base.ids)),
        vectors,
        tuple(
            ViewEntry(_publish(path, ".view.faiss", view.write), view.weight, view.probes)
            for view in base.views
        ),
    )


def _remove_others(path: Path, named: set[str]) -> None:
    """Files of earlier bases, and drafts that a killed process has left."""
    for old in path.parent.glob(f"{path.stem}-*"):
        if old.name not in named:
            old.unlink(missing_ok=True)
    for draft in path.parent.glob(f".{path.stem}.*"):
        # Another process may publish its draft, or take an abandoned one away, meanwhile.
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                draft.unlink()


def _files(manifest: Manifest) -> tuple[FileEntry, ...]:
    return (manifest.ids, manifest.vectors, *(view.file for view in manifest.views))


def _save(path: Path, array: np.ndarray[Any, Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def _publish(manifest: Path, suffix: str, write: Callable[[Path], None]) -> FileEntry:
    """Write a file under a name of its own content, so that the old one stays whole."""
    draft = manifest.with_suffix(suffix)
    with publishing(draft) as temporary:
        write(temporary)
        sha256 = str(file_sha256(temporary))
    name = f"{manifest.stem}-{sha256[:16]}{suffix}"
    draft.replace(manifest.parent / name)
    return FileEntry(name, sha256)


def read_base(path: Path, fingerprint: ModelFingerprint) -> tuple[Base, Manifest]:
    """The base that a manifest names, and the manifest.

    Raises:
        FileNotFoundError: there is no manifest.
        IndexDamaged: the manifest or a file is not what it should be.
        ModelMismatch: made by another model; names both.
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
    views = tuple(_read_view(path.parent, entry, fingerprint, len(ids)) for entry in manifest.views)
    return Base(ids, vectors, fingerprint.style_dimension, views), manifest


def _read_view(folder: Path, entry: ViewEntry, fingerprint: ModelFingerprint, count: int) -> View:
    view = read_view(folder / entry.file.name, entry.weight, fingerprint.style_dimension, count)
    view.probes = entry.probes
    return view


def read_manifest(path: Path) -> Manifest:
    """A manifest; IndexDamaged where it is none."""
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise IndexDamaged(f"{path.name} has another format; {_REMEDY}")
        return Manifest(
            **{name: content[name] for name in ("format", "model", "dimension", "count", "change")},
            ids=FileEntry(**content["ids"]),
            vectors=FileEntry(**content["vectors"]),
            views=tuple(_view_entry(each) for each in content["views"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{path.name} is damaged; {_REMEDY}") from error


def _view_entry(content: dict[str, Any]) -> ViewEntry:
    probes = tuple(Probes(**each) for each in content["probes"])
    return ViewEntry(FileEntry(**content["file"]), content["weight"], probes)
