"""Prices as shops write them."""

from decimal import Decimal

import pytest

from catalog.prices import parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("24.90", "24.90", None),
        ("24.90 EUR", "24.90", "EUR"),
        ("24.90usd", "24.90", "USD"),
        ("€ 1.299,00", "1299.00", "EUR"),
        ("1,299.00 USD", "1299.00", "USD"),
        ("1 299,90", "1299.90", None),
        ("1,299", "1299.00", None),
        ("12,5", "12.50", None),
        ("0.999", "1.00", None),
        ("12.345.678,90", "12345678.90", None),
        ("£5", "5.00", "GBP"),
    ],
)
def test_amount_and_currency(text: str, amount: str, currency: str | None) -> None:
    assert parse_price(text) == (Decimal(amount), currency)


def test_no_price_is_none() -> None:
    assert parse_price("  ") == (None, None)


@pytest.mark.parametrize("text", ["cheap", "-3", "EUR", "1e5", "10.00 USD 3", "nan", "9" * 11])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="price"):
        parse_price(text)
