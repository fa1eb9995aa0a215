"""`apparel keys`."""

import json
from pathlib import Path

from catalog.models import DATABASE_NAME
from tests.search_app.cli.harness import reason_of, run


def test_keys_are_made_listed_and_revoked(catalogue: Path):
    made = run("keys", "add", "feed robot", "--scope", "write", "--data", catalogue)
    secret = made.stdout.strip()
    assert secret.startswith("apparel_")
    assert secret.encode() not in (catalogue / DATABASE_NAME).read_bytes()
    other = json.loads(run("keys", "add", "shop", "--data", catalogue, "--json").stdout)
    assert (other["name"], other["scope"]) == ("shop", "read")
    assert "taken" not in run("keys", "revoke", "shop", "--data", catalogue).stdout
    listed = json.loads(run("keys", "list", "--data", catalogue, "--json").stdout)["keys"]
    assert [(key["name"], key["scope"]) for key in listed] == [
        ("feed robot", "write"),
        ("shop", "read"),
    ]
    assert listed[0]["revoked_at"] is None
    assert listed[1]["revoked_at"] is not None
    shown = run("keys", "list", "--data", catalogue).stdout
    assert secret not in shown
    assert "feed robot" in shown


def test_wrong_names_are_one_line(catalogue: Path):
    run("keys", "add", "shop", "--data", catalogue)
    taken = run("keys", "add", "shop", "--data", catalogue, code=1)
    assert "another name" in reason_of(taken)
    assert "no key 'else'" in reason_of(run("keys", "revoke", "else", "--data", catalogue, code=1))
    assert "no catalogue" in reason_of(run("keys", "list", "--data", "nowhere", code=1))
    run("keys", "add", "b", "--scope", "root", "--data", catalogue, code=2)
