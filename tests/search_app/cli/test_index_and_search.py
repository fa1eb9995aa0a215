"""`apparel index` and `apparel search`."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search_app.cli import session
from tests.search_app.cli.harness import (
    BlockEmbedder,
    jpeg_of,
    png_promising,
    reason_of,
    run,
    save_blocks,
)


def test_index_tells_what_it_did_and_why_it_skipped(shop: Path, tmp_path: Path):
    result = run("index", shop / "feed.csv", "--data", tmp_path / "data")
    assert "4 new" in result.stdout
    assert "3 indexed, 0 unchanged, 1 skipped; 4 garments" in result.stdout
    assert "bad.png: this is not a photo" in result.stderr


def test_index_json_is_one_document(shop: Path, tmp_path: Path):
    result = run("index", shop / "feed.csv", "--data", tmp_path / "data", "--json")
    document = json.loads(result.stdout)
    counts = {"new": 4, "changed": 0, "price_only": 0, "unchanged": 0, "removed": 0, "rejected": 0}
    assert document["products"] == counts
    assert document["photos"] == {"indexed": 3, "unchanged": 0, "skipped": 1}
    assert document["garments"] == 4
    (skip,) = document["skips"]
    assert (skip["product_id"], skip["code"]) == ("d", "not_a_photo")
    again = json.loads(
        run("index", shop / "feed.csv", "--data", tmp_path / "data", "--json").stdout
    )
    assert again["photos"]["indexed"] == 0
    assert again["photos"]["unchanged"] >= 3


def test_index_takes_a_folder(shop: Path, tmp_path: Path):
    document = json.loads(run("index", shop, "--data", tmp_path / "data", "--json").stdout)
    assert document["photos"]["indexed"] == 3


def test_a_currency_without_a_price_shows_neither(shop: Path, tmp_path: Path):
    feed = shop / "unpriced.csv"
    feed.write_text("id,title,price,currency,image\na,Tee,,EUR,red.png\n")
    run("index", feed, "--data", tmp_path / "data")
    shown = run("search", shop / "red.png", "--data", tmp_path / "data").stdout
    assert "Tee" in shown
    assert "EUR" not in shown


def test_index_finds_photos_in_the_given_folder(shop: Path, tmp_path: Path):
    feed = tmp_path / "elsewhere.csv"
    feed.write_text("image,sender_id,label,kids\nred,1,T-Shirt,False\nsuit,2,Pants,True\n")
    run("index", feed, "--photos", shop, "--data", tmp_path / "data")
    document = json.loads(
        run("search", shop / "red.png", "--data", tmp_path / "data", "--json").stdout
    )
    first = document["garments"][0]["results"][0]
    assert (first["product_id"], first["title"], first["category"]) == ("red", "T-Shirt", "T-Shirt")


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ("title,price\nTee,5\n", "no column for id and photos"),
        ("", "empty"),
        ("id,photo\n", "no rows"),
    ],
)
def test_index_refuses_a_bad_feed_in_one_line(tmp_path: Path, feed: str, said: str):
    (tmp_path / "feed.csv").write_text(feed)
    assert said in reason_of(run("index", "feed.csv", "--data", "data", code=1))


def test_index_refuses_what_is_not_there(tmp_path: Path, shop: Path):
    assert "no-such" in reason_of(run("index", "no-such.csv", code=1))
    (tmp_path / "empty").mkdir()
    assert "no photos" in reason_of(run("index", "empty", code=1))
    failed = run("index", shop / "feed.csv", "--photos", "no-such-folder", code=1)
    assert "no-such-folder" in reason_of(failed)
    (tmp_path / "file").touch()
    assert "file" in reason_of(run("index", shop / "feed.csv", "--data", "file", code=1))


def test_index_of_nothing_but_bad_photos_fails(tmp_path: Path):
    (tmp_path / "bad").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "bad" / name).write_bytes(b"no photo")
    result = run("index", "bad", "--data", "data", code=1)
    assert "none of 2 photos could be read" in result.stderr.splitlines()[-1]


def test_index_refuses_another_models_catalogue(
    catalogue: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(session, "load_embedder", lambda settings: BlockEmbedder("other/2"))
    # Indexing what has not changed needs no model, so only a search compares them.
    reason = reason_of(run("search", shop / "red.png", "--data", catalogue, code=1))
    assert "mean/1" in reason
    assert "other/2" in reason


def test_search_json_is_the_contracts_document(catalogue: Path, shop: Path):
    result = run("search", shop / "suit.png", "--data", catalogue, "-k", 2, "--json")
    document = json.loads(result.stdout)
    assert {"garments", "model", "timings_ms"} <= set(document)
    by_class = {garment["garment_class"]: garment for garment in document["garments"]}
    assert set(by_class) == {"upper", "lower"}
    upper = by_class["upper"]
    assert upper["box"] == [20, 6, 70, 39]
    assert upper["area"] == pytest.approx(50 * 33 / 8100, abs=1e-3)
    assert set(upper["colours"][0]) == {"name", "hex", "share"}
    assert [result["product_id"] for result in upper["results"]] == ["c", "a"]
    assert upper["results"][0]["score"] == pytest.approx(1, abs=1e-3)
    assert [result["product_id"] for result in by_class["lower"]["results"]] == ["c"]


def test_search_prints_a_table_for_people(catalogue: Path, shop: Path):
    shown = run("search", shop / "red.png", "--data", catalogue).stdout
    lines = shown.splitlines()
    assert lines[0].startswith("upper 1.00")
    assert lines[1].split() == ["score", "product", "title", "brand", "price"]
    (shop / "stock.csv").write_text("id,availability\na,out of stock\n")
    run("index", shop / "stock.csv", "--data", catalogue, "--source", "feed")
    *_, last = run("search", shop / "red.png", "--data", catalogue).stdout.strip().splitlines()
    assert last.endswith("out of stock")
    assert "Red tee" in lines[2]
    assert "19.90 EUR" in lines[2]


def test_search_options_narrow_the_answer(catalogue: Path, shop: Path):
    def found(*options: object) -> list[str]:
        arguments = ("search", shop / "suit.png", "--data", catalogue, "--json", *options)
        garments = json.loads(run(*arguments).stdout)["garments"]
        return [each["product_id"] for garment in garments for each in garment["results"]]

    assert found("--class", "lower") == ["c"]
    assert set(found("--class", "upper")) == {"a", "b", "c"}
    assert found("--class", "upper", "--filter", "brand=Other") == ["b"]
    assert found("--filter", "brand=Acme", "--filter", "price_max=50") == ["a"]
    assert found("--class", "upper", "-k", 1, "--colour-weight", 1) == ["c"]


def test_search_by_words_needs_no_photo_and_names_what_it_does_not_know(catalogue: Path):
    result = run("search", "--words", "pink silk tee", "--data", catalogue, "--json", code=0)
    document = json.loads(result.stdout)
    assert document["words"]["unknown_words"] == ["silk"]
    assert [each["product_id"] for each in document["results"]] == ["b"]  # "Pink tee"
    shown = run("search", "--words", "dotted silk tee", "--data", catalogue)
    assert "not known and not used: silk" in shown.stderr
    goods = run("search", "--words", "pink sandals", "--data", catalogue)
    assert "no sandals in this catalogue" in goods.stderr
    red = json.loads(run("search", "--words", "red tee", "--data", catalogue, "--json").stdout)
    assert {each["product_id"] for each in red["results"]} == {"a", "b"}
    run("search", "--data", catalogue, code=2)


def test_search_in_another_colour(catalogue: Path, shop: Path):
    command = ("search", shop / "red.png", "--data", catalogue, "--json", "--colour-weight", 1)
    pink = json.loads(run(*command, "--in-colour", "#fa7878").stdout)
    assert pink["garments"][0]["results"][0]["product_id"] == "b"
    assert "#rrggbb" in reason_of(run(*command, "--in-colour", "plaid", code=1))


def test_search_explains_its_first_results(catalogue: Path, shop: Path):
    run("search", shop / "suit.png", "--data", catalogue, "--explain", "why", "-k", 1)
    assert sorted(path.name for path in Path("why").iterdir()) == [
        "garment-1.png",
        "garment-2.png",
    ]


def test_search_without_a_garment_says_so_and_uses_the_whole_photo(catalogue: Path, tmp_path: Path):
    save_blocks(tmp_path / "white.png")
    result = run("search", "white.png", "--data", catalogue, "--json")
    document = json.loads(result.stdout)
    assert document["note"]
    assert document["garments"][0]["whole_photo"] is True
    assert "no garment" in run("search", "white.png", "--data", catalogue).stderr


def test_boxes_are_in_the_photos_own_pixels_though_it_is_reduced(catalogue: Path, tmp_path: Path):
    save_blocks(tmp_path / "large.png", (200, 10, 10), width=3200)
    document = json.loads(run("search", "large.png", "--data", catalogue, "--json").stdout)
    # Three of its pixels are one of the reduced photo.
    assert document["garments"][0]["box"] == pytest.approx([20, 6, 3180, 84], abs=3)


def test_search_refuses_an_unknown_filter_by_naming_those_there_are(catalogue: Path, shop: Path):
    command = ("search", shop / "red.png", "--data", catalogue, "--filter")
    assert "brand" in reason_of(run(*command, "size=9", code=1))
    assert "FIELD=VALUE" in reason_of(run(*command, "brand", code=1))


def test_search_without_a_catalogue_says_how_to_make_one(shop: Path, tmp_path: Path):
    reason = reason_of(run("search", shop / "red.png", "--data", "none", "--json", code=1))
    assert "apparel index" in reason
    assert not (tmp_path / "none").exists()


BAD_PHOTOS = {
    "text": b"not an image at all",
    "empty": b"",
    "truncated": jpeg_of(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8))[:2000],
    "huge": png_promising(50_000, 50_000),
}


@pytest.mark.parametrize("kind", BAD_PHOTOS)
@pytest.mark.parametrize("command", ["search", "segment", "embed"])
def test_a_bad_photo_is_one_line_and_1(tmp_path: Path, catalogue: Path, kind: str, command: str):
    (tmp_path / "bad.jpg").write_bytes(BAD_PHOTOS[kind])
    options = {
        "search": ("--data", catalogue, "--json"),
        "segment": ("--out", "out"),
        "embed": ("--out", "out.npz"),
    }[command]
    result = run(command, "bad.jpg", *options, code=1)
    last = result.stderr.splitlines()[-1]
    assert last.startswith("apparel: ")
    assert "Traceback" not in result.output
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "RGBA", "P"])
def test_odd_but_good_photos_are_searched(tmp_path: Path, catalogue: Path, mode: str):
    save_blocks(tmp_path / "red.png", (200, 10, 10))
    with Image.open(tmp_path / "red.png") as image:
        if mode == "I;16":
            Image.fromarray(np.array(image.convert("L"), np.uint16) * 257).save("odd.png")
        else:
            image.convert(mode).save("odd.jpg" if mode == "CMYK" else "odd.png")
    name = "odd.jpg" if mode == "CMYK" else "odd.png"
    document = json.loads(run("search", name, "--data", catalogue, "--json").stdout)
    assert document["garments"][0]["results"]
    assert document["garments"][0]["whole_photo"] is (mode == "I;16")
