"""`apparel evaluate`, train and dataset."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search_app.cli import options
from segmentation.data.pairs import Pair, prepare_folder, write_manifest
from tests.search_app.cli.harness import BlockSegmenter, reason_of, run, save_blocks


def test_evaluate_segmentation_measures_masks(tmp_path: Path):
    save_blocks(tmp_path / "photos" / "a.png", (200, 10, 10), (20, 20, 200))
    truth = BlockSegmenter().segment([np.asarray(Image.open("photos/a.png"))])[0].mask
    (tmp_path / "masks").mkdir()
    Image.fromarray(truth).save("masks/a.png")
    command = ("evaluate", "segmentation", "--photos", "photos", "--masks", "masks")
    document = json.loads(run(*command, "--labels", "classes", "--json").stdout)
    assert document["pixel_accuracy"] == 1
    assert document["iou"] == {"background": 1, "upper": 1, "whole": None, "lower": 1}
    assert document["photos"] == 1
    table = run(*command, "--labels", "classes").stdout
    assert "upper       1.000" in table
    assert "pixel accuracy" in table
    told = run(*command, "--labels", "classes", "--report", "page")
    assert str(Path("page/index.html")) in told.stderr
    assert "data:image/jpeg;base64," in Path("page/index.html").read_text()
    (tmp_path / "masks" / "a.png").unlink()
    reason_of(run(*command, "--labels", "ccp", "--json", code=1))


def test_evaluate_retrieval_measures_labels(tmp_path: Path):
    colours = {"warm": (200, 10, 10), "cold": (120, 60, 60)}
    rows = ["photo,label"]
    for number in range(6):
        label = ("warm", "cold")[number % 2]
        red, green, blue = colours[label]
        save_blocks(tmp_path / "photos" / f"{number}.png", (red, green + number, blue))
        rows.append(f"{number}.png,{label}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    command = ("evaluate", "retrieval", "--photos", "photos", "--labels", "labels.csv")
    document = json.loads(run(*command, "--json", "--report", "report").stdout)
    assert document["queries"] == 6
    assert "warm" in Path("report/index.html").read_text()
    assert document["labels"] == ["cold", "warm"]
    assert "queries" in run(*command).stdout
    (tmp_path / "labels.csv").write_text("picture,label\na,b\n")
    assert "photo" in reason_of(run(*command, code=1))


def test_dataset_imaterialist_writes_pairs_and_counts_what_it_left_out(tmp_path: Path):
    (tmp_path / "source" / "train").mkdir(parents=True)
    rows = ["ImageId,EncodedPixels,Height,Width,ClassId"]
    for number in range(4):
        save_blocks(tmp_path / "source" / "train" / f"{number}.jpg", (200, 10, 10))
        rows.append(f'{number}.jpg,"1 {number + 5}",90,90,{number}_3')
    (tmp_path / "source" / "train.csv").write_text("\n".join([*rows, "absent.jpg,1 2,90,90,6"]))
    result = run("dataset", "imaterialist", "source", "--out", "out")
    assert result.stdout.startswith("4 pairs in out")
    assert "1 photos left out" in result.stderr
    assert len(list(Path("out/masks").glob("00000*.png"))) == 4
    limited = run("dataset", "imaterialist", "source", "--out", "two", "--limit", 2, "--seed", 5)
    assert limited.stdout.startswith("2 pairs in two")


@pytest.mark.parametrize("name", ["imaterialist", "ccp", "clothing", "checked"])
def test_dataset_of_the_wrong_folder_is_one_line(name: str, tmp_path: Path):
    (tmp_path / "source").mkdir()
    assert "source" in reason_of(run("dataset", name, "source", "--out", "out", code=1))


@pytest.mark.parametrize("network", ["segmenter", "encoder"])
def test_training_without_pairs_is_one_line(network: str):
    failed = run("train", network, "--pairs", "none", "--out", "run", code=1)
    assert "apparel dataset" in reason_of(failed)


def test_training_without_opencv_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    failed = run("train", "segmenter", "--pairs", "a", "--out", "b", code=1)
    assert "apparel-search[train]" in reason_of(failed)


def test_evaluate_street_draws_what_was_found(catalogue: Path, shop: Path):
    result = run(
        "evaluate", "street", "--photos", shop, "--data", catalogue, "--out", "sheets",
        "--garments", 3, "--json",
    )  # fmt: skip
    document = json.loads(result.stdout)
    assert document["garments"] == 3
    assert document["rows"][0]["products"]
    page = Path(document["sheet"]).read_text()
    assert page.count('<div class="row">') == 3
    assert page.count("<img src=") == 3 + sum(len(row["products"]) for row in document["rows"])


def test_evaluate_street_counts_products_of_the_known_kind(shop: Path, tmp_path: Path):
    (shop / "feed.csv").write_text("id,title,photo\na,T-Shirt,red.png\nb,Polo,pink.png\n")
    run("index", shop / "feed.csv", "--data", "shirts")
    prepare_folder(tmp_path / "pairs")
    with Image.open(shop / "red.png") as photo:
        photo.save(tmp_path / "pairs" / "photos" / "1.jpg", quality=95)
    pairs = [Pair("1", "ccp", "1", "test", "T-Shirt|Pants"), Pair("2", "ccp", "2", "train", "Polo")]
    write_manifest(tmp_path / "pairs", pairs)
    command = ("evaluate", "street", "--pairs", "pairs", "--data", "shirts", "--out", "sheets")
    document = json.loads(run(*command, "--json").stdout)
    assert (document["known"], document["missed"]) == (1, 1), "there are no trousers on it"
    assert [document["same_kind"][depth][0] for depth in ("1", "5")] == [1.0, 0.5]
    assert "among the first 5: 0.500" in run(*command).stdout
    failed = run("evaluate", "street", "--out", "sheets", code=2)
    assert "--photos or --pairs" in failed.output


def test_evaluate_same_garment_counts_every_garment(tmp_path: Path):
    save_blocks(tmp_path / "photos" / "a.png", (200, 10, 10), (20, 20, 200))
    save_blocks(tmp_path / "photos" / "b.png", (20, 200, 20))
    (tmp_path / "labels.csv").write_text("photo,label,role\na.png,x,query\nb.png,y,gallery\n")
    command = ("evaluate", "same-garment", "--photos", "photos", "--labels", "labels.csv")
    document = json.loads(run(*command, "--json").stdout)
    assert (document["queries"], document["gallery_garments"]) == (1, 3)
