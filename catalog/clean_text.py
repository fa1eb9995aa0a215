"""Removal of characters that no page or export can show, for every text that is imported.

Lone surrogates cannot be encoded, a NUL ends strings in other programs, control characters break
XML and terminals. They are removed from values; an id or photo name with one is refused.
"""

import re
from collections.abc import Mapping
from typing import Final

_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
ATTRIBUTE_NAME_LENGTH: Final = 200
ATTRIBUTE_VALUE_LENGTH: Final = 5_000


def is_clean(text: str) -> bool:
    """Whether a text has no lone surrogate, NUL or control character (tab and newline may)."""
    return _UNFIT.search(text) is None


def clean_text(text: str, length: int | None = None) -> str:
    """The text without such characters, truncated to `length`."""
    return _UNFIT.sub("", text)[:length]


def clean_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes with cleaned names and values, without those that are empty afterwards."""
    texts = {name: str(value) for name, value in attributes.items()}
    joined = "".join((*texts, *texts.values()))
    if len(joined) <= ATTRIBUTE_NAME_LENGTH and all(texts.values()) and is_clean(joined):
        return texts  # the usual case
    pairs = (
        (clean_text(name, ATTRIBUTE_NAME_LENGTH), clean_text(value, ATTRIBUTE_VALUE_LENGTH))
        for name, value in texts.items()
    )
    return {name: value for name, value in pairs if name and value}
