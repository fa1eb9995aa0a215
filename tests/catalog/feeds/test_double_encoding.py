"""Texts that were encoded as UTF-8 twice are mended, right ones never touched."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.feeds.reader import read_feed, read_source
from catalog.feeds.text.double_encoding import decoded, mended_name

TEXTS = (
    "Schönes Kleid für Größe 38", "Übergroße Äpfel, Öl", "Robe d’été à fleurs «chic»",
    "¿Qué niña?", "19,90 €", "Платье", "Φόρεμα", "ワンピース 赤", "연두색", "红色", "👗 Kleid",
    "żółta sukienka", "prêt-à-porter", "çok güzel şık", "שמלה", "فستان", "Ærø Ånd",
)  # fmt: skip
RIGHT = (
    "Schönes Kleid", "NESTLÉ®", "CAFÉ™", "“née…”", "100% LÃ”", "LÃ®", "MAÇÃ", "PROMOÇÃO",
    "l·là·", "ÄRMEL", "Größe–ÜBER", "à “la” carte", "ÎLE°", "CAFÉ´S", "voilà…»", "IRMÃ»", "A à€",
    "Ångström", "Ø²", "Ñ°", "ZOË’S", "ОДЕЖДА",
)  # fmt: skip


def _doubled(text: str) -> str:
    """The text as a program leaves it that takes UTF-8 for cp1252."""
    return "".join(
        chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252")
        for byte in text.encode()
    )


def _write(path: Path, *titles: str, price: str = "5") -> Path:
    rows = "".join(f"gr\u00c3\u00bc{n};{t};{price};a{n}.jpg\n" for n, t in enumerate(titles))
    path.write_text(f"id;title;price;photo\n{rows}", encoding="utf-8")
    return path


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_what_was_encoded_twice_is_mended(tmp_path: Path, text: str, encoding: str) -> None:
    wrong = _doubled(text) if encoding == "cp1252" else text.encode().decode("latin-1")
    assert decoded(wrong) == decoded(_doubled(wrong)) == text
    feed = read_feed(_write(tmp_path / "f.csv", wrong, _doubled("für"), price=_doubled("5 €")))
    rows = list(feed.rows)
    # Ids and photos are called so elsewhere, too.
    assert (rows[0].title, rows[1].title, rows[0].id) == (text, "für", "gr\u00c3\u00bc0")
    assert (rows[0].price, rows[0].currency) == (Decimal(5), "EUR")
    (note,) = feed.notes
    assert note.startswith("4 texts had been encoded as UTF-8 twice and were mended, first on line")


@pytest.mark.parametrize("text", RIGHT)
def test_right_texts_stay(tmp_path: Path, text: str) -> None:
    assert mended_name(text) == text
    # "Ã" alone is what is left of "à", but not among right letters.
    feed = read_feed(_write(tmp_path / "f.csv", text, _doubled("für"), "für"))
    assert [row.title for row in feed.rows] == [text, "für", "für"]


def test_letters_of_one_column_do_not_speak_for_another(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(
        "id,title,brand,photo\n1,Größe,Felicit\u00c3\u00a0,a.jpg\n2,Maß,Sch\u00c3\u00b6n,b.jpg\n"
    )
    rows = list(read_feed(tmp_path / "f.csv").rows)
    assert [(row.title, row.brand) for row in rows] == [("Größe", "Felicità"), ("Maß", "Schön")]


def test_json_escapes_xml_and_headers(tmp_path: Path) -> None:
    entry = {"id": "1", "title": _doubled("Schön"), "image": "a.jpg"}
    (tmp_path / "a.json").write_text(json.dumps([entry]))
    (tmp_path / "b.xml").write_text(
        f"<rss><item><id>1</id><title>{_doubled('Schön')}</title></item></rss>", encoding="utf-8"
    )
    header = _doubled("id;title;Verfügbarkeit;photo")
    (tmp_path / "c.csv").write_text(f"{header}\n1;{_doubled('Schön')};0;a.jpg\n", encoding="utf-8")
    for name in ("a.json", "b.xml", "c.csv"):
        (row,) = read_feed(tmp_path / name).rows
        assert row.title == "Schön", name
    assert row.availability == "out of stock"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.text(st.characters(min_codepoint=0xC0, max_codepoint=0xFF)))
def test_letters_alone_are_never_taken_for_bytes(text: str) -> None:
    assert mended_name(text) == text


@pytest.mark.parametrize("escaped", [True, False])
def test_web_pages_are_mended(tmp_path: Path, escaped: bool) -> None:
    product = {"@type": "Product", "sku": "1", "name": _doubled("Grüne Röcke"), "image": "a.jpg"}
    script = json.dumps(product, ensure_ascii=escaped)
    page = tmp_path / "a.html"
    text = f'<!doctype html><script type="application/ld+json">{script}</script>'
    page.write_text(text, encoding="utf-8")
    for feed in (read_feed(page), read_source(tmp_path)):
        assert [row.title for row in feed.rows] == ["Grüne Röcke"]
        assert "encoded as UTF-8 twice" in feed.notes[0]
