"""What all admin pages share: tabs, the session's key, a CSRF token, no caching."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fastapi import Request, Response

from search_app.language.translations import N_, gettext
from search_app.security.csrf import form_token, keep_token
from search_app.security.keys import ApiKey
from search_app.services import Services


@dataclass(frozen=True)
class Tab:
    """A tab of the admin pages: its address and its name in English."""

    href: str
    name: str


TABS: Final = (
    Tab("/admin", N_("Imports and index")),
    Tab("/admin/sources", N_("Sources")),
    Tab("/admin/lists", N_("Work lists")),
    Tab("/admin/searches", N_("Searches")),
)
"""The tabs in order; a page of `templates/admin` belongs to the tab of its address."""


def admin_page(
    request: Request,
    services: Services,
    key: ApiKey,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
) -> Response:
    """Render a page of `templates/admin` for a signed-in key."""
    token = form_token(request)
    shared = {
        "key_name": key.name,
        "csrf": token,
        "tabs": [replace(each, name=gettext(each.name)) for each in TABS],
        "here": "admin",
    }
    page = services.templates.TemplateResponse(
        request, f"admin/{template}", {**shared, **context}, status
    )
    page.headers["Cache-Control"] = "private, no-store"
    keep_token(request, page, token)
    return page
