"""Numbers, prices and days as the language of the request writes them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_symbol

from search_app.language.translations import current_language

_DATES: Final = {"en": "en_GB"}
"""Locale of dates where it is not the language's own: the English texts are British."""


def capitalised(text: str) -> str:
    """The text with a capital in front, all else as it is."""
    return text[:1].upper() + text[1:]


def number(value: int) -> str:
    """A whole number: 1,234 in English, 1.234 in German."""
    return str(format_decimal(value, locale=current_language()))


def decimal(value: float, digits: int = 2) -> str:
    """A number with so many digits after the point: 0.83, in German 0,83."""
    return str(format_decimal(value, f"#,##0.{'0' * digits}", locale=current_language()))


def money(price: Decimal, currency: str | None) -> str:
    """A price: €49.90, in German 49,90 €; the number alone without a currency."""
    if not currency:
        return str(format_decimal(price, "#,##0.00#", locale=current_language()))
    text = str(format_currency(price, currency, locale=current_language()))
    symbol = str(get_currency_symbol(currency, locale=current_language()))
    # Babel leaves out the space that CLDR wants between letters and digits.
    is_joined = text.startswith(symbol) and symbol[-1:].isalpha()
    return text.replace(symbol, f"{symbol}\N{NO-BREAK SPACE}", 1) if is_joined else text


def short_day(day: date) -> str:
    """A day without its year: 5 Mar, in German 5. März."""
    return str(format_skeleton("MMMd", day, locale=_date_locale()))


def long_day(day: date) -> str:
    """A day: 5 March 2026, in German 5. März 2026."""
    return str(format_date(day, "long", locale=_date_locale()))


def _date_locale() -> str:
    return _DATES.get(current_language(), current_language())


def minute(moment: datetime) -> str:
    """A moment in UTC, the same in every language: 2026-03-05 14:07 UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def percent(part: int, whole: int) -> str:
    """A share in whole per cent; a dash where there is nothing to share."""
    if not whole:
        return "–"
    return str(format_percent(part / whole, "#,##0 %", locale=current_language()))


def megabytes(size: int) -> str:
    """A size on the disk, given in bytes."""
    return f"{decimal(size / 1e6, 1)} MB"
