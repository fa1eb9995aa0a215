"""The packages as a library: the documented lines, own masks, nothing heavy before use."""

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import indexing
import segmentation
from indexing import Collection, Query, read_folder, read_photo
from segmentation import GarmentClass
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo

ROOT = Path(__file__).parent.parent.parent


def test_the_documented_lines_index_and_search(
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("indexing.embedding.wiring.load_embedder", FakeEmbedder)
    monkeypatch.chdir(tmp_path)
    draw_photo(tmp_path / "street.jpg", "blue")
    lines = (indexing.__doc__ or "").split("\n\n")[1:3]
    exec("\n".join(textwrap.dedent(part) for part in lines), {})
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("upper")
    assert "Blue shirt" in first
    assert photos.is_dir()


def test_the_readme_shows_the_documented_lines() -> None:
    readme = (ROOT / "indexing" / "README.md").read_text()
    documented = textwrap.dedent("\n\n".join((indexing.__doc__ or "").split("\n\n")[1:3]))
    assert f"```python\n{documented}\n```" in readme


def test_an_own_mask_replaces_the_segmenters(collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    photo = read_photo(photos / "red-skirt.png")
    mask = np.zeros(photo.shape[:2], bool)
    mask[40:110, 35:85] = True
    (garment,) = collection.embed(photo, mask, GarmentClass.LOWER)
    assert garment.garment.box == (35, 40, 85, 110)
    first, *_ = collection.results(Query.of(garment))
    assert first.product_id == "red-skirt.png"


def test_a_photo_without_a_garment_is_embedded_whole(
    collection: Collection, tmp_path: Path
) -> None:
    (garment,) = collection.embed(read_photo(draw_empty_photo(tmp_path / "empty.png")))
    assert garment.whole_photo
    assert Query.of(garment).classes is None


@pytest.mark.parametrize("package", [indexing, segmentation])
def test_the_public_names_are_there(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute"):
        package.nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("package", ["indexing", "segmentation"])
def test_nothing_heavy_is_imported_before_it_is_used(package: str) -> None:
    code = (
        f"import {package}, sys\n"
        "heavy = {'numpy', 'torch', 'timm', 'faiss', 'openvino', 'sqlalchemy', 'PIL', 'scipy'}\n"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ast.literal_eval(done.stdout.replace("set()", "{}")) == {}
