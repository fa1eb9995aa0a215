"""A short run of faults; `python -m tests.faults` breaks two thousand operations."""

from pathlib import Path

from tests.faults.points import Fault
from tests.faults.sequence import run_faults


def test_nothing_acknowledged_is_lost_and_every_start_is_quick(tmp_path: Path) -> None:
    report = run_faults(tmp_path, 16, seed=2)
    assert report.problems == []
    assert report.faults.total() >= 8
    assert report.finished >= 6  # of the runs without a fault


def test_a_fault_names_its_place() -> None:
    assert str(Fault("fsync", 3, "late kill")) == "late kill at fsync 3"
