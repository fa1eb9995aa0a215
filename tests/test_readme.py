"""What the README says about commands and settings is what the code has."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import typer.main

from search_app.api.openapi import SERVER, route_examples
from search_app.cli.main import app
from search_app.settings import Settings
from tests.fakes import draw_photo
from tests.load.server import served
from tests.ports import free_port
from tests.programs import program

ROOT = Path(__file__).parent.parent
PAGES = (
    "README.md",
    "search_app/README.md",
    "search_app/security/README.md",
    "catalog/filtering/README.md",
    "search_app/sync/README.md",
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = (ROOT / "search_app/README.md").read_text(encoding="utf-8")
SOURCES = (ROOT / "search_app/sync/README.md").read_text(encoding="utf-8")


def _table(header: str) -> dict[str, str]:
    """First column to second column of the table with this header cell."""
    lines = TABLES.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {header} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0].strip("`")] = cells[1].strip("`")
    return rows


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = _table("variable")
    prefix = Settings.model_config["env_prefix"]
    assert set(table) == {f"{prefix}{name}".upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            said = table[f"{prefix}{name}".upper()]
            assert said == str(field.default), f"{name}: README says {said}"


def test_every_command_is_in_the_table() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(_table("command")) == {f"apparel {name}" for name in commands}


def test_commands_and_options_in_examples_exist() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    examples = re.findall(r"^apparel (.+)$", README + TABLES + SOURCES, flags=re.MULTILINE)
    assert len(examples) >= 12
    for example in examples:
        words = example.split("#")[0].split()
        command = commands[words[0]]
        if hasattr(command, "commands"):
            command = command.commands[words[1]]
        known = {flag for parameter in command.params for flag in parameter.opts}
        used = {word for word in words if re.match(r"^--?[a-z]", word)}
        assert used <= known, f"{example}: unknown {used - known}"


def test_curl_examples_work_as_they_stand(tmp_path: Path) -> None:
    program("curl", "curl")
    shown = re.findall(r"^curl .+$", README + TABLES, flags=re.MULTILINE)
    curls = [each["curl"] for each in route_examples().values() if "curl" in each]
    described = [f"curl {arguments.format(server=SERVER)}" for arguments in curls]
    assert len(shown) >= 3
    for name in ("query.jpg", "photo.jpg"):
        draw_photo(tmp_path / name)
    (tmp_path / "products.csv").write_text("id,name,photo\na,Red top,query.jpg\n")
    (tmp_path / ".curlrc").write_text("silent\nshow-error\nfail-with-body\n")
    environment = os.environ | {"CURL_HOME": str(tmp_path)}
    port = free_port()
    with served(tmp_path / "apparel-data", port, 0.0):
        for example in shown + described:
            command = example.replace(":8000", f":{port}")
            done = subprocess.run(
                ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True
            )
            assert done.returncode == 0, f"{example}: {done.stdout!r} {done.stderr!r}"


@pytest.mark.parametrize("page", PAGES)
def test_files_named_in_links_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).resolve().is_file(), target


def test_each_threat_names_tests_that_exist() -> None:
    page = (ROOT / "search_app/security/README.md").read_text(encoding="utf-8")
    threats = page.partition("## Licences")[0]
    rows = [line.split("|") for line in threats.splitlines() if line.startswith("| ")][1:]
    names = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*")}
    for row in rows:
        told = re.findall(r"`([^`]+)`", row[3])
        assert told, row[1]
        for test in told:
            assert any(f"/{name}".endswith(f"/{test}") for name in names), f"{row[1]}: {test}"


def test_the_front_page_is_short() -> None:
    assert len(README.encode()) <= 10_240
