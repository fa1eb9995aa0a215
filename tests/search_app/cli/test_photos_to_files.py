"""`apparel segment` and `apparel embed`."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.search_app.cli.harness import reason_of, run, save_blocks


def test_segment_writes_a_mask_and_a_document_for_each_photo(tmp_path: Path):
    save_blocks(tmp_path / "in" / "suit.png", (200, 10, 10), (20, 20, 200))
    save_blocks(tmp_path / "in" / "more" / "dress.png", (10, 200, 10), width=2000)
    (tmp_path / "in" / "bad.jpg").write_bytes(b"no photo")
    result = run("segment", "in", "--out", "out", "--json")
    assert "skipped bad.jpg" in result.stderr
    document = json.loads(result.stdout)
    assert [each["photo"] for each in document["photos"]] == ["more/dress.png", "suit.png"]
    assert [each["code"] for each in document["skipped"]] == ["not_a_photo"]
    with Image.open("out/suit.png") as mask:
        assert (mask.mode, mask.size) == ("L", (90, 90))
        values = np.asarray(mask)
    assert set(np.unique(values)) == {0, 1, 3}
    assert values[20, 45] == 1
    assert values[70, 45] == 3
    with Image.open("out/more/dress.png") as mask:
        assert mask.size == (2000, 90)
        assert np.asarray(mask)[45, 1000] == 2
    written = json.loads(Path("out/suit.json").read_text())
    assert written == document["photos"][1]
    assert [each["garment_class"] for each in written["garments"]] == ["upper", "lower"]
    assert {"garment_class", "score", "box", "area", "colours"} <= set(written["garments"][0])
    assert written["garments"][0]["box"] == [20, 6, 70, 39]
    dress = json.loads(Path("out/more/dress.json").read_text())["garments"][0]
    assert np.allclose(dress["box"], [20, 6, 1980, 84], atol=2)


def test_segment_of_a_turned_photo_is_upright(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), (200, 10, 10)).save(tmp_path / "turned.jpg", exif=exif)
    run("segment", "turned.jpg", "--out", "out")
    with Image.open("out/turned.png") as mask:
        assert mask.size == (40, 60)


def test_segment_keeps_apart_photos_that_differ_by_suffix_only(tmp_path: Path):
    save_blocks(tmp_path / "in" / "a.png", (200, 10, 10))
    save_blocks(tmp_path / "in" / "a.jpg", (10, 10, 200))
    run("segment", "in", "--out", "out")
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["a.jpg.json", "a.jpg.png", "a.png.json", "a.png.png"]


def test_segment_does_not_write_over_a_photo(tmp_path: Path):
    photo = save_blocks(tmp_path / "a.png", (200, 10, 10))
    before = photo.read_bytes()
    assert "--out" in reason_of(run("segment", "a.png", "--out", ".", code=1))
    assert photo.read_bytes() == before


def test_segment_of_nothing_readable_fails(tmp_path: Path):
    (tmp_path / "in").mkdir()
    assert "no photos" in reason_of(run("segment", "in", "--out", "out", code=1))
    (tmp_path / "in" / "a.jpg").write_bytes(b"")
    failed = run("segment", "in", "--out", "out", "--json", code=1)
    assert json.loads(failed.stdout)["photos"] == []
    assert "none of 1 photos" in failed.stderr.splitlines()[-1]


def test_embed_gives_the_vectors_of_the_index(catalogue: Path, shop: Path):
    run("embed", shop, "--out", "vectors.npz")
    run("export", "index.npz", "--data", catalogue)
    with np.load("vectors.npz") as own, np.load("index.npz") as index:
        assert own["photo"].tolist() == ["pink.png", "red.png", "suit.png", "suit.png"]
        assert own["garment_class"].tolist() == [1, 1, 1, 3]
        assert own["box"].shape == (4, 4)
        assert own["box"][2].tolist() == [20, 6, 70, 39]
        assert own["vector"].dtype == np.float32
        indexed = {
            (photo, int(kind)): vector
            for photo, kind, vector in zip(
                index["photo"], index["garment_class"], index["vector"], strict=True
            )
        }
        for photo, kind, vector in zip(
            own["photo"], own["garment_class"], own["vector"], strict=True
        ):
            assert np.array_equal(vector, indexed[photo, int(kind)])


def test_embed_of_photos_without_garments_is_an_empty_file_of_the_same_shape(tmp_path: Path):
    save_blocks(tmp_path / "white.png")
    run("embed", "white.png", "--out", "exact-name")
    with np.load("exact-name") as arrays:
        assert arrays["vector"].shape == (0, 6)
        assert arrays["box"].shape == (0, 4)
        assert arrays["photo"].shape == (0,)


def test_overlays_of_all_photos_are_on_sheets(tmp_path: Path):
    for number in range(3):
        save_blocks(tmp_path / "photos" / f"{number}.png", (200, 10, 10), (20, 20, 200))
    run("segment", "photos", "--out", "out", "--overlay")
    with Image.open("out/overlays/sheet-001.png") as sheet:
        assert sheet.width > 3 * 300
        photo, mask = (sheet.getpixel((each, 20)) for each in (45, 135))
    assert photo == (200, 10, 10)
    # Half the photo, half the colour of an upper garment.
    assert mask == (215, 35, 35)
    assert not list(Path("out/overlays").glob("sheet-002.png"))
