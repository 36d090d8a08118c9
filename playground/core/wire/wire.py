"""A request and a connection become exactly the headers and the body that go out.

Each parameter carries a reason: sent, left at its default, or unavailable. Sources:
the API's versioning, migration-2026-10-21, effort and thinking pages.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from playground.core.request import model_catalogue
from playground.core.request.connection import Connection
from playground.core.request.extra_json import NO_EXTRA, Extra
from playground.core.request.model_catalogue import Model
from playground.core.request.request import EFFORTS, MIN_THINKING_BUDGET_TOKENS, Params, Request
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.decisions import (
    CURRENT_VERSION,
    NO_THINKING,
    SAMPLING,
    SAMPLING_VERSION,
    THINKING_TYPES,
    Asked,
    Decision,
    asked_of,
    decide,
)

VERSION_HEADER = "anthropic-version"
PLACES = {
    "effort": "output_config",
    "thinking_budget_tokens": "thinking",
    "thinking_display": "thinking",
    "cache": "cache_control",
    "prefill": "messages",
}
"""The fields of the body in which parameters of another name stand."""


UNSTREAMED = Decision("stream", "default", "Not sent: with max_tokens 0 there is no answer.")
"""The API refuses the two together (prompt-caching page, "Pre-warming the cache")."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes out, without the key."""

    headers: Mapping[str, str]
    body: JsonObject
    decisions: tuple[Decision, ...]
    extra: Extra = NO_EXTRA
    """What of the body is the extra JSON's."""

    @property
    def model_id(self) -> str:
        """The model that answers and is billed."""
        return str(self.body["model"])

    def decision(self, parameter: str) -> Decision:
        return next(d for d in self.decisions if d.parameter == parameter)

    def parameters(self) -> dict[str, Json]:
        """The parameters as sent: the body without the texts."""
        return {k: v for k, v in self.body.items() if k not in ("messages", "system", "stream")}

    def json_of(self, names: Collection[str]) -> str:
        """These fields of the body as `json.dumps(…, sort_keys=True)` writes them; those of
        the extra JSON are written once for all calls that share it."""
        written, fields = self.extra.json_of_fields, []
        for name in sorted(names):
            text = written.get(name) or json.dumps(self.body[name], sort_keys=True)
            fields.append(f"{json.dumps(name)}: {text}")
        return f"{{{', '.join(fields)}}}"


def model_on(connection: Connection, model_id: str, models: tuple[Model, ...] = ()) -> Model:
    """The model behind an id: the account's own list, the catalogue, or an unknown one."""
    listed = next((model for model in models if model.id == model_id), None)
    model = listed or model_catalogue.find(model_id) or model_catalogue.unknown(model_id)
    if connection.kind == "server" and not model.is_known:
        # Whatever it is, it takes what such servers take; the server says so if not.
        return replace(model, takes_sampling=True, efforts=EFFORTS)
    return model


def model_id_of(params: Params) -> str:
    """The model that a request names in the end: the extra JSON can replace the chosen one."""
    named = params.extra.fields.get("model")
    return named if isinstance(named, str) else params.model


def wire(request: Request, model: Model, connection: Connection) -> Wire:
    """Build the call. Nothing is altered silently: every parameter has a decision."""
    is_foreign = connection.kind == "server" and not model.is_known
    asked = asked_of(request.params, model, is_foreign=is_foreign)
    decisions = decide(request, asked)
    extra = request.params.extra
    # Shallow and last, as the SDK merges its `extra_body`.
    body = {**_texts(request), **_parameters(request.params, decisions), **extra.fields}
    if fills_cache(body) and "stream" not in extra.fields:
        del body["stream"]
        decisions = (*(other for other in decisions if other.parameter != "stream"), UNSTREAMED)
    version, why = _version(asked, body)
    lines = (
        Decision(VERSION_HEADER, "sent", f"{version}, {why}."),
        *(_beside(extra, decision) for decision in decisions),
        *_of_extra(extra, {decision.parameter for decision in decisions}),
    )
    # In one order: the same request is the same bytes, whichever field was set first.
    return Wire({VERSION_HEADER: version}, dict(sorted(body.items())), lines, extra)


def fills_cache(body: JsonObject) -> bool:
    """Whether a request asks for no answer but for its prompt to be cached."""
    # Not isinstance: false is an int to Python, and equals 0.
    return type(body.get("max_tokens")) is int and body["max_tokens"] == 0


def _texts(request: Request) -> dict[str, Json]:
    messages = [{"content": m.content, "role": m.role} for m in request.prompt.messages]
    system = request.prompt.system
    return {"messages": messages} | ({"system": system} if system.strip() else {})


def _parameters(params: Params, decisions: tuple[Decision, ...]) -> dict[str, Json]:
    sent = {decision.parameter for decision in decisions if decision.state == "sent"}
    values = {
        "model": params.model,
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "top_k": params.top_k,
        "effort": {"effort": params.effort},
        "thinking": _thinking(params),
        "stop_sequences": list(params.stop_sequences),
        "cache": {"type": "ephemeral", "ttl": params.cache},
        "service_tier": params.service_tier,
        "stream": True,
    }
    return {PLACES.get(name, name): value for name, value in values.items() if name in sent}


def _thinking(params: Params) -> dict[str, Json]:
    block: dict[str, Json] = {"type": THINKING_TYPES.get(params.thinking)}
    if params.thinking == "budget":
        block["budget_tokens"] = params.thinking_budget_tokens or MIN_THINKING_BUDGET_TOKENS
    if params.thinking_display != "default" and params.thinking not in NO_THINKING:
        block["display"] = params.thinking_display
    return block


def _version(asked: Asked, body: JsonObject) -> tuple[str, str]:
    """The API version to ask for, and why this one."""
    if asked.insists:
        return asked.params.api_version, "as chosen"
    sampling = [name for name in SAMPLING if name in body]
    if sampling:
        return SAMPLING_VERSION, f"automatically: {sampling[0]} is sent"
    if asked.target.is_foreign:
        # Servers that imitate the API were written against the version all clients sent.
        return SAMPLING_VERSION, "automatically: servers that imitate the API know this one"
    return CURRENT_VERSION, "automatically: the SDK's own"


def _beside(extra: Extra, decision: Decision) -> Decision:
    """The decision, or what the extra JSON makes of it."""
    name = decision.parameter
    place = PLACES.get(name, name)
    if place not in extra.fields:
        return decision
    if place == name:
        return Decision(name, "sent", "Sent: the extra JSON's value.")
    if decision.state == "sent":
        return Decision(name, "unavailable", f"Not sent: the extra JSON replaces {place}.")
    return Decision(name, decision.state, f"Not sent: left to {place} in the extra JSON.")


def _of_extra(extra: Extra, decided: set[str]) -> list[Decision]:
    """A line for the extra JSON, and one for each field that nothing else decided."""
    name = "extra_json"
    if extra.problem:
        return [Decision(name, "unavailable", f"Not sent: {extra.problem}.")]
    if not extra.fields:
        return [Decision(name, "default", "Not set.")]
    return [
        Decision(name, "sent", "Its fields are merged into the body, where they win."),
        *(
            Decision(key, "sent", "Sent: from the extra JSON.")
            for key in extra.fields
            # A field named like a parameter that stands elsewhere (`effort`) is another one.
            if key not in decided or key in PLACES
        ),
    ]


COUNTED = frozenset(
    {
        "messages",
        "model",
        "system",
        "thinking",
        "tools",
        "tool_choice",
        "cache_control",
        "output_config",
    }
)
"""What `count_tokens` takes of a body: never `max_tokens`, a temperature or `stream`."""


def body_to_count(wire: Wire) -> dict[str, Json]:
    """The body of a call that only counts."""
    return {name: value for name, value in wire.body.items() if name in COUNTED}


def count_key(wire: Wire, connection: Connection) -> str:
    """Changes with everything that a count depends on."""
    place = json.dumps([connection.kind, connection.base_url, dict(wire.headers)])
    counted = wire.json_of(COUNTED.intersection(wire.body))
    return hashlib.sha256(f"{place}{counted}".encode()).hexdigest()
