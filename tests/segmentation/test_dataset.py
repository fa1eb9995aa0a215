"""Pairs folders: written and read back; the CCP and clothing datasets on small copies."""

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.dataset import (
    LeftOut,
    Pair,
    clear_earlier_pairs,
    clothing_splits,
    create_ccp,
    create_clothing,
    load_mask,
    prepare_folder,
    read_clothing,
    read_pairs,
    save_mask,
    write_manifest,
)
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.splits import split_groups

CCP_LABELS = "null\nbag\nblazer\ndress\njeans\nshoes\n"


def ccp_source(root: Path, count: int = 4) -> Path:
    for folder in ("photos", "masks"):
        (root / folder).mkdir(parents=True)
    (root / "labels.txt").write_text(CCP_LABELS)
    for number in range(1, count + 1):
        Image.new("RGB", (20, 30), "grey").save(root / "photos" / f"{number:04d}.jpg")
        labels = np.repeat(np.arange(6, dtype=np.uint8), 5)[:, None].repeat(20, axis=1)
        Image.fromarray(labels).save(root / "masks" / f"{number:04d}.png")
    return root


def clothing_source(root: Path) -> Path:
    """A red shirt on white, the same as "Shoes", an unreadable one and one of unknown label."""
    (root / "photos").mkdir(parents=True)
    photo = np.full((240, 200, 3), 245, np.uint8)
    photo[50:200, 50:150] = (180, 20, 40)
    photo += np.random.default_rng(0).integers(0, 8, photo.shape, dtype=np.uint8)
    for name in ("shirt", "shoes", "skip"):
        Image.fromarray(photo).save(root / "photos" / f"{name}.jpg", quality=95)
    (root / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    (root / "images.csv").write_text(
        "image,sender_id,label,kids\nshirt,1,Shirt,False\nshoes,2,Shoes,False\n"
        "broken,3,Pants,False\nskip,4,Skip,False\n"
    )
    return root


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


def test_ccp_labels_become_four_classes(tmp_path: Path):
    source = ccp_source(tmp_path / "source")
    folder = create_ccp(source, tmp_path / "out")
    assert [pair.name for pair in folder.pairs] == ["0001", "0002", "0003", "0004"]
    mask = load_mask(folder.mask_path(folder.pairs[0]))
    assert mask.shape == (30, 20)
    assert mask[::5, 0].tolist() == [0, 0, 1, 2, 3, 0]
    copied = folder.photo_path(folder.pairs[3]).read_bytes()
    assert copied == (source / "photos" / "0004.jpg").read_bytes()
    assert read_pairs(tmp_path / "out").pairs == folder.pairs


def test_ccp_without_its_files_says_which(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"labels\.txt"):
        create_ccp(tmp_path, tmp_path / "out")
    source = ccp_source(tmp_path / "source")
    (source / "masks" / "0002.png").unlink()
    with pytest.raises(DatasetError, match=r"0002\.png"):
        create_ccp(source, tmp_path / "out")


def test_clothing_masks_come_from_the_photo_and_classes_from_the_label(tmp_path: Path):
    folder = create_clothing(clothing_source(tmp_path / "source"), tmp_path / "out", workers=1)
    assert [(pair.name, pair.label) for pair in folder.pairs] == [
        ("shirt", "Shirt"),
        ("shoes", "Shoes"),
    ]
    shirt, shoes = (load_mask(folder.mask_path(pair)) for pair in folder.pairs)
    assert not shoes.any()
    assert set(np.unique(shirt)) == {0, 1}
    expected = np.zeros((240, 200), bool)
    expected[50:200, 50:150] = True
    overlap = ((shirt == 1) & expected).sum() / ((shirt == 1) | expected).sum()
    assert overlap > 0.9
    assert [each.source for each in folder.left_out] == ["broken"]


def test_clothing_without_its_table_or_a_column_says_so(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"images\.csv"):
        read_clothing(tmp_path)
    (tmp_path / "images.csv").write_text("image,label\na,Shirt\n")
    with pytest.raises(DatasetError, match="lacks the column sender_id"):
        read_clothing(tmp_path)


def test_only_rows_whose_label_says_what_it_is_are_read(tmp_path: Path):
    rows = read_clothing(clothing_source(tmp_path / "source"))
    assert [row.image for row in rows] == ["shirt", "shoes", "broken"]
    assert set(clothing_splits(rows)) == {"1", "2", "3"}


def test_pairs_of_another_source_are_not_deleted(tmp_path: Path):
    prepare_folder(tmp_path)
    pairs = [Pair("a", "ccp", "g", "train"), Pair("b", "mine", "g", "train")]
    folder = write_manifest(tmp_path, pairs)
    for pair in pairs:
        folder.photo_path(pair).touch()
    with pytest.raises(DatasetError, match="another dataset"):
        clear_earlier_pairs(tmp_path, "ccp")
    assert all(folder.photo_path(pair).exists() for pair in pairs)


def test_splits_hold_groups_together_and_keep_their_sizes():
    groups = [f"g{n % 400}" for n in range(1000)]
    splits = split_groups(groups, 100, 50)
    photos = Counter(splits[group] for group in groups)
    assert 90 < photos["test"] <= 100
    assert 40 < photos["val"] <= 50
    assert split_groups(reversed(groups), 100, 50) == splits


def test_splits_of_single_photos_are_exact():
    splits = Counter(split_groups([f"p{n}" for n in range(1000)], 100, 60).values())
    assert splits == {"train": 840, "test": 100, "val": 60}


def test_one_big_group_never_makes_up_a_test_split():
    groups = ["big"] * 50 + [f"p{n}" for n in range(300)]
    assert split_groups(groups, 100, 60)["big"] == "train"


def test_an_unreadable_photo_crosses_process_borders():
    error = pickle.loads(pickle.dumps(UnreadablePhoto("damaged", "cut short")))
    assert (error.code, str(error)) == ("damaged", "cut short")
