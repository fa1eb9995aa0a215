"""Keys of the API: create, list and revoke them; find the key that allows a request.

A key has 256 random bits, so its plain SHA-256 is sufficient to store; the key itself is shown
once. Each scope includes the lower ones: admin > write > read.

The local token (`search_app.security.local_token`) counts as a key of scope admin. Who sends
neither may read, unless `api_reads` is false, and may change nothing, unless
`insecure_local_writes` is true and the request comes from this machine.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy import or_, select
from starlette.datastructures import Headers

from catalog.data_folder.layout import LOCAL_TOKEN
from catalog.database import Database
from catalog.models import Key
from search_app.errors import (
    BadRequest,
    KeyNeeded,
    KeyUnknown,
    OriginForbidden,
    PageNotFound,
    ScopeMissing,
    WritesForbidden,
)
from search_app.security.local_token import is_local_token
from search_app.security.origins import checked_origin
from search_app.services import Services, UsedServices
from search_app.settings import LOOPBACK

PREFIX: Final = "apparel_"
"""Prefix of every key, so that scanners for leaked secrets can recognise one."""


class Scope(StrEnum):
    """Permission of a key."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, wanted: "Scope") -> bool:
        """Whether this scope includes `wanted`."""
        order = tuple(Scope)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret; with `origins` it is valid only from pages of these."""

    name: str
    scope: Scope
    origins: tuple[str, ...] = ()
    id: int | None = None
    created_at: datetime | None = None
    revoked_at: datetime | None = None


LOCAL: Final = ApiKey("local token", Scope.ADMIN)
"""The local token, which is in no table."""


@dataclass(frozen=True)
class NewKey:
    """A new key; `secret` is shown only now."""

    key: ApiKey
    secret: str


def make_key(database: Database, name: str, scope: Scope, origins: Sequence[str] = ()) -> NewKey:
    """Make a key; one for pages of `origins` may only read, as every visitor can see it.

    Raises:
        BadRequest: the name is empty, too long or taken, perhaps by a revoked key; an origin is
            none, or the key of a page may do more than read.
    """
    bound = _checked_origins(origins, scope)
    if not 0 < len(name) <= 100:
        raise BadRequest("name", "a key's name has 1 to 100 characters; choose another")
    secret = PREFIX + secrets.token_urlsafe(32)
    with database.transaction() as session:
        if session.scalar(select(Key.id).where(Key.name == name)) is not None:
            raise BadRequest("name", f"there is a key {name!r} already; choose another name")
        row = Key(name=name, scope=scope.value, sha256=_hash(secret), origins=" ".join(bound))
        session.add(row)
        session.flush()
        key = _key_of(row)
    return NewKey(key, secret)


def list_keys(database: Database) -> list[ApiKey]:
    """All keys including revoked ones, in order of creation."""
    with database.session() as session:
        return [_key_of(row) for row in session.scalars(select(Key).order_by(Key.id))]


def revoke_key(database: Database, name: str) -> ApiKey:
    """Revoke a key by its name or number, from the next request on. Raises PageNotFound."""
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 18 else 0
    with database.transaction() as session:
        row = session.scalar(
            # A name that is a number goes before the number it looks like.
            select(Key).where(or_(Key.name == name, Key.id == number)).order_by(Key.name != name)
        )
        if row is None:
            raise PageNotFound(f"there is no key {name!r}; `apparel keys list` shows them")
        row.revoked_at = row.revoked_at or datetime.now(UTC)
        return _key_of(row)


def allowed_origins(database: Database) -> frozenset[str]:
    """The origins of all keys that are not revoked."""
    query = select(Key.origins).where(Key.revoked_at.is_(None), Key.origins != "")
    with database.session() as session:
        return frozenset(origin for row in session.scalars(query) for origin in row.split())


def _checked_origins(origins: Sequence[str], scope: Scope) -> tuple[str, ...]:
    if origins and scope is not Scope.READ:
        raise BadRequest("scope", "a key for a page's origin only reads; leave --scope out")
    try:
        return tuple(dict.fromkeys(checked_origin(each) for each in origins))
    except ValueError as error:
        raise BadRequest("origin", str(error)) from error


def key_of(services: Services, secret: str) -> ApiKey:
    """The key of a secret. Raises KeyUnknown if there is none, or it was revoked."""
    if is_local_token(services.settings.data, secret):
        return LOCAL
    with services.open_collection.database.session() as session:
        row = session.scalar(select(Key).where(Key.sha256 == _hash(secret)))
    if row is None or row.revoked_at is not None:
        raise KeyUnknown("this key is unknown or revoked; ask for another")
    return _key_of(row)


def needs(scope: Scope) -> Callable[[Request, Services], ApiKey | None]:
    """FastAPI dependency: the request's key, None if no key is needed."""

    def check(request: Request, services: UsedServices) -> ApiKey | None:
        return _allowed_key(request, services, scope)

    return check


def _allowed_key(request: Request, services: Services, scope: Scope) -> ApiKey | None:
    """The key that allows a request; None if no key is needed.

    Raises:
        KeyUnknown, ScopeMissing, OriginForbidden: the key is not sufficient.
        KeyNeeded, WritesForbidden: there is no key, or a page of another site sent the request.
    """
    if scope is not Scope.READ:
        check_origin(request)
    secret = secret_in(request.headers)
    if secret is None:
        _check_without_key(request, services, scope)
        return None
    try:
        key = key_of(services, secret)
    except KeyUnknown:
        services.limiter.distrust(secret)
        raise
    if key.origins:
        _check_origin_of(key, request)
    else:
        services.limiter.trust(secret)
    if not key.scope.covers(scope):
        raise ScopeMissing(
            f"key {key.name!r} may {key.scope}, this needs {scope}; use a key with that scope"
        )
    return key


def secret_in(headers: Headers) -> str | None:
    """The key of a request: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return headers.get("x-api-key") or None


def check_origin(request: Request) -> None:
    """Refuse requests from pages of other sites. Raises WritesForbidden."""
    origin = request.headers.get("origin", "")
    other_origin = bool(origin) and origin.partition("://")[2] != request.headers.get("host")
    # A browser says so too where it sends no Origin.
    cross_site = request.headers.get("sec-fetch-site") == "cross-site"
    if other_origin or cross_site:
        raise WritesForbidden("a page of another site may not change the catalogue; call it here")


def _check_origin_of(key: ApiKey, request: Request) -> None:
    """Raise OriginForbidden unless a page of the key's origins sent the request.

    Such a key has no rate of its own: all visitors of the page have the same one.
    """
    origin = request.headers.get("origin", "")
    if origin not in key.origins:
        raise OriginForbidden(
            f"key {key.name!r} is for pages of {', '.join(key.origins)}, not of "
            f"{origin[:200] or 'no origin'}; make one with `apparel keys add NAME --origin URL`"
        )


def _check_without_key(request: Request, services: Services, scope: Scope) -> None:
    if scope is Scope.READ:
        allowed = services.settings.api_reads
    else:
        allowed = services.settings.insecure_local_writes and _is_from_this_machine(request)
    if not allowed:
        raise KeyNeeded(
            f"this needs a key with scope {scope}: send Authorization: Bearer KEY; "
            f"`apparel keys add NAME --scope {scope}` makes one, and on the server's machine "
            f"the file {LOCAL_TOKEN} in the data folder holds one"
        )


def _is_from_this_machine(request: Request) -> bool:
    """Whether a request names this machine and comes from it, or through it from elsewhere."""
    client = request.client.host if request.client else ""
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    # Another name in front of the same address is how a web page reaches in (DNS rebinding).
    return client in LOOPBACK and name in LOOPBACK


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key_of(row: Key) -> ApiKey:
    origins = tuple(row.origins.split())
    return ApiKey(row.name, Scope(row.scope), origins, row.id, row.created_at, row.revoked_at)
