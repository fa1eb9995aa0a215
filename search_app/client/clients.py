"""The synchronous and the asynchronous client: the calls of `searching` and `managing` as methods.

Each method has the parameters of its call and returns what the call's answer is read as.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self

import httpx2

from search_app.client import managing, searching
from search_app.client.calls import PAGE_SIZE, Answer, Call, http_options
from search_app.documents import ProductDocument

P = ParamSpec("P")


def _sent(build: Callable[P, Call[Answer]]) -> Callable[Concatenate["Client", P], Answer]:
    """A method that sends a call and waits for the answer."""

    @wraps(build)
    def send(client: "Client", /, *args: P.args, **options: P.kwargs) -> Answer:
        call = build(*args, **options)
        return call.answer(client.http.request(**call.arguments))

    return send


def _awaited(
    build: Callable[P, Call[Answer]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, Answer]]:
    """A method that sends a call and awaits the answer."""

    @wraps(build)
    async def send(client: "AsyncClient", /, *args: P.args, **options: P.kwargs) -> Answer:
        call = build(*args, **options)
        return call.answer(await client.http.request(**call.arguments))

    return send


class Client:
    """Synchronous client of a server at `url`; changes of the catalogue need a `key`.

    `http` replaces the connection, for example to go through a proxy.
    """

    def __init__(self, url: str, key: str | None = None, http: httpx2.Client | None = None) -> None:
        self.http = http or httpx2.Client(**http_options(url, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        self.http.close()

    search = _sent(searching.search)
    segment = _sent(searching.segment)
    explain = _sent(searching.explain)
    find = _sent(searching.find)
    similar = _sent(searching.similar)
    search_vector = _sent(searching.search_vector)
    facets = _sent(searching.facets)
    send_event = _sent(searching.send_event)
    products = _sent(managing.products)
    product = _sent(managing.product)
    photo = _sent(managing.photo)
    add_product = _sent(managing.add_product)
    change_product = _sent(managing.change_product)
    remove_product = _sent(managing.remove_product)
    import_feed = _sent(managing.import_feed)
    import_named = _sent(managing.import_named)
    imports = _sent(managing.imports)
    import_job = _sent(managing.import_job)
    cancel_import = _sent(managing.cancel_import)
    resume_import = _sent(managing.resume_import)
    apply_import = _sent(managing.apply_import)
    import_rejects = _sent(managing.import_rejects)
    sources = _sent(managing.sources)
    source = _sent(managing.source)
    run_source = _sent(managing.run_source)

    def all_products(
        self, text: str | None = None, filters: Sequence[str] = ()
    ) -> Iterator[ProductDocument]:
        """Yield the products of all pages."""
        page = self.products(1, text, filters, PAGE_SIZE)
        yield from page.products
        while page.next_cursor:
            page = self.products(1, text, filters, PAGE_SIZE, page.next_cursor)
            yield from page.products


class AsyncClient:
    """Asynchronous client, with the methods of `Client`."""

    def __init__(
        self, url: str, key: str | None = None, http: httpx2.AsyncClient | None = None
    ) -> None:
        self.http = http or httpx2.AsyncClient(**http_options(url, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()

    async def close(self) -> None:
        await self.http.aclose()

    search = _awaited(searching.search)
    segment = _awaited(searching.segment)
    explain = _awaited(searching.explain)
    find = _awaited(searching.find)
    similar = _awaited(searching.similar)
    search_vector = _awaited(searching.search_vector)
    facets = _awaited(searching.facets)
    send_event = _awaited(searching.send_event)
    products = _awaited(managing.products)
    product = _awaited(managing.product)
    photo = _awaited(managing.photo)
    add_product = _awaited(managing.add_product)
    change_product = _awaited(managing.change_product)
    remove_product = _awaited(managing.remove_product)
    import_feed = _awaited(managing.import_feed)
    import_named = _awaited(managing.import_named)
    imports = _awaited(managing.imports)
    import_job = _awaited(managing.import_job)
    cancel_import = _awaited(managing.cancel_import)
    resume_import = _awaited(managing.resume_import)
    apply_import = _awaited(managing.apply_import)
    import_rejects = _awaited(managing.import_rejects)
    sources = _awaited(managing.sources)
    source = _awaited(managing.source)
    run_source = _awaited(managing.run_source)

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
