"""Dates of sales in the notations of spreadsheets and shops."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from babel.dates import get_month_names

_LONGEST: Final = 40
_NUMERIC: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(20\d\d|\d\d)(?:,? (.+))?")
"""Day and month in either order, the year, and perhaps a time."""
_NAMED: Final = re.compile(
    r"(?:(?P<day>\d{1,2})\.?[ -](?P<month>[^\W\d_]{3,12})\.?"
    r"|(?P<name>[^\W\d_]{3,12})\.? (?P<number>\d{1,2}))"
    r"(?:,? |-)(?P<year>20\d\d|\d\d)(?P<time>,? .+)?"
)
"""A date with the month's name: "1. November 2026", "01-Nov-26", "Nov 1, 2026"."""
_LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl")
_SECONDS: Final = re.compile(r"\d{10}(?:\d{3})?")
"""Seconds or milliseconds since 1970."""
_NEVER: Final = re.compile(r"0{4}-00-00.*|0")
"""Texts that databases write where there is no date."""
_BETWEEN: Final = re.compile(r"\s(?:[-–—]|to|bis)\s")
_DAY_LENGTH: Final = len("2026-11-30")
_TIMES: Final = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_LAST_MONTH: Final = 12


def both_ends(text: str) -> tuple[str, str]:
    """Start and end of "2026-11-01/2026-11-30" or "01/11/2026 - 30/11/2026"."""
    if between := _BETWEEN.search(text):
        return text[: between.start()], text[between.end() :]
    if _NUMERIC.fullmatch(text.strip()[:_LONGEST]):
        return text, ""
    first, _, second = text.partition("/")
    return first, second


def is_day_first(dates: Iterable[str]) -> bool | None:
    """Whether a column has the day before the month; None where it has no day above 12, or both."""
    found = filter(None, (_NUMERIC.fullmatch(text.strip()[:_LONGEST]) for text in dates))
    orders = {_own_order(each) for each in found} - {None}
    return orders.pop() if len(orders) == 1 else None


def _own_order(found: re.Match[str]) -> bool | None:
    is_day, is_second_day = (int(found[part]) > _LAST_MONTH for part in (1, 3))
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
    if not plain or _NEVER.fullmatch(plain):
        return None
    if _SECONDS.fullmatch(plain):
        return datetime.fromtimestamp(int(plain[:10]), UTC)
    if named := _NAMED.fullmatch(plain):
        plain, day_first = _numbered(named), True
    found = _NUMERIC.fullmatch(plain)
    moment = _numeric(found, day_first) if found else datetime.fromisoformat(plain)
    has_time = found[5] is not None if found else len(plain) > _DAY_LENGTH
    if is_end and not has_time:
        moment += timedelta(days=1, seconds=-1)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def _numbered(named: re.Match[str]) -> str:
    """The date with the month's number after the day; ValueError for an unknown month."""
    month = _months().get((named["month"] or named["name"]).lower())
    if month is None:
        raise ValueError(f"{named[0]!r} names no month")
    day = named["day"] or named["number"]
    return f"{day}.{month}.{named['year']}{named['time'] or ''}"


@cache
def _months() -> dict[str, int]:
    """Number of a month by its name and short name in some languages."""
    return {
        name.lower().rstrip("."): number
        for language in _LANGUAGES
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, locale=language).items()
    }


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
