"""XML feeds: Google Merchant (RSS items, Atom entries), Heureka, Ceneo, Yandex, plain products.

Fields in a namespace (g:title) take precedence over plain ones (title). Read as a stream; entities
are refused (billion laughs, local files).
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from html.entities import html5
from typing import Any, Final

from lxml import etree

from catalog.errors import FeedError
from catalog.feeds.columns import PHOTO_NAMES, plain_name, squeezed
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, joined
from catalog.feeds.text.decoding import BROKEN

BROKEN_MARK: Final = "\ufdd0"
"""Stands for an invalid byte; a noncharacter of Unicode, since XML forbids surrogates."""
_GOOGLE: Final = ("item", "entry")
_PRODUCTS: Final = (*_GOOGLE, "product", "shopitem", "offer", "o")
_ADDRESSES: Final = ("href", "url", "src", "path")
"""Attributes that are an element's value, as in <main url="1.jpg"/>."""
_VIEW: Final = "view-type"
"""Attribute of Salesforce's image groups: of several sizes the first counts."""
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
"""Attribute of an element that is there in several languages, of which the first counts."""
_NO_VALUES: Final = (*_ADDRESSES, _VIEW, _LANGUAGE, "rel", "name", "type", "attribute-id")
"""Attributes that are no values of their own."""
_LABELS: Final = frozenset({"param_name", "attribute_name"})
_LABELLED: Final = frozenset({"val", "attribute_value"})
_JOINED: Final = PHOTO_NAMES | {"description", "content", "summary"}
"""Elements whose inner ones are more of the same."""
_ENTITY: Final = re.compile(r"&((?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w{1,30};)")
_LONGEST_ENTITY: Final = 32
_DEPTH: Final = 4
"""Elements nested deeper count as those in which they lie."""


def is_xml(text: str) -> bool:
    """Whether the text begins like XML."""
    return text.lstrip()[:1] == "<"


def read_xml(
    parts: Iterable[str], feed_name: str
) -> tuple[str, tuple[str, ...], Collection[Record]]:
    """Read every product; returns the kind of feed, all names of values and the records.

    Args:
        parts: the document's text.

    Raises:
        FeedError: not well-formed (the message names the line), with entities, or without items.
    """
    names: dict[str, None] = {}
    kinds: set[str] = set()
    records = stored(_records(parts, feed_name, names, kinds))
    if not records:
        raise FeedError(
            f"{feed_name} is XML without <{'>, <'.join(_PRODUCTS)}>; give a feed of products"
        )
    # A product without a sale leaves the element out.
    names |= {"sale_price": None} if "price" in names else {}
    return "Google Merchant XML" if kinds & set(_GOOGLE) else "XML", tuple(names), records


def _records(
    parts: Iterable[str], feed_name: str, names: dict[str, None], kinds: set[str]
) -> Iterator[Record]:
    """The record of each product, as soon as it is parsed; adds its names and its element."""
    for element in _elements(parts, feed_name):
        values = _values(element)
        names |= dict.fromkeys(values)
        kinds.add(_name(element.tag))
        damaged = frozenset(name for name, text in values.items() if BROKEN_MARK in text)
        if damaged:
            values = {name: text for name, text in values.items() if name not in damaged}
        yield Record(element.sourceline, values, damaged=damaged)


def _elements(parts: Iterable[str], feed_name: str) -> Iterator[Any]:
    # `recover` lets names pass whose namespace is not declared; other errors are raised here.
    parser = etree.XMLPullParser(
        ("end",), encoding="utf-8", resolve_entities=False, no_network=True, recover=True
    )
    has_element = False
    for number, part in enumerate(_with_letters(parts)):
        if not has_element and "<!ENTITY" in part:
            raise FeedError(
                f"{feed_name} declares XML entities, which are not read; leave them out"
            )
        text = BROKEN.sub(BROKEN_MARK, part if number else part.lstrip())
        parser.feed(text.encode("utf-8", "replace"))
        _raise_error(parser, feed_name)
        for _, element in parser.read_events():
            has_element = True
            if _name(element.tag) not in _PRODUCTS:
                continue
            if not any(_name(each.tag) in _PRODUCTS for each in element.iterancestors()):
                yield element
                _release(element)
    parser.close()
    _raise_error(parser, feed_name)


def _with_letters(parts: Iterable[str]) -> Iterator[str]:
    """The parts with letters in place of HTML's entities, which XML does not know ("&nbsp;")."""
    carried = ""
    for part in parts:
        text = carried + part
        open_entity = text.rfind("&", -_LONGEST_ENTITY)
        cut = open_entity if open_entity >= 0 and ";" not in text[open_entity:] else len(text)
        carried = text[cut:]
        yield _ENTITY.sub(lambda found: html5.get(found[1], found[0]), text[:cut])
    yield carried


def _raise_error(parser: Any, feed_name: str) -> None:
    for error in parser.feed_error_log:
        if error.level == etree.ErrorLevels.FATAL:
            reason = " ".join(error.message.split())
            raise FeedError(f"{feed_name}, line {error.line}: {reason}; export the feed again")


def _release(element: Any) -> None:
    """Free an element and those before it."""
    element.clear(keep_tail=True)
    while (before := element.getprevious()) is not None:
        element.getparent().remove(before)


@lru_cache(maxsize=1_000)
def _name(tag: str) -> str:
    """The plain name of an element without its namespace."""
    return plain_name(tag.rpartition("}")[2].rpartition(":")[2])


def _values(product: Any) -> dict[str, str]:
    """A product's values, nested elements and attributes as "outer_inner"."""
    plain = {plain_name(name): text for name, text in product.items()}
    own: dict[str, str] = {}
    first_language: dict[str, str] = {}
    for child in product.iterchildren("*"):
        tag = child.tag
        is_plain = not len(child) and not child.keys()
        language = None if is_plain else child.get(_LANGUAGE)
        if language and first_language.setdefault(tag, language) != language:
            continue
        values = plain
        # Most tags have neither a namespace nor a prefix, which lxml takes long to tell.
        if (tag[0] == "{" and child.prefix is not None) or ":" in tag.rpartition("}")[2]:
            values = own
        pairs = [(_name(tag), (child.text or "").strip())] if is_plain else _flattened(child)
        for name, text in pairs:
            # Repeated values, such as additional_image_link, are joined by newlines.
            values[name] = joined(values.get(name, ""), text)
    return {**plain, **own}


def _flattened(element: Any, outer: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Names and texts of an element and those in it."""
    path = (*outer, _name(element.tag))[:_DEPTH]
    children = list(element.iterchildren("*"))
    texts = {_name(each.tag): (each.text or "").strip() for each in children}
    label = element.get("name") or element.get("attribute-id")
    label = label or next((texts[each] for each in _LABELS & texts.keys()), "")
    labelled = next((texts[each] for each in _LABELLED & texts.keys()), "")
    if label and (value := labelled or _own_text(element)):
        yield plain_name(label), value
        return
    is_one = squeezed(path[0]) in _JOINED
    if (text := _own_text(element) or element.get("name", "")) or not children:
        yield path[0] if is_one else "_".join(path), text
    for name, text in element.items():
        if name not in _NO_VALUES:
            yield "_".join((*path, plain_name(name))), text
    first_view = next((view for each in children if (view := each.get(_VIEW))), None)
    for child in children:
        if child.get(_VIEW) in (None, "", first_view):
            yield from _flattened(child, path)


def _own_text(element: Any) -> str:
    """Text outside of inner elements, or the address that an attribute holds."""
    if _name(element.tag) == "link" and element.get("rel", "alternate") != "alternate":
        return ""
    text = "".join((element.text or "", *(each.tail or "" for each in element))).strip()
    return text or next((text for name in _ADDRESSES if (text := element.get(name))), "")
