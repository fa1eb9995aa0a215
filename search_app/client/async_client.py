"""The asynchronous client; `Client` has the same methods."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.client import managing, searching
from search_app.client.calls import (
    PAGE_SIZE,
    Answer,
    Call,
    Examples,
    Photo,
    PhotoQuery,
    http_options,
)
from search_app.documents import (
    ClassLabel,
    EventRequest,
    FacetsDocument,
    ImportChoices,
    ImportDocument,
    ImportPage,
    ImportRequest,
    ProductChanges,
    ProductDocument,
    ProductPage,
    ResultsDocument,
    SearchDocument,
    SegmentDocument,
    SourceDocument,
    SourcePage,
    VectorRequest,
    WordsDocument,
)


class AsyncClient:
    """Asynchronous client, with the methods of `Client`."""

    def __init__(
        self, url: str, key: str | None = None, http: httpx2.AsyncClient | None = None
    ) -> None:
        self._http = http or httpx2.AsyncClient(**http_options(url, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def search(
        self,
        photo: Photo | PhotoQuery,
        garment_class: ClassLabel | None = None,
        k: int = 12,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        filters: Sequence[str] = (),
        words: str | None = None,
        in_colour: str | None = None,
        examples: Examples = Examples(),
    ) -> SearchDocument:
        """Find the garments of a photo and the nearest products to each."""
        return await self._run(
            searching.search(
                photo, garment_class, k, colour_weight, filters, words, in_colour, examples
            )
        )

    async def segment(self, photo: Photo) -> SegmentDocument:
        """Find the garments and the class mask of a photo."""
        return await self._run(searching.segment(photo))

    async def explain(
        self,
        photo: Photo,
        garment_id: int,
        garment: int = 0,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
    ) -> bytes:
        """Explain a result by its `garment_id`, as a PNG; `garment` of the photo, from 0."""
        return await self._run(searching.explain(photo, garment_id, garment, colour_weight))

    async def find(
        self,
        words: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
    ) -> WordsDocument:
        """Find products by plain words."""
        return await self._run(searching.find(words, k, filters, garment_class))

    async def similar(
        self,
        product_id: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        in_colour: str | None = None,
        garment_id: int | None = None,
        examples: Examples = Examples(),
    ) -> ResultsDocument:
        """Find products like a product, or like one of its garments."""
        return await self._run(
            searching.similar(
                product_id,
                k,
                filters,
                garment_class,
                colour_weight,
                in_colour,
                garment_id,
                examples,
            )
        )

    async def search_vector(self, request: VectorRequest) -> ResultsDocument:
        """Find the products nearest to a vector of `apparel embed`."""
        return await self._run(searching.search_vector(request))

    async def facets(
        self, filters: Sequence[str] = (), attributes: Sequence[str] = (), limit: int = 50
    ) -> FacetsDocument:
        """Count the products by brand, category, colour, availability, class and attributes."""
        return await self._run(searching.facets(filters, attributes, limit))

    async def send_event(self, event: EventRequest) -> None:
        """Report a click, a cart or a purchase that followed a search."""
        await self._run(searching.send_event(event))

    async def products(
        self,
        page: int = 1,
        text: str | None = None,
        filters: Sequence[str] = (),
        page_size: int = 24,
        cursor: str | None = None,
    ) -> ProductPage:
        """List a page of the catalogue, by number or by the cursor of the page before."""
        return await self._run(managing.products(page, page_size, text, filters, cursor))

    async def all_products(
        self, text: str | None = None, filters: Sequence[str] = ()
    ) -> AsyncIterator[ProductDocument]:
        """Yield the products of all pages."""
        page = await self.products(1, text, filters, PAGE_SIZE)
        for each in page.products:
            yield each
        while page.next_cursor:
            page = await self.products(1, text, filters, PAGE_SIZE, page.next_cursor)
            for each in page.products:
                yield each

    async def product(self, product_id: str) -> ProductDocument:
        """Read a product."""
        return await self._run(managing.product(product_id))

    async def photo(self, photo_url: str) -> bytes:
        """Read a thumbnail by the `photo_url` of a result."""
        return await self._run(managing.photo(photo_url))

    async def add_product(
        self,
        product_id: str,
        title: str,
        photos: Sequence[Path | bytes],
        fields: ProductChanges | None = None,
    ) -> ProductDocument:
        """Add or replace a product; its photos are searchable when this returns."""
        return await self._run(managing.add_product(product_id, title, photos, fields))

    async def change_product(self, product_id: str, changes: ProductChanges) -> ProductDocument:
        """Change the fields that `changes` sets."""
        return await self._run(managing.change_product(product_id, changes))

    async def remove_product(self, product_id: str) -> None:
        """Remove a product."""
        await self._run(managing.remove_product(product_id))

    async def import_feed(
        self, feed: Path, choices: ImportChoices = ImportChoices()
    ) -> ImportDocument:
        """Send a feed and queue its import, which `import_job` follows."""
        return await self._run(managing.import_feed(feed, choices))

    async def import_named(self, request: ImportRequest) -> ImportDocument:
        """Queue the import of a feed at an address, or of a file on the server."""
        return await self._run(managing.import_named(request))

    async def imports(self) -> ImportPage:
        """List the imports, the newest first."""
        return await self._run(managing.imports())

    async def import_job(self, job_id: str) -> ImportDocument:
        """Read the state and the progress of an import."""
        return await self._run(managing.import_job(job_id))

    async def cancel_import(self, job_id: str) -> ImportDocument:
        """Stop an import; what is indexed stays."""
        return await self._run(managing.change_import(job_id, "cancel"))

    async def resume_import(self, job_id: str) -> ImportDocument:
        """Go on with a stopped import."""
        return await self._run(managing.change_import(job_id, "resume"))

    async def apply_import(self, job_id: str) -> ImportDocument:
        """Import the feed of a dry run, written this time."""
        return await self._run(managing.change_import(job_id, "apply"))

    async def import_rejects(self, job_id: str) -> bytes:
        """Read the refused rows and photos of an import, as CSV."""
        return await self._run(managing.import_rejects(job_id))

    async def sources(self) -> SourcePage:
        """List the sources that are kept fresh."""
        return await self._run(managing.sources())

    async def source(self, name: str) -> SourceDocument:
        """Read a source and the result of its last run."""
        return await self._run(managing.source(name))

    async def run_source(self, name: str, force: bool = False) -> SourceDocument:
        """Queue a run of a source; `force` reads it even if it is unchanged."""
        return await self._run(managing.run_source(name, force))

    async def _run(self, call: Call[Answer]) -> Answer:
        return call.answer(await self._http.request(**call.arguments))
