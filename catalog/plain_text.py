"""HTML, as shops write descriptions in, to the text that a reader sees."""

import re
from html.parser import HTMLParser
from typing import Final

_UNSEEN: Final = frozenset({"script", "style", "template", "head"})
_ENDS_A_LINE: Final = frozenset(
    "address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p section table tr "
    "ul".split()
)
_TAG_OR_ENTITY: Final = re.compile(r"<[a-zA-Z/!]|&#?\w+;")


class _Text(HTMLParser):
    """Collects what is seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _ENDS_A_LINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _ENDS_A_LINE:
            self.parts.append("\n")
        elif tag == "td":
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # In HTML a line's end is a blank.
            self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(text: str) -> str:
    """Text without tags and entities, a line for each block; what is no HTML stays as it is."""
    if not _TAG_OR_ENTITY.search(text):
        return text
    parser = _Text()
    # The parser gives up on a marked section that it does not know.
    parser.feed(text.replace("<![", "&lt;!["))
    parser.close()
    lines = (re.sub(r"\s+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
