"""Help, start-up, wrong usage, and what no command may hide."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer.main

from search_app.cli import session
from search_app.cli.main import app
from search_app.cli.output import note_if_slow
from tests.search_app.cli.harness import run

ROOT = Path(__file__).parents[3]
NAMES = {
    *("demo", "index", "sync", "search", "segment", "embed", "evaluate", "train", "dataset"),
    *(
        "status",
        "remove",
        "rebuild",
        "verify",
        "export",
        "serve",
        "worker",
        "mcp",
        "doctor",
        "keys",
    ),
    *("backup", "restore", "upgrade"),
}


def commands_of(command: typer.core.TyperCommand, name: str = "") -> Iterator[str]:
    """Names of all commands below a command, such as "keys add"."""
    if not isinstance(command, typer.core.TyperGroup):
        yield name.strip()
        return
    for each, below in command.commands.items():
        yield from commands_of(below, f"{name} {each}")


COMMANDS = list(commands_of(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_a_line_for_each_option(command: str):
    shown = run(*command.split(), "--help").stdout
    assert shown.startswith("Usage: ")
    options = shown.split("Options:")[1].splitlines()
    for place, line in enumerate(options):
        if line.strip().startswith("-"):
            told = len(line.strip().split("  ")) > 1 or options[place + 1].startswith(" " * 10)
            assert told, f"{command}: {line} has no description"


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_whose_options_exist(command: str):
    shown = run(*command.split(), "--help").stdout
    said = " ".join(shown.partition("Example: ")[2].split("\n\n")[0].split())
    words = said.split()
    assert words[: len(command.split()) + 1] == ["apparel", *command.split()]
    assert all(word in shown.split("Options:")[1] for word in words if word.startswith("--"))


@pytest.mark.parametrize("group", ["", "keys", "evaluate", "train", "dataset"])
def test_lists_of_commands_cut_no_sentence_off(group: str):
    assert "..." not in run(*group.split(), "--help").stdout.partition("Commands:")[2]


def test_bash_completes_commands_and_options():
    code = "from search_app.cli.main import main; main()"
    for words, expected in (("apparel sea", "search"), ("apparel search --in", "--in-colour")):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
            env=os.environ | asked | {"_APPAREL_COMPLETE": "complete_bash"},
        )  # fmt: skip
        assert expected in done.stdout.split(), done.stderr


def test_the_list_of_commands_is_the_contracts():
    shown = run("--help").stdout.split("Commands:")[1]
    assert {line.split()[0] for line in shown.splitlines() if line.strip()} == NAMES


def test_help_starts_without_the_heavy_packages():
    script = (
        "import sys; from search_app.cli.main import app\n"
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


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch, shop: Path):
    def broken(settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session, "load_embedder", broken)
    with pytest.raises(ZeroDivisionError):
        run("index", shop, "--data", "fresh")  # photos that need the models


def test_models_are_loaded_only_for_photos(catalogue: Path, shop: Path):
    feed = (shop / "feed.csv").read_text().replace("19.90 EUR", "17 EUR")
    # Without the photo that cannot be read: it would be tried again.
    kept = [line for line in feed.splitlines(keepends=True) if not line.startswith("d,")]
    (shop / "feed.csv").write_text("".join(kept))
    script = (
        "import sys; from search_app.cli.main import app\n"
        "for words in sys.argv[1].split(';'):\n"
        "    try: app(words.split(), prog_name='apparel')\n"
        "    except SystemExit as end: assert bool(end.code) == ('brandd' in words), words\n"
        "networks = {'torch', 'timm', 'openvino', 'segmentation_models_pytorch'}\n"
        "sys.exit(', '.join(networks & set(sys.modules)) or 0)"
    )
    commands = (
        f"index {shop / 'feed.csv'} --data {catalogue};status --data {catalogue};"
        f"search {shop / 'red.png'} --filter brandd=Acme --data {catalogue};"
        f"remove b --data {catalogue}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, commands], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "1 in price or stock alone" in done.stdout
    assert "no field 'brandd'" in done.stderr


def test_slow_step_says_what_it_does(capsys: pytest.CaptureFixture[str]):
    with note_if_slow("reading the feed"):
        wait_until(lambda: "reading the feed ..." in capsys.readouterr().err)
    with note_if_slow("nothing"):
        pass
    assert capsys.readouterr().err == ""
