"""Imports point one way: catalog <- indexing <- search_app; segmentation stands alone."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("segmentation", "catalog", "indexing", "search_app", "migrations")
VOCABULARY = tuple(
    f"segmentation.{name}"
    for name in (
        "classes",
        "decoding",
        "errors",
        "hub.files",
        "mask",
        "photos",
        "progress",
        "runtime",
        "segmented_photo",
        "data.splits",
    )
)
"""Numpy and Pillow only: what a photo, a garment and a class are, for every package."""
LEARNING = tuple(
    f"segmentation.{name}"
    for name in (
        "data",
        "drawing",
        "training",
        "torch_runtime",
        "preprocess",
        "weights",
        "evaluation",
    )
)
"""What both trainings and what measures them share; the network's path stays in `wiring`."""
SHARES_LEARNING = (
    "indexing.training",
    "indexing.evaluation",
    "indexing.embedding.attributes",
    "indexing.embedding.encoder",
    "indexing.embedding.clip_encoder",
    "indexing.embedding.crop_encoder",
    "indexing.embedding.timm_encoder",
)


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


def _at_import(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that run when the module is imported."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _at_import([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _at_import([*node.body, *node.orelse, *node.finalbody])


def import_graph() -> dict[str, set[str]]:
    """Module of ours -> modules of ours that it imports at once."""
    trees = {
        name.removesuffix(".__init__"): tree
        for package in PACKAGES
        for name, tree in _modules(package)
    }
    graph: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for node in _at_import(tree.body):
            for each in _imports(ast.Module([node], [])) & trees.keys():
                # Of `from package import module` the module alone counts.
                submodules = {f"{each}.{alias.name}" for alias in node.names} & trees.keys()
                graph[name] |= submodules or {each}
    return graph


def test_no_modules_import_each_other() -> None:
    # Raises CycleError, which names the modules.
    assert list(TopologicalSorter(import_graph()).static_order())


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
        allowed = VOCABULARY
        if name.startswith(SHARES_LEARNING):
            allowed += LEARNING
        if name == "indexing.embedding.wiring":
            allowed += ("segmentation.segmenter",)
        if name.startswith("indexing.benchmarks."):
            allowed += ("segmentation.drawing", "segmentation.segmenter", "segmentation.preprocess")
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
        "indexing.types",
        "search_app.cli.main",
        "search_app.settings",
    ],
)
def test_light_modules_load_no_heavy_library(light: str) -> None:
    heavy = {"torch", "timm", "faiss", "fastapi"}
    code = f"import {light}, sys; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
