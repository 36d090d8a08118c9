"""Keeps the sums of each visitor's runs by day and kind, in the same transactions as the runs,
and adds up from them what a filter of days and kinds asks for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa

from playground.core.history import DayCost, Filter
from playground.core.rows import RunRow
from playground.store import dialect
from playground.store.history_schema import days
from playground.store.schema import runs
from playground.store.totals import Tally, tally

_FIRST = date(1970, 1, 1)
_IDS_PER_QUESTION = 500
_DAY = sa.literal_column("86400000000", sa.BigInteger)
"""Microseconds."""


class Kind(NamedTuple):
    """What the runs of one sum have in common."""

    day: int
    status: str
    cost_kind: str
    model: str
    variant: str
    connection: str


Sums = Mapping[Kind, Tally]
_KIND = [days.c[name] for name in Kind._fields]
_SUMS = [days.c[name] for name in ("runs", "priced", "input_tokens", "output_tokens", "cost_usd")]
COUNTED = [
    runs.c.started_at,
    *(runs.c[name] for name in Kind._fields[1:]),
    runs.c.input_tokens,
    runs.c.output_tokens,
    runs.c.cost_usd,
]


def day_of(started_at: datetime) -> int:
    """The number of a (UTC) day, from 1970 on."""
    return (started_at.astimezone(UTC).date() - _FIRST).days


@contextmanager
def kept_true(connection: sa.Connection, ids: Mapping[str, list[str]]) -> Iterator[None]:
    """Carry over into the sums what the block does to these runs, by visitor."""
    before = {visitor: _sums_of_runs(connection, visitor, ids[visitor]) for visitor in ids}
    yield
    rows = []
    for visitor, earlier in before.items():
        after = _sums_of_runs(connection, visitor, ids[visitor])
        changes = [(kind, each.negative()) for kind, each in earlier.items()]
        for kind, change in [*changes, *after.items()]:
            # Status and kind of cost are in both.
            rows.append({"visitor": visitor} | change._asdict() | kind._asdict())
    dialect.upsert(connection, days, rows, adding=True)


def _sums_of_runs(connection: sa.Connection, visitor: str, run_ids: list[str]) -> Sums:
    rest, parts = iter(run_ids), []
    while some := list(islice(rest, _IDS_PER_QUESTION)):
        question = sa.select(*COUNTED).where(runs.c.visitor == visitor, runs.c.run_id.in_(some))
        parts.append(added_up(connection.execute(question)))
    return joined(parts)


def added_up(records: Iterable[Any]) -> Sums:
    """The sums of records of the columns `COUNTED`."""
    return _merged(
        (Kind(day_of(at), *kind), tally(kind[0], kind[1], tokens_in, tokens_out, cost))
        for at, *kind, tokens_in, tokens_out, cost in records
    )


def sums_of_range(
    connection: sa.Connection, visitor: str, conditions: Sequence[sa.ColumnElement[bool]]
) -> Sums:
    """The sums of a visitor's runs of some costs."""
    # Whole days downwards, also before 1970.
    at = sa.cast(runs.c.started_at, sa.BigInteger)
    day = (at - (at % _DAY + _DAY) % _DAY).op("/")(_DAY)
    kind = (day, *(runs.c[name] for name in Kind._fields[1:]))
    question = (
        sa.select(
            *kind,
            sa.func.count(),
            sa.func.count(runs.c.cost_usd),
            sa.func.coalesce(sa.func.sum(runs.c.input_tokens), 0),
            sa.func.coalesce(sa.func.sum(runs.c.output_tokens), 0),
            sa.func.coalesce(sa.func.sum(runs.c.cost_usd), 0),
        )
        .where(runs.c.visitor == visitor, *conditions)
        .group_by(*(sa.literal_column(str(number)) for number in range(1, 7)))
    )
    return dict(_sum(record) for record in connection.execute(question))


def sums_of_rows(rows: Iterable[RunRow]) -> Sums:
    """The sums of rows at hand."""
    return _merged(
        (
            Kind(
                day_of(r.started_at), r.status, r.cost_kind, r.model, r.variant, r.connection
            ),
            tally(r.status, r.cost_kind, r.input_tokens, r.output_tokens, r.cost_usd),
        )
        for r in rows
    )  # fmt: skip


def read_sums(connection: sa.Connection, visitor: str, chosen: Filter) -> Sums:
    """The sums of a visitor's runs, of the days and kinds of a filter; no other part of it."""
    question = sa.select(*_KIND, *_SUMS).where(days.c.visitor == visitor, days.c.runs != 0)
    if chosen.from_day is not None:
        question = question.where(days.c.day >= (chosen.from_day - _FIRST).days)
    if chosen.to_day is not None:
        question = question.where(days.c.day <= (chosen.to_day - _FIRST).days)
    for column, wanted in (
        (days.c.status, chosen.statuses),
        (days.c.model, chosen.models),
        (days.c.variant, chosen.variants),
        (days.c.connection, chosen.connections),
    ):
        if wanted:
            question = question.where(column.in_(wanted))
    return dict(_sum(record) for record in connection.execute(question))


def _sum(record: Any) -> tuple[Kind, Tally]:  # noqa: ANN401 (a kind, then its sums)
    kind = Kind(*record[:6])
    count, priced, tokens_in, tokens_out = map(int, record[6:10])
    sums = Tally(kind.status, kind.cost_kind, count, priced, tokens_in, tokens_out, record[10])
    return kind, sums


def joined(parts: Iterable[Sums]) -> Sums:
    """All sums in one."""
    return _merged(item for part in parts for item in part.items())


def negative(sums: Sums) -> Sums:
    return {kind: each.negative() for kind, each in sums.items()}


def day_costs(sums: Sums) -> tuple[DayCost, ...]:
    """What each model cost on each day, in order of time."""
    grouped: dict[tuple[int, str, bool], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for kind, each in sums.items():
        key = kind.day, kind.model, kind.cost_kind == "simulated"
        count, usd = grouped[key]
        grouped[key] = count + each.runs, usd + each.cost_usd
    return tuple(
        DayCost(_FIRST + timedelta(days=day), model, is_simulated, count, usd)
        for (day, model, is_simulated), (count, usd) in sorted(grouped.items())
        if count
    )


def _merged(found: Iterable[tuple[Kind, Tally]]) -> Sums:
    sums: dict[Kind, Tally] = {}
    for kind, each in found:
        so_far = sums.get(kind)
        sums[kind] = each if so_far is None else so_far.plus(each)
    return sums
