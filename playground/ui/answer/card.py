"""What one answer's card says beside the answer: head, status, numbers, outcome, buttons.

As values: the page's browser draws them, as text and never as markup.
"""

import time
from collections.abc import Iterator
from typing import Any

from playground.core.answer.timeline import has_timeline
from playground.core.money.bill import searches
from playground.core.runs.continuing import can_continue, left_out
from playground.core.runs.outcome import outcome
from playground.core.runs.run_plan import Plan
from playground.core.runs.run_view import RunView
from playground.engine.run_rows import cost_of
from playground.ui.answer.marked_changes import words_of_changes
from playground.ui.answer.timeline import live_timeline
from playground.ui.money.money import spent_of
from playground.ui.session import variant_state
from playground.ui.session.answers_state import View, compared, others
from playground.ui.widgets import formats

SILENCE_S = 3.0
"""Shorter silences are a model's ordinary pauses."""
HIDDEN = "Hidden until you vote."
UNFINISHED = ("failed", "interrupted", "stopped")

Tool = tuple[str, str, str, str, bool]
"""What a button does, its icon, its words, what it is called in full, whether it is off."""


def head(letter: str, run: RunView, view: View) -> dict[str, Any]:
    """What never changes on a card. Of a hidden one nothing tells which variant's it is."""
    plan: Plan = run.plan
    name = view.names[letter]
    if view.is_hidden:
        return {"name": name, "colour": "gray", "asked": ""}
    return {"name": name, "colour": variant_state.COLOURS[letter], "asked": plan.asked}


def said(letter: str, run: RunView, view: View) -> dict[str, Any]:
    """How far a run has come, in all that its card says of it."""
    status: str = run.status
    card: dict[str, Any] = {
        "status": status,
        "live": run.is_live,
        "wide": view.focused == letter,
        "tools": {
            "head": [*_head_tools(letter, run, view)],
            "foot": [*_foot_tools(letter, run, view)],
        },
        "changes": changes_of(letter, run, view),
    }
    if view.is_hidden:
        # Times, tokens and cost would tell the models apart.
        return card | {"numbers": HIDDEN}
    blocked = view.blocked.get(letter) if status in UNFINISHED else None
    return card | {
        "detail": detail_of(run),
        "reason": run.failure.label if run.failure and not run.is_live else "",
        "numbers": metrics_of(run),
        "why": "" if run.is_live else cost_of(run)[0].explained,
        "timeline": live_timeline(run),
        "outcome": None if run.is_live else _outcome(run),
        "blocked": f"Not again: {blocked}" if blocked else "",
    }


def _head_tools(letter: str, run: RunView, view: View) -> Iterator[Tool]:
    name = view.names[letter]
    if (run.blocks or run.is_live) and not view.is_hidden:
        is_pinned = view.pinned is not None and view.pinned.run.id == run.id
        words = f"Unpin {name}" if is_pinned else f"Pin {name} as the baseline"
        # Its place is taken from the start: the head may wrap, and the answer would move.
        yield "pin", "keep_off" if is_pinned else "keep", "", words, run.is_live
    is_wide = view.focused == letter
    words = f"{name} beside the editor" if is_wide else f"{name} wide, with the editor folded"
    yield "focus", "close_fullscreen" if is_wide else "open_in_full", "", words, False


def _foot_tools(letter: str, run: RunView, view: View) -> Iterator[Tool]:
    name = view.names[letter]
    candidates = others(view, letter)
    if run.blocks and not run.is_live and candidates:
        is_on, against = view.changes in candidates, next(iter(candidates.values()))[0]
        words = f"Answer {name} without marks" if is_on else f"Changes of {name} against {against}"
        yield "changes", "difference", "Changes", words, False
    if view.is_hidden:
        return
    if run.blocks and not run.is_live:
        yield "copy", "content_copy", "Copy", f"Copy answer {name} exactly as received", False
    if not run.is_live and can_continue(run.blocks):
        words = f"Continue the conversation from answer {name}. {left_out(run.blocks)}".rstrip()
        yield "continue", "reply", "Continue", words, False
    yield "sent", "output", "As sent", f"What run {name} sent and received", False
    if run.status in UNFINISHED:
        is_off = not run.is_over or letter in view.blocked
        yield "again", "replay", "Run again", f"Send the request of {name} again", is_off


def changes_of(letter: str, run: RunView, view: View) -> dict[str, Any] | None:
    """What a card is compared with, what else it could be, and how much differs."""
    other = compared(view, letter)
    if other is None or view.changes is None:
        return None
    # Of a hidden card its letter is not told.
    candidates = others(view, letter)
    options = [[view.names.get(key, key), name] for key, (name, _) in candidates.items()]
    words = words_of_changes(run, other, is_plain=view.is_plain, texts_only=view.is_hidden)
    return {"with": view.names.get(view.changes, view.changes), "options": options, "words": words}


def _outcome(run: RunView) -> dict[str, Any] | None:
    """What happened and what to do; None where all went well."""
    summary = outcome(run)
    if summary is None:
        return None
    cost = f"{formats.cost(cost_of(run)[0])}. {summary.billed}"
    # What was retried, and why no more, the timeline has told.
    retried = [] if has_timeline(run.attempts) else [["", summary.retried]]
    return {
        "tone": summary.tone,
        "title": summary.title,
        "happened": summary.happened,
        "message": run.failure.message if run.failure else "",
        "lines": [*retried, ["Cost", cost], ["Next", summary.step]],
    }


def detail_of(run: RunView) -> str:
    """What is going on, or why it ended, in a few words."""
    if run.status == "queued":
        return f"· {formats.ordinal(run.ahead + 1)} in line"
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
    """How long a live run has brought nothing, once that is long enough to wonder."""
    silent_s = 0.0 if run.heard_s is None else time.monotonic() - run.heard_s
    return f" · no text for {silent_s:.0f} s" if silent_s >= SILENCE_S else ""


def metrics_of(run: RunView) -> str:
    """One quiet line: times, tokens, cost, stop reason."""
    parts = []
    if run.ttft_s is not None:
        parts.append(f"TTFT {formats.seconds(run.ttft_s)}")
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
        parts += [part for part in (searched, spent_of(run)) if part]
    if run.stop_reason:
        parts.append(f"{run.stop_reason} {run.stop_sequence or ''}".strip())
    return " · ".join(parts) or formats.NOTHING
