"""A disk that is really full: a small file system of its own, where this user may mount one."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from catalog.data_folder.reserve import RESERVE_BYTES, give_up_reserve, keep_reserve
from catalog.errors import CannotWrite
from catalog.feeds.folder import read_folder
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
