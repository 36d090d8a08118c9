"""What the runs that a filter finds add up to, in all and by day and model."""

import sqlalchemy as sa

from playground.core.history import NO_MARK, Filter, Summary, matches
from playground.store import days, filtered
from playground.store.days import Sums
from playground.store.picking import is_picked, lean_rows, pick
from playground.store.reading import Entries, read_rows
from playground.store.totals import add_up


def read_summary(
    connection: sa.Connection | None, visitor: str, entries: Entries, chosen: Filter
) -> Summary:
    """Add up the runs; the newest only, where a text is found too often."""
    marked = filtered.marks_of(connection, visitor, entries)
    rows = [
        entry.row
        for run_id, entry in entries.items()
        if filtered.matches_entry(chosen, entry, marked.get(run_id, NO_MARK))
    ]
    parts, is_partial = [days.sums_of_rows(rows)], False
    if connection is not None and is_picked(chosen):
        picked = pick(connection, visitor, chosen)
        ids = [run_id for run_id in picked.run_ids if run_id not in entries]
        meant = filtered.of_row(chosen)
        parts.append(days.added_up(lean_rows(connection, visitor, ids, days.COUNTED, meant)))
        is_partial = picked.is_partial
    elif connection is not None:
        parts.append(_of_rows_and_kinds(connection, visitor, chosen))
        # The database may hold earlier versions of the rows in memory: take those out again.
        earlier = read_rows(connection, visitor, entries)
        again = [row for row in earlier if matches(chosen, row, NO_MARK, ())]
        parts.append(days.negative(days.sums_of_rows(again)))
    sums = days.joined(parts)
    return Summary(add_up(sums.values()), days.day_costs(sums), is_partial)


def _of_rows_and_kinds(connection: sa.Connection, visitor: str, chosen: Filter) -> Sums:
    if chosen.from_usd is None and chosen.to_usd is None:
        return days.read_sums(connection, visitor, chosen)
    return days.sums_of_range(connection, visitor, filtered.of_row(chosen))
