"""Calls that read and change the catalogue: products, imports and sources."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from search_app.client.calls import API, Call, given, nothing, photo_files
from search_app.documents import (
    ImportChoices,
    ImportDocument,
    ImportPage,
    ImportRequest,
    ProductChanges,
    ProductDocument,
    ProductPage,
    SourceDocument,
    SourcePage,
)

PRODUCTS: Final = f"{API}/products"
IMPORTS: Final = f"{API}/imports"
SOURCES: Final = f"{API}/sources"


def products(
    page: int, page_size: int, text: str | None, filters: Sequence[str], cursor: str | None
) -> Call[ProductPage]:
    """List products."""
    parameters = given(
        page=page, page_size=page_size, text=text, filters=list(filters), cursor=cursor
    )
    return Call(ProductPage.model_validate_json, "GET", PRODUCTS, parameters)


def product(product_id: str) -> Call[ProductDocument]:
    """Read a product."""
    return Call(ProductDocument.model_validate_json, "GET", _below(PRODUCTS, product_id))


def photo(photo_url: str) -> Call[bytes]:
    """Read a thumbnail."""
    return Call(bytes, "GET", photo_url)


def add_product(
    product_id: str, title: str, photos: Sequence[Path | bytes], fields: ProductChanges | None
) -> Call[ProductDocument]:
    """Add or replace a product."""
    form = fields.model_dump(mode="json", exclude_none=True) if fields else {}
    if "attributes" in form:
        form["attributes"] = [f"{name}={value}" for name, value in form["attributes"].items()]
    form |= {"id": product_id, "title": title}
    files = photo_files("photos", photos)
    return Call(ProductDocument.model_validate_json, "POST", PRODUCTS, form=form, files=files)


def change_product(product_id: str, changes: ProductChanges) -> Call[ProductDocument]:
    """Change a product."""
    body = changes.model_dump_json(exclude_unset=True)
    path = _below(PRODUCTS, product_id)
    return Call(ProductDocument.model_validate_json, "PATCH", path, json=body)


def remove_product(product_id: str) -> Call[None]:
    """Remove a product."""
    return Call(nothing, "DELETE", _below(PRODUCTS, product_id))


def import_feed(feed: Path, choices: ImportChoices) -> Call[ImportDocument]:
    """Import a feed that is sent."""
    form = choices.model_dump(mode="json", exclude_defaults=True)
    files = [("feed", (feed.name, feed.read_bytes()))]
    return Call(ImportDocument.model_validate_json, "POST", IMPORTS, form=form, files=files)


def import_named(request: ImportRequest) -> Call[ImportDocument]:
    """Import a feed at an address or on the server."""
    body = request.model_dump_json(exclude_defaults=True)
    return Call(ImportDocument.model_validate_json, "POST", IMPORTS, json=body)


def imports() -> Call[ImportPage]:
    """List the imports."""
    return Call(ImportPage.model_validate_json, "GET", IMPORTS)


def import_job(job_id: str) -> Call[ImportDocument]:
    """Read an import."""
    return Call(ImportDocument.model_validate_json, "GET", _below(IMPORTS, job_id))


def change_import(job_id: str, action: str) -> Call[ImportDocument]:
    """Cancel, resume or apply an import."""
    path = f"{_below(IMPORTS, job_id)}/{action}"
    return Call(ImportDocument.model_validate_json, "POST", path)


def import_rejects(job_id: str) -> Call[bytes]:
    """Read the rejects of an import."""
    return Call(bytes, "GET", f"{_below(IMPORTS, job_id)}/rejects")


def sources() -> Call[SourcePage]:
    """List the sources."""
    return Call(SourcePage.model_validate_json, "GET", SOURCES)


def source(name: str) -> Call[SourceDocument]:
    """Read a source."""
    return Call(SourceDocument.model_validate_json, "GET", _below(SOURCES, name))


def run_source(name: str, force: bool) -> Call[SourceDocument]:
    """Run a source."""
    path = f"{_below(SOURCES, name)}/run"
    return Call(SourceDocument.model_validate_json, "POST", path, given(force=force))


def _below(path: str, name: str) -> str:
    """A path with a name, which may hold slashes and question marks."""
    return f"{path}/{quote(name, safe='')}"
