"""Products as a shop's own API and its webhooks tell them: number, id here, last change."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from catalog.feeds.dialects import shopify_json, woocommerce_json
from catalog.feeds.json_text import Entry
from catalog.models import ShopProductRow
from catalog.syncing.records import SourceKind

_ROWS: Final = 1000


@dataclass(frozen=True)
class ShopProduct:
    """A product's number in the shop, its id here, and when it last changed (UTC, ISO 8601)."""

    shop_id: str
    product_id: str
    modified: str | None


def shop_product(kind: SourceKind, entry: Entry) -> ShopProduct:
    """The product of an entry of a shop's API."""
    shop_id = str(entry.get("id", ""))[:100]
    if kind is SourceKind.SHOPIFY:
        modified = entry.get("updated_at")
        return ShopProduct(shop_id, shopify_json.product_id(entry)[:200], instant(modified))
    return ShopProduct(shop_id, shop_id, instant(entry.get("date_modified_gmt")))


def is_whole_product(kind: SourceKind, entry: Entry) -> bool:
    """Whether an entry is a product with all its fields, not an order or a variation."""
    if kind is SourceKind.SHOPIFY:
        return "id" in entry and shopify_json.is_shopify_json(entry)
    is_variation = entry.get("type") == "variation"
    return "id" in entry and woocommerce_json.is_woocommerce_json(entry) and not is_variation


def is_for_sale(kind: SourceKind, entry: Entry) -> bool:
    """Whether visitors of the shop can see the product."""
    if kind is SourceKind.SHOPIFY:
        return shopify_json.is_on_sale(entry)
    return woocommerce_json.is_published(entry)


def known_products(
    session: Session, source: str, shop_ids: Iterable[str]
) -> Mapping[str, ShopProduct]:
    """The given products that were read before, by their number in the shop."""
    query = select(ShopProductRow).where(
        ShopProductRow.source == source, ShopProductRow.shop_id.in_(list(shop_ids))
    )
    return {
        row.shop_id: ShopProduct(row.shop_id, row.product_id, row.modified)
        for row in session.scalars(query)
    }


def replace_products(session: Session, source: str, products: Iterable[ShopProduct]) -> None:
    """Remember these products of a source and no others; the caller commits."""
    session.execute(delete(ShopProductRow).where(ShopProductRow.source == source))
    _insert(session, source, {each.shop_id: each for each in products})


def update_products(session: Session, source: str, products: Iterable[ShopProduct]) -> None:
    """Remember these products beside the others; the caller commits."""
    by_id = {each.shop_id: each for each in products}
    here = (ShopProductRow.source == source, ShopProductRow.shop_id.in_(list(by_id)))
    session.execute(delete(ShopProductRow).where(*here))
    _insert(session, source, by_id)


def _insert(session: Session, source: str, products: Mapping[str, ShopProduct]) -> None:
    rows = [{"source": source, **asdict(each)} for each in products.values()]
    for start in range(0, len(rows), _ROWS):
        session.execute(insert(ShopProductRow), rows[start : start + _ROWS])


def instant(value: Any) -> str | None:
    """A point of time in UTC, so that texts sort by time; None where there is none.

    One that lies ahead counts as now: it would make all later changes look old.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        moment = min(moment, datetime.now(UTC)).astimezone(UTC)
    except OverflowError:  # the first of January of the year 1, in the east
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
