"""The tables beside the runs that make up their history: sums by day, marks, deleted runs, and the
index of words."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from playground.store.tables.column_types import ID, TEXT, PicoDollars, UtcMicroseconds, Whole
from playground.store.tables.schema import metadata, runs

# The sums of a visitor's runs of one day and kind: what is filtered by kind and by day is
# added up from these, however many runs there are.
days = sa.Table(
    "days",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("day", Whole(otherwise=0, is_small=True), primary_key=True),
    sa.Column("status", ID, primary_key=True),
    sa.Column("cost_kind", ID, primary_key=True),
    sa.Column("model", ID, primary_key=True),
    sa.Column("variant", ID, primary_key=True),
    sa.Column("connection", ID, primary_key=True),
    sa.Column("runs", Whole(otherwise=0), nullable=False),
    sa.Column("priced", Whole(otherwise=0), nullable=False),
    sa.Column("input_tokens", Whole(otherwise=0), nullable=False),
    sa.Column("output_tokens", Whole(otherwise=0), nullable=False),
    sa.Column("cost_usd", PicoDollars, nullable=False),
)

# What all runs of a visitor add up to is read from this alone, in the order of its groups.
sa.Index(
    "days_sums",
    *(
        days.c[name]
        for name in (
            *("visitor", "status", "cost_kind", "day"),
            *("runs", "priced", "input_tokens", "output_tokens", "cost_usd"),
        )
    ),
)

# Few runs have a mark, and a mark may exist before its run is written.
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("is_starred", Whole(otherwise=0, is_small=True), nullable=False),
    sa.Column("note", TEXT, nullable=False),
    sa.Column("vote", TEXT, nullable=False, server_default=""),
    sa.Column("ballot", TEXT, nullable=False, server_default=""),
)
_is_starred = marks.c.is_starred == sa.literal_column("1")
sa.Index(
    "marks_starred",
    marks.c.visitor,
    marks.c.run_id,
    sqlite_where=_is_starred,
    postgresql_where=_is_starred,
)
IS_VOTED = marks.c.vote != sa.literal_column("''")
sa.Index(
    "marks_voted",
    marks.c.visitor,
    marks.c.run_id,
    sqlite_where=IS_VOTED,
    postgresql_where=IS_VOTED,
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("tag", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
)
sa.Index("tags_of_run", tags.c.visitor, tags.c.run_id)

# Deleted runs, whole, until they can no longer be brought back.
deleted = sa.Table(
    "deleted",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("run_id", ID, primary_key=True),
    sa.Column("deleted_at", UtcMicroseconds, nullable=False),
    sa.Column("run_json", TEXT, nullable=False),
)
sa.Index("deleted_by_time", deleted.c.deleted_at)

# Visitors all of whose runs are to be deleted: there before the first of them goes, and until the
# last has gone. However a process ends, the deletion is completed.
deletions = sa.Table(
    "deletions",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("asked_at", UtcMicroseconds, nullable=False),
)

# Which run each number of the index of words is. The numbers follow the time, so that the
# newest are found first. Beside them the words themselves on Postgres, on SQLite a digest.
searchable = sa.Table(
    "searchable",
    metadata,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
    ),
    sa.Column("visitor", ID, nullable=False),
    sa.Column("run_id", ID, nullable=False),
    sa.Column("words", sa.Text().with_variant(TSVECTOR, "postgresql")),
)
sa.Index("searchable_runs", searchable.c.visitor, searchable.c.run_id, unique=True)

# One row while runs of earlier days are still being indexed: all up to this one are done.
unsearched = sa.Table(
    "unsearched",
    metadata,
    sa.Column("visitor", ID, nullable=False),
    sa.Column("run_id", ID, nullable=False),
    sa.Column("done", Whole(otherwise=0), nullable=False),
    sa.Column("in_all", Whole(otherwise=0), nullable=False),
)

# Filters and the newest order: each kind of run is one stretch of this index.
_kind = (runs.c.status, runs.c.model, runs.c.variant, runs.c.connection)
sa.Index("runs_kinds", runs.c.visitor, *_kind, runs.c.started_at, runs.c.run_id, runs.c.cost_usd)
# The other orders, with all that filters ask for, so that the table itself is not read; the
# one by cost holds what is added up for a range of costs, too.
sa.Index(
    "runs_costs",
    runs.c.visitor,
    runs.c.cost_usd,
    runs.c.run_id,
    *_kind,
    runs.c.started_at,
    runs.c.cost_kind,
    runs.c.input_tokens,
    runs.c.output_tokens,
)
for _name, _by in (("durations", runs.c.duration_s), ("answers", runs.c.output_tokens)):
    sa.Index(
        f"runs_{_name}",
        runs.c.visitor, _by, runs.c.run_id, *_kind, runs.c.started_at, runs.c.cost_usd,
    )  # fmt: skip
_is_of_experiment = runs.c.experiment_id.is_not(None)
sa.Index(
    "runs_experiment",
    runs.c.visitor,
    runs.c.experiment_id,
    runs.c.run_id,
    sqlite_where=_is_of_experiment,
    postgresql_where=_is_of_experiment,
)

# Only numbers come out of it: the texts are in their own table and need not be stored twice. The
# words are made in Python, so all that a tokenizer has to do is to split at spaces.
_WORDS = (
    "CREATE VIRTUAL TABLE said USING fts5(who, words, content='', columnsize=0, "
    "tokenize='ascii', prefix='3')"
)
_GIN = "CREATE INDEX searchable_words ON searchable USING gin (words)"


@sa.event.listens_for(searchable, "after_create")
def _add_words(_table: sa.Table, connection: sa.Connection, **_options: object) -> None:
    connection.exec_driver_sql(_WORDS if connection.dialect.name == "sqlite" else _GIN)


def add_history(connection: sa.Connection) -> None:
    """The step from version 2 to 3. The words of existing runs are indexed later, some at a time,
    while the log is in use."""
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in _statements(is_sqlite=is_sqlite):
        connection.execute(sa.text(statement))  # As text: % is an operator in it.


def _sum(column: str) -> str:
    """A sum in 64 bits, or about the most that they hold: of runs that a server told absurd numbers
    of, the sum would be an error, and the log could never be opened."""
    high, low = (f"sum({column} {sign} 4294967296)" for sign in "/%")
    exact, most = f"{high} * 4294967296 + {low}", "9000000000000000000"
    return (
        f"coalesce(CASE WHEN abs({high}) < 2000000000 THEN {exact} "
        f"WHEN {high} < 0 THEN -{most} ELSE {most} END, 0)"
    )


def _statements(*, is_sqlite: bool) -> tuple[str, ...]:
    name = "TEXT" if is_sqlite else 'TEXT COLLATE "C"'
    number = "INTEGER" if is_sqlite else "BIGINT"
    words = "TEXT" if is_sqlite else "TSVECTOR"
    kind = "status, model, variant, connection"
    key = f"visitor {name} NOT NULL, run_id {name} NOT NULL"
    return (
        f"ALTER TABLE runs ADD COLUMN experiment_id {name}",
        f"CREATE TABLE days (visitor {name} NOT NULL, day INTEGER NOT NULL, "
        f"status {name} NOT NULL, cost_kind {name} NOT NULL, model {name} NOT NULL, "
        f"variant {name} NOT NULL, connection {name} NOT NULL, runs BIGINT NOT NULL, "
        "priced BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, "
        "cost_usd BIGINT NOT NULL, "
        "PRIMARY KEY (visitor, day, status, cost_kind, model, variant, connection))",
        # Rounded down to whole days, also before 1970.
        "INSERT INTO days SELECT visitor, (started_at - ((started_at % 86400000000) "  # noqa: S608
        "+ 86400000000) % 86400000000) / 86400000000, status, cost_kind, model, variant, "
        "connection, count(*), count(cost_usd), "
        + ", ".join(map(_sum, ("input_tokens", "output_tokens", "cost_usd")))
        + " FROM runs GROUP BY 1, 2, 3, 4, 5, 6, 7",
        f"CREATE TABLE marks ({key}, is_starred INTEGER NOT NULL, note TEXT NOT NULL, "
        "PRIMARY KEY (visitor, run_id))",
        "CREATE INDEX marks_starred ON marks (visitor, run_id) WHERE is_starred = 1",
        f"CREATE TABLE tags (visitor {name} NOT NULL, tag {name} NOT NULL, "
        f"run_id {name} NOT NULL, PRIMARY KEY (visitor, tag, run_id))",
        "CREATE INDEX tags_of_run ON tags (visitor, run_id)",
        f"CREATE TABLE deleted ({key}, deleted_at BIGINT NOT NULL, run_json TEXT NOT NULL, "
        "PRIMARY KEY (visitor, run_id))",
        "CREATE INDEX deleted_by_time ON deleted (deleted_at)",
        f"CREATE TABLE searchable (id {number} NOT NULL, {key}, words {words}, PRIMARY KEY (id))",
        "CREATE UNIQUE INDEX searchable_runs ON searchable (visitor, run_id)",
        f"CREATE TABLE unsearched ({key}, done BIGINT NOT NULL, in_all BIGINT NOT NULL)",
        "INSERT INTO unsearched SELECT '', '', 0, count(*) FROM runs HAVING count(*) > 0",
        f"CREATE INDEX runs_kinds ON runs (visitor, {kind}, started_at, run_id, cost_usd)",
        f"CREATE INDEX runs_costs ON runs (visitor, cost_usd, run_id, {kind}, started_at, "
        "cost_kind, input_tokens, output_tokens)",
        f"CREATE INDEX runs_durations ON runs (visitor, duration_s, run_id, {kind}, "
        "started_at, cost_usd)",
        f"CREATE INDEX runs_answers ON runs (visitor, output_tokens, run_id, {kind}, "
        "started_at, cost_usd)",
        "CREATE INDEX runs_experiment ON runs (visitor, experiment_id, run_id) "
        "WHERE experiment_id IS NOT NULL",
        _WORDS if is_sqlite else _GIN,
    )
