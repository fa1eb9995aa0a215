import asyncio
import threading
import time

import pytest

from search_app.errors import Busy
from search_app.inference import InferenceLine


def test_work_runs_one_at_a_time_off_the_event_loop() -> None:
    running = 0
    most = 0
    threads = set()

    def work() -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        threads.add(threading.get_ident())
        time.sleep(0.01)
        running -= 1
        return 7

    async def main() -> list[int]:
        line = InferenceLine(max_waiting=10)
        answers = await asyncio.gather(*(line.run(work) for _ in range(5)))
        line.close()
        return answers

    assert asyncio.run(main()) == [7] * 5
    assert most == 1
    assert threading.get_ident() not in threads


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
