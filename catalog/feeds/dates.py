"""Dates of sales in the notations of spreadsheets and shops."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

_LONGEST: Final = 40
_NUMERIC: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(20\d\d|\d\d)(?:,? (.+))?")
"""Day and month in either order, the year, and perhaps a time."""
_DAY_LENGTH: Final = len("2026-11-30")
_TIMES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_LAST_MONTH: Final = 12


def is_day_first(dates: Iterable[str]) -> bool | None:
    """Whether a column has the day before the month; None where it has no day above 12, or both."""
    found = filter(None, (_NUMERIC.fullmatch(text.strip()[:_LONGEST]) for text in dates))
    told = {_own_order(each) for each in found} - {None}
    return told.pop() if len(told) == 1 else None


def _own_order(found: re.Match[str]) -> bool | None:
    is_day, is_second_day = (int(found[place]) > _LAST_MONTH for place in (1, 3))
    return is_day if is_day != is_second_day else None


def parse_moment(text: str, day_first: bool | None, is_end: bool = False) -> datetime | None:
    """The moment of "2026-11-30", "30.11.2026" or "11/30/2026 9:00 PM", UTC by default.

    Args:
        day_first: of the column (`is_day_first`); with points the day is first where it is open.
        is_end: a date without a time means its end.

    Raises:
        ValueError: no date, or the order of day and month is unknown.
        OverflowError: none in UTC.
    """
    plain = text.strip()[:_LONGEST]
    if not plain:
        return None
    found = _NUMERIC.fullmatch(plain)
    moment = _numeric(found, day_first) if found else datetime.fromisoformat(plain)
    has_time = found[5] is not None if found else len(plain) > _DAY_LENGTH
    if is_end and not has_time:
        moment += timedelta(days=1, seconds=-1)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _numeric(found: re.Match[str], day_first: bool | None) -> datetime:
    first, separator, second, year, time = found.groups()
    own = _own_order(found)
    order = day_first if own is None else own
    if order is None and separator != "." and first != second:
        raise ValueError(f"day and month of {found[0]!r} cannot be told apart")
    day, month = (second, first) if order is False else (first, second)
    date = f"20{year[-2:]}-{month:0>2}-{day:0>2}"
    for each in _TIMES if time else ():
        with suppress(ValueError):
            return datetime.strptime(f"{date} {time.upper()}", f"%Y-%m-%d {each}")
    return datetime.fromisoformat(f"{date} {time or ''}".strip())
