"""The rows of jobs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.database import open_database
from catalog.models import ImportJob
from search_app.jobs import store
from search_app.jobs.store import MAX_JOBS, JobStore


def test_clock_that_is_set_back_hides_no_newer_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(tmp_path)
    jobs = JobStore(database)

    def add(number: int, year: int) -> None:
        moment = datetime(year, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(store, "now", lambda: moment)
        jobs.add(ImportJob(id=f"{number:016x}", source="s", feed="f", folder="d", state="done"))

    for number in range(MAX_JOBS):
        add(number, 2030)
    add(MAX_JOBS, 2020)
    kept = [job.id for job in jobs.latest(MAX_JOBS, None)]
    assert kept[0] == f"{MAX_JOBS:016x}"
    assert len(kept) == MAX_JOBS
    database.close()
