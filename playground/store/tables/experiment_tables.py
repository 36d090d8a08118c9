"""The tables of experiments, beside those of the run log."""

import sqlalchemy as sa

from playground.store.tables.schema import Id, UtcMicroseconds, claims, metadata

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


def forget(connection: sa.Connection, visitor: str) -> None:
    """Delete all experiments of a visitor; whoever is at one starts nothing more."""
    for table in (experiments, cells, claims):
        connection.execute(sa.delete(table).where(table.c.visitor == visitor))
