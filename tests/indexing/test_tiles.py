import numpy as np
import pytest
import torch

from indexing.crop import GROUND
from indexing.losses import TileMemory, tile_agreement, tile_loss
from indexing.tiles import (
    ELSEWHERE,
    FORGIVEN,
    LIT,
    LOOKED_AT,
    LOOKED_ELSEWHERE,
    NO_TILES,
    POWER,
    RECOGNISED,
    SAME,
    SHARE,
    UNIT,
    UNTELLING,
    Tiles,
    agreement,
    best_cosines,
    covered_tiles,
    kept_tiles,
    look_closer,
    tiles_from_bytes,
    tiles_to_bytes,
    vector_weight,
    with_details,
)


def _tiles(*directions: int) -> Tiles:
    """One tile along each of these axes of four."""
    return (UNIT * np.eye(4, dtype=np.int8))[list(directions)].astype(np.int8)


def test_tiles_of_plain_ground_are_left_out() -> None:
    crop = np.full((48, 48, 3), GROUND, np.uint8)
    crop[:16, :32] = 30
    crop[32:, 40:] = 30  # half a tile counts
    crop[20:26, 20:26] = 30  # a seventh of one does not
    (covered,) = covered_tiles(crop[None])
    assert np.flatnonzero(covered).tolist() == [0, 1, 8]
    vectors = np.zeros((1, 9, 4), np.float32)
    vectors[0, :, 2] = 1
    assert kept_tiles(vectors, [crop])[0].tolist() == [[0, 0, UNIT, 0]] * 3


def test_agreement_is_the_power_mean_of_the_best_cosines() -> None:
    asked = _tiles(0, 1)
    found = agreement(asked, [_tiles(1, 0), _tiles(2, 1, 3), NO_TILES, _tiles(2)])
    assert found.tolist() == pytest.approx([1, 0.5 ** (1 / POWER), 0, 0])
    assert agreement(asked, [_tiles(0, 1, 2, 3)]).tolist() == [1], "what else is there is no harm"
    assert agreement(NO_TILES, [asked]).tolist() == [0]


def test_a_score_with_details_is_one_only_where_both_are() -> None:
    scores = np.array([0.8, 0.8, 0.8, 1.0], np.float32)
    details = np.array([0.0, UNTELLING, 0.9, 1.0], np.float32)
    plain, untelling, told, same = with_details(scores, details, 0.0, False)
    assert plain == untelling == pytest.approx((1 - SHARE) * 0.8)
    assert plain < told < same
    assert same == pytest.approx(1)


@pytest.mark.parametrize("colour_weight", [0.0, 0.3, 0.5, 0.9])
def test_style_and_colour_count_as_asked_for_where_details_tell_nothing(
    colour_weight: float,
) -> None:
    style, colour = np.array([0.9, 0.2], np.float32), np.array([0.1, 0.7], np.float32)
    weight = vector_weight(colour_weight)
    mixed = with_details(
        (1 - weight) * style + weight * colour, np.zeros(2, np.float32), colour_weight, False
    )
    wanted = (1 - SHARE) * (1 - colour_weight) * style + colour_weight * colour
    assert np.allclose(mixed, wanted, atol=1e-6)


def test_another_class_answers_where_details_agree_and_counts_less() -> None:
    scores = np.full(4, 0.8, np.float32)
    details = np.array([0.0, RECOGNISED - 0.01, (1 + UNTELLING) / 2, 1.0], np.float32)
    own = with_details(scores, details, 0.5, False)
    other = with_details(scores, details, 0.5, True)
    assert np.isfinite(own).all()
    assert np.isneginf(other[:2]).all()
    assert (own - other)[2:].tolist() == pytest.approx([ELSEWHERE / 2, 0.0], abs=1e-6)


@pytest.mark.parametrize("colour_weight", [0.3, 0.5, 1.0])
def test_the_same_garment_in_another_light_loses_little_by_its_colour(
    colour_weight: float,
) -> None:
    details = np.array([*SAME, sum(SAME) / 2, 1.0], np.float32)
    scores = np.full(4, 0.8, np.float32)
    asked = scores, details, colour_weight, False
    paler = with_details(*asked, np.full(4, 0.6, np.float32)) - with_details(*asked)
    assert paler.tolist() == pytest.approx(
        [colour_weight * FORGIVEN * 0.4 * own for own in (0, 1, 0.5, 1)], 1e-5
    )
    assert np.allclose(with_details(*asked, np.ones(4, np.float32)), with_details(*asked))


def test_a_variant_in_another_colour_is_not_the_same_garment_in_another_light() -> None:
    colours = np.array([0.1, LIT[0], sum(LIT) / 2, LIT[1]], np.float32)
    asked = np.full(4, 0.8, np.float32), np.ones(4, np.float32), 0.5, False
    given_back = with_details(*asked, colours) - with_details(*asked)
    wanted = [0.0, 0.0, 0.5 * FORGIVEN * 0.5 * 0.5, FORGIVEN * 0.5 * 0.4]
    assert given_back.tolist() == pytest.approx(wanted, abs=1e-6)


def test_only_the_best_are_looked_at_and_stay_before_the_rest() -> None:
    scores = np.linspace(0.7, 0.6, LOOKED_AT + 20).astype(np.float32)
    tiles = [_tiles(1)] * len(scores)
    tiles[LOOKED_AT - 1] = tiles[LOOKED_AT + 5] = _tiles(0)
    found = look_closer(scores, 0.0, _tiles(0), tiles)
    assert found.argmax() == LOOKED_AT - 1
    assert np.allclose(found[LOOKED_AT:], (1 - SHARE) * scores[LOOKED_AT:])
    assert found[:LOOKED_AT].min() > found[LOOKED_AT:].max()


def test_of_another_class_fewer_are_looked_at() -> None:
    scores = np.linspace(0.7, 0.6, 80).astype(np.float32)
    own = np.arange(80) < 20
    found = look_closer(scores, 0.0, _tiles(0), [_tiles(0)] * 80, own)
    looked_at = np.flatnonzero(found > scores)
    assert looked_at.tolist() == list(range(20 + LOOKED_ELSEWHERE))
    barred = np.where(own, -np.inf, scores).astype(np.float32)
    assert np.isneginf(look_closer(barred, 0.0, _tiles(0), [_tiles(0)] * 80, own)[own]).all()


def test_a_garment_of_the_grounds_grey_still_has_tiles() -> None:
    assert covered_tiles(np.full((1, 32, 32, 3), GROUND, np.uint8)).all()


@pytest.mark.parametrize("tiles", [_tiles(0, 2, 1), NO_TILES], ids=["some", "none"])
def test_stored_tiles_come_back(tiles: Tiles) -> None:
    assert tiles_from_bytes(tiles_to_bytes(tiles)).tolist() == tiles.tolist()


def test_training_and_searching_find_the_same_tiles() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(5, 6, 8))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    shown = generator.random((5, 6)) < 0.6
    whole = [
        np.rint(UNIT * own[seen]).astype(np.int8) for own, seen in zip(vectors, shown, strict=True)
    ]
    cells, covered = torch.from_numpy(vectors).float(), torch.from_numpy(shown)
    found = tile_agreement(cells, covered, cells[None], covered[None])
    expected = np.stack([best_cosines(asked, whole).mean(axis=0) for asked in whole])
    assert np.allclose(found.numpy(), expected, atol=0.02)


def test_the_nearest_other_garments_are_the_strangers() -> None:
    memory = TileMemory(6)
    learnt = torch.eye(4)
    tiles = torch.arange(4.0).reshape(4, 1, 1)
    assert memory.strangers(learnt, torch.arange(4), 1) is None
    memory.keep(tiles, torch.ones(4, 1, dtype=torch.bool), learnt, torch.arange(4))
    asked = torch.tensor([[0.9, 0.3, 0.2, 0.0]])
    strangers = memory.strangers(asked, torch.tensor([0]), 2)
    assert strangers is not None
    assert strangers[0].flatten().tolist() == [1, 2], "the garment itself is none"
    assert tuple(strangers[1].shape) == (1, 2, 1)


def test_a_garment_that_finds_itself_costs_little() -> None:
    garments = torch.arange(3)
    right, wrong = torch.eye(3), 1 - torch.eye(3)
    none = torch.zeros(3, 0)
    assert float(tile_loss(right, garments, none, 0.1)) < 0.01
    assert float(tile_loss(wrong, garments, none, 0.1)) > 5
    assert float(tile_loss(right, garments, torch.ones(3, 4), 0.1)) == pytest.approx(
        np.log(5), abs=0.01
    )
