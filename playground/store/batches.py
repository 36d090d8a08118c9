"""The submitted batches of each visitor, and their requests until the results are collected.

Written immediately and durably: an unsaved batch could be paid for and never fetched.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from functools import partial

import sqlalchemy as sa

from playground.core.batch.batch import ARRIVES_WITHIN, Counts
from playground.core.batch.submission import PlannedRequest, Submission
from playground.core.text.refusal import Refusal
from playground.store.tables import dialect
from playground.store.tables.batch_tables import batch_requests, batches
from playground.store.tables.cleaning import clean_row, clean_text
from playground.store.tables.dialect import in_chunks
from playground.store.writing.transactions import Transactions
from playground.store.writing.writer import Writer

_KEY = ("visitor", "submission_id")
_CUT_OFF = Refusal(
    "Not submitted, because your history was deleted meanwhile or the app was asleep."
)
_PLANNED = [batch_requests.c[field.name] for field in fields(PlannedRequest)]


class BatchStore:
    """Submissions of all visitors; every query is limited to one visitor. Each method waits for
    the disk, so none may be called on the event loop. A `Refusal` says why a call failed."""

    def __init__(self, writer: Writer) -> None:
        self._db = Transactions(writer, who="the batches", undone="Batches cannot be kept just now")

    def save(
        self, submission: Submission, requests: Iterable[PlannedRequest] = ()
    ) -> Refusal | None:
        """Save a submission and its requests. It may be sent only if this returns None, which
        means that all of it is stored."""
        row = _row_of(submission)
        owner = {name: row[name] for name in _KEY}
        count = 0
        for chunk in in_chunks(requests):
            # One transaction each: a hundred thousand rows at once would hold up the log.
            rows = [clean_row(asdict(request)) | owner for request in chunk]
            refused = self._db.write(partial(dialect.upsert, table=batch_requests, rows=rows))
            if refused is not None:
                return refused
            count += len(rows)

        def finish(connection: sa.Connection) -> Refusal | None:
            # Deleted with the visitor's history, or by another process that held this one for dead.
            if _count(connection, submission) < count:
                return _CUT_OFF
            dialect.upsert(connection, batches, [row])
            return None

        # Last: a submission that is not stored whole was never sent, and must not look sent.
        return self._db.write(finish)

    def update(self, submission: Submission) -> Refusal | None:
        """Remember the newer state of a submission, unless its visitor had it deleted or all its
        results are here already: any other state was seen before that."""
        row = _row_of(submission)
        is_open = batches.c.is_taken_in == 0
        changed = (
            sa.update(batches)
            .where(*_has_key(batches, submission.visitor, submission.submission_id), is_open)
            .values({name: row[name] for name in row if name not in _KEY})
        )
        return self._db.execute(changed)

    def get(self, visitor: str, submission_id: str) -> Submission | Refusal | None:
        """One submission of this visitor."""
        question = sa.select(batches).where(*_has_key(batches, visitor, submission_id))

        def read(connection: sa.Connection) -> Submission | None:
            row = connection.execute(question).mappings().first()
            return _submission_of(row) if row else None

        return self._db.read(read)

    def list_submissions(
        self, visitor: str, *, experiment_id: str | None = None, limit: int = 100
    ) -> tuple[Submission, ...] | Refusal:
        """The newest submissions of a visitor, or of one of their experiments."""
        question = sa.select(batches).where(batches.c.visitor == clean_text(visitor))
        if experiment_id is not None:
            question = question.where(batches.c.experiment_id == clean_text(experiment_id))
        question = question.order_by(
            batches.c.submitted_at.desc(), batches.c.submission_id.desc()
        ).limit(limit)
        return self._db.read(
            lambda connection: tuple(
                _submission_of(row) for row in connection.execute(question).mappings()
            )
        )

    def other_batch_ids(self, submission: Submission) -> frozenset[str] | Refusal | None:
        """The batch ids of other submissions from about that time, of all visitors, since they can
        share an account. None if another submission of the same size has no id yet, so that a batch
        of the account could belong to either."""
        # Either batch may have been created that long after its submission was noted here: over
        # twice that time one can be mistaken for the other.
        around = 2 * ARRIVES_WITHIN
        question = sa.select(batches.c.batch_id, batches.c.requests, batches.c.is_taken_in).where(
            batches.c.submitted_at >= submission.submitted_at - around,
            batches.c.submitted_at <= submission.submitted_at + around,
            batches.c.connection_kind == submission.connection_kind,
            sa.not_(sa.and_(*_has_key(batches, submission.visitor, submission.submission_id))),
        )

        def read(connection: sa.Connection) -> frozenset[str] | None:
            rows = connection.execute(question).all()
            waiting = [row.requests for row in rows if not row.batch_id and not row.is_taken_in]
            if submission.requests in waiting:
                return None
            return frozenset(row.batch_id for row in rows if row.batch_id)

        return self._db.read(read)

    def waiting_ids(self, visitor: str, submission_id: str) -> frozenset[str] | Refusal:
        """The custom ids whose results are not in the log yet."""
        question = sa.select(batch_requests.c.custom_id).where(
            *_has_key(batch_requests, visitor, submission_id)
        )
        return self._db.read(lambda connection: frozenset(connection.execute(question).scalars()))

    def cells(self, visitor: str, submission_id: str) -> dict[str, str] | Refusal:
        """The cell that each custom id still waiting for its result belongs to."""
        columns = batch_requests.c.custom_id, batch_requests.c.cell
        question = sa.select(*columns).where(*_has_key(batch_requests, visitor, submission_id))

        def read(connection: sa.Connection) -> dict[str, str]:
            return {custom_id: cell for custom_id, cell in connection.execute(question)}

        return self._db.read(read)

    def planned_requests(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> dict[str, PlannedRequest] | Refusal:
        """The planned requests with these ids."""

        def read(connection: sa.Connection) -> dict[str, PlannedRequest]:
            requests = {}
            # A few ids at a time: a database takes only so many parameters.
            for chunk in in_chunks(custom_ids):
                question = sa.select(*_PLANNED).where(
                    *_has_key(batch_requests, visitor, submission_id),
                    batch_requests.c.custom_id.in_(chunk),
                )
                for row in connection.execute(question).mappings():
                    requests[row["custom_id"]] = PlannedRequest(**row)
            return requests

        return self._db.read(read)

    def forget_requests(
        self, visitor: str, submission_id: str, custom_ids: Collection[str]
    ) -> Refusal | None:
        """Delete the planned requests with these ids: their runs are durably in the log."""

        def write(connection: sa.Connection) -> None:
            for chunk in in_chunks(custom_ids):
                connection.execute(
                    sa.delete(batch_requests).where(
                        *_has_key(batch_requests, visitor, submission_id),
                        batch_requests.c.custom_id.in_(chunk),
                    )
                )

        return self._db.write(write)


def _count(connection: sa.Connection, submission: Submission) -> int:
    is_its = _has_key(batch_requests, submission.visitor, submission.submission_id)
    question = sa.select(sa.func.count()).select_from(batch_requests).where(*is_its)
    return connection.execute(question).scalar_one()


def _has_key(
    table: sa.Table, visitor: str, submission_id: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.visitor == clean_text(visitor),
        table.c.submission_id == clean_text(submission_id),
    )


def _row_of(submission: Submission) -> dict[str, object]:
    row = asdict(submission)
    counts: dict[str, int] = row.pop("counts")
    models, is_collected = "\n".join(submission.models), int(row.pop("is_collected"))
    return clean_row({**row, **counts, "models": models, "is_taken_in": is_collected})


def _submission_of(record: sa.RowMapping) -> Submission:
    row = dict(record)
    row["counts"] = Counts(**{field.name: row.pop(field.name) for field in fields(Counts)})
    row["models"] = tuple(row["models"].split("\n"))
    row["is_collected"] = bool(row.pop("is_taken_in"))
    return Submission(**row)
