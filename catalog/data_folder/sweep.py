"""Find and remove files that no row of the database refers to.

`verify` reports those of the data folder. A server removes them twice an hour, on SQLite at its
start too, and `rebuild --sweep` at once; of a bucket, whose listing costs time and money, a server
looks at a sixteenth each time. They are left by killed runs, cut requests, mended rows and older
versions, which stored originals of added products.
"""

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import hexdigits
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from catalog.data_folder.bucket import Bucket
from catalog.data_folder.layout import RESTORING, is_ours, is_temporary, own_files
from catalog.database import Database
from catalog.errors import FolderInUse
from catalog.fetching.store import FetchedPhotos, is_url
from catalog.importing.removal import remove_products
from catalog.models import DATABASE_NAME, ImportJob, PhotoRow, Product

STALE_SECONDS: Final = 3_600
"""Age from which a temporary file belongs to a run that was killed."""
_SHARED: Final = ("photos", "fetched")
"""Folders of a bucket whose files rows name."""


@dataclass(frozen=True)
class Unreferenced:
    """Files and products of a data folder that nothing refers to.

    Attributes:
        temporary: files that a killed run was writing.
        orphans: stored, uploaded and fetched photos and job files without a row.
        products: ids of products added over HTTP none of whose photos was ever processed.
    """

    temporary: tuple[str, ...]
    orphans: tuple[str, ...]
    products: tuple[str, ...]


def find_unreferenced(session: Session, data: Path) -> Unreferenced:
    """Find unreferenced files and products; reads every file name and photo row once."""
    names = list(own_files(data))
    return Unreferenced(
        tuple(name for name in names if _is_stale(data, name)),
        tuple(_orphans(session, data, names)),
        tuple(_unprocessed_products(session)),
    )


def sweep(
    database: Database,
    data: Path,
    bucket: Bucket | None = None,
    spared: float = 0.0,
    digit: str = "",
) -> Unreferenced:
    """Remove unreferenced files and products; the caller holds the import lock.

    Args:
        spared: seconds; younger ones stay: another server's, which writes files before their rows,
            and rows before it reads their photos.
        digit: of the bucket only files whose hash begins with this hexadecimal digit.

    Raises:
        FolderInUse: the folder has a SQLite catalogue besides, whose photos no row here names.
    """
    if not database.is_sqlite and (data / DATABASE_NAME).exists():
        raise FolderInUse(
            f"{data / DATABASE_NAME} is a catalogue of its own, whose photos lie in this folder "
            "too: nothing is removed; move it away or give this database another --data"
        )
    with database.transaction() as session:
        products = tuple(_unprocessed_products(session, spared))
        remove_products(session, products)  # first: then nothing refers to their files either
    folders: Iterable[str] = _SHARED
    if digit:
        folders = (f"{top}/{digit}{second}" for top in _SHARED for second in hexdigits[:16])
    names = [name for each in folders for name in bucket.names(each)] if bucket else []
    with database.session() as session:
        found = find_unreferenced(session, data)
        orphans = [name for name in found.orphans if _age(data / name) >= spared]
        shared = list(_orphans(session, data, filter(is_ours, names)))
    for name in (*found.temporary, *orphans):
        (data / name).unlink(missing_ok=True)
    if bucket is not None:
        shared = [name for name in shared if bucket.remove_old(name, spared)]
    if not any(path.is_file() for path in (data / RESTORING).rglob("*")):
        shutil.rmtree(data / RESTORING, ignore_errors=True)
    return Unreferenced(found.temporary, tuple(dict.fromkeys([*orphans, *shared])), products)


def _is_stale(data: Path, name: str) -> bool:
    is_unfinished = is_temporary(name) or name.startswith(f"{RESTORING}/")
    return is_unfinished and _age(data / name) > STALE_SECONDS


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 where it is gone."""
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except FileNotFoundError:
        return 0.0


def _orphans(session: Session, data: Path, names: Iterable[str]) -> Iterator[str]:
    stored = {f"photos/{name}" for name in session.scalars(select(PhotoRow.stored)) if name}
    waiting = select(PhotoRow.source).where(PhotoRow.status == "pending")
    uploads = {f"uploads/{source}" for source in session.scalars(waiting)}
    jobs = set(session.scalars(select(ImportJob.id)))
    fetched = set()
    store = FetchedPhotos(data)
    for source in session.scalars(select(PhotoRow.source)):
        if is_url(source):
            path = store.path(source).relative_to(data)
            fetched |= {path.as_posix(), path.with_suffix(".json").as_posix()}
    for name in names:
        top, _, inner = name.partition("/")
        if is_temporary(name):
            continue
        named = {
            "photos": name in stored,
            "uploads": name in uploads,
            "fetched": name in fetched,
            "imports": inner.partition("/")[0] in jobs,
        }
        if not named.get(top, True):
            yield name


def _unprocessed_products(session: Session, spared: float = 0.0) -> Iterator[str]:
    """Products of an interrupted request: added by hand, all of their photos pending."""
    waiting = exists().where(PhotoRow.product_id == Product.id, PhotoRow.status == "pending")
    processed = exists().where(PhotoRow.product_id == Product.id, PhotoRow.status != "pending")
    by_hand = (Product.source.is_(None), Product.origin.is_(None))
    old = Product.updated_at <= datetime.now(UTC) - timedelta(seconds=spared)
    query = select(Product.id).where(*by_hand, old, waiting, ~processed)
    yield from session.scalars(query.order_by(Product.id))
