"""Signing in to the admin pages, and what these have in common.

    key or local token -> POST /admin/login -> session (cookie, closed to scripts) -> /admin
    address that `apparel serve` prints -> GET /admin?ticket=..., once -> session

A session is a random token (`search_app.security.sessions`) for a key of scope admin; it ends after
`SESSION_HOURS` and from the moment the key is revoked. Every form that
changes something carries a CSRF token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from search_app.errors import AdminNeeded, KeyUnknown
from search_app.language.translations import N_, gettext
from search_app.problems import sentence
from search_app.security.csrf import check_form, form_token, keep_token
from search_app.security.keys import ApiKey, Scope, key_of
from search_app.security.sessions import SESSION_HOURS
from search_app.services import Services, UsedServices

COOKIE: Final = "apparel_admin"


@dataclass(frozen=True)
class Tab:
    """A tab of the admin pages: its address and its name in English."""

    href: str
    name: str


TABS: Final = (
    Tab("/admin", N_("Imports")),
    Tab("/admin/sources", N_("Sources")),
    Tab("/admin/products", N_("Products")),
    Tab("/admin/lists", N_("Work lists")),
    Tab("/admin/searches", N_("Searches")),
)
"""The tabs in order; a page of `templates/admin` belongs to the tab of its address."""

router = APIRouter(prefix="/admin", include_in_schema=False)


def admin_key(request: Request, services: UsedServices) -> ApiKey:
    """The key that has signed in, by a request's session. Raises AdminNeeded without one."""
    key = signed_in_key(request, services)
    if key is None:
        raise AdminNeeded("this page is behind a key; sign in on /admin first")
    return key


def signed_in_key(request: Request, services: Services) -> ApiKey | None:
    """The key that has signed in; None without a session, or if the key was revoked."""
    secret = services.sessions.secret_of(request.cookies.get(COOKIE, ""))
    if secret is None:
        return None
    try:
        return key_of(services, secret)
    except KeyUnknown:
        return None


Admin = Annotated[ApiKey, Depends(admin_key)]
"""Parameter type of routes that need a session."""


Ours = Depends(check_form)
"""Dependency of routes that change something."""


@router.post("/login", dependencies=[Ours])
def login(request: Request, services: UsedServices, key: Annotated[str, Form()] = "") -> Response:
    """Start a session for an admin key."""
    try:
        found = key_of(services, key.strip())
        if not found.scope.covers(Scope.ADMIN):
            raise KeyUnknown(f"key {found.name!r} may {found.scope}, this page needs admin")
    except KeyUnknown as error:
        return login_page(request, services, sentence(str(error)), error.status)
    return signed_in(request, services.sessions.begin(key.strip()))


@router.post("/logout", dependencies=[Ours])
def logout(request: Request, services: UsedServices) -> Response:
    """End the session."""
    services.sessions.end(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/admin", 303)
    answer.delete_cookie(COOKIE, path="/admin")
    return answer


def signed_in(request: Request, session: str) -> Response:
    """Redirect to the pages with a session's cookie."""
    answer = RedirectResponse("/admin", 303)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_HOURS * 3600,
        path="/admin",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


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


def login_page(
    request: Request, services: Services, problem: str = "", status: int = 200
) -> Response:
    """Render the form for a key."""
    token = form_token(request)
    context = {"problem": problem, "csrf": token, "here": "admin"}
    page = services.templates.TemplateResponse(request, "admin/login.html", context, status)
    keep_token(request, page, token)
    return page
