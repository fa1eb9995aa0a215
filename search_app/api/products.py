"""The catalogue over HTTP: /api/v1/products; reading is open, writing needs permission."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Query, UploadFile
from pydantic import BeforeValidator, Field, TypeAdapter

from catalog.feeds.rows import Feed, ProductRow
from catalog.files import publishing
from catalog.queries import list_products, product_by_id, products_by_ids
from catalog.records import PhotoDetail, ProductDetail
from catalog.sale import price_now, split_prices, utc
from indexing.collection import Collection
from search_app.documents import (
    FilterTexts,
    ProductChanges,
    ProductDocument,
    ProductFields,
    ProductPage,
    Text,
    without_empty,
)
from search_app.errors import BadRequest, Busy
from search_app.pages.cards import photo_url
from search_app.problems import ERRORS
from search_app.search.search import parsed_filters
from search_app.search.uploads import upload_bytes
from search_app.security.keys import Scope, needs
from search_app.services import UsedServices
from segmentation.photos import decode_photo

MAX_PAGE_SIZE: Final = 100
CURSOR: Final = "next_cursor of the previous answer, instead of page"
ORIGINALS: Final = "uploads"
"""Folder below DATA for the photos that come over the API, until they are indexed."""

_PLACE: Final = TypeAdapter(tuple[Text, Text])
"""Title and id in a cursor."""

router = APIRouter(prefix="/api/v1/products", tags=["products"], responses=ERRORS)
reads = [Depends(needs(Scope.READ))]
writes = [Depends(needs(Scope.WRITE))]


@router.get("", dependencies=reads, summary="Products, by pages, filtered")
def list_all(
    services: UsedServices,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 24,
    text: Annotated[str | None, Query(max_length=200)] = None,
    filters: Annotated[FilterTexts, Query()] = [],  # noqa: B006
    cursor: Annotated[str | None, Query(max_length=2000, description=CURSOR)] = None,
) -> ProductPage:
    """List products by title; `text` must occur in a product's title, brand or id.

    Pages go by `page`, or by `cursor`, which stays exact while products are added or removed.
    """
    collection = services.open_collection
    wanted = parsed_filters(collection.database, filters)
    after = _read_cursor(cursor) if cursor else None
    with collection.database.session() as session:
        found = list_products(session, page, page_size, wanted, text, after)
        details = products_by_ids(session, [product.id for product in found.products])
    return ProductPage(
        products=[product_document(detail) for detail in details],
        page=page,
        pages=-(-found.total // page_size),
        total=found.total,
        next_cursor=_cursor_after(details[-1]) if len(details) == page_size else None,
    )


@router.get("/{product_id:path}", dependencies=reads, summary="One product")
def read_one(product_id: str, services: UsedServices) -> ProductDocument:
    """Read a product with its photos and their states."""
    return _read(services.open_collection, product_id)


class NewProduct(ProductFields):
    """The form of a new product."""

    id: Text = Field(min_length=1, max_length=200)
    title: Text = Field(min_length=1, max_length=500)
    photos: list[UploadFile] = Field(max_length=12, description="one or more photos")
    attributes: Annotated[list[Text], BeforeValidator(without_empty)] = Field(
        default=[], max_length=200, description="NAME=VALUE, such as fit=loose; repeated"
    )


@router.post("", status_code=201, dependencies=writes, summary="Add or replace a product")
async def add(
    services: UsedServices,
    fields: Annotated[NewProduct, File()],
) -> ProductDocument:
    """Add or replace a product; its photos are searchable when the answer comes."""
    given = fields.model_dump(exclude={"id", "title", "photos"})
    given["attributes"] = _named(fields.attributes)
    limit = services.settings.max_upload_bytes
    collection = services.open_collection
    if services.open_jobs.working:
        # Both write photos, one after the other: the answer would come when the import is done.
        raise Busy("an import is running; add products to its feed or try again later")

    def store() -> ProductDocument:
        folder = collection.data / ORIGINALS
        originals = [upload_bytes(photo, limit) for photo in fields.photos]
        row = ProductRow(fields.id, fields.title, _store_originals(folder, originals))
        row = _changed(row, given)
        try:
            collection.index(Feed(rows=(row,), folder=folder))
        finally:
            # Where and by whom a photo was taken is in the original: only pixels are kept.
            for name in row.photos:
                (folder / name).unlink(missing_ok=True)
        return _read(collection, fields.id)

    return await services.line.run(store)


@router.patch("/{product_id:path}", dependencies=writes, summary="Change a product's fields")
def change(product_id: str, changes: ProductChanges, services: UsedServices) -> ProductDocument:
    """Change a product; a field that is left out stays as it is, null empties it."""
    collection = services.open_collection
    given = changes.model_dump(exclude_unset=True)
    if given.get("title", "") is None:
        raise BadRequest("title", "a product needs one; leave it out to keep it")
    with collection.database.session() as session:
        row = product_by_id(session, product_id).row
    collection.update(_changed(row, given))
    return _read(collection, product_id)


@router.delete(
    "/{product_id:path}", status_code=204, dependencies=writes, summary="Remove a product"
)
async def remove(product_id: str, services: UsedServices) -> None:
    """Remove a product; no search finds it once the answer comes."""
    # In line with indexing: one thread writes.
    await services.line.run(lambda: services.open_collection.remove(product_id))


def _changed(row: ProductRow, given: dict[str, Any]) -> ProductRow:
    """A row with new values; a new price without a sale price is in force from now on."""
    if "group_id" in given:
        given["group"] = given.pop("group_id")
    if "price" not in given and "regular_price" in given:
        given["price"] = given.pop("regular_price")
    elif "price" in given:
        given.setdefault("sale_price", None)
    regular = given.pop("regular_price", None)
    changed = replace(row, **given)
    price, sale = split_prices(changed.price, regular, changed.sale_price)
    dates = (utc(changed.sale_start), utc(changed.sale_end)) if sale is not None else (None, None)
    return replace(changed, price=price, sale_price=sale, sale_start=dates[0], sale_end=dates[1])


def product_document(product: ProductDetail) -> ProductDocument:
    """The JSON document of a product."""
    row = product.row
    fields = {
        "price": price_now(row),
        "regular_price": row.price,
        "group_id": row.group,
        "attributes": row.attributes or {},
        "photos": [_photo_fields(each) for each in product.photos],
    }
    return ProductDocument.model_validate(vars(row) | fields)


def _photo_fields(photo: PhotoDetail) -> dict[str, Any]:
    address = photo_url(photo.id) if photo.has_copy else None
    return vars(photo) | {"photo_id": photo.id, "photo": photo.source, "photo_url": address}


def _named(texts: list[str]) -> dict[str, str]:
    """Attributes by name. Raises BadRequest."""
    pairs = [text.partition("=") for text in texts]
    for text, (name, _, value) in zip(texts, pairs, strict=True):
        if not (0 < len(name.strip()) <= 100 and 0 < len(value.strip()) <= 2000):
            raise BadRequest("attributes", f"{text[:100]!r} is not NAME=VALUE, such as fit=loose")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _cursor_after(product: ProductDetail) -> str:
    position = json.dumps([product.row.title, product.row.id])
    return base64.urlsafe_b64encode(position.encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, str]:
    """Title and id in a cursor. Raises BadRequest."""
    try:
        decoded = base64.b64decode(cursor, altchars=b"-_", validate=True)
        return _PLACE.validate_json(decoded)
    except ValueError as error:  # no base64, no JSON, no pair of texts
        raise BadRequest(
            "cursor", "not one of ours; send next_cursor of the answer before"
        ) from error


def _read(collection: Collection, product_id: str) -> ProductDocument:
    with collection.database.session() as session:
        return product_document(product_by_id(session, product_id))


def _store_originals(folder: Path, originals: list[bytes]) -> tuple[str, ...]:
    """Write checked photos into `folder`, named by their content; returns the names."""
    for data in originals:
        decode_photo(data)
    names = []
    for data in originals:
        name = f"{hashlib.sha256(data).hexdigest()}.photo"
        names.append(name)
        path = folder / name
        if not path.exists():
            with publishing(path) as unfinished:
                unfinished.write_bytes(data)
    return tuple(names)
