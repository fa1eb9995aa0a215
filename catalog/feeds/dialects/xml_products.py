"""XML feeds: Google Merchant (RSS items, Atom entries), Heureka, Ceneo, Yandex, plain products.

Fields in a namespace (g:title) take precedence over plain ones (title). Read as a stream; entities
are refused (billion laughs, local files).
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
from catalog.feeds.columns import PHOTO_NAMES, plain_name, squeezed
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, joined
from catalog.feeds.text.decoding import BROKEN

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]{0,300}\?>")
BROKEN_MARK: Final = "\ufdd0"
"""Stands for an invalid byte; a noncharacter of Unicode."""
_GOOGLE: Final = ("item", "entry")
_PRODUCTS: Final = (*_GOOGLE, "product", "shopitem", "offer", "o")
_ADDRESSES: Final = ("href", "url", "src")
"""Attributes that are an element's value, as in <main url="1.jpg"/>."""
_LABELS: Final = ("param_name", "attribute_name")
_LABELLED: Final = ("val", "attribute_value")
_JOINED: Final = PHOTO_NAMES | {"description", "content", "summary"}
"""Elements whose inner ones are more of the same."""
_DEPTH: Final = 4
"""Elements nested deeper count as those in which they lie."""


def is_xml(text: str) -> bool:
    """Whether the text begins like XML."""
    return text.lstrip()[:1] == "<"


def read_xml(parts: Iterable[str], feed_name: str) -> tuple[str, tuple[str, ...], Sequence[Record]]:
    """Read every product; returns the kind of feed, all names of values and the records.

    Args:
        parts: the document's text.

    Raises:
        FeedError: not well-formed (the message names the line), with entities, or without items.
    """
    items = _Products()
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
            f"{feed_name} is XML without <{'>, <'.join(_PRODUCTS)}>; give a feed of products"
        )
    # A product without a sale leaves the element out.
    names = items.names | ({"sale_price": None} if "price" in items.names else {})
    return "Google Merchant XML" if items.is_google else "XML", tuple(names), records


def _parsed(parts: Iterable[str], items: "_Products") -> Iterator[Record]:
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


class _Products(ContentHandler):
    """Collects the values of each product: nested elements and attributes as "outer_inner"."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []
        self.names: dict[str, None] = {}
        self.is_google = False
        self._locator: Locator | None = None
        self._line = 0
        self._path: list[str] = []
        self._texts: list[list[str]] = []
        self._labels: list[str] = []
        self._is_leaf = False
        self._plain: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._values = self._plain

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        prefix, _, local = name.rpartition(":")
        if not self._path:
            if local.lower() not in _PRODUCTS:
                return
            self.is_google = local in _GOOGLE
            self._line = (self._locator.getLineNumber() or 0) if self._locator else 0
            self._plain, self._own = {}, {}
        if len(self._path) <= 1:
            self._values = self._own if prefix and self._path else self._plain
        self._path.append(plain_name(local))
        self._texts.append([])
        self._labels.append("")
        self._is_leaf = True
        if local != "link" or attrs.get("rel", "alternate") == "alternate":
            self._take_attributes(attrs)

    def _take_attributes(self, attrs: AttributesImpl) -> None:
        for name, text in attrs.items():
            if len(self._path) > 1 and name in _ADDRESSES:
                self._texts[-1].append(text)
            elif len(self._path) > 1 and name == "name":
                self._labels[-1] = text
            else:
                self._add(self._name(plain_name(name)), text)

    def characters(self, content: str) -> None:
        if self._path:
            self._texts[-1].append(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        if not self._path:
            return
        text, label = "".join(self._texts.pop()).strip(), self._labels.pop()
        if self._path[-1] in _LABELS and self._labels:
            self._labels[-1] = text
        elif self._path[-1] in _LABELLED and self._labels:
            self._texts[-1].append(text)
        elif len(self._path) > 1 and (text or self._is_leaf):
            self._add(plain_name(label) or self._name(), text)
        self._path.pop()
        self._is_leaf = False
        if not self._path:
            self._end_product()

    def _name(self, *inner: str) -> str:
        """The name of a value; photos and paragraphs have that of the element around them."""
        path = (*self._path[1:_DEPTH], *inner)
        is_one = squeezed(path[0]) in _JOINED and not inner
        return path[0] if is_one else "_".join(path)

    def _add(self, name: str, text: str) -> None:
        """Join repeated values, such as additional_image_link, by newlines."""
        self._values[name] = joined(self._values.get(name, ""), text.strip())

    def _end_product(self) -> None:
        values = {**self._plain, **self._own}
        self.names |= dict.fromkeys(values)
        damaged = frozenset(name for name, text in values.items() if BROKEN_MARK in text)
        whole = {name: text for name, text in values.items() if name not in damaged}
        self.records.append(Record(self._line, whole, damaged=damaged))
