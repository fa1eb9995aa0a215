"""A folder of photos as products."""

import os
from pathlib import Path

import pytest

from catalog.errors import FeedError
from catalog.feeds import folder as walking
from catalog.feeds.folder import read_folder
from catalog.feeds.reader import read_source
from tests.fakes import draw_photo


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    draw_photo(tmp_path / "a.jpg", "red")
    for name in ("x.psd", "y.PSD", "notes.txt", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    feed = read_folder(tmp_path)
    assert [row.id for row in feed.rows] == ["a.jpg"]
    assert feed.notes == (
        "files left out, because they are not photos of a known kind: 2 .psd, 1 .txt",
    )


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    draw_photo(tmp_path / "shop" / "a.jpg", "red")
    draw_photo(tmp_path / "other" / "b.jpg", "red")
    (tmp_path / "shop" / "linked").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "back").symlink_to(tmp_path / "shop")
    ids = [row.id for row in read_folder(tmp_path / "shop").rows]
    assert ids == ["a.jpg", "linked/b.jpg"]


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_photo(tmp_path / "a.jpg", "red")
    (tmp_path / "locked").mkdir()
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    # Tests may run as root, which reads everything.
    monkeypatch.setattr(walking.os, "scandir", refusing)
    feed = read_folder(tmp_path)
    assert feed.unreadable == ("locked: Permission denied",)
    assert feed.notes == (f"cannot read {feed.unreadable[0]}; check its permissions",)


def test_pipes_are_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.html")
    os.mkfifo(tmp_path / "a.jpg")
    product = '{"@type": "Product", "sku": "p1", "name": "Coat", "image": "/i.jpg"}'
    script = f'<script type="application/ld+json">{product}</script>'
    (tmp_path / "shop.html").write_text(f"<!doctype html><html>{script}</html>")
    feed = read_source(tmp_path)
    assert [row.id for row in feed.rows] == ["p1"]
    assert ["page.html" in reject.reason for reject in feed.rejects] == [True]
    with pytest.raises(FeedError, match="not an ordinary file"):
        read_source(tmp_path / "page.html")
