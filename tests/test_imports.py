"""Imports point one way: catalog <- indexing <- search_app; segmentation stands alone."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("segmentation", "catalog", "indexing", "search_app", "migrations")
VOCABULARY = {
    f"segmentation.{name}"
    for name in ("blank", "classes", "errors", "mask", "photos", "runtime", "splits")
}
"""Numpy and Pillow only: what a photo, a garment and a class are, for every package."""
LEARNING = {
    f"segmentation.{name}"
    for name in (
        "augment",
        "bare",
        "changed",
        "drawn_pairs",
        "inference",
        "metrics",
        "mixture",
        "pairs",
        "parts",
        "preprocess",
        "runs",
        "synthetic",
        "weights",
    )
}
"""What both trainings and what measures them share; the network's path stays in `wiring` and
`embed`'s protocol."""
SHARES_LEARNING = {
    "indexing.again_pairs",
    "indexing.behind",
    "indexing.encoder",
    "indexing.encoder_task",
    "indexing.encoders",
    "indexing.mixture",
    "indexing.pair_garments",
    "indexing.changed_queries",
    "indexing.train_heads",
    "indexing.train",
    "indexing.training_views",
    "indexing.metrics",
}


def _modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name, ast.parse(path.read_text())


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _of(package: str, imports: set[str]) -> set[str]:
    return {name for name in imports if name.split(".")[0] == package}


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("segmentation", {"catalog", "indexing", "search_app", "migrations"}),
        ("catalog", {"indexing", "search_app", "torch", "faiss", "timm"}),
        ("indexing", {"search_app"}),
        ("migrations", {"indexing", "search_app", "segmentation"}),
    ],
)
def test_packages_import_one_way(package: str, forbidden: set[str]) -> None:
    for name, tree in _modules(package):
        roots = {each.split(".")[0] for each in _imports(tree)}
        assert not roots & forbidden, f"{name} imports {roots & forbidden}"


def test_catalog_knows_only_the_vocabulary_of_segmentation() -> None:
    for name, tree in _modules("catalog"):
        for used in _of("segmentation", _imports(tree)):
            assert used == "segmentation" or any(used.startswith(each) for each in VOCABULARY), (
                f"{name} imports {used}"
            )


def test_only_wiring_and_training_join_the_segmenter_to_indexing() -> None:
    for name, tree in _modules("indexing"):
        allowed = set(VOCABULARY)
        if name in SHARES_LEARNING:
            allowed |= LEARNING
        if name == "indexing.wiring":
            allowed |= {"segmentation.predictor"}
        if name.startswith("indexing.benchmarks."):
            allowed |= {"segmentation.synthetic", "segmentation.runtime"}
        if name == "indexing.benchmarks.networks":
            # It measures the segmenter's network by itself.
            allowed |= {f"segmentation.{part}" for part in ("predictor", "preprocess")}
        for used in _of("segmentation", _imports(tree)):
            assert any(used.startswith(each) for each in allowed), f"{name} imports {used}"


def test_migrations_import_only_the_models_of_the_catalog() -> None:
    for name, tree in _modules("migrations"):
        used = _of("catalog", _imports(tree))
        assert all(each.startswith("catalog.models") for each in used), f"{name} imports {used}"


@pytest.mark.parametrize(
    "light",
    [
        "segmentation.mask",
        "segmentation.photos",
        "catalog.queries",
        "indexing.records",
        "search_app.cli",
    ],
)
def test_light_modules_load_no_network_library(light: str) -> None:
    code = f"import {light}, sys; sys.exit(bool({{'torch', 'timm', 'faiss'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
