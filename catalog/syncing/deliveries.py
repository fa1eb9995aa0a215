"""Webhooks' deliveries: each takes effect once, also after a restart."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from catalog.models import WebhookDelivery
from catalog.syncing.sources import now, stored_utc

REMEMBERED: Final = timedelta(days=90)
"""Time that a delivery is remembered; later ones are recognised by the product's time of change."""
_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Delivery:
    """A delivery that has not taken effect yet; `received` is in UTC."""

    source: str
    sha256: str
    topic: str
    body: bytes
    received: datetime


def receive(session: Session, source: str, delivery_id: str, topic: str, body: bytes) -> bool:
    """Store a delivery to take effect later; False if its id or its body came before.

    The caller commits.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    delivery_id = delivery_id[:200] or sha256
    known = select(WebhookDelivery.sha256).where(
        WebhookDelivery.source == source,
        or_(WebhookDelivery.delivery_id == delivery_id, WebhookDelivery.sha256 == sha256),
    )
    if session.scalar(known.limit(1)) is not None:
        return False
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.received_at < now() - REMEMBERED))
    session.add(
        WebhookDelivery(
            source=source,
            sha256=sha256,
            delivery_id=delivery_id,
            topic=topic[:100],
            body=body.decode(),
        )
    )
    return True


def pending_sources(session: Session) -> list[str]:
    """Names of the sources with deliveries that have not taken effect."""
    query = select(WebhookDelivery.source).where(WebhookDelivery.state == "pending").distinct()
    return list(session.scalars(query))


def pending_deliveries(session: Session, source: str) -> list[Delivery]:
    """The oldest deliveries of a source that have not taken effect, in the order they came."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.source == source, WebhookDelivery.state == "pending")
        .order_by(WebhookDelivery.received_at)
        .limit(_AT_ONCE)
    )
    return [
        Delivery(
            source=row.source,
            sha256=row.sha256,
            topic=row.topic,
            body=(row.body or "").encode(),
            received=stored_utc(row.received_at) or now(),
        )
        for row in session.scalars(query)
    ]


def settle(
    session: Session, deliveries: Sequence[Delivery], state: str, message: str | None = None
) -> None:
    """Mark deliveries as done, ignored or failed, and forget their bodies; the caller commits."""
    for each in deliveries:
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.source == each.source, WebhookDelivery.sha256 == each.sha256)
            .values(state=state, message=message and message[:500], body=None)
        )
