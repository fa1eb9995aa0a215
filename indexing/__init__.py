"""Visual search for clothing as a library: index photos, search with a photo.

    from pathlib import Path
    from indexing import Query, load_embedder, open_collection, read_folder, read_photo

    shop = open_collection(Path("shop-data"), load_embedder())
    shop.index(read_folder(Path("photos")))
    for garment in shop.embed(read_photo(Path("street.jpg"))):
        for result in shop.results(Query.of(garment)):
            print(garment.garment.garment_class.label, result.title, round(result.score, 2))

Your own masks can replace the segmenter's: `shop.embed(photo, mask, garment_class)` for a query,
and `load_embedder(segmenter)` with any `indexing.types.PhotoSegmenter` for a catalogue. Names are
imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from catalog.feeds.folder import read_folder as read_folder
    from catalog.feeds.reader import read_feed as read_feed
    from catalog.filtering.filters import Filters as Filters
    from indexing.collection import Collection as Collection
    from indexing.collection import open_collection as open_collection
    from indexing.embedding.wiring import load_embedder as load_embedder
    from indexing.search.query import Query as Query
    from indexing.search.results import ResultCard as ResultCard
    from indexing.types import EmbeddedGarment as EmbeddedGarment
    from indexing.types import Hit as Hit
    from segmentation.photos import read_photo as read_photo

_MODULES: Final = {
    "Collection": "indexing.collection",
    "EmbeddedGarment": "indexing.types",
    "Filters": "catalog.filtering.filters",
    "Hit": "indexing.types",
    "Query": "indexing.search.query",
    "ResultCard": "indexing.search.results",
    "load_embedder": "indexing.embedding.wiring",
    "open_collection": "indexing.collection",
    "read_feed": "catalog.feeds.reader",
    "read_folder": "catalog.feeds.folder",
    "read_photo": "segmentation.photos",
}

__all__ = [*_MODULES]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
