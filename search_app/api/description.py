"""GET /openapi.json: the API's description, with a product of this catalogue in its examples.

So each example of /docs runs as it stands. Nothing is removed or priced by one: DELETE has no
example, and that of PATCH sets the title that the product has.
"""

import base64
import io
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from PIL import Image
from sqlalchemy import select

from catalog.models import GarmentRow, PhotoRow, Product
from indexing.collection import Collection
from search_app.api.openapi import form_fields
from search_app.services import UsedServices
from segmentation.classes import GarmentClass

SMALL_PHOTO: Final = (48, 64)
DECIMALS: Final = 4

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class ExampleProduct:
    """A product of the catalogue and the vector of one of its garments."""

    id: str
    title: str
    garment_id: int
    garment_class: str
    vector: list[float]


@router.get("/openapi.json")
def description(request: Request, services: UsedServices) -> JSONResponse:
    """Describe the API; the catalogue's product is shown only where anybody may read."""
    schema = deepcopy(request.app.openapi())
    _set_body(schema, "/api", "post", {"img_string": _small_photo()})
    collection = services.collection
    if collection is not None and services.settings.api_reads:
        product = _example_product(collection)
        if product is not None:
            _show(schema, product)
    return JSONResponse(schema)


def _example_product(collection: Collection) -> ExampleProduct | None:
    """The product of the first garment; None in an empty catalogue."""
    query = (
        select(GarmentRow.id, GarmentRow.garment_class, Product.id, Product.title)
        .join(PhotoRow, PhotoRow.id == GarmentRow.photo_id)
        .join(Product, Product.id == PhotoRow.product_id)
        .order_by(GarmentRow.id)
        .limit(1)
    )
    with collection.database.session() as session:
        row = session.execute(query).first()
    if row is None:
        return None
    garment_id, garment_class, product_id, title = row
    vector = [round(float(each), DECIMALS) for each in collection.query_like(garment_id).vector]
    return ExampleProduct(product_id, title, garment_id, GarmentClass(garment_class).label, vector)


def _show(schema: dict[str, Any], product: ExampleProduct) -> None:
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "product_id" and method != "delete":
                    parameter["example"] = product.id
    vector = {"vector": product.vector, "garment_class": product.garment_class, "k": 5}
    _set_body(schema, "/api/v1/search/vector", "post", vector)
    _set_body(schema, "/api/v1/products/{product_id}", "patch", {"title": product.title})
    form_fields(schema, "post", "/api/v1/explain")["garment_id"]["example"] = product.garment_id


def _set_body(schema: dict[str, Any], path: str, method: str, example: dict[str, Any]) -> None:
    content = schema["paths"][path][method]["requestBody"]["content"]
    content["application/json"]["example"] = example


def _small_photo() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", SMALL_PHOTO, "#b01c2e").save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
