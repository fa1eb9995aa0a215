"""Who runs a job: leases, takeovers and fencing tokens, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from catalog.database import Database, guarded, open_database
from catalog.errors import SourceBusy
from catalog.models import ImportJob, SyncSourceRow
from catalog.syncing.lease import Lease, held_lease
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import add_source
from search_app.jobs.claims import MAX_TAKEOVERS, LeaseLost, claim
from search_app.jobs.store import JobStore
from tests.databases import migrated_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = None
    if request.param == "postgresql":
        url = migrated_database(request.getfixturevalue("postgresql_server"))
    database = open_database(tmp_path, url)
    yield database
    database.close()


def queued(store: JobStore, job_id: str, subject: str) -> None:
    store.add(ImportJob(id=job_id, source="s", feed="feed.csv", folder="", subject=subject))


def expire_leases(database: Database, year: int = 2026) -> None:
    with database.side_transaction() as session:
        session.execute(update(ImportJob).values(lease_until=datetime(year, 1, 1, tzinfo=UTC)))


def test_lease_of_a_source_that_ends_in_years_is_from_before_the_clock_was_set_back(
    database: Database,
) -> None:
    with database.transaction() as session:
        add_source(session, SyncSource("shop", SourceKind.FEED, "https://shop.example/feed.xml"))
    with held_lease(database, "shop"):
        with pytest.raises(SourceBusy):
            Lease(database, "shop").claim()
        with database.side_transaction() as session:
            later = datetime(2100, 1, 1, tzinfo=UTC)
            session.execute(update(SyncSourceRow).values(lease_until=later))
        Lease(database, "shop").claim()


@pytest.mark.parametrize("year", [2026, 2100])
def test_one_owner_at_a_time_and_a_dead_one_is_replaced(database: Database, year: int) -> None:
    store = JobStore(database)
    queued(store, "a", "shop")
    first = claim(store, database, "first")
    assert first is not None
    assert claim(store, database, "second") is None
    first.renew()
    expire_leases(database, year)
    second = claim(store, database, "second")
    assert second is not None
    assert (second.job.id, second.fence) == ("a", first.fence + 1)
    for write in (first.renew, first.release, lambda: first.end("done", None)):
        with pytest.raises(LeaseLost):
            write()
    second.end("done", None)
    assert store.get("a").state == "done"


def test_an_owner_taken_for_dead_commits_nothing(database: Database) -> None:
    store = JobStore(database)
    queued(store, "a", "shop")
    first = claim(store, database, "first")
    assert first is not None
    with guarded(first.check):
        with database.transaction() as session:
            session.execute(text("UPDATE catalogue_version SET number = 7"))
        expire_leases(database)
        assert claim(store, database, "second") is not None
        with pytest.raises(LeaseLost), database.transaction() as session:
            session.execute(text("UPDATE catalogue_version SET number = 8"))
    with database.session() as session:
        assert session.scalar(text("SELECT number FROM catalogue_version")) == 7


def test_a_job_is_not_taken_while_its_owner_commits(tmp_path: Path, postgresql_server: str) -> None:
    url = migrated_database(postgresql_server)
    database, other = open_database(tmp_path, url), open_database(tmp_path, url)
    store = JobStore(database)
    queued(store, "a", "shop")
    queued(store, "b", "shop")
    first = claim(store, database, "first")
    assert first is not None
    with guarded(first.check), database.transaction():
        first.renew()  # the heartbeat does not wait for the transaction
        expire_leases(other)
        assert claim(store, other, "second") is None
    second = claim(store, other, "second")
    assert second is not None
    assert second.job.id == "a"
    database.close()
    other.close()


def test_a_source_is_never_run_twice_at_once(database: Database) -> None:
    store = JobStore(database)
    for job_id, subject in (("a", "shop"), ("b", "shop"), ("c", "other"), ("d", ""), ("e", "new")):
        queued(store, job_id, subject)
    first, second = claim(store, database, "x"), claim(store, database, "y")
    assert first is not None
    assert second is not None
    assert (first.job.id, second.job.id) == ("a", "c")
    # What concerns the whole catalogue runs alone, and is not overtaken.
    assert claim(store, database, "z") is None
    first.end("done", None)
    follower = claim(store, database, "x")
    assert follower is not None
    assert follower.job.id == "b"
    follower.end("failed", "no reason")
    assert claim(store, database, "x") is None
    second.release()
    ids = []
    while (each := claim(store, database, "x")) is not None:
        ids.append(each.job.id)
        if each.job.id == "d":
            assert claim(store, database, "y") is None
        each.end("done", None)
    assert ids == ["c", "d", "e"]


def test_a_source_that_another_process_runs_is_waited_for(database: Database) -> None:
    store = JobStore(database)
    with database.transaction() as session:
        until = datetime.now(UTC) + timedelta(seconds=10)
        session.add(SyncSourceRow(name="shop", kind="file", address="x", lease_until=until))
    queued(store, "a", "shop")
    assert claim(store, database, "x") is None
    with database.transaction() as session:
        session.execute(update(SyncSourceRow).values(lease_until=None))
    assert claim(store, database, "x") is not None


def test_a_job_that_kills_its_servers_is_given_up(database: Database) -> None:
    store = JobStore(database)
    queued(store, "a", "shop")
    for _ in range(1 + MAX_TAKEOVERS):
        assert claim(store, database, "x") is not None
        expire_leases(database)
    assert claim(store, database, "x") is None
    assert store.get("a").state == "interrupted"
    store.requeue("a")
    assert claim(store, database, "x") is not None


def test_cancelling_reaches_the_server_that_runs_the_job(database: Database) -> None:
    store = JobStore(database)
    queued(store, "a", "shop")
    queued(store, "b", "shop")
    running = claim(store, database, "x")
    assert running is not None
    assert not running.set(done=1)
    store.cancel("a")
    store.cancel("b")
    assert running.set(done=2)
    assert (store.get("a").state, store.get("b").state) == ("running", "cancelled")


def test_files_of_a_job_go_with_it(database: Database) -> None:
    store = JobStore(database)
    row = ImportJob(id="a", source="s", feed="feed.csv", folder="", subject="s")
    store.add(row, b"id\n" * 1000)
    store.save_file("a", "rejects.csv", b"line")
    store.save_file("a", "rejects.csv", b"line,id")
    assert store.file("a", "feed.csv") == b"id\n" * 1000
    assert store.file("a", "rejects.csv") == b"line,id"
    assert store.file("a", "other") is None
    with database.transaction() as session:
        session.execute(text("DELETE FROM import_job"))
    assert store.file("a", "feed.csv") is None
