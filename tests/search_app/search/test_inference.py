import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from indexing.types import EmbeddedPhoto
from search_app.errors import Busy
from search_app.search.inference import BATCH, BatchingEmbedder, InferenceLine
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder


def test_work_runs_beside_the_event_loop() -> None:
    threads = set()

    def work() -> int:
        threads.add(threading.get_ident())
        time.sleep(0.05)
        return 7

    async def main() -> tuple[list[int], int]:
        line = InferenceLine(max_waiting=10)
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.001)
                turns += 1

        counting = asyncio.create_task(count_turns())
        answers = await asyncio.gather(*(line.run(work) for _ in range(5)))
        counting.cancel()
        line.close()
        return answers, turns

    answers, turns = asyncio.run(main())
    assert answers == [7] * 5
    assert threading.get_ident() not in threads
    assert turns >= 5


def test_full_line_refuses_and_takes_again_later() -> None:
    async def main() -> tuple[int, int]:
        go = threading.Event()
        line = InferenceLine(max_waiting=2)
        waiting = [asyncio.create_task(line.run(lambda: go.wait(5))) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="try again"):
            await line.run(lambda: True)
        full = line.inside
        go.set()
        await asyncio.gather(*waiting)
        await line.run(lambda: True)
        line.close()
        return full, line.inside

    assert asyncio.run(main()) == (3, 0)


def test_failed_work_leaves_the_line() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def main() -> int:
        line = InferenceLine(max_waiting=1)
        with pytest.raises(ValueError, match="no"):
            await line.run(fail)
        await asyncio.sleep(0)
        line.close()
        return line.inside

    assert asyncio.run(main()) == 0


class CountingEmbedder(FakeEmbedder):
    """Notes the size of each call, fails on a black photo, waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.inside = 0
        self.entered = threading.Event()
        self.go = threading.Event()

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        self.inside += 1
        assert self.inside == 1
        self.sizes.append(len(photos))
        self.entered.set()
        assert self.go.wait(10)
        self.inside -= 1
        if any(not photo.any() for photo in photos):
            raise ValueError("black")
        return super().embed(photos)


def photo_of(width: int, value: int = 255) -> Photo:
    return np.full((40, width, 3), value, np.uint8)


def gather(photos: list[Photo]) -> tuple[list[int], list[Callable[[], EmbeddedPhoto]]]:
    """Embed from a thread each while the first call keeps the models busy."""
    models = CountingEmbedder()
    shared = BatchingEmbedder(models)
    with ThreadPoolExecutor(len(photos) + 1) as threads:
        threads.submit(shared.embed, [photo_of(20)])
        assert models.entered.wait(10)
        answers = [threads.submit(lambda each=photo: shared.embed([each])[0]) for photo in photos]
        while len(shared._waiting) < len(photos):
            time.sleep(0.001)
        models.go.set()
    shared.close()
    return models.sizes, [answer.result for answer in answers]


def test_waiting_photos_share_a_call_and_each_gets_its_own_answer() -> None:
    widths = range(30, 41)
    sizes, answers = gather([photo_of(width) for width in widths])
    assert sizes == [1, BATCH, 3]
    assert [answer().width for answer in answers] == list(widths)


def test_photo_that_breaks_a_call_breaks_no_other() -> None:
    sizes, answers = gather([photo_of(30), photo_of(31, 0), photo_of(32)])
    assert sizes == [1, 3, 1, 1, 1]
    assert [answers[0]().width, answers[2]().width] == [30, 32]
    with pytest.raises(ValueError, match="black"):
        answers[1]()


def test_lone_photo_does_not_wait_for_company() -> None:
    models = CountingEmbedder()
    models.go.set()
    shared = BatchingEmbedder(models)
    assert shared.embed([photo_of(50), photo_of(51)])[1].width == 51
    assert shared.embed_whole(photo_of(52)).whole_photo
    assert (shared.turns, shared.photos) == (1, 2)
    assert shared.fingerprint == models.fingerprint
    shared.close()


def test_many_photos_of_one_call_are_done_in_parts() -> None:
    models = CountingEmbedder()
    models.go.set()
    shared = BatchingEmbedder(models)
    answers = shared.embed([photo_of(30 + place) for place in range(BATCH + 3)])
    assert [answer.width for answer in answers] == list(range(30, 30 + BATCH + 3))
    assert models.sizes == [BATCH, 3]
    assert shared.embed([]) == []
    shared.close()
