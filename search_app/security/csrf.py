"""CSRF protection of forms that change something: a token in the form and in a cookie.

    form_token(request) -> hidden field `csrf`; keep_token(...) -> the same in a cookie
    check_form(request, csrf) when it is sent: both are equal and the page is this server's

The cookie is SameSite=Strict and HttpOnly; another site can neither read nor send it.
"""

import re
import secrets
from typing import Annotated, Final

from fastapi import Form, Request, Response

from search_app.errors import WritesForbidden
from search_app.security.keys import check_origin

COOKIE: Final = "apparel_csrf"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def form_token(request: Request) -> str:
    """The browser's token, or a new one, for the form's hidden field `csrf`."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else secrets.token_urlsafe(32)


def keep_token(request: Request, response: Response, token: str) -> None:
    """Set the cookie with the token of this page's forms."""
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def check_form(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Check that this server's page sent a form from this browser. Raises WritesForbidden."""
    check_origin(request)
    kept = request.cookies.get(COOKIE, "")
    if not (_TOKEN.fullmatch(kept) and secrets.compare_digest(kept.encode(), csrf.encode())):
        raise WritesForbidden("this form is out of date; load the page again and send it again")
