"""Help, start-up, wrong usage, and what no command may hide."""

import subprocess
import sys
from pathlib import Path

import pytest

from search_app import cli_session
from tests.search_app.cli.harness import run

ROOT = Path(__file__).parents[3]
COMMANDS = [
    *("demo", "index", "search", "segment", "embed", "evaluate segmentation"),
    *("evaluate retrieval", "train segmenter", "train encoder", "dataset imaterialist"),
    *("dataset ccp", "dataset clothing", "status", "remove", "rebuild", "verify", "export"),
    *("serve", "doctor", "keys add", "keys list", "keys revoke"),
    *("backup", "restore"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_a_line_for_each_option(command: str):
    shown = run(*command.split(), "--help").stdout
    assert shown.startswith("Usage: ")
    options = shown.split("Options:")[1].splitlines()
    for place, line in enumerate(options):
        if line.strip().startswith("-"):
            told = len(line.strip().split("  ")) > 1 or options[place + 1].startswith(" " * 10)
            assert told, f"{command}: {line} has no description"


def test_the_list_of_commands_is_the_contracts():
    shown = run("--help").stdout.split("Commands:")[1]
    names = {line.split()[0] for line in shown.splitlines() if line.strip()}
    assert names == {command.split()[0] for command in COMMANDS}


def test_help_starts_without_the_heavy_packages():
    script = (
        "import sys; from search_app.cli import app\n"
        "try: app(['--help'], prog_name='apparel')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'faiss', 'timm', 'fastapi', 'sqlalchemy', 'numpy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "a.jpg", "--class", "hat"],
        ["search", "a.jpg", "-k", "0"],
        ["search", "a.jpg", "--colour-weight", "1.5"],
        ["index"],
        ["segment", "a.jpg"],
        ["embed", "a.jpg"],
        ["evaluate", "segmentation", "--photos", "a", "--masks", "b", "--labels", "voc"],
        ["dataset", "imaterialist", "a", "--out", "b", "--limit", "0"],
        ["serve", "--port", "99999"],
        ["nonsense"],
        ["status", "--nonsense"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]):
    assert run(*arguments, code=2).stdout == ""


def test_a_setting_that_is_no_number_is_wrong_usage(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("APPAREL_PORT", "many")
    assert "APPAREL_PORT" in run("serve", code=2).stderr


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch, catalogue: Path):
    def broken(settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cli_session, "load_embedder", broken)
    with pytest.raises(ZeroDivisionError):
        run("index", catalogue.parent / "shop", "--data", catalogue)
