"""The drawn shop: complete rows, photos that exist, the same shop for the same seed."""

import csv
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from search_app.cli.demo import (
    ARTICLES,
    BRANDS,
    PATTERN_WORDS,
    SAMPLES,
    draw_demo,
    draw_sample,
    sample_photos,
)
from segmentation.drawing import KINDS
from segmentation.drawing.fabrics import Pattern
from segmentation.photos import read_photo

COUNT = 26
SMALL = (150, 200)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shop")
    draw_demo(out, COUNT, seed=7, size=SMALL, workers=1)
    return out


def rows_of(feed: Path) -> list[dict[str, str]]:
    with feed.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_feed_is_complete(shop: Path) -> None:
    rows = rows_of(shop / "products.csv")
    assert len(rows) == COUNT
    assert list(rows[0])[:3] == ["id", "title", "brand"]
    assert len({row["id"] for row in rows}) == COUNT
    for row in rows:
        assert row["brand"] in BRANDS
        assert Decimal(row["price"]) > 5
        assert row["currency"] == "EUR"
        assert row["title"].endswith(f", {row['colour'].title()}")
        assert row["availability"] in {"in stock", "out of stock", "preorder"}
        assert row["url"].endswith(row["id"])


def test_every_kind_comes_up(shop: Path) -> None:
    """One round of the kinds fits into COUNT, so every category is there."""
    categories = {row["category"] for row in rows_of(shop / "products.csv")}
    assert categories == {article.category for article in ARTICLES.values()}


def test_photos_exist_and_nothing_else(shop: Path) -> None:
    rows = rows_of(shop / "products.csv")
    named = [name for row in rows for name in row["photos"].split("|")]
    assert sorted(named) == sorted(f"photos/{path.name}" for path in (shop / "photos").iterdir())
    assert COUNT < len(named) < 2 * COUNT
    assert read_photo(shop / named[0]).shape == (200, 150, 3)


def test_same_seed_same_shop_whoever_draws_it(shop: Path, tmp_path: Path) -> None:
    draw_demo(tmp_path, 4, seed=7, size=SMALL, workers=2)
    assert rows_of(tmp_path / "products.csv") == rows_of(shop / "products.csv")[:4]
    for photo in (tmp_path / "photos").iterdir():
        assert photo.read_bytes() == (shop / "photos" / photo.name).read_bytes()


def test_another_seed_another_shop(shop: Path, tmp_path: Path) -> None:
    draw_demo(tmp_path, 2, seed=8, size=SMALL, workers=1)
    assert rows_of(tmp_path / "products.csv") != rows_of(shop / "products.csv")[:2]


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def watch(done: int, total: int) -> None:
        seen.append((done, total))

    draw_demo(tmp_path, 3, progress=watch, size=SMALL, workers=1)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_samples_are_photos_of_their_own(shop: Path, tmp_path: Path) -> None:
    samples = sample_photos(tmp_path)
    assert samples[0].name == "red_tee.jpg"
    assert 4 <= len(samples) <= 6
    photo = read_photo(samples[0])
    red, green, blue = np.median(photo[280:360, 200:280].reshape(-1, 3), axis=0)
    assert red > 1.6 * max(green, blue)
    catalogue = {path.read_bytes() for path in (shop / "photos").iterdir()}
    assert not catalogue & {path.read_bytes() for path in samples}


def test_samples_show_what_their_names_say() -> None:
    for sample in SAMPLES:
        kinds = {design.kind for design in draw_sample(sample, size=(96, 128)).designs}
        assert sample.kind in kinds
        if "jeans" in sample.name:
            assert "jeans" in kinds


def test_every_kind_and_pattern_has_words() -> None:
    assert set(ARTICLES) == set(KINDS)
    assert set(PATTERN_WORDS) == {pattern.value for pattern in Pattern}
