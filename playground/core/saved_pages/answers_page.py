"""Runs with their answers as one HTML page: side by side, readable without the playground."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from playground.core.answer.content import text_of
from playground.core.money.dollars import in_dollars
from playground.core.rendering.blocks_html import BlockHtml, blocks_html
from playground.core.saved_pages.html_page import render
from playground.core.sharing.shared_run import NUMBERS, SharedRun
from playground.core.text.json_text import Json

NUMBER_NAMES = ("first token", "duration", "in", "out", "cache read", "cache write", "thinking")
DEMO_NOTE = "Demo: the answer is made up by a small language model, not by Claude."


Part = tuple[str, tuple[str, ...]]
"""Of a prompt: whose words, and the words; none where they are not plain text."""


@dataclass(frozen=True, slots=True)
class _Card:
    """What the template says of one run beside the run itself."""

    run: SharedRun
    answer: tuple[BlockHtml, ...]
    text: str
    prompt: tuple[Part, ...]
    asked: str
    metrics: str
    cost: str
    started: str


def share_page(runs: Sequence[SharedRun], now: datetime) -> str:
    """The page. `now` is when it was made."""
    count = "1 answer" if len(runs) == 1 else f"{len(runs)} answers"
    cards = [
        _Card(
            run,
            blocks_html(run.blocks),
            text_of(run.blocks),
            _prompt(run),
            _asked(run),
            _metrics(run),
            _cost(run),
            _moment(run.row.started_at),
        )
        for run in runs
    ]
    prompts = {card.prompt for card in cards}
    return render(
        "answers.html.jinja",
        title=f"Prompt playground · {count}",
        saved=_moment(now),
        has_demo=any(run.is_demo for run in runs),
        demo_note=DEMO_NOTE,
        shared_prompt=next(iter(prompts)) if len(prompts) == 1 else None,
        cards=cards,
    )


def _moment(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M:%S %Z}".strip()


def _prompt(run: SharedRun) -> tuple[Part, ...]:
    """The system prompt and the messages of a request, as far as they are plain text."""
    body = run.request()
    parts = [("System prompt", _texts(body["system"]))] if "system" in body else []
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            parts.append(
                (str(message.get("role", "")).capitalize(), _texts(message.get("content")))
            )
    return tuple(parts)


def _texts(content: Json) -> tuple[str, ...]:
    if isinstance(content, str):
        return (content,)
    blocks = content if isinstance(content, list) else []
    values = [block.get("text") for block in blocks if isinstance(block, dict)]
    texts = tuple(text for text in values if isinstance(text, str))
    return texts if len(texts) == len(values) else ()


def _asked(run: SharedRun) -> str:
    """The parameters that went out, in a line."""
    hidden = ("messages", "system", "stream", "model")
    sent = [
        f"{name} {_value(value)}" for name, value in run.request().items() if name not in hidden
    ]
    return " · ".join([run.connection, *sent])


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
