"""Routes of the site as a whole: crawlers' rules, icon, switch of the language."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse

from search_app.language.choice import FIELD

ROBOTS: Final = """User-agent: *
Disallow: /admin
Disallow: /api
Disallow: /find
Disallow: /language
Disallow: /like
Disallow: /q/
Disallow: /search
"""
"""The catalogue and its products may be found; pages made for one visitor may not."""

router = APIRouter(include_in_schema=False)


@router.get("/robots.txt")
async def robots() -> PlainTextResponse:
    """Send the rules for crawlers."""
    return PlainTextResponse(ROBOTS)


@router.get("/favicon.ico")
async def favicon() -> RedirectResponse:
    """Send the icon to clients that ignore the page's link to it."""
    return RedirectResponse("/static/icon.svg", 308)


@router.get("/language")
async def language(request: Request) -> RedirectResponse:
    """Return to the page that the switch was on; `ChooseLanguage` has kept the choice."""
    return RedirectResponse(_page_before(request), 303)


def _page_before(request: Request) -> str:
    """Path and query of the page of ours that linked here, without a language; else the home."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc != request.url.netloc or not before.path.startswith("/"):
        return "/"
    fields = [each for each in parse_qsl(before.query) if each[0] != FIELD]
    # A single slash: two would lead to another host.
    path = f"/{before.path.lstrip('/')}"
    return f"{path}?{urlencode(fields)}" if fields else path
