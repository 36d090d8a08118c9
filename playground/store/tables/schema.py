"""The tables of the run log, in SQLAlchemy Core and the same for every database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from playground.core.runs.run_row import LIVE

PICO_PER_USD = 10**12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PicoDollars(sa.TypeDecorator[Decimal]):
    """Money as a whole number of 1e-12 dollars: SQLite has no exact decimals to sum."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int((value * PICO_PER_USD).to_integral_value())

    def process_result_value(
        self, value: int | Decimal | None, dialect: sa.Dialect
    ) -> Decimal | None:
        return None if value is None else Decimal(int(value)) / PICO_PER_USD


class UtcMicroseconds(sa.TypeDecorator[datetime]):
    """A moment as microseconds since 1970: SQLite would drop the time zone."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(
        self, value: int | Decimal | None, dialect: sa.Dialect
    ) -> datetime | None:
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


# Ids are compared in Python, too, so Postgres must also order them by code point.
Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

metadata = sa.MetaData()

# A table of its own, for Postgres has no counterpart of SQLite's `user_version`.
meta = sa.Table("meta", metadata, sa.Column("version", sa.Integer, nullable=False))

boots = sa.Table(
    "boots",
    metadata,
    sa.Column("boot_id", Id, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("seen_at", UtcMicroseconds, nullable=False),
)

# Work that only one process may do at a time, and which of them does it. It counts for as long
# as that process lives: what it held when it died is free.
claims = sa.Table(
    "claims",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("name", Id, primary_key=True),
    sa.Column("boot_id", Id, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    # The visitor comes first in the key: paging one visitor is one walk along it, and no
    # run id, however made, can reach into another visitor's rows.
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("run_id", Id, primary_key=True),
    sa.Column("boot_id", Id, nullable=False),
    sa.Column("started_at", UtcMicroseconds, nullable=False),
    sa.Column("ended_at", UtcMicroseconds),
    sa.Column("press", sa.Integer, nullable=False),
    sa.Column("variant", sa.Text, nullable=False),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("params_json", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("stop_reason", sa.Text),
    sa.Column("error_kind", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("http_status", sa.Integer),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("ttft_s", sa.Double),
    sa.Column("duration_s", sa.Double),
    sa.Column("input_tokens", sa.BigInteger),
    sa.Column("output_tokens", sa.BigInteger),
    sa.Column("cache_read_tokens", sa.BigInteger),
    sa.Column("cache_write_tokens", sa.BigInteger),
    sa.Column("thinking_tokens", sa.BigInteger),
    sa.Column("cost_usd", PicoDollars),
    sa.Column("cost_kind", sa.Text, nullable=False),
    sa.Column("worst_case_usd", PicoDollars),
    sa.Column("unit_prices_json", sa.Text),
    sa.Column("request_id", sa.Text),
    sa.Column("experiment_id", Id),
    sa.Column("cost_why", sa.Text),
    sa.Column("cell", sa.Text),
)

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("run_id", Id, primary_key=True),
    sa.Column("request_json", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("thinking", sa.Text, nullable=False),
    sa.Column("attempts_json", sa.Text, nullable=False),
    sa.Column("blocks_json", sa.Text, nullable=False, server_default=""),
)

# What a run counts for against budgets: the most it can cost until it has ended, then what
# it did cost. It outlives the run's row, and is there before the run is.
reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("run_id", Id, primary_key=True),
    sa.Column("payer", Id, nullable=False),
    sa.Column("started_at", UtcMicroseconds, nullable=False),
    sa.Column("is_settled", sa.Integer, nullable=False),
    sa.Column("usd", PicoDollars, nullable=False),
)
_counted = (reservations.c.started_at, reservations.c.is_settled, reservations.c.usd)
sa.Index("reservations_by_visitor", reservations.c.visitor, *_counted)
sa.Index("reservations_by_payer", reservations.c.payer, *_counted)

# A visitor's own budget, for the next visit.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("session_usd", PicoDollars),
    sa.Column("day_usd", PicoDollars),
)

# Literals, not parameters: a planner uses a partial index only for the very same condition.
IS_LIVE = runs.c.status.in_([sa.literal_column(f"'{status}'") for status in LIVE])

# Totals since a moment walk one stretch of this index for each status and kind of cost; it
# holds all they add up, so that the table itself is not read.
sa.Index(
    "runs_since",
    runs.c.visitor,
    runs.c.status,
    runs.c.cost_kind,
    runs.c.started_at,
    runs.c.input_tokens,
    runs.c.output_tokens,
    runs.c.cost_usd,
)
sa.Index("runs_live", runs.c.boot_id, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE)


experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("experiment_id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", UtcMicroseconds, nullable=False),
    sa.Column("cells", sa.Integer, nullable=False),
    sa.Column("definition_json", sa.Text, nullable=False),
)

# The newest run of each cell, there before the run is: whether the cell is done is what that
# run's own row says.
cells = sa.Table(
    "cells",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("experiment_id", Id, primary_key=True),
    sa.Column("cell_id", Id, primary_key=True),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("results_json", sa.Text, nullable=False),
    sa.Column("answer_key", sa.Text, nullable=False),
)


prompts = sa.Table(
    "prompts",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("prompt_id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

prompt_versions = sa.Table(
    "prompt_versions",
    metadata,
    sa.Column("visitor", Id, primary_key=True),
    sa.Column("prompt_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("saved_at", UtcMicroseconds, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("page_json", sa.Text, nullable=False),
)
