"""The CCP and clothing datasets on small copies become pairs; splits; an error that travels."""

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.data.pairs import load_mask, read_pairs
from segmentation.data.reviewed_masks import clothing_mask
from segmentation.data.sources import clothing_splits, create_ccp, create_clothing, read_clothing
from segmentation.data.splits import split_groups
from segmentation.errors import DatasetError, UnreadablePhoto

REVIEWED = ("00149032-3dd6-426e-9bc0-d53032536a42", "003f4cab-7214-4770-b727-3400d4508741")
"""Clothing photos whose reviewed mask is right, and of which no mask is right."""

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
    assert {pair.label for pair in folder.pairs} == {"Blazer|Dress|Pants"}


def test_a_wrong_label_is_corrected(tmp_path: Path):
    source = ccp_source(tmp_path / "source")
    (source / "labels.txt").write_text("null\nbag\nblazer\ndress\njeans\nskirt\n")
    corrected = create_ccp(source, tmp_path / "corrected")
    published = create_ccp(source, tmp_path / "published", as_published=True)
    # 0002 is a photo of a skirt that is labelled as a dress, 0001 is not corrected.
    for name, dress in (("0001", 2), ("0002", 3)):
        mask = load_mask(corrected.root / "masks" / f"{name}.png")
        assert mask[::5, 0].tolist() == [0, 0, 1, dress, 3, 3]
        assert load_mask(published.root / "masks" / f"{name}.png")[15, 0] == 2


def test_a_tagged_photo_is_trained_on_with_its_reviewed_mask(tmp_path: Path):
    source = ccp_source(tmp_path / "source")
    (source / "labels.txt").write_text("null\nblouse\nhair\nskin\nskirt\n")
    (source / "tagged").mkdir()
    for name in ("1005", "0000"):  # reviewed; unknown
        Image.new("RGB", (55, 82), "grey").save(source / "tagged" / f"{name}.jpg")
    folder = create_ccp(source, tmp_path / "out")
    assert [pair.name for pair in folder.pairs] == ["0001", "0002", "0003", "0004", "1005"]
    pair = folder.pairs[-1]
    assert (pair.split, pair.source) == ("train", "ccp")
    mask = load_mask(folder.mask_path(pair))
    assert mask.shape == (82, 55)
    assert set(np.unique(mask)) == {0, 1, 3}
    published = create_ccp(source, tmp_path / "published", as_published=True)
    assert len(published.pairs) == 4


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


def test_a_reviewed_mask_goes_before_grabcut_s(tmp_path: Path):
    source = clothing_source(tmp_path / "source")
    masked, without = REVIEWED
    for name in REVIEWED:
        Image.new("RGB", (285, 360), "grey").save(source / "photos" / f"{name}.jpg")
    with (source / "images.csv").open("a") as table:
        table.writelines(f"{name},{name},Skirt,False\n" for name in REVIEWED)
    folder = create_clothing(source, tmp_path / "out", workers=1)
    assert [each.source for each in folder.left_out] == ["broken", without]
    mask = load_mask(folder.root / "masks" / f"{masked}.png")
    assert np.array_equal(mask == 3, clothing_mask(masked))
    assert 0.1 < (mask == 3).mean() < 0.9


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
