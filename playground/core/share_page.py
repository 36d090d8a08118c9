"""Runs with their answers as one HTML page: side by side, readable without the playground."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from playground.core.budget import in_dollars
from playground.core.decisions import State
from playground.core.html_page import document, exact, folded, hue, text
from playground.core.shared_runs import NUMBERS, SharedRun

NUMBER_NAMES = ("TTFT", "duration", "in", "out", "cache read", "cache write", "thinking")
_STATES: dict[State, str] = {"sent": "sent", "default": "not sent", "unavailable": "not sent"}
DEMO_NOTE = "Demo: the answer is made up by a small language model, not by Claude."


def share_page(runs: Sequence[SharedRun], now: datetime) -> str:
    """The page. `now` is when it was made."""
    count = "1 answer" if len(runs) == 1 else f"{len(runs)} answers"
    title = f"Prompt playground · {count}"
    prompts = [_prompt(run) for run in runs]
    is_shared = all(prompt == prompts[0] for prompt in prompts)
    cards = [
        _card(run, "" if is_shared else prompt) for run, prompt in zip(runs, prompts, strict=True)
    ]
    head = f'<h1>{text(title)}</h1><p class="quiet">Saved {_moment(now)}. Nothing here runs.</p>'
    if any(run.is_demo for run in runs):
        head += f'<p class="quiet">{text(DEMO_NOTE)}</p>'
    shown = f"<h2>Prompt</h2>{prompts[0]}" if runs and is_shared else ""
    columns = f'<h2>Answers</h2><div class="columns">{"".join(cards)}</div>'
    return document(title, f"<header>{head}</header><main>{shown}{columns}</main>")


def _moment(at: datetime) -> str:
    return text(f"{at:%d %b %Y, %H:%M:%S %Z}".strip())


def _prompt(run: SharedRun) -> str:
    """The system prompt and the messages of a request, as far as they are plain text."""
    body = run.request()
    parts = [("System prompt", body["system"])] if "system" in body else []
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            parts.append((str(message.get("role", "")).capitalize(), message.get("content")))
    return "".join(f"<h3>{text(name)}</h3>{_content(content)}" for name, content in parts)


def _content(content: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    if isinstance(content, str):
        return exact(content, "panel")
    blocks = content if isinstance(content, list) else []
    found = [block.get("text") for block in blocks if isinstance(block, dict)]
    if not found or not all(isinstance(part, str) for part in found):
        return '<p class="quiet">Not plain text: see the request.</p>'
    return "".join(exact(str(part), "panel") for part in found)


def _card(run: SharedRun, prompt: str) -> str:
    row = run.row
    demo = ' <span class="demo">demo</span>' if run.is_demo else ""
    parts = [
        f'<p><span class="letter">{text(row.variant)}</span> {text(row.model)}{demo}</p>',
        f'<p class="quiet">{text(_asked(run))}</p>',
        f"<p><b>{text(row.status)}</b> {text(row.stop_reason or '')}</p>",
    ]
    if row.error_message:
        parts.append(exact(row.error_message, "panel code"))
    if run.thinking:
        parts.append(folded("Thinking", exact(run.thinking, "thinking")))
    parts.append(exact(run.answer, "answer") if run.answer else _no_answer())
    parts.append(f'<p class="quiet">{text(_metrics(run))}</p>')
    parts.append(f'<p class="quiet">Run {row.press}, {_moment(row.started_at)}</p>')
    parts += [prompt, _why(run), _parameters(run), _request(run)]
    return f'<article class="card {hue(row.variant)}">{"".join(parts)}</article>'


def _no_answer() -> str:
    return '<p class="quiet">There is no answer.</p>'


def _asked(run: SharedRun) -> str:
    """The parameters that went out, in a line."""
    hidden = ("messages", "system", "stream", "model")
    sent = [
        f"{name} {_value(value)}" for name, value in run.request().items() if name not in hidden
    ]
    return " · ".join([run.connection, *sent])


def _value(value: Any) -> str:  # noqa: ANN401 (whatever JSON holds)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return str(value)


def _metrics(run: SharedRun) -> str:
    row = run.row
    parts = []
    for field, name in zip(NUMBERS, NUMBER_NAMES, strict=True):
        value = getattr(row, field)
        if field.endswith("_s") and value is not None:
            parts.append(f"{name} {value:.2f} s")
        elif value is not None and (value or field in ("input_tokens", "output_tokens")):
            parts.append(f"{value:,} {name}")
    if row.attempts > 1:
        parts.append(f"{row.attempts} attempts")
    return " · ".join([*parts, _cost(run)])


def _cost(run: SharedRun) -> str:
    usd, kind = run.cost.usd, run.cost.kind
    return "cost unknown" if usd is None else f"{in_dollars(usd)} ({kind})"


def _why(run: SharedRun) -> str:
    """Why the cost is what it is, a click away."""
    return folded("Cost, and why", f"<p>{text(_cost(run))}: {text(run.cost.reason)}</p>")


def _parameters(run: SharedRun) -> str:
    """Each parameter: sent or not, and why."""
    if not run.decisions:
        return ""
    lines = [
        f"<p><b>{text(each.parameter)}</b> {_STATES[each.state]} · {text(each.why)}</p>"
        for each in run.decisions
    ]
    return folded("Parameters, sent or not, and why", "".join(lines))


def _request(run: SharedRun) -> str:
    title = "Request as sent" if run.was_sent else "Request, never sent"
    version = f'<p class="quiet">anthropic-version: {text(run.api_version or "none")}</p>'
    return folded(title, version + exact(run.body, "request code"))
