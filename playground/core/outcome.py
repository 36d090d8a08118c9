"""A run that did not simply succeed, in four short answers: what happened, was it retried,
is it billed, what can be done.

Reads what a run says of itself; knows no dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from playground.core.events import Attempt, Usage
from playground.core.failures import Failure
from playground.core.plan import Plan
from playground.core.stopping import BY_SERVER

SLOW_S = 5.0
"""A first token later than this is worth a word."""
SCENARIO = "Here a scenario did it: choose another in the sidebar."

Tone = Literal["error", "warning", "quiet"]


class Ended(Protocol):
    """What of a run its outcome follows from."""

    @property
    def plan(self) -> Plan: ...
    @property
    def status(self) -> str: ...
    @property
    def failure(self) -> Failure | None: ...
    @property
    def why(self) -> str: ...
    @property
    def attempts(self) -> Sequence[Attempt]: ...
    @property
    def stop_reason(self) -> str | None: ...
    @property
    def stop_detail(self) -> str | None: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def ttft_s(self) -> float | None: ...
    @property
    def is_free(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """The four answers. `happened` may hold a model's or a server's words."""

    tone: Tone
    title: str
    happened: str
    retried: str
    billed: str
    step: str


def outcome(run: Ended) -> Outcome | None:
    """The answers for a run that has ended; None where it was simply answered."""
    found = _outcome(run)
    if found is None or run.plan.connection.kind != "demo":
        return found
    has_scenario = run.plan.connection.scenario != "none"
    step = f"{found.step} {SCENARIO}" if has_scenario else found.step
    return Outcome(found.tone, found.title, found.happened, found.retried, found.billed, step)


def _outcome(run: Ended) -> Outcome | None:
    match run.status, run.stop_reason:
        case "failed" | "interrupted", _:
            return _failed(run)
        case "stopped", _:
            return _stopped(run)
        case "done", "max_tokens":
            return _cut(run)
        case "done", "model_context_window_exceeded":
            happened = "Prompt and answer together filled the model's context window."
            return _answered(run, "Cut at the context window", happened, "Shorten the prompt.")
        case "done", "refusal":
            return _refused(run)
        case "done", _ if len(run.attempts) > 1:
            return _answered_late(run)
        case "done", _ if (run.ttft_s or 0.0) >= SLOW_S:
            return _slow(run)
    return None


def _failed(run: Ended) -> Outcome | None:
    failure = run.failure
    if failure is None:
        return None
    if run.status == "interrupted":
        billed = "What was read and written before the break is billed."
    elif _may_be_billed(run):
        billed = "It was sent and no answer came: it may be billed all the same."
    else:
        billed = "A request without an answer is not billed."
    why = run.why.removeprefix("Not retried: ")
    retried = _retries(run)
    if not retried:
        retried = f"No: {why}" if why != run.why else f"No. {why}"
    elif why != run.why:
        retried += f" Attempt {len(run.attempts)} was not: {why}"
    else:
        retried += f" {why}"
    return Outcome(
        "error", failure.label.capitalize(), failure.happened, retried.strip(), billed, failure.step
    )


def _stopped(run: Ended) -> Outcome:
    # Its own visitor knows why; whatever else stopped it says so.
    title = BY_SERVER if run.why else "Stopped"
    if not run.attempts:
        never = "Nothing was sent, so nothing is billed."
        happened = f"{run.why} Before it began.".lstrip()
        return Outcome("quiet", title, happened, "No: stopped.", never, "Run again.")
    was_waiting = run.attempts[-1].wait_s is not None
    if was_waiting and not _may_be_billed(run):
        happened, billed = "Between two attempts.", "A refused attempt is not billed."
    elif run.ttft_s is None:
        happened = "Before the first token."
        billed = "It was sent: the prompt may be billed."
    else:
        happened = "What had arrived is kept."
        billed = "What was read and written until then is billed."
    who = "the server" if run.why else "you"
    retried = (
        f"{_retries(run)} Then {who} stopped it." if _retries(run) else f"No: {who} stopped it."
    )
    happened = f"{run.why} {happened}".lstrip()
    return Outcome("quiet", title, happened, retried, billed, "Run again for a whole answer.")


def _cut(run: Ended) -> Outcome:
    written = run.usage.output_tokens if run.usage else run.plan.request.params.max_tokens
    tokens = "1 token" if written == 1 else f"{written:,} tokens"
    step = "Raise max_tokens and run again, or ask for less."
    return _answered(run, "Cut at max_tokens", f"The answer was cut after {tokens}.", step)


def _refused(run: Ended) -> Outcome:
    happened = run.stop_detail or "The model declined to answer."
    step = "Rephrase the prompt, or try another model."
    billed = "A refusal before the first token is not billed." if run.is_free else None
    return _answered(run, "Refused", happened, step, billed)


def _answered_late(run: Ended) -> Outcome:
    failed = run.attempts[:-1]
    kinds = " and ".join(dict.fromkeys(_label(attempt) for attempt in failed))
    which = {1: "Attempt 1", 2: "Attempts 1 and 2"}.get(len(failed), f"Attempts 1 to {len(failed)}")
    step = "Nothing: waiting was enough."
    if any(attempt.kind == "rate_limit" for attempt in failed):
        step += " If it comes often, run fewer variants at once."
    title = f"Answered at attempt {len(run.attempts)}"
    billed = "Only the attempt that answered is billed."
    if _may_be_billed(run):
        billed = "The answer, and perhaps an attempt whose reply was lost."
    return Outcome("quiet", title, f"{which} met {kinds}.", _retries(run), billed, step)


def _slow(run: Ended) -> Outcome:
    happened = f"It came after {run.ttft_s or 0:.1f} s."
    step = "Nothing. A smaller model, less thinking or a shorter prompt begins sooner."
    found = _answered(run, "Slow first token", happened, step, "Waiting itself costs nothing.")
    return Outcome("quiet", found.title, happened, found.retried, found.billed, step)


def _answered(
    run: Ended, title: str, happened: str, step: str, billed: str | None = None
) -> Outcome:
    """An answer that came, but not as wished."""
    retried = _retries(run) or "No: this is an answer, not an error."
    usual = "Billed as any answer: tokens in and out."
    return Outcome("warning", title, happened, retried, billed or usual, step)


def _retries(run: Ended) -> str:
    """How often a run was tried again, and after how long; empty: never."""
    attempts = run.attempts
    waits = [f"{each.wait_s or 0:.1f} s" for each in attempts[:-1]]
    if not waits:
        return ""
    often = {1: "once", 2: "twice"}.get(len(waits), f"{len(waits)} times")
    *first, last = waits
    spoken = f"{', '.join(first)} and {last}" if first else last
    return f"Yes, {often}, after {spoken}."


def _may_be_billed(run: Ended) -> bool:
    return any(attempt.billed not in (None, "no") for attempt in run.attempts)


def _label(attempt: Attempt) -> str:
    return Failure(attempt.kind or "internal", http_status=attempt.http_status).label
