"""The tables of the prompt library."""

import sqlalchemy as sa

from playground.store.tables.schema import Id, UtcMicroseconds, metadata

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


def add_prompts(connection: sa.Connection) -> None:
    """The step that brings the tables into a log from before them."""
    name = "TEXT" if connection.dialect.name == "sqlite" else 'TEXT COLLATE "C"'
    for statement in (
        f"CREATE TABLE prompts (visitor {name} NOT NULL, prompt_id {name} NOT NULL, "
        "name TEXT NOT NULL, PRIMARY KEY (visitor, prompt_id))",
        f"CREATE TABLE prompt_versions (visitor {name} NOT NULL, prompt_id {name} NOT NULL, "
        "number INTEGER NOT NULL, saved_at BIGINT NOT NULL, note TEXT NOT NULL, "
        "page_json TEXT NOT NULL, PRIMARY KEY (visitor, prompt_id, number))",
    ):
        connection.exec_driver_sql(statement)
