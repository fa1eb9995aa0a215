"""Mending of texts that were encoded as UTF-8 twice, such as "SchÃ¶n" and "19,90 â‚¬".

UTF-8 was read as cp1252 or Latin-1 and encoded again. A sequence of such letters is decoded where
it holds a sign that no letter has behind it in a right text ("Ã¶"). Those with signs that may be
right there ("LÃ®", "été…”") are decoded only in columns where no letter speaks against it.
"""

import mmap
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from catalog.feeds.large.store import stored
from catalog.feeds.rows import Findings, Record

_BYTES: Final[Mapping[str, int]] = {
    **{chr(byte): byte for byte in range(0x80, 0x100)},
    **{bytes([byte]).decode("cp1252", "ignore"): byte for byte in range(0x80, 0xA0)},
}
"""Letter of cp1252 or Latin-1 -> its byte."""
_LATER: Final = "".join(each for each, byte in _BYTES.items() if each and byte < 0xC0)
"""Letters of all bytes of a sequence but the first."""
_BEHIND_LETTERS: Final = frozenset("®©™”’»›…–—•°¹²³“‘«‹´\xa0")
"""Those that correct text may have after a letter."""
_FIRST: Final = {"[ÂÃÄÅÆÈËÎÏÐÑ×ØÙ]": 1, "[à-íï]": 2, "ð": 3}
"""First letters of sequences for scripts in use -> how many follow."""
_ESCAPED: Final = re.compile(rb"\\u00[c-fC-F][0-9a-fA-F]\\u")
"""Two such letters as JSON may have them."""
_LONGEST: Final = 3
"""Most times that a text is decoded."""


def may_be_doubled(data: bytes | mmap.mmap) -> bool:
    """Whether a file in UTF-8 may hold texts that were encoded twice."""
    return any(pattern.search(data) for pattern in (_ESCAPED, _in_utf8()))


@cache
def _in_utf8() -> re.Pattern[bytes]:
    sure = b"|".join(each.encode() for each in _LATER if each not in _BEHIND_LETTERS)
    return re.compile(rb"\xc3[\x82-\xb4](?:[\xc2-\xe2][\x80-\xbf]{1,2}){0,2}(?:" + sure + b")")


@cache
def _sequence() -> re.Pattern[str]:
    """Sequences, and "à" without its second byte, a space that was left out."""
    kinds = (f"{first}[{_LATER}]{{{more}}}" for first, more in _FIRST.items())
    return re.compile("|".join([*kinds, "Ã(?= |$)"]))


def mend_doubled(
    records: Collection[Record], kept: Collection[str], findings: Findings
) -> Collection[Record]:
    """Decode texts that were encoded twice, with a note.

    Args:
        kept: columns whose texts stay, such as ids and names of files.
    """
    is_doubled, right = False, set[str]()
    for name, text in (pair for each in records for pair in each.values.items()):
        if not text.isascii() and name not in kept:
            if _is_surely_doubled(text):
                is_doubled = True
            elif any(each > "\x7f" and each.isalpha() for each in _sequence().sub("", text)):
                right.add(name)
    return stored(_mended(records, kept, right, findings)) if is_doubled else records


def _mended(
    records: Collection[Record], kept: Collection[str], right: Collection[str], findings: Findings
) -> Iterator[Record]:
    count, example = 0, ""
    for record in records:
        values = dict(record.values)
        for name, text in record.values.items():
            if not text.isascii() and name not in kept:
                if name not in right or _is_surely_doubled(text):
                    values[name] = decoded(text)
                if values[name] != text:
                    example = (
                        example or f"line {record.line}: {text[:40]!r} is {values[name][:40]!r}"
                    )
                    count += 1
        yield replace(record, values=values)
    if count:
        findings.notes.append(
            f"{count} texts had been encoded as UTF-8 twice and were mended, first on {example}; "
            "export the feed again as UTF-8"
        )


def mended_name(name: str) -> str:
    """A column's or an option's name, decoded where it was encoded twice."""
    return decoded(name) if not name.isascii() and _is_surely_doubled(name) else name


def decoded(text: str) -> str:
    """The text with every sequence decoded, as often as there are any."""
    for _ in range(_LONGEST):
        once = _sequence().sub(_decoded, text)
        if once == text:
            break
        text = once
    return text


def _is_surely_doubled(text: str) -> bool:
    return any(
        not _BEHIND_LETTERS.issuperset(each[0][1:]) and _decoded(each) != each[0]
        for each in _sequence().finditer(text)
    )


def _decoded(sequence: re.Match[str]) -> str:
    data = bytes(map(_BYTES.__getitem__, sequence[0]))
    try:
        return (data if len(data) > 1 else b"\xc3\xa0").decode()
    except UnicodeDecodeError:
        return sequence[0]
