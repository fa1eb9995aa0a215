"""A shop of four products, and its catalogue; every test here runs on the block models."""

import csv
from pathlib import Path

import pytest

from search_app.cli import session
from tests.search_app.cli.harness import (
    BlockEmbedder,
    BlockEncoder,
    BlockSegmenter,
    run,
    save_blocks,
)


@pytest.fixture(autouse=True)
def block_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "load_embedder", lambda settings: BlockEmbedder())
    monkeypatch.setattr(session, "load_segmenter", lambda settings: BlockSegmenter())
    monkeypatch.setattr(session, "load_encoder", lambda *_: BlockEncoder())
    for name in ("APPAREL_DATA", "APPAREL_PORT", "APPAREL_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A feed of four products beside its photos, one of them unreadable."""
    root = tmp_path / "shop"
    save_blocks(root / "red.png", (200, 10, 10))
    save_blocks(root / "pink.png", (250, 120, 120))
    save_blocks(root / "suit.png", (190, 40, 30), (20, 20, 200))
    (root / "bad.png").write_bytes(b"no photo")
    rows = [
        ("id", "title", "brand", "price", "photo"),
        ("a", "Red tee", "Acme", "19.90 EUR", "red.png"),
        ("b", "Pink tee", "Other", "9.90 EUR", "pink.png"),
        ("c", "Red top, blue jeans", "Acme", "99 EUR", "suit.png"),
        ("d", "Broken", "Acme", "1 EUR", "bad.png"),
    ]
    with (root / "feed.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows(rows)
    return root


@pytest.fixture
def catalogue(shop: Path, tmp_path: Path) -> Path:
    data = tmp_path / "data"
    run("index", shop / "feed.csv", "--data", data)
    return data
