"""Three servers on one database and one folder behind the shipped nginx file, none of them sticky.

They are killed in turn while visitors search, browse and import; LOAD_SECONDS=60 does it longer.
"""

import asyncio
import os
import random
import time
from contextlib import ExitStack
from pathlib import Path

import httpx2

from catalog.data_folder.layout import LOCAL_TOKEN
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder, draw_photo
from tests.load.conftest import RunningServer, Serve
from tests.load.run import Tally, ask
from tests.load.test_jobs import ended
from tests.load.test_load import write_feed
from tests.nginx import nginx, upstream
from tests.ports import free_port

SERVERS = 3
SECONDS = float(os.environ.get("LOAD_SECONDS", "18"))
SECONDS_BETWEEN_KILLS = SECONDS / 6
VISITORS = 4
IMPORTS = 3
PHOTOS = 48


def write_shop(folder: Path) -> None:
    """A feed with ids of its own, and so a source of its own."""
    text = write_feed(folder, PHOTOS).read_text()
    (folder / f"{folder.name}.csv").write_text(text.replace("\np", f"\n{folder.name}-p"))


async def visit(address: str, photos: list[bytes], until: float, tally: Tally) -> None:
    async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
        await asyncio.gather(
            *(ask(http, random.Random(seed), photos, until, tally) for seed in range(VISITORS))
        )


def test_photo_stored_by_one_server_is_shown_by_the_other(tmp_path: Path, serve: Serve) -> None:
    with serve("first", folder="data") as first, serve("second", folder="data") as second:
        photo = draw_photo(tmp_path / "a.png").read_bytes()
        first.http.post(
            "/api/v1/products",
            files={"photos": ("a.png", photo)},
            data={"id": "tee", "title": "Red tee"},
        )
        (shown,) = second.http.get("/api/v1/products/tee").json()["photos"]
        answers = [server.http.get(shown["photo_url"]) for server in (first, second)]
        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].content == answers[1].content


def test_servers_that_are_killed_in_turn_lose_no_import_and_break_no_visit(
    tmp_path: Path, serve: Serve, database_url: str
) -> None:
    for place in range(IMPORTS):
        write_shop(tmp_path / f"shop{place}")
    photos = [draw_photo(tmp_path / f"{each}.png", each).read_bytes() for each in ("red", "blue")]
    ports, listen, tally = [free_port() for _ in range(SERVERS)], free_port(), Tally()
    settings = {
        "APPAREL_TRUSTED_PROXIES": "127.0.0.1",
        "APPAREL_RATE_LIMIT": "off",
        "APPAREL_KEY_RATE_LIMIT": "off",
        "APPAREL_IMPORT_FOLDER": str(tmp_path),
    }
    address = f"http://127.0.0.1:{listen}"
    with ExitStack() as running, nginx(tmp_path / "nginx", upstream(ports, listen), listen):

        def begin(place: int) -> RunningServer:
            return running.enter_context(
                serve(f"server{place}", 0.3, ports[place], "data", **settings)
            )

        servers = [begin(place) for place in range(SERVERS)]
        http = running.enter_context(httpx2.Client(base_url=address, timeout=60))
        http.headers["X-API-Key"] = (tmp_path / "data" / LOCAL_TOKEN).read_text().strip()
        paths = [f"shop{place}/shop{place}.csv" for place in range(IMPORTS)]
        sent = [http.post("/api/v1/imports", json={"path": path}) for path in paths]

        async def visits_and_kills() -> None:
            until = time.monotonic() + SECONDS
            visits = asyncio.create_task(visit(address, photos, until, tally))
            place = 0
            while time.monotonic() + SECONDS_BETWEEN_KILLS < until:
                await asyncio.sleep(SECONDS_BETWEEN_KILLS)
                servers[place].process.kill()
                servers[place].process.wait()
                servers[place] = await asyncio.to_thread(begin, place)
                place = (place + 1) % SERVERS
            await visits

        asyncio.run(visits_and_kills())
        for answer in sent:
            assert ended(http, answer.headers["location"])["state"] == "done"
    statuses = {int(each) if each.isdigit() else each for each in tally.statuses}
    assert statuses <= {200, 429, 503}, tally.statuses
    assert tally.statuses["200"] > 10 * tally.statuses["503"], tally.statuses
    collection = open_collection(tmp_path / "data", FakeEmbedder(), database_url)
    status = collection.status()
    count = IMPORTS * PHOTOS
    assert (status.products, status.photos_indexed, status.photos_pending) == (count, count, 0)
    assert collection.verify() == []
    collection.close()
