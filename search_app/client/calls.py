"""Each operation of the API as a request and the type of its answer, for both clients."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel

from search_app.documents import (
    ClassLabel,
    FacetsDocument,
    ProductChanges,
    ProductDocument,
    ProductPage,
    ResultsDocument,
    SearchDocument,
    SegmentDocument,
    VectorRequest,
    WordsDocument,
)

API: Final = "/api/v1"
EVENTS: Final = f"{API}/events"
Photo = Path | str | bytes
"""A photo's path, its http(s) address, or its bytes."""
Region = tuple[int, int, int, int]
"""A box x0, y0, x1, y1 in pixels of the photo."""
Document = TypeVar("Document", bound=BaseModel)


class ApiError(Exception):
    """A request that the server refused; `code` is stable, the message says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Call(Generic[Document]):
    """A request, and the document that answers it."""

    kind: type[Document]
    method: str
    path: str
    parameters: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] | None = None
    files: Sequence[tuple[str, tuple[str, bytes]]] = ()
    json: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of httpx2's `request`."""
        body: dict[str, Any] = {"data": self.form, "files": self.files or None}
        if self.json is not None:
            body = {"content": self.json, "headers": {"Content-Type": "application/json"}}
        return {"method": self.method, "url": self.path, "params": self.parameters, **body}

    def document(self, response: httpx2.Response) -> Document:
        """Parse the answer. Raises ApiError."""
        return self.kind.model_validate_json(checked(response).content)


def checked(response: httpx2.Response) -> httpx2.Response:
    """The response. Raises ApiError if it is not a success."""
    if response.is_success:
        return response
    try:
        error = response.json()["error"]
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError):
        code, message = "failed", f"the server answered {response.status_code}"
    raise ApiError(response.status_code, code, message)


def search(
    photo: Photo,
    garment_class: ClassLabel | None,
    k: int,
    colour_weight: float,
    filters: Sequence[str],
    words: str | None,
    in_colour: str | None,
    region: Region | None,
) -> Call[SearchDocument]:
    """Search with a photo."""
    form = _given(
        garment_class=garment_class,
        k=str(k),
        colour_weight=str(colour_weight),
        filters=list(filters),
        words=words,
        in_colour=in_colour,
        region=",".join(str(edge) for edge in region) if region else None,
    )
    path = f"{API}/search"
    if isinstance(photo, str) and photo.startswith(("http://", "https://")):
        return Call(SearchDocument, "POST", path, form=form | {"url": photo})
    return Call(SearchDocument, "POST", path, form=form, files=_files("photo", [photo]))


def segment(photo: Photo) -> Call[SegmentDocument]:
    """Segment a photo."""
    return Call(SegmentDocument, "POST", f"{API}/segment", files=_files("photo", [photo]))


def find(
    words: str, k: int, filters: Sequence[str], garment_class: ClassLabel | None
) -> Call[WordsDocument]:
    """Search by words."""
    given = _given(words=words, k=k, filters=list(filters), garment_class=garment_class)
    return Call(WordsDocument, "GET", f"{API}/search", given)


def similar(
    product_id: str,
    k: int,
    filters: Sequence[str],
    garment_class: ClassLabel | None,
    colour_weight: float,
    in_colour: str | None,
) -> Call[ResultsDocument]:
    """Search with a product."""
    given = _given(
        product_id=product_id,
        k=k,
        filters=list(filters),
        garment_class=garment_class,
        colour_weight=colour_weight,
        in_colour=in_colour,
    )
    return Call(ResultsDocument, "GET", f"{API}/similar", given)


def search_vector(request: VectorRequest) -> Call[ResultsDocument]:
    """Search with a vector."""
    body = request.model_dump_json(exclude_none=True)
    return Call(ResultsDocument, "POST", f"{API}/search/vector", json=body)


def facets(filters: Sequence[str], attributes: Sequence[str]) -> Call[FacetsDocument]:
    """Count the values of the filters."""
    given = _given(filters=list(filters), attributes=list(attributes))
    return Call(FacetsDocument, "GET", f"{API}/facets", given)


def products(
    page: int, page_size: int, text: str | None, filters: Sequence[str], cursor: str | None
) -> Call[ProductPage]:
    """List products."""
    given = _given(page=page, page_size=page_size, text=text, filters=list(filters), cursor=cursor)
    return Call(ProductPage, "GET", f"{API}/products", given)


def product(product_id: str) -> Call[ProductDocument]:
    """Read a product."""
    return Call(ProductDocument, "GET", product_path(product_id))


def add_product(
    product_id: str, title: str, photos: Sequence[Path | bytes], fields: ProductChanges | None
) -> Call[ProductDocument]:
    """Add or replace a product."""
    given = fields.model_dump(mode="json", exclude_none=True) if fields else {}
    if "attributes" in given:
        given["attributes"] = [f"{name}={value}" for name, value in given["attributes"].items()]
    form = given | {"id": product_id, "title": title}
    files = _files("photos", photos)
    return Call(ProductDocument, "POST", f"{API}/products", form=form, files=files)


def change_product(product_id: str, changes: ProductChanges) -> Call[ProductDocument]:
    """Change a product."""
    body = changes.model_dump_json(exclude_unset=True)
    return Call(ProductDocument, "PATCH", product_path(product_id), json=body)


def product_path(product_id: str) -> str:
    """Path of a product; its id may hold slashes and question marks."""
    return f"{API}/products/{quote(product_id, safe='')}"


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], ())}


def _files(
    field_name: str, photos: Sequence[Path | str | bytes]
) -> list[tuple[str, tuple[str, bytes]]]:
    contents = [each if isinstance(each, bytes) else Path(each).read_bytes() for each in photos]
    return [(field_name, ("photo", content)) for content in contents]
