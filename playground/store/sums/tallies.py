"""Keeps the sums of each visitor's runs beside the runs, in the same transactions: adding up
a million rows for every look at the log would take a quarter of a second."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from playground.store.sums import days, few_runs
from playground.store.sums.totals import Tally, merged, tally
from playground.store.tables import dialect
from playground.store.tables.chunks import in_chunks
from playground.store.tables.schema import runs, tallies

_COUNTED = (
    runs.c.status,
    runs.c.cost_kind,
    runs.c.input_tokens,
    runs.c.output_tokens,
    runs.c.cost_usd,
)
_SUMS = (
    runs.c.status,
    runs.c.cost_kind,
    sa.func.count(),
    sa.func.count(runs.c.cost_usd),
    sa.func.coalesce(sa.func.sum(runs.c.input_tokens), 0),
    sa.func.coalesce(sa.func.sum(runs.c.output_tokens), 0),
    sa.func.coalesce(sa.func.sum(runs.c.cost_usd), 0),
)

# Built once: putting such a question together takes longer than answering it.
_SINCE: sa.Select[*tuple[Any, ...]] = (
    sa.select(*_SUMS)
    .where(
        runs.c.visitor == sa.bindparam("visitor"),
        runs.c.status == sa.bindparam("status"),
        runs.c.cost_kind == sa.bindparam("cost"),
        runs.c.started_at >= sa.bindparam("since"),
    )
    .group_by(runs.c.status, runs.c.cost_kind)
)


@contextmanager
def kept_true(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Carry over into the sums what the block does to the runs of these visitors and ids."""
    ids: dict[str, list[str]] = defaultdict(list)
    for visitor, run_id in keys:
        ids[visitor].append(run_id)
    changes = [
        (visitor, before.negative())
        for visitor in ids
        for before in tallies_of_runs(connection, visitor, ids[visitor])
    ]
    with days.kept_true(connection, ids):
        yield
    changes += [
        (visitor, after)
        for visitor in ids
        for after in tallies_of_runs(connection, visitor, ids[visitor])
    ]
    rows = [{"visitor": visitor} | change._asdict() for visitor, change in changes]
    dialect.upsert(connection, tallies, rows, adding=True)


def tallies_of_visitor(connection: sa.Connection, visitor: str) -> list[Tally]:
    """Return the sums of all runs of a visitor."""
    columns = [tallies.c[name] for name in Tally._fields]
    question = sa.select(*columns).where(tallies.c.visitor == visitor)
    return [Tally(*found) for found in connection.execute(question)]


def tallies_since(connection: sa.Connection, visitor: str, since: datetime) -> list[Tally]:
    """Add up the runs of a visitor that started at a moment or later."""
    # By way of the few kinds of runs there are: each is a stretch of the index to walk along.
    found = []
    for kind in tallies_of_visitor(connection, visitor):
        of = {"visitor": visitor, "since": since, "status": kind.status, "cost": kind.cost_kind}
        found += [
            Tally(status, cost_kind, count, priced, int(tokens_in), int(tokens_out), usd)
            for status, cost_kind, count, priced, tokens_in, tokens_out, usd in connection.execute(
                _SINCE, of
            )
        ]
    return found


def tallies_of_runs(
    connection: sa.Connection,
    visitor: str,
    run_ids: Iterable[str],
    since: datetime | None = None,
) -> list[Tally]:
    """Add up some runs of a visitor."""
    started = sa.true() if since is None else runs.c.started_at >= since
    found: list[Tally] = []
    for some in in_chunks(run_ids):
        # Added up here: asked to group, SQLite walks all of the visitor's runs in the order of
        # the groups rather than pick out these few.
        question = sa.select(*_COUNTED).where(
            few_runs.are(connection, runs, visitor, some), started
        )
        found += [tally(*run) for run in connection.execute(question)]
    return merged(found)
