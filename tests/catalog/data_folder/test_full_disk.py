"""A disk that is really full: a small file system of its own, where this user may mount one."""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from catalog.data_folder.reserve import (
    RESERVE_BYTES,
    give_up_reserve,
    keep_reserve,
    shorten_reserve,
)
from catalog.errors import CannotWrite
from catalog.feeds.folder import read_folder
from catalog.files import can_write
from indexing.collection import Collection, open_collection
from tests.fakes import FakeEmbedder, draw_photo

PRODUCTS = 12


def indexed(data: Path, photos: Path) -> Collection:
    for number in range(PRODUCTS):
        draw_photo(photos / f"{number:02}.png", (number * 20, 50, 100), notch=number)
    collection = open_collection(data, FakeEmbedder())
    collection.index(read_folder(photos))
    return collection


def free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def fill(folder: Path) -> None:
    with (folder / "filler").open("ab", buffering=0) as file:
        while free_bytes(folder):
            file.write(bytes(4096))


def test_removing_makes_room_on_a_full_disk(disk: Path, tmp_path: Path) -> None:
    with closing(indexed(disk / "data", tmp_path / "photos")) as collection:
        fill(disk)
        copies = len(list((disk / "data" / "photos").rglob("*.jpg")))
        for number in range(PRODUCTS - 2):
            collection.remove(f"{number:02}.png")
        assert len(list((disk / "data" / "photos").rglob("*.jpg"))) == copies - (PRODUCTS - 2)
        assert free_bytes(disk) > RESERVE_BYTES / 2
        assert collection.status().products == 2
    with closing(open_collection(disk / "data", FakeEmbedder())) as collection:
        assert collection.verify() == []


def test_without_a_reserve_removing_on_a_full_disk_says_so(disk: Path, tmp_path: Path) -> None:
    with closing(indexed(disk / "data", tmp_path / "photos")) as collection:
        assert give_up_reserve(disk / "data")
        fill(disk)
        with pytest.raises(CannotWrite, match="is full"):
            collection.remove("00.png")
        assert collection.status().products == PRODUCTS


def test_reserve_is_written_where_there_is_room(tmp_path: Path) -> None:
    keep_reserve(tmp_path)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    assert give_up_reserve(tmp_path)
    assert not give_up_reserve(tmp_path)


def test_full_disk_is_opened_again_and_removing_makes_room(disk: Path, tmp_path: Path) -> None:
    """SQLite needs room for its log to open a database; a clean stop has given its last away."""
    indexed(disk / "data", tmp_path / "photos").close()
    fill(disk)
    for number in range(3):
        with closing(open_collection(disk / "data", FakeEmbedder())) as collection:
            assert collection.status().products == PRODUCTS - number
            collection.remove(f"{number:02}.png")
    assert free_bytes(disk) > RESERVE_BYTES / 2


def test_full_disk_is_read_without_a_reserve_too(disk: Path, tmp_path: Path) -> None:
    indexed(disk / "data", tmp_path / "photos").close()
    assert give_up_reserve(disk / "data")
    fill(disk)
    for _ in range(2):  # the first attempt to open it leaves an empty log
        with closing(open_collection(disk / "data", FakeEmbedder())) as collection:
            assert collection.status().products == PRODUCTS
            assert collection.verify() == []
            assert collection.database.is_read_only
            with pytest.raises(CannotWrite, match="then start again"):
                collection.remove("00.png")


def test_reserve_that_was_shortened_is_made_whole(tmp_path: Path) -> None:
    keep_reserve(tmp_path)
    assert shorten_reserve(tmp_path)
    assert (tmp_path / "reserve").stat().st_size < RESERVE_BYTES
    keep_reserve(tmp_path)
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    assert give_up_reserve(tmp_path)
    assert not shorten_reserve(tmp_path)


def test_disk_that_turns_read_only_is_told(disk: Path) -> None:
    assert can_write(disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert not can_write(disk)
