"""The tables of submitted batches, beside those of the run log."""

from dataclasses import fields

import sqlalchemy as sa

from playground.core.batch.batch import Counts
from playground.core.batch.submission import CLAIM
from playground.store.tables.cleaning import clean_text
from playground.store.tables.column_types import COUNT, ID, TEXT, PicoDollars, UtcMicroseconds
from playground.store.tables.schema import boots, claims, metadata

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("submission_id", ID, primary_key=True),
    sa.Column("batch_id", TEXT),
    sa.Column("experiment_id", TEXT, nullable=False),
    sa.Column("connection_kind", TEXT, nullable=False),
    sa.Column("connection_label", TEXT, nullable=False),
    sa.Column("models", TEXT, nullable=False),
    sa.Column("requests", COUNT, nullable=False),
    sa.Column("submitted_at", UtcMicroseconds, nullable=False),
    sa.Column("status", TEXT, nullable=False),
    *(sa.Column(field.name, COUNT, nullable=False) for field in fields(Counts)),
    sa.Column("created_at", UtcMicroseconds),
    sa.Column("expires_at", UtcMicroseconds),
    sa.Column("ended_at", UtcMicroseconds),
    sa.Column("is_taken_in", COUNT, nullable=False),
)

# What was asked under each custom id; gone for each whose result is in the log.
batch_requests = sa.Table(
    "batch_requests",
    metadata,
    sa.Column("visitor", ID, primary_key=True),
    sa.Column("submission_id", ID, primary_key=True),
    sa.Column("custom_id", ID, primary_key=True),
    sa.Column("cell", TEXT, nullable=False),
    sa.Column("press", COUNT, nullable=False),
    sa.Column("variant", TEXT, nullable=False),
    sa.Column("model", TEXT, nullable=False),
    sa.Column("params_json", TEXT, nullable=False),
    sa.Column("request_json", TEXT, nullable=False),
    sa.Column("worst_case_usd", PicoDollars),
    sa.Column("cell_label", TEXT),
)


_IS_OF_BATCH = sa.and_(
    batch_requests.c.visitor == batches.c.visitor,
    batch_requests.c.submission_id == batches.c.submission_id,
)


def waiting(connection: sa.Connection, visitor: str, experiment_id: str) -> frozenset[str]:
    """The runs of an experiment whose results its batches have not brought yet."""
    question = (
        sa.select(batch_requests.c.custom_id)
        .join(batches, _IS_OF_BATCH)
        .where(
            batches.c.visitor == clean_text(visitor),
            batches.c.experiment_id == clean_text(experiment_id),
        )
    )
    return frozenset(connection.execute(question).scalars())


def forget_unsent(connection: sa.Connection) -> list[tuple[str, str]]:
    """Forget what was kept of submissions whose process ended before all of it was: none was sent.
    Return the visitors and runs."""
    # While it is kept its process holds a claim; that of a dead one ended with its boot.
    is_claimed = sa.and_(
        claims.c.visitor == batch_requests.c.visitor,
        claims.c.name == sa.literal(CLAIM) + batch_requests.c.submission_id,
        claims.c.boot_id.in_(sa.select(boots.c.boot_id)),
    )
    is_unsent = sa.not_(sa.exists().where(_IS_OF_BATCH)), sa.not_(sa.exists().where(is_claimed))
    question = sa.select(batch_requests.c.visitor, batch_requests.c.custom_id).where(*is_unsent)
    unsent = [(visitor, run_id) for visitor, run_id in connection.execute(question)]
    if unsent:
        connection.execute(sa.delete(batch_requests).where(*is_unsent))
    return unsent


def forget(connection: sa.Connection, visitor: str) -> None:
    """Delete all that a visitor submitted, including what nobody will fetch any more."""
    for table in (batches, batch_requests):
        connection.execute(sa.delete(table).where(table.c.visitor == visitor))
