"""The tables of the run log, in SQLAlchemy Core and the same for every database."""

from typing import get_args

import sqlalchemy as sa

from playground.core.money.pricing import CostKind
from playground.core.runs.run_row import LIVE, Status
from playground.store.tables.column_types import (
    COUNT,
    ID,
    TEXT,
    OneOf,
    PicoDollars,
    Seconds,
    UtcMicroseconds,
    Whole,
)

metadata = sa.MetaData()

# A table of its own, for Postgres has no counterpart of SQLite's `user_version`.
meta = sa.Table("meta", metadata, sa.Column("version", COUNT, nullable=False))

boots = sa.Table(
    "boots",
    metadata,
    sa.Column("boot_id", ID, primary_key=True),
    sa.Column("host", TEXT, nullable=False),
    sa.Column("pid", COUNT, nullable=False),
    sa.Column("seen_at", UtcMicroseconds, nullable=False),
)

# Work that only one process may do at a time, and which of them does it. It counts for as long
# as that process lives: what it held when it died is free.
claims = sa.Table(
    "claims",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("name", ID, primary_key=True),
    sa.Column("boot_id", ID, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    # The visitor comes first in the key: paging one visitor is one walk along it, and no
    # run id, however made, can reach into another visitor's rows.
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("boot_id", ID, nullable=False),
    sa.Column("started_at", UtcMicroseconds, nullable=False),
    sa.Column("ended_at", UtcMicroseconds),
    sa.Column("press", COUNT, nullable=False),
    sa.Column("variant", TEXT, nullable=False),
    sa.Column("connection", TEXT, nullable=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("params_json", TEXT, nullable=False),
    sa.Column("status", OneOf(get_args(Status), otherwise="interrupted"), nullable=False),
    sa.Column("stop_reason", TEXT),
    sa.Column("error_kind", TEXT),
    sa.Column("error_message", TEXT),
    sa.Column("http_status", Whole(is_small=True)),
    sa.Column("attempts", COUNT, nullable=False),
    sa.Column("ttft_s", Seconds),
    sa.Column("duration_s", Seconds),
    sa.Column("input_tokens", Whole()),
    sa.Column("output_tokens", Whole()),
    sa.Column("cache_read_tokens", Whole()),
    sa.Column("cache_write_tokens", Whole()),
    sa.Column("thinking_tokens", Whole()),
    sa.Column("cost_usd", PicoDollars),
    sa.Column("cost_kind", OneOf(get_args(CostKind), otherwise="unknown"), nullable=False),
    sa.Column("worst_case_usd", PicoDollars),
    sa.Column("unit_prices_json", TEXT),
    sa.Column("request_id", TEXT),
    sa.Column("experiment_id", ID),
    sa.Column("cost_why", TEXT),
    sa.Column("cell", TEXT),
)

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("request_json", TEXT, nullable=False),
    sa.Column("answer", TEXT, nullable=False),
    sa.Column("thinking", TEXT, nullable=False),
    sa.Column("attempts_json", TEXT, nullable=False),
    sa.Column("blocks_json", TEXT, nullable=False, server_default=""),
)

# What a run counts for against budgets: the most it can cost until it has ended, then what
# it did cost. It outlives the run's row, and is there before the run is.
reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("payer", ID, nullable=False),
    sa.Column("started_at", UtcMicroseconds, nullable=False),
    sa.Column("is_settled", COUNT, nullable=False),
    sa.Column("usd", PicoDollars, nullable=False),
)
_counted = (reservations.c.started_at, reservations.c.is_settled, reservations.c.usd)
sa.Index("reservations_by_visitor", reservations.c.visitor, *_counted)
sa.Index("reservations_by_payer", reservations.c.payer, *_counted)

# A visitor's own budget, for the next visit.
budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
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
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("experiment_id", ID, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("created_at", UtcMicroseconds, nullable=False),
    sa.Column("cells", COUNT, nullable=False),
    sa.Column("definition_json", TEXT, nullable=False),
)

# The newest run of each cell, there before the run is: whether the cell is done is what that
# run's own row says.
cells = sa.Table(
    "cells",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("experiment_id", ID, primary_key=True),
    sa.Column("cell_id", ID, primary_key=True),
    sa.Column("run_id", ID, nullable=False),
    sa.Column("results_json", TEXT, nullable=False),
    sa.Column("answer_key", TEXT, nullable=False),
)


prompts = sa.Table(
    "prompts",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("prompt_id", ID, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
)

prompt_versions = sa.Table(
    "prompt_versions",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("prompt_id", ID, primary_key=True),
    sa.Column("number", COUNT, primary_key=True, autoincrement=False),
    sa.Column("saved_at", UtcMicroseconds, nullable=False),
    sa.Column("note", TEXT, nullable=False),
    sa.Column("page_json", TEXT, nullable=False),
)
