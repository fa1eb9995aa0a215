"""iMaterialist 2019 -> pairs, on small files in the exact format."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segmentation.data.imaterialist import (
    BadRow,
    create_imaterialist,
    decode_mask,
    decode_runs,
)
from segmentation.data.pairs import PairsFolder, load_mask, read_pairs
from segmentation.errors import DatasetError

COLUMNS = ["ImageId", "EncodedPixels", "Height", "Width", "ClassId"]
Row = tuple[str, str, int, int, str]


def encode_slowly(region: np.ndarray) -> str:
    """Runs of a bool region (H, W) by walking its pixels column by column, as Kaggle says."""
    runs: list[list[int]] = []
    position = 0
    for column in range(region.shape[1]):
        for row in range(region.shape[0]):
            position += 1
            if not region[row, column]:
                continue
            if runs and runs[-1][0] + runs[-1][1] == position:
                runs[-1][1] += 1
            else:
                runs.append([position, 1])
    return " ".join(f"{start} {length}" for start, length in runs)


def write_source(root: Path, rows: list[Row], header: list[str] = COLUMNS) -> Path:
    (root / "train").mkdir(parents=True, exist_ok=True)
    with (root / "train.csv").open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(header)
        writer.writerows(rows)
    return root


def save_photo(root: Path, image_id: str, height: int, width: int) -> None:
    Image.new("RGB", (width, height), (200, 30, 40)).save(root / "train" / image_id, "JPEG")


def row_of(runs: str, class_id: str, height: int = 3, width: int = 4) -> dict[str, str]:
    values = ["a.jpg", runs, str(height), str(width), class_id]
    return dict(zip(COLUMNS, values, strict=True))


def source_of(root: Path, count: int, height: int = 10, width: int = 12) -> Path:
    """`count` photos, photo n with its first n + 1 pixels upper."""
    rows = [(f"p{n:03d}.jpg", f"1 {n + 1}", height, width, "0") for n in range(count)]
    write_source(root, rows)
    for image_id, *_ in rows:
        save_photo(root, image_id, height, width)
    return root


def masks_of(folder: PairsFolder) -> list[np.ndarray]:
    return [load_mask(folder.mask_path(pair)) for pair in folder.pairs]


def test_runs_count_from_one_and_go_down_the_columns():
    # 3 rows, 4 columns. Pixel 2 is row 1 of column 0, pixel 4 is row 0 of column 1.
    mask = decode_mask([row_of("2 3 12 1", "6")])
    assert mask.tolist() == [
        [0, 3, 0, 0],
        [3, 0, 0, 0],
        [3, 0, 0, 3],
    ]
    assert decode_runs("2 3 12 1", 12).tolist() == [1, 2, 3, 11]


@pytest.mark.parametrize("seed", range(6))
def test_decoding_inverts_an_independent_encoder(seed: int):
    region = np.random.default_rng(seed).random((13, 9)) < 0.4
    mask = decode_mask([row_of(encode_slowly(region), "10", 13, 9)])
    assert np.array_equal(mask == 2, region)


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        *((category, 1) for category in (0, 1, 2, 3, 4, 5, 9)),
        *((category, 2) for category in (10, 11, 12)),
        *((category, 3) for category in (6, 7, 8, 20, 21)),
        *((category, 0) for category in (*range(13, 20), *range(22, 46))),
    ],
)
def test_each_of_the_46_categories_has_the_class_of_the_contract(category: int, expected: int):
    assert decode_mask([row_of("1 1", str(category))])[0, 0] == expected


def test_attributes_after_the_category_are_ignored():
    assert decode_mask([row_of("1 1", "6_115_136_143_154")])[0, 0] == 3


@pytest.mark.parametrize("part", range(27, 46))
def test_a_part_never_changes_what_it_lies_on(part: int):
    garment = row_of("1 12", "10")
    pocket = row_of("2 2", f"{part}_7")
    for rows in ([garment, pocket], [pocket, garment]):
        assert (decode_mask(rows) == 2).all()


def test_the_smaller_region_lies_on_top_whatever_the_order():
    coat, skirt, bag = row_of("1 8", "9"), row_of("5 4", "8"), row_of("7 1", "24")
    for rows in ([coat, skirt, bag], [bag, skirt, coat], [skirt, coat, bag]):
        flat = decode_mask(rows).T.ravel().tolist()
        assert flat == [1, 1, 1, 1, 3, 3, 0, 3, 0, 0, 0, 0]


def test_of_equal_regions_the_later_row_lies_on_top():
    shirt, dress = row_of("1 4", "0"), row_of("3 4", "10")
    assert decode_mask([shirt, dress]).T.ravel().tolist()[:6] == [1, 1, 2, 2, 2, 2]
    assert decode_mask([dress, shirt]).T.ravel().tolist()[:6] == [1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    "runs",
    [
        "",
        "5",
        "1 2 3",
        "0 2",
        "1 0",
        "-3 2",
        "12 2",
        "13 1",
        "1 x",
        "1.5 2",
        "1 99999999999999999999",
        "9223372036854775807 9223372036854775807",
        "1 7 1 7",
    ],
)
def test_bad_runs_are_refused(runs: str):
    with pytest.raises(BadRow):
        decode_runs(runs, 12)


@pytest.mark.parametrize("class_id", ["", "_1", "x_3", "46", "-1", "1.0"])
def test_a_class_that_does_not_exist_is_refused(class_id: str):
    with pytest.raises(BadRow, match="ClassId"):
        decode_mask([row_of("1 1", class_id)])


def test_sizes_that_cannot_be_are_refused():
    for height, width in ((0, 4), (999_999, 999_999)):
        with pytest.raises(BadRow, match="size"):
            decode_mask([row_of("1 1", "0", height, width)])
    with pytest.raises(BadRow, match="several sizes"):
        decode_mask([row_of("1 1", "0"), row_of("1 1", "0", 4, 3)])


def test_pairs_are_written_with_serial_names_and_a_manifest(tmp_path: Path):
    source = source_of(tmp_path / "source", 3)
    calls: list[tuple[int, int]] = []
    folder = create_imaterialist(
        source, tmp_path / "out", None, 0, lambda done, total: calls.append((done, total))
    )
    assert [pair.name for pair in folder.pairs] == ["000001", "000002", "000003"]
    assert [pair.group for pair in folder.pairs] == [f"imaterialist-p{n:03d}" for n in range(3)]
    assert [int((mask == 1).sum()) for mask in masks_of(folder)] == [1, 2, 3]
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert read_pairs(tmp_path / "out").pairs == folder.pairs
    for pair in folder.pairs:
        with (
            Image.open(folder.photo_path(pair)) as photo,
            Image.open(folder.mask_path(pair)) as mask,
        ):
            assert mask.mode == "L"
            assert mask.size == photo.size == (12, 10)
    original = (source / "train" / "p001.jpg").read_bytes()
    assert folder.photo_path(folder.pairs[1]).read_bytes() == original


def test_rows_of_a_photo_need_not_be_neighbours(tmp_path: Path):
    rows: list[Row] = [
        ("a.jpg", "1 80", 10, 12, "10"),
        ("b.jpg", "1 5", 10, 12, "0_4"),
        ("a.jpg", "21 10", 10, 12, "6"),
    ]
    source = write_source(tmp_path / "source", rows)
    save_photo(source, "a.jpg", 10, 12)
    save_photo(source, "b.jpg", 10, 12)
    apart = masks_of(create_imaterialist(source, tmp_path / "apart", None, 0))
    write_source(source, [rows[0], rows[2], rows[1]])
    together = masks_of(create_imaterialist(source, tmp_path / "together", None, 0))
    assert apart[0].T.ravel()[[0, 20, 29, 30, 80]].tolist() == [2, 3, 3, 2, 0]
    assert all(np.array_equal(one, other) for one, other in zip(apart, together, strict=True))


def test_columns_may_stand_in_any_order_with_others_between(tmp_path: Path):
    source = tmp_path / "source"
    (source / "train").mkdir(parents=True)
    save_photo(source, "a.jpg", 10, 12)
    (source / "train.csv").write_bytes(
        b"\xef\xbb\xbfClassId,extra,Width,Height,ImageId,EncodedPixels\r\n"
        b'8,"x, y",12,10,a.jpg,1 7\r\n'
    )
    (mask,) = masks_of(create_imaterialist(source, tmp_path / "out", None, 0))
    assert int((mask == 3).sum()) == 7


def test_an_image_id_without_ending_finds_its_jpg(tmp_path: Path):
    source = write_source(tmp_path / "source", [("abc", "1 7", 10, 12, "8")])
    save_photo(source, "abc.jpg", 10, 12)
    assert len(create_imaterialist(source, tmp_path / "out", None, 0).pairs) == 1


def test_a_region_longer_than_csvs_own_limit_is_read(tmp_path: Path):
    runs = " ".join(f"{start} 1" for start in range(1, 60_000, 2))
    assert len(runs) > 131_072
    source = write_source(tmp_path / "source", [("a.jpg", runs, 300, 200, "0")])
    save_photo(source, "a.jpg", 300, 200)
    (mask,) = masks_of(create_imaterialist(source, tmp_path / "out", None, 0))
    assert int(mask.sum()) == 30_000


def test_the_mask_follows_a_photo_of_another_size(tmp_path: Path):
    source = write_source(tmp_path / "source", [("a.jpg", "1 60", 10, 12, "21")])
    save_photo(source, "a.jpg", 20, 24)
    (mask,) = masks_of(create_imaterialist(source, tmp_path / "out", None, 0))
    assert mask.shape == (20, 24)
    assert (mask[:, :12] == 3).all()
    assert (mask[:, 12:] == 0).all()


def test_the_sample_is_drawn_by_the_seed_and_stays_in_file_order(tmp_path: Path):
    source = source_of(tmp_path / "source", 30)

    def groups(seed: int, out: str) -> list[str]:
        folder = create_imaterialist(source, tmp_path / out, 8, seed)
        return [pair.group for pair in folder.pairs]

    first = groups(1, "a")
    assert len(first) == 8
    assert first == sorted(first) == groups(1, "b")
    assert first != groups(2, "c")
    assert len(create_imaterialist(source, tmp_path / "all", 99, 1).pairs) == 30


def test_what_cannot_be_used_is_counted_and_another_takes_its_place(tmp_path: Path):
    source = source_of(tmp_path / "source", 12)
    train = source / "train"
    (train / "p000.jpg").unlink()
    (train / "p001.jpg").write_bytes((train / "p001.jpg").read_bytes()[:200])
    (train / "p002.jpg").write_bytes(b"")
    bad_runs = {3: "1 2 3", 4: "2 120"}
    rows = [(f"p{n:03d}.jpg", bad_runs.get(n, "1 2"), 10, 12, "0") for n in range(12)]
    write_source(source, [*rows, ("../../etc/x.jpg", "1 1", 10, 12, "0")])

    everything = create_imaterialist(source, tmp_path / "all", None, 0)
    assert len(everything.pairs) == 7
    reasons = {each.source: each.reason for each in everything.left_out}
    assert set(reasons) == {f"p{n:03d}.jpg" for n in range(5)} | {"../../etc/x.jpg"}
    assert "cut short" in reasons["p001.jpg"]
    assert "empty" in reasons["p002.jpg"]
    assert "pairs" in reasons["p003.jpg"]
    assert "outside" in reasons["p004.jpg"]
    assert all("\n" not in reason for reason in reasons.values())
    assert len(list((tmp_path / "all" / "masks").iterdir())) == 7
    assert len(create_imaterialist(source, tmp_path / "six", 6, 3).pairs) == 6


def test_a_bad_row_of_a_part_costs_nothing(tmp_path: Path):
    rows: list[Row] = [("a.jpg", "1 5", 10, 12, "0"), ("a.jpg", "nonsense", 10, 12, "31_2")]
    source = write_source(tmp_path / "source", rows)
    save_photo(source, "a.jpg", 10, 12)
    folder = create_imaterialist(source, tmp_path / "out", None, 0)
    assert (len(folder.pairs), folder.left_out) == (1, ())


def test_a_photo_that_exif_turns_is_left_out(tmp_path: Path):
    source = write_source(tmp_path / "source", [("a.jpg", "1 5", 10, 12, "0")])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (12, 10)).save(source / "train" / "a.jpg", exif=exif)
    folder = create_imaterialist(source, tmp_path / "out", None, 0)
    assert not folder.pairs
    assert "EXIF" in folder.left_out[0].reason


def test_a_second_run_leaves_nothing_of_the_first(tmp_path: Path):
    source = source_of(tmp_path / "source", 9)
    create_imaterialist(source, tmp_path / "out", 9, 0)
    create_imaterialist(source, tmp_path / "out", 4, 0)
    for folder in ("photos", "masks"):
        assert len(list((tmp_path / "out" / folder).iterdir())) == 4


def test_another_datasets_pairs_are_not_overwritten(tmp_path: Path):
    source = source_of(tmp_path / "source", 2)
    out = tmp_path / "out"
    create_imaterialist(source, out, None, 0)
    manifest = out / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",imaterialist,", ",ccp,"))
    with pytest.raises(DatasetError, match="another dataset"):
        create_imaterialist(source, out, None, 0)
    assert len(list((out / "masks").iterdir())) == 2


def test_splits_hold_a_share_back(tmp_path: Path):
    source = source_of(tmp_path / "source", 60)
    splits = [pair.split for pair in create_imaterialist(source, tmp_path / "out", None, 0).pairs]
    assert (splits.count("test"), splits.count("val")) == (3, 1)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str):
    header = [each if each != column else "other" for each in COLUMNS]
    source = write_source(tmp_path / "source", [("a.jpg", "1 1", 10, 12, "0")], header)
    with pytest.raises(DatasetError, match=f"lacks the column {column};") as caught:
        create_imaterialist(source, tmp_path / "out", None, 0)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match="no train/ folder"):
        create_imaterialist(tmp_path, tmp_path / "out", None, 0)
    (tmp_path / "train").mkdir()
    with pytest.raises(DatasetError, match=r"train\.csv is missing"):
        create_imaterialist(tmp_path, tmp_path / "out", None, 0)
    (tmp_path / "train.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(DatasetError, match="no rows"):
        create_imaterialist(tmp_path, tmp_path / "out", None, 0)
    (tmp_path / "train.csv").write_bytes(random.Random(0).randbytes(5000))
    with pytest.raises(DatasetError, match="lacks the column"):
        create_imaterialist(tmp_path, tmp_path / "out", None, 0)
    assert not (tmp_path / "out").exists()
