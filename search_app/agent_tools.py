"""Tools for agents over the Model Context Protocol: search by photo, by words, similar, product.

They call the HTTP API through its client: of a server, or of an app in this process.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import httpx2
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from search_app.client import ApiError, AsyncClient
from search_app.documents import (
    ClassLabel,
    FacetsDocument,
    ProductDocument,
    ResultsDocument,
    SearchDocument,
    WordsDocument,
)
from segmentation.errors import SegmentationError
from segmentation.photos import MAX_BYTES, decode_photo

INSTRUCTIONS: Final = (
    "A catalogue of clothing. search_by_photo finds the garments on a photo and similar products, "
    "search_by_words needs no photo. Filters are texts such as brand=Acme, colour!=red, "
    "price_max=50; filter_values lists what the catalogue has. Scores go to 1, identical."
)
READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
LONGEST_PATH: Final = 4096
Answer = TypeVar("Answer", bound=BaseModel)

PhotoText = Annotated[
    str, Field(description="path of a photo on this machine, its http(s) address, or base64")
]
Count = Annotated[int, Field(ge=1, le=50, description="number of products")]
Filters = Annotated[
    list[str], Field(description="FIELD=VALUE or FIELD!=VALUE: brand=Acme, price_max=50")
]
Class = Annotated[
    ClassLabel | None, Field(description="upper, whole (dresses, jumpsuits) or lower garments only")
]
ProductId = Annotated[str, Field(description="product_id of a result")]


def agent_server(shop: AsyncClient) -> MCPServer:
    """Create the server of the tools.

    Args:
        shop: client of the catalogue to search.
    """
    server = MCPServer("apparel-search", instructions=INSTRUCTIONS, log_level="WARNING")

    @server.tool(annotations=READS)
    async def search_by_photo(
        photo: PhotoText,
        garment_class: Class = None,
        count: Count = 5,
        filters: Filters = [],  # noqa: B006
        words: Annotated[str | None, Field(description="that results must match")] = None,
    ) -> SearchDocument:
        """Find the garments on a photo and the products most like each of them."""
        query = await asyncio.to_thread(read_photo, photo)
        return await _answer(shop.search(query, garment_class, count, filters=filters, words=words))

    @server.tool(annotations=READS)
    async def search_by_words(
        words: Annotated[str, Field(description="such as: striped dress, red top without print")],
        garment_class: Class = None,
        count: Count = 5,
        filters: Filters = [],  # noqa: B006
    ) -> WordsDocument:
        """Find products by plain words; the answer says which words were understood."""
        return await _answer(shop.find(words, count, filters, garment_class))

    @server.tool(annotations=READS)
    async def similar_products(
        product_id: ProductId,
        count: Count = 5,
        filters: Filters = [],  # noqa: B006
        in_colour: Annotated[str | None, Field(description="the same in another colour")] = None,
    ) -> ResultsDocument:
        """Find products like a product of the catalogue."""
        return await _answer(shop.similar(product_id, count, filters=filters, in_colour=in_colour))

    @server.tool(annotations=READS)
    async def product(product_id: ProductId) -> ProductDocument:
        """Read all that the catalogue says about a product."""
        return await _answer(shop.product(product_id))

    @server.tool(annotations=READS)
    async def filter_values(filters: Filters = []) -> FacetsDocument:  # noqa: B006
        """List the brands, categories, colours, classes and prices to filter by, with counts."""
        return await _answer(shop.facets(filters))

    return server


def read_photo(text: str) -> str | bytes:
    """Bytes of a photo from its path or base64; an http(s) address as it is.

    What does not decode as a photo is refused here: it must not leave this machine.

    Raises:
        ToolError: it is neither, or no photo.
    """
    if text.startswith(("http://", "https://")):
        return text
    try:
        path = Path(text).expanduser() if len(text) < LONGEST_PATH else None
        data = _bytes_of(path) if path and path.is_file() else _from_base64(text)
        decode_photo(data)
    except (SegmentationError, OSError, RuntimeError) as error:  # RuntimeError: ~NOBODY
        raise ToolError(f"photo: {error}") from error
    return data


def _bytes_of(path: Path) -> bytes:
    """A file's bytes, as far as a photo may have them: /proc/kcore has no end."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _from_base64(text: str) -> bytes:
    _, _, encoded = text.rpartition(";base64,")
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ToolError(
            f"photo: {text[:80]!r} is neither a file, nor an http(s) address, nor base64"
        ) from error


async def _answer(call: Awaitable[Answer]) -> Answer:
    """The answer. Raises ToolError with the server's message."""
    try:
        return await call
    except ApiError as error:
        raise ToolError(str(error)) from error
    except httpx2.TransportError as error:
        raise ToolError(f"the server does not answer: {error}; is it running?") from error
