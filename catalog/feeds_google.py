"""A Google Merchant feed in XML in, records out: RSS 2.0 (items) or Atom (entries).

Fields in Google's namespace (g:title) go before plain ones (title). Read as a stream, with
entities refused: no billion laughs, no files from the disk.
"""

from pathlib import Path
from typing import Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.sax import parse

from catalog.errors import FeedError
from catalog.feeds_fields import Record, Reject, plain_name

_PRODUCT: Final = frozenset({"item", "entry"})


def is_xml(start: bytes) -> bool:
    """Whether the first bytes of a file say so, whatever its encoding."""
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"<"


def read_xml(path: Path) -> tuple[tuple[str, ...], list[Record | Reject]]:
    """All names that occur, and a record for each item.

    Raises:
        FeedError: not well-formed (names the line), with entities, or without an item.
    """
    items = _Items()
    try:
        with path.open("rb") as file:
            parse(file, items)
    except SAXParseException as error:
        raise FeedError(
            f"{path.name}, line {error.getLineNumber()}: {error.getMessage()}; export the feed anew"
        ) from error
    except DefusedXmlException as error:
        raise FeedError(
            f"{path.name} declares XML entities, which are not read; export it without"
        ) from error
    except OSError as error:
        raise FeedError(f"cannot read {path}: {error.strerror}; check the path") from error
    if not items.records:
        raise FeedError(
            f"{path.name} is XML without <item> or <entry>; give a Google Merchant feed"
        )
    return tuple(items.names), items.records


class _Items(ContentHandler):
    """Collects the direct children of each item; what lies deeper (shipping) is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record | Reject] = []
        self.names: dict[str, None] = {}
        self._depth = 0
        self._line = 0
        self._locator: Locator | None = None
        self._plain: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._text: list[str] = []

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        if self._depth:
            self._depth += 1
            self._text = [attrs.get("href", "")] if name == "link" else []
        elif name in _PRODUCT:
            self._depth, self._plain, self._own = 1, {}, {}
            self._line = (self._locator.getLineNumber() or 0) if self._locator else 0

    def characters(self, content: str) -> None:
        if self._depth == 2:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        if self._depth == 2:
            prefix, _, local = name.rpartition(":")
            _add(self._own if prefix else self._plain, plain_name(local), "".join(self._text))
        if self._depth == 1:
            values = {**self._plain, **self._own}
            self.names |= dict.fromkeys(values)
            self.records.append(Record(self._line, values))
        self._depth = max(0, self._depth - 1)


def _add(values: dict[str, str], name: str, text: str) -> None:
    """Elements that come again, as additional_image_link does, are joined by line ends."""
    value = text.strip()
    values[name] = f"{values[name]}\n{value}" if values.get(name) and value else value
