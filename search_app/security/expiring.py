"""Values of visitors that expire, by random tokens: in memory, or encrypted in a database."""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import SealedRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


class MemoryRows:
    """Values in memory, at most `count`; the oldest are dropped first. Thread-safe.

    Args:
        seconds: how long a value is kept after it was stored, and after each `get` if `renewed`.
    """

    def __init__(
        self, count: int, seconds: float, renewed: bool, clock: Callable[[], float] = monotonic
    ) -> None:
        self._count, self._seconds, self._renewed, self._clock = count, seconds, renewed, clock
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, token: str, value: bytes) -> None:
        """Store a value in place of an earlier one of this token."""
        with self._lock:
            self._values[token] = (self._clock(), value)
            self._values.move_to_end(token)
            self._drop_old()

    def get(self, token: str) -> bytes | None:
        """The value of a token; None if it is unknown or has expired."""
        with self._lock:
            self._drop_old()
            _, value = self._values.get(token, (0.0, None))
            if value is not None and self._renewed:
                self._values[token] = (self._clock(), value)
                self._values.move_to_end(token)
            return value

    def drop(self, token: str) -> None:
        with self._lock:
            self._values.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._values)

    def _drop_old(self) -> None:
        """Drop expired and surplus values from the front, which has the oldest."""
        oldest = self._clock() - self._seconds
        while self._values:
            stored, _ = next(iter(self._values.values()))
            if len(self._values) <= self._count and stored >= oldest:
                return
            self._values.popitem(last=False)


class SealedRows:
    """Encrypted values of one kind in a database, at most `count`; the oldest are dropped first.

    A value's name is a random token that only the visitor's browser has. The row holds the token's
    SHA-256, and the value under a key derived from the token: neither the database's files nor the
    servers' settings reveal it. The table is UNLOGGED: no log and no standby has its rows.

    Args:
        database: returns the open database.
        seconds: how long a value is kept after it was stored, and after each `get` if `renewed`.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        kind: str,
        count: int,
        seconds: float,
        renewed: bool,
    ) -> None:
        self._database = database
        self._kind = kind
        self._count = count
        self._time = timedelta(seconds=seconds)
        self._renewed = renewed

    def put(self, token: str, value: bytes) -> None:
        """Store a value in place of an earlier one of this token; drop what has expired."""
        database = self._database()
        with database.side_transaction() as session:
            now = database.now(session)
            row = SealedRow(
                id=self._id(token), kind=self._kind, expires_at=now + self._time,
                content=_encrypted(token, self._kind, value),
            )  # fmt: skip
            session.merge(row)
            session.execute(delete(SealedRow).where(SealedRow.expires_at < now))
            self._drop_surplus(session)

    def get(self, token: str) -> bytes | None:
        database = self._database()
        with database.side_transaction() as session:
            now = database.now(session)
            kept = (SealedRow.id == self._id(token), SealedRow.expires_at >= now)
            content = session.scalar(select(SealedRow.content).where(*kept))
            if content is not None and self._renewed:
                renewal = update(SealedRow).where(*kept)
                session.execute(renewal.values(expires_at=now + self._time))
        return None if content is None else _decrypted(token, self._kind, content)

    def drop(self, token: str) -> None:
        with self._database().side_transaction() as session:
            session.execute(delete(SealedRow).where(SealedRow.id == self._id(token)))

    def __len__(self) -> int:
        database = self._database()
        with database.session() as session:
            kept = (SealedRow.kind == self._kind, SealedRow.expires_at >= database.now(session))
            return session.scalar(select(func.count()).select_from(SealedRow).where(*kept)) or 0

    def _drop_surplus(self, session: Session) -> None:
        newest = select(SealedRow.id).where(SealedRow.kind == self._kind)
        surplus = newest.order_by(SealedRow.expires_at.desc()).offset(self._count)
        session.execute(delete(SealedRow).where(SealedRow.id.in_(session.scalars(surplus).all())))

    def _id(self, token: str) -> str:
        return hashlib.sha256(f"{self._kind} id {token}".encode()).hexdigest()


ExpiringRows = MemoryRows | SealedRows


def _cipher(token: str, kind: str) -> "AESGCM":
    # Imported here: only servers that share a PostgreSQL database need it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    # A token is random itself, so that one hash makes a key of it.
    return AESGCM(hashlib.sha256(f"{kind} key {token}".encode()).digest())


def _encrypted(token: str, kind: str, value: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(token, kind).encrypt(nonce, value, None)


def _decrypted(token: str, kind: str, content: bytes) -> bytes:
    return _cipher(token, kind).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], None)
