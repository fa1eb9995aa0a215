"""The options of `apparel index`: maps, dry runs, pruning, rejects, photos by address."""

import csv
import json
from pathlib import Path

import pytest

from search_app.cli import session
from tests.photo_server import Answer, serving
from tests.search_app.cli.harness import reason_of, run, save_blocks


def _index(*arguments: object, data: Path) -> dict:
    return json.loads(run("index", *arguments, "--data", data, "--json").stdout)


def test_map_names_the_columns(shop: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("Nr;Name;Bild\n1;Hemd;red.png\n")
    maps = ("--map", "id=Nr", "--map", "photos=Bild")
    document = _index(feed, "--photos", shop, *maps, data=tmp_path / "data")
    assert (document["kind"], document["products"]["new"]) == ("table", 1)
    assert "no column 'Foto'" in reason_of(
        run("index", feed, "--map", "photos=Foto", "--data", tmp_path / "data", code=1)
    )
    assert "FIELD=COLUMN" in run("index", feed, "--map", "nonsense", code=2).stderr
    assert "leave out --map" in reason_of(run("index", shop, "--map", "id=Nr", code=1))


def test_dry_run_without_a_catalogue_makes_none(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "load_embedder", None)  # no model is needed
    with (shop / "feed.csv").open("a") as lines:
        lines.write("e,Gone,Acme,5,gone.png\n,No id,Acme,5,red.png\n")
    document = _index(shop / "feed.csv", "--dry-run", data=tmp_path / "data")
    assert document["dry_run"] is True
    assert document["products"]["new"] == 5
    assert document["photos"] == {"to_embed": 4, "to_fetch": 0, "missing": 1, "unchanged": 0}
    assert [(reject["line"], reject["reason"]) for reject in document["rejects"]] == [(7, "no id")]
    assert not (tmp_path / "data").exists()
    shown = run("index", shop / "feed.csv", "--dry-run", "--data", tmp_path / "data")
    assert "nothing is written" in shown.stdout
    assert "line 7: no id" in shown.stderr


def test_dry_run_leaves_a_catalogue_as_it_is(catalogue: Path, shop: Path) -> None:
    before = {path: path.read_bytes() for path in catalogue.rglob("*") if path.is_file()}
    feed = (shop / "feed.csv").read_text()
    (shop / "feed.csv").write_text(feed.replace("19.90 EUR", "17 EUR").replace("\nb,", "\nnew,"))
    document = _index(shop / "feed.csv", "--dry-run", "--prune", data=catalogue)
    counts = {"new": 1, "changed": 1, "price_only": 1, "unchanged": 2, "removed": 1, "rejected": 0}
    assert document["products"] == counts
    assert document["photos"]["to_embed"] == 0
    assert document["removed"] == ["b"]
    assert {path: path.read_bytes() for path in catalogue.rglob("*") if path.is_file()} == before
    done = _index(shop / "feed.csv", "--prune", data=catalogue)
    assert done["products"] == counts


def test_prune_is_guarded(catalogue: Path, shop: Path) -> None:
    lines = (shop / "feed.csv").read_text().splitlines(keepends=True)
    (shop / "feed.csv").write_text("".join(lines[:2]))
    refused = run("index", shop / "feed.csv", "--prune", "--data", catalogue, code=1)
    assert "--prune-all" in reason_of(refused)
    done = _index(shop / "feed.csv", "--prune-all", data=catalogue)
    assert done["products"]["removed"] == 3


def test_rejects_lie_in_the_data_folder_and_go_when_there_are_none(
    shop: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    whole = (shop / "feed.csv").read_text()
    (shop / "feed.csv").write_text(whole + "=cmd(),Evil,Acme,1,\n")
    document = _index(shop / "feed.csv", data=data)
    assert document["rejects_file"] == str(data / "rejects.csv")
    with (data / "rejects.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["line", "id", "reason", "photo", "code"],
        ["6", "'=cmd()", "no photo, and no product has this id yet", "", "row"],
        ["5", "d", document["skips"][0]["reason"], "bad.png", "not_a_photo"],
    ]
    shown = run("index", shop / "feed.csv", "--data", data)
    assert f"rejects: {data / 'rejects.csv'}" in shown.stdout
    (shop / "feed.csv").write_text("".join(whole.splitlines(keepends=True)[:4]))
    assert _index(shop / "feed.csv", data=data)["rejects_file"] is None
    assert not (data / "rejects.csv").exists()


def test_photos_come_by_address(tmp_path: Path) -> None:
    photo = save_blocks(tmp_path / "red.png", (200, 10, 10)).read_bytes()
    with serving() as server:
        server.answers["/red.png"] = Answer(photo)
        feed = tmp_path / "google.tsv"
        feed.write_text(
            "id\ttitle\timage_link\tprice\n"
            f"a\tRed tee\t{server.url('/red.png')}\t12.50 EUR\n"
            f"b\tNo tee\t{server.url('/none.png')}\t12.50 EUR\n"
        )
        refused = run("index", feed, "--data", tmp_path / "data", code=1)
        assert "private network" in refused.stderr.splitlines()[-1]
        document = _index(feed, "--allow-private-hosts", data=tmp_path / "data")
    assert document["photos"] == {"indexed": 1, "unchanged": 0, "skipped": 1}
    (skip,) = document["skips"]
    assert (skip["stage"], skip["code"]) == ("fetch", "http_404")
    assert skip["photo"] == server.url("/none.png")
