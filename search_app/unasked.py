"""What browsers and crawlers ask for without a link to it: /robots.txt and /favicon.ico."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, RedirectResponse

ROBOTS: Final = """User-agent: *
Disallow: /admin
Disallow: /api
Disallow: /find
Disallow: /like
Disallow: /q/
Disallow: /search
"""
"""The catalogue and its products may be found; pages made for one visitor may not."""

router = APIRouter(include_in_schema=False)


@router.get("/robots.txt")
async def robots() -> PlainTextResponse:
    """Where crawlers may go."""
    return PlainTextResponse(ROBOTS)


@router.get("/favicon.ico")
async def favicon() -> RedirectResponse:
    """The icon, for who does not read the page that names it."""
    return RedirectResponse("/static/icon.svg", 308)
