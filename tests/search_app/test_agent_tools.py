"""`apparel mcp` over stdio, by the protocol's own client, on a catalogue of the real networks."""

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver.exceptions import ToolError

from catalog.data_folder.layout import LOCAL_TOKEN
from catalog.feeds.reader import read_feed
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from search_app.agent_tools import read_photo
from search_app.cli.demo import draw_demo, sample_photos
from tests.load.server import served
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
APPAREL = "from search_app.cli.main import main; main()"
Answers = dict[str, Any]


def test_huge_file_is_read_up_to_the_size_of_a_photo(tmp_path: Path) -> None:
    (tmp_path / "huge.jpg").touch()
    os.truncate(tmp_path / "huge.jpg", 10**12)
    with pytest.raises(ToolError, match="the limit is 30 MB"):
        read_photo(str(tmp_path / "huge.jpg"))


def test_folder_of_an_unknown_user_is_no_photo() -> None:
    with pytest.raises(ToolError, match="photo"):
        read_photo("~no_such_user/a.jpg")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few drawn products and sample photos."""
    data = tmp_path_factory.mktemp("agents")
    sample_photos(data)
    collection = open_collection(data, load_embedder())
    collection.index(read_feed(draw_demo(data / "demo", 8, 3, size=(240, 320), workers=1)))
    collection.close()
    return data


async def _ask(options: list[str], questions: dict[str, tuple[str, dict[str, Any]]]) -> Answers:
    """Answers of the tools by question; a text where a tool refused."""
    server = StdioServerParameters(
        command=sys.executable, args=["-c", APPAREL, "mcp", *options], cwd=ROOT,
        env=dict(os.environ),
    )  # fmt: skip
    async with Client(server) as client:
        answers: Answers = {"tools": [tool.name for tool in (await client.list_tools()).tools]}
        for name, (tool, arguments) in questions.items():
            result = await client.call_tool(tool, arguments)
            answers[name] = (
                getattr(result.content[0], "text", "")
                if result.is_error
                else result.structured_content
            )
    return answers


@pytest.fixture(scope="module")
def answers(shop: Path) -> Answers:
    """What the tools of the data folder answer."""
    photo = shop / "samples" / "red_tee.jpg"
    secret = shop / "secret.txt"
    secret.write_text("not for servers")
    questions = {
        "path": ("search_by_photo", {"photo": str(photo), "count": 2}),
        "base64": (
            "search_by_photo",
            {"photo": base64.b64encode(photo.read_bytes()).decode(), "count": 2},
        ),
        "words": ("search_by_words", {"words": "dress", "count": 3}),
        "similar": ("similar_products", {"product_id": "demo-0001", "count": 3}),
        "product": ("product", {"product_id": "demo-0001"}),
        "filters": ("filter_values", {}),
        "no product": ("product", {"product_id": "none"}),
        "no photo": ("search_by_photo", {"photo": str(secret)}),
        "mistyped": ("search_by_words", {"words": "dress", "filters": ["brandd=Ostra"]}),
    }
    return asyncio.run(_ask(["--data", str(shop)], questions))


def test_tools_search_a_data_folder(answers: Answers) -> None:
    assert answers["tools"] == [
        *("search_by_photo", "search_by_words", "similar_products", "product", "filter_values")
    ]
    (garment,) = answers["path"]["garments"]
    assert garment["garment_class"] == "upper"
    assert len(garment["results"]) == 2
    (again,) = answers["base64"]["garments"]
    assert again | {"search_id": None} == garment | {"search_id": None}
    assert answers["words"]["words"]["garment_class"] == "whole"
    assert all(each["product_id"] != "demo-0001" for each in answers["similar"]["results"])
    assert answers["product"]["id"] == "demo-0001"
    assert answers["product"]["brand"] in [each["value"] for each in answers["filters"]["brand"]]


def test_refusals_say_what_to_do(answers: Answers) -> None:
    assert "no product 'none'" in answers["no product"]
    assert "not a photo" in answers["no photo"]
    assert "no field 'brandd'" in answers["mistyped"]


def test_tools_use_a_server(tmp_path: Path) -> None:
    port = free_port()
    question = {"words": ("search_by_words", {"words": "dress"})}
    server = ["--server", f"http://127.0.0.1:{port}"]
    with served(tmp_path / "data", port, 0.0, APPAREL_API_READS="False"):
        assert "this needs a key" in asyncio.run(_ask(server, question))["words"]
        key = (tmp_path / "data" / LOCAL_TOKEN).read_text().strip()
        assert asyncio.run(_ask([*server, "--key", key], question))["words"]["results"] == []
