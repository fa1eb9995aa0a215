"""A data folder after accidents: lost databases, killed runs, a full disk, two servers."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text

from catalog.clean_text import clean_attributes, clean_text, is_clean
from catalog.data_folder.lock import importing, serving
from catalog.data_folder.sweep import find_unreferenced, sweep
from catalog.database import Database, open_database
from catalog.errors import BadStoredName, CannotWrite, DatabaseError, FolderInUse
from catalog.feeds.rows import Feed, ProductRow
from catalog.files import can_write
from catalog.importing.importer import import_feed
from catalog.models import DATABASE_NAME, PhotoRow, Product
from catalog.photos import PhotoStore

NAME = f"ab/{'ab' * 32}.jpg"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of one product with a stored photo."""
    folder = tmp_path / "data"
    database = open_database(folder)
    with database.transaction() as session:
        session.add(Product(id="a", title="Coat", source="shop"))
        session.add(PhotoRow(product_id="a", source="a.jpg", stored=NAME, status="indexed"))
    database.close()
    (folder / "photos" / "ab").mkdir(parents=True)
    (folder / "photos" / NAME).write_bytes(b"photo")
    return folder


def test_text_that_cannot_be_read_is_told_with_the_remedy(data: Path) -> None:
    database = open_database(data)
    with database.transaction() as session:
        session.execute(text("DROP TRIGGER product_text_updated"))  # it would see what a disk did
        session.execute(text("UPDATE product SET title = CAST(x'ff41' AS TEXT)"))
    with pytest.raises(DatabaseError, match="rebuild --mend"), database.session() as session:
        session.scalars(select(Product.title)).all()
    database.close()


@pytest.mark.parametrize("damage", ["absent", "empty", "half", "text"])
def test_photos_without_a_sound_database_are_refused_with_the_way_back(
    data: Path, damage: str
) -> None:
    path = data / DATABASE_NAME
    content = path.read_bytes()
    kept = {"empty": b"", "half": content[: len(content) // 2], "text": b"my notes" * 300}
    path.unlink()
    if damage != "absent":
        path.write_bytes(kept[damage])
    with pytest.raises(DatabaseError, match="apparel restore"):
        open_database(data)
    assert not path.exists() if damage == "absent" else path.read_bytes() == kept[damage]


def test_read_only_folder_is_read_and_not_written(data: Path, tmp_path: Path) -> None:
    # As another user where this one is root, whom no permission stops; pytest's own folders are
    # closed to others.
    outside = Path(tempfile.mkdtemp())
    outside.chmod(0o755)
    data = data.rename(outside / "data")
    for path in (data, *data.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sqlalchemy import select, text\n"
        "from catalog.database import open_database\n"
        "from catalog.errors import CannotWrite\n"
        # All is imported before: another user may not read root's Python.
        "open_database(Path(sys.argv[2])).close()\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "database = open_database(Path(sys.argv[1]))\n"
        "with database.session() as session:\n"
        "    assert session.scalar(text('SELECT title FROM product')) == 'Coat'\n"
        "try:\n"
        "    with database.transaction() as session:\n"
        "        session.execute(text('DELETE FROM product'))\n"
        "except CannotWrite as error:\n"
        "    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(data), str(tmp_path / "other")],
        capture_output=True,
        text=True,
        check=False,
    )
    left = sorted(path.name for path in data.iterdir())
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(outside)
    assert (done.stdout, done.returncode) == ("refused\n", 0), done.stderr
    assert left == [DATABASE_NAME, "photos"]


def fill(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("PRAGMA max_page_count = 1"))
        session.add(Product(id="b", title="x" * 500, description="y" * 90_000))


def test_full_disk_is_an_error_of_its_own_and_reading_goes_on(data: Path) -> None:
    database = open_database(data)
    with pytest.raises(CannotWrite, match="make room"):
        fill(database)
    with database.session() as session:
        assert session.get_one(Product, "a").title == "Coat"
    database.close()


def test_free_space_is_reported_without_writing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_write(data)
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 1, 1, 1, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda folder: full)
    assert not can_write(data)


def test_second_server_on_a_folder_is_refused_by_name(data: Path) -> None:
    with (
        serving(data, "serves http://127.0.0.1:8000"),
        pytest.raises(FolderInUse, match=rf"process {os.getpid()}, serves http"),
    ):
        serving(data, "serves http://127.0.0.1:8001").__enter__()
    with serving(data, "serves again"):
        pass


def test_sweeping_waits_for_imports_and_imports_for_nobody(data: Path) -> None:
    with importing(data), importing(data), pytest.raises(FolderInUse, match="import"):
        importing(data, exclusive=True).__enter__()
    with importing(data, exclusive=True):
        pass


def leave(path: Path, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_nothing_names_is_found_and_swept(data: Path) -> None:
    orphan = leave(data / "photos" / "cd" / f"{'cd' * 32}.jpg")
    original = leave(data / "uploads" / f"{'1' * 64}.photo")
    job = leave(data / "imports" / ("0" * 16) / "feed.csv")
    killed = leave(data / "photos" / "ab" / f".{'ab' * 32}.jpg.abcdefgh", age=7_200)
    cut = leave(data / "uploads" / f"{'2' * 64}.photo")
    restoring = leave(data / ".restoring" / DATABASE_NAME, age=7_200)
    running = leave(data / "photos" / "ab" / f".{'ab' * 32}.jpg.ijklmnop")
    foreign = leave(data / "photos" / "holiday.jpg", age=7_200)
    database = open_database(data)
    with database.transaction() as session:
        session.add(Product(id="cut", title="Cut"))
        session.add(PhotoRow(product_id="cut", source=f"{'2' * 64}.photo", status="pending"))
    with database.session() as session:
        found = find_unreferenced(session, data)
    assert {len(found.orphans), len(found.temporary), len(found.products)} == {3, 2, 1}
    swept = sweep(database, data)
    assert (swept.products, swept.temporary) == (found.products, found.temporary)
    assert not any(path.exists() for path in (orphan, original, cut, job, killed, restoring))
    assert not restoring.parent.exists()
    assert running.exists()
    assert foreign.exists()
    assert (data / "photos" / NAME).exists()
    with database.session() as session:
        assert session.get(Product, "cut") is None
        assert find_unreferenced(session, data).orphans == ()
    database.close()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "ab/x.jpg", "ab/../ab.jpg"])
def test_stored_photo_is_never_looked_for_elsewhere(data: Path, name: str) -> None:
    with pytest.raises(BadStoredName):
        PhotoStore(data).path(name)


BAD_TEXTS = ("a\udc80b", "a\0b", "a\x1bb", "a\x85b")


@pytest.mark.parametrize("bad", BAD_TEXTS)
def test_text_is_cleaned_and_counted_where_it_enters(data: Path, bad: str) -> None:
    assert (clean_text(bad), is_clean(bad), is_clean("naïve\t“x”\n👗")) == ("ab", False, True)
    assert clean_attributes({bad: bad, "\0": "x", "fit": "\0"}) == {"ab": "ab"}
    rows = (
        ProductRow("new", bad, ("x.jpg",), brand=bad, attributes={bad: bad}),
        ProductRow(bad, "Bad id", ("y.jpg",)),
        ProductRow("photo", "Bad photo", (bad,)),
    )
    database = open_database(data)
    with database.transaction() as session:
        summary = import_feed(session, Feed(rows=rows, folder=data))
    assert (summary.new, summary.rejected) == (1, 2)
    assert any(note.startswith("1 products had") for note in summary.notes)
    with database.session() as session:
        product = session.get_one(Product, "new")
        assert (product.title, product.brand, product.attributes) == ("ab", "ab", {"ab": "ab"})
    database.close()


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".jpg", "d/" * 900 + "x.jpg", "nothing.jpg"], ids=["long", "deep", "gone"]
)
def test_odd_photo_name_ends_no_import(data: Path, name: str) -> None:
    database = open_database(data)
    with database.transaction() as session:
        summary = import_feed(session, Feed(rows=(ProductRow("n", "N", (name,)),), folder=data))
    assert len(summary.pending) == 1
    database.close()


def test_linked_photo_is_not_followed_out_of_its_folder(data: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    secret = leave(tmp_path / "secret.jpg")
    (shop / "out.jpg").symlink_to(secret)
    (shop / "in.jpg").symlink_to(leave(shop / "real.jpg"))
    rows = (ProductRow("o", "O", ("out.jpg",)), ProductRow("i", "I", ("in.jpg",)))
    database = open_database(data)
    with database.transaction() as session:
        pending = import_feed(session, Feed(rows=rows, folder=shop)).pending
    assert [photo.path.is_file() for photo in pending] == [False, True]
    assert pending[0].path.name.startswith("out.jpg (a symbolic link out of the photos' folder")
    database.close()
