"""The synchronous and the asynchronous client, with the same methods."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.client import calls
from search_app.client.calls import Call, Document, Photo, Region, checked
from search_app.documents import (
    ClassLabel,
    EventRequest,
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

TIMEOUT_SECONDS: Final = 60.0
PAGE_SIZE: Final = 100


def _http_options(url: str, key: str | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {"base_url": url, "headers": headers, "timeout": TIMEOUT_SECONDS}


class Client:
    """Synchronous client of a server at `url`; changes of the catalogue need a `key`.

    `http` replaces the connection, for example to go through a proxy.
    """

    def __init__(self, url: str, key: str | None = None, http: httpx2.Client | None = None) -> None:
        self._http = http or httpx2.Client(**_http_options(url, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def search(
        self,
        photo: Photo,
        garment_class: ClassLabel | None = None,
        k: int = 12,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        filters: Sequence[str] = (),
        words: str | None = None,
        in_colour: str | None = None,
        region: Region | None = None,
    ) -> SearchDocument:
        """Find the garments of a photo and the nearest products to each."""
        return self._run(
            calls.search(photo, garment_class, k, colour_weight, filters, words, in_colour, region)
        )

    def segment(self, photo: Photo) -> SegmentDocument:
        """Find the garments and the class mask of a photo."""
        return self._run(calls.segment(photo))

    def find(
        self,
        words: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
    ) -> WordsDocument:
        """Find products by plain words."""
        return self._run(calls.find(words, k, filters, garment_class))

    def similar(
        self,
        product_id: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        in_colour: str | None = None,
    ) -> ResultsDocument:
        """Find products like a product."""
        return self._run(
            calls.similar(product_id, k, filters, garment_class, colour_weight, in_colour)
        )

    def search_vector(self, request: VectorRequest) -> ResultsDocument:
        """Find the products nearest to a vector of `apparel embed`."""
        return self._run(calls.search_vector(request))

    def facets(self, filters: Sequence[str] = (), attributes: Sequence[str] = ()) -> FacetsDocument:
        """Count the products by brand, category, colour, availability, class and attributes."""
        return self._run(calls.facets(filters, attributes))

    def products(
        self,
        page: int = 1,
        text: str | None = None,
        filters: Sequence[str] = (),
        page_size: int = 24,
        cursor: str | None = None,
    ) -> ProductPage:
        """List a page of the catalogue, by number or by the cursor of the page before."""
        return self._run(calls.products(page, page_size, text, filters, cursor))

    def all_products(
        self, text: str | None = None, filters: Sequence[str] = ()
    ) -> Iterator[ProductDocument]:
        """Yield the products of all pages."""
        page = self.products(1, text, filters, PAGE_SIZE)
        yield from page.products
        while page.next_cursor:
            page = self.products(1, text, filters, PAGE_SIZE, page.next_cursor)
            yield from page.products

    def product(self, product_id: str) -> ProductDocument:
        """Read a product."""
        return self._run(calls.product(product_id))

    def photo(self, photo_url: str) -> bytes:
        """Read a thumbnail by the `photo_url` of a result."""
        return checked(self._http.get(photo_url)).content

    def add_product(
        self,
        product_id: str,
        title: str,
        photos: Sequence[Path | bytes],
        fields: ProductChanges | None = None,
    ) -> ProductDocument:
        """Add or replace a product; its photos are searchable when this returns."""
        return self._run(calls.add_product(product_id, title, photos, fields))

    def change_product(self, product_id: str, changes: ProductChanges) -> ProductDocument:
        """Change the fields that `changes` sets."""
        return self._run(calls.change_product(product_id, changes))

    def remove_product(self, product_id: str) -> None:
        """Remove a product."""
        checked(self._http.delete(calls.product_path(product_id)))

    def send_event(self, event: EventRequest) -> None:
        """Report a click, a cart or a purchase that followed a search."""
        checked(self._http.post(calls.EVENTS, json=event.model_dump()))

    def _run(self, call: Call[Document]) -> Document:
        return call.document(self._http.request(**call.arguments))


class AsyncClient:
    """Asynchronous client, with the methods of `Client`."""

    def __init__(
        self, url: str, key: str | None = None, http: httpx2.AsyncClient | None = None
    ) -> None:
        self._http = http or httpx2.AsyncClient(**_http_options(url, key))

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
        photo: Photo,
        garment_class: ClassLabel | None = None,
        k: int = 12,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        filters: Sequence[str] = (),
        words: str | None = None,
        in_colour: str | None = None,
        region: Region | None = None,
    ) -> SearchDocument:
        """Find the garments of a photo and the nearest products to each."""
        return await self._run(
            calls.search(photo, garment_class, k, colour_weight, filters, words, in_colour, region)
        )

    async def segment(self, photo: Photo) -> SegmentDocument:
        """Find the garments and the class mask of a photo."""
        return await self._run(calls.segment(photo))

    async def find(
        self,
        words: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
    ) -> WordsDocument:
        """Find products by plain words."""
        return await self._run(calls.find(words, k, filters, garment_class))

    async def similar(
        self,
        product_id: str,
        k: int = 12,
        filters: Sequence[str] = (),
        garment_class: ClassLabel | None = None,
        colour_weight: float = DEFAULT_COLOUR_WEIGHT,
        in_colour: str | None = None,
    ) -> ResultsDocument:
        """Find products like a product."""
        return await self._run(
            calls.similar(product_id, k, filters, garment_class, colour_weight, in_colour)
        )

    async def search_vector(self, request: VectorRequest) -> ResultsDocument:
        """Find the products nearest to a vector of `apparel embed`."""
        return await self._run(calls.search_vector(request))

    async def facets(
        self, filters: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> FacetsDocument:
        """Count the products by brand, category, colour, availability, class and attributes."""
        return await self._run(calls.facets(filters, attributes))

    async def products(
        self,
        page: int = 1,
        text: str | None = None,
        filters: Sequence[str] = (),
        page_size: int = 24,
        cursor: str | None = None,
    ) -> ProductPage:
        """List a page of the catalogue, by number or by the cursor of the page before."""
        return await self._run(calls.products(page, page_size, text, filters, cursor))

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
        return await self._run(calls.product(product_id))

    async def photo(self, photo_url: str) -> bytes:
        """Read a thumbnail by the `photo_url` of a result."""
        return checked(await self._http.get(photo_url)).content

    async def add_product(
        self,
        product_id: str,
        title: str,
        photos: Sequence[Path | bytes],
        fields: ProductChanges | None = None,
    ) -> ProductDocument:
        """Add or replace a product; its photos are searchable when this returns."""
        return await self._run(calls.add_product(product_id, title, photos, fields))

    async def change_product(self, product_id: str, changes: ProductChanges) -> ProductDocument:
        """Change the fields that `changes` sets."""
        return await self._run(calls.change_product(product_id, changes))

    async def remove_product(self, product_id: str) -> None:
        """Remove a product."""
        checked(await self._http.delete(calls.product_path(product_id)))

    async def send_event(self, event: EventRequest) -> None:
        """Report a click, a cart or a purchase that followed a search."""
        checked(await self._http.post(calls.EVENTS, json=event.model_dump()))

    async def _run(self, call: Call[Document]) -> Document:
        return call.document(await self._http.request(**call.arguments))
