"""The lease of a source: one run at a time, across processes and machines.

A thread renews it while the run lasts; the lease of a killed process ends by itself.
"""

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Update, update

from catalog.database import Database
from catalog.errors import SourceBusy
from catalog.models import SyncSourceRow
from catalog.syncing.heartbeat import heartbeat, lease_ended, lease_time
from catalog.syncing.sources import read_source_row


class Lease:
    """A lease that is held; `check` raises SourceBusy once another process has it."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self.owner = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"
        self._lost = threading.Event()

    def claim(self) -> None:
        """Take the lease. Raises SourceNotFound; SourceBusy while another run has it."""
        with self._database.side_transaction() as session:
            holder = read_source_row(session, self._name).lease_owner
            now = self._database.now(session)
            ended = lease_ended(SyncSourceRow.lease_until, now, self._database)
            taken = session.execute(
                update(SyncSourceRow)
                .where(SyncSourceRow.name == self._name, ended)
                .values(lease_owner=self.owner, lease_until=now + lease_time(self._database))
                .execution_options(synchronize_session=False)
            )
        if not taken.rowcount:  # type: ignore[attr-defined]
            machine, process, _ = (holder or "//").split("/", 2)
            raise SourceBusy(
                f"source {self._name!r} is run by process {process} on {machine}; wait until it "
                f"is done (after a kill: {lease_time(self._database).seconds} seconds)"
            )

    def renew(self) -> None:
        """Extend the lease, unless another run has taken it."""
        with self._database.side_transaction() as session:
            until = self._database.now(session) + lease_time(self._database)
            kept = session.execute(self._own_row().values(lease_until=until))
        if not kept.rowcount:  # type: ignore[attr-defined]
            self._lost.set()

    def release(self) -> None:
        """Give the lease back, if it is still held."""
        with self._database.side_transaction() as session:
            session.execute(self._own_row().values(lease_owner=None, lease_until=None))

    def _own_row(self) -> Update:
        mine = SyncSourceRow.name == self._name, SyncSourceRow.lease_owner == self.owner
        return update(SyncSourceRow).where(*mine)

    def check(self) -> None:
        """Raise SourceBusy if another run has taken the lease, or the source was removed."""
        if self._lost.is_set():
            raise SourceBusy(f"source {self._name!r} was taken over or removed; run it again")


@contextmanager
def held_lease(database: Database, name: str) -> Iterator[Lease]:
    """Hold the lease of a source. Raises SourceNotFound or SourceBusy."""
    lease = Lease(database, name)
    lease.claim()
    try:
        with heartbeat(database, lease.renew):
            yield lease
    finally:
        lease.release()
