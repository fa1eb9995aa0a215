"""Conversion of HTML descriptions and titles to visible text."""

import html
import re
from typing import Final

from lxml import etree

LONGEST: Final = 100_000
"""Longer texts are truncated before parsing."""
_UNSEEN: Final = frozenset({"script", "style", "template", "head", "noscript"})
_BLOCKS: Final = frozenset(
    "address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p section table tr "
    "ul".split()
)
_CELLS: Final = frozenset({"td", "th"})
_TAG: Final = re.compile(r"<[a-zA-Z/!]")
_ESCAPED: Final = re.compile(
    r"&amp;#?\w{1,32};|&lt;/?(?:p|br|b|i|u|em|strong|span|div|ul|ol|li|h[1-6]|a|font)\b", re.I
)
_ENTITY: Final = re.compile(r"&#?\w{1,32};")


class _Text:
    """Parser target that collects visible text, with newlines around blocks."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._unseen = 0

    def start(self, tag: str, attributes: object) -> None:
        self._unseen += tag in _UNSEEN
        self._separate(tag)

    def end(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        self._separate(tag)

    def data(self, text: str) -> None:
        if not self._unseen:
            # In HTML a newline is a space.
            self._parts.append(" ".join(text.split("\n")))

    def close(self) -> str:
        return "".join(self._parts)

    def _separate(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._parts.append("\n")
        elif tag in _CELLS:
            self._parts.append(" ")


def plain_text(text: str) -> str:
    """Remove tags and entities, one line per block; plain text stays unchanged."""
    text = text[:LONGEST]
    if "&" not in text and "<" not in text:
        return text
    if _ESCAPED.search(text):  # some feeds escape twice, or tags
        text = html.unescape(text)
    if not _TAG.search(text):
        return html.unescape(text).replace("\xa0", " ") if _ENTITY.search(text) else text
    parser = etree.HTMLParser(target=_Text(), encoding="utf-8")
    # The parser would drop the text before a CDATA section.
    parser.feed(f"<body>{text.replace('<![', '&lt;![')}".encode())
    lines = (" ".join(line.split()) for line in str(parser.close()).split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """Plain text of a title or a name, in one line."""
    return " ".join(plain_text(text).split())
