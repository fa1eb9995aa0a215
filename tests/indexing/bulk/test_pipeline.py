"""The bulk pipeline's own promises: each content once, bounded memory, the bottleneck named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.feeds.folder import read_folder
from catalog.importing.records import PendingPhoto
from catalog.photos import PhotoStore
from indexing.bulk.pipeline import AHEAD, BATCH, index_photos
from indexing.bulk.progress import bottleneck
from indexing.bulk.reader import READ_AHEAD
from indexing.clock import StageClock, StageTiming
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo


def test_bytes_that_come_again_are_embedded_once_wherever_they_lie(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for number in range(3 * BATCH):
        # The same two garments and one empty photo all along: within a batch, in the next.
        path = photos / f"{number:03}.png"
        if number % 3:
            draw_photo(path, ("red", "blue")[number % 2])
        else:
            path.parent.mkdir(exist_ok=True)
            draw_empty_photo(path)
    embedder = FakeEmbedder()
    collection = open_collection(tmp_path / "data", embedder)
    summary = collection.index(read_folder(photos))
    assert (summary.indexed, summary.skipped) == (2 * BATCH, BATCH)
    # The empty photo has no garments to be known by: once for each stretch of batches.
    assert embedder.photos_embedded <= 3 + 1
    assert {"embed", "read", "store", "write"} <= {each.stage for each in summary.stages}
    collection.close()


def test_a_long_run_reads_no_further_ahead_than_it_says(tmp_path: Path) -> None:
    for number in range(20):
        draw_photo(tmp_path / "photos" / f"{number}.png", (number * 9, 80, 30))
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    asked: list[int] = []
    done: list[int] = []
    names = [f"{number}.png" for number in range(20)] * 12

    def pending() -> Iterator[PendingPhoto]:
        for number, name in enumerate(names):
            asked.append(number)
            yield PendingPhoto(number + 1, "p", tmp_path / "photos" / name, 0)

    batches = index_photos(
        pending(),
        FakeEmbedder(),
        collection.database,
        1,
        PhotoStore(tmp_path / "data"),
        StageClock(),
    )
    for _ in batches:
        done.append(BATCH)
        assert len(asked) - sum(done) <= READ_AHEAD + AHEAD * BATCH
    assert len(asked) == len(names)
    collection.close()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"wait for models": 8, "wait for reader": 1, "embed": 7}, "embed"),
        ({"wait for models": 1, "wait for reader": 8, "read": 2, "store": 9}, "store"),
        ({"wait for models": 0.2, "write": 9, "look up": 1, "embed": 7}, "write"),
    ],
)
def test_the_bottleneck_is_what_the_others_wait_for(
    seconds: dict[str, float], expected: str
) -> None:
    assert bottleneck([StageTiming(*each) for each in seconds.items()]) == expected
