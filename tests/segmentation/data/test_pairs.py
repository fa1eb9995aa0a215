"""Pairs folders: written and read back, refused, and not cleared when they are another's."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.data.pairs import (
    LeftOut,
    Pair,
    clear_earlier_pairs,
    load_mask,
    prepare_folder,
    read_pairs,
    save_mask,
    write_manifest,
)
from segmentation.errors import DatasetError


def test_a_manifest_reads_back_as_written(tmp_path: Path):
    pairs = (
        Pair("000001", "ccp", "ccp-1", "train"),
        Pair("000002", "clothing", 'a "quoted", group', "test", "T-Shirt"),
    )
    written = write_manifest(tmp_path, iter(pairs), [LeftOut("x.jpg", "damaged")])
    assert written.left_out == (LeftOut("x.jpg", "damaged"),)
    folder = read_pairs(tmp_path)
    assert folder.pairs == pairs
    assert folder.of_split("test").pairs == pairs[1:]
    assert folder.photo_path(pairs[0]) == tmp_path / "photos" / "000001.jpg"
    assert folder.mask_path(pairs[0]) == tmp_path / "masks" / "000001.png"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name,source,group,split\na,b,c,train\n", "label"),
        ("name,source,group,split,label\na,b,c,exam,\n", "split"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, text: str, named: str):
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DatasetError, match=named):
        read_pairs(tmp_path)


def test_a_folder_without_manifest_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(DatasetError, match="apparel dataset"):
        read_pairs(tmp_path)


def test_masks_survive_the_file(tmp_path: Path):
    mask = np.random.default_rng(0).integers(0, 4, (17, 23), dtype=np.uint8)
    save_mask(mask, tmp_path / "mask.png")
    assert np.array_equal(load_mask(tmp_path / "mask.png"), mask)


def test_a_palette_mask_gives_its_indices(tmp_path: Path):
    palette = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8)).convert("P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    palette.save(tmp_path / "mask.png")
    assert load_mask(tmp_path / "mask.png").tolist() == [[0, 1], [2, 3]]


def test_what_is_no_mask_is_refused(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "rgb.png")
    (tmp_path / "text.png").write_text("no picture")
    for name, said in (("rgb.png", "RGB"), ("text.png", "cannot"), ("absent.png", "cannot")):
        with pytest.raises(DatasetError, match=said):
            load_mask(tmp_path / name)


def test_pairs_of_another_source_are_not_deleted(tmp_path: Path):
    prepare_folder(tmp_path)
    pairs = [Pair("a", "ccp", "g", "train"), Pair("b", "mine", "g", "train")]
    folder = write_manifest(tmp_path, pairs)
    for pair in pairs:
        folder.photo_path(pair).touch()
    with pytest.raises(DatasetError, match="another dataset"):
        clear_earlier_pairs(tmp_path, "ccp")
    assert all(folder.photo_path(pair).exists() for pair in pairs)
