"""The language of a request: `?lang=`, else the cookie, else Accept-Language, else English."""

from collections.abc import Iterator
from typing import Final

from babel import negotiate_locale
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_app.language.translations import LANGUAGES, SOURCE_LANGUAGE, use_language

FIELD: Final = "lang"
"""Name of the cookie, and of the field of an address that sets it."""
_YEAR: Final = 365 * 24 * 3600
_MOST_RANGES: Final = 20
"""Entries of Accept-Language that are read."""


class ChooseLanguage:
    """Answers each request in a language of its visitor; one chosen by address is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = QueryParams(scope["query_string"]).get(FIELD, "")
        language = asked if asked in LANGUAGES else _preferred(headers)
        use_language(language)

        async def send_with_language(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                if answer.get("content-type", "").startswith("text/html"):
                    answer["content-language"] = language
                    answer.add_vary_header("Accept-Language, Cookie")
                if asked in LANGUAGES:
                    answer.append("set-cookie", _cookie(asked, scope["scheme"] == "https"))
            await send(message)

        await self._app(scope, receive, send_with_language)


def _preferred(headers: Headers) -> str:
    kept = cookie_parser(headers.get("cookie", "")).get(FIELD, "")
    if kept in LANGUAGES:
        return kept
    wanted = accepted_languages(headers.get("accept-language", ""))
    return negotiate_locale(wanted, list(LANGUAGES), sep="-") or SOURCE_LANGUAGE


def accepted_languages(header: str) -> list[str]:
    """The languages of an Accept-Language header, the preferred first (RFC 9110, 12.5.4)."""
    weighted = sorted(_weighted(header), key=lambda pair: -pair[0])
    return [language for weight, language in weighted if weight > 0]


def _weighted(header: str) -> Iterator[tuple[float, str]]:
    for entry in header.split(",")[:_MOST_RANGES]:
        language, _, weight = entry.partition(";")
        try:
            yield float(weight.strip().removeprefix("q=") or 1), language.strip()
        except ValueError:
            continue


def _cookie(language: str, secure: bool) -> str:
    security = "; Secure" if secure else ""
    return f"{FIELD}={language}; Max-Age={_YEAR}; Path=/; SameSite=Lax{security}"
