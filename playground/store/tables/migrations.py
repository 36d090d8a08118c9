"""Brings the tables of an older log up to the version this code knows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from playground.store.tables import history_schema, schema, sqlite_file

Step = Callable[[sa.Connection], None]


def _add_reservations(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    for statement in (
        f"CREATE TABLE reservations (visitor {name} NOT NULL, run_id {name} NOT NULL, "
        f"payer {name} NOT NULL, started_at BIGINT NOT NULL, is_settled INTEGER NOT NULL, "
        "usd BIGINT NOT NULL, PRIMARY KEY (visitor, run_id))",
        "CREATE INDEX reservations_by_visitor "
        "ON reservations (visitor, started_at, is_settled, usd)",
        "CREATE INDEX reservations_by_payer ON reservations (payer, started_at, is_settled, usd)",
        f"CREATE TABLE budgets (visitor {name} NOT NULL, session_usd BIGINT, day_usd BIGINT, "
        "PRIMARY KEY (visitor))",
    ):
        connection.exec_driver_sql(statement)


def _add_prompts(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    for statement in (
        f"CREATE TABLE prompts (visitor {name} NOT NULL, prompt_id {name} NOT NULL, "
        "name TEXT NOT NULL, PRIMARY KEY (visitor, prompt_id))",
        f"CREATE TABLE prompt_versions (visitor {name} NOT NULL, prompt_id {name} NOT NULL, "
        "number INTEGER NOT NULL, saved_at BIGINT NOT NULL, note TEXT NOT NULL, "
        "page_json TEXT NOT NULL, PRIMARY KEY (visitor, prompt_id, number))",
    ):
        connection.exec_driver_sql(statement)


def _add_batches(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    for statement in (
        f"CREATE TABLE batches (visitor {name} NOT NULL, submission_id {name} NOT NULL, "
        "batch_id TEXT, experiment_id TEXT NOT NULL, connection_kind TEXT NOT NULL, "
        "connection_label TEXT NOT NULL, models TEXT NOT NULL, requests INTEGER NOT NULL, "
        "submitted_at BIGINT NOT NULL, status TEXT NOT NULL, processing INTEGER NOT NULL, "
        "succeeded INTEGER NOT NULL, errored INTEGER NOT NULL, canceled INTEGER NOT NULL, "
        "expired INTEGER NOT NULL, created_at BIGINT, expires_at BIGINT, ended_at BIGINT, "
        "is_taken_in INTEGER NOT NULL, PRIMARY KEY (visitor, submission_id))",
        f"CREATE TABLE batch_requests (visitor {name} NOT NULL, submission_id {name} NOT NULL, "
        f"custom_id {name} NOT NULL, cell TEXT NOT NULL, press INTEGER NOT NULL, "
        "variant TEXT NOT NULL, model TEXT NOT NULL, params_json TEXT NOT NULL, "
        "request_json TEXT NOT NULL, worst_case_usd BIGINT, "
        "PRIMARY KEY (visitor, submission_id, custom_id))",
    ):
        connection.exec_driver_sql(statement)


def _add_experiments(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    for statement in (
        f"CREATE TABLE experiments (visitor {name} NOT NULL, experiment_id {name} NOT NULL, "
        "name TEXT NOT NULL, created_at BIGINT NOT NULL, cells INTEGER NOT NULL, "
        "definition_json TEXT NOT NULL, PRIMARY KEY (visitor, experiment_id))",
        f"CREATE TABLE cells (visitor {name} NOT NULL, experiment_id {name} NOT NULL, "
        f"cell_id {name} NOT NULL, run_id {name} NOT NULL, results_json TEXT NOT NULL, "
        "answer_key TEXT NOT NULL, PRIMARY KEY (visitor, experiment_id, cell_id))",
    ):
        connection.exec_driver_sql(statement)


def _add_votes(connection: sa.Connection) -> None:
    for statement in (
        "ALTER TABLE marks ADD COLUMN vote TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE marks ADD COLUMN ballot TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX marks_voted ON marks (visitor, run_id) WHERE vote != ''",
    ):
        connection.exec_driver_sql(statement)


def _add_claims(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    connection.exec_driver_sql(
        f"CREATE TABLE claims (visitor {name} NOT NULL, name {name} NOT NULL, "
        f"boot_id {name} NOT NULL, PRIMARY KEY (visitor, name))"
    )


def _add_reasons_of_costs(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN cost_why TEXT")


def _add_blocks(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE texts ADD COLUMN blocks_json TEXT NOT NULL DEFAULT ''")


def _add_up_days(connection: sa.Connection) -> None:
    """The sums of `tallies` are those of `days` with fewer columns."""
    for statement in (
        "DROP TABLE tallies",
        "CREATE INDEX days_sums ON days (visitor, status, cost_kind, day, runs, priced, "
        "input_tokens, output_tokens, cost_usd)",
    ):
        connection.exec_driver_sql(statement)


def _add_cells_of_runs(connection: sa.Connection) -> None:
    for statement in (
        "ALTER TABLE runs ADD COLUMN cell TEXT",
        "ALTER TABLE batch_requests ADD COLUMN cell_label TEXT",
    ):
        connection.exec_driver_sql(statement)


def _index_words_anew(connection: sa.Connection) -> None:
    """Words are told apart in another way, by which those of earlier runs must be found."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO said (said) VALUES ('delete-all')")
    for statement in (
        "DELETE FROM searchable",
        "DELETE FROM unsearched",
        "INSERT INTO unsearched (visitor, run_id, done, in_all) SELECT '', '', 0,"
        " (SELECT COUNT(*) FROM texts) WHERE EXISTS (SELECT 1 FROM texts)",
    ):
        connection.exec_driver_sql(statement)


def _add_deletions(connection: sa.Connection) -> None:
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    connection.exec_driver_sql(
        f"CREATE TABLE deletions (visitor {name} NOT NULL, asked_at BIGINT NOT NULL, "
        "PRIMARY KEY (visitor))"
    )


# Step n takes a log from version n to n + 1 (the tables as first released are version 1).
# A step writes out its own SQL: `schema` will have moved on when it runs.
STEPS: tuple[Step, ...] = (
    _add_reservations,
    history_schema.add_history,
    _add_prompts,
    _add_batches,
    _add_experiments,
    _add_votes,
    _add_claims,
    _add_reasons_of_costs,
    _add_blocks,
    _add_up_days,
    _add_cells_of_runs,
    _index_words_anew,
    _add_deletions,
)
NEWEST = 1 + len(STEPS)


class NewerSchemaError(Exception):
    """The log was made by a newer version of this app; writing into it would be a guess."""


def version_of(connection: sa.Connection) -> int:
    """Return the version of the tables, 0 when there are none yet."""
    if not sa.inspect(connection).has_table(schema.meta.name):
        return 0
    return int(connection.execute(sa.select(schema.meta.c.version)).scalar_one())


def require_known_version(connection: sa.Connection) -> None:
    """Raise NewerSchemaError unless the tables are those this code knows."""
    if connection.execute(sa.select(schema.meta.c.version)).scalar_one() != NEWEST:
        raise NewerSchemaError


def migrate(engine: sa.Engine, file: Path | None, steps: Sequence[Step] = STEPS) -> None:
    """Create the tables, or take the steps they lack, each in a transaction of its own."""
    newest = 1 + len(steps)
    with engine.begin() as connection:
        version = version_of(connection)
        if version == 0:
            schema.metadata.create_all(connection)
            connection.execute(schema.meta.insert().values(version=newest))
            return
    if file is not None and version < newest:
        # No step can be undone: an earlier version of the app can open only the copy.
        sqlite_file.back_up(engine, file, version)
    for number in range(version, newest):
        with engine.begin() as connection:
            # Another process may have taken this step while we waited for our turn.
            if version_of(connection) == number:
                steps[number - 1](connection)
                connection.execute(schema.meta.update().values(version=number + 1))
