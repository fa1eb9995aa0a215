"""Splitting of cells with several photo names or addresses."""

import ast
import html
import re
from contextlib import suppress
from typing import Final

from catalog.feeds.json_text import cell_of
from catalog.feeds.large.json_document import parse_json

PHOTO_NAME_LIMIT: Final = 2000
CELL_LIMIT: Final = 200_000
"""Longer cells are truncated before they are split."""
_ADDRESS: Final = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_BEFORE_ADDRESS: Final = re.compile(r"[|;,\s](?=(?:https?:)?//)", re.IGNORECASE)
_BEFORE_NAME: Final = re.compile(
    r"[|;\n]|(?<=\.jpg),|(?<=\.jpeg),|(?<=\.png),|(?<=\.webp),|(?<=\.gif),|(?<=\.avif),"
    r"|(?<=\.tif),|(?<=\.tiff),|(?<=\.bmp),|(?<=\.heic),|(?<=\.jfif),|(?<=\.jpe),|(?<=\.jxl),",
    re.IGNORECASE,
)
_SOURCE: Final = re.compile(r"""<img\s[^<>]{0,2000}?\bsrc=["']([^"'<>]{1,2000})""", re.IGNORECASE)
_BEFORE_COMMA: Final = re.compile(r"(\.\w{3,4})\s{1,9},")


def split_photos(cell: str) -> list[str]:
    """The photo names in a cell, split at line ends, "|", ";" and the commas after a suffix.

    A separator inside an address does not end it; an address without a scheme gets https.
    """
    names: list[str] = []
    text = _unwrapped(cell[:CELL_LIMIT])
    for line in html.unescape(text).split("\n"):
        line = _BEFORE_COMMA.sub(r"\1,", line)
        # Every pattern looks a fixed distance ahead or behind: cells are untrusted input.
        splitter = _BEFORE_ADDRESS if _ADDRESS.match(line.lstrip()) else _BEFORE_NAME
        names += splitter.split(line)
    if len(cell) > CELL_LIMIT:
        names.pop()  # cut in its middle
    # "ADDRESS ! alt : TEXT": a widespread exporter of WooCommerce.
    bare = (each.partition(" ! ")[0].strip(" \t\r,;|") for each in names)
    return [_with_scheme(name) for name in bare if name]


def _unwrapped(cell: str) -> str:
    """One name a line, from a list as JSON, Python or PostgreSQL write it, or from HTML."""
    if cell.startswith("[") and cell.endswith("]"):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return cell_of(parse_json(cell) or ast.literal_eval(cell))
    if cell.startswith("{") and cell.endswith("}"):
        return cell[1:-1]
    if cell.startswith("<"):
        return "\n".join(_SOURCE.findall(cell))
    return cell


def _with_scheme(name: str) -> str:
    if name.startswith("www."):
        return f"https://{name}"
    return f"https:{name}" if name.startswith("//") else name
