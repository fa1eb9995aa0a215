"""`apparel backup` and restore."""

import json
import sqlite3
import tarfile
import threading
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
    (catalogue / "uploads" / "later.photo").write_bytes(b"later")
    assert "--force" in reason_of(run("restore", "backup.tar", "--data", catalogue, code=1))
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 2
    run("restore", "backup.tar", "--data", catalogue, "--force")
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 4
    assert not (catalogue / "uploads").exists()
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
