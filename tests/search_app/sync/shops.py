"""What the APIs of shops answer, and how they sign their webhooks."""

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.photo_server import Answer, PhotoServer


def shopify_entry(server: PhotoServer, number: int, **fields: object) -> dict[str, Any]:
    return {
        "id": number, "handle": f"tee-{number}", "title": f"Tee {number}", "vendor": "Acme",
        "status": "active", "published_at": "2026-01-01T00:00:00Z", "body_html": "<p>Soft</p>",
        "updated_at": "2026-01-02T03:04:05+01:00",
        "variants": [{"id": number * 10, "price": "24.95", "inventory_quantity": 3}],
        "images": [{"id": 1, "src": server.url("/photo.png")}], "options": [], **fields,
    }  # fmt: skip


def woo_entry(server: PhotoServer, number: int, **fields: object) -> dict[str, Any]:
    return {
        "id": number, "name": f"Shirt {number}", "permalink": "https://s.example/p",
        "type": "simple", "status": "publish", "catalog_visibility": "visible",
        "regular_price": "20.00", "price": "20.00", "sale_price": "", "stock_status": "instock",
        "date_modified_gmt": "2026-01-02T03:04:05", "images": [{"src": server.url("/photo.png")}],
        "categories": [{"name": "Shirts"}], "tags": [], "attributes": [], **fields,
    }  # fmt: skip


def page(entries: object, next_page: str = "", **headers: str) -> Answer:
    kinds = [("Content-Type", "application/json"), *headers.items()]
    if next_page:
        kinds.append(("Link", f'<{next_page}>; rel="next"'))
    return Answer(json.dumps(entries).encode(), headers=tuple(kinds))


SHOPIFY = "/admin/api/2026-07/products.json?limit=250&status=active"
SECOND = "/admin/api/2026-07/products.json?limit=250&page_info=abc"
WOO = "/wp-json/wc/v3/products?per_page=100&status=publish&orderby=id&order=asc"


def signature(secret: str, body: bytes) -> str:
    """What a shop with this secret sends beside a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
