"""Splitting of cells with several photo names or addresses."""

import ast
import html
import re
from typing import Final

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
_BEFORE_COMMA: Final = re.compile(r"(\.\w{3,4})\s{1,9},")


def split_photos(cell: str) -> list[str]:
    """The photo names in a cell, split at line ends, "|", ";" and the commas after a suffix.

    A separator inside an address does not end it; an address without a scheme gets https.
    """
    names: list[str] = []
    if listed := _json_list(cell):
        return [_with_scheme(name) for name in listed]
    for line in html.unescape(cell[:CELL_LIMIT]).split("\n"):
        line = _BEFORE_COMMA.sub(r"\1,", line)
        # Every pattern looks a fixed distance ahead or behind: cells are untrusted input.
        splitter = _BEFORE_ADDRESS if _ADDRESS.match(line.lstrip()) else _BEFORE_NAME
        names += splitter.split(line)
    if len(cell) > CELL_LIMIT:
        names.pop()  # cut in its middle
    # "ADDRESS ! alt : TEXT": a widespread exporter of WooCommerce.
    bare = (each.partition(" ! ")[0].strip(" \t\r,;|") for each in names)
    return [_with_scheme(name) for name in bare if name]


def _json_list(cell: str) -> list[str]:
    """The texts of a list as JSON or Python writes it; empty for any other cell."""
    if not (cell.startswith("[") and cell.endswith("]")) or len(cell) > CELL_LIMIT:
        return []
    try:
        values = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [each.strip() for each in values if isinstance(each, str) and each.strip()]


def _with_scheme(name: str) -> str:
    return f"https:{name}" if name.startswith("//") else name
