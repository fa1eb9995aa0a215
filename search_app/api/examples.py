"""The examples of the API's description, together to keep the routes readable.

A test checks that every route has a valid one.
"""

from typing import Any, Final

_RESULT: Final[dict[str, Any]] = {
    "product_id": "tee-17",
    "title": "Striped cotton tee",
    "photo": "tee-17.jpg",
    "photo_url": "/photos/17.jpg",
    "garment_id": 23,
    "garment_class": "upper",
    "score": 0.8312,
    "style": 0.8121,
    "colour": 0.8503,
    "same_kind": 0.7412,
    "same_colour": 0.8127,
    "brand": "Acme",
    "category": "tops",
    "price": 19.9,
    "regular_price": 24.9,
    "currency": "EUR",
    "url": "https://shop.example/tee-17",
    "availability": "in stock",
    "more_colours": 6,
}
_FOUND: Final[dict[str, Any]] = {
    "garment_class": "upper",
    "score": 0.97,
    "box": [212, 148, 640, 702],
    "area": 0.21,
    "colours": [{"name": "red", "hex": "#b01c2e", "share": 0.8}],
    "kind": "T-Shirt",
    "pattern": "striped",
    "whole_photo": False,
}
_SEARCH_ID: Final = "m3VYd0b2Qn6kqLr1xWc9Tg"
_RESULTS: Final[dict[str, Any]] = {
    "garment_class": "upper",
    "search_id": _SEARCH_ID,
    "results": [_RESULT],
}
_PHOTO: Final = {"width": 960, "height": 1280}
_MODEL: Final = {
    "segmenter": "fpn-regnetx_004/3f2a9c01de55",
    "encoder": "regnetx_004/91bb02ac77e1",
    "dimension": 512,
}
_WORDS: Final[dict[str, Any]] = {
    "text": "striped top",
    "garment_class": "upper",
    "kind": ["top"],
    "colours": [],
    "tone": None,
    "pattern": ["striped"],
    "sleeve": [],
    "length": [],
    "text_words": [],
    "excluded": [],
    "unknown_words": [],
    "missing_goods": [],
}
_PRODUCT: Final[dict[str, Any]] = {
    "id": "tee-17",
    "title": "Striped cotton tee",
    "description": "A tee of soft cotton, striped.",
    "brand": "Acme",
    "category": "tops",
    "colour": "red",
    "price": 19.9,
    "regular_price": 24.9,
    "sale_price": 19.9,
    "sale_start": None,
    "sale_end": "2026-12-31T23:59:59Z",
    "currency": "EUR",
    "url": "https://shop.example/tee-17",
    "availability": "in stock",
    "group_id": "tee",
    "attributes": {"fit": "loose"},
    "photos": [
        {
            "photo_id": 17,
            "photo": "tee-17.jpg",
            "photo_url": "/photos/17.jpg",
            "status": "indexed",
            "skip_reason": None,
            "garment_ids": [23],
        }
    ],
}
_IMPORT: Final[dict[str, Any]] = {
    "id": "5f0c8a51d2e94b77",
    "state": "running",
    "source": "spring/feed.csv",
    "made_by": "feed robot",
    "message": None,
    "options": {
        "map": ["title=name"],
        "dry_run": False,
        "source": "spring",
        "clear_empty": False,
        "prune": True,
        "prune_all": False,
        "refresh_photos": False,
    },
    "done": 320,
    "total": 1200,
    "skipped": 2,
    "garments": 411,
    "products_new": 0,
    "products_changed": 0,
    "products_unchanged": 0,
    "rejected": 0,
    "outcome": None,
    "created_at": "2026-03-01T09:30:00Z",
    "started_at": "2026-03-01T09:30:01Z",
    "ended_at": None,
}
_DONE: Final = {
    **_IMPORT,
    "state": "done",
    "done": 1200,
    "garments": 1534,
    "products_new": 1174,
    "rejected": 3,
    "outcome": {
        "kind": "Shopify CSV",
        "price_only": 0,
        "products_removed": 1,
        "removed": ["tee-16"],
        "photos_unchanged": 0,
        "photos_to_embed": None,
        "photos_to_fetch": None,
        "photos_missing": None,
        "notes": [],
    },
    "ended_at": "2026-03-01T09:32:10Z",
}
_STOPPED: Final = {**_IMPORT, "state": "cancelled", "message": "cancelled", "ended_at": None}
_SOURCE: Final[dict[str, Any]] = {
    "name": "shop",
    "kind": "shopify",
    "address": "https://acme.myshopify.com",
    "every": "6h",
    "running": False,
    "state": "done",
    "message": None,
    "outcome": {
        "kind": "Shopify JSON",
        "listed": 1174,
        "new": 3,
        "changed": 12,
        "unchanged": 1159,
        "removed": 1,
        "rejected": 0,
        "photos_indexed": 5,
        "photos_skipped": 0,
        "garments": 6,
        "notes": [],
    },
    "takes_webhooks": True,
    "started_at": "2026-03-01T06:00:00Z",
    "ended_at": "2026-03-01T06:01:10Z",
    "next_run_at": "2026-03-01T12:00:00Z",
}

ANSWERS: Final[dict[tuple[str, str], Any]] = {
    ("post", "/api/v1/search"): {
        "garments": [
            {**_FOUND, "search_id": _SEARCH_ID, "nothing_close": False, "results": [_RESULT]}
        ],
        "photo": _PHOTO,
        "note": None,
        "words": None,
        "model": _MODEL,
        "timings_ms": {"embed": 231.4, "search": 4.2, "total": 235.6},
    },
    ("get", "/api/v1/search"): {
        "words": _WORDS,
        "search_id": _SEARCH_ID,
        "results": [_RESULT],
        "timings_ms": {"search": 3.1},
    },
    ("post", "/api/v1/segment"): {
        "garments": [_FOUND],
        "photo": _PHOTO,
        "mask_png": "iVBORw0KGgo=",
        "model": _MODEL,
    },
    ("post", "/api/v1/search/vector"): _RESULTS,
    ("get", "/api/v1/similar"): _RESULTS,
    ("get", "/api/v1/facets"): {
        "brand": [{"value": "Acme", "count": 812}],
        "category": [{"value": "tops", "count": 401}],
        "colour": [{"value": "red", "count": 97}],
        "availability": [{"value": "in stock", "count": 1100}],
        "garment_class": [{"value": "upper", "count": 612}],
        "attributes": {"fit": [{"value": "loose", "count": 88}]},
        "price_min": 4.9,
        "price_max": 249.0,
    },
    ("get", "/api/v1/products"): {
        "products": [_PRODUCT],
        "page": 1,
        "pages": 49,
        "total": 1174,
        "next_cursor": "WyJTdHJpcGVkIGNvdHRvbiB0ZWUiLCAidGVlLTE3Il0=",
    },
    ("post", "/api/v1/products"): _PRODUCT,
    ("get", "/api/v1/products/{product_id}"): _PRODUCT,
    ("patch", "/api/v1/products/{product_id}"): {**_PRODUCT, "price": 14.9, "sale_price": 14.9},
    ("post", "/api/v1/imports"): {**_IMPORT, "state": "queued", "done": 0, "total": 0},
    ("get", "/api/v1/imports"): {"imports": [_DONE]},
    ("get", "/api/v1/imports/{job_id}"): _IMPORT,
    ("post", "/api/v1/imports/{job_id}/cancel"): _STOPPED,
    ("post", "/api/v1/imports/{job_id}/resume"): {**_IMPORT, "state": "queued"},
    ("post", "/api/v1/imports/{job_id}/apply"): {**_IMPORT, "state": "queued", "done": 0},
    ("get", "/api/v1/sources"): {"sources": [_SOURCE]},
    ("get", "/api/v1/sources/{name}"): _SOURCE,
    ("post", "/api/v1/sources/{name}/run"): {**_SOURCE, "running": True},
    ("post", "/api/v1/webhooks/shopify/{source}"): {"state": "accepted"},
    ("post", "/api/v1/webhooks/woocommerce/{source}"): {"state": "accepted"},
    ("post", "/api"): {"mask_string": "iVBORw0KGgo="},
    ("get", "/healthz"): {"status": "ok"},
    ("get", "/readyz"): {
        "status": "ready",
        "model": "fpn-regnetx_004/3f2a9c01de55 + regnetx_004/91bb02ac77e1 (512 d)",
        "products": 1174,
        "searchable": {"upper": 702, "whole": 311, "lower": 521},
        "waiting": 0,
        "importing": False,
        "writable": True,
    },
}
"""(method, path) -> an answer that went well."""
BODIES: Final[dict[tuple[str, str], Any]] = {
    ("post", "/api/v1/search/vector"): {
        "vector": [0.11, -0.52, 0.84, 0.6, 0.8],
        "garment_class": "upper",
        "k": 5,
        "filters": ["price_max=50"],
    },
    ("post", "/api/v1/events"): {
        "search_id": _SEARCH_ID,
        "event": "purchase",
        "product_id": "tee-17",
        "position": 3,
    },
    ("patch", "/api/v1/products/{product_id}"): {"sale_price": "14.90", "availability": "in stock"},
    ("post", "/api/v1/imports"): {
        "url": "https://shop.example/feed.csv",
        "map": ["title=name"],
        "dry_run": True,
    },
    ("post", "/api/v1/webhooks/shopify/{source}"): {
        "id": 632910392,
        "handle": "striped-tee",
        "title": "Striped tee",
        "updated_at": "2026-03-01T09:30:00+01:00",
        "variants": [{"id": 808950810, "price": "24.95"}],
        "images": [{"src": "https://cdn.example/tee-17.jpg"}],
    },
    ("post", "/api/v1/webhooks/woocommerce/{source}"): {
        "id": 794,
        "name": "Striped tee",
        "permalink": "https://shop.example/striped-tee",
        "regular_price": "24.95",
        "stock_status": "instock",
        "date_modified_gmt": "2026-03-01T08:30:00",
        "images": [{"src": "https://shop.example/tee-17.jpg"}],
    },
    ("post", "/api"): {"img_string": "data:image/jpeg;base64,/9j/4AAQSkZJRg=="},
}
"""(method, path) -> a JSON body."""
FORMS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("post", "/api/v1/products"): {"id": "tee-18", "title": "Striped cotton tee"},
    ("post", "/api/v1/explain"): {"garment_id": 23},
}
"""(method, path) -> fields of a form that must be given, files apart."""
CURLS: Final[dict[tuple[str, str], str]] = {
    ("post", "/api/v1/search"): "-F photo=@photo.jpg -F k=5 -F filters=price_max=50 "
    "-F 'filters=brand!=Acme' {server}/api/v1/search",
    ("post", "/api/v1/segment"): "-F photo=@photo.jpg {server}/api/v1/segment",
    ("get", "/api/v1/search"): "-G --data-urlencode 'words=striped top' -d filters=price_max=50 "
    "{server}/api/v1/search",
    ("get", "/api/v1/facets"): "-G -d filters=brand=Acme -d attributes=fit {server}/api/v1/facets",
    ("get", "/api/v1/products"): "-G -d text=tee -d filters=price_max=50 -d page_size=10 "
    "{server}/api/v1/products",
}
"""(method, path) -> arguments of curl, as shown below the route's description."""
