"""Tracks the processes that write to the log, and ends the runs of dead ones."""

import os
import secrets
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from playground.store.rows import reservations
from playground.store.search import search_index
from playground.store.sums import days
from playground.store.tables import dialect
from playground.store.tables.schema import IS_LIVE, boots, runs

SILENT_FOR = timedelta(seconds=120)
"""How long nothing may be heard of a process on another machine until it counts as dead."""

_is_simulated = runs.c.cost_kind == "simulated"
_worst_case = runs.c.worst_case_usd
_INTERRUPT = sa.update(runs).values(
    status="interrupted",
    error_message="The app stopped before this run ended.",
    cost_usd=sa.case(
        (_is_simulated, sa.func.coalesce(runs.c.cost_usd, _worst_case)), else_=_worst_case
    ),
    cost_kind=sa.case(
        (_is_simulated, "simulated"), (_worst_case.is_(None), "unknown"), else_="at most"
    ),
    cost_why=sa.case(
        (_worst_case.is_(None), "The app stopped before this run ended, and no price is known."),
        else_="The app stopped before this run ended: this is the most it could have cost.",
    ),
)


def _place() -> str:
    """Where a process number means this process and no other. Containers can share a name and
    number their processes alike: on Linux the running kernel and the namespace tell them apart
    (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html)."""
    parts = [socket.gethostname()]
    with suppress(OSError):  # no Linux: its processes are numbered once for the whole machine
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as kernel:
            parts.append(kernel.read().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


@dataclass(frozen=True)
class Boot:
    """One opening of the log by one process."""

    boot_id: str = field(default_factory=lambda: secrets.token_hex(8))
    host: str = field(default_factory=_place)
    pid: int = field(default_factory=os.getpid)


def record_heartbeat(connection: sa.Connection, own: Boot, now: datetime) -> None:
    """Record that this process is alive."""
    now = dialect.now(connection, now)
    seen = {"boot_id": own.boot_id, "host": own.host, "pid": own.pid, "seen_at": now}
    dialect.upsert(connection, boots, [seen])


def record_shutdown(connection: sa.Connection, own: Boot) -> None:
    """Record that this process has shut down."""
    connection.execute(sa.delete(boots).where(boots.c.boot_id == own.boot_id))


def interrupt_lost_runs(connection: sa.Connection, own: Boot, now: datetime) -> None:
    """End the runs that were live in processes that are gone, at the most they can cost."""
    now = dialect.now(connection, now)
    dead = [
        row.boot_id
        for row in connection.execute(sa.select(boots))
        if row.boot_id != own.boot_id
        and _is_dead(Boot(row.boot_id, row.host, row.pid), row.seen_at, own, now)
    ]
    # A new boot is in the table before its runs are. Both are asked in one statement, so that a
    # process that starts at this very moment is not taken for a dead one.
    is_lost = sa.or_(runs.c.boot_id.in_(dead), runs.c.boot_id.not_in(sa.select(boots.c.boot_id)))
    keys = connection.execute(sa.select(runs.c.visitor, runs.c.run_id).where(IS_LIVE, is_lost))
    lost = [(visitor, run_id) for visitor, run_id in keys]
    reservations.give_up(connection, lost)
    with days.updating(connection, lost), search_index.updating(connection, lost):
        connection.execute(_INTERRUPT.where(IS_LIVE, is_lost))
    connection.execute(sa.delete(boots).where(boots.c.boot_id.in_(dead)))


def _is_dead(boot: Boot, seen_at: datetime, own_boot: Boot, now: datetime) -> bool:
    if now - seen_at > SILENT_FOR:
        return True
    # After a restart a container gives its processes the same numbers again.
    return boot.host == own_boot.host and (boot.pid == own_boot.pid or not _is_running(boot.pid))


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 would end the process there; its heartbeat has to tell
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
