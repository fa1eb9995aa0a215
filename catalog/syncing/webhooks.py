"""Signature and content of a shop's webhook: the change of one product.

Only the body is signed. So the topic decides nothing by itself: a product is taken over only from
a body that is one, and removed only by a body that is nothing but its number.

Shopify: https://shopify.dev/docs/apps/build/webhooks/subscribe/https
WooCommerce: https://woocommerce.com/document/webhooks/
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from catalog.feeds.json_text import Entry
from catalog.feeds.large.json_document import is_deep
from catalog.syncing.records import SourceKind
from catalog.syncing.shop_products import (
    ShopProduct,
    instant,
    is_for_sale,
    is_whole_product,
    shop_product,
)

_DELETED: Final = ("products/delete", "product.deleted")
_PING: Final = re.compile(rb"webhook_id=\d{1,19}")


@dataclass(frozen=True)
class ProductChange:
    """A product's change; `entry` is None where it is to be removed from here.

    `is_deletion`: it was deleted in the shop, which gives no time for that.
    """

    product: ShopProduct
    entry: Entry | None
    is_deletion: bool = False


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether a signature is the base64 HMAC-SHA256 of a body with this secret."""
    expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return hmac.compare_digest(expected, signature.encode(errors="replace"))


def is_ping(body: bytes) -> bool:
    """Whether a body is what WooCommerce sends, unsigned, when a webhook is made."""
    return bool(_PING.fullmatch(body))


def parse_change(
    kind: SourceKind, topic: str, body: bytes, received: datetime
) -> ProductChange | None:
    """The change in a signed body; None where it is not a change of a product.

    Args:
        received: a deletion has no other time.
    """
    try:
        entry = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or is_deep(entry):
        return None
    if topic in _DELETED and entry.keys() == {"id"}:
        gone = shop_product(kind, entry)
        gone = replace(gone, modified=instant(received.isoformat()))
        return ProductChange(gone, entry=None, is_deletion=True)
    if not is_whole_product(kind, entry):
        return None
    product = shop_product(kind, entry)
    return ProductChange(product, entry if is_for_sale(kind, entry) else None)
