"""The simulation of fan-out: searches wait for the slowest node, and for those before them."""

import numpy as np

from indexing.benchmarks.scale.simulation import TARGET_MS, plan, simulate


def test_searches_wait_for_the_slowest_node_and_for_each_other() -> None:
    idle, crowded = simulate(1, 10.0, 1.0), simulate(1, 10.0, 790.0)
    assert abs(np.mean(idle) - 10) < 0.5
    assert np.mean(crowded) > 2 * np.mean(idle)
    assert np.mean(simulate(20, 10.0, 1.0)) > 1.5 * np.mean(idle)


def test_ten_times_the_garments_need_more_nodes_and_more_work() -> None:
    small, large = plan(1_000_000), plan(30_000_000)
    assert (small.nodes, large.nodes) == (1, 3)
    assert large.search_ms > 3 * small.search_ms
    assert large.p95_at_half < TARGET_MS
