"""Keys of the API: made, listed and revoked here; a request in, the key that allows it out.

A key is 256 random bits, so its plain SHA-256 is enough to keep; the key itself is shown
once. Scopes contain each other: admin > write > read.

Who sends no key may read, unless `api_reads` is false, and may change the catalogue only
    - where `api_writes` is true, or
    - by default: on a server bound to this machine for which no key was ever made, asked
      for by a name of this machine and not through a proxy.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy import func, or_, select
from starlette.datastructures import Headers

from catalog.database import Database
from catalog.models import Key
from search_app.errors import (
    BadRequest,
    KeyNeeded,
    KeyUnknown,
    PageNotFound,
    ScopeMissing,
    WritesForbidden,
)
from search_app.services import Services, UsedServices
from search_app.settings import LOOPBACK

PREFIX: Final = "apparel_"
"""What every key begins with, so that scanners for leaked secrets can know one."""
FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Headers of a proxy: behind one, a connection from this machine may be anybody's."""


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, wanted: "Scope") -> bool:
        """Whether a key of this scope may do what `wanted` asks."""
        order = tuple(Scope)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True)
class ApiKey:
    """A key without its secret."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key just made; `secret` is shown now and never again."""

    key: ApiKey
    secret: str


def make_key(database: Database, name: str, scope: Scope) -> NewKey:
    """Make a key.

    Raises:
        BadRequest: the name is empty, too long or taken, be it by a revoked key.
    """
    if not 0 < len(name) <= 100:
        raise BadRequest("a key's name has 1 to 100 characters; choose another")
    secret = PREFIX + secrets.token_urlsafe(32)
    with database.transaction() as session:
        if session.scalar(select(Key.id).where(Key.name == name)) is not None:
            raise BadRequest(f"there is a key {name!r} already; choose another name")
        row = Key(name=name, scope=scope.value, sha256=_hash(secret))
        session.add(row)
        session.flush()
        key = _key_of(row)
    return NewKey(key, secret)


def list_keys(database: Database) -> list[ApiKey]:
    """Every key ever made, revoked ones too, in order of making."""
    with database.session() as session:
        return [_key_of(row) for row in session.scalars(select(Key).order_by(Key.id))]


def revoke_key(database: Database, name: str) -> ApiKey:
    """End a key, by its name or its number; refused from the next request on.

    Raises:
        PageNotFound: there is no such key.
    """
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


def find_key(database: Database, secret: str) -> ApiKey:
    """The key of this secret.

    Raises:
        KeyUnknown: never made, or revoked.
    """
    with database.session() as session:
        row = session.scalar(select(Key).where(Key.sha256 == _hash(secret)))
    if row is None or row.revoked_at is not None:
        raise KeyUnknown("this key is unknown or revoked; ask for another")
    return _key_of(row)


def needs(scope: Scope) -> Callable[[Request, Services], ApiKey | None]:
    """A route's dependency: the key of the request, None where none is needed."""

    def check(request: Request, services: UsedServices) -> ApiKey | None:
        return allowed_key(request, services, scope)

    return check


def allowed_key(request: Request, services: Services, scope: Scope) -> ApiKey | None:
    """The key that lets a request do this; None where it may without one.

    Raises:
        KeyUnknown, ScopeMissing: a key came that does not suffice.
        KeyNeeded, WritesForbidden: no key came, or a page of another site sent the request.
    """
    if scope is not Scope.READ:
        check_origin(request)
    secret = secret_in(request.headers)
    if secret is None:
        _check_without_key(request, services, scope)
        return None
    key = find_key(services.open_collection.database, secret)
    services.limiter.trust(secret)
    if not key.scope.covers(scope):
        raise ScopeMissing(
            f"key {key.name!r} may {key.scope}, this needs {scope}; use a key with that scope"
        )
    return key


def secret_in(headers: Headers) -> str | None:
    """The key that a request carries: `Authorization: Bearer KEY` or `X-API-Key: KEY`."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return headers.get("x-api-key") or None


def any_key(database: Database) -> bool:
    """Whether a key was ever made."""
    with database.session() as session:
        return bool(session.scalar(select(func.count()).select_from(Key)))


def check_origin(request: Request) -> None:
    """Refuse what a page of another site sends. Raises WritesForbidden."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise WritesForbidden("a page of another site may not change the catalogue; call it here")


def _check_without_key(request: Request, services: Services, scope: Scope) -> None:
    if scope is Scope.READ:
        allowed = services.settings.api_reads
    elif services.settings.api_writes is not None:
        allowed = services.settings.api_writes
    else:
        allowed = _is_at_home(request, services)
    if not allowed:
        raise KeyNeeded(
            f"this needs a key with scope {scope}: send Authorization: Bearer KEY; "
            f"`apparel keys add NAME --scope {scope}` makes one"
        )


def _is_at_home(request: Request, services: Services) -> bool:
    """Whether a request can only come from this machine's own user."""
    return (
        services.settings.host in LOOPBACK
        # Another name in front of the same address is how a web page reaches in (DNS rebinding).
        and request.url.hostname in LOOPBACK
        and not any(name in request.headers for name in FORWARDED)
        and not any_key(services.open_collection.database)
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key_of(row: Key) -> ApiKey:
    return ApiKey(row.id, row.name, Scope(row.scope), row.created_at, row.revoked_at)
