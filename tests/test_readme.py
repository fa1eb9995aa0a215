"""What the README says about commands and settings is what the code has."""

import re
from pathlib import Path

import typer.main

from search_app.cli import app
from search_app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _table(header: str) -> dict[str, str]:
    """First column to second column of the table with this header cell."""
    lines = README.splitlines()
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
    examples = re.findall(r"^apparel (.+)$", README, flags=re.MULTILINE)
    assert len(examples) >= 12
    for example in examples:
        words = example.split("#")[0].split()
        command = commands[words[0]]
        if hasattr(command, "commands"):
            command = command.commands[words[1]]
        known = {flag for parameter in command.params for flag in parameter.opts}
        used = {word for word in words if re.match(r"^--?[a-z]", word)}
        assert used <= known, f"{example}: unknown {used - known}"


def test_files_named_in_links_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).is_file(), target
