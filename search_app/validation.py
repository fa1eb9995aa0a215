"""The first error that pydantic found in a request in, a line that a person can act on out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_PLACES: Final = ("body", "query", "path", "header")
_PATTERNS: Final = {
    "^https?://": "must begin with http:// or https://",
    "^[A-Z]{3}$": "must be three capital letters, such as EUR",
    r"^[0-9]{1,5},[0-9]{1,5},[0-9]{1,5},[0-9]{1,5}$": "must be x0,y0,x1,y1 in pixels",
}
_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is not a name we know; see /docs for those there are",
    "json_invalid": lambda about: f"no JSON ({about.get('error', 'broken')})",
    "model_attributes_type": lambda _: "must be a JSON object, sent as application/json",
    "model_type": lambda _: "must be a JSON object, sent as application/json",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "float_parsing": lambda _: "must be a number",
    "decimal_parsing": lambda _: "must be a number",
    "bool_parsing": lambda _: "must be true or false",
    "greater_than_equal": lambda about: f"must be at least {about['ge']}",
    "less_than_equal": lambda about: f"must be at most {about['le']}",
    "less_than": lambda about: f"must be less than {about['lt']}",
    "literal_error": lambda about: f"must be {about['expected']}",
    "string_pattern_mismatch": lambda about: _PATTERNS.get(
        about["pattern"], f"must match {about['pattern']}"
    ),
}
"""Kind of an error -> what to say, of the error's context."""


def first_problem(errors: Sequence[Any]) -> str:
    """Which field is wrong, and what it must be."""
    first = errors[0]
    kind, about = first["type"], first.get("ctx", {})
    where = ".".join(str(part) for part in first["loc"] if part not in _PLACES)
    if kind == "json_invalid":
        where = ""
    if kind == "value_error" and "UploadFile" in first["msg"]:
        return f"{where}: must be a file, not text: curl -F {where}=@FILE"
    said = _WORDS[kind](about) if kind in _WORDS else first["msg"].removeprefix("Value error, ")
    return f"{where or 'body'}: {said}"
