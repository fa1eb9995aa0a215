"""The tab of products: find them by title, brand or id, and remove some by hand."""

from contextlib import suppress
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from catalog.errors import ProductNotFound
from catalog.queries import list_products
from search_app.admin.session import Admin, Ours, admin_page, login_page, signed_in_key
from search_app.language import texts
from search_app.pages.cards import photo_url, product_href
from search_app.services import UsedServices

PAGE_SIZE: Final = 24
TEXT_LENGTH: Final = 200

router = APIRouter(prefix="/admin/products", include_in_schema=False)


@router.get("")
def show(
    request: Request,
    services: UsedServices,
    text: Annotated[str, Query(max_length=TEXT_LENGTH)] = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    removed: Annotated[int, Query(ge=0, le=PAGE_SIZE)] = 0,
) -> Response:
    """Show the products with a text in title, brand or id; `removed`: how many just were."""
    key = signed_in_key(request, services)
    if key is None:  # the page of a product links here
        return login_page(request, services)
    with services.open_collection.database.session() as session:
        listed = list_products(session, page, PAGE_SIZE, text=text.strip() or None)
    context = {
        "listed": listed,
        "text": text,
        "said": texts.list_done("remove", removed) if removed else "",
        "photo_url": photo_url,
        "product_href": product_href,
        "pages_href": f"/admin/products?{urlencode({'text': text})}&page=",
    }
    return admin_page(request, services, key, "products.html", context)


@router.post("/remove", dependencies=[Ours])
def remove(
    services: UsedServices,
    key: Admin,
    product: Annotated[list[str], Form(max_length=PAGE_SIZE)] = [],  # noqa: B006
    text: Annotated[str, Form(max_length=TEXT_LENGTH)] = "",
) -> Response:
    """Remove the chosen products with their photos."""
    removed = 0
    for each in product:
        with suppress(ProductNotFound):  # another admin was faster
            services.open_collection.remove(each)
            removed += 1
    query = urlencode({"text": text, "removed": removed})
    return RedirectResponse(f"/admin/products?{query}", 303)
