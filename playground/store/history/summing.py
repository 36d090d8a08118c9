"""What the runs that a filter finds add up to, in all and by day and model."""

import sqlalchemy as sa

from playground.core.log.history import NO_MARK, DayCost, Filter, Summary, matches
from playground.store.history import filtered
from playground.store.history.picking import is_picked, pick
from playground.store.rows.reading import Entries, read_rows
from playground.store.sums import days
from playground.store.sums.days import Grain, Sums
from playground.store.sums.totals import add_up
from playground.store.tables.schema import runs


def read_summary(
    connection: sa.Connection | None, visitor: str, entries: Entries, chosen: Filter
) -> Summary:
    """Add up the runs; only the newest, if a text is found too often."""
    sums, is_partial = _sums(connection, visitor, entries, chosen, days.TOTALS)
    return Summary(add_up(sums.values()), is_partial)


def read_day_costs(
    connection: sa.Connection | None, visitor: str, entries: Entries, chosen: Filter
) -> tuple[DayCost, ...]:
    """What they cost, by day and model."""
    sums, _ = _sums(connection, visitor, entries, chosen, days.BY_DAY)
    return days.day_costs(sums)


def _sums(
    connection: sa.Connection | None, visitor: str, entries: Entries, chosen: Filter, grain: Grain
) -> tuple[Sums, bool]:
    marked = filtered.marks_of(connection, visitor, entries)
    rows = [
        entry.row
        for run_id, entry in entries.items()
        if filtered.matches_entry(chosen, entry, marked.get(run_id, NO_MARK))
    ]
    in_memory = days.sums_of_rows(rows)
    saved, superseded, is_partial = _saved(connection, visitor, entries, chosen, grain)
    memory = days.coarse(days.joined([in_memory, days.negative(superseded)]), grain)
    return days.joined([saved, memory]), is_partial


def _saved(
    connection: sa.Connection | None, visitor: str, entries: Entries, chosen: Filter, grain: Grain
) -> tuple[Sums, Sums, bool]:
    """What the database has, which of it are earlier versions of rows in memory, and whether there
    are more matches than were added up."""
    if connection is None:
        return {}, {}, False
    if is_picked(chosen):
        picked, is_partial = pick(connection, visitor, chosen)
        conditions = filtered.of_row(chosen, picked)
        # Rows in memory are added up there: what the database has of them is older.
        if entries:
            conditions.append(picked.c.run_id.not_in(list(entries)))
        return days.sums_of_runs(connection, grain, picked, *conditions), {}, is_partial
    earlier = read_rows(connection, visitor, entries)
    # No words and no marks are asked for here: the row alone decides.
    superseded = [row for row in earlier if matches(chosen, row, NO_MARK, ())]
    if chosen.from_usd is None and chosen.to_usd is None:
        saved = days.read_sums(connection, visitor, chosen, grain)
    else:
        conditions = [runs.c.visitor == visitor, *filtered.of_row(chosen)]
        saved = days.sums_of_runs(connection, grain, runs, *conditions)
    return saved, days.sums_of_rows(superseded), False
