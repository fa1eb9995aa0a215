"""The Python clients against a running server."""

import asyncio
import base64
import inspect
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from catalog.data_folder.layout import LOCAL_TOKEN
from search_app.app import create_app
from search_app.client import ApiError, AsyncClient, Client, Examples, PhotoQuery
from search_app.documents import (
    EventRequest,
    ImportChoices,
    ImportDocument,
    ImportRequest,
    ProductChanges,
    VectorRequest,
)
from search_app.settings import Settings
from tests.fakes import COLOUR_DIMENSION, STYLE_DIMENSION, draw_photo
from tests.load.server import served
from tests.ports import free_port
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
        blue = shop.search(query.read_bytes(), k=1, in_colour="blue")
        assert blue.garments[0].results[0].product_id == "blue/top?"
        assert shop.find("green top", k=1).results[0].product_id == "green/top?"
        assert len(shop.similar("red/top?", k=3).results) == 2
        vector = [1.0] * (STYLE_DIMENSION + COLOUR_DIMENSION)
        nearest = shop.search_vector(VectorRequest(vector=vector, garment_class="upper", k=2))
        assert len(nearest.results) == 2
        segmented = shop.segment(str(query))
        assert base64.b64decode(segmented.mask_png).startswith(b"\x89PNG")
        assert shop.photo(garment.results[0].photo_url).startswith(b"\xff\xd8")


def test_client_steers_a_search(address: tuple[str, str], query: Path) -> None:
    with Client(address[0]) as shop:
        part = PhotoQuery(query, region=(20, 50, 100, 100))
        assert shop.search(part, k=1).garments[0].box == (20, 50, 100, 100)
        (garment,) = shop.search(query, k=3).garments
        of = {each.product_id: each.garment_id for each in garment.results}
        blue = Examples(more_like=(of["blue/top?"],), less_like=(of["red/top?"],))
        by_photo, by_product = (
            shop.search(query, k=3, examples=blue),
            shop.similar("red/top?", k=2, examples=blue),
        )
        assert by_photo.garments[0].results[0].product_id == "blue/top?"
        assert by_product.results[0].product_id == "blue/top?"
        both = shop.search(PhotoQuery(query, further_photos=(query, query.read_bytes())), k=1)
        assert both.garments[0].results[0].product_id == "red/top?"
        assert shop.explain(query, of["red/top?"]).startswith(b"\x89PNG")


def test_client_imports_a_feed(address: tuple[str, str], tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("id,name,photo\nscarf,Scarf,gone.jpg\n,no id,gone.jpg\n")

    def ended(job: ImportDocument) -> ImportDocument:
        deadline = time.monotonic() + 60
        while job.ended_at is None:
            assert time.monotonic() < deadline, job
            job = shop.import_job(job.id)
        return job

    with Client(*address) as shop:
        tried = ended(shop.import_feed(feed, ImportChoices(map=["title=name"], dry_run=True)))
        assert (tried.options.dry_run, tried.products_new, tried.rejected) == (True, 1, 1)
        done = ended(shop.apply_import(tried.id))
        assert (done.state, done.products_new) == ("done", 1)
        assert shop.imports().imports[0].id == done.id
        assert b"no id" in shop.import_rejects(done.id)
        with pytest.raises(ApiError, match="is done"):
            shop.cancel_import(done.id)
        with pytest.raises(ApiError, match="path: "):
            shop.import_named(ImportRequest(path="feed.csv"))
        assert shop.sources().sources == []
        with pytest.raises(ApiError, match="absent"):
            shop.run_source("absent/shop")
        shop.remove_product("scarf")


def sent_requests(query: Path) -> list[httpx2.Request]:
    """What each method sends, every option given."""
    sent: list[httpx2.Request] = []

    def keep(request: httpx2.Request) -> httpx2.Response:
        request.read()
        sent.append(request)
        return httpx2.Response(418)

    http = httpx2.Client(base_url=HOME, transport=httpx2.MockTransport(keep))
    shop = Client(HOME, http=http)
    photo = PhotoQuery(query, (1, 2, 3, 4), (query,))
    examples = Examples((1,), (2,))
    choices = ImportChoices(
        map=["title=name"], dry_run=True, source="s", clear_empty=True, prune=True,
        prune_all=True, refresh_photos=True,
    )  # fmt: skip
    vector = VectorRequest(vector=[1.0], garment_class="upper", in_colour="red")
    event = EventRequest(search_id="s", event="click", product_id="p", position=1)
    everything = ("upper", 5, 0.5, ["brand=Acme"], "red top", "blue")
    calls = (
        lambda: shop.search(photo, *everything, examples),
        lambda: shop.search("https://shop.example/a.jpg"),
        lambda: shop.segment(query),
        lambda: shop.explain(query, 1, 1, 0.5),
        lambda: shop.find("red", 5, ["brand=Acme"], "upper"),
        lambda: shop.similar("p", 5, ["brand=Acme"], "upper", 0.5, "red", 1, examples),
        lambda: shop.search_vector(vector),
        lambda: shop.facets(["brand=Acme"], ["fit"], 5),
        lambda: shop.send_event(event),
        lambda: shop.products(2, "red", ["brand=Acme"], 5, "x"),
        lambda: shop.product("p"),
        lambda: shop.add_product("p", "P", [query], ProductChanges(brand="Acme")),
        lambda: shop.change_product("p", ProductChanges(brand="Acme")),
        lambda: shop.remove_product("p"),
        lambda: shop.import_feed(query, choices),
        lambda: shop.import_named(ImportRequest(url="https://shop.example/feed.csv")),
        shop.imports,
        lambda: shop.import_job("j"),
        lambda: shop.cancel_import("j"),
        lambda: shop.resume_import("j"),
        lambda: shop.apply_import("j"),
        lambda: shop.import_rejects("j"),
        shop.sources,
        lambda: shop.source("s"),
        lambda: shop.run_source("s", force=True),
    )
    for call in calls:
        with pytest.raises(ApiError, match="418"):
            call()
    return sent


def test_client_knows_every_route_and_every_parameter_of_it(query: Path) -> None:
    paths = create_app(Settings()).openapi()["paths"]
    routes = {
        (method.upper(), path): {
            each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
        }
        for path, operations in paths.items()
        for method, operation in operations.items()
        if path.startswith("/api/v1") and "webhooks" not in path
    }
    sent = sent_requests(query)
    for (method, path), parameters in routes.items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        of_route = [
            each for each in sent if each.method == method and pattern.fullmatch(each.url.path)
        ]
        assert of_route, f"{method} {path} is not in the client"
        if method != "POST" or path.endswith("/run"):
            assert {name for each in of_route for name in each.url.params} == parameters
    forms = b"".join(each.content for each in sent if each.url.path == "/api/v1/search")
    fields = {name.decode() for name in re.findall(rb'form-data; name="(\w+)"', forms)}
    schema = create_app(Settings()).openapi()["components"]["schemas"]["PhotoSearch"]
    # `filter` is another name of `filters`; an address is sent without a photo.
    assert fields | {"filter", "url"} == set(schema["properties"])


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
    def methods(client: type) -> dict[str, str]:
        found = inspect.getmembers(client, inspect.isfunction)
        return {name: inspect.getdoc(each) or "" for name, each in found if name[0] != "_"}

    assert methods(Client) == methods(AsyncClient)


def test_importing_the_client_loads_nothing_heavy() -> None:
    heavy = {"numpy", "scipy", "PIL", "torch", "faiss", "sqlalchemy", "fastapi", "lxml"}
    code = (
        f"import search_app.client, sys; sys.exit(', '.join({heavy!r} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
