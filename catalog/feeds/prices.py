"""Parsing of prices in the notations of many countries to amounts and currency codes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from babel.numbers import get_currency_precision, list_currencies
from price_parser import Price

from catalog.feeds.names import meaning_by_name
from catalog.sale import rounded_price

LONGEST: Final = 100
"""Longer cells are rejected before any slower than linear pattern runs on them."""
_TOO_DEAR: Final = Decimal(10) ** 10
_SIGNS: Final = str.maketrans(
    {**dict.fromkeys("’‘ʼ´`", "'"), "٫": ".", "٬": ",", "·": ".", "\xa0": " "}
)
_INNER_SIGN: Final = re.compile(r"(\d)([€£])(\d\d)(?!\d)")
_NO_CENTS: Final = re.compile(r"(?<=\d)([.,])[-–—]{1,2}(?!\d)")
"""Stands for cents: "49,-"."""
_REMARK: Final = re.compile(r"\([^()]*\)|[-−]?\d[\d.,]{0,9} ?%")
_ABSENT: Final = frozenset(
    "|n/a|na|n.a.|-|--|–|—|null|none|nan|tba|tbd|poa|on request|price on request|auf anfrage"
    "|preis auf anfrage|sur demande".split("|")
)
_SYMBOLS: Final = meaning_by_name("currencies")
"""Symbols that belong to one currency; "kr" is shared by five countries."""
_PLAIN: Final = re.compile(r"(\d{1,10}(?:\.\d{1,2})?)(?: ([A-Z]{3}))?")
_SCIENTIFIC: Final = re.compile(r"\d{1,12}(?:\.\d{1,20})?[eE]\+?\d{1,2}")
_NEGATIVE: Final = re.compile(r"^\D{0,8}[-−]\s?\d|^\(.*\)$")
_NO_PRICE: Final = re.compile(
    r"%|\d ?[kK](?![^\W\d])|\b\d+ ?(?:for|für|pour|por|per|x|pcs|pieces|stück|stk) "
)
"""Discounts, thousands and amounts of several pieces."""
_CODE: Final = re.compile(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])")
_RANGE: Final = re.compile(
    r"\s(?:to|bis|till|à|was|now|statt|jetzt|instead of|au lieu de|ahora|ora|nu)\s"
    r"|(?<=[€$£])\s(?=\d+[.,]\d\d)|(?<=[\d€$£])\s?[-–—~]\s?(?=\D{0,4}\d)|(?<=[\d€$£])\s?[/|]\s?(?=\D{0,4}\d+[.,]\d\d(?!\d))",
    re.IGNORECASE,
)
"""Between two prices, of which the lower one counts."""
_NUMBER: Final = re.compile(
    r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d{1,9})?"
    r"|(?:(?<![\w.])\.)?\d(?:[\d.,']*\d)?(?: ?[.,]\d\d(?!\d))?"
)
"""The first amount of a text."""
_MARKS: Final = re.compile(r"\d([.,])(?=(\d+))")


def _usual_signs(text: str) -> str:
    """The text with ASCII digits, spaces, apostrophes and decimal marks, and without remarks."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
        text = "".join(str(unicodedata.decimal(each, each)) for each in text)
    text = _INNER_SIGN.sub(r"\1.\3 \2", text.strip().removesuffix("/-"))
    text = _NO_CENTS.sub(r"\g<1>00", text)
    without = _REMARK.sub("", text)
    return without if re.search(r"\d", without) else text


@lru_cache(maxsize=4096)
def parse_price(
    text: str, decimal_mark: str | None = None, currency: str | None = None
) -> tuple[Decimal | None, str | None]:
    """Parse an amount and a currency code, each None where absent.

    The amount has the currency's decimals, and a range gives its lowest price.

    Args:
        decimal_mark: "." or "," where the whole column determines it (`decimal_marks_of`).
        currency: code for an amount without one.

    Raises:
        ValueError: no amount, negative, or more than ten digits before the point.
    """
    plain = text.strip()
    if len(plain) > LONGEST:
        raise ValueError(f"price {plain[:40]!r}... is longer than {LONGEST} characters")
    if usual := _PLAIN.fullmatch(plain) or _PLAIN.fullmatch(plain := _usual_signs(plain)):
        return _checked(Decimal(usual[1]), text, usual[2] or currency), usual[2]
    if plain.lower() in _ABSENT:
        return None, None
    code = currency_of(plain)
    if _SCIENTIFIC.fullmatch(plain):
        return _checked(Decimal(plain), text, code or currency), code
    if _NEGATIVE.search(plain):
        raise ValueError(f"price {text!r} is negative")
    amounts = [
        _amount(part, decimal_mark, code or currency) for part in _RANGE.split(plain) if part
    ]
    known = [amount for amount in amounts if amount is not None]
    if not known or _NO_PRICE.search(plain):
        raise ValueError(f"price {text!r} is not an amount like 24.90 EUR")
    return _checked(min(known), text, code or currency), code


def number_price(text: str, currency: str | None = None) -> Decimal:
    """Parse a JSON number; ValueError as in `parse_price`."""
    return _checked(Decimal(text), text, currency)


def major_units(amount: Decimal | None, currency: str | None) -> Decimal | None:
    """An amount of cents, or the like of another currency, as a price.

    Raises:
        ValueError: it has a fraction.
    """
    if amount is None:
        return None
    if amount % 1:
        raise ValueError(f"price {str(amount)!r} is not a whole number of cents")
    return amount.scaleb(-decimals_of(currency) if currency else -2)


def decimal_marks_of(prices: Iterable[tuple[str, bool]]) -> dict[bool, str | None]:
    """The most common decimal mark of a column's unambiguous prices; None without any.

    Those in thousandths (`in_thousandths`) are decided by themselves: "12.345 OMR" is twelve rials
    also where the euros are "19,90".
    """
    marks: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for text, is_fine in prices:
        if mark := _own_mark(text[:LONGEST]):
            marks[is_fine][mark] += 1
    return {
        is_fine: found.most_common(1)[0][0] if found else None for is_fine, found in marks.items()
    }


def in_thousandths(text: str) -> bool:
    """Whether a price or a currency is one with three decimals."""
    return _of_three_decimals().search(text) is not None


def is_currency_code(text: str) -> bool:
    """Whether this is a code of ISO 4217, in capital letters."""
    return text in _codes()


def _own_mark(text: str) -> str | None:
    """The decimal mark of an unambiguous price; None for an ambiguous one."""
    number = _NUMBER.search(text)
    found = list(_MARKS.finditer(number[0] if number else text))
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
    number = _NUMBER.search(text)
    text = number[0] if number else text
    mark = _own_mark(text)
    if mark is None and (ambiguous := _MARKS.search(text)):
        decimals = 2 if currency is None else decimals_of(currency)
        begins_with_zero = re.search(r"(?<!\d)0[.,]", text) is not None
        has_three = decimals == 3 and not decimal_mark
        if begins_with_zero or has_three or (ambiguous[1] == decimal_mark and decimals):
            mark = ambiguous[1]
        else:
            mark = "," if ambiguous[1] == "." else "."
    amount: Decimal | None = Price.fromstring(text, decimal_separator=mark).amount
    return amount


@lru_cache(maxsize=1024)
def currency_of(text: str) -> str | None:
    """The code of a currency in a text, by its code or its symbol; None without any."""
    for found in _CODE.findall(text):
        if found.upper() in _codes():
            return str(found.upper())
    if text.lower().startswith("rs"):
        return "INR"
    symbol = Price.fromstring(text).currency
    if symbol is not None:
        return _SYMBOLS.get(symbol)
    return next((code for sign, code in _SYMBOLS.items() if sign in text), None)


@cache
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())


@cache
def _of_three_decimals() -> re.Pattern[str]:
    names = {code: code for code in _codes()} | _SYMBOLS
    fine = (name for name, code in names.items() if decimals_of(code) == 3)
    return re.compile("|".join(map(re.escape, fine)), re.IGNORECASE)


@cache
def decimals_of(currency: str) -> int:
    """The number of decimals of a currency, by its code."""
    return int(get_currency_precision(currency))


def _checked(amount: Decimal, text: str, currency: str | None) -> Decimal:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"price {text!r} is negative")
    if amount >= _TOO_DEAR:
        raise ValueError(f"price {text!r} has too many digits")
    return rounded_price(amount, currency)
