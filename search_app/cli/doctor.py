"""Checks of the installation and, with --deep, of the catalogue.

Every check runs even if others fail; a failed one comes with its remedy.
"""

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search_app.cli.output import note_if_slow
from search_app.cli.session import (
    attributes_kept,
    embedder_of_vectors,
    opened_collection,
    require_catalogue,
)
from search_app.settings import Settings
from segmentation.errors import SegmentationError
from segmentation.runtime import RuntimeOptions, has_torch

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

OLDEST_PYTHON: Final = (3, 11)
MIN_FREE_BYTES: Final = 1_000_000_000
NOT_NEEDED: Final = "not installed: only training and networks of others need it"


class CheckFailed(Exception):
    """Reason of a failure; raised by the checks, turned into a `Check` by `_run`."""


@dataclass(frozen=True)
class Check:
    """Result of one check: the finding and, if not `ok`, the remedy."""

    name: str
    ok: bool
    found: str
    remedy: str


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check, in the order in which failures should be repaired."""
    for name, (check, remedy) in CHECKS.items():
        with note_if_slow(f"checking {name}"):
            result = _run(name, remedy, settings, check)
        yield result


def _run(name: str, remedy: str, settings: Settings, check: Callable[[Settings], str]) -> Check:
    try:
        return Check(name, True, check(settings), "")
    # A broken installation may raise any error at import, which is then the finding.
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        return Check(name, False, text[:300], remedy)


def _python(_: Settings) -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise CheckFailed(f"{platform.python_version()} is too old")
    return platform.python_version()


def _torch(_: Settings) -> str:
    if not has_torch():
        return NOT_NEEDED
    import torch

    if float(torch.ones(2, 2).matmul(torch.ones(2, 2)).sum()) != 8:
        raise CheckFailed("a product of two matrices comes out wrong")
    return f"{torch.__version__}, {torch.get_num_threads()} threads"


def _torchvision(_: Settings) -> str:
    if not has_torch():
        return NOT_NEEDED
    import torch
    import torchvision  # type: ignore[import-untyped]
    from torchvision.ops import nms  # type: ignore[import-untyped]

    # This operator is missing if torch and torchvision come from different package indices.
    kept = nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
    if kept.tolist() != [0]:
        raise CheckFailed("its operators answer wrong")
    return f"{torchvision.__version__} fits torch {torch.__version__}"


def _faiss(_: Settings) -> str:
    import faiss
    import numpy as np

    index = faiss.IndexFlatIP(2)
    index.add(np.eye(2, dtype=np.float32))
    nearest = index.search(np.array([[0.0, 1.0]], np.float32), 1)[1]
    if nearest.tolist() != [[1]]:
        raise CheckFailed("a search comes out wrong")
    return str(faiss.__version__)


def _training_package(name: str) -> Callable[[Settings], str]:
    """Check that a package can be imported; it may be absent with PyTorch."""

    def check(_: Settings) -> str:
        if not has_torch():
            return NOT_NEEDED
        import_module(name.replace("-", "_"))
        return version(name)

    return check


@cache
def _loaded(name: str | None, options: RuntimeOptions) -> "Segmenter":
    """The segmenter, loaded once: the shipped encoder takes its features."""
    from segmentation.segmenter import Segmenter

    return Segmenter.load(name, options)


def _segmenter(settings: Settings) -> str:
    from segmentation.weights import SHIPPED_SEGMENTER

    name = settings.segmenter
    segmenter = _loaded(name, settings.runtime_options)
    return f"{segmenter.fingerprint} by {segmenter.runtime}, {_origin(name, SHIPPED_SEGMENTER)}"


def _encoder(settings: Settings) -> str:
    from indexing.embedding.encoder import SHIPPED_ENCODER
    from indexing.embedding.wiring import open_encoder

    name, options = settings.encoder, settings.runtime_options
    segmenter = None
    with suppress(SegmentationError):  # reported by the check before
        segmenter = _loaded(settings.segmenter, options)
    encoder = open_encoder(name, options, segmenter)
    return f"{encoder.fingerprint} by {encoder.runtime}, {_origin(name, SHIPPED_ENCODER)}"


def _origin(name: str | None, shipped: Path) -> str:
    if name is not None and not name.endswith(".safetensors"):
        return name
    path = shipped if name is None else Path(name)
    return f"{path.stat().st_size / 1e6:.1f} MB, card and SHA-256 agree"


def _data_folder(settings: Settings) -> str:
    data = settings.data
    folder = _existing(data)
    if not folder.is_dir():
        raise CheckFailed(f"{folder} is not a folder")
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"apparel")
    return f"{data} can be written" if folder == data.absolute() else f"{data} can be made"


def _existing(path: Path) -> Path:
    """The path itself or the nearest folder above it that exists."""
    path = path.absolute()
    return next(each for each in (path, *path.parents) if each.exists())


def _database(settings: Settings) -> str:
    from sqlalchemy import NullPool, create_engine, text

    from catalog.database import newest_revision
    from catalog.models import DATABASE_NAME

    path = settings.data / DATABASE_NAME
    if settings.database_url is None and not path.exists():
        return "none yet; `apparel index SOURCE` makes one"
    # Read only: a check must not migrate the database.
    url = settings.database_url or f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true"
    with create_engine(url, poolclass=NullPool).connect() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version")) or "none"
    newest = newest_revision()
    if found != newest:
        raise CheckFailed(f"its version is {found}, this program's is {newest}")
    size = "in PostgreSQL" if settings.database_url else f"{path.stat().st_size / 1e6:.1f} MB"
    return f"version {newest}, {size}"


def _engine(settings: Settings) -> str:
    if settings.engine == "faiss":
        return "faiss, in files of the data folder"
    from indexing.index.pgvector.requirements import describe_server

    # Raises EngineNotReady, which says what is missing.
    return describe_server(settings.database_url)


def _free_disk(settings: Settings) -> str:
    free = shutil.disk_usage(_existing(settings.data)).free
    if free < MIN_FREE_BYTES:
        raise CheckFailed(f"only {free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.0f} GB"


_UPGRADE: Final = "python -m pip install --upgrade "
_BOTH: Final = (
    f"{_UPGRADE}--force-reinstall torch torchvision "
    "(both from one index: a +cpu torch does not fit the registry's torchvision)"
)
_SMP: Final = "segmentation-models-pytorch"
CHECKS: Final[dict[str, tuple[Callable[[Settings], str], str]]] = {
    "python": (_python, "install Python {}.{} or newer".format(*OLDEST_PYTHON)),
    "torch": (_torch, _BOTH),
    "torchvision": (_torchvision, _BOTH),
    "faiss": (_faiss, f"{_UPGRADE}faiss-cpu"),
    "timm": (_training_package("timm"), f"{_UPGRADE}timm"),
    _SMP: (_training_package(_SMP), f"{_UPGRADE}{_SMP}"),
    "segmenter weights": (
        _segmenter, "reinstall, or name weights with their card in APPAREL_SEGMENTER",
    ),
    "encoder weights": (
        _encoder, "reinstall, or name weights with their card in APPAREL_ENCODER",
    ),
    "data folder": (
        _data_folder, "give the folder to this user, or name another with --data or APPAREL_DATA",
    ),
    "database": (_database, "run `apparel upgrade`; if it is newer, update this program"),
    "vector engine": (_engine, "do that, or leave APPAREL_ENGINE out: FAISS needs none of it"),
    "free disk": (_free_disk, "delete something, or put the data folder on a larger disk"),
}  # fmt: skip
"""Name of a check -> what it runs, which raises if something is wrong, and the remedy."""


def repair_catalogue(settings: Settings) -> Iterator[Check]:
    """Verify the catalogue, repair it and verify it again; reports problems and repairs."""
    from catalog.data_folder.repair import repair_values

    require_catalogue(settings)
    embedder = embedder_of_vectors(settings)
    with (
        note_if_slow("verifying the catalogue"),
        opened_collection(settings, embedder) as collection,
    ):
        found = collection.verify()
        if not found:
            yield Check("catalogue", True, "no problems", "")
            return
        repaired = repair_values(collection.database)
        swept = collection.sweep()
        garments = collection.rebuild()
        kept = attributes_kept(collection)
        left = collection.verify()
    files = len(swept.temporary) + len(swept.orphans)
    done = (
        f"{len(found)} problems found; {repaired} rows repaired, {files} files and "
        f"{len(swept.products)} incomplete products removed, indices of {garments} garments rebuilt"
        f"{kept and f'; {kept}'}"
    )
    yield Check("catalogue", not left, done, "")
    for problem in left:
        yield Check("catalogue", False, problem, "see the end of this line")
