"""Parsing of prices in the notations of many countries to amounts and currency codes."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Final

from babel.numbers import get_currency_precision, list_currencies
from price_parser import Price

LONGEST: Final = 100
"""Longer cells are rejected before any slower than linear pattern runs on them."""
_TOO_DEAR: Final = Decimal(10) ** 10
_CENT: Final = Decimal("0.01")
_ABSENT: Final = frozenset(
    {"", "n/a", "na", "n.a.", "-", "--", "–", "—", "null", "none", "nan", "tba", "poa"}
)
_SYMBOLS: Final = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "円": "JPY", "元": "CNY",
    "₹": "INR", "Rs": "INR", "Rs.": "INR", "R$": "BRL", "zł": "PLN", "Fr.": "CHF", "₺": "TRY",
    "TL": "TRY", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "₴": "UAH", "грн": "UAH", "₫": "VND",
    "₩": "KRW", "฿": "THB", "₱": "PHP", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "лв": "BGN",
    "лв.": "BGN", "Rp": "IDR", "RM": "MYR", "KD": "KWD", "₪": "ILS", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "NT$": "TWD", "S$": "SGD",
    "MX$": "MXN",
}  # fmt: skip
"""Symbols that belong to one currency; "kr" is shared by five countries."""
_PLAIN: Final = re.compile(r"(\d{1,10}(?:\.\d{1,2})?)(?: ([A-Z]{3}))?")
_SCIENTIFIC: Final = re.compile(r"\d{1,12}(?:\.\d{1,20})?[eE]\+?\d{1,2}")
_NEGATIVE: Final = re.compile(r"^\D{0,8}[-−]\s?\d|^\(.*\)$")
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])")
_RANGE: Final = re.compile(r"\s(?:to|bis|till|à)\s|(?<=[\d€$£])\s?[-–—~]\s?(?=\D{0,4}\d)")
_MARKS: Final = re.compile(r"\d([.,])(?=(\d+))")


@lru_cache(maxsize=4096)
def parse_price(
    text: str, decimal_mark: str | None = None, currency: str | None = None
) -> tuple[Decimal | None, str | None]:
    """Parse an amount with two decimals and a currency code, each None where absent.

    A range gives its lowest price.

    Args:
        decimal_mark: "." or "," where the whole column determines it (`decimal_mark_of`).
        currency: code for an amount without one.

    Raises:
        ValueError: no amount, negative, or more than ten digits before the point.
    """
    plain = text.strip()
    if plain.lower() in _ABSENT:
        return None, None
    if len(plain) > LONGEST:
        raise ValueError(f"price {plain[:40]!r}... is longer than {LONGEST} characters")
    if usual := _PLAIN.fullmatch(plain):
        return _checked(Decimal(usual[1]), text), usual[2]
    code = _currency_code(plain)
    if _SCIENTIFIC.fullmatch(plain):
        return _checked(Decimal(plain), text), code
    if _NEGATIVE.search(plain):
        raise ValueError(f"price {text!r} is negative")
    amounts = [
        _amount(part, decimal_mark, code or currency) for part in _RANGE.split(plain) if part
    ]
    known = [amount for amount in amounts if amount is not None]
    if not known:
        raise ValueError(f"price {text!r} is not an amount like 24.90 EUR")
    return _checked(min(known), text), code


def number_price(text: str) -> Decimal:
    """Parse a JSON number; ValueError as in `parse_price`."""
    return _checked(Decimal(text), text)


def decimal_mark_of(prices: Iterable[str]) -> str | None:
    """The most common decimal mark of a column's unambiguous prices; None without any."""
    marks = Counter(mark for text in prices if (mark := _own_mark(text[:LONGEST])))
    return marks.most_common(1)[0][0] if marks else None


def is_currency_code(text: str) -> bool:
    """Whether this is a code of ISO 4217, in capital letters."""
    return text in _codes()


def _own_mark(text: str) -> str | None:
    """The decimal mark of an unambiguous price; None for an ambiguous one."""
    found = list(_MARKS.finditer(text))
    if not found:
        return None
    last, digits = found[-1].groups()
    others = {each[1] for each in found[:-1]}
    if others - {last}:
        return str(last)
    if others:
        return "," if last == "." else "."
    return str(last) if len(digits) != 3 else None


def _amount(text: str, decimal_mark: str | None, currency: str | None) -> Decimal | None:
    mark = _own_mark(text)
    if mark is None and (ambiguous := _MARKS.search(text)):
        begins_with_zero = re.search(r"(?<!\d)0[.,]", text) is not None
        has_three = currency is not None and _decimals(currency) == 3
        if begins_with_zero or ambiguous[1] == decimal_mark or (has_three and not decimal_mark):
            mark = ambiguous[1]
        else:
            mark = "," if ambiguous[1] == "." else "."
    amount: Decimal | None = Price.fromstring(text, decimal_separator=mark).amount
    return amount


def _currency_code(text: str) -> str | None:
    for found in _CODE.findall(text):
        if found.upper() in _codes():
            return str(found.upper())
    if text.lower().startswith("rs"):
        return "INR"
    symbol = Price.fromstring(text).currency
    return None if symbol is None else _SYMBOLS.get(symbol)


@cache
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())


@cache
def _decimals(currency: str) -> int:
    return int(get_currency_precision(currency))


def _checked(amount: Decimal, text: str) -> Decimal:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"price {text!r} is negative")
    if amount >= _TOO_DEAR:
        raise ValueError(f"price {text!r} has too many digits")
    return amount.quantize(_CENT, ROUND_HALF_UP)
