"""What can be asked of a history: filters, orders, marks, and what comes back; no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, get_args

from playground.core.log.votes import Vote
from playground.core.runs.run_row import LIVE, RunRow, RunTexts, Status, Totals
from playground.core.text.search_words import MAX_QUERY, Phrase, contains_all, phrases

Order = Literal["newest", "oldest", "most expensive", "slowest", "longest answer"]
ORDERS: tuple[Order, ...] = get_args(Order)
Value = datetime | Decimal | float | int | None

MAX_CHOSEN, MAX_TAGS, LONGEST_TAG, LONGEST_NOTE = 100, 20, 40, 5_000
LONGEST_BALLOT = 40


class FilterError(ValueError):
    """A filter, a tag or a note that cannot be used; its text says why, to a person."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are meant: those that match every part. An empty part matches all.

    Days are UTC, both ends included. A cost that is not known lies in no range.
    """

    text: str = ""
    statuses: tuple[Status, ...] = ()
    models: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    from_usd: Decimal | None = None
    to_usd: Decimal | None = None
    is_starred: bool = False
    tags: tuple[str, ...] = ()
    experiment_id: str | None = None

    def __post_init__(self) -> None:
        if len(self.text) > MAX_QUERY:
            raise FilterError(f"Search for at most {MAX_QUERY} characters.")
        chosen = (self.statuses, self.models, self.variants, self.connections, self.tags)
        if any(len(choices) > MAX_CHOSEN for choices in chosen):
            raise FilterError(f"Choose at most {MAX_CHOSEN} of one kind.")
        if not set(self.statuses) <= set(get_args(Status)):
            raise FilterError("There is no such status.")
        if self.from_day and self.to_day and self.from_day > self.to_day:
            raise FilterError("The first day is after the last.")
        bounds = [usd for usd in (self.from_usd, self.to_usd) if usd is not None]
        # `is_finite` first: to compare a Decimal that is NaN raises.
        if any(not usd.is_finite() or not 0 <= usd < 10**6 for usd in bounds):
            raise FilterError("A cost is at least 0 and below a million dollars.")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise FilterError("The lowest cost is above the highest.")

    @property
    def is_empty(self) -> bool:
        return self == Filter()

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        return phrases(self.text)

    @property
    def started_from(self) -> datetime | None:
        return None if self.from_day is None else datetime.combine(self.from_day, time(), UTC)

    @property
    def started_before(self) -> datetime | None:
        # Python knows no day after the last, and nothing is logged there.
        if self.to_day is None or self.to_day == date.max:
            return None
        return datetime.combine(self.to_day + timedelta(days=1), time(), UTC)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person added to a run. `vote` is how it did among the answers that it was
    compared with, which have the same `ballot`; empty: nobody voted."""

    is_starred: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    vote: Vote = ""
    ballot: str = ""

    def __post_init__(self) -> None:
        if len(self.note) > LONGEST_NOTE:
            raise FilterError(f"A note has at most {LONGEST_NOTE:,} characters.")
        if len(self.tags) > MAX_TAGS:
            raise FilterError(f"A run has at most {MAX_TAGS} tags.")
        if any(not tag or tag != clean_tag(tag) for tag in self.tags):
            raise FilterError(f"A tag is one line of at most {LONGEST_TAG} characters.")
        if self.vote not in get_args(Vote):
            raise FilterError("There is no such vote.")
        if len(self.ballot) > LONGEST_BALLOT or bool(self.ballot) != bool(self.vote):
            raise FilterError("A vote must belong to a ballot.")


NO_MARK = Mark()


def clean_tag(text: str) -> str:
    """A tag as it is kept: one line, no spaces around it, not too long."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:LONGEST_TAG].strip()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place in an order; the rows behind it are the next page."""

    value: Value
    run_id: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the found rows. `next_cursor` is where the next one goes on, None at the end;
    `is_partial`: only the newest of very many matches were put in order."""

    rows: tuple[RunRow, ...] = ()
    next_cursor: Cursor | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class DayCost:
    """What one model's runs of a (UTC) day cost; simulated money is apart."""

    day: date
    model: str
    is_simulated: bool
    runs: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Summary:
    """What the found runs add up to; `is_partial` as in `HistoryPage`."""

    totals: Totals = field(default_factory=Totals)
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What a visitor's runs can be filtered by."""

    models: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run as it leaves the log: its row, its texts where wanted, its marks."""

    row: RunRow
    texts: RunTexts | None = None
    mark: Mark = NO_MARK


@dataclass(frozen=True, slots=True)
class Size:
    """How large the log is: all of it, and what lies free in it for new runs."""

    used_bytes: int
    free_bytes: int = 0
    file: str | None = None


def value_of(row: RunRow, order: Order) -> Value:
    """The value by which an order sorts a row."""
    values: Mapping[Order, Value] = {
        "newest": row.started_at,
        "oldest": row.started_at,
        "most expensive": _finite(row.cost_usd),
        "slowest": row.duration_s,
        "longest answer": row.output_tokens,
    }
    return values[order]


def _finite(cost_usd: Decimal | None) -> Decimal | None:
    # A row that no database takes can hold a NaN, which is not to be compared.
    return cost_usd if cost_usd is not None and cost_usd.is_finite() else None


def cursor_of(row: RunRow, order: Order) -> Cursor:
    return Cursor(value_of(row, order), row.run_id)


def is_behind(one: Cursor, other: Cursor, order: Order) -> bool:
    """Whether `one` comes after `other`; what has no value comes last."""
    if one.value is None or other.value is None:
        if one.value is other.value:
            return one.run_id < other.run_id
        return one.value is None
    mine, others = (one.value, one.run_id), (other.value, other.run_id)
    # Both are values of one order, so of one type.
    return mine > others if order == "oldest" else mine < others


def sorted_in(rows: Sequence[RunRow], order: Order) -> list[RunRow]:
    """The rows in an order."""
    # None cannot be compared. Between equal values the id decides, as in `is_behind`, or pages
    # would skip or repeat rows.
    valued = [row for row in rows if value_of(row, order) is not None]
    rest = [row for row in rows if value_of(row, order) is None]
    valued.sort(key=lambda row: (value_of(row, order), row.run_id), reverse=order != "oldest")
    return valued + sorted(rest, key=lambda row: row.run_id, reverse=True)


def matches(chosen: Filter, row: RunRow, mark: Mark, texts: Sequence[str]) -> bool:
    """Whether a run is meant; `texts` are its prompt and its answer."""
    sets = (
        (chosen.statuses, row.status),
        (chosen.models, row.model),
        (chosen.variants, row.variant),
        (chosen.connections, row.connection),
    )
    if any(wanted and value not in wanted for wanted, value in sets):
        return False
    start, end = chosen.started_from, chosen.started_before
    if (start and row.started_at < start) or (end and row.started_at >= end):
        return False
    lowest, highest, cost = chosen.from_usd, chosen.to_usd, _finite(row.cost_usd)
    if lowest is not None and (cost is None or cost < lowest):
        return False
    if highest is not None and (cost is None or not 0 <= cost <= highest):
        return False
    if chosen.is_starred and not mark.is_starred:
        return False
    if chosen.tags and not set(chosen.tags) & set(mark.tags):
        return False
    if chosen.experiment_id is not None and row.experiment_id != chosen.experiment_id:
        return False
    if not chosen.text.strip():
        return True
    # What is still being written is not searched.
    return row.status not in LIVE and contains_all(texts, chosen.phrases)
