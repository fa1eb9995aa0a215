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


def plain_text(text: str) -> str:
    """Remove tags and entities, one line per block; plain text stays unchanged."""
    text = text[:LONGEST]
    if "&" not in text and "<" not in text:
        return text
    if _ESCAPED.search(text):  # some feeds escape twice, or tags
        text = html.unescape(text)
    if not _TAG.search(text):
        return html.unescape(text).replace("\xa0", " ") if _ENTITY.search(text) else text
    # The parser would drop the text before a CDATA section. In HTML a newline is a space.
    body = f"<body>{text.replace('<![', '&lt;![').replace(chr(10), ' ')}"
    document = etree.fromstring(body.encode(), etree.HTMLParser(encoding="utf-8"))
    etree.strip_elements(document, *_UNSEEN, with_tail=False)
    for each in document.iter(*_BLOCKS, *_CELLS):
        apart = " " if each.tag in _CELLS else "\n"
        each.text, each.tail = f"{apart}{each.text or ''}", f"{apart}{each.tail or ''}"
    visible: str = etree.tostring(document, method="text", encoding="unicode")
    lines = (" ".join(line.split()) for line in visible.split("\n"))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """Plain text of a title or a name, in one line."""
    return " ".join(plain_text(text).split())
