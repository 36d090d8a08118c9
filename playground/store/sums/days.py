"""Keeps the sums of each visitor's runs by day and kind, in the same transactions as the runs.
Adding up a million rows for every look at the log would take a quarter of a second."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from playground.core.log.history import DayCost, Filter
from playground.core.money.budget import END_OF_TIME
from playground.core.runs.run_row import RunRow
from playground.store.sums import few_runs
from playground.store.sums.totals import Tally, tally
from playground.store.tables import dialect
from playground.store.tables.column_types import PICO_PER_USD, TEXT
from playground.store.tables.dialect import in_chunks
from playground.store.tables.history_schema import days
from playground.store.tables.schema import runs

_FIRST = date(1970, 1, 1)
_DAY = sa.literal_column("86400000000", sa.BigInteger)
"""Microseconds."""
_FAR = 10_000_000
"""Days from 1970, beyond the first and the last that Python knows."""


class Kind(NamedTuple):
    """What the runs of one sum have in common."""

    day: int
    status: str
    cost_kind: str
    model: str
    variant: str
    connection: str


Sums = Mapping[Kind, Tally]
Grain = Sequence[str]
"""By which fields of a kind sums are told apart; the others are empty in theirs."""
TOTALS: Grain = ("status", "cost_kind")
BY_DAY: Grain = ("day", "cost_kind", "model")
_NO_KIND = Kind(0, "", "", "", "", "")
COUNTED = [
    runs.c.started_at,
    # As they are stored: the index of kinds is asked for these very words.
    *(sa.type_coerce(runs.c[name], TEXT) for name in Kind._fields[1:]),
    runs.c.input_tokens,
    runs.c.output_tokens,
    runs.c.cost_usd,
]

_HALF = 2**32


def _sums_over(table: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """The sums of tokens and costs, each in two halves: SQLite ends a query over a sum beyond 64
    bits. Both databases divide towards zero, so that the halves of a number make up the number."""
    half: sa.ColumnElement[int] = sa.literal_column(str(_HALF))
    # Cast: of what is no whole number SQLite would make a fraction, or an endless number.
    columns = [
        sa.cast(table.c[name], sa.BigInteger)
        for name in ("input_tokens", "output_tokens", "cost_usd")
    ]
    halves = [column.op(sign)(half) for column in columns for sign in ("/", "%")]
    return [sa.func.coalesce(sa.func.sum(part), 0) for part in halves]


# Built once: assembling such a query takes longer than answering it.
_BETWEEN = (
    sa.select(
        days.c.status,
        days.c.cost_kind,
        sa.func.sum(days.c.runs),
        sa.func.sum(days.c.priced),
        *_sums_over(days),
    )
    .where(
        days.c.visitor == sa.bindparam("visitor"),
        days.c.runs != 0,
        days.c.day.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .group_by(days.c.status, days.c.cost_kind)
)
_SINCE = (
    sa.select(
        runs.c.status,
        runs.c.cost_kind,
        sa.func.count(),
        sa.func.count(runs.c.cost_usd),
        *_sums_over(runs),
    )
    .where(
        runs.c.visitor == sa.bindparam("visitor"),
        runs.c.status == sa.bindparam("status"),
        runs.c.cost_kind == sa.bindparam("cost_kind"),
        runs.c.started_at >= sa.bindparam("since"),
        runs.c.started_at < sa.bindparam("until"),
    )
    .group_by(runs.c.status, runs.c.cost_kind)
)


def day_of(started_at: datetime) -> int:
    """The number of a (UTC) day, from 1970 on."""
    return (started_at.astimezone(UTC).date() - _FIRST).days


@contextmanager
def updating(connection: sa.Connection, keys: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Update the sums by what the block changes in the runs of these visitors and ids."""
    ids: dict[str, list[str]] = defaultdict(list)
    for visitor, run_id in keys:
        ids[visitor].append(run_id)
    before = {visitor: sums_of_ids(connection, visitor, ids[visitor]) for visitor in ids}
    yield
    rows = []
    for visitor, earlier in before.items():
        after = sums_of_ids(connection, visitor, ids[visitor])
        changes = [(kind, subtotal.negative()) for kind, subtotal in earlier.items()]
        for kind, change in [*changes, *after.items()]:
            # Status and kind of cost are in both.
            rows.append({"visitor": visitor} | change._asdict() | kind._asdict())
    dialect.upsert(connection, days, rows, adding=True)


def sums_of_ids(
    connection: sa.Connection,
    visitor: str,
    run_ids: Iterable[str],
    since: datetime | None = None,
) -> Sums:
    """The sums of some runs of a visitor, or of those of them that started at `since` or later."""
    started = sa.true() if since is None else runs.c.started_at >= since
    parts = []
    for chunk in in_chunks(run_ids):
        # Added up here: asked to group, SQLite would walk all runs of the visitor in the order of
        # the groups instead of picking out these few.
        question = sa.select(*COUNTED).where(
            few_runs.belongs_to(connection, runs, visitor, chunk), started
        )
        parts.append(added_up(connection.execute(question)))
    return joined(parts)


def added_up(records: Iterable[Any]) -> Sums:
    """The sums of records of the columns `COUNTED`."""
    return _merged(
        (Kind(day_of(started_at), *kind), tally(kind[0], kind[1], tokens_in, tokens_out, cost))
        for started_at, *kind, tokens_in, tokens_out, cost in records
    )


def sums_of_runs(
    connection: sa.Connection,
    grain: Grain,
    found: sa.FromClause,
    *conditions: sa.ColumnElement[bool],
) -> Sums:
    """The sums of the runs in a table that meet the conditions, from the runs themselves."""
    # Rounded down to whole days, also before 1970.
    started_at = sa.cast(found.c.started_at, sa.BigInteger)
    day = (started_at - (started_at % _DAY + _DAY) % _DAY) // _DAY
    # Not the bare columns: SQLite would walk through all runs in their order.
    own_kind = {name: found.c[name].op("||")(sa.literal_column("''")) for name in Kind._fields[1:]}
    kind = {"day": day} | own_kind
    sums = (sa.func.count(), sa.func.count(found.c.cost_usd), *_sums_over(found))
    question = sa.select(*(kind[name] for name in grain), *sums).select_from(found)
    return _query(connection, question.where(*conditions), grain)


def sums_of_rows(rows: Iterable[RunRow]) -> Sums:
    """The sums of these rows."""
    return _merged(
        (
            Kind(day_of(r.started_at), r.status, r.cost_kind, r.model, r.variant, r.connection),
            tally(r.status, r.cost_kind, r.input_tokens, r.output_tokens, r.cost_usd),
        )
        for r in rows
    )


def read_sums(connection: sa.Connection, visitor: str, chosen: Filter, grain: Grain) -> Sums:
    """The sums of a visitor's runs, for the days and kinds of a filter; its other conditions are
    not applied."""
    sums = [sa.func.sum(days.c.runs), sa.func.sum(days.c.priced), *_sums_over(days)]
    question = sa.select(*(days.c[name] for name in grain), *sums)
    return _query(connection, question.where(*_conditions(visitor, chosen)), grain)


def sums_of_visitor(
    connection: sa.Connection, visitor: str, first: int = -_FAR, last: int = _FAR
) -> Sums:
    """The sums of a visitor's runs by status and kind of cost, from one day to another."""
    between = {"visitor": visitor, "first": first, "last": last}
    return _sums_from(connection.execute(_BETWEEN, between), TOTALS)


def sums_since(connection: sa.Connection, visitor: str, since: datetime) -> Sums:
    """The sums of a visitor's runs that started at a moment or later, by status and kind of
    cost."""
    day = day_of(since)
    # For the day itself, through the few kinds of its runs: each is one stretch of the index.
    of_day = sums_of_visitor(connection, visitor, day, day)
    bounds = {"visitor": visitor, "since": since, "until": _end_of(day)}
    parts = [
        _sums_from(connection.execute(_SINCE, bounds | kind._asdict()), TOTALS) for kind in of_day
    ]
    return joined([*parts, sums_of_visitor(connection, visitor, day + 1)])


def read_kinds(
    connection: sa.Connection, visitor: str, chosen: Filter
) -> list[tuple[str, str, str, str]]:
    """Every combination of status, model, variant and connection that occurs in a run."""
    columns = (days.c.status, days.c.model, days.c.variant, days.c.connection)
    question = sa.select(*columns).where(*_conditions(visitor, chosen)).distinct()
    return [tuple(record) for record in connection.execute(question)]


def _conditions(visitor: str, chosen: Filter) -> list[sa.ColumnElement[bool]]:
    conditions = [days.c.visitor == visitor, days.c.runs != 0]
    if chosen.from_day is not None:
        conditions.append(days.c.day >= (chosen.from_day - _FIRST).days)
    if chosen.to_day is not None:
        conditions.append(days.c.day <= (chosen.to_day - _FIRST).days)
    for column, values in (
        (days.c.status, chosen.statuses),
        (days.c.model, chosen.models),
        (days.c.variant, chosen.variants),
        (days.c.connection, chosen.connections),
    ):
        if values:
            conditions.append(column.in_(values))
    return conditions


def _query(connection: sa.Connection, question: sa.Select[Any], grain: Grain) -> Sums:
    places: list[sa.ColumnElement[Any]] = [
        sa.literal_column(str(place + 1)) for place in range(len(grain))
    ]
    return _sums_from(connection.execute(question.group_by(*places)), grain)


def _sums_from(records: Iterable[sa.Row[Any]], grain: Grain) -> Sums:
    sums = {}
    for record in records:
        kind = _NO_KIND._replace(**dict(zip(grain, record, strict=False)))
        runs_in, priced, *halves = map(int, record[len(grain) :])
        tokens_in, tokens_out, picos = (
            high * _HALF + low for high, low in zip(halves[::2], halves[1::2], strict=True)
        )
        usd = Decimal(picos) / PICO_PER_USD
        sums[kind] = Tally(kind.status, kind.cost_kind, runs_in, priced, tokens_in, tokens_out, usd)
    return sums


def coarse(sums: Sums, grain: Grain) -> Sums:
    """The sums by fewer fields of their kind."""
    return _merged(
        (
            _NO_KIND._replace(**{name: getattr(kind, name) for name in grain}),
            subtotal if "status" in grain else subtotal._replace(status=""),
        )
        for kind, subtotal in sums.items()
    )


def joined(parts: Iterable[Sums]) -> Sums:
    """All sums in one."""
    return _merged(item for part in parts for item in part.items())


def negative(sums: Sums) -> Sums:
    return {kind: subtotal.negative() for kind, subtotal in sums.items()}


def day_costs(sums: Sums) -> tuple[DayCost, ...]:
    """What each model cost on each day, in order of time."""
    grouped: dict[tuple[int, str, bool], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for kind, subtotal in sums.items():
        key = kind.day, kind.model, kind.cost_kind == "simulated"
        count, usd = grouped[key]
        grouped[key] = count + subtotal.runs, usd + subtotal.cost_usd
    return tuple(
        DayCost(_date_of(day), model, is_simulated, count, usd)
        for (day, model, is_simulated), (count, usd) in sorted(grouped.items())
        if count
    )


def _date_of(day: int) -> date:
    # A moment of 64 bits can be far beyond the years of Python.
    first, last = ((edge - _FIRST).days for edge in (date.min, date.max))
    return _FIRST + timedelta(days=min(max(day, first), last))


def _end_of(day: int) -> datetime:
    if day >= (date.max - _FIRST).days:
        return END_OF_TIME
    return datetime.combine(_FIRST + timedelta(days=day + 1), time(), UTC)


def _merged(subtotals: Iterable[tuple[Kind, Tally]]) -> Sums:
    sums: dict[Kind, Tally] = {}
    for kind, subtotal in subtotals:
        so_far = sums.get(kind)
        sums[kind] = subtotal if so_far is None else so_far.plus(subtotal)
    return sums
