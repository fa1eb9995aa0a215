"""`apparel demo`, serve and doctor."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from search_app.cli import server
from tests.ports import free_port
from tests.search_app.cli.harness import reason_of, run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int, int]]]:
    """Stands in for the server: notes address and products that would be served."""
    calls: list[tuple[str, int, int]] = []
    monkeypatch.setattr(
        server,
        "_serve",
        lambda settings, collection: calls.append(
            (settings.host, settings.port, collection.status().products)
        ),
    )
    return calls


def test_serve_opens_the_catalogue_and_the_address(catalogue: Path, served: list):
    port = free_port()
    run("serve", "--data", catalogue, "--port", port)
    assert served == [("127.0.0.1", port, 4)]


def test_serve_creates_an_empty_catalogue_only_on_request(served: list):
    port = free_port()
    assert "no catalogue" in reason_of(run("serve", "--data", "new", "--port", port, code=1))
    run("serve", "--data", "new", "--port", port, "--create")
    assert served == [("127.0.0.1", port, 0)]


def test_server_that_others_reach_warns_while_it_has_no_keys(
    catalogue: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)

    def told(*options: str) -> str:
        return run("serve", "--data", catalogue, "--port", free_port(), *options).stderr

    assert "warning" not in told()
    assert re.search(r"http://127.0.0.1:\d+/admin\?ticket=[\w-]{43}\n", told())
    assert "ticket" not in told("--host", "0.0.0.0")
    assert "it has no keys" in told("--host", "0.0.0.0")
    assert "without a key" in told("--insecure-local-writes")
    monkeypatch.setenv("APPAREL_INSECURE_LOCAL_WRITES", "true")
    assert "without a key" in told()
    monkeypatch.delenv("APPAREL_INSECURE_LOCAL_WRITES")
    run("keys", "add", "robot", "--data", catalogue)
    assert "warning" not in told("--host", "0.0.0.0")


def test_serve_on_a_taken_port_is_one_line(catalogue: Path, served: list):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "--port" in reason_of(run("serve", "--data", catalogue, "--port", port, code=1))
    assert served == []


def test_demo_indexes_what_was_drawn_and_serves_it(shop: Path, tmp_path: Path, served: list):
    # What was drawn once is not drawn again.
    shop.rename(tmp_path / "moved")
    (tmp_path / "data").mkdir()
    (tmp_path / "moved").rename(tmp_path / "data" / "demo")
    (tmp_path / "data" / "demo" / "feed.csv").rename(tmp_path / "data" / "demo" / "products.csv")
    run("demo", "--data", "data", "--no-serve")
    assert served == []
    port = free_port()
    result = run("demo", "--data", "data", "--port", port)
    first, second, third, *_ = result.stderr.splitlines()
    assert first.startswith("loading the networks")
    assert second.startswith("loaded blocks/1")
    assert third.startswith("0 garments of 0 photos added, ")
    assert served == [("127.0.0.1", port, 4)]


def test_doctor_tells_each_check_and_how_to_mend_it(
    catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("APPAREL_SEGMENTER", str(tmp_path / "absent.safetensors"))
    result = run("doctor", "--data", catalogue, "--json", code=1)
    document = json.loads(result.stdout)
    checks = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is False
    for name in ("python", "torch", "torchvision", "faiss", "data folder", "database"):
        assert checks[name]["ok"], checks[name]
    assert not checks["segmenter weights"]["ok"]
    assert "APPAREL_SEGMENTER" in checks["segmenter weights"]["remedy"]
    assert "segmenter weights" in result.stderr
