"""Forms that change something, safe from other sites' pages: a token in the form and a cookie.

    form_token(request) -> hidden field `csrf`; keep_token(...) -> the same in a cookie
    check_form(request, csrf) on the way back: both equal, sent from a page of this server

The cookie is strict same-site and closed to scripts; another site can neither read it nor
have it sent.
"""

import re
import secrets
from typing import Final

from fastapi import Request, Response

from search_app.errors import WritesForbidden
from search_app.keys import check_origin

COOKIE: Final = "apparel_csrf"
FIELD: Final = "csrf"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def form_token(request: Request) -> str:
    """The token of this browser, or a new one; goes into the form's hidden field `csrf`."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else secrets.token_urlsafe(32)


def keep_token(request: Request, response: Response, token: str) -> None:
    """Give the browser the token of the forms on this page."""
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def check_form(request: Request, token: str) -> None:
    """Refuse a form that was not sent from a page of this server in this browser.

    Raises:
        WritesForbidden: tokens differ or lack, or the request names another site.
    """
    check_origin(request)
    kept = request.cookies.get(COOKIE, "")
    if not (_TOKEN.fullmatch(kept) and secrets.compare_digest(kept.encode(), token.encode())):
        raise WritesForbidden("this form is out of date; load the page again and send it anew")
