"""Serving without the training stack: PyTorch, timm, OpenCV and the like cannot be imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from segmentation.drawing import Scene, draw_photo
from segmentation.errors import RuntimeAbsent
from segmentation.runtime import RuntimeOptions, open_runtime
from tests.installation.environment import answering
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
ABSENT = """
import sys
for name in ("torch", "torchvision", "timm", "segmentation_models_pytorch", "cv2", "nncf",
             "transformers"):
    sys.modules[name] = None  # importing it fails, as where it is not installed
"""
IMPORT_ALL = """
import importlib, pkgutil
from pathlib import Path
NEED_TORCH = (
    "segmentation.training", "segmentation.network", "segmentation.torch_runtime",
    "segmentation.hub.segformer", "segmentation.data.grabcut",
    "indexing.training", "indexing.embedding.network", "indexing.embedding.timm_encoder",
    "indexing.embedding.clip_encoder", "indexing.embedding.crop_encoder",
    "indexing.benchmarks", "migrations.env",
)
for package in ("segmentation", "catalog", "indexing", "search_app", "migrations"):
    for module in pkgutil.walk_packages([package], f"{package}."):
        if not module.name.startswith(NEED_TORCH):
            importlib.import_module(module.name)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of processes in which the training stack is not installed."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "sitecustomize.py").write_text(ABSENT)
    return os.environ | {"PYTHONPATH": f"{folder}:{ROOT}", "APPAREL_THREADS": "1"}


def apparel(*words: object) -> list[str]:
    main = "from search_app.cli.main import main; main()"
    return [sys.executable, "-c", main, *map(str, words)]


def test_no_module_of_serving_imports_the_training_stack(bare: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=ROOT, env=bare, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_photos_are_indexed_searched_and_served(bare: dict[str, str], tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(3):
        drawn = draw_photo(np.random.default_rng(seed), Scene.FLAT)
        Image.fromarray(drawn.photo).save(photos / f"{seed}.png")
    data = ("--data", tmp_path / "data")
    subprocess.run(apparel("index", photos, *data), env=bare, check=True)
    found = subprocess.run(
        apparel("search", photos / "1.png", *data, "--json"), env=bare, check=True,
        capture_output=True,
    )  # fmt: skip
    document = json.loads(found.stdout)
    assert document["garments"][0]["results"][0]["product_id"] == "1.png"
    port = free_port()
    with answering(apparel("serve", *data, "--port", port), port, bare) as address:
        answer = httpx2.post(
            f"{address}/api/v1/search", files={"photo": (photos / "1.png").read_bytes()}, timeout=60
        )
    assert answer.json()["garments"][0]["results"][0]["product_id"] == "1.png"


@pytest.mark.parametrize("name", ["auto", "torch"])
def test_a_network_that_needs_torch_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RuntimeAbsent, match=r"pip install 'apparel-search\[train\]'"):
        open_runtime(pytest.fail, RuntimeOptions(name))  # type: ignore[arg-type]
