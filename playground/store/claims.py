"""Work that only one of the processes sharing the database may do at a time: run an experiment,
submit a batch, take in its results."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from playground.core.text.refusal import Refusal
from playground.store.tables import dialect
from playground.store.tables.cleaning import clean_row
from playground.store.tables.schema import boots as boots_table
from playground.store.tables.schema import claims
from playground.store.writing import processes
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer


class ClaimStore:
    """This process's claims, by name, on work of its visitors. Each method waits for the disk, so
    none may be called on the event loop. A `Refusal` says what is in the way."""

    def __init__(self, writer: Writer, clock: Callable[[], datetime]) -> None:
        self._db = Transactions(writer, who="the claims", undone="Nothing can be claimed just now")
        self._boot, self._clock = writer.boot, clock

    def acquire(self, visitor: str, name: str) -> bool | Refusal:
        """Acquire a claim; False if another live process holds it."""
        row = clean_row({"visitor": visitor, "name": name, "boot_id": self._boot.boot_id})

        def write(connection: sa.Connection) -> bool:
            now = self._clock()
            # What a dead process held is free at once, and its runs have ended.
            processes.record_heartbeat(connection, self._boot, now)
            processes.interrupt_lost_runs(connection, self._boot, now)
            if _holder(connection, visitor, name) not in (None, self._boot.boot_id):
                return False
            dialect.upsert(connection, claims, [row])
            return True

        return self._db.write(write)

    def is_held(self, visitor: str, name: str) -> bool | Refusal:
        """Whether this process still holds a claim. It loses one after too long without a
        heartbeat (asleep or disconnected), or when the claimed object is deleted."""
        return self._db.read(
            lambda connection: _holder(connection, visitor, name) == self._boot.boot_id
        )

    def release(self, visitor: str, name: str) -> Refusal | None:
        """Release a claim, so that other processes can acquire it."""
        # Only if it is still ours: another process may have taken it since.
        release = sa.delete(claims).where(
            *_has_key(visitor, name), claims.c.boot_id == self._boot.boot_id
        )
        return self._db.execute(release)


def _has_key(visitor: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    row = clean_row({"visitor": visitor, "name": name})
    return claims.c.visitor == row["visitor"], claims.c.name == row["name"]


def _holder(connection: sa.Connection, visitor: str, name: str) -> str | None:
    # The claims of a dead process need no cleaning up: they end with its row in `boots`.
    lives = claims.c.boot_id.in_(sa.select(boots_table.c.boot_id))
    question = sa.select(claims.c.boot_id).where(*_has_key(visitor, name), lives)
    return connection.execute(question).scalar_one_or_none()
