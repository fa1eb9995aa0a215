"""The Python clients against a running server."""

import asyncio
import base64
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.data_folder.layout import LOCAL_TOKEN
from search_app.client import ApiError, AsyncClient, Client
from search_app.documents import EventRequest, ProductChanges, VectorRequest
from tests.fakes import COLOUR_DIMENSION, STYLE_DIMENSION, draw_photo
from tests.load.run import free_port
from tests.load.server import served
from tests.search_app.conftest import HOME

ROOT = Path(__file__).parents[2]
COLOURS = ("red", "blue", "green")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and key of a server with three tops."""
    data = tmp_path_factory.mktemp("client") / "data"
    port = free_port()
    with served(data, port, 0.0):
        url = f"http://127.0.0.1:{port}"
        key = (data / LOCAL_TOKEN).read_text().strip()
        with Client(url, key) as shop:
            for price, colour in enumerate(COLOURS, 1):
                photo = draw_photo(data / f"{colour}.png", colour)
                fields = ProductChanges(
                    brand="Acme", price=10 * price, currency="EUR", attributes={"fit": "loose"}
                )
                shop.add_product(f"{colour}/top?", f"{colour} top", [photo], fields)
        yield url, key


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_photo(tmp_path_factory.mktemp("query") / "query.png", "red")


def test_client_searches(address: tuple[str, str], query: Path) -> None:
    with Client(address[0]) as shop:
        (garment,) = shop.search(query, k=2, filters=["price_max=10"]).garments
        assert [each.product_id for each in garment.results] == ["red/top?"]
        blue = shop.search(query.read_bytes(), k=1, in_colour="blue", region=(20, 50, 100, 100))
        assert blue.garments[0].results[0].product_id == "blue/top?"
        assert shop.find("green top", k=1).results[0].product_id == "green/top?"
        assert len(shop.similar("red/top?", k=3).results) == 2
        vector = [1.0] * (STYLE_DIMENSION + COLOUR_DIMENSION)
        nearest = shop.search_vector(VectorRequest(vector=vector, garment_class="upper", k=2))
        assert len(nearest.results) == 2
        segmented = shop.segment(str(query))
        assert base64.b64decode(segmented.mask_png).startswith(b"\x89PNG")
        assert shop.photo(garment.results[0].photo_url).startswith(b"\xff\xd8")


def test_client_reports_what_followed_a_search(address: tuple[str, str], query: Path) -> None:
    with Client(address[0]) as shop:
        (garment,) = shop.search(query, k=1).garments
        assert garment.search_id
        bought = EventRequest(
            search_id=garment.search_id, event="purchase", product_id="red/top?", position=1
        )
        shop.send_event(bought)
        with pytest.raises(ApiError, match="search_id"):
            shop.send_event(bought.model_copy(update={"search_id": "x" * 40}))


def test_client_reads_and_changes_the_catalogue(address: tuple[str, str], query: Path) -> None:
    with Client(*address) as shop:
        assert {each.title for each in shop.all_products(text="top")} >= {"red top", "blue top"}
        assert shop.products(filters=["price_max=20"]).total == 2
        loose = shop.facets(["brand=Acme"], ["fit"]).attributes["fit"]
        assert [(each.value, each.count) for each in loose] == [("loose", 3)]
        shop.add_product("new", "New top", [query.read_bytes()])
        changed = shop.change_product("new", ProductChanges(price=5, title="Sold top"))
        assert (changed.title, changed.price, shop.product("new").brand) == ("Sold top", 5, None)
        shop.remove_product("new")
        with pytest.raises(ApiError, match="no product") as refused:
            shop.product("new")
        assert (refused.value.status, refused.value.code) == (404, "product_not_found")
    with Client(address[0]) as stranger, pytest.raises(ApiError, match="scope write"):
        stranger.remove_product("red/top?")


def test_async_client_does_the_same(address: tuple[str, str], query: Path) -> None:
    async def use() -> list[str]:
        async with AsyncClient(*address) as shop:
            found, words, like = await asyncio.gather(
                shop.search(query, k=1), shop.find("green top", k=1), shop.similar("red/top?", k=1)
            )
            await shop.add_product("new", "New top", [query])
            await shop.change_product("new", ProductChanges(price=5))
            assert (await shop.product("new")).price == 5
            await shop.remove_product("new")
            assert len([each async for each in shop.all_products()]) == len(COLOURS)
            assert (await shop.photo(words.results[0].photo_url)).startswith(b"\xff\xd8")
            results = (found.garments[0].results, words.results, like.results)
            return [each[0].product_id for each in results]

    first, by_words, _ = asyncio.run(use())
    assert (first, by_words) == ("red/top?", "green/top?")


def test_address_of_a_photo_is_fetched_by_the_server(client: TestClient) -> None:
    shop = Client(HOME, http=client)
    # The server refuses its own network: the request has arrived as an address.
    with pytest.raises(ApiError, match="public"):
        shop.search("http://127.0.0.1/photo.jpg")


def test_both_clients_have_the_same_methods() -> None:
    def methods(client: type) -> dict[str, list[str]]:
        found = inspect.getmembers(client, inspect.isfunction)
        return {
            name: list(inspect.signature(each).parameters)
            for name, each in found
            if not name.startswith("_")
        }

    assert methods(Client) == methods(AsyncClient)


def test_importing_the_client_loads_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "PIL", "torch", "faiss", "sqlalchemy", "fastapi", "lxml"}
    code = (
        f"import search_app.client, sys; sys.exit(', '.join({heavy!r} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
