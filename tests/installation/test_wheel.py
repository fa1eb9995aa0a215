"""What the wheel holds; `make wheel` also installs, uses and uninstalls it."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.installation.wheel import PACKAGES, ROOT, build


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    return ZipFile(build(tmp_path_factory.mktemp("wheel")))


def is_shipped(path: Path) -> bool:
    return path.is_file() and path.suffix not in (".md", ".pyc")


def test_wheel_has_every_file_of_the_packages_and_no_other(wheel: ZipFile) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if is_shipped(path)
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == sources


@pytest.mark.parametrize(
    "name",
    [
        "segmentation/weights/segmenter.int8.bin",
        "indexing/weights/encoder.safetensors",
        "indexing/weights/attributes.safetensors",
        "search_app/templates/base.html",
        "search_app/static/style.css",
        "catalog/filtering/words.json",
        "catalog/feeds/dialects/google_taxonomy.tsv",
        "migrations/env.py",
        "migrations/versions/0001_first_tables.py",
    ],
)
def test_wheel_has_what_serving_reads(wheel: ZipFile, name: str) -> None:
    assert wheel.read(name) == (ROOT / name).read_bytes()


def test_wheel_has_the_licence_and_the_command(wheel: ZipFile) -> None:
    texts = {name.partition("/")[2]: name for name in wheel.namelist() if ".dist-info/" in name}
    assert wheel.read(texts["licenses/LICENSE"]) == (ROOT / "LICENSE").read_bytes()
    assert b"apparel = search_app.cli.main:main" in wheel.read(texts["entry_points.txt"])
