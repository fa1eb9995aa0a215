"""Restore: every file is checked first, and a stop at any step leaves one whole catalogue."""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog.data_folder import restore
from catalog.data_folder.backup import MANIFEST, write_backup
from catalog.data_folder.layout import LOCAL_TOKEN, is_backed_up, is_ours
from catalog.data_folder.restore import restore_backup
from catalog.database import open_database
from catalog.errors import BackupError, DatabaseError
from catalog.models import DATABASE_NAME, ImportJob, Key, PhotoRow, Product, ShardRow
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import add_source, due_sources


def stored_name(content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    return f"{sha256[:2]}/{sha256}.jpg"


def make_catalogue(data: Path, contents: list[bytes]) -> None:
    database = open_database(data)
    with database.transaction() as session:
        for content in contents:
            name = stored_name(content)
            path = data / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            session.add(Product(id=name, title="x"))
            session.add(PhotoRow(product_id=name, source="a.jpg", stored=name, status="indexed"))
    database.close()


def products_without_photo(data: Path) -> tuple[int, int]:
    """Number of products, and of those whose stored photo is not there or another."""
    with closing(sqlite3.connect(data / DATABASE_NAME)) as file:
        names = [name for (name,) in file.execute("SELECT stored FROM photo")]
    paths = [data / "photos" / name for name in names]
    lost = [path for path in paths if not path.is_file() or path.stem != _sha256(path)]
    return len(names), len(lost)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    make_catalogue(tmp_path / "source", [b"one", b"two", b"three"])
    write_backup(tmp_path / "source", tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


STEPS = ("replace", "unlink", "mkdir")


@pytest.mark.parametrize("step", range(12))
def test_stopped_at_any_step_the_old_or_the_new_catalogue_is_there(
    tmp_path: Path, backup: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    make_catalogue(data, [b"old one", b"two"])
    count = 0

    class Killed(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    def stopped(name: str) -> None:
        original = getattr(Path, name)

        def counted(self: Path, *arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count > 8 + step:  # what is unpacked before changes nothing of the catalogue
                raise Killed
            return original(self, *arguments, **options)

        monkeypatch.setattr(Path, name, counted)

    with monkeypatch.context() as patched:
        monkeypatch = patched
        for name in STEPS:
            stopped(name)
        with pytest.raises(Killed) if step < 8 else _either(Killed):
            restore_backup(backup, data, force=True)
    assert products_without_photo(data) in ((2, 0), (3, 0))
    restore_backup(backup, data, force=True)
    assert products_without_photo(data) == (3, 0)
    assert not (data / "photos" / stored_name(b"old one")).exists()


def _either(error: type[BaseException]):
    import contextlib

    return contextlib.suppress(error)


def rewritten(backup: Path, change) -> Path:
    """A copy of a backup with (name, content) pairs changed, the manifest's hashes as they were."""
    with tarfile.open(backup) as archive:
        members = [(m.name, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]
    target = backup.with_name("changed.tar")
    with tarfile.open(target, "w") as archive:
        for name, content in change(members):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def _flipped(members):
    return [(n, b"x" + c[1:] if n.endswith(".jpg") else c) for n, c in members]


def _one_less(members):
    return [pair for pair in members if pair[0] != next(n for n, _ in members if ".jpg" in n)]


def _one_more(members):
    return [(f"photos/{stored_name(b'more')}", b"more"), *members]


def _outside(members):
    return [("photos/../../evil.jpg", b"x"), *members]


def _absolute(members):
    return [("/tmp/evil.jpg", b"x"), *members]


def _twice(members):
    return [members[0], *members]


def _deep(members):
    return [(n, b"[" * 100_000 if n == MANIFEST else c) for n, c in members]


@pytest.mark.parametrize(
    "change", [_flipped, _one_less, _one_more, _outside, _absolute, _twice, _deep]
)
def test_each_file_is_checked_before_anything_is_replaced(
    tmp_path: Path, backup: Path, change
) -> None:
    data = tmp_path / "data"
    make_catalogue(data, [b"old"])
    with pytest.raises(BackupError):
        restore_backup(rewritten(backup, change), data, force=True)
    assert products_without_photo(data) == (1, 0)
    assert not (data / restore.RESTORING).exists()
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("stored", ["../../../etc/hostname", "/etc/hostname", "ab/../cd.jpg"])
def test_database_that_names_files_elsewhere_is_refused(tmp_path: Path, stored: str) -> None:
    make_catalogue(tmp_path / "evil", [b"one"])
    with closing(sqlite3.connect(tmp_path / "evil" / DATABASE_NAME)) as file:
        file.execute("UPDATE photo SET stored = ?", (stored,))
        file.commit()
    write_backup(tmp_path / "evil", tmp_path / "evil.tar")
    with pytest.raises(BackupError, match="not a backup of ours"):
        restore_backup(tmp_path / "evil.tar", tmp_path / "data")


def test_nothing_of_a_backup_runs_by_itself(tmp_path: Path) -> None:
    make_catalogue(tmp_path / "evil", [b"one"])
    database = open_database(tmp_path / "evil")
    with database.transaction() as session:
        session.add(ImportJob(id="../../home", source="", feed=str(tmp_path), folder=str(tmp_path)))
        session.add(ShardRow(run="r", source="s", model_id=1, allow_private=True, photos=()))
        source = SyncSource("home", SourceKind.FOLDER, str(tmp_path), every=timedelta(hours=1))
        add_source(session, source)
        assert len(due_sources(session)) == 1
    database.close()
    write_backup(tmp_path / "evil", tmp_path / "evil.tar")
    assert restore_backup(tmp_path / "evil.tar", tmp_path / "data").sources == 1
    database = open_database(tmp_path / "data")
    with database.session() as session:
        assert due_sources(session) == []
        assert not any(session.scalars(select(table)).all() for table in (ImportJob, ShardRow))
    database.close()


@pytest.mark.parametrize(
    "part",
    [
        "CREATE TRIGGER again AFTER UPDATE OF revoked_at ON api_key BEGIN "
        "UPDATE api_key SET revoked_at = NULL; END",
        "CREATE VIEW product_seen AS SELECT * FROM product",
        "DROP TRIGGER attribute_inserted; "
        "CREATE TRIGGER attribute_inserted AFTER INSERT ON product BEGIN DELETE FROM photo; END",
    ],
)
def test_database_with_triggers_and_views_of_others_is_refused(tmp_path: Path, part: str) -> None:
    make_catalogue(tmp_path / "evil", [b"one"])
    with closing(sqlite3.connect(tmp_path / "evil" / DATABASE_NAME)) as file:
        file.executescript(part)
    write_backup(tmp_path / "evil", tmp_path / "evil.tar")
    with pytest.raises(BackupError, match="not ours"):
        restore_backup(tmp_path / "evil.tar", tmp_path / "data")


def test_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    make_catalogue(tmp_path / "newer", [b"one"])
    with closing(sqlite3.connect(tmp_path / "newer" / DATABASE_NAME)) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    write_backup(tmp_path / "newer", tmp_path / "newer.tar")
    with pytest.raises(BackupError, match="update Apparel Search"):
        restore_backup(tmp_path / "newer.tar", tmp_path / "data")


def test_sparse_file_which_may_stand_for_gigabytes_is_refused(tmp_path: Path, backup: Path) -> None:
    with tarfile.open(backup, "a", format=tarfile.PAX_FORMAT) as archive:
        content = b"1\n300000000000\n1\n".ljust(512, b"\0") + b"x"
        info = tarfile.TarInfo("samples/a.jpg")
        info.size = len(content)
        info.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": info.name,
            "GNU.sparse.realsize": "300000000001",
        }
        archive.addfile(info, io.BytesIO(content))
    with pytest.raises(BackupError, match="not of a catalogue"):
        restore_backup(backup, tmp_path / "data")


@pytest.mark.parametrize("name", ["samples/holiday.jpg", "encoders/mine.json", "rejects.csv"])
def test_what_may_be_somebodys_own_stays(tmp_path: Path, backup: Path, name: str) -> None:
    own = tmp_path / "home" / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("mine")
    with pytest.raises(BackupError, match="somebody's own"):
        restore_backup(backup, tmp_path / "home")
    assert own.read_text() == "mine"
    restore_backup(backup, tmp_path / "home", force=True)
    assert own.read_text() == "mine"
    assert products_without_photo(tmp_path / "home") == (3, 0)


def test_indices_of_the_old_catalogue_go_also_from_another_disk(
    tmp_path: Path, backup: Path
) -> None:
    data, disk = tmp_path / "data", tmp_path / "disk"
    make_catalogue(data, [b"old"])
    disk.mkdir()
    (data / "index").symlink_to(disk)
    (disk / "upper.json").write_text("{}")
    (data / "upgrade").mkdir()
    (data / "upgrade" / DATABASE_NAME).write_bytes(b"half an upgrade of the old catalogue")
    restore_backup(backup, data, force=True)
    assert not list(disk.iterdir())
    assert not (data / "upgrade").exists()


def test_local_token_is_in_no_backup_and_survives_a_restore(tmp_path: Path) -> None:
    for name in ("source", "data"):
        make_catalogue(tmp_path / name, [name.encode()])
        (tmp_path / name / LOCAL_TOKEN).write_text(f"token of {name}")
    write_backup(tmp_path / "source", tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar") as archive:
        assert not any(LOCAL_TOKEN in name for name in archive.getnames())
    restore_backup(tmp_path / "backup.tar", tmp_path / "data", force=True)
    assert (tmp_path / "data" / LOCAL_TOKEN).read_text() == "token of data"


def test_backup_of_an_older_version_is_restored(tmp_path: Path, backup: Path) -> None:
    def older(members):
        *files, (name, manifest) = members
        content = json.loads(manifest)
        content |= {"format": 1, "files": len(content["files"])}
        return [*files, (name, json.dumps(content).encode())]

    restore_backup(rewritten(backup, older), tmp_path / "data")
    assert products_without_photo(tmp_path / "data") == (3, 0)


@pytest.mark.parametrize(
    ("name", "ours", "kept"),
    [
        ("apparel.db", True, False),
        ("apparel.db-wal", True, False),
        (f"photos/ab/{'a' * 64}.jpg", True, True),
        (f"photos/ab/.{'a' * 64}.jpg.x1y2z3_a", True, False),
        ("photos/holiday.jpg", False, False),
        ("photos", False, False),
        ("imports/0123456789abcdef/feed.csv", True, True),
        ("imports/0123456789abcdef/../../x", False, False),
        ("index/upper-3d0fc4f304f1fcaf.vectors.npy", True, False),
        ("rejects.csv", True, True),
        ("upgrade/apparel.db", True, False),
        ("upgrade/notes.txt", False, False),
        (".profile", False, False),
        ("apparel.db.bak", False, False),
    ],
)
def test_what_is_ours(name: str, ours: bool, kept: bool) -> None:
    assert (is_ours(name), is_backed_up(name)) == (ours, kept)


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE product", "DROP TABLE api_key", "ALTER TABLE photo DROP COLUMN skip_reason"],
)
def test_database_that_lacks_a_part_replaces_nothing(
    tmp_path: Path, backup: Path, damage: str
) -> None:
    make_catalogue(tmp_path / "half", [b"four"])
    half = open_database(tmp_path / "half")
    with closing(sqlite3.connect(tmp_path / "half" / DATABASE_NAME)) as file:
        file.execute(damage)
        file.commit()
    with pytest.raises(DatabaseError, match="apparel restore"), half.session() as session:
        [session.scalars(select(table)).all() for table in (Product, PhotoRow, Key)]
    half.close()
    write_backup(tmp_path / "half", tmp_path / "half.tar")
    restore_backup(backup, tmp_path / "data")
    with pytest.raises(BackupError, match="lacks"):
        restore_backup(tmp_path / "half.tar", tmp_path / "data", force=True)
    assert products_without_photo(tmp_path / "data") == (3, 0)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_only_has_the_databases_name_is_left_alone(
    tmp_path: Path, backup: Path, make: Callable[[Path], None]
) -> None:
    (tmp_path / "data").mkdir()
    make(tmp_path / "data" / DATABASE_NAME)
    with pytest.raises(BackupError, match="move it away"):
        restore_backup(backup, tmp_path / "data", force=True)
    assert not (tmp_path / "data" / DATABASE_NAME).is_file()


def test_pipe_is_no_place_for_a_backup_and_a_link_stays_one(tmp_path: Path) -> None:
    make_catalogue(tmp_path / "source", [b"one"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not an ordinary file"):
        write_backup(tmp_path / "source", tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link").symlink_to(tmp_path / "backup.tar")
    write_backup(tmp_path / "source", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert restore_backup(tmp_path / "backup.tar", tmp_path / "data").files == 1
