import numpy as np
import pytest

from indexing.evaluation.metrics import (
    average_precision_at,
    macro_mean,
    mean_with_interval,
    precision_at,
    rank,
    recall_at,
)

SIMILARITY = np.array([[0.9, 0.8, 0.7, 0.6], [0.1, 0.9, 0.2, 0.3]], np.float32)
GALLERY = np.array([0, 1, 0, 0])
QUERIES = np.array([0, 1])
FREE = np.zeros((2, 4), bool)


def test_figures_match_a_count_by_hand() -> None:
    ranking = rank(SIMILARITY, QUERIES, GALLERY, FREE, depth=4)
    assert ranking.neighbour_labels.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]
    assert precision_at(ranking, 1).tolist() == [1, 1]
    assert precision_at(ranking, 2).tolist() == [0.5, 0.5]
    assert recall_at(ranking, 1).tolist() == [1, 1]
    # Query 0: right answers at 1, 3, 4 of three possible.
    assert average_precision_at(ranking, 4)[0] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert average_precision_at(ranking, 4)[1] == 1


def test_own_group_never_counts() -> None:
    same_group = FREE.copy()
    same_group[1, 1] = True
    ranking = rank(SIMILARITY, QUERIES, GALLERY, same_group, depth=4)
    assert 1 not in ranking.neighbours[1]
    assert ranking.neighbour_labels[1].tolist()[-1] == -1
    assert ranking.relevant.tolist() == [3, 0]
    assert precision_at(ranking, 1).tolist() == [1, 0]


def test_macro_mean_weighs_labels_alike() -> None:
    values = np.array([1.0, 1.0, 1.0, 0.0])
    assert macro_mean(values, np.array([0, 0, 0, 1])) == 0.5


def test_interval_holds_the_mean() -> None:
    value, low, high = mean_with_interval(np.array([0.0, 1.0] * 50))
    assert low < value == 0.5 < high
