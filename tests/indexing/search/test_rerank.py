import numpy as np
import pytest
import torch

from indexing.embedding.crop import BACKGROUND_GREY
from indexing.embedding.patches import UNIT, covered_patches, quantised_patches
from indexing.index.vector_rows import patches_from_bytes, patches_to_bytes
from indexing.search.query import Query
from indexing.search.rerank import (
    BASELINE_SIMILARITY,
    PATCH_SHARE,
    POWER,
    best_cosines,
    blended,
    first_stage_weight,
    patch_similarity,
    rerank,
)
from indexing.training.losses import PatchMemory, patch_loss
from indexing.training.losses import patch_similarity as soft_patch_similarity
from indexing.types import NO_PATCHES, Hit, Patches


def _patches(*directions: int) -> Patches:
    """One patch along each of these axes of four."""
    return (UNIT * np.eye(4, dtype=np.int8))[list(directions)].astype(np.int8)


def test_patches_of_plain_background_are_left_out() -> None:
    crop = np.full((48, 48, 3), BACKGROUND_GREY, np.uint8)
    crop[:16, :32] = 30
    crop[32:, 40:] = 30  # half a patch counts
    crop[20:26, 20:26] = 30  # a seventh of one does not
    (covered,) = covered_patches(crop[None])
    assert np.flatnonzero(covered).tolist() == [0, 1, 8]
    vectors = np.zeros((1, 9, 4), np.float32)
    vectors[0, :, 2] = 1
    assert quantised_patches(vectors, [crop])[0].tolist() == [[0, 0, UNIT, 0]] * 3


def test_patch_similarity_is_the_power_mean_of_the_best_cosines() -> None:
    asked = _patches(0, 1)
    found = patch_similarity(asked, [_patches(1, 0), _patches(2, 1, 3), NO_PATCHES, _patches(2)])
    assert found.tolist() == pytest.approx([1, 0.5 ** (1 / POWER), 0, 0])
    assert patch_similarity(asked, [_patches(0, 1, 2, 3)]).tolist() == [1], (
        "what else is there is no harm"
    )
    assert patch_similarity(NO_PATCHES, [asked]).tolist() == [0]


def test_a_blended_score_is_one_only_where_both_parts_are() -> None:
    scores = np.array([0.8, 0.8, 0.8, 1.0], np.float32)
    similarity = np.array([0.0, BASELINE_SIMILARITY, 0.9, 1.0], np.float32)
    without, baseline, similar, same = blended(scores, similarity, 0.0)
    assert without == baseline == pytest.approx((1 - PATCH_SHARE) * 0.8)
    assert without < similar < same
    assert same == pytest.approx(1)


@pytest.mark.parametrize("colour_weight", [0.0, 0.3, 0.5, 0.9])
def test_style_and_colour_keep_their_weights_without_similar_patches(colour_weight: float) -> None:
    style, colour = np.array([0.9, 0.2], np.float32), np.array([0.1, 0.7], np.float32)
    weight = first_stage_weight(colour_weight)
    first_stage = (1 - weight) * style + weight * colour
    mixed = blended(first_stage, np.zeros(2, np.float32), colour_weight)
    wanted = (1 - PATCH_SHARE) * (1 - colour_weight) * style + colour_weight * colour
    assert np.allclose(mixed, wanted, atol=1e-6)


def test_only_the_nearest_are_reranked_and_stay_before_the_rest() -> None:
    scores = np.linspace(0.7, 0.6, 30).astype(np.float32).tolist()
    hits = [Hit(number, score, score, 0.0) for number, score in enumerate(scores)]
    patches = dict.fromkeys(range(30), _patches(1))
    patches[9] = patches[15] = _patches(0)
    query = Query(np.zeros(2, np.float32), _patches(0), colour_weight=0.0, rerank_depth=10)
    found = rerank(hits, query, patches)
    assert [hit.garment_id for hit in found] == [9, *range(9), *range(10, 30)]
    assert found[0].patch_similarity == pytest.approx(1)
    assert [hit.score for hit in found[10:]] == pytest.approx(
        [(1 - PATCH_SHARE) * score for score in scores[10:]]
    )
    assert rerank([], query, patches) == []


def test_a_garment_in_the_backgrounds_grey_still_has_patches() -> None:
    assert covered_patches(np.full((1, 32, 32, 3), BACKGROUND_GREY, np.uint8)).all()


@pytest.mark.parametrize("patches", [_patches(0, 2, 1), NO_PATCHES], ids=["some", "none"])
def test_stored_patches_are_read_back(patches: Patches) -> None:
    assert patches_from_bytes(patches_to_bytes(patches)).tolist() == patches.tolist()


def test_training_and_searching_find_the_same_patches() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(5, 6, 8))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    shown = generator.random((5, 6)) < 0.6
    whole = [
        np.rint(UNIT * own[seen]).astype(np.int8) for own, seen in zip(vectors, shown, strict=True)
    ]
    cells, covered = torch.from_numpy(vectors).float(), torch.from_numpy(shown)
    found = soft_patch_similarity(cells, covered, cells[None], covered[None])
    expected = np.stack([best_cosines(asked, whole).mean(axis=0) for asked in whole])
    assert np.allclose(found.numpy(), expected, atol=0.02)


def test_the_nearest_other_garments_are_the_hard_negatives() -> None:
    memory = PatchMemory(6)
    learnt = torch.eye(4)
    tiles = torch.arange(4.0).reshape(4, 1, 1)
    assert memory.hard_negatives(learnt, torch.arange(4), 1) is None
    memory.add(tiles, torch.ones(4, 1, dtype=torch.bool), learnt, torch.arange(4))
    asked = torch.tensor([[0.9, 0.3, 0.2, 0.0]])
    negatives = memory.hard_negatives(asked, torch.tensor([0]), 2)
    assert negatives is not None
    assert negatives[0].flatten().tolist() == [1, 2], "the garment itself is none"
    assert tuple(negatives[1].shape) == (1, 2, 1)


def test_a_garment_that_finds_itself_costs_little() -> None:
    garments = torch.arange(3)
    right, wrong = torch.eye(3), 1 - torch.eye(3)
    none = torch.zeros(3, 0)
    assert float(patch_loss(right, garments, none, 0.1)) < 0.01
    assert float(patch_loss(wrong, garments, none, 0.1)) > 5
    assert float(patch_loss(right, garments, torch.ones(3, 4), 0.1)) == pytest.approx(
        np.log(5), abs=0.01
    )
