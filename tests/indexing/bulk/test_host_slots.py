"""Requests to a host are bounded over all processes on a PostgreSQL database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.database import open_database
from catalog.errors import HostFailed
from catalog.fetching.host_slots import HostSlots
from catalog.fetching.hosts import FetchLimits
from catalog.fetching.store import FetchedPhotos
from catalog.importing.records import PendingPhoto
from indexing.bulk.fetching import Fetching, fetch_ahead
from indexing.clock import StageClock
from tests.databases import migrated_database
from tests.fakes import draw_photo
from tests.photo_server import Answer, serving

WORKERS, PHOTOS = 3, 12
LIMITS = FetchLimits(allow_private=True, per_host=2, host_pause=0.05)


def test_three_workers_together_ask_a_host_as_one_would(
    tmp_path: Path, postgresql_server: str
) -> None:
    url = migrated_database(postgresql_server)
    body = draw_photo(tmp_path / "a.png").read_bytes()

    def work(number: int) -> list[PendingPhoto]:
        """As a process does, with connections of its own."""
        fetched = FetchedPhotos(tmp_path / f"worker{number}")
        pending = [
            PendingPhoto(each, f"p{each}", fetched.path(address), 0, url=address)
            for each in range(PHOTOS)
            for address in (photos.url(f"/{number}-{each}.png"),)
        ]
        with closing(open_database(tmp_path / "data", url)) as database:
            return list(fetch_ahead(pending, Fetching(fetched, LIMITS, database), StageClock()))

    with serving() as photos:
        photos.slowness = 0.02
        for number in range(WORKERS):
            for each in range(PHOTOS):
                photos.answers[f"/{number}-{each}.png"] = Answer(body)
        with ThreadPoolExecutor(WORKERS) as threads:
            done = [photo for each in threads.map(work, range(WORKERS)) for photo in each]
    assert len(done) == len(photos.requests) == WORKERS * PHOTOS
    assert [photo.refusal for photo in done] == [None] * len(done)
    assert photos.most_at_once <= LIMITS.per_host
    seconds = photos.starts[-1] - photos.starts[0]
    # Each of the two slots is held for two pauses at least.
    assert len(photos.starts) <= seconds / LIMITS.host_pause + 2 * LIMITS.per_host


def test_slots_of_a_lost_connection_are_free_again(tmp_path: Path, postgresql_server: str) -> None:
    url, closed = migrated_database(postgresql_server), threading.Event()
    limits = replace(LIMITS, per_host=1, host_pause=0.0)
    with (
        closing(open_database(tmp_path, url)) as first,
        closing(open_database(tmp_path, url)) as other,
    ):
        dead, alive = HostSlots(first.engine, limits), HostSlots(other.engine, limits)
        closed.set()
        with dead.turn("shop.example", closed):
            with alive.turn("other.example", closed):
                pass
            with pytest.raises(HostFailed, match="stopped"), alive.turn("shop.example", closed):
                pass
            dead.close()
            # PostgreSQL notices the end of a connection a moment later.
            late = threading.Event()
            limit = threading.Timer(10, late.set)
            limit.start()
            with alive.turn("shop.example", late):
                limit.cancel()
        alive.close()
