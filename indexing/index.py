"""Vectors of one class in, nearest garments out: a FAISS index and its file.

    DATA/index/upper.json            the manifest: model, dimension, count, SHA-256, file
    DATA/index/upper-3f2a9c01.faiss  what the manifest names

A file is a cache of the database: deleted or damaged, it is made anew without a model.
Searches run on a snapshot that is never changed, only replaced whole.
"""

import json
import threading
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from catalog.files import file_sha256, publishing
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.records import Hit, ModelFingerprint, Vector
from indexing.stages import GarmentIds, Vectors

FORMAT: Final = 1
SEARCH_THREADS: Final = 1
"""A query is one row: FAISS has nothing to share out, and torch wants the cores."""


class IndexSnapshot:
    """The vectors of a class at one moment; searched by any number of threads."""

    def __init__(self, index: Any, ids: frozenset[int], fingerprint: ModelFingerprint) -> None:
        self._index = index
        self.ids = ids
        self._style_dimension = fingerprint.style_dimension

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self, vector: Vector, colour_weight: float, count: int, allowed: Sequence[int] | None = None
    ) -> list[Hit]:
        """The nearest garments, the best first; exact.

        Args:
            vector: shape (d,), style half then colour half, each of unit length.
            colour_weight: 0 to 1; score = (1 - w) * style + w * colour.
            count: how many at most; all that are allowed when there are fewer.
            allowed: ids that may answer; None: all.
        """
        wanted = min(count, len(self.ids))
        if not wanted or (allowed is not None and not len(allowed)):
            return []
        scores, ids = self._nearest(self._weighted(vector, colour_weight), wanted, allowed)
        found = ids >= 0
        return self._hits(vector, ids[found], scores[found])

    def _weighted(self, vector: Vector, colour_weight: float) -> Vector:
        weighted = vector.astype(np.float32, copy=True)
        weighted[: self._style_dimension] *= 1.0 - colour_weight
        weighted[self._style_dimension :] *= colour_weight
        return weighted

    def _nearest(
        self, query: Vector, count: int, allowed: Sequence[int] | None
    ) -> tuple[Vector, GarmentIds]:
        # OpenMP keeps this per thread, and web servers search on many.
        faiss.omp_set_num_threads(SEARCH_THREADS)
        if allowed is None:
            scores, ids = self._index.search(query[None], count)
            return scores[0], ids[0]
        parameters = faiss.SearchParameters()
        # FAISS keeps a bare pointer: the name here keeps the selector alive.
        selector = _selector(allowed)
        parameters.sel = selector
        scores, ids = self._index.search(query[None], count, params=parameters)
        return scores[0], ids[0]

    def _hits(self, vector: Vector, ids: GarmentIds, scores: Vector) -> list[Hit]:
        if not len(ids):
            return []
        vectors = self._index.reconstruct_batch(ids)
        cut = self._style_dimension
        styles = vectors[:, :cut] @ vector[:cut]
        colours = vectors[:, cut:] @ vector[cut:]
        return [
            Hit(int(garment_id), float(score), float(style), float(colour))
            for garment_id, score, style, colour in zip(ids, scores, styles, colours, strict=True)
        ]

    def changed(
        self,
        added: Iterable[tuple[GarmentIds, Vectors]],
        removed: Sequence[int] | GarmentIds,
        fingerprint: ModelFingerprint,
    ) -> "IndexSnapshot":
        """A new snapshot; vectors of ids that are here already replace them."""
        index: Any = faiss.clone_index(self._index)
        ids = set(self.ids)
        gone = ids.intersection(int(each) for each in removed)
        if gone:
            index.remove_ids(_selector(gone))
            ids -= gone
        for new_ids, vectors in added:
            replaced = ids.intersection(new_ids.tolist())
            if replaced:
                index.remove_ids(_selector(replaced))
            index.add_with_ids(np.ascontiguousarray(vectors, np.float32), new_ids)
            ids.update(new_ids.tolist())
        return IndexSnapshot(index, frozenset(ids), fingerprint)

    def write(self, path: Path) -> None:
        """The FAISS index as a file."""
        faiss.write_index(self._index, str(path))


def _selector(ids: Collection[int]) -> Any:
    return faiss.IDSelectorBatch(np.array(list(ids), np.int64))


def _empty(fingerprint: ModelFingerprint) -> IndexSnapshot:
    # The seam for larger catalogues: which FAISS index to use is decided here alone.
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(fingerprint.dimension))
    return IndexSnapshot(index, frozenset(), fingerprint)


class ClassIndex:
    """The index of one garment class: its current snapshot, and how it is replaced and kept."""

    def __init__(self, fingerprint: ModelFingerprint) -> None:
        self.fingerprint = fingerprint
        self._snapshot = _empty(fingerprint)
        self._lock = threading.Lock()
        self._published: IndexSnapshot | None = None

    @property
    def snapshot(self) -> IndexSnapshot:
        """The vectors as they are now; stays as it is while changes go on."""
        return self._snapshot

    def change(
        self,
        added: Iterable[tuple[GarmentIds, Vectors]] = (),
        removed: Sequence[int] | GarmentIds = (),
    ) -> None:
        """Add and remove vectors; searches see all of it or nothing."""
        with self._lock:
            self._snapshot = self._snapshot.changed(added, removed, self.fingerprint)

    def save(self, manifest: Path) -> None:
        """Publish the files, unless what they hold is still so."""
        with self._lock:
            snapshot = self._snapshot
            if snapshot is self._published and manifest.is_file():
                return
            sha256, name = _publish_index(snapshot, manifest)
            content = {
                "format": FORMAT,
                "model": self.fingerprint.key,
                "dimension": self.fingerprint.dimension,
                "count": len(snapshot),
                "sha256": sha256,
                "file": name,
            }
            with publishing(manifest) as temporary:
                temporary.write_text(json.dumps(content, indent=2) + "\n")
            self._published = snapshot
            for old in manifest.parent.glob(f"{manifest.stem}-*.faiss"):
                if old.name != name:
                    old.unlink(missing_ok=True)

    @classmethod
    def load(cls, manifest: Path, fingerprint: ModelFingerprint) -> "ClassIndex":
        """The index that a manifest names.

        Raises:
            FileNotFoundError: there is no manifest.
            IndexDamaged: the manifest or the file is not what it should be.
            ModelMismatch: made by another model; names both.
        """
        content = _read_manifest(manifest)
        if content["model"] != fingerprint.key or content["dimension"] != fingerprint.dimension:
            raise ModelMismatch(
                f"{manifest.name} was made by {content['model']}, the model at hand is "
                f"{fingerprint.key}; run `apparel rebuild`"
            )
        path = manifest.parent / str(content["file"])
        if file_sha256(path) != content["sha256"]:
            raise IndexDamaged(f"{path.name} fails its checksum; run `apparel rebuild`")
        loaded = cls(fingerprint)
        loaded._snapshot = loaded._published = _read_index(path, content["count"], fingerprint)
        return loaded


def _publish_index(snapshot: IndexSnapshot, manifest: Path) -> tuple[str, str]:
    """Write the FAISS file under a name of its own, so that the old one stays whole."""
    manifest.parent.mkdir(parents=True, exist_ok=True)
    draft = manifest.with_suffix(".faiss")
    with publishing(draft) as temporary:
        snapshot.write(temporary)
        sha256 = str(file_sha256(temporary))
    name = f"{manifest.stem}-{sha256[:16]}.faiss"
    draft.replace(manifest.parent / name)
    return sha256, name


def _read_manifest(manifest: Path) -> dict[str, Any]:
    try:
        content = json.loads(manifest.read_text())
        if content["format"] != FORMAT:
            raise IndexDamaged(f"{manifest.name} has an unknown format; run `apparel rebuild`")
        return {key: content[key] for key in ("model", "dimension", "count", "sha256", "file")}
    except (ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"{manifest.name} is damaged; run `apparel rebuild`") from error


def _read_index(path: Path, count: int, fingerprint: ModelFingerprint) -> IndexSnapshot:
    try:
        index: Any = faiss.read_index(str(path))
    except RuntimeError as error:
        raise IndexDamaged(f"{path.name} is no FAISS index; run `apparel rebuild`") from error
    ids = frozenset(faiss.vector_to_array(index.id_map).tolist())
    if index.d != fingerprint.dimension or not index.ntotal == len(ids) == count:
        raise IndexDamaged(f"{path.name} is not what its manifest says; run `apparel rebuild`")
    return IndexSnapshot(index, ids, fingerprint)
