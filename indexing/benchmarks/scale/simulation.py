"""Fan-out and queueing of a catalogue over several PostgreSQL servers: nodes, memory, p95, cost.

    python -m indexing.benchmarks.scale.simulation

Garments lie on nodes by a hash of their product; a search asks all nodes and waits for the slowest.
Each node is a queue with as many servers as cores. The constants below are measured (README of
this folder) or estimates, which say so.
"""

import heapq
from dataclasses import dataclass
from math import ceil, log10
from typing import Any, Final

import numpy as np

from indexing.benchmarks.report import print_document

GARMENTS: Final = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
CORES: Final = 8
MEMORY_GB: Final = 48
"""Part of a node's 64 GB for rows and indices."""
HOT_KB: Final = 3.4
"""Row and three indices of a garment: 339 MB for 100,000, measured."""
COLD_KB: Final = 4.0
"""Product, photo, garment and stored vector of a garment on disk: 3.1 + .9, measured."""
SEARCH_MS: Final = 5.8
SEARCH_MS_PER_DECADE: Final = 4.6
"""CPU of a search among 100,000, and more for each tenfold: 9 ms among 500,000, measured."""
MERGE_MS: Final = 0.02
"""CPU of the asking server for each node's answer, an estimate."""
SPREAD: Final = 0.5
"""Standard deviation of a search's time by its mean, an estimate."""
BUILD_MS: Final = 1.1
"""CPU to enter a garment into three indices while they are built, measured at 100,000."""
EMBED_MS: Final = 27.4
"""CPU to embed a photo, measured."""
CORE_MONTH: Final = 0.06 * 730
"""Dollars a month of a core with 8 GB, like list prices."""
TARGET_MS: Final = 150.0
QUERIES: Final = 4_000


@dataclass(frozen=True)
class Plan:
    """Servers and memory for a number of garments; rates are of searches a second.

    Attributes:
        search_ms: CPU of one search on all nodes together.
        most: highest rate whose p95 stays below `TARGET_MS`.
        month: dollars for nodes, each with a synchronous standby.
    """

    garments: int
    nodes: int
    hot_gb: float
    cold_gb: float
    search_ms: float
    p50_at_half: float
    p95_at_half: float
    most: float
    build_hours: float
    embed_core_hours: float
    month: float


def plan(garments: int) -> Plan:
    """Size the nodes by memory, then find by simulation how many searches they bear."""
    hot_gb = garments * HOT_KB / 1e6
    nodes = ceil(hot_gb / MEMORY_GB)
    share = garments / nodes
    node_ms = SEARCH_MS + SEARCH_MS_PER_DECADE * max(0.0, log10(share / 1e5))
    most = _highest_rate(nodes, node_ms)
    half = simulate(nodes, node_ms, most / 2)
    return Plan(
        garments=garments,
        nodes=nodes,
        hot_gb=round(hot_gb, 1),
        cold_gb=round(garments * COLD_KB / 1e6, 1),
        search_ms=round(nodes * node_ms, 1),
        p50_at_half=round(float(np.percentile(half, 50)), 1),
        p95_at_half=round(float(np.percentile(half, 95)), 1),
        most=round(most),
        # Building slows down as a search does.
        build_hours=round(share * BUILD_MS * node_ms / SEARCH_MS / 3.6e6 / CORES, 2),
        embed_core_hours=round(garments * EMBED_MS / 3.6e6),
        month=round(2 * nodes * CORES * CORE_MONTH),
    )


def _highest_rate(nodes: int, node_ms: float) -> float:
    """Highest rate with p95 below the target, by bisection."""
    low, high = 0.0, 1e3 * CORES / node_ms
    for _ in range(8):
        rate = (low + high) / 2
        below = np.percentile(simulate(nodes, node_ms, rate), 95) < TARGET_MS
        low, high = (rate, high) if below else (low, rate)
    return low


def simulate(nodes: int, node_ms: float, rate: float) -> Any:
    """Milliseconds from question to answer of searches that come at random."""
    generator = np.random.default_rng(1)
    arrivals = np.cumsum(generator.exponential(1e3 / rate, QUERIES))
    variance = np.log(1 + SPREAD**2)
    last = np.zeros(QUERIES)
    for _ in range(nodes):
        work = generator.lognormal(np.log(node_ms) - variance / 2, variance**0.5, QUERIES)
        last = np.maximum(last, _ends(arrivals, work))
    return last - arrivals + nodes * MERGE_MS


def _ends(arrivals: Any, work: Any) -> Any:
    """When each search ends on a node, first come first served."""
    free = [0.0] * CORES
    ends = np.empty(len(arrivals))
    for index, (arrival, duration) in enumerate(zip(arrivals, work, strict=True)):
        ends[index] = max(arrival, heapq.heappop(free)) + duration
        heapq.heappush(free, ends[index])
    return ends


def main() -> None:
    """Entry point of `python -m indexing.benchmarks.scale.simulation`."""
    print_document({"plans": [plan(each) for each in GARMENTS]})


if __name__ == "__main__":
    main()
