"""The batches of an experiment: the button that submits one, and the submissions' states."""

from datetime import UTC, datetime

import streamlit as st

from playground.core.batch.batch import Counts
from playground.core.batch.submission import Submission
from playground.core.experiment.experiment import Experiment
from playground.core.experiment.grid_plan import BatchBound, GridPlan
from playground.core.request.connection import Connection
from playground.experiments.experiment_run import ExperimentRun
from playground.ui.experiment import submitting
from playground.ui.experiment.submitting import Standing
from playground.ui.runs import running
from playground.ui.session import experiment_state as chosen
from playground.ui.session import state
from playground.ui.visitors import privacy
from playground.ui.widgets import formats
from playground.ui.widgets.markdown import plain

# Of the page alone: the engine polls the API, with increasing intervals (claude/batch).
POLL_S = 2.0
STATES = {
    "submitting": ("gray", "submitting"),
    "unsure": ("orange", "unsure"),
    "refused": ("red", "not submitted"),
    "in_progress": ("blue", "processing"),
    "canceling": ("orange", "canceling"),
    # Ended at the API, while its results are not in the log yet.
    "ended": ("blue", "fetching results"),
}
KEPT = "You can close the tab: results are kept for 29 days. Open the experiment to fetch them."
KEPT_BY_DEMO = "You can close the tab. The demo keeps its batches until the app ends."
NOT_KNOWN_AGAIN = (
    "Keep this page open until the results arrive, because a reload makes you a new visitor here."
)
GIVE_UP = "What is missing counts as failed and can be run again. If it was sent, it may be billed."


def offer_batch(experiment: Experiment, planned: GridPlan, why: str | None) -> None:
    """The button beside Run. `why`: nothing can be sent at all just now."""
    why_not = submitting.why_not(experiment, planned) or why
    bound = planned.batch_of(planned.grid.places)
    st.button(
        f"Submit as a batch · {_cost(bound, running.connection())}" if bound.calls
        else "Submit as a batch",
        key=chosen.SUBMIT_EXPERIMENT, icon=":material/schedule_send:",
        disabled=why_not is not None, help=why_not,
        on_click=state.start_once, args=(state.next_press(), submitting.submit_experiment),
    )  # fmt: skip


def show_batch_notes(experiment: Experiment, planned: GridPlan) -> None:
    """What a batch of this experiment would be, and what it would leave out."""
    if submitting.why_not(experiment, planned) is not None:
        return
    calls = planned.batch_of(planned.grid.places).calls
    parts = [f"As a batch: {_calls(calls)} at half the price, answered within 24 hours."]
    if left := planned.calls - calls:
        parts.append(f"{_calls(left)} left out: {planned.not_in_batch}")
    if planned.judgements:
        usd = formats.money(planned.judges_usd)
        parts.append(
            f"Judges are left out: you can ask them at full price when the answers are "
            f"here, for about {usd}."
        )
    if not privacy.is_known_again():
        parts.append(NOT_KNOWN_AGAIN)
    st.caption(plain(" ".join(parts)))


def offer_rest() -> None:
    """The button beside Resume."""
    opened = chosen.opened()
    underway: ExperimentRun | None = opened.underway if opened else None
    if underway is None or underway.experiment.is_ladder:
        return
    places = underway.planned.grid.places
    # Cells that a batch may still finish must not be submitted, and paid for, again.
    known = underway.in_batch.union(underway.finished, underway.unsent)
    bound = underway.planned.batch_of(place for place in places if place not in known)
    if bound.calls:
        st.button(
            f"Or as a batch · {_cost(bound, underway.context.connection)}",
            key="submit_rest", icon=":material/schedule_send:",
            on_click=state.start_once, args=(state.next_press(), submitting.submit_rest),
            help=f"{_calls(bound.calls)} at half the price, answered within 24 hours.",
        )  # fmt: skip


def _calls(count: int) -> str:
    return f"{count:,} call" + ("" if count == 1 else "s")


def _cost(bound: BatchBound, to: Connection) -> str:
    if bound.worst_case_usd is None:
        return "cost unknown"
    # Escaped: to Streamlit the `$` of two amounts in one label would enclose a formula.
    most = "simulated, at most" if to.kind == "demo" else "at most"
    return f"{most} {plain(formats.money(bound.worst_case_usd))}"


def show_batches(standings: tuple[Standing, ...]) -> None:
    """Draw each submission with its counts and its buttons."""
    if problem := submitting.problem():
        st.caption(f":red[:material/block:] {plain(problem)}")
    for standing in standings:
        with st.container(key=f"batch_{standing.submission.submission_id}"):
            _show(standing)
    if unfinished := [
        standing.submission for standing in standings if not standing.submission.is_collected
    ]:
        # One stands for all: an experiment goes on by the connection that it began with.
        promise = KEPT_BY_DEMO if unfinished[0].connection_kind == "demo" else KEPT
        st.caption(promise if privacy.is_known_again() else NOT_KNOWN_AGAIN)


def _show(standing: Standing) -> None:
    submission = standing.submission
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_line(submission, datetime.now(UTC)), width="content")
        _offer(standing)
    if standing.problem:
        st.caption(f":orange[:material/warning:] {plain(standing.problem)}")


def _line(submission: Submission, now: datetime) -> str:
    """A submission in one line: what it is, where it is, since when."""
    colour, word = STATES[submission.status]
    if submission.is_collected and submission.status == "ended":
        colour, word = "green", "ended"
    calls = _calls(submission.requests)
    parts = [f":material/schedule_send: Batch of {calls} :{colour}-badge[{word}]"]
    parts += _counts(submission.counts)
    parts.append(f"submitted {_when(submission, now)}")
    return " · ".join(parts)


def _when(submission: Submission, now: datetime) -> str:
    """How long ago; for a finished one, which is not redrawn, the time of day."""
    at = submission.submitted_at
    if not submission.is_collected:
        return f"{formats.span((now - at).total_seconds())} ago"
    is_today = at.astimezone(UTC).date() == now.astimezone(UTC).date()
    return f"{at:%H:%M} UTC" if is_today else f"{at:%d %b %H:%M} UTC"


def _counts(counts: Counts) -> list[str]:
    numbers = {
        "processing": counts.processing,
        "succeeded": counts.succeeded,
        "errored": counts.errored,
        "canceled": counts.canceled,
        "expired": counts.expired,
    }
    return [f"{number:,} {word}" for word, number in numbers.items() if number]


def _offer(standing: Standing) -> None:
    submission, is_pending = standing.submission, standing.is_pending
    if submission.is_collected:
        return
    number = submission.submission_id
    # Before, there is no id to cancel by; while it is canceling, it has been asked for.
    if submission.status == "in_progress":
        st.button(
            "Cancel", key=f"cancel_batch_{number}", icon=":material/stop:", disabled=is_pending,
            help="Answers already given are kept and billed; the rest can be run again.",
            on_click=submitting.cancel, args=(submission,),
        )  # fmt: skip
    if standing.is_lost:
        st.button(
            "Look for it", key=f"find_batch_{number}", icon=":material/search:",
            disabled=is_pending, on_click=submitting.find, args=(submission,),
        )  # fmt: skip
    elif standing.problem:
        st.button(
            "Try again", key=f"follow_batch_{number}", icon=":material/replay:",
            on_click=submitting.retry, args=(submission,),
        )  # fmt: skip
    if standing.is_lost or standing.is_gone:
        st.button(
            "Give up", key=f"give_up_batch_{number}", disabled=is_pending, help=GIVE_UP,
            on_click=submitting.give_up, args=(submission,),
        )  # fmt: skip
