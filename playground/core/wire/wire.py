"""A request and a connection become exactly the headers and the body that go out.

Each parameter carries a decision with its reason: sent, left at its default, or unavailable
because the API refuses it. Its words are quoted only where somebody saw them. Sources: the
versioning, migration-2026-10-21, deprecations, errors, effort and thinking pages of
platform.claude.com, and published answers of the API.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from playground.core.request import model_catalogue
from playground.core.request.body_shapes import COUNT_FIELDS
from playground.core.request.connection import Connection
from playground.core.request.extra_json import NO_EXTRA, Extra
from playground.core.request.model_catalogue import Model
from playground.core.request.request import (
    CURRENT_VERSION,
    EFFORTS,
    MIN_THINKING_BUDGET_TOKENS,
    SAMPLING_VERSION,
    Params,
    Prompt,
    Request,
    Thinking,
)
from playground.core.request.request_fields import is_whole
from playground.core.text.json_text import Json, JsonObject
from playground.core.wire.body_refusals import (
    Target,
    Unavailable,
    body_refusals,
    fills_cache,
    prefill_refusal,
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
State = Literal["sent", "default", "unavailable"]
THINKING_TYPES: Mapping[Thinking, str] = {
    "adaptive": "adaptive",
    "budget": "enabled",
    "between_tools": "between_tools",
    "off": "disabled",
}
"""What the API calls the ways to think."""
NO_THINKING = ("off", "between_tools")
"""With these no answer begins with thinking, and there is nothing to display."""
REQUIRED = "The API requires it."
_MAX_TOKENS = {0: "0 only fills the prompt cache; no answer is written."}
_BY_DEFAULT = {"on": "on", "off": "off", "always": "always on"}
SAMPLING = ("temperature", "top_p", "top_k")
ONLY_VALUE = {"temperature": 1.0, "top_p": 0.99}
"""What models without sampling still take under the older version: their own default."""
MIN_TOP_P_THINKING = 0.95
NAMES = {"temperature": "Temperature", "top_p": "top_p", "top_k": "top_k"}
_INSTEAD = (
    '"thinking.type.{}" is not supported for this model. Use "thinking.type.adaptive" and'
    ' "output_config.effort" to control thinking behavior.'
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one parameter. `refusal`: sent all the same, the API will refuse it."""

    parameter: str
    state: State
    why: str
    refusal: Unavailable | None = None


@dataclass(frozen=True, slots=True)
class RequestedParams:
    """The parameters, and where they go. With a version chosen, refused ones go out too."""

    params: Params
    target: Target

    @property
    def model(self) -> Model:
        return self.target.model

    @property
    def insists(self) -> bool:
        return self.params.api_version != "auto"

    def decide(self, parameter: str, refusal: Unavailable | None, why: str) -> Decision:
        """The decision about a value that was set, given why it is refused, if it is."""
        if refusal is None:
            return Decision(parameter, "sent", why)
        if self.insists:
            name = NAMES.get(parameter, parameter.capitalize())
            return Decision(parameter, "sent", f"{name} is sent, but {refusal.answer}", refusal)
        return Decision(parameter, "unavailable", f"Not sent: {refusal.why}.")


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
    params, extra = request.params, request.params.extra
    merged = merged_params(params)
    requested = requested_params(merged, model, is_foreign=is_foreign)
    decisions = decide(request, requested)
    # Shallow and last, as the SDK merges its `extra_body`.
    body = {**_texts(request), **_parameters(params, decisions), **extra.fields}
    version, why = _version(requested, body)
    if extra.fields:
        of_fields = decisions
        if merged is not params:
            of_fields = decide(request, requested_params(params, model, is_foreign=is_foreign))
        decisions = tuple(
            _overridden(extra, of_field) if _place(of_field) in extra.fields else decision
            for of_field, decision in zip(of_fields, decisions, strict=True)
        )
    if fills_cache(body) and "stream" not in extra.fields:
        del body["stream"]
        decisions = (*(other for other in decisions if other.parameter != "stream"), UNSTREAMED)
    refusals = _refusals(body, extra, RequestedParams(merged, Target(model, version, is_foreign)))
    lines = (
        Decision(VERSION_HEADER, "sent", f"{version}, {why}."),
        *(_refused(decision, refusals) for decision in decisions),
        *(
            _refused(decision, refusals)
            for decision in _extra_decisions(extra, {decision.parameter for decision in decisions})
        ),
    )
    # In one order: the same request is the same bytes, whichever field was set first.
    return Wire({VERSION_HEADER: version}, dict(sorted(body.items())), lines, extra)


def merged_params(params: Params) -> Params:
    """The parameters as the body has them, the extra JSON's values in the place of those that
    they replace. Without its value where that is none that the API knows."""
    extra = params.extra.fields
    changes: dict[str, Any] = {}
    for name, (unset, _, fits) in _FIELDS.items():
        if name in extra:
            changes[name] = extra[name] if fits(extra[name]) else unset
    if "stop_sequences" in changes:
        changes["stop_sequences"] = tuple(changes["stop_sequences"])
    if "model" in extra:
        changes["model"] = model_id_of(params)
    if "output_config" in extra:
        level = changes.pop("output_config").get("effort")
        changes["effort"] = level if isinstance(level, str) else None
    if "thinking" in extra:
        changes |= _thinking_of(changes["thinking"])
    # Another object would parse its extra JSON anew.
    return params.with_values(changes) if changes else params


def _thinking_of(block: JsonObject) -> dict[str, Any]:
    kinds = {kind: name for name, kind in THINKING_TYPES.items()}
    kind, budget, display = (block.get(name) for name in ("type", "budget_tokens", "display"))
    return {
        "thinking": kinds.get(kind, "default") if isinstance(kind, str) else "default",
        "thinking_budget_tokens": budget if type(budget) is int else None,
        "thinking_display": display if display in ("summarized", "omitted") else "default",
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _has_type(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


_FIELDS: Mapping[str, tuple[Any, str, Callable[[object], bool]]] = {
    "max_tokens": (1, "a whole number", is_whole),
    "temperature": (None, "a number", _is_number),
    "top_p": (None, "a number", _is_number),
    "top_k": (None, "a whole number", is_whole),
    "stop_sequences": ((), "a list of texts", _is_list_of_texts),
    "output_config": ({}, "an object", lambda value: isinstance(value, dict)),
    "thinking": ({}, "an object with a type", _has_type),
}
"""Fields of the body that the form sets: the value to decide with where theirs is none, and
what they must be."""


def _place(decision: Decision) -> str:
    return PLACES.get(decision.parameter, decision.parameter)


def _refusals(body: JsonObject, extra: Extra, requested: RequestedParams) -> dict[str, Unavailable]:
    """Why the API refuses fields of the extra JSON, which go out all the same."""
    if not extra.fields or requested.target.is_foreign:
        return {}
    refusals = {
        name: Unavailable(f"it must be {what}")
        for name, (_, what, fits) in _FIELDS.items()
        if name in extra.fields and not fits(extra.fields[name])
    }
    # As if the version had been chosen, with what is in the body and nothing else.
    unsent: dict[str, Any] = {name: None for name in SAMPLING if name not in body}
    unsent |= {} if "output_config" in body else {"effort": None}
    unsent |= {} if "thinking" in body else {"thinking": "default"}
    changes = {"api_version": requested.target.version, **unsent}
    sent = replace(requested, params=requested.params.with_values(changes))
    thinking = _thinking(sent)
    thinks = _thinks(sent, thinking)
    of_parameters = {
        **{name: _sampling(name, sent, thinks=thinks).refusal for name in SAMPLING},
        "output_config": _effort(sent).refusal,
        "thinking": thinking.refusal,
    }
    asks_to_think = thinks and sent.params.thinking != "default"
    of_body = body_refusals(body, requested.target, thinks=thinks, asks_to_think=asks_to_think)
    for name, refusal in (*of_body.items(), *of_parameters.items()):
        if refusal and name in extra.fields:
            refusals.setdefault(name, refusal)
    for name, text in extra.broken_fields:
        # A model that nobody has heard of may think in ways that nobody has.
        if name != "thinking" or requested.model.is_known:
            refusals.setdefault(name, Unavailable(text.removesuffix(".")))
    return refusals


def _refused(decision: Decision, refusals: Mapping[str, Unavailable]) -> Decision:
    """The line of a field of the extra JSON, and why the API refuses it, if it does."""
    refusal = refusals.get(decision.parameter)
    if refusal is None or decision.state != "sent":
        return decision
    return replace(decision, why=f"{decision.why[:-1]}, but {refusal.answer}", refusal=refusal)


def _texts(request: Request) -> dict[str, Json]:
    system = request.prompt.system
    return {"messages": request.prompt.turns} | ({"system": system} if system.strip() else {})


def _parameters(params: Params, decisions: tuple[Decision, ...]) -> dict[str, Json]:
    sent = {decision.parameter for decision in decisions if decision.state == "sent"}
    values = {
        "model": params.model,
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "top_k": params.top_k,
        "effort": {"effort": params.effort},
        "thinking": _thinking_block(params),
        "stop_sequences": list(params.stop_sequences),
        "cache": {"type": "ephemeral", "ttl": params.cache},
        "service_tier": params.service_tier,
        "stream": True,
    }
    return {PLACES.get(name, name): value for name, value in values.items() if name in sent}


def _thinking_block(params: Params) -> dict[str, Json]:
    block: dict[str, Json] = {"type": THINKING_TYPES.get(params.thinking)}
    if params.thinking == "budget":
        block["budget_tokens"] = params.thinking_budget_tokens or MIN_THINKING_BUDGET_TOKENS
    if params.thinking_display != "default" and params.thinking not in NO_THINKING:
        block["display"] = params.thinking_display
    return block


def _version(requested: RequestedParams, body: JsonObject) -> tuple[str, str]:
    """The API version to ask for, and why this one."""
    if requested.insists:
        return requested.params.api_version, "as chosen"
    sampling = [name for name in SAMPLING if name in body]
    if sampling:
        return SAMPLING_VERSION, f"automatically: {sampling[0]} is sent"
    if requested.target.is_foreign:
        # Servers that imitate the API were written against the version all clients sent.
        return SAMPLING_VERSION, "automatically: servers that imitate the API know this version"
    return CURRENT_VERSION, "automatically: the SDK's version"


def _overridden(extra: Extra, decision: Decision) -> Decision:
    """What the extra JSON makes of a decision whose place in the body it takes."""
    name, place = decision.parameter, _place(decision)
    if place == name:
        return Decision(name, "sent", "Sent: the extra JSON's value.")
    if decision.state == "sent":
        return Decision(name, "unavailable", f"Not sent: the extra JSON replaces {place}.")
    return Decision(name, decision.state, f"Not sent: left to {place} in the extra JSON.")


def _extra_decisions(extra: Extra, decided: set[str]) -> list[Decision]:
    """A line for the extra JSON, and one for each field that nothing else decided."""
    name = "extra_json"
    if extra.problem:
        return [Decision(name, "unavailable", f"Not sent: {extra.problem}.")]
    if not extra.fields:
        return [Decision(name, "default", "Not set.")]
    return [
        Decision(name, "sent", "Its fields are merged into the body, where they take precedence."),
        *(
            Decision(key, "sent", "Sent: from the extra JSON.")
            for key in extra.fields
            # A field named like a parameter that stands elsewhere (`effort`) is another one.
            if key not in decided or key in PLACES
        ),
    ]


COUNTED = COUNT_FIELDS - {"speed"}
"""What `count_tokens` is told of a body: never `max_tokens`, a temperature or `stream`. Nor the
speed: it changes no count, and some models want a beta's header for it."""


def body_to_count(wire: Wire) -> dict[str, Json]:
    """The body of a call that only counts."""
    return {name: value for name, value in wire.body.items() if name in COUNTED}


def count_key(wire: Wire, connection: Connection) -> str:
    """Changes with everything that a count depends on."""
    place = json.dumps([connection.kind, connection.base_url, dict(wire.headers)])
    counted = wire.json_of(COUNTED.intersection(wire.body))
    return hashlib.sha256(f"{place}{counted}".encode()).hexdigest()


def requested_params(params: Params, model: Model, *, is_foreign: bool) -> RequestedParams:
    """Automatically, sampling goes out under the one version that has it."""
    version = SAMPLING_VERSION if params.api_version == "auto" else params.api_version
    return RequestedParams(params, Target(model, version, is_foreign))


def decide(request: Request, requested: RequestedParams) -> tuple[Decision, ...]:
    """A decision about every parameter of a request."""
    # Decided first: whether the model thinks limits sampling, budget, display and prefill.
    thinking = _thinking(requested)
    thinks = _thinks(requested, thinking)
    return (
        Decision("model", "sent", REQUIRED),
        Decision("max_tokens", "sent", _MAX_TOKENS.get(request.params.max_tokens, REQUIRED)),
        *(_sampling(name, requested, thinks=thinks) for name in SAMPLING),
        _effort(requested),
        thinking,
        _budget(requested, thinking),
        _display(requested, thinking),
        _stop_sequences(requested.params),
        _prefill(request.prompt, requested, thinks=thinks),
        _cache(requested.params),
        _service_tier(requested.params),
        Decision("stream", "sent", "The answer is shown as it is written."),
    )


def _sampling(name: str, requested: RequestedParams, *, thinks: bool) -> Decision:
    value = getattr(requested.params, name)
    model = requested.model
    # While a model thinks, top_p keeps a range (0.95 to 1); temperature and top_k have none.
    takes_default_only = not model.takes_sampling or (thinks and name != "top_p")
    if takes_default_only and not requested.insists:
        why = f"{NAMES[name]} is not sent: {_no_sampling(name, model)}."
        return Decision(name, "unavailable", why)
    # Only now: an empty field that the model does not take is disabled, and says why.
    if value is None:
        default = ": the model's default is 1" if name == "temperature" else ""
        return Decision(name, "default", f"{NAMES[name]} is not sent{default}.")
    # While it thinks the temperature stays behind, and top_p goes out alone.
    beside = requested.params.temperature is not None and not (thinks and not requested.insists)
    refusal = sampling_refusal(
        name, value, requested.target, thinks=thinks, beside_temperature=beside
    )
    subject = "Sent" if name == "temperature" else f"{name} is sent"
    why = f"{subject} under API version {requested.target.version}"
    refuses = f"; the current version no longer accepts {name}" if model.is_known else ""
    return requested.decide(name, refusal, f"{why}{'' if requested.insists else refuses}.")


def _no_sampling(name: str, model: Model) -> str:
    if model.takes_sampling:
        return f"{model.name} takes only the default while it thinks"
    if not model.is_known:
        return f"it is not known that {model.name} takes one"
    instead = "; use effort" if model.efforts and name == "temperature" else ""
    return f"{model.name} takes only the default{instead}"


def _effort(requested: RequestedParams) -> Decision:
    name, model = "effort", requested.model
    level = requested.params.effort
    if level is None:
        if not model.efforts and not requested.insists:
            return Decision(name, "unavailable", f"Not sent: {model.name} has no effort levels.")
        default = f"the default is {model.default_effort}" if model.default_effort else ""
        return Decision(name, "default", f"Not sent: {default or 'the API decides'}.")
    return requested.decide(
        name, effort_refusal(level, requested.target), "Effort is sent, in output_config."
    )


def _thinking(requested: RequestedParams) -> Decision:
    name, params, model = "thinking", requested.params, requested.model
    if params.thinking == "default":
        if not model.is_known:
            return Decision(name, "default", "Not sent: the API decides.")
        state = _BY_DEFAULT[model.thinking_default]
        return Decision(name, "default", f"Not sent: thinking is {state} by default.")
    kind = THINKING_TYPES[params.thinking]
    refusal = thinking_refusal(kind, params.effort, requested.target)
    why = {
        "disabled": "it is turned off",
        "between_tools": "it is on only between tool calls",
    }.get(kind, "it is billed as output")
    return requested.decide(name, refusal, f"Thinking is sent: {why}.")


def _thinks(requested: RequestedParams, decision: Decision) -> bool:
    """Whether the model will think, as far as that is known."""
    if decision.state == "sent":
        return requested.params.thinking not in NO_THINKING
    return requested.model.is_known and requested.model.thinking_default != "off"


def _budget(requested: RequestedParams, thinking: Decision) -> Decision:
    name, budget = "thinking_budget_tokens", requested.params.thinking_budget_tokens
    is_sent = requested.params.thinking == "budget" and thinking.state == "sent"
    if is_sent and not budget:
        least = f"{MIN_THINKING_BUDGET_TOKENS:,}"
        return Decision(
            name, "sent", f"None was entered, so the smallest budget, {least}, is sent."
        )
    if is_sent:
        return Decision(name, "sent", "The budget is sent; it must be below max_tokens.")
    if "enabled" not in requested.model.thinking_types and not requested.insists:
        return Decision(name, "unavailable", f"Not sent: {requested.model.name} takes no budget.")
    if budget is None:
        return Decision(name, "default", "Not sent.")
    return Decision(
        name, "unavailable", "The budget is not sent, because it needs thinking with a budget."
    )


def _display(requested: RequestedParams, thinking: Decision) -> Decision:
    name, display = "thinking_display", requested.params.thinking_display
    if display == "default":
        # No list of models tells this default: the models that take a budget show their thinking.
        shown = "shown" if "enabled" in requested.model.thinking_types else "hidden"
        why = f"Not sent: the thinking is {shown} by default." if requested.model.is_known else ""
        return Decision(name, "default", why or "Not sent: the API decides.")
    if thinking.state != "sent" or requested.params.thinking in NO_THINKING:
        return Decision(
            name,
            "unavailable",
            "The display is not sent, because it needs adaptive thinking or a budget.",
        )
    shown = "a summary is shown" if display == "summarized" else "its text is left out"
    return Decision(name, "sent", f"The display is sent: {shown}, all of it is billed.")


def _stop_sequences(params: Params) -> Decision:
    if params.stop_sequences:
        return Decision(
            "stop_sequences", "sent", "The answer ends before the first of these texts."
        )
    return Decision("stop_sequences", "default", "Not sent: there are none.")


def _prefill(prompt: Prompt, requested: RequestedParams, *, thinks: bool) -> Decision:
    if prompt.prefill is None:
        return Decision("prefill", "default", "There is none: no answer is started.")
    refusal = prefill_refusal(prompt.prefill, requested.target, thinks=thinks)
    return requested.decide("prefill", refusal, "The answer continues the last message.")


def _cache(params: Params) -> Decision:
    if params.cache == "off":
        return Decision("cache", "default", "Not sent: nothing is cached.")
    lifetime, factor = {"5m": ("5 minutes", "1.25"), "1h": ("1 hour", "2")}[params.cache]
    why = f"Sent: kept for {lifetime} if long enough; writing costs {factor} × input."
    return Decision("cache", "sent", why)


def _service_tier(params: Params) -> Decision:
    why = {
        "default": "Not sent: the default is auto.",
        "auto": "Sent: priority capacity where the account has it.",
        "standard_only": "Sent: only standard capacity is used.",
    }[params.service_tier]
    return Decision("service_tier", "default" if params.service_tier == "default" else "sent", why)


def sampling_refusal(
    name: str, value: float, target: Target, *, thinks: bool, beside_temperature: bool = False
) -> Unavailable | None:
    """Why a temperature, top_p or top_k is refused; None: it is not."""
    model = target.model
    if target.is_foreign:
        return None
    if target.version == CURRENT_VERSION:
        # Only seen for temperature; top_p and top_k are refused too, in words not known.
        text = f"{name}: Extra inputs are not permitted" if name == "temperature" else None
        return Unavailable(f"API {CURRENT_VERSION} takes no {name}", text)
    if not model.takes_sampling and model.is_known and value != ONLY_VALUE.get(name):
        why = f"{model.name} takes only the default"
        return Unavailable(why, f"`{name}` is deprecated for this model.")
    refusal = _while_thinking(name, value, model) if thinks and model.takes_sampling else None
    return refusal or _one_of_two_only(name, model, beside_temperature)


def _while_thinking(name: str, value: float, model: Model) -> Unavailable | None:
    if name == "top_p":
        if value >= MIN_TOP_P_THINKING:
            return None
        return Unavailable(f"{model.name} takes {MIN_TOP_P_THINKING} to 1 while it thinks")
    if name == "temperature" and value == 1:
        return None
    text = "`temperature` may only be set to 1 when thinking is enabled."
    why = f"{model.name} takes only the default while it thinks"
    return Unavailable(why, text if name == "temperature" else None)


def _one_of_two_only(name: str, model: Model, beside_temperature: bool) -> Unavailable | None:
    if name != "top_p" or not beside_temperature or not model.takes_one_of_two:
        return None
    return Unavailable(f"{model.name} takes temperature or top_p, not both")


def effort_refusal(level: str, target: Target) -> Unavailable | None:
    """Why an effort level is refused; None: it is not."""
    levels = target.model.efforts
    if level in levels or target.is_foreign:
        return None
    if not levels:
        return Unavailable(f"{target.model.name} has no effort levels")
    return Unavailable(f"{target.model.name} has no effort {level}, only {', '.join(levels)}")


def thinking_refusal(kind: str, level: str | None, target: Target) -> Unavailable | None:
    """Why a thinking type ("adaptive", "enabled", "between_tools", "disabled") is refused at
    an effort; None: it is not."""
    model = target.model
    if kind in model.thinking_types:
        turns_off = kind in ("disabled", "between_tools")
        return _above_effort(level, model) if turns_off else None
    match kind:
        case "adaptive":
            text = "adaptive thinking is not supported on this model"
            return Unavailable(f"{model.name} thinks only with a budget", text)
        case "enabled":
            why = f"{model.name} takes no budget: use effort"
            return Unavailable(why, _INSTEAD.format(kind))
        case "between_tools":
            return Unavailable(f"{model.name} can't think only between tools")
    if "between_tools" in model.thinking_types:
        return Unavailable(f"{model.name} takes between_tools in its place")
    # Only models that always think were seen to say it in these words.
    is_seen = model.thinking_default == "always"
    why = f"thinking cannot be turned off on {model.name}"
    return Unavailable(why, _INSTEAD.format(kind) if is_seen else None)


def _above_effort(level: str | None, model: Model) -> Unavailable | None:
    highest = model.thinking_off_up_to
    # An effort that is not set is the default, which no model has above its limit.
    if highest is None or level not in EFFORTS or EFFORTS.index(level) <= EFFORTS.index(highest):
        return None
    return Unavailable(f"{model.name} always thinks above effort {highest}")
