"""The actions of an experiment's batches: submit, follow, cancel, find, give up."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from playground.batches.interfaces import (
    Answer,
    FollowedBatch,
    SubmissionItem,
    SubmitResult,
)
from playground.batches.submitting import BatchService
from playground.core.answer.failures import Failure
from playground.core.batch.batch import UncertainSubmission, sentence_of
from playground.core.batch.submission import Submission
from playground.core.experiment.cells import StartedCell
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import GridPlan
from playground.core.request.connection import Connection
from playground.core.text.refusal import Refusal
from playground.engine.run import new_run_ids
from playground.experiments.experiment_run import ExperimentRun
from playground.experiments.interfaces import CellStore, Origin
from playground.ui.experiment import starting
from playground.ui.runs import running, spending
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.session.services import services

LADDER = "A ladder can't be a batch, because each answer decides what runs next."
IN_BATCH = "Some of these calls are in the batch below. Wait for it, or cancel it."
NO_CONNECTION = "The connection it was submitted over is no longer there."


@dataclass(frozen=True)
class CellAdmission:
    """Reserves money for cells, and stores the run id of each."""

    origin: Origin
    reserve: Callable[[Sequence[SubmissionItem]], Refusal | None]
    release: Callable[[str, Sequence[str]], Refusal | None]
    store: CellStore

    def take(self, wanted: Sequence[SubmissionItem]) -> Refusal | None:
        refused = self.reserve(wanted)
        if refused is not None:
            return refused
        # Stored before anything is sent: after a crash a cell must be known to be in a batch, or
        # it would be paid for twice.
        begun = [StartedCell(request.cell, request.run_id) for request in wanted]
        refused = self.store.save_starts(self.origin.visitor, self.origin.experiment_id, begun)
        if refused is not None:
            self.give_back(wanted)
        return refused

    def give_back(self, wanted: Sequence[SubmissionItem]) -> None:
        # If this fails, they count as spent: too much rather than too little.
        self.release(self.origin.visitor, [request.run_id for request in wanted])


@dataclass(frozen=True)
class Standing:
    """The state of a submission on this page. `is_lost`: the id of its batch is not known;
    `is_gone`: its missing results will not come; `is_pending`: a request of a button is under
    way."""

    submission: Submission
    problem: str = ""
    is_lost: bool = False
    is_gone: bool = False
    is_pending: bool = False


def why_not(experiment: Experiment, planned: GridPlan) -> str | None:
    """Why this experiment cannot be submitted as a batch."""
    if experiment.is_ladder:
        return LADDER
    if not planned.batch_of(planned.grid.places).calls:
        return planned.not_in_batch or "No cell can be sent."
    return None


def is_in_batch(planned: GridPlan) -> bool:
    """Whether a batch of the opened experiment may still bring some of these cells."""
    opened = chosen.opened()
    underway: ExperimentRun | None = opened.underway if opened else None
    return underway is not None and not underway.in_batch.isdisjoint(planned.grid.places)


def submit_experiment() -> None:
    """Save the page's experiment, and submit all of it."""
    underway = starting.save_new()
    if underway is not None:
        chosen.set_opened(chosen.Opened(underway, submitting=_begin(underway)))


def submit_rest() -> None:
    """Submit what is left of the opened experiment."""
    opened = chosen.opened()
    if opened and opened.underway and not starting.is_live():
        if starting.may_continue(opened.underway):
            new, underway = starting.continued(opened, opened.underway)
            chosen.set_opened(replace(new, submitting=_begin(underway)))


def _begin(underway: ExperimentRun) -> "Future[SubmitResult]":
    to, parts = underway.context.connection, services()
    admission = CellAdmission(
        underway.origin,
        spending.batch_reserver(running.spender(to)),
        parts.log.budgets.release,
        parts.log.experiments,
    )
    work = submit_left(underway, parts.batching, running.key_for(to), admission)
    return parts.engine.call(work)


async def submit_left(
    underway: ExperimentRun, batching: BatchService, key: str, admission: CellAdmission
) -> SubmitResult:
    """Submit all cells that are still to be run. On the engine's loop, whatever the page does."""
    # Claimed: two pages, or two processes, would submit the same cells and pay for them twice.
    async with underway.claim() as obstacle:
        if obstacle is not None:
            return SubmitResult(problem=obstacle.sentence)
        try:
            return await _submit_left(underway, batching, key, admission)
        except Exception as error:  # Its text could hold a header.
            logging.getLogger(__name__).error("submitting broke: %s", type(error).__name__)
            return SubmitResult(problem=f"Something broke here: {type(error).__name__}.")


async def _submit_left(
    underway: ExperimentRun, batching: BatchService, key: str, admission: CellAdmission
) -> SubmitResult:
    # Loads the cells that others have finished since the page was drawn: not to be sent again.
    refused = await underway.load_finished()
    if refused is not None:
        return SubmitResult(problem=refused.sentence)
    plans, origin = await underway.submit_rest(), underway.origin
    wanted = [
        SubmissionItem(run_id, plan, cell)
        for run_id, (cell, plan) in zip(new_run_ids(len(plans)), plans.items(), strict=True)
    ]
    submitting = batching.submit(origin.visitor, key, wanted, admission, origin.experiment_id)
    done = await asyncio.wrap_future(submitting)
    await underway.load_finished()
    return done


def problem() -> str | None:
    """The problem with the last press of Submit, if there was one."""
    opened = chosen.opened()
    if opened is None or opened.submitting is None or not opened.submitting.done():
        return None
    done: SubmitResult = opened.submitting.result()
    if done.problem or not done.refused:
        return done.problem or None
    why = next(iter(done.refused.values()))
    return f"{len(done.refused):,} calls are not in a batch and have not run: {why}"


def submissions() -> tuple[Standing, ...]:
    """The submissions of the opened experiment, the newest first. Starts to follow those whose
    results are missing, and to load the cells of results that have just arrived."""
    opened = chosen.opened()
    if opened is None or opened.underway is None:
        return ()
    underway: ExperimentRun = opened.underway
    submitting = services().batching.submitting
    rows = _submissions(underway.origin.experiment_id)
    fetched = frozenset(submission.submission_id for submission in rows if submission.is_collected)
    if fetched - opened.fetched:
        opened.fetched, opened.loading = fetched, underway.refresh()
    return tuple(
        Standing(submission)
        if submission.is_collected or submission.submission_id in submitting
        else _standing(submission, opened.requests.get(submission.submission_id))
        for submission in rows
    )


def fetched(experiment_id: str) -> frozenset[str]:
    """The submissions of an experiment whose results are in the log."""
    return frozenset(
        submission.submission_id
        for submission in _submissions(experiment_id)
        if submission.is_collected
    )


def in_batches() -> frozenset[str]:
    """The visitor's experiments of which a batch may still bring something."""
    return frozenset(
        submission.experiment_id for submission in _submissions() if not submission.is_collected
    )


def _submissions(experiment_id: str | None = None) -> tuple[Submission, ...]:
    visitor = state.visitor()
    rows = services().log.batches.list_submissions(visitor, experiment_id=experiment_id)
    return () if isinstance(rows, Refusal) else rows


def _standing(submission: Submission, answer: Answer | None) -> Standing:
    """The state of an open submission; starts to follow it, or to find its batch."""
    is_lost = submission.batch_id is None
    if answer is not None and not answer.done():
        return Standing(submission, is_lost=is_lost, is_pending=True)
    to = _connection_of(submission)
    why = NO_CONNECTION if to is None else running.connection_problem(to)
    if to is None or why is not None:
        return Standing(submission, why or "", is_lost)
    if is_lost:
        if answer is None:
            # Automatically only once; after that there is a button for it.
            find(submission)
        return Standing(submission, _outcome(answer), is_lost=True, is_pending=answer is None)
    followed = services().batching.follow(submission, to, running.key_for(to))
    return Standing(
        submission, followed.problem or _outcome(answer), is_gone=_is_gone(followed, to)
    )


def _is_gone(followed: FollowedBatch, to: Connection) -> bool:
    poll, taken = followed.poll, followed.collection
    if taken is not None:
        # After 29 days the API still has the batch, but not its results.
        is_archived = poll is not None and poll.batch is not None and poll.batch.is_archived
        is_lost = taken.failure is None or taken.failure.kind == "not_found" or is_archived
        return is_lost and bool(followed.problem)
    failure = poll.failure if poll else None
    is_unknown = failure is not None and failure.kind == "not_found"
    # The API may not find a new batch at first; the demo loses all batches when the app ends.
    return is_unknown and (bool(followed.problem) or to.kind == "demo")


def _outcome(answer: Answer | None) -> str:
    """Why the last request for a submission failed; empty if it did not."""
    if answer is None or answer.cancelled():
        return ""
    if (error := answer.exception()) is not None:
        return f"Something broke here: {type(error).__name__}."
    result = answer.result()
    if isinstance(result, Failure):
        return sentence_of(result)
    return result.sentence if isinstance(result, UncertainSubmission | Refusal) else ""


def _connection_of(submission: Submission) -> Connection | None:
    known = services().settings.connections
    return next(
        (connection for connection in known if connection.kind == submission.connection_kind), None
    )


def cancel(submission: Submission) -> None:
    """Request that a batch is canceled, and poll it soon."""
    batching = services().batching
    answer = _request(submission, lambda to, key: batching.cancel(submission, to, key))
    if answer is not None:
        answer.add_done_callback(lambda _: batching.stop(submission))


def find(submission: Submission) -> None:
    """Find the batch of a submission whose response was lost."""
    _request(submission, lambda to, key: services().batching.find(submission, to, key))


def give_up(submission: Submission) -> None:
    """Stop waiting for its results: what is missing counts as failed."""
    _request(submission, lambda to, _: services().batching.give_up(submission, to))


def retry(submission: Submission) -> None:
    """Follow a batch again after a problem."""
    to = _connection_of(submission)
    if to is not None:
        services().batching.follow(submission, to, running.key_for(to), again=True)


def _request(submission: Submission, work: Callable[[Connection, str], Answer]) -> Answer | None:
    now, to = chosen.opened(), _connection_of(submission)
    if now is None or to is None:
        return None
    answer = work(to, running.key_for(to))
    now.requests[submission.submission_id] = answer
    return answer
