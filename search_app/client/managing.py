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
    page: int = 1,
    text: str | None = None,
    filters: Sequence[str] = (),
    page_size: int = 24,
    cursor: str | None = None,
) -> Call[ProductPage]:
    """List a page of the catalogue, by number or by the cursor of the page before."""
    parameters = given(
        page=page, page_size=page_size, text=text, filters=list(filters), cursor=cursor
    )
    return Call(ProductPage.model_validate_json, "GET", PRODUCTS, parameters)


def product(product_id: str) -> Call[ProductDocument]:
    """Read a product."""
    return Call(ProductDocument.model_validate_json, "GET", _below(PRODUCTS, product_id))


def photo(photo_url: str) -> Call[bytes]:
    """Read a thumbnail by the `photo_url` of a result."""
    return Call(bytes, "GET", photo_url)


def add_product(
    product_id: str,
    title: str,
    photos: Sequence[Path | bytes],
    fields: ProductChanges | None = None,
) -> Call[ProductDocument]:
    """Add or replace a product; its photos are searchable when this returns."""
    form = fields.model_dump(mode="json", exclude_none=True) if fields else {}
    if "attributes" in form:
        form["attributes"] = [f"{name}={value}" for name, value in form["attributes"].items()]
    form |= {"id": product_id, "title": title}
    files = photo_files("photos", photos)
    return Call(ProductDocument.model_validate_json, "POST", PRODUCTS, form=form, files=files)


def change_product(product_id: str, changes: ProductChanges) -> Call[ProductDocument]:
    """Change the fields that `changes` sets."""
    body = changes.model_dump_json(exclude_unset=True)
    path = _below(PRODUCTS, product_id)
    return Call(ProductDocument.model_validate_json, "PATCH", path, json=body)


def remove_product(product_id: str) -> Call[None]:
    """Remove a product."""
    return Call(nothing, "DELETE", _below(PRODUCTS, product_id))


def import_feed(feed: Path, choices: ImportChoices = ImportChoices()) -> Call[ImportDocument]:
    """Send a feed and queue its import, which `import_job` follows."""
    form = choices.model_dump(mode="json", exclude_defaults=True)
    files = [("feed", (feed.name, feed.read_bytes()))]
    return Call(ImportDocument.model_validate_json, "POST", IMPORTS, form=form, files=files)


def import_named(request: ImportRequest) -> Call[ImportDocument]:
    """Queue the import of a feed at an address, or of a file on the server."""
    body = request.model_dump_json(exclude_defaults=True)
    return Call(ImportDocument.model_validate_json, "POST", IMPORTS, json=body)


def imports() -> Call[ImportPage]:
    """List the imports, the newest first."""
    return Call(ImportPage.model_validate_json, "GET", IMPORTS)


def import_job(job_id: str) -> Call[ImportDocument]:
    """Read the state and the progress of an import."""
    return Call(ImportDocument.model_validate_json, "GET", _below(IMPORTS, job_id))


def cancel_import(job_id: str) -> Call[ImportDocument]:
    """Stop an import; what is indexed stays."""
    return _changed_import(job_id, "cancel")


def resume_import(job_id: str) -> Call[ImportDocument]:
    """Go on with a stopped import."""
    return _changed_import(job_id, "resume")


def apply_import(job_id: str) -> Call[ImportDocument]:
    """Import the feed of a dry run, written this time."""
    return _changed_import(job_id, "apply")


def _changed_import(job_id: str, action: str) -> Call[ImportDocument]:
    path = f"{_below(IMPORTS, job_id)}/{action}"
    return Call(ImportDocument.model_validate_json, "POST", path)


def import_rejects(job_id: str) -> Call[bytes]:
    """Read the refused rows and photos of an import, as CSV."""
    return Call(bytes, "GET", f"{_below(IMPORTS, job_id)}/rejects")


def sources() -> Call[SourcePage]:
    """List the sources that are kept fresh."""
    return Call(SourcePage.model_validate_json, "GET", SOURCES)


def source(name: str) -> Call[SourceDocument]:
    """Read a source and the result of its last run."""
    return Call(SourceDocument.model_validate_json, "GET", _below(SOURCES, name))


def run_source(name: str, force: bool = False) -> Call[SourceDocument]:
    """Queue a run of a source; `force` reads it even if it is unchanged."""
    path = f"{_below(SOURCES, name)}/run"
    return Call(SourceDocument.model_validate_json, "POST", path, given(force=force))


def _below(path: str, name: str) -> str:
    """A path with a name, which may hold slashes and question marks."""
    return f"{path}/{quote(name, safe='')}"
