"""Runs as they are passed on with their answers: what the log keeps, without whose they are.

No key, no visitor, no address of a server and no header of a response is in one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from playground.core.answer import content
from playground.core.answer.content import Blocks
from playground.core.money.pricing import Cost
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.runs.run_row import RunRow, RunTexts, content_fields
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire import exchange
from playground.core.wire.wire import VERSION_HEADER, Decision

FORMAT, VERSION = "prompt-playground-runs", 1
# By name: what is added to a row later is not passed on until somebody decides that it may be.
NUMBERS = (
    "ttft_s",
    "duration_s",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "thinking_tokens",
)
"""The fields of a row that are passed on as they are."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """One run. `body` is the text of the bytes that went out, or would have."""

    row: RunRow
    blocks: Blocks
    body: str
    api_version: str
    was_sent: bool
    decisions: tuple[Decision, ...]

    @property
    def is_demo(self) -> bool:
        return self.row.connection == DEMO.label

    @property
    def connection(self) -> str:
        """Where it went. The name of a server of its owner's stays here."""
        known = (DEMO.label, CLAUDE.label)
        return self.row.connection if self.row.connection in known else "another server"

    @property
    def cost(self) -> Cost:
        return self.row.cost

    def request(self) -> JsonObject:
        """The fields of the body; none if it is no object."""
        try:
            fields = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return fields if isinstance(fields, dict) else {}

    def texts(self) -> tuple[str, ...]:
        """Everything in it that a person or a model wrote."""
        return (self.body, content.to_json(self.blocks), self.row.error_message or "")


def shared_run(row: RunRow, texts: RunTexts) -> SharedRun:
    """A run of the log, to pass on."""
    recorded = exchange.from_json(texts.request_json)
    if recorded is None:
        version, body = _planned(texts.request_json)
        was_sent = row.attempts > 0  # An older log did not write down what went out.
        return SharedRun(row, texts.blocks, body, version, was_sent, ())
    # Every attempt of a run sends the same body: the last stands for all.
    sent = recorded.exchanges[-1].sent
    version = next((value for name, value in sent.headers if name.lower() == VERSION_HEADER), "")
    return SharedRun(row, texts.blocks, sent.body, version, True, recorded.decisions)


def _planned(request_json: str) -> tuple[str, str]:
    """The version and the body of a request that never went out."""
    try:
        planned = json.loads(request_json)
        version, body = str(planned["headers"].get(VERSION_HEADER, "")), planned["body"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # Not of a form that is known here: passed on as it stands, for something was asked.
        return "", request_json
    return version, json.dumps(body, ensure_ascii=False, indent=2)


def to_json(runs: Sequence[SharedRun], now: datetime) -> str:
    """The runs as one JSON text, each text exactly as it was."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "shared_at": now.isoformat(timespec="seconds"),
        "runs": [_fields(run) for run in runs],
    }
    # In ASCII: then a text survives whatever encoding a program takes the file for.
    return json.dumps(document, indent=1) + "\n"


def _fields(run: SharedRun) -> dict[str, Json]:
    row = run.row
    return {
        "variant": row.variant,
        "press": row.press,
        "started_at": row.started_at.isoformat(),
        "connection": run.connection,
        "is_demo": run.is_demo,
        "model": row.model,
        "status": row.status,
        "stop_reason": row.stop_reason,
        "error": None
        if row.error_message is None
        else {
            "kind": row.error_kind,
            "message": row.error_message,
            "http_status": row.http_status,
        },
        "attempts": row.attempts,
        "anthropic_version": run.api_version,
        "was_sent": run.was_sent,
        "request_body": run.body,
        "decisions": [
            {"parameter": decision.parameter, "state": decision.state, "why": decision.why}
            for decision in run.decisions
        ],
        **content_fields(run.blocks),
        # `str` would write a small amount as 1E-7.
        "cost_usd": None if row.cost_usd is None else format(row.cost_usd, "f"),
        "cost_kind": row.cost_kind,
        "cost_why": row.cost.reason,
        "request_id": row.request_id,
        **{name: getattr(row, name) for name in NUMBERS},
    }
