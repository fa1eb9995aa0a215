"""The index of one class: exact search, snapshots, files that are whole or refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from indexing.errors import IndexDamaged, ModelMismatch
from indexing.index.class_index import ClassIndex
from indexing.types import ModelFingerprint, Vector, Vectors

STYLE, COLOUR = 12, 8
FINGERPRINT = ModelFingerprint("segmenter/1", "encoder/1", STYLE, COLOUR)


def _vectors(count: int, seed: int = 5) -> Vectors:
    """Random vectors, each half of unit length."""
    values = np.random.default_rng(seed).normal(size=(count, STYLE + COLOUR)).astype(np.float32)
    values[:, :STYLE] /= np.linalg.norm(values[:, :STYLE], axis=1, keepdims=True)
    values[:, STYLE:] /= np.linalg.norm(values[:, STYLE:], axis=1, keepdims=True)
    return values


def _index(count: int = 300) -> ClassIndex:
    """Vectors with ids 10, 20, 30 ..."""
    index = ClassIndex(FINGERPRINT)
    index.change([((np.arange(count) + 1) * 10, _vectors(count))])
    return index


def _scores(query: Vector, weight: float, count: int = 300) -> Vector:
    vectors = _vectors(count)
    style = vectors[:, :STYLE] @ query[:STYLE]
    colour = vectors[:, STYLE:] @ query[STYLE:]
    return np.asarray((1 - weight) * style + weight * colour, np.float32)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_search_is_exact_at_any_colour_weight(weight: float) -> None:
    (query,) = _vectors(1, seed=9)
    hits = _index().snapshot.search(query, weight, 10)
    scores = _scores(query, weight)
    assert [hit.garment_id for hit in hits] == ((np.argsort(-scores)[:10] + 1) * 10).tolist()
    assert [hit.score for hit in hits] == pytest.approx(np.sort(scores)[::-1][:10], abs=1e-5)
    for hit in hits:
        blended = (1 - weight) * hit.style + weight * hit.colour
        assert blended == pytest.approx(hit.score, abs=1e-5)


def test_a_vector_finds_itself_with_full_parts() -> None:
    hit = _index().snapshot.search(_vectors(300)[41], 0.5, 1)[0]
    assert hit.garment_id == 420
    assert (hit.score, hit.style, hit.colour) == pytest.approx((1.0, 1.0, 1.0), abs=1e-5)


@pytest.mark.parametrize("allowed_count", [0, 1, 7, 150])
def test_search_among_allowed_ids_is_exact_and_full(allowed_count: int) -> None:
    (query,) = _vectors(1, seed=9)
    picked = np.random.default_rng(2).choice(300, allowed_count, replace=False)
    hits = _index().snapshot.search(query, 0.5, 10, ((picked + 1) * 10).tolist())
    scores = _scores(query, 0.5)
    expected = sorted(picked, key=lambda row: -scores[row])[:10]
    assert [hit.garment_id for hit in hits] == [(row + 1) * 10 for row in expected]


def test_an_empty_index_answers_nothing() -> None:
    assert ClassIndex(FINGERPRINT).snapshot.search(_vectors(1)[0], 0.5, 5) == []


def test_a_snapshot_stays_as_it_was_while_the_index_changes() -> None:
    index = _index(20)
    before = index.snapshot
    index.change(removed=[10, 20, 999])
    assert (len(before), len(index.snapshot)) == (20, 18)
    assert before.search(_vectors(20)[0], 0.5, 1)[0].garment_id == 10
    assert index.snapshot.search(_vectors(20)[0], 0.5, 1)[0].garment_id != 10


def test_adding_an_id_again_replaces_its_vector() -> None:
    index = _index(20)
    (other,) = _vectors(1, seed=77)
    index.change([(np.array([10]), other[None])])
    assert len(index.snapshot) == 20
    assert index.snapshot.search(other, 0.5, 1)[0].garment_id == 10
    assert index.snapshot.search(_vectors(20)[0], 0.5, 20)[0].score < 0.99


def test_a_saved_index_loads_equal(tmp_path: Path) -> None:
    index = _index()
    index.save(tmp_path / "upper.json")
    loaded = ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)
    (query,) = _vectors(1, seed=9)
    assert loaded.snapshot.search(query, 0.4, 20) == index.snapshot.search(query, 0.4, 20)
    manifest = json.loads((tmp_path / "upper.json").read_text())
    assert (manifest["count"], manifest["dimension"]) == (300, STYLE + COLOUR)


def test_saving_anew_leaves_one_file_and_no_drafts(tmp_path: Path) -> None:
    index = _index(20)
    for gone in (10, 20, 30):
        index.change(removed=[gone])
        index.save(tmp_path / "upper.json")
    names = sorted(path.suffixes[0] for path in tmp_path.glob("*.*"))
    assert names == [".ids", ".json", ".vectors"]
    assert len(ClassIndex.load(tmp_path / "upper.json", FINGERPRINT).snapshot) == 17


def test_every_flipped_byte_is_found(tmp_path: Path) -> None:
    _index(20).save(tmp_path / "upper.json")
    for path in tmp_path.glob("*.npy"):
        whole = path.read_bytes()
        for position in range(0, len(whole), len(whole) // 20):
            flipped = bytearray(whole)
            flipped[position] ^= 0x40
            path.write_bytes(flipped)
            with pytest.raises(IndexDamaged, match="apparel rebuild"):
                ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)
        path.write_bytes(whole)
    assert len(ClassIndex.load(tmp_path / "upper.json", FINGERPRINT).snapshot) == 20


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"format": 3}', '{"format": 99}'])
def test_a_manifest_that_says_nothing_is_damage(tmp_path: Path, manifest: str) -> None:
    _index(20).save(tmp_path / "upper.json")
    (tmp_path / "upper.json").write_text(manifest)
    with pytest.raises(IndexDamaged):
        ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)


def test_a_file_that_is_gone_is_damage_and_no_manifest_is_absence(tmp_path: Path) -> None:
    _index(20).save(tmp_path / "upper.json")
    next(tmp_path.glob("*.vectors.npy")).unlink()
    with pytest.raises(IndexDamaged):
        ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)
    with pytest.raises(FileNotFoundError):
        ClassIndex.load(tmp_path / "lower.json", FINGERPRINT)


def test_another_models_index_is_refused_by_both_names(tmp_path: Path) -> None:
    _index(20).save(tmp_path / "upper.json")
    other = ModelFingerprint("segmenter/2", "encoder/1", STYLE, COLOUR)
    with pytest.raises(ModelMismatch) as caught:
        ClassIndex.load(tmp_path / "upper.json", other)
    assert FINGERPRINT.key in str(caught.value)
    assert other.key in str(caught.value)


LARGE = 3_000
"""Vectors beyond the limit that the tests below set for exact search."""


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some thousand vectors count as many: they are searched by candidates."""
    for module in ("index.building", "index.class_index"):
        monkeypatch.setattr(f"indexing.{module}.EXACT_LIMIT", 500)
    monkeypatch.setattr("indexing.index.class_index.MIN_DELTA", 100)


def _large(tmp_path: Path) -> ClassIndex:
    index = _index(LARGE)
    index.save(tmp_path / "upper.json")
    return index


def _recall(index: ClassIndex, weight: float, gone: set[int] = frozenset()) -> float:
    found = 0
    for query in _vectors(20, seed=9):
        hits = index.snapshot.search(query, weight, 10)
        scores = _scores(query, weight, LARGE)
        scores[[each // 10 - 1 for each in gone]] = -9
        best = {int(row + 1) * 10 for row in np.argsort(-scores)[:10]}
        found += len(best & {hit.garment_id for hit in hits})
    return found / 200


@pytest.mark.usefixtures("small_limit")
def test_many_vectors_are_found_by_candidates_at_every_weight(tmp_path: Path) -> None:
    index = _large(tmp_path)
    assert len(index.snapshot.base.ivf_indices) == 3
    for weight in (0.0, 0.2, 0.5, 0.8, 1.0):
        assert _recall(index, weight) >= 0.97
    loaded = ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)
    (query,) = _vectors(1, seed=9)
    assert loaded.snapshot.search(query, 0.4, 20) == index.snapshot.search(query, 0.4, 20)
    for path in [*tmp_path.glob("*.faiss"), *tmp_path.glob("*.npy")]:
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
        with pytest.raises(IndexDamaged, match="checksum"):
            ClassIndex.load(tmp_path / "upper.json", FINGERPRINT)
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)


@pytest.mark.usefixtures("small_limit")
def test_changes_to_many_vectors_are_seen_at_once_and_merged_beside(tmp_path: Path) -> None:
    index = _large(tmp_path)
    base = index.snapshot.base
    (other,) = _vectors(1, seed=77)
    index.change([(np.array([10, 50_000]), np.stack([other, other]))], removed=[20])
    assert len(index.snapshot) == LARGE
    assert {hit.garment_id for hit in index.snapshot.search(other, 0.5, 2)} == {10, 50_000}
    assert index.snapshot.base is base
    gone = set(range(20, 2000, 10))
    index.change(removed=sorted(gone))
    assert index.needs_merge()
    published: list[bool] = []
    index.merge_in_background(
        tmp_path / "upper.json", then=lambda: published.append((tmp_path / "upper.json").is_file())
    )
    index.change(removed=[2000])
    index.wait()
    assert published == [True]
    assert index.snapshot.base is not base
    assert len(index.snapshot) == LARGE - len(gone) - 1 + 1
    assert sorted(index.snapshot.live_ids()) == [10, *range(2010, 30_001, 10), 50_000]
    assert {hit.garment_id for hit in index.snapshot.search(other, 0.5, 2)} == {10, 50_000}
    assert _recall(index, 0.5, gone | {10, 2000}) >= 0.9


@pytest.mark.usefixtures("small_limit")
def test_as_many_rows_as_are_wanted_whatever_the_candidates(tmp_path: Path) -> None:
    index = _large(tmp_path)
    (query,) = _vectors(1, seed=9)
    for count in (1, 10, 1000, LARGE, LARGE + 5):
        assert len(index.snapshot.search(query, 0.5, count)) == min(count, LARGE)
    index.change(removed=np.arange(10, 29_900, 10))
    assert len(index.snapshot.search(query, 0.5, 50)) == 11
