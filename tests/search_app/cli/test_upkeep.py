"""`apparel status`, remove, rebuild, verify and export."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from catalog.database import open_database
from catalog.filtering.facets import facets
from catalog.filtering.filters import parse_filters
from catalog.models import Product
from search_app.cli import session
from search_app.cli.main import app
from tests.search_app.cli.harness import reason_of, run


def test_status_counts(catalogue: Path):
    document = json.loads(run("status", "--data", catalogue, "--json").stdout)
    assert document["products"] == 4
    assert document["photos"] == {"indexed": 3, "pending": 0, "skipped": 1}
    assert document["garments"] == {"upper": 3, "whole": 0, "lower": 1}
    assert document["model"]["encoder"] == "mean/1"
    shown = run("status", "--data", catalogue).stdout.splitlines()
    assert "products" in [line.split()[0] for line in shown]


def test_rebuild_of_a_catalogue_without_vectors_loads_no_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    open_database(tmp_path / "empty").close()
    monkeypatch.delattr(session, "load_embedder")
    assert "0 garments" in run("rebuild", "--data", tmp_path / "empty").stdout


def test_data_may_stand_before_the_command_and_in_the_environment(
    catalogue: Path, monkeypatch: pytest.MonkeyPatch
):
    assert json.loads(run("--data", catalogue, "status", "--json").stdout)["products"] == 4
    monkeypatch.setenv("APPAREL_DATA", str(catalogue))
    assert json.loads(run("status", "--json").stdout)["products"] == 4
    # What stands nearest to the command wins.
    assert "nowhere" in reason_of(run("status", "--data", "nowhere", code=1))
    assert "nowhere" in reason_of(run("--data", "nowhere", "status", code=1))
    monkeypatch.setenv("APPAREL_DATA", "nowhere")
    assert json.loads(run("status", "--data", catalogue, "--json").stdout)["products"] == 4


def test_remove_takes_products_out(catalogue: Path, shop: Path):
    run("remove", "c", "a", "--data", catalogue)
    document = json.loads(run("search", shop / "suit.png", "--data", catalogue, "--json").stdout)
    found = {each["product_id"] for garment in document["garments"] for each in garment["results"]}
    assert found == {"b"}
    assert "no product" in reason_of(run("remove", "c", "--data", catalogue, code=1))


def test_a_damaged_index_is_rebuilt_and_reported(catalogue: Path, shop: Path):
    before = run("search", shop / "red.png", "--data", catalogue, "--json").stdout
    for file in (catalogue / "index").rglob("*.faiss"):
        file.write_bytes(b"damaged")
    assert "4 garments" in run("rebuild", "--data", catalogue).stdout
    after = run("search", shop / "red.png", "--data", catalogue, "--json").stdout
    assert json.loads(after)["garments"] == json.loads(before)["garments"]


def test_verify_finds_a_photo_that_is_gone(catalogue: Path):
    assert run("verify", "--data", catalogue).stdout == "no problems\n"
    next((catalogue / "photos").rglob("*.jpg")).unlink()
    failed = run("verify", "--data", catalogue, "--json", code=1)
    assert len(json.loads(failed.stdout)["problems"]) == 1
    assert "apparel: 1 problem" in failed.stderr


def test_export_writes_a_feed_that_can_be_indexed_again(catalogue: Path, shop: Path):
    assert "4 rows" in run("export", "out.csv", "--data", catalogue).stdout
    run("index", "out.csv", "--photos", shop, "--data", "second")
    assert json.loads(run("status", "--data", "second", "--json").stdout)["products"] == 4
    assert ".npz" in reason_of(run("export", "out.xml", "--data", catalogue, code=1))


@pytest.mark.parametrize("command", ["status", "rebuild", "verify", "serve"])
def test_commands_on_a_catalogue_need_one(command: str):
    assert "no catalogue in apparel-data" in reason_of(run(command, code=1))


def test_exported_texts_are_no_formulas_and_come_back_as_they_were(shop: Path, tmp_path: Path):
    titles = ["=HYPERLINK(1)", "+1", "-50 % tee", "@home", "plain - title"]
    lines = "".join(f'{place},"{title}",red.png\n' for place, title in enumerate(titles))
    (shop / "odd.csv").write_text(f"id,title,photo\n{lines}")
    run("index", shop / "odd.csv", "--data", "first")
    run("export", "out.csv", "--data", "first")
    with Path("out.csv").open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    run("index", "out.csv", "--photos", shop, "--data", "second")
    run("export", "again.csv", "--data", "second")
    assert Path("again.csv").read_text() == Path("out.csv").read_text()
    database = open_database(Path("second"))
    with database.session() as session:
        assert sorted(session.scalars(select(Product.title))) == sorted(titles)
    database.close()


@pytest.mark.parametrize("damage", ["attributes = '[1, 2]'", "attributes = '{'"])
def test_no_command_needs_a_certain_form_of_stored_json(catalogue: Path, shop: Path, damage: str):
    with closing(sqlite3.connect(catalogue / "apparel.db")) as database:
        for trigger in ("attribute_updated", "product_text_updated"):
            database.execute(f"DROP TRIGGER {trigger}")  # they would see what a disk did
        database.execute(f"UPDATE product SET {damage} WHERE id = 'a'")
        database.execute("UPDATE garment SET colours = '{}', certainties = '[]'")
        database.commit()
    words = ("search", "--words", "red", "--filter", "brand=Acme")
    for command in (("status",), ("export", "out.csv"), words, ("search", shop / "red.png")):
        run(*command, "--data", catalogue)
    with closing(open_database(catalogue)) as database, database.session() as session:
        counted = facets(session, parse_filters(["brand=Acme"]), attributes=("fit",))
        assert counted.attributes[0].values == ()
    found = run("verify", "--data", catalogue, code=1).stdout.splitlines()
    assert len(found) == 3
    assert all(each.endswith("does not allow; run `apparel rebuild --mend`") for each in found)
    run("rebuild", "--mend", "--data", catalogue)
    assert run("verify", "--data", catalogue).stdout == "no problems\n"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("product.title", "x'ff41'"),
        ("product.title", "CAST(x'ff41' AS TEXT)"),
        ("product.price", "'12,50'"),
        ("garment.garment_class", "99"),
        ("garment.x0", "9e999"),
        ("model.style_dimension", "x'03'"),
        ("vector.values", "x'ff41'"),
    ],
)
def test_a_value_that_its_type_does_not_allow_ends_in_one_line_and_is_mended(
    catalogue: Path, shop: Path, column: str, value: str
):
    table, name = column.split(".")
    with closing(sqlite3.connect(catalogue / "apparel.db")) as database:
        database.execute(f"UPDATE {table} SET [{name}] = {value} WHERE rowid = 1")
        database.commit()
    for command in (("status",), ("export", "out.npz"), ("search", shop / "suit.png"), ("verify",)):
        result = CliRunner().invoke(app, [*map(str, command), "--data", str(catalogue)])
        assert isinstance(result.exception, SystemExit | None)
        assert not result.exit_code or "run `apparel rebuild --mend`" in result.output
    assert column in result.output
    run("rebuild", "--mend", "--data", catalogue)
    assert run("verify", "--data", catalogue).stdout == "no problems\n"
    run("search", shop / "suit.png", "--data", catalogue)


def test_doctor_deep_mends_what_can_be_mended_and_says_what_it_did(catalogue: Path) -> None:
    def checks(code: int) -> list[dict[str, object]]:
        document = json.loads(
            run("doctor", "--deep", "--data", catalogue, "--json", code=code).stdout
        )
        return [each for each in document["checks"] if each["name"] == "catalogue"]

    for file in (catalogue / "index").glob("*.npy"):
        file.write_bytes(b"damaged")
    orphan = catalogue / "photos" / "ab" / f"{'ab' * 32}.jpg"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"of no product")
    database = open_database(catalogue)
    with database.transaction() as session:
        session.execute(text("UPDATE product SET title = 'a' || char(0) || 'b' WHERE id = 'a'"))
    database.close()
    (mended,) = checks(0)
    assert "1 rows repaired, 1 files and 0 incomplete products removed" in str(mended["found"])
    assert "indices of 4 garments rebuilt; attributes stay as they are" in str(mended["found"])
    assert not orphan.exists()
    (clean,) = checks(0)
    assert clean["found"] == "no problems"
    photo = next((catalogue / "photos").rglob("*.jpg"))
    photo.write_bytes(photo.read_bytes()[:90])
    # A photo's pixels cannot be mended here: it is named, with what to do.
    (done, left) = checks(1)
    assert "1 problems found" in str(done["found"])
    assert "its stored copy is damaged" in str(left["found"])
