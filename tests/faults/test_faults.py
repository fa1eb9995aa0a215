"""A short run of faults and kills; `python -m tests.faults` breaks two thousand operations."""

from pathlib import Path

from tests.faults.operations import OPERATIONS
from tests.faults.points import Fault
from tests.faults.sequence import run_faults, run_kills


def test_nothing_acknowledged_is_lost_and_every_start_is_quick(tmp_path: Path) -> None:
    report = run_faults(tmp_path, 12, seed=2)
    assert report.problems == []
    assert report.finished >= 12  # of the runs without a fault


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    report = run_kills(tmp_path, 1, 3, [*OPERATIONS, "serve"])
    assert report.problems == []
    assert report.struck.total() == 7


def test_a_fault_names_its_place() -> None:
    assert str(Fault("fsync", 3, "late kill")) == "late kill at fsync 3"
