"""The primary dies under writes: what was acknowledged stays, and our server goes on."""

import tempfile
from pathlib import Path

from tests.load.failover import fail_over


def test_a_primary_that_is_killed_loses_nothing_and_is_replaced() -> None:
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        report = fail_over(Path(folder), 1)
    assert report.lost == 0
    assert report.acknowledged > 0
    assert set(report.statuses) <= {201, 503}
    assert report.slowest_s < 10
