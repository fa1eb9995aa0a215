"""The app's routes in, their OpenAPI description out: with the keys and an example for each.

The examples stand here together, so that the routes stay readable; a test holds that every
route has one and that each is valid.
"""

from typing import Any, Final

from fastapi import FastAPI

KEYS: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `apparel keys add`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
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
    "details": 0.6127,
    "same_kind": 0.7412,
    "same_colour": 0.8127,
    "brand": "Acme",
    "category": "tops",
    "price": 19.9,
    "currency": "EUR",
    "url": "https://shop.example/tee-17",
    "availability": "in stock",
}
_FOUND: Final[dict[str, Any]] = {
    "garment_class": "upper",
    "score": 0.97,
    "second_class": None,
    "second_score": 0.0,
    "box": [212, 148, 640, 702],
    "area": 0.21,
    "colours": [{"name": "red", "hex": "#b01c2e", "share": 0.8}],
    "whole_photo": False,
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
    "unknown_words": [],
}
_PRODUCT: Final[dict[str, Any]] = {
    "id": "tee-17",
    "title": "Striped cotton tee",
    "description": "A tee of soft cotton, striped.",
    "brand": "Acme",
    "category": "tops",
    "colour": "red",
    "price": 19.9,
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
            "whole_photo": False,
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
        "photos_whole": 0,
    },
    "ended_at": "2026-03-01T09:32:10Z",
}
_STOPPED: Final = {**_IMPORT, "state": "cancelled", "message": "cancelled", "ended_at": None}

ANSWERS: Final[dict[tuple[str, str], Any]] = {
    ("post", "/api/v1/search"): {
        "garments": [{**_FOUND, "nothing_close": False, "results": [_RESULT]}],
        "photo": _PHOTO,
        "note": None,
        "words": None,
        "model": _MODEL,
        "timings_ms": {"embed": 231.4, "search": 4.2, "total": 235.6},
    },
    ("get", "/api/v1/search"): {
        "words": _WORDS,
        "results": [_RESULT],
        "timings_ms": {"search": 3.1},
    },
    ("post", "/api/v1/segment"): {
        "garments": [_FOUND],
        "photo": _PHOTO,
        "mask_png": "iVBORw0KGgo=",
        "model": _MODEL,
    },
    ("post", "/api/v1/search/vector"): {"garment_class": "upper", "results": [_RESULT]},
    ("get", "/api/v1/similar"): {"garment_class": "upper", "results": [_RESULT]},
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
    ("patch", "/api/v1/products/{product_id}"): {**_PRODUCT, "price": 14.9},
    ("post", "/api/v1/imports"): {**_IMPORT, "state": "queued", "done": 0, "total": 0},
    ("get", "/api/v1/imports"): {"imports": [_DONE]},
    ("get", "/api/v1/imports/{job_id}"): _IMPORT,
    ("post", "/api/v1/imports/{job_id}/cancel"): _STOPPED,
    ("post", "/api/v1/imports/{job_id}/resume"): {**_IMPORT, "state": "queued"},
    ("post", "/api/v1/imports/{job_id}/apply"): {**_IMPORT, "state": "queued", "done": 0},
    ("post", "/api"): {"mask_string": "iVBORw0KGgo="},
    ("get", "/healthz"): {"status": "ok"},
    ("get", "/readyz"): {
        "status": "ready",
        "model": "fpn-regnetx_004/3f2a9c01de55 + regnetx_004/91bb02ac77e1 (512 d)",
        "products": 1174,
        "searchable": {"upper": 702, "whole": 311, "lower": 521},
        "waiting": 0,
        "importing": False,
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
    ("patch", "/api/v1/products/{product_id}"): {"price": "14.90", "availability": "in stock"},
    ("post", "/api/v1/imports"): {
        "path": "spring/feed.csv",
        "photos": "spring/photos",
        "map": ["title=name"],
        "dry_run": True,
    },
    ("post", "/api"): {"img_string": "data:image/jpeg;base64,/9j/4AAQSkZJRg=="},
}
"""(method, path) -> a JSON body."""
PROBLEM: Final = {"error": {"code": "invalid_request", "message": "k: must be at most 200"}}


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI description the one of this module."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            _add_examples(plain())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _add_examples(schema: dict[str, Any]) -> None:
    schema["components"]["securitySchemes"] = KEYS
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api"):
                # Each alone is enough, and so may none be: see search_app.keys.
                operation["security"] = [{}, *({name: []} for name in KEYS)]
            for status, response in operation["responses"].items():
                example = ANSWERS.get((method, path)) if status.startswith("2") else PROBLEM
                _set_example(response, example)
            _set_example(operation.get("requestBody", {}), BODIES.get((method, path)))


def _set_example(described: dict[str, Any], example: object) -> None:
    media = described.get("content", {}).get("application/json")
    if media is not None and example is not None:
        media["example"] = example
