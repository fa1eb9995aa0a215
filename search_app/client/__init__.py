"""Python client of the HTTP API, sync and async; it loads neither networks nor databases.

    from search_app.client import Client

    with Client("http://127.0.0.1:8000") as shop:
        found = shop.search("query.jpg", k=5, filters=["price_max=50"])
        for result in found.garments[0].results:
            print(result.title, result.price)

Answers are the typed documents of `search_app.documents`; a refused request raises `ApiError`.
"""

from search_app.client.calls import ApiError, Examples, Photo, PhotoQuery
from search_app.client.clients import AsyncClient, Client

__all__ = ["ApiError", "AsyncClient", "Client", "Examples", "Photo", "PhotoQuery"]
