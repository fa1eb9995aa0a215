"""Feeds are read in a process of their own, which can be stopped."""

import threading
import time
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds import reading_process
from catalog.feeds.reader import read_source
from catalog.feeds.reading_process import read_in_process


def test_feed_is_what_the_reader_gives(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,photo\n1,Tee,a.jpg\n,no id,b.jpg\n")
    assert read_in_process(feed, tmp_path, (), lambda: None) == read_source(feed)


def test_refusal_is_the_readers(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("name,photo\nTee,a.jpg\n")
    with pytest.raises(FeedError, match="no column for id"):
        read_in_process(feed, tmp_path, (), lambda: None)


def test_reading_ends_when_its_job_is_stopped(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\n" + "".join(f"{n},{'<p>' * 20}\n" for n in range(100_000)))

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_in_process(feed, tmp_path, (), stop)


def test_reading_that_takes_too_long_is_a_refusal_and_no_thread_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "READING_SECONDS", 1)
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\n" + "".join(f"{n},{'<p>' * 20}\n" for n in range(400_000)))
    ticks: list[float] = []
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(0.01):
            ticks.append(time.monotonic())

    ticker = threading.Thread(target=tick)
    ticker.start()
    with pytest.raises(FeedError, match="split it"):
        read_in_process(feed, tmp_path, (), lambda: None)
    ended.set()
    ticker.join()
    assert len(ticks) > 20
