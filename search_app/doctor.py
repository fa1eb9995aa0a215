"""Settings in, a list of checks out: is everything there that the commands need?

Every check runs, whatever the others found; each failed one says how to mend it.
"""

import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from search_app.settings import Settings
from segmentation.runtime import RuntimeOptions

OLDEST_PYTHON: Final = (3, 11)
LEAST_FREE_BYTES: Final = 1_000_000_000


class NotWell(Exception):
    """Why a check failed; raised by the checks, turned into a `Check` by `_run`."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found and, if not `ok`, how to mend it."""

    name: str
    ok: bool
    found: str
    remedy: str


def run_checks(settings: Settings) -> list[Check]:
    """Every check, in the order in which they should be mended."""
    reinstall = "python -m pip install --upgrade --force-reinstall apparel-search"
    pair = (
        "python -m pip install --upgrade --force-reinstall torch torchvision "
        "(both from one index: a +cpu torch does not fit the registry's torchvision)"
    )
    return [
        _run("python", f"install Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer", _python),
        _run("torch", pair, _torch),
        _run("torchvision", pair, _torchvision),
        _run("faiss", "python -m pip install --upgrade faiss-cpu", _faiss),
        _run("timm", "python -m pip install --upgrade timm", _timm),
        _run("segmentation-models-pytorch", reinstall, _segmentation_models),
        _run(
            "segmenter weights",
            "reinstall, or point APPAREL_SEGMENTER_WEIGHTS at weights with their card",
            lambda: _segmenter(settings.segmenter_weights, settings.runtime_options),
        ),
        _run(
            "second look",
            "reinstall, or do without it: APPAREL_SECOND_LOOK=false",
            lambda: _second_look(settings.second_look, settings.runtime_options),
        ),
        _run(
            "encoder weights",
            "reinstall, or point APPAREL_ENCODER_WEIGHTS at weights with their card",
            lambda: _encoder(settings.encoder, settings.runtime_options),
        ),
        _run(
            "data folder",
            "give the folder to this user, or name another one with --data or APPAREL_DATA",
            lambda: _data_folder(settings.data),
        ),
        _run(
            "database",
            "run `apparel status` once to bring it up to date; if it is newer, update this program",
            lambda: _database(settings.data),
        ),
        _run(
            "free disk",
            "delete something, or put the data folder on a larger disk",
            lambda: _free_disk(settings.data),
        ),
    ]


def _run(name: str, remedy: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look(), "")
    # A broken installation may raise anything at import: that is the finding.
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        return Check(name, False, text[:300], remedy)


def _python() -> str:
    if sys.version_info < OLDEST_PYTHON:
        raise NotWell(f"{platform.python_version()} is too old")
    return platform.python_version()


def _torch() -> str:
    import torch

    if float(torch.ones(2, 2).matmul(torch.ones(2, 2)).sum()) != 8:
        raise NotWell("a product of two matrices comes out wrong")
    return f"{torch.__version__}, {torch.get_num_threads()} threads"


def _torchvision() -> str:
    import torch
    import torchvision  # type: ignore[import-untyped]
    from torchvision.ops import nms  # type: ignore[import-untyped]

    # The operator that is absent when the two come from different indices.
    kept = nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
    if kept.tolist() != [0]:
        raise NotWell("its operators answer wrong")
    return f"{torchvision.__version__} fits torch {torch.__version__}"


def _faiss() -> str:
    import faiss
    import numpy as np

    index = faiss.IndexFlatIP(2)
    index.add(np.eye(2, dtype=np.float32))
    _, nearest = index.search(np.array([[0.0, 1.0]], np.float32), 1)
    if nearest.tolist() != [[1]]:
        raise NotWell("a search comes out wrong")
    return str(faiss.__version__)


def _timm() -> str:
    import timm

    return str(timm.__version__)


def _segmentation_models() -> str:
    import segmentation_models_pytorch  # noqa: F401

    return version("segmentation-models-pytorch")


def _segmenter(weights: Path | None, options: RuntimeOptions) -> str:
    from segmentation.predictor import Segmenter
    from segmentation.weights import SHIPPED_SEGMENTER

    segmenter = Segmenter.load(weights, options)
    note = _file_note(weights or SHIPPED_SEGMENTER)
    return f"{segmenter.fingerprint} by {segmenter.runtime}, {note}"


def _second_look(wanted: bool, options: RuntimeOptions) -> str:
    from segmentation.weights import SHIPPED_SECOND_LOOK

    return _segmenter(SHIPPED_SECOND_LOOK, options) if wanted else "off"


def _encoder(name: str | None, options: RuntimeOptions) -> str:
    from indexing.encoder import SHIPPED_ENCODER
    from indexing.encoders import WEIGHTS_SUFFIX, open_encoder

    encoder = open_encoder(name, options)
    found = f"{encoder.fingerprint} by {encoder.runtime}"
    if name is None or name.endswith(WEIGHTS_SUFFIX):
        return f"{found}, {_file_note(SHIPPED_ENCODER if name is None else Path(name))}"
    return f"{found}, {name}"


def _file_note(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB, card and SHA-256 agree"


def _data_folder(data: Path) -> str:
    folder = _existing(data)
    if not folder.is_dir():
        raise NotWell(f"{folder} is not a folder")
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"apparel")
    return f"{data} can be written" if folder == data.absolute() else f"{data} can be made"


def _existing(path: Path) -> Path:
    """The path itself or the nearest folder above it that exists."""
    path = path.absolute()
    return next(each for each in (path, *path.parents) if each.exists())


def _database(data: Path) -> str:
    from catalog.models import DATABASE_NAME

    path = data / DATABASE_NAME
    if not path.exists():
        return "none yet; `apparel index SOURCE` makes one"
    # Read only: a check must not migrate what it looks at.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    finally:
        connection.close()
    version_found = rows[0][0] if rows else "none"
    newest = _newest_migration()
    if version_found != newest:
        raise NotWell(f"its version is {version_found}, this program's is {newest}")
    return f"version {newest}, {path.stat().st_size / 1e6:.1f} MB"


def _newest_migration() -> str:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return str(ScriptDirectory.from_config(config).get_current_head())


def _free_disk(data: Path) -> str:
    free = shutil.disk_usage(_existing(data)).free
    if free < LEAST_FREE_BYTES:
        raise NotWell(f"only {free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.0f} GB"
