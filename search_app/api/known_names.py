"""Refuse parameters and fields that a route does not document; suggest the nearest name.

One FastAPI dependency for all routes of the API. The accepted names come from the OpenAPI
description, so exactly what /docs shows is accepted.
"""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute

from catalog.filtering.fields import FILTER_FIELDS, name_remedy
from search_app.errors import BadRequest

_FILTER_NAMES: Final = (*FILTER_FIELDS, "price_min", "price_max")


async def only_known_names(request: Request) -> None:
    """Raise BadRequest for a query parameter, form field or JSON field without documentation."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    schema = request.app.openapi()
    operation = schema["paths"].get(route.path_format, {}).get(request.method.lower())
    if operation is None:
        return
    parameters = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    refuse_unknown(request.query_params, parameters)
    if route.body_field is not None:
        refuse_unknown(await _body_names(request), _body_fields(schema, operation))


def refuse_unknown(given: Iterable[str], known: set[str]) -> None:
    """Raise BadRequest, suggesting the nearest name, for a name that is not known."""
    for name in given:
        if name not in known:
            raise BadRequest(name[:100], f"is not a name we know; {_remedy(name, known)}")


def _remedy(name: str, known: set[str]) -> str:
    if name in _FILTER_NAMES and "filters" in known:
        return f"filters are written filters={name}=VALUE"
    return name_remedy(name, sorted(known)) if known else "this takes none"


async def _body_names(request: Request) -> list[str]:
    """Top-level names of the body, which Starlette has cached after FastAPI read it."""
    if "form" in request.headers.get("content-type", ""):
        return list(await request.form())
    try:
        body = await request.json()
    except (ValueError, RecursionError):  # no JSON, or endless: the route's own message is clearer
        return []
    return list(body) if isinstance(body, dict) else []


def _body_fields(schema: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    names: set[str] = set()
    for media in operation["requestBody"]["content"].values():
        reference = _reference_of(media["schema"])
        body = schema["components"]["schemas"][reference] if reference else media["schema"]
        names |= set(body.get("properties", ()))
    return names


def _reference_of(body: dict[str, Any]) -> str:
    """Name of the schema that a body refers to, also where the body is optional."""
    options = [body, *body.get("anyOf", ()), *body.get("allOf", ())]
    return next((each["$ref"].rsplit("/", 1)[1] for each in options if "$ref" in each), "")
