"""Evaluation ranks as `Collection.search` does, because it searches a collection."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from catalog.feeds.folder import read_folder
from indexing.collection import open_collection
from indexing.evaluation.labelled import LabelledGarment, LabelledPhoto, VectorSet
from indexing.evaluation.retrieval import DEPTHS, search_rankings, split_of
from indexing.search.query import Query
from indexing.types import EmbeddedGarment, EmbeddedPhoto
from segmentation.classes import GARMENT_CLASSES
from segmentation.photos import Photo, read_photo
from tests.fakes import STYLE_DIMENSION, FakeEmbedder, draw_photo

GARMENTS, WEIGHT = 200, 0.3


class RandomEmbedder(FakeEmbedder):
    """Random vectors, seeded by the garment's colour."""

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        return [
            replace(photo, garments=tuple(_random(each) for each in photo.garments))
            for photo in super().embed(photos)
        ]


def _random(garment: EmbeddedGarment) -> EmbeddedGarment:
    generator = np.random.default_rng(int(garment.colours[0].hex[1:], 16))
    halves = np.split(generator.normal(size=len(garment.vector)), [STYLE_DIMENSION])
    vector = np.concatenate([half / np.linalg.norm(half) for half in halves]).astype(np.float32)
    return replace(garment, vector=vector)


def test_evaluation_and_search_rank_200_garments_alike(tmp_path: Path) -> None:
    folder, generator = tmp_path / "many", np.random.default_rng(0)
    for number in range(GARMENTS):
        red, green, blue = (int(each) for each in generator.integers(0, 190, 3))
        draw_photo(folder / f"{number:03}.png", (red, green, blue), GARMENT_CLASSES[number % 3])
    paths = sorted(folder.iterdir())
    photos = RandomEmbedder().embed([read_photo(path) for path in paths])
    embedded = [photo.garments[0] for photo in photos]
    garments = [
        LabelledGarment(
            LabelledPhoto(path, "any", path.name, "both"),
            each.garment.garment_class,
            each.colours,
            (each.garment.garment_class,),
            whole_photo=False,
        )
        for path, each in zip(paths, embedded, strict=True)
    ]
    styles, colours = np.split(
        np.stack([each.vector for each in embedded]), [STYLE_DIMENSION], axis=1
    )
    vectors = VectorSet(styles, colours)
    rankings = search_rankings(split_of(garments), garments, vectors, {("encoder", WEIGHT): False})
    evaluated = rankings["encoder", WEIGHT].neighbours
    collection = open_collection(tmp_path / "data", RandomEmbedder())
    collection.index(read_folder(folder))
    for row, (path, each) in enumerate(zip(paths, embedded, strict=True)):
        query = replace(
            Query.of(each), count=max(DEPTHS), colour_weight=WEIGHT, exclude_product=path.name
        )
        found = [card.product_id for card in collection.results(query)]
        assert [paths[rank].name for rank in evaluated[row]] == found
    collection.close()
