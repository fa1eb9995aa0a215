"""`apparel backup` and restore."""

import json
import sqlite3
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from catalog.database import open_database
from catalog.models import DATABASE_NAME, Product
from tests.search_app.cli.harness import reason_of, run


def search(photo: Path, data: Path) -> object:
    return json.loads(run("search", photo, "--data", data, "--json").stdout)["garments"]


def test_restored_folder_answers_the_same(catalogue: Path, shop: Path, tmp_path: Path):
    before = search(shop / "red.png", catalogue)
    backup = tmp_path / "b" / "backup.tar"
    written = json.loads(run("backup", backup, "--data", catalogue, "--json").stdout)
    kept = {path for path in catalogue.rglob("*.*") if path.suffix in (".jpg", ".csv")}
    assert written["files"] == len(kept) >= 3
    restored = json.loads(run("restore", backup, "--data", "second", "--json").stdout)
    assert restored == written
    assert search(shop / "red.png", Path("second")) == before
    assert run("verify", "--data", "second").stdout == "no problems\n"
    assert not [path.name for path in Path("second").iterdir() if path.name.startswith(".")]


def test_catalogue_that_is_there_is_replaced_only_by_force(
    catalogue: Path, shop: Path, tmp_path: Path
):
    run("backup", "backup.tar", "--data", catalogue)
    run("remove", "a", "b", "--data", catalogue)
    (catalogue / "uploads").mkdir()
    later = catalogue / "uploads" / f"{'1' * 64}.photo"
    later.write_bytes(b"later")
    assert "--force" in reason_of(run("restore", "backup.tar", "--data", catalogue, code=1))
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 2
    run("restore", "backup.tar", "--data", catalogue, "--force")
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 4
    assert not later.exists()
    assert run("verify", "--data", catalogue).stdout == "no problems\n"


def test_folder_in_use_is_not_replaced(catalogue: Path):
    run("backup", "backup.tar", "--data", catalogue)
    database = open_database(catalogue)
    with database.session() as session:
        session.get(Product, "a")
        refused = run("restore", "backup.tar", "--data", catalogue, "--force", code=1)
    assert "stop the server" in reason_of(refused)
    database.close()


def test_backup_while_products_are_written_is_whole(catalogue: Path):
    database = open_database(catalogue)
    stop = threading.Event()

    def write() -> None:
        place = 0
        while not stop.is_set():
            with database.transaction() as session:
                session.add(Product(id=f"new {place}", title="x" * 400))
            place += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        run("backup", "backup.tar", "--data", catalogue)
    finally:
        stop.set()
        writer.join()
        database.close()
    run("restore", "backup.tar", "--data", "second")
    connection = sqlite3.connect(Path("second") / DATABASE_NAME)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert run("verify", "--data", "second").stdout == "no problems\n"


def damaged_tar(tmp_path: Path) -> bytes:
    data = bytearray((tmp_path / "backup.tar").read_bytes())
    place = data.index(b"SQLite format 3") + 5000
    data[place] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize("kind", ["damaged", "cut", "no tar", "absent", "other tar", "evil"])
def test_file_that_is_no_whole_backup_changes_nothing(catalogue: Path, tmp_path: Path, kind: str):
    run("backup", "backup.tar", "--data", catalogue)
    file = tmp_path / "bad.tar"
    if kind == "damaged":
        file.write_bytes(damaged_tar(tmp_path))
    elif kind == "cut":
        file.write_bytes((tmp_path / "backup.tar").read_bytes()[:9000])
    elif kind == "no tar":
        file.write_bytes(b"no tar" * 500)
    elif kind in ("other tar", "evil"):
        with tarfile.open(file, "w") as archive:
            name = "feed.csv" if kind == "other tar" else "../evil.csv"
            archive.add(tmp_path / "shop" / "feed.csv", name)
    reason_of(run("restore", file, "--data", catalogue, "--force", code=1))
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 4
    assert not (tmp_path / "evil.csv").exists()


def test_backup_into_the_data_folder_is_refused(catalogue: Path):
    refused = run("backup", catalogue / "backup.tar", "--data", catalogue, code=1)
    assert "elsewhere" in reason_of(refused)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_restore_into_a_home_folder_is_refused_and_touches_nothing(catalogue: Path, tmp_path: Path):
    run("backup", "backup.tar", "--data", catalogue)
    home = tmp_path / "home"
    (home / "photos" / "2019").mkdir(parents=True)
    (home / "photos" / "2019" / "beach.jpg").write_bytes(b"mine")
    (home / ".profile").write_bytes(b"mine too")
    before = files_of(home)
    assert ".profile" in reason_of(run("restore", "backup.tar", "--data", home, code=1))
    # By force not either: a folder of ours that holds another's files is not ours.
    forced = reason_of(run("restore", "backup.tar", "--data", home, "--force", code=1))
    assert "beach.jpg" in forced
    assert files_of(home) == before


def test_force_replaces_only_our_entries(catalogue: Path):
    run("backup", "backup.tar", "--data", catalogue)
    (catalogue / "notes.txt").write_bytes(b"mine")
    (catalogue / "thesis").mkdir()
    (catalogue / "thesis" / "chapter.tex").write_bytes(b"mine")
    run("remove", "a", "--data", catalogue)
    run("restore", "backup.tar", "--data", catalogue, "--force")
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 4
    assert (catalogue / "notes.txt").read_bytes() == b"mine"
    assert (catalogue / "thesis" / "chapter.tex").read_bytes() == b"mine"


def test_restore_into_what_a_lost_database_left_behind(catalogue: Path):
    run("backup", "backup.tar", "--data", catalogue)
    (catalogue / DATABASE_NAME).unlink()
    run("restore", "backup.tar", "--data", catalogue)
    assert run("verify", "--data", catalogue).stdout == "no problems\n"


def test_backup_leaves_out_what_is_not_ours_and_names_it(catalogue: Path):
    (catalogue / "notes.txt").write_bytes(b"mine")
    written = run("backup", "backup.tar", "--data", catalogue, "--json")
    assert json.loads(written.stdout)["left_out"] == ["notes.txt"]
    run("restore", "backup.tar", "--data", "second")
    assert not Path("second", "notes.txt").exists()


def test_backup_follows_a_photos_folder_on_another_disk(catalogue: Path, tmp_path: Path):
    elsewhere = tmp_path / "disk"
    (catalogue / "photos").rename(elsewhere)
    (catalogue / "photos").symlink_to(elsewhere)
    run("backup", "backup.tar", "--data", catalogue, "--check")
    run("restore", "backup.tar", "--data", "second")
    assert run("verify", "--data", "second").stdout == "no problems\n"
    # Restored over it the photos go where the link leads.
    run("restore", "backup.tar", "--data", catalogue, "--force")
    assert (catalogue / "photos").is_symlink()
    assert run("verify", "--data", catalogue).stdout == "no problems\n"


def test_backup_refuses_a_link_within_a_folder_by_name(catalogue: Path, tmp_path: Path):
    folder = next((catalogue / "photos").iterdir())
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    assert folder.name in reason_of(run("backup", "backup.tar", "--data", catalogue, code=1))
    assert not Path("backup.tar").exists()


def test_checked_backup_of_a_damaged_catalogue_fails(catalogue: Path):
    next((catalogue / "photos").rglob("*.jpg")).unlink()
    failed = run("backup", "backup.tar", "--data", catalogue, "--check", code=1)
    assert "problems" in failed.stderr
    assert not list(Path().glob(".apparel-check-*"))


def test_full_disk_is_one_line_with_its_remedy(catalogue: Path, disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(1 << 16)):
            pass
    for command in (("backup", disk / "copy.tar"), ("export", disk / "products.csv")):
        reason = reason_of(run(*command, "--data", catalogue, code=1))
        assert reason.endswith("make room, or write elsewhere")
    assert [each.name for each in disk.iterdir()] == ["filler"]
