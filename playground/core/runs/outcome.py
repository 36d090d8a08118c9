"""A run that did not simply succeed, in four short answers: what happened, was it retried,
is it billed, what can be done.

Reads what a run says of itself; knows no dollars.
"""

from dataclasses import dataclass, replace
from typing import Literal

from playground.core.answer.content import ToolUseBlock, type_of
from playground.core.answer.events import Attempt
from playground.core.answer.failures import FailureKind
from playground.core.runs.continuing import left_out
from playground.core.runs.run_view import RunView
from playground.core.text.listed import listed
from playground.core.text.normal_forms import can_be_seen
from playground.core.wire.body_refusals import fills_cache

SLOW_S = 5.0
"""A first token later than this is worth a word."""
SCENARIO = 'This failure is simulated. Set Scenario to "Nothing goes wrong" to end it.'
AS_USUAL = frozenset({"end_turn", "stop_sequence", "tool_use"})
"""Stop reasons of an answer that is whole."""
MET: dict[FailureKind, str] = {
    "rate_limit": "hit the rate limit",
    "overloaded": "found the API overloaded",
    "server_error": "hit a server error",
    "gateway": "hit a gateway's error",
    "timeout": "timed out",
    "connection": "could not connect",
    "closed": "got no answer",
    "dropped": "lost the connection",
    "truncated": "ended early",
    "damaged": "came back damaged",
    "empty": "came back empty",
}
REPHRASE = "Rephrase the prompt, or try another model."
REFUSALS = {
    "": ("The model declined to answer.", REPHRASE),
    "cyber": (
        "The request looked like one that could harm computers or networks.",
        "Harmless security work is sometimes caught too. Say what it is for, or try another model.",
    ),
    "bio": (
        "The request looked like one that could do biological harm.",
        "Harmless life science is sometimes caught too. Say what it is for, or try another model.",
    ),
    "frontier_llm": (
        "The request looked like work on a competing AI model, which the terms restrict.",
        "Harmless machine learning is sometimes caught too. Say what it is for, or try "
        "another model.",
    ),
    "reasoning_extraction": (
        "The request looked like one that asks for the model's inner reasoning as its answer.",
        "Ask for the result alone, and set thinking to adaptive to see the reasoning.",
    ),
    "general_harms": (
        "The request looked like one that could do harm.",
        f"{REPHRASE} Harmless requests are sometimes caught too.",
    ),
}
"""What happened and what to do, by `stop_details.category` (SDK, types/refusal_stop_details.py)."""
GO_ON = (
    "Press Continue, then Run. The answer's blocks are sent back unchanged, and the API goes on."
)
GIVE_RESULT = "Nothing runs tools here. Press Continue, type what the tool returned, then Run."

Tone = Literal["error", "warning", "quiet"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The four answers. `happened` may hold a model's or a server's words."""

    tone: Tone
    title: str
    happened: str
    retried: str
    billed: str
    step: str


def outcome(run: RunView) -> Outcome | None:
    """The answers for a run that has ended; None where it was simply answered."""
    ending = _outcome(run)
    if ending is None or run.plan.connection.kind != "demo":
        return ending
    step = f"{ending.step} {SCENARIO}" if run.plan.connection.has_scenario else ending.step
    return Outcome(ending.tone, ending.title, ending.happened, ending.retried, ending.billed, step)


def is_simulated(run: RunView) -> bool:
    """Whether the demo was set to make this run end as it did."""
    return not run.is_live and run.plan.connection.has_scenario and _outcome(run) is not None


def _outcome(run: RunView) -> Outcome | None:
    match run.status, run.stop_reason:
        case "failed" | "interrupted", _:
            return _failed(run)
        case "stopped", _:
            return _stopped(run)
        # With max_tokens 0 the stop reason is max_tokens too, but nothing was cut.
        case "done", "max_tokens" if fills_cache(run.plan.wire.body):
            return _filled(run)
        case "done", "max_tokens":
            return _cut(run)
        case "done", "model_context_window_exceeded":
            happened = "Prompt and answer together filled the model's context window."
            return _answered(run, "Cut at the context window", happened, "Shorten the prompt.")
        case "done", "refusal":
            return _refused(run)
        case "done", "pause_turn":
            return _paused(run)
        case "done", "compaction":
            return _compacted(run)
        case "done", reason if reason not in AS_USUAL:
            return _ended_oddly(run)
        case "done", _ if not can_be_seen(run.text):
            return _without_text(run)
        case "done", "tool_use":
            return _calls_tools(run)
        case "done", _ if len(run.attempts) > 1:
            return _answered_late(run)
        # Last of all: waiting is worth a word only where nothing else explains the run.
        case "done", _ if (run.ttft_s or 0.0) >= SLOW_S:
            return _slow(run)
    return None


def _failed(run: RunView) -> Outcome | None:
    failure = run.failure
    if failure is None:
        return None
    reported = run.usage.prompt_tokens if run.usage else 0
    if run.status == "interrupted":
        billed = "Tokens in and out before the break are billed."
    elif reported:
        billed = f"No answer came, but {reported:,} tokens in were reported, and those are billed."
    elif failure.kind in ("empty", "no_content"):
        billed = "The request was sent; whether it was billed is not known."
    elif _may_be_billed(run):
        billed = "The request was sent. It may be billed although no answer came."
    else:
        billed = "A request without an answer is not billed."
    retried = f"{_retries(run)} {run.why}".strip()
    return Outcome(
        "error", failure.label.capitalize(), failure.happened, retried, billed, failure.step
    )


def _stopped(run: RunView) -> Outcome:
    # Its own visitor knows why; whatever else stopped it says so.
    title = BY_SERVER if run.why else "Stopped"
    if not run.attempts:
        billed = "Nothing was sent, so nothing is billed."
        happened = f"{run.why} Before the run began.".lstrip()
        return Outcome("quiet", title, happened, "Not retried.", billed, "Run again.")
    was_waiting = run.attempts[-1].wait_s is not None
    # Nothing was on its way then, and what was refused before is not billed.
    if was_waiting and not _may_be_billed(run):
        happened, billed = "Between two attempts.", "A rejected attempt is not billed."
    elif run.ttft_s is None:
        happened = "Before the first token."
        billed = "The request was sent, so the prompt may be billed."
    else:
        happened = "The text that had arrived is kept."
        billed = "Tokens in and out until then are billed."
    who = "the server" if run.why else "you"
    retries = _retries(run)
    retried = f"{retries} Then {who} stopped it." if retries else f"Not retried: {who} stopped it."
    happened = f"{run.why} {happened}".lstrip()
    return Outcome("quiet", title, happened, retried, billed, "Run again for a whole answer.")


def _filled(run: RunView) -> Outcome:
    written = run.last_usage.cache_write_tokens if run.last_usage else 0
    read = run.last_usage.cache_read_tokens if run.last_usage else 0
    happened = f"max_tokens is 0: {written:,} tokens were written to the prompt cache."
    if not written:
        happened = (
            f"max_tokens is 0: nothing was written, because {read:,} tokens were cached already."
        )
    step = "Set max_tokens and run again while the prompt is cached."
    retried = _retries(run) or "Not retried: nothing went wrong."
    billed = f"The prompt and writing it to the cache are billed.{_lost_sentence(run)}"
    return Outcome("quiet", "No answer was asked for", happened, retried, billed, step)


def _cut(run: RunView) -> Outcome:
    written = run.plan.request.params.max_tokens
    if run.last_usage:
        # Of the attempt that answered: `usage` adds up all attempts.
        written = run.last_usage.output_tokens
    tokens = "1 token" if written == 1 else f"{written:,} tokens"
    step = "Raise max_tokens and run again, or ask for less."
    return _answered(run, "Cut at max_tokens", f"The answer was cut after {tokens}.", step)


def _refused(run: RunView) -> Outcome:
    explanation, step = REFUSALS.get(run.stop_category or "", REFUSALS[""])
    # The detail is the bare category where the API sends no explanation.
    is_explained = run.stop_detail and run.stop_detail != run.stop_category
    happened = (run.stop_detail or explanation) if is_explained else explanation
    if run.stop_category and run.stop_category not in REFUSALS:
        happened = f"{happened} Category: {run.stop_category}."
    billed = {
        "free": "A refusal before the first token is not billed.",
        "billed": "This refusal is billed like any answer.",
        "unknown": "It is not known whether a refusal in this new category is billed.",
    }[run.refusal]
    return _answered(run, "Refused", happened, step, billed)


def _paused(run: RunView) -> Outcome:
    happened = (
        "The API paused in the middle of a turn with its own tools. The answer is not complete."
    )
    return _answered(run, "Paused", happened, _going_on(run))


def _compacted(run: RunView) -> Outcome:
    happened = "The API summarized the conversation to save room, and stopped after the summary."
    return _answered(run, "Compacted", f"{happened}{_lack(run)}", _going_on(run))


def _going_on(run: RunView) -> str:
    return left_out(run.blocks, run.stop_reason) or GO_ON


def _ended_oddly(run: RunView) -> Outcome:
    if run.stop_reason is None:
        happened = "The server ended the answer without a stop reason. It may not be complete."
        return _answered(
            run, "No stop reason", f"{happened}{_lack(run)}", "Check that the answer is whole."
        )
    happened = f"The server gave a stop reason that is not known here: {run.stop_reason}."
    return _answered(
        run, "Unknown stop reason", f"{happened}{_lack(run)}", "Check that the answer is whole."
    )


def _lack(run: RunView) -> str:
    return "" if can_be_seen(run.text) else " The answer has no text."


def _without_text(run: RunView) -> Outcome:
    """An answer that came whole, and has nothing to read in it."""
    if _tools(run):
        return _calls_tools(run)
    others = [type_of(block) for block in run.blocks if type_of(block) != "text"]
    if all("thinking" in kind for kind in others) and others:
        happened = "The model thought but wrote no text."
        step = "Raise max_tokens, or ask for the answer itself."
        return _answered(run, "Only thinking", happened, step)
    if others:
        happened = f"The answer has no text, only {listed(sorted(set(others)))}."
        return _answered(run, "No text", happened, "Each block is shown above.")
    if run.text:
        happened = "The answer is only white space."
    elif run.blocks:
        happened = "The answer is an empty text."
    else:
        happened = "The answer has no content, because the model ended its turn at once."
    if run.stop_reason == "stop_sequence":
        return _answered(run, "Empty answer", happened, "Change the stop sequence, or the prompt.")
    return _answered(run, "Empty answer", happened, "Change the prompt, then run again.")


def _calls_tools(run: RunView) -> Outcome:
    tools = _tools(run)
    names = listed([name for name in tools if name])
    happened = f"The model calls {names or 'a tool'} and waits for the result{_only_sentence(run)}."
    step = "Nothing runs tools here. The call is shown above with its input."
    step = step if left_out(run.blocks, run.stop_reason) else GIVE_RESULT
    title = "Tool calls" if len(tools) > 1 else "Tool call"
    # Nothing went wrong that could have been retried: a line more would push Continue out of sight.
    return replace(_answered(run, title, happened, step), retried=_retries(run))


def _only_sentence(run: RunView) -> str:
    return "" if can_be_seen(run.text) else "; it wrote no text"


def _tools(run: RunView) -> list[str]:
    """The names of the tools that an answer leaves to be run."""
    return [block.name for block in run.blocks if isinstance(block, ToolUseBlock)]


def _answered_late(run: RunView) -> Outcome:
    failed = run.attempts[:-1]
    reasons = listed(list(dict.fromkeys(_failure_names(attempt) for attempt in failed)))
    numbers = {1: "Attempt 1", 2: "Attempts 1 and 2"}.get(
        len(failed), f"Attempts 1 to {len(failed)}"
    )
    step = "Nothing to do: the retry worked."
    if any(attempt.kind == "rate_limit" for attempt in failed):
        step += " If this happens often, run fewer variants at once."
    title = f"Answered at attempt {len(run.attempts)}"
    reported = sum(attempt.prompt_tokens or 0 for attempt in failed)
    billed = "Only the attempt that answered is billed."
    if reported:
        billed = f"The answer is billed, and {reported:,} tokens in that failed attempts reported."
    elif _may_be_billed(run):
        billed = "The answer is billed, and perhaps an attempt whose reply was lost."
    return Outcome("quiet", title, f"{numbers} {reasons}.", _retries(run), billed, step)


def _slow(run: RunView) -> Outcome:
    happened = f"The first token came after {run.ttft_s or 0:.1f} s."
    step = "Nothing to do. A smaller model, less thinking or a shorter prompt starts sooner."
    answered = _answered(run, "Slow first token", happened, step, "Waiting itself costs nothing.")
    return Outcome("quiet", answered.title, happened, answered.retried, answered.billed, step)


def _answered(
    run: RunView, title: str, happened: str, step: str, billed: str | None = None
) -> Outcome:
    """An answer that came, but not as wished."""
    retried = _retries(run) or "Not retried: this is an answer, not an error."
    usual = "Billed like any answer: tokens in and out."
    billed = f"{billed or usual}{_lost_sentence(run)}"
    return Outcome("warning", title, happened, retried, billed, step)


def _lost_sentence(run: RunView) -> str:
    """What attempts before the one that answered may have cost, as a sentence more."""
    reported = sum(attempt.prompt_tokens or 0 for attempt in run.attempts[:-1])
    if reported:
        return f" Failed attempts reported {reported:,} tokens in, and those are billed."
    return " An attempt whose reply was lost may be billed too." if _may_be_billed(run) else ""


def _retries(run: RunView) -> str:
    """How often a run was tried again, and after how long; empty: never."""
    attempts = run.attempts
    waits = [f"{attempt.wait_s or 0:.1f} s" for attempt in attempts[:-1]]
    if not waits:
        return ""
    how_often = {1: "once", 2: "twice"}.get(len(waits), f"{len(waits)} times")
    return f"Retried {how_often}, after {listed(waits)}."


def _may_be_billed(run: RunView) -> bool:
    return any(attempt.billed not in (None, "no") for attempt in run.attempts)


def _failure_names(attempt: Attempt) -> str:
    # An error inside a stream follows a 200, which would read as if nothing had been wrong.
    status = f" ({attempt.http_status})" if attempt.http_status not in (None, 200) else ""
    kind = attempt.kind or "internal"
    return MET.get(kind, f"failed with: {kind.replace('_', ' ')}") + status


StoppedBy = Literal["you", "server", "page gone"]
BY_SERVER = "Stopped by the server"


def why_stopped(by: StoppedBy, grace_s: float) -> str:
    """Why a run was stopped, in a sentence; empty where its own visitor did it. `grace_s` is
    how long a page may be gone."""
    match by:
        case "server":
            return f"{BY_SERVER}, which was shut down or restarted."
        case "page gone":
            return f"{BY_SERVER}, because the page was gone for {grace_s:g} s."
    return ""
