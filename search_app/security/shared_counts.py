"""Requests counted in the database, for all servers together.

A sliding window as that of `limits`: the count of the present period, and that of the one before
by the share of it that the window still covers, by the database's clock.
"""

import hashlib
import math
from typing import Final

from limits import RateLimitItem
from sqlalchemy import text

from catalog.database import Database

_CLOCK: Final = "clock AS (SELECT extract(epoch FROM clock_timestamp()) / :seconds AS at)"
_HIT: Final = text(f"""
    WITH {_CLOCK}, before AS (
        SELECT coalesce(max(hits), 0) * (1 - at + floor(at)) AS hits FROM clock
        LEFT JOIN rate_count ON sender = :sender AND period = floor(at) - 1 GROUP BY at
    )
    INSERT INTO rate_count (sender, period, hits, expires_at)
    SELECT :sender, floor(at), 1, to_timestamp((floor(at) + 2) * :seconds) FROM clock, before
    WHERE floor(before.hits) + 1 <= :amount
    ON CONFLICT (sender, period) DO UPDATE SET hits = rate_count.hits + 1
    WHERE rate_count.hits + floor((SELECT hits FROM before)) + 1 <= :amount
    RETURNING hits
""")
"""Checks and counts in one statement, so that no two servers let the last request in."""
_COUNTS: Final = text(f"""
    WITH {_CLOCK}
    SELECT 1 - at + floor(at), coalesce(sum(hits) FILTER (WHERE period < floor(at)), 0),
        coalesce(sum(hits) FILTER (WHERE period = floor(at)), 0)
    FROM clock LEFT JOIN rate_count ON sender = :sender AND period >= floor(at) - 1 GROUP BY at
""")
_SWEEP: Final = text("DELETE FROM rate_count WHERE expires_at < clock_timestamp()")


def count_in_database(database: Database, rate: RateLimitItem, sender: str) -> int:
    """Count a request; seconds that the sender must wait, 0 if the request is allowed.

    Only a hash of the sender is stored, for two periods at most.
    """
    seconds = rate.get_expiry()
    hashed = hashlib.sha256(f"{sender}/{seconds}".encode()).hexdigest()
    values = {"sender": hashed, "seconds": seconds}
    with database.side_transaction() as session:
        hits = session.scalar(_HIT, values | {"amount": rate.amount})
        if hits is not None:
            if hits == 1:
                session.execute(_SWEEP)
            return 0
        remaining, before, present = session.execute(_COUNTS, values).one()
    return _wait(rate.amount, seconds, float(remaining), int(before), int(present))


def _wait(amount: int, seconds: int, remaining: float, before: int, present: int) -> int:
    """Seconds until one more request fits into the window.

    Args:
        remaining: share of the period that is left, by which the hits of the one before count.
    """
    if present < amount and before > 0:
        remaining -= (amount - present) / before
    return max(1, math.ceil(remaining * seconds))
