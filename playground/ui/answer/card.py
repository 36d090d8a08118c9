"""The fields of an answer's card but for the answer: header, status, numbers, outcome, buttons.

They are values, which the browser draws as text, never as markup.
"""

import time
from collections.abc import Iterator
from typing import Any

from playground.core.answer.timeline import has_timeline
from playground.core.library.lessons import LESSONS
from playground.core.library.samples import SAMPLES
from playground.core.money.bill import searches
from playground.core.runs.continuing import can_continue, left_out
from playground.core.runs.outcome import is_simulated, outcome
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_view import RunView
from playground.engine.run_rows import cost_of
from playground.ui.answer.marked_changes import change_summary
from playground.ui.answer.timeline import live_timeline
from playground.ui.money.money import spent_of
from playground.ui.session.answers_state import View, compared_run, comparison_candidates
from playground.ui.widgets import formats

SILENCE_S = 3.0
"""Shorter silences are a model's ordinary pauses."""
HIDDEN = "Hidden until you vote."
MADE_UP = "Demo: the text is made up. It is not Claude's answer to your prompt."
PREPARED = (*(sample.prompt for sample in SAMPLES), *(lesson.prompt for lesson in LESSONS))
"""The prompts for which the demo has answers."""
ANOTHER_PROMPT = "Another prompt"
FIRST = "first token: time until the answer began (TTFT), then until it ended."
SPEED = "tok/s: output tokens per second after the first token."
COUNTS = "in, out: tokens in the prompt and in the answer."
MOST = "max: the most it could have cost, with all max_tokens used."
EXPLAINED = {"first token ": FIRST, " tok/s": SPEED, " out": COUNTS}
"""Explanations, by the part of the line of numbers that they explain."""
STOP_REASONS = {
    "end_turn": "the model finished by itself.",
    "max_tokens": "the answer was cut at max_tokens.",
    "stop_sequence": "the answer ended before one of the stop sequences.",
    "tool_use": "the model calls a tool and waits for its result.",
    "pause_turn": "the model paused and can go on.",
    "refusal": "the model declined.",
    "model_context_window_exceeded": "the model's context window was full.",
}
UNFINISHED = ("failed", "interrupted", "stopped")

Tool = tuple[str, str, str, str, bool]
"""A button's action, icon, label, accessible name, and whether it is disabled."""


def card_head(letter: str, run: RunView, view: View) -> dict[str, Any]:
    """What never changes on a card. A hidden card's does not reveal its variant."""
    plan: Plan = run.plan
    name = view.names[letter]
    if view.is_hidden:
        return {"name": name, "colour": "gray", "asked": ""}
    return {"name": name, "colour": formats.COLOURS[letter], "asked": plan.model_summary}


def card_fields(letter: str, run: RunView, view: View) -> dict[str, Any]:
    """The run's present state, as the fields of its card."""
    status: str = run.status
    card: dict[str, Any] = {
        "status": status,
        "live": run.is_live,
        "wide": view.focused == letter,
        "tools": {
            "head": [*_head_tools(letter, run, view)],
            "foot": [*_foot_tools(letter, run, view)],
        },
        "changes": comparison_of(letter, run, view),
    }
    if view.is_hidden:
        # Times, tokens and cost would tell the models apart.
        return card | {"numbers": HIDDEN}
    blocked = view.blocked.get(letter) if status in UNFINISHED else None
    return card | {
        "detail": detail_of(run),
        "note": _note(run),
        "reason": run.failure.label if run.failure and not run.is_live else "",
        "numbers": metrics_of(run),
        "why": _explanations(run),
        "timeline": live_timeline(run),
        "outcome": None if run.is_live else _outcome(run),
        "blocked": f"Can't run again: {blocked}" if blocked else "",
    }


def _head_tools(letter: str, run: RunView, view: View) -> Iterator[Tool]:
    name = view.names[letter]
    if (run.blocks or run.is_live) and not view.is_hidden:
        is_pinned = view.pinned is not None and view.pinned.run.id == run.id
        words = f"Unpin {name}" if is_pinned else f"Pin {name} to compare later answers with it"
        # Drawn from the start, disabled: added later it could wrap the header and move the answer.
        yield "pin", "keep_off" if is_pinned else "keep", "", words, run.is_live
    is_wide = view.focused == letter
    words = (
        f"Show {name} beside the editor" if is_wide else f"Show {name} wide, with the editor folded"
    )
    yield "focus", "close_fullscreen" if is_wide else "open_in_full", "", words, False


def _foot_tools(letter: str, run: RunView, view: View) -> Iterator[Tool]:
    name = view.names[letter]
    candidates = comparison_candidates(view, letter)
    if run.blocks and not run.is_live and candidates:
        is_on, against = view.changes in candidates, next(iter(candidates.values()))[0]
        words = (
            f"Hide the changes in answer {name}"
            if is_on
            else f"Show what changed in {name} against {against}"
        )
        yield "changes", "difference", "Changes", words, False
    if view.is_hidden:
        return
    if run.blocks and not run.is_live:
        yield "copy", "content_copy", "Copy", f"Copy answer {name} exactly as received", False
    if not run.is_live and can_continue(run.blocks, run.stop_reason):
        lost = left_out(run.blocks, run.stop_reason)
        words = f"Continue the conversation from answer {name}. {lost}".rstrip()
        yield "continue", "reply", "Continue", words, False
    yield "sent", "output", "As sent", f"What run {name} sent and received", False
    if run.status in UNFINISHED:
        is_off = not run.is_over or letter in view.blocked
        yield "again", "replay", "Run again", f"Send the request of {name} again", is_off
    if view.has_scenario and is_simulated(run):
        words = f'{name}: set Scenario to "Nothing goes wrong"'
        yield "end_scenario", "science_off", "End scenario", words, False


def comparison_of(letter: str, run: RunView, view: View) -> dict[str, Any] | None:
    """What a card is compared with, what it could be compared with, and how much differs."""
    other = compared_run(view, letter)
    if other is None or view.changes is None:
        return None
    # By name: a hidden card's letter must not be sent.
    candidates = comparison_candidates(view, letter)
    options = [[view.names.get(key, key), name] for key, (name, _) in candidates.items()]
    words = change_summary(run, other, is_plain=view.is_plain, texts_only=view.is_hidden)
    # With another prompt the differences do not come from settings alone. For hidden cards this
    # could reveal the variant.
    if words and not view.is_hidden and run.plan.request.prompt != other.plan.request.prompt:
        words = f"{ANOTHER_PROMPT} · {words}"
    return {"with": view.names.get(view.changes, view.changes), "options": options, "words": words}


def _outcome(run: RunView) -> dict[str, Any] | None:
    """What happened and what to do; None where all went well."""
    summary = outcome(run)
    if summary is None:
        return None
    cost = f"{formats.cost(cost_of(run)[0])}. {summary.billed}"
    # The timeline, if there is one, has already shown retries and why they ended.
    retried = [] if has_timeline(run.attempts) else [["", summary.retried]]
    return {
        "tone": summary.tone,
        "title": summary.title,
        "happened": summary.happened,
        # What can be done comes first: it has to be in sight.
        "next": summary.step,
        "message": run.failure.message if run.failure else "",
        "lines": [*retried, ["Cost", cost]],
    }


def _note(run: RunView) -> str:
    """The notice that the demo's answer is made up, once there is an answer."""
    plan: Plan = run.plan
    is_made_up = plan.connection.kind == "demo" and plan.request.prompt not in PREPARED
    return MADE_UP if is_made_up and run.blocks else ""


def detail_of(run: RunView) -> str:
    """What is going on, or why it ended, in a few words."""
    if run.status == "queued":
        # The first run of a process imports the SDK: it is not in line behind anybody.
        return "· starting" if run.ahead is None else f"· {formats.ordinal(run.ahead + 1)} in line"
    if run.status in ("connecting", "streaming") and run.attempt_number > 1:
        return f"· attempt {run.attempt_number} of {run.plan.policy.attempts}{_silence(run)}"
    if run.status in ("connecting", "streaming"):
        return _silence(run).lstrip()
    if run.status == "done" and run.stop_reason == "max_tokens":
        return "· cut at max_tokens"
    if run.status == "done" and run.stop_reason == "refusal":
        return "· refused"
    return ""


def _silence(run: RunView) -> str:
    """How long a live run has received nothing, once that is unusual."""
    silent_s = 0.0 if run.last_event_s is None else time.monotonic() - run.last_event_s
    return f" · no text for {silent_s:.0f} s" if silent_s >= SILENCE_S else ""


def _explanations(run: RunView) -> str:
    """Explanations of the terms in the line of numbers, a line each."""
    if run.is_live:
        return ""
    numbers = metrics_of(run)
    lines = [
        *(words for sign, words in EXPLAINED.items() if sign in numbers),
        cost_of(run)[0].explained,
        MOST if "max " in numbers else "",
    ]
    if run.stop_reason in STOP_REASONS:
        lines.append(f"{run.stop_reason}: {STOP_REASONS[run.stop_reason]}")
    return "\n".join(filter(None, lines))


def metrics_of(run: RunView) -> str:
    """One quiet line: times, tokens, cost, stop reason."""
    parts = []
    if run.ttft_s is not None:
        parts.append(f"first token {formats.seconds(run.ttft_s)}")
    if run.duration_s is not None:
        parts.append(formats.seconds(run.duration_s))
    usage = run.usage
    if usage is not None:
        spoken_s = (run.duration_s or 0) - (run.ttft_s or 0)
        # Of the last attempt alone: what earlier ones wrote came before these seconds.
        written = (run.last_usage or usage).output_tokens
        if run.status == "done" and spoken_s >= 0.1 and written > 1:
            parts.append(f"{written / spoken_s:.0f} tok/s")
        # The API counts output tokens at the end; until then it reports one.
        out = "" if run.is_live else f" · {usage.output_tokens:,} out"
        parts.append(f"{usage.prompt_tokens:,} in{out}")
        if usage.thinking_tokens:
            parts.append(f"{usage.thinking_tokens:,} of them thinking")
    if not run.is_live:
        searched = searches(usage, cost_of(run)[1]) if usage else ""
        # Without an answer its outcome tells the cost, and whether it is billed.
        spent = "" if run.status == "failed" else spent_of(run)
        parts += [part for part in (searched, spent) if part]
    if run.stop_reason:
        parts.append(f"{run.stop_reason} {run.stop_sequence or ''}".strip())
    return " · ".join(parts) or formats.NOTHING
