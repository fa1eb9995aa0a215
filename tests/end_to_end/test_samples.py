"""The samples of the home page find their kind first in the demo's catalogue."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, ResultCard, open_collection
from indexing.embedding.embedder import PhotoEmbedder
from indexing.search.results import nothing_close
from search_app.cli.demo import SAMPLES, draw_product, product_specs, sample_photos
from search_app.pages.regions import best_garment
from search_app.search.query_photo import embed_query
from search_app.search.search import SearchOptions, search_garment
from segmentation.photos import read_photo

SHOP: Final = 320
OTHERS: Final = 5
"""One in so many of the other products is drawn, as all would take a minute."""
FIRST: Final = 5
KINDS: Final = {
    "red_tee.jpg": ("T-Shirts", "Tops"),
    "striped_top_and_jeans.jpg": ("T-Shirts", "Tops", "Knitwear"),
    "floral_dress.jpg": ("Dresses",),
    "checked_shirt.jpg": ("Shirts",),
    "blue_jeans.jpg": ("Jeans",),
    "pleated_skirt.jpg": ("Skirts",),
}
"""Categories that a shopper would call the sample's kind."""


@pytest.fixture(scope="module")
def shop(embedder: PhotoEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """The part of the demo's catalogue that resembles a sample, and some of the rest."""
    folder = tmp_path_factory.mktemp("samples")
    (folder / "photos").mkdir()
    specs = product_specs(folder / "photos", SHOP, 7, (300, 400))
    drawn = [draw_product(each) for each in specs if each.like or each.number % OTHERS == 1]
    rows = (
        ProductRow(
            id=each.id,
            title=each.title,
            photos=tuple(each.photos.split("|")),
            brand=each.brand,
            category=each.category,
            availability=each.availability,
        )
        for each in drawn
    )
    opened = open_collection(folder / "data", embedder)
    opened.index(Feed(rows=tuple(rows), folder=folder))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_photos(tmp_path_factory.mktemp("photos"))[0].parent


def results_of(shop: Collection, embedder: PhotoEmbedder, sample: Path) -> list[ResultCard]:
    """The first results of the page: of the garment that is chosen at first."""
    garments = embed_query(embedder, read_photo(sample)).garments
    chosen = garments[best_garment(garments)]
    return search_garment(shop, chosen, SearchOptions(k=FIRST))


@pytest.mark.parametrize("name", [each.name for each in SAMPLES])
def test_first_five_are_of_the_kind_of_the_sample(
    shop: Collection, embedder: PhotoEmbedder, samples: Path, name: str
) -> None:
    found = results_of(shop, embedder, samples / name)
    assert {card.category for card in found} <= set(KINDS[name]), found
    assert not nothing_close(found, SearchOptions().colour_weight)
