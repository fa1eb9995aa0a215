"""JSON columns that hold one form of value, and read another one as empty.

Older versions, other programs or a disk may have left something else in a column; no reader has to
expect that. `catalog.data_folder.repair` finds and replaces such values.
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError, ValidatorFunctionWrapHandler
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from catalog.colours import Colour
from catalog.importing.records import ImportOptions, PendingPhoto

Value = TypeVar("Value")


def or_none(record: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """A record in a column that is checked where it is read; None where it has another form."""
    try:
        return read(record)
    except ValidationError:
        return None


def _as_texts(attributes: dict[Any, Any]) -> dict[str, str]:
    # Not by pydantic, which refuses the lone surrogates that are repaired later.
    return {name: "" if value is None else str(value) for name, value in attributes.items()}


Attributes = Annotated[dict[Any, Any], AfterValidator(_as_texts)]
Certainties = dict[Literal["kind", "pattern", "sleeve", "length"], float]


class StoredJson(TypeDecorator[Value], Generic[Value]):
    """JSON of the form `form`; reads as `unfit()` where the stored value has another form."""

    impl = JSON
    cache_ok = True

    def __init__(self, form: Any, unfit: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self.form, self.unfit = form, unfit
        self._adapter: TypeAdapter[Value] = TypeAdapter(form)

    def process_bind_param(self, value: Value | None, dialect: Dialect) -> Any:
        """The value as JSON can have it."""
        return self._adapter.dump_python(value, mode="json") if value is not None else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """`read`, or what checks a value of PostgreSQL, which psycopg has parsed already."""
        if dialect.name == "postgresql":
            return lambda stored: None if stored is None else self._checked(lambda: stored)
        return self.read

    def read(self, text: str | None) -> Any:
        """Parse and check a stored text; None for NULL."""
        return None if text is None else self._checked(lambda: json.loads(text))

    def _checked(self, parse: Callable[[], Any]) -> Any:
        try:
            return self._adapter.validate_python(parse())
        except (ValueError, TypeError, RecursionError):
            return self.unfit()


ATTRIBUTES: Final = StoredJson[dict[str, str]](Attributes, dict)
COLOURS: Final = StoredJson[tuple[Colour, ...]](tuple[Colour, ...], tuple)
CERTAINTIES: Final = StoredJson[Certainties](Certainties, dict)
TEXTS: Final = StoredJson[list[str]](list[str], list)
PENDING: Final = StoredJson[tuple[PendingPhoto, ...]](tuple[PendingPhoto, ...], tuple)
OPTIONS: Final = StoredJson[ImportOptions](ImportOptions, ImportOptions)
JOB_OPTIONS: Final = StoredJson[ImportOptions | None](ImportOptions | None)
OUTCOME: Final = StoredJson[dict[str, Any] | None](dict[str, Any] | None)
