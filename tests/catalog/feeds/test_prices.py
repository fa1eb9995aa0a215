"""Prices as shops write them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds.prices import decimal_marks_of, number_price, parse_price
from catalog.feeds.reader import read_feed


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
        ("0.999", "0.999", None),
        ("0,995 €", "1.00", "EUR"),
        ("12.345.678,90", "12345678.90", None),
        ("12.345.678", "12345678.00", None),
        ("£5", "5.00", "GBP"),
        ("$ 39.50 CAD", "39.50", "CAD"),
        ("AU$ 39.50", "39.50", "AUD"),
        ("US$ 8", "8.00", "USD"),
        ("349 kr", "349.00", None),
        ("2 499,00 kr", "2499.00", None),
        ("₹2,49,999.50", "249999.50", "INR"),
        ("Rs. 2,499", "2499.00", "INR"),
        ("R$ 1.149,90", "1149.90", "BRL"),
        ("149,99 zł", "149.99", "PLN"),
        ("79,-", "79.00", None),
        ("Fr. 79.–", "79.00", "CHF"),
        ("8,800円", "8800.00", "JPY"),
        ("₺1.249,90", "1249.90", "TRY"),
        ("450.000 ₫", "450000.00", "VND"),
        ("1 290 Kč", "1290.00", "CZK"),
        ("9.750 KWD", "9.75", "KWD"),
        ("KWD 9.750", "9.75", "KWD"),
        ("45.00 - 29.00 GBP", "29.00", "GBP"),
        ("29,90 € – 45,90 €", "29.90", "EUR"),
        ("29.90-45.90", "29.90", None),
        ("29 bis 45 EUR", "29.00", "EUR"),
        ("ab 29,90 €", "29.90", "EUR"),
        ("29,90 €*", "29.90", "EUR"),
        ("1'299.00", "1299.00", None),
        ("1E+3", "1000.00", None),
        ("CHF 1\u2019299.50", "1299.50", "CHF"),
        ("1\u202f299,90\u00a0\u20ac", "1299.90", "EUR"),
        ("Rs.2,499/-", "2499.00", "INR"),
        ("\uffe52,480", "2480.00", "JPY"),
        ("\u0662\u0664\u066b\u0669\u0660", "24.90", None),
        ("\u20a612,500", "12500.00", "NGN"),
        ("19.90 (was 29.90)", "19.90", None),
        ("Statt 59,90 \u20ac jetzt 49,90 \u20ac", "49.90", "EUR"),
        ("19,90 \u20ac / 100 g", "19.90", "EUR"),
        ("39,90 \u20ac / 29,90 \u20ac", "29.90", "EUR"),
        ("19.90 29.90", "19.90", None),
        ("19\u20ac50", "19.50", "EUR"),
        ("1 499:-", "1499.00", None),
        (".75", "0.75", None),
        ("S/ 99.90", "99.90", "PEN"),
        ("19,90 Euro", "19.90", "EUR"),
        ("-20% 19,90 \u20ac", "19.90", "EUR"),
    ],
)
def test_amount_and_currency(text: str, amount: str, currency: str | None) -> None:
    assert parse_price(text) == (Decimal(amount), currency)


@pytest.mark.parametrize("text", ["  ", "N/A", "-", "null", "Auf Anfrage", "TBD"])
def test_no_price_is_none(text: str) -> None:
    assert parse_price(text) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["cheap", "10%", "2 for $30", "$1.2k", "-3", "EUR -3.00", "(3.00)", "EUR", "9" * 11, "1" * 101],
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="price"):
        parse_price(text)


@pytest.mark.parametrize(
    ("column", "text", "amount"),
    [
        (["24.90", "19.95", "1.299"], "1.299", "1.299"),
        (["24,90", "1.299"], "1.299", "1299.00"),
        (["1,299.00", "24,900"], "24,900", "24900.00"),
        (["1.299,00", "24,900"], "24,900", "24.90"),
        (["24,90"] * 5 + ["12.50"], "12.50", "12.50"),
        (["7.250"], "7.250", "7250.00"),
    ],
)
def test_a_column_says_which_mark_is_decimal(column: list[str], text: str, amount: str) -> None:
    mark = decimal_marks_of((each, False) for each in column)[False]
    assert parse_price(text, mark)[0] == Decimal(amount)


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(
    ("prices", "amounts"),
    [
        (["19,90 EUR", "12.345 OMR", "1.299,00 EUR"], ["19.90", "12.345", "1299"]),
        (["19,90 EUR", "12,345 OMR", "2.500 TND"], ["19.90", "12.345", "2.5"]),
        (["12.50 KWD", "1,250 KWD", "1.299 EUR"], ["12.50", "1250", "1299"]),
        (["1.250,500 JOD", "7.500 JOD"], ["1250.5", "7500"]),
        (["19,90 EUR", "3,980 JPY", "12.900 KRW"], ["19.90", "3980", "12900"]),
    ],
)
def test_currencies_of_three_decimals_and_of_none_beside_euros(
    tmp_path: Path, prices: list[str], amounts: list[str], separate: bool
) -> None:
    cells = [each.replace(" ", ";") if separate else f"{each};" for each in prices]
    path = tmp_path / "feed.csv"
    rows = (f"{n};{cell};a.jpg\n" for n, cell in enumerate(cells))
    path.write_text("id;price;currency;image\n" + "".join(rows))
    assert [row.price for row in read_feed(path).rows] == list(map(Decimal, amounts))


def test_a_dash_for_cents_says_which_mark_is_decimal() -> None:
    assert parse_price("kr 1.299,-", ".") == (Decimal(1299), None)
    assert parse_price("CHF 1,299.\u2013", ",") == (Decimal(1299), "CHF")
    assert parse_price("\u20ac 12\u00b750", None) == (Decimal("12.50"), "EUR")


def test_the_column_of_currencies_counts_too() -> None:
    assert parse_price("7.250", None, "BHD") == (Decimal("7.25"), None)
    assert parse_price("7.250", None, "EUR") == (Decimal("7250.00"), None)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.345 KWD", None, "12.345"),
        ("OMR 1,250.125", None, "1250.125"),
        ("12.3456", "TND", "12.346"),
        ("16.9915 EUR", None, "16.99"),
        ("16.9915", "EUR", "16.99"),
        ("16.9915", None, "16.992"),
        ("1299 JPY", None, "1299"),
    ],
)
def test_an_amount_has_its_currencys_decimals(text: str, currency: str | None, amount: str) -> None:
    assert parse_price(text, ".", currency)[0] == Decimal(amount)


def test_a_json_number_has_a_decimal_point() -> None:
    assert number_price("24.950") == Decimal("24.95")
    assert number_price("1e2") == Decimal("100.00")
    with pytest.raises(ValueError, match="digits"):
        number_price("1e20")


@pytest.mark.parametrize(
    ("name", "text", "price", "currency"),
    [
        ("price_in_cents", "1990", "19.90", None),
        ("Price (cents)", '"1,990"', "19.90", None),
        ("Preis in Cent", "5", "0.05", None),
        ("price_cents_usd", "1990", "19.90", "USD"),
        ("price_gbp_pence", "1990", "19.90", "GBP"),
        ("price_minor_jpy", "1990", "1990", "JPY"),
        ("price_minor_units", "1990 KWD", "1.990", "KWD"),
        ("Preis (EUR)", '"1.299,90"', "1299.90", "EUR"),
        ("Price \u20ac", "19.90", "19.90", "EUR"),
        ("price ($)", "19.90", "19.90", "USD"),
        ("price_in_chf", "19.90", "19.90", "CHF"),
    ],
)
def test_units_in_the_names_of_price_columns(
    tmp_path: Path, name: str, text: str, price: str, currency: str | None
) -> None:
    (tmp_path / "feed.csv").write_text(f"id,{name},photo\n1,{text},1.jpg\n")
    (row,) = read_feed(tmp_path / "feed.csv").rows
    assert (row.price, row.currency, row.attributes) == (Decimal(price), currency, {})


def test_cents_with_a_fraction_are_no_price(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,price_cents,photo\n1,19.90,1.jpg\n2,1990,2.jpg\n")
    feed = read_feed(tmp_path / "feed.csv")
    assert [row.price for row in feed.rows] == [None, Decimal("19.90")]
    assert "not a whole number of cents" in feed.left_out[0]


def test_cents_in_json_and_its_variants(tmp_path: Path) -> None:
    entries = [
        {"id": "a", "priceInCents": 1990, "salePriceInCents": 990, "image": "a.jpg"},
        {"id": "b", "price": {"centAmount": 1990, "currencyCode": "KWD"}, "image": "b.jpg"},
        {"id": "c", "image": "c.jpg", "variants": [{"price_cents": 2500}, {"price_cents": 1990}]},
        {"id": "d", "image": "d.jpg", "variants": [{"price_eur": "25.00"}]},
    ]
    (tmp_path / "a.json").write_text(json.dumps(entries[:1]))
    (tmp_path / "b.json").write_text(json.dumps(entries[1:2]))
    (tmp_path / "c.json").write_text(json.dumps(entries[2:]))
    (a,), (b,), (c, d) = (read_feed(tmp_path / f"{each}.json").rows for each in "abc")
    assert (a.price, a.sale_price) == (Decimal("19.90"), Decimal("9.90"))
    assert (b.price, b.currency) == (Decimal("1.990"), "KWD")
    assert (c.price, d.price, d.currency) == (Decimal("19.90"), Decimal("25.00"), "EUR")
