"""A price as people and shops write it in, an exact amount and a currency code out."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_SYMBOLS: Final = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_AMOUNT: Final = re.compile(r"\d{1,3}([., '\u00a0]?\d{3})*([.,]\d+)?|\d+([.,]\d+)?")
_TOO_DEAR: Final = Decimal(10) ** 10


def parse_price(text: str) -> tuple[Decimal | None, str | None]:
    """Amount and currency code of "24.90", "24.90 EUR", "€ 1.299,00"; None where absent.

    ValueError when it is no amount, is negative or has more than ten digits before the point.
    """
    code = re.search(r"[A-Za-z]{3}|[€$£¥]", text)
    amount = (text if code is None else text.replace(code[0], "")).strip()
    if not amount and code is None:
        return None, None
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(f"price {text!r} is not an amount like 24.90 EUR")
    value = _decimal_of(amount)
    if value >= _TOO_DEAR:
        raise ValueError(f"price {text!r} has too many digits")
    rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return rounded, None if code is None else _SYMBOLS.get(code[0], code[0].upper())


def _decimal_of(amount: str) -> Decimal:
    """The last separator is the decimal point, except before three digits."""
    plain = re.sub(r"[ '\u00a0]", "", amount).replace(",", ".")
    whole, point, decimals = plain.rpartition(".")
    if not point or (len(decimals) == 3 and whole != "0"):
        whole, decimals = plain, "0"
    return Decimal(f"{whole.replace('.', '')}.{decimals}")
