"""OpenAPI description of the routes, with API keys and an example for each route.

The examples are in `examples.json`: for each route an `answer` that went well, a JSON `body`, the
fields of a `form` that must be given (files apart) and the arguments of `curl`, where it has them.
An object with `like` has the fields of that part of the file and its own.

GET /openapi.json shows a product of this catalogue in them, so that each example of /docs runs as
it stands. Nothing is removed or priced by one: DELETE has no example, and that of PATCH sets the
title that the product has.
"""

import base64
import io
import json
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from PIL import Image
from sqlalchemy import select

from catalog.models import GarmentRow, PhotoRow, Product
from indexing.collection import Collection
from search_app.services import UsedServices
from segmentation.classes import GarmentClass

KEYS: Final[dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of `apparel keys add`, or local-token",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
SERVER: Final = "http://127.0.0.1:8000"
SMALL_PHOTO: Final = (48, 64)
DECIMALS: Final = 4
PROBLEM: Final = {"error": {"code": "invalid_request", "message": "k: must be at most 200"}}


router = APIRouter(include_in_schema=False)


@cache
def route_examples() -> dict[tuple[str, str], dict[str, Any]]:
    """The examples of each route by method and path."""
    file = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(each) for each in value]
        if not isinstance(value, dict):
            return value
        base = filled(file["parts"][value["like"]]) if "like" in value else {}
        return base | {name: filled(each) for name, each in value.items() if name != "like"}

    routes = {}
    for route, examples in file["routes"].items():
        method, path = route.split()
        routes[method, path] = filled(examples)
    return routes


def describe(app: FastAPI) -> None:
    """Install this module's OpenAPI description in the app."""
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
            examples = route_examples().get((method, path), {})
            if "curl" in examples:
                command = f"curl {examples['curl'].format(server=SERVER)}"
                operation["description"] += f"\n\n```sh\n{command}\n```"
            if path.startswith("/api"):
                # Each alone is enough, and so may none be: see search_app.security.keys.
                operation["security"] = [{}, *({name: []} for name in KEYS)]
            for status, response in operation["responses"].items():
                example = examples.get("answer") if status.startswith("2") else PROBLEM
                _set_example(response, example)
            _set_example(operation.get("requestBody", {}), examples.get("body"))
            _describe_form(form_fields(schema, method, path), examples.get("form", {}))


def form_fields(schema: dict[str, Any], method: str, path: str) -> dict[str, dict[str, Any]]:
    """The fields of a route's form with their descriptions; none without a form."""
    content = schema["paths"][path][method].get("requestBody", {}).get("content", {})
    reference = content.get("multipart/form-data", {}).get("schema", {}).get("$ref", "")
    form = schema["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return dict(form.get("properties", {}))


def _describe_form(fields: dict[str, dict[str, Any]], examples: dict[str, Any]) -> None:
    """Fill the form of /docs so that it can be sent as it stands.

    Swagger UI would send "string" for an optional text, and shows a box for each file of a list
    only where its format is binary.
    """
    for field, described in fields.items():
        items = described.get("items", described)
        if "contentMediaType" in items:
            items["format"] = "binary"
        elif field in examples or "anyOf" in described:
            described["example"] = examples.get(field, "")


def _set_example(described: dict[str, Any], example: object) -> None:
    media = described.get("content", {}).get("application/json")
    if media is not None and example is not None:
        media["example"] = example


@router.get("/openapi.json")
def description(request: Request, services: UsedServices) -> JSONResponse:
    """Describe the API; the catalogue's product is shown only where anybody may read."""
    schema = deepcopy(request.app.openapi())
    _set_example(_body_of(schema, "/api", "post"), {"img_string": _small_photo()})
    collection = services.collection
    if collection is not None and services.settings.api_reads:
        _show_first_product(schema, collection)
    return JSONResponse(schema)


def _first_garment(collection: Collection) -> Sequence[Any] | None:
    """Id and class of the first garment, id and title of its product; None without any."""
    query = (
        select(GarmentRow.id, GarmentRow.garment_class, Product.id, Product.title)
        .join(PhotoRow, PhotoRow.id == GarmentRow.photo_id)
        .join(Product, Product.id == PhotoRow.product_id)
        .order_by(GarmentRow.id)
        .limit(1)
    )
    with collection.database.session() as session:
        return session.execute(query).first()


def _show_first_product(schema: dict[str, Any], collection: Collection) -> None:
    """Put the product of the first garment into the examples."""
    found = _first_garment(collection)
    if found is None:
        return
    garment_id, garment_class, product_id, title = found
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "product_id" and method != "delete":
                    parameter["example"] = product_id
    vector = [round(float(each), DECIMALS) for each in collection.query_like(garment_id).vector]
    search = {"vector": vector, "garment_class": GarmentClass(garment_class).label, "k": 5}
    _set_example(_body_of(schema, "/api/v1/search/vector", "post"), search)
    patch = _body_of(schema, "/api/v1/products/{product_id}", "patch")
    _set_example(patch, {"title": title})
    form_fields(schema, "post", "/api/v1/explain")["garment_id"]["example"] = garment_id


def _body_of(schema: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    return dict(schema["paths"][path][method]["requestBody"])


def _small_photo() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", SMALL_PHOTO, "#b01c2e").save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
