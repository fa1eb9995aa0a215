"""`apparel sync` against a server that plays the shop: feeds, Shopify, WooCommerce, files."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from catalog.database import open_database
from catalog.syncing import lease, reading
from tests.photo_server import Answer, PhotoServer, Request, serving
from tests.search_app.cli.harness import reason_of, run, save_blocks
from tests.search_app.sync.shops import SECOND, SHOPIFY, WOO, page, shopify_entry, woo_entry

FEED = "/feed.csv?key=topsecret"
TABLE = (("Content-Type", "text/csv"), ("ETag", '"v1"'), ("Last-Modified", "Mon, 30 Nov 2026"))
TOKEN = "APPAREL_SYNC_TOKEN"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """A shop's server; a page that fails is asked for twice."""
    monkeypatch.setattr(reading, "LIMITS", replace(reading.LIMITS, attempts=2))
    with serving() as shop:
        yield shop


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def add(data: Path, name: str, address: object, *options: object) -> None:
    run("sync", "add", name, address, *options, "--allow-private-hosts", "--data", data)


def sync(data: Path, *arguments: object, code: int = 0) -> dict[str, Any]:
    """The result of a run of one source."""
    shown = run("sync", "run", *arguments, "--json", "--data", data, code=code)
    (result,) = json.loads(shown.stdout)["sources"]
    return dict(result)


def listed(data: Path) -> dict[str, Any]:
    shown = run("sync", "list", "--json", "--data", data)
    return {each["name"]: each for each in json.loads(shown.stdout)["sources"]}


def products(data: Path) -> list[str]:
    out = data.parent / "products.csv"
    run("export", out, "--data", data)
    return sorted(line.split(",")[0] for line in out.read_text().splitlines()[1:])


def offer(server: PhotoServer, tmp_path: Path, ids: str, colour: tuple[int, int, int]) -> bytes:
    """Serve a photo, and make a feed of these products with it."""
    photo = save_blocks(tmp_path / "drawn.png", colour).read_bytes()
    server.answers["/photo.png"] = Answer(photo)
    rows = [f"{each},Tee {each},{server.url('/photo.png')}" for each in ids]
    return "\n".join(("id,title,image_link", *rows, "")).encode()


def feed_answer(body: bytes, headers: tuple[tuple[str, str], ...] = TABLE):
    def answer(request: Request) -> Answer:
        if request.headers.get("If-None-Match") == dict(headers).get("ETag", "none"):
            return Answer(status=304)
        return Answer(body, headers=headers)

    return answer


def test_feed_is_read_again_only_where_it_changed(
    server: PhotoServer, data: Path, tmp_path: Path
) -> None:
    server.answers[FEED] = feed_answer(offer(server, tmp_path, "abc", (200, 10, 10)))
    add(data, "shop", server.url(FEED), "--every", "6h")
    first = sync(data)
    assert (first["state"], first["outcome"]["new"]) == ("done", 3)
    assert first["address"] == server.url("/feed.csv?...")
    assert "topsecret" not in json.dumps(first)
    assert products(data) == ["a", "b", "c"]
    assert sync(data, "shop")["state"] == "unchanged"
    asked = [each for each in server.requests if each.path == FEED]
    assert "If-None-Match" not in asked[0].headers
    assert asked[1].headers["If-None-Match"] == '"v1"'
    assert asked[1].headers["If-Modified-Since"] == "Mon, 30 Nov 2026"
    # Nothing is due for six hours, and the exit code says that all is well.
    assert json.loads(run("sync", "--json", "--data", data).stdout) == {"sources": []}
    changed = (*TABLE[:1], ("ETag", '"v2"'))
    body = offer(server, tmp_path, "ab", (200, 10, 10))
    server.answers[FEED] = feed_answer(body, changed)
    again = sync(data, "--all")
    assert (again["state"], again["outcome"]["removed"]) == ("done", 1)
    assert products(data) == ["a", "b"]
    assert sync(data, "shop", "--force")["outcome"]["unchanged"] == 2


def test_a_photo_that_failed_for_now_is_fetched_by_the_next_run(
    server: PhotoServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers[FEED] = feed_answer(offer(server, tmp_path, "a", (200, 10, 10)))
    photo = server.answers.pop("/photo.png")
    server.answers["/photo.png"] = Answer(status=503, headers=(("Retry-After", "900"),))
    add(data, "shop", server.url(FEED))
    assert sync(data)["outcome"]["photos_skipped"] == 1
    server.answers["/photo.png"] = photo
    # The feed has not changed, but it was not imported wholly: it is read again.
    assert sync(data, "shop")["outcome"]["photos_indexed"] == 1
    assert sync(data, "shop")["state"] == "unchanged"


def test_a_source_that_shrinks_prunes_only_when_forced(
    server: PhotoServer, data: Path, tmp_path: Path
) -> None:
    server.answers[FEED] = feed_answer(offer(server, tmp_path, "abcde", (200, 10, 10)))
    add(data, "shop", server.url(FEED))
    sync(data)
    few = offer(server, tmp_path, "ax", (200, 10, 10)).replace(b"Tee a", b"Tee anew")
    server.answers[FEED] = feed_answer(few, TABLE[:1])
    for _ in range(2):  # it stays an alert until a person has decided
        shrunk = sync(data, "shop", code=1)
        assert shrunk["state"] == "shrunk"
        assert "lists 2 products, 5 before" in shrunk["message"]
        assert shrunk["outcome"]["removed"] == 0
    assert products(data) == ["a", "b", "c", "d", "e", "x"]
    shown = run("sync", "list", "--data", data)
    assert "shrunk" in shown.stdout
    assert "--force" in shown.stderr
    forced = sync(data, "shop", "--force")
    assert (forced["state"], forced["outcome"]["removed"]) == ("done", 4)
    assert products(data) == ["a", "x"]


def test_new_ids_for_every_product_are_an_alert_too(
    server: PhotoServer, data: Path, tmp_path: Path
) -> None:
    server.answers[FEED] = feed_answer(offer(server, tmp_path, "abc", (200, 10, 10)))
    add(data, "shop", server.url(FEED))
    sync(data)
    server.answers[FEED] = feed_answer(offer(server, tmp_path, "xyz", (200, 10, 10)), TABLE[:1])
    assert "lacks 3 of the 3" in sync(data, "shop", code=1)["message"]
    assert products(data) == ["a", "b", "c", "x", "y", "z"]


def test_shopify_is_read_page_by_page_with_its_token(
    server: PhotoServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, tmp_path, "", (200, 10, 10))
    first = [shopify_entry(server, 1), shopify_entry(server, 2, published_at=None)]
    server.answers[SHOPIFY] = page({"products": first}, server.url(SECOND))
    server.answers[SECOND] = page({"products": [shopify_entry(server, 3)]})
    monkeypatch.setenv(TOKEN, "shpat_1")
    add(data, "shop", server.url(""), "--kind", "shopify", "--token", TOKEN)
    done = sync(data)
    assert (done["outcome"]["kind"], done["outcome"]["new"]) == ("Shopify JSON", 2)
    assert products(data) == ["tee-1", "tee-3"]
    pages = [each for each in server.requests if each.path in (SHOPIFY, SECOND)]
    assert [each.headers.get("X-Shopify-Access-Token") for each in pages] == ["shpat_1"] * 2
    photos = [each for each in server.requests if each.path == "/photo.png"]
    assert photos
    assert not any("X-Shopify-Access-Token" in each.headers for each in photos)


def test_woocommerce_is_read_page_by_page_with_key_and_secret(
    server: PhotoServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, tmp_path, "", (200, 10, 10))
    total = {"X-WP-Total": "3"}
    second = f"{WOO}&page=2"
    server.answers[WOO] = page([woo_entry(server, 1)], server.url(second), **total)
    listed_twice = [woo_entry(server, 1), woo_entry(server, 2), woo_entry(server, 3)]
    server.answers[second] = page(listed_twice, **total)
    monkeypatch.setenv(TOKEN, "ck_1:cs_2")
    add(data, "woo", server.url("/"), "--kind", "woocommerce", "--token", TOKEN)
    assert sync(data)["outcome"]["new"] == 3
    asked = next(each for each in server.requests if each.path == WOO)
    assert asked.headers["Authorization"] == "Basic Y2tfMTpjc18y"
    # One product less is listed than announced: it moved between the pages, and is not gone.
    server.answers[second] = page(listed_twice[:2], **total)
    done = sync(data, "woo")
    assert (done["state"], done["outcome"]["removed"]) == ("done", 0)
    assert any("nothing was pruned" in note for note in done["outcome"]["notes"])
    assert products(data) == ["1", "2", "3"]


def test_woocommerce_products_have_their_variations(
    server: PhotoServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(server, tmp_path, "", (200, 10, 10))
    coat = woo_entry(server, 7, type="variable", regular_price="", variations=[71, 72])
    server.answers[WOO] = page([coat, woo_entry(server, 8)])
    first = "/wp-json/wc/v3/products/7/variations?per_page=100"
    second = "/wp-json/wc/v3/products/7/variations?per_page=100&page=2"
    sizes = [woo_entry(server, 71, regular_price="30.00"), woo_entry(server, 72)]
    server.answers[first] = page(sizes[:1], server.url(second))
    server.answers[second] = page(sizes[1:])
    monkeypatch.setenv(TOKEN, "ck_1:cs_2")
    add(data, "woo", server.url(""), "--kind", "woocommerce", "--token", TOKEN)
    assert sync(data)["outcome"]["new"] == 2
    assert [each for each in server.paths() if "variations" in each] == [first, second]
    out = tmp_path / "out.csv"
    run("export", out, "--data", data)
    with out.open(encoding="utf-8-sig") as file:
        assert {row["id"]: row["price"] for row in csv.DictReader(file)}["7"] == "20"
    # One page of them fails: nothing is changed.
    server.answers[second] = Answer(status=500)
    assert sync(data, "woo", "--force", code=1)["state"] == "failed"


def test_a_shop_that_fails_midway_changes_nothing(
    server: PhotoServer, data: Path, tmp_path: Path
) -> None:
    offer(server, tmp_path, "", (200, 10, 10))
    both = [shopify_entry(server, number) for number in (1, 2)]
    server.answers[SHOPIFY] = page({"products": both})
    add(data, "shop", server.url(""), "--kind", "shopify")
    sync(data)
    server.answers[SHOPIFY] = page({"products": [shopify_entry(server, 9)]}, server.url(SECOND))
    server.answers[SECOND] = Answer(status=500)
    failed = sync(data, "shop", code=1)
    assert failed["state"] == "failed"
    assert "500" in failed["message"]
    assert server.paths().count(SECOND) == 2
    assert products(data) == ["tee-1", "tee-2"]
    status = listed(data)["shop"]
    assert (status["state"], status["outcome"]["new"]) == ("failed", 2)
    # The next try is in a quarter of an hour, not tomorrow.
    assert status["next_run_at"][:14] <= status["ended_at"][:11] + "23:"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (page({"products": []}), "lists no products"),
        (page({"errors": "none"}), "no list of products"),
        (Answer(b"<html>", headers=(("Content-Type", "application/json"),)), "no JSON"),
        (page({"products": [{}]}, "http://other.example/next"), "another host"),
        (Answer(status=401), "refuses the token in APPAREL_SYNC_TOKEN (401)"),
    ],
)
def test_what_is_no_shop_is_named(
    server: PhotoServer, data: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str
) -> None:
    monkeypatch.setenv(TOKEN, "shpat_1")
    server.answers[SHOPIFY] = answer
    add(data, "shop", server.url(""), "--kind", "shopify", "--token", TOKEN)
    assert said in sync(data, code=1)["message"]


def test_a_token_is_a_variable_that_is_there(
    server: PhotoServer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in ("shpat_0123456789", "HOME", "AWS_SECRET_ACCESS_KEY", "APPAREL_DATABASE_URL"):
        refused = run(
            "sync", "add", "shop", server.url(""), "--kind", "shopify", "--token", given,
            "--data", data, code=1,
        )  # fmt: skip
        assert "begins with APPAREL_SYNC_" in reason_of(refused)
        assert given not in refused.stderr
    for address in ("https://key:secret@shop.example", "https://"):
        refused = run("sync", "add", "shop", address, "--data", data, code=1)
        assert "secret" not in reason_of(refused)
    monkeypatch.delenv(TOKEN, raising=False)
    add(data, "shop", server.url(""), "--kind", "shopify", "--token", TOKEN)
    assert f"{TOKEN} is not set" in sync(data, code=1)["message"]
    assert server.requests == []


def test_a_token_stays_with_its_server(
    server: PhotoServer, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "bearer_1")
    body = offer(server, tmp_path, "a", (200, 10, 10))
    elsewhere = server.url("/moved.csv", host="127.0.0.2")
    server.answers[FEED] = Answer(status=302, headers=(("Location", elsewhere),))
    server.answers["/moved.csv"] = Answer(body, headers=TABLE)
    add(data, "shop", server.url(FEED), "--token", TOKEN)
    assert sync(data)["state"] == "done"
    first, second = (each for each in server.requests if each.path in (FEED, "/moved.csv"))
    assert first.headers["Authorization"] == "Bearer bearer_1"
    assert "Authorization" not in second.headers
    run("sync", "add", "plain", server.url(FEED), "--token", TOKEN, "--data", data)
    assert "not https" in sync(data, "plain", code=1)["message"]


def test_files_and_folders_are_sources_of_their_own_products(
    shop: Path, data: Path, tmp_path: Path
) -> None:
    wardrobe = tmp_path / "wardrobe"
    save_blocks(wardrobe / "coat.png", (200, 10, 10))
    save_blocks(wardrobe / "hat.png", (10, 10, 200))
    run("index", shop / "feed.csv", "--source", "supplier", "--data", data)
    run("sync", "add", "supplier", shop / "feed.csv", "--every", "never", "--data", data)
    run("sync", "add", "own", wardrobe, "--data", data)
    assert sync(data, "own")["outcome"]["new"] == 2
    assert [each["kind"] for each in listed(data).values()] == ["folder", "file"]
    feed = (shop / "feed.csv").read_text()
    (shop / "feed.csv").write_text("\n".join(feed.splitlines()[:-1]) + "\n")
    done = sync(data, "supplier")
    # Within the name that `apparel index --source` gave, and nowhere else.
    assert (done["outcome"]["unchanged"], done["outcome"]["removed"]) == (3, 1)
    assert products(data) == ["a", "b", "c", "coat.png", "hat.png"]
    assert done["next_run_at"] is None
    (shop / "feed.csv").rename(shop / "gone.csv")
    assert "is its disk mounted" in sync(data, "supplier", code=1)["message"]
    run("sync", "remove", "supplier", "--data", data)
    assert products(data) == ["a", "b", "c", "coat.png", "hat.png"]
    unknown = run("sync", "run", "supplier", "--data", data, code=1)
    assert "there are own" in unknown.stderr


def test_one_run_at_a_time_and_none_waits_for_the_dead(
    shop: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sync", "add", "own", shop / "feed.csv", "--data", data)
    database = open_database(data)
    with lease.held_lease(database, "own"):
        assert listed(data)["own"]["running"]
        assert f"process {os.getpid()}" in sync(data, "own", code=1)["message"]
    assert sync(data, "own")["state"] == "done"
    # A killed run leaves its lease, which ends by itself.
    lost = lease.Lease(database, "own")
    lost.claim()
    with database.transaction() as session:
        session.execute(text("UPDATE sync_source SET lease_until = '2026-01-01 00:00:00'"))
    with lease.held_lease(database, "own"):
        lost.renew()
        with pytest.raises(Exception, match="taken over"):
            lost.check()
    database.close()


def test_watch_runs_what_is_due_until_it_is_stopped(
    server: PhotoServer, data: Path, tmp_path: Path
) -> None:
    wardrobe = tmp_path / "wardrobe"
    save_blocks(wardrobe / "coat.png", (200, 10, 10))
    run("sync", "add", "own", wardrobe, "--data", data)
    code = (
        "from search_app.cli import session; from search_app.cli.main import app\n"
        "from tests.search_app.cli.harness import BlockEmbedder\n"
        "session.load_embedder = lambda settings: BlockEmbedder()\n"
        f"app(['sync', '--watch', '--data', {str(data)!r}])"
    )
    watching = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while listed(data)["own"]["state"] != "done":
            assert time.monotonic() < deadline
            assert watching.poll() is None
            time.sleep(0.2)
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 0
    assert products(data) == ["coat.png"]
    assert "not end" in run("sync", "--watch", "--json", "--data", data, code=2).stderr
