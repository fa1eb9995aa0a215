"""Prices: their decimals, how they are stored, and which one is in force during a sale."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Dialect, Row, TypeDecorator

if TYPE_CHECKING:
    from catalog.feeds.rows import ProductRow
    from catalog.models import Product


THOUSANDTH: Final = Decimal("0.001")
_HUNDREDTH: Final = Decimal("0.01")
_THREE_DECIMALS: Final = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
"""Currencies with three decimals (ISO 4217)."""


class Price(TypeDecorator[Decimal]):
    """A price with three decimals, stored in thousandths: SQLite has no exact decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Convert an amount to thousandths."""
        return None if value is None else round(value * 1000)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Convert thousandths to an amount."""
        return None if value is None else Decimal(value) / 1000


def rounded_price(price: Decimal, currency: str | None) -> Decimal:
    """A price with at most three decimals; two in a currency that has no more.

    Where the currency has none, two are kept: shops write cents of some without.
    """
    short = price.quantize(_HUNDREDTH, ROUND_HALF_UP)
    if currency is not None and currency not in _THREE_DECIMALS:
        return short
    exact = price.quantize(THOUSANDTH, ROUND_HALF_UP)
    return short if exact == short else exact


def price_at(product: "Product | ProductRow | Row[Any]", moment: datetime) -> Decimal | None:
    """The price in force at a moment (with time zone)."""
    if product.sale_price is None:
        return product.price
    start, end = utc(product.sale_start), utc(product.sale_end)
    is_on_sale = (start or moment) <= moment <= (end or moment)
    return product.sale_price if is_on_sale else product.price


def price_now(product: "Product | ProductRow | Row[Any]") -> Decimal | None:
    """The price in force."""
    return price_at(product, datetime.now(UTC))


def split_prices(
    price: Decimal | None, regular: Decimal | None, sale: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Regular and sale price of what a feed or a client gives.

    A price below the regular one is a sale price; a sale price that is not below, or 0, is none.
    """
    sale = sale or None
    if regular is not None and sale is None:
        sale = price
    known = [amount for amount in (price, regular) if amount is not None]
    if not known:
        return sale, None
    highest = max(known)
    return highest, sale if sale is not None and sale < highest else None


def utc(moment: datetime | None) -> datetime | None:
    """A stored datetime with its time zone, which SQLite does not store."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
