"""Google Merchant feeds in XML: RSS 2.0 (items), Atom (entries) or plain products.

Fields in Google's namespace (g:title) take precedence over plain ones (title). Read as a stream;
entities are refused (billion laughs, local files).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from catalog.errors import FeedError
from catalog.feeds.columns import plain_name
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, joined
from catalog.feeds.text.decoding import BROKEN

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]{0,300}\?>")
BROKEN_MARK: Final = "\ufdd0"
"""Stands for an invalid byte; a noncharacter of Unicode."""
_PRODUCT: Final = frozenset({"item", "entry", "product"})


def is_xml(text: str) -> bool:
    """Whether the text begins like XML."""
    return text.lstrip()[:1] == "<"


def read_xml(parts: Iterable[str], feed_name: str) -> tuple[tuple[str, ...], Sequence[Record]]:
    """Read every item; returns all element names and the records.

    Args:
        parts: the document's text.

    Raises:
        FeedError: not well-formed (the message names the line), with entities, or without items.
    """
    items = _Items()
    try:
        records = stored(_parsed(parts, items))
    except SAXParseException as error:
        raise FeedError(
            f"{feed_name}, line {error.getLineNumber()}: {error.getMessage()}; export the feed anew"
        ) from error
    except DefusedXmlException as error:
        raise FeedError(
            f"{feed_name} declares XML entities, which are not read; export it without"
        ) from error
    if not records:
        raise FeedError(
            f"{feed_name} is XML without <item>, <entry> or <product>; give a Google Merchant feed"
        )
    # An item without a sale leaves the element out.
    names = items.names | ({"sale_price": None} if "price" in items.names else {})
    return tuple(names), records


def _parsed(parts: Iterable[str], items: "_Items") -> Iterator[Record]:
    """The records of each part, as soon as it is parsed."""
    parser = make_parser()
    parser.forbid_entities = parser.forbid_external = True
    parser.setContentHandler(items)
    items.setDocumentLocator(parser)
    for number, part in enumerate(parts):
        # XML forbids surrogates: a mark stands for each invalid byte.
        parser.feed(BROKEN.sub(BROKEN_MARK, part if number else _without_declaration(part)))
        yield from items.records
        items.records.clear()
    parser.close()
    yield from items.records


def _without_declaration(text: str) -> str:
    """The beginning of a decoded document without its declaration, which names an encoding."""
    declared = _DECLARATION.match(text)
    if declared is None:
        return text.lstrip(" \t\r")
    return f"{chr(10) * declared[0].count(chr(10))}{text[declared.end() :]}"


class _Items(ContentHandler):
    """Collects the direct children of each item; nested elements (shipping) are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
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
            if self._depth == 2:
                is_address = name == "link" and attrs.get("rel", "alternate") == "alternate"
                self._text = [attrs.get("href", "")] if is_address else []
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
            damaged = frozenset(name for name, text in values.items() if BROKEN_MARK in text)
            whole = {name: text for name, text in values.items() if name not in damaged}
            self.records.append(Record(self._line, whole, damaged=damaged))
        self._depth = max(0, self._depth - 1)


def _add(values: dict[str, str], name: str, text: str) -> None:
    """Join repeated elements, such as additional_image_link, by newlines."""
    values[name] = joined(values.get(name, ""), text.strip())
