"""A request and a connection become exactly the headers and the body that go out.

Each parameter carries a reason: sent, left at its default, or unavailable. Sources:
the API's versioning, migration-2026-10-21, effort and thinking pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from playground.core import catalogue
from playground.core.catalogue import Model
from playground.core.connection import Connection
from playground.core.request import EFFORTS, MIN_THINKING_BUDGET_TOKENS, Params, Request

SAMPLING_VERSION = "2023-06-01"
"""The last API version under which any model takes a temperature."""
CURRENT_VERSION = "2026-10-21"
"""The version SDK 2 sends; it refuses temperature, top_p and top_k on every model."""

State = Literal["sent", "default", "unavailable"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one parameter, and why in one line."""

    parameter: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes out, without the key."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    decisions: tuple[Decision, ...]

    def decision(self, parameter: str) -> Decision:
        return next(d for d in self.decisions if d.parameter == parameter)

    def parameters(self) -> dict[str, Any]:
        """The parameters as sent: the body without the texts."""
        return {k: v for k, v in self.body.items() if k not in ("messages", "system", "stream")}


def model_on(connection: Connection, model_id: str, models: tuple[Model, ...] = ()) -> Model:
    """The model behind an id: the account's own list, the catalogue, or an unknown one."""
    listed = next((model for model in models if model.id == model_id), None)
    found = listed or catalogue.find(model_id) or catalogue.unknown(model_id)
    if connection.kind == "server" and not found.is_known:
        # Whatever it is, it takes what such servers take; the server says so if not.
        return replace(found, takes_sampling=True, efforts=EFFORTS)
    return found


def wire(request: Request, model: Model, connection: Connection) -> Wire:
    """Build the call. Nothing is altered silently: every parameter has a decision."""
    params = request.params
    body: dict[str, Any] = {
        "max_tokens": params.max_tokens,
        "messages": [{"content": m.text, "role": m.role} for m in request.prompt.messages],
        "model": params.model,
    }
    decisions = [Decision("max_tokens", "sent", "The API requires it.")]
    effort = _effort(params, model)
    thinking, thinks = _thinking(params, model)
    temperature = _temperature(params, model, thinks)
    stop = _stop_sequences(params)
    decisions += [temperature, effort, thinking, stop]
    if effort.state == "sent":
        body["output_config"] = {"effort": params.effort}
    if stop.state == "sent":
        body["stop_sequences"] = list(params.stop_sequences)
    body["stream"] = True
    if request.prompt.system.strip():
        body["system"] = request.prompt.system
    if thinking.state == "sent":
        body["thinking"] = _thinking_block(params, model)
    if temperature.state == "sent":
        body["temperature"] = params.temperature
    version = _version(temperature, model, connection)
    return Wire({"anthropic-version": version}, body, tuple(decisions))


def _version(temperature: Decision, model: Model, connection: Connection) -> str:
    if temperature.state == "sent":
        return SAMPLING_VERSION
    # Servers that imitate the API were written against the version all clients sent.
    if connection.kind == "server" and not model.is_known:
        return SAMPLING_VERSION
    return CURRENT_VERSION


def _temperature(params: Params, model: Model, thinks: bool) -> Decision:
    name = "temperature"
    if not model.takes_sampling or thinks:
        return Decision(name, "unavailable", _no_sampling(model, thinks))
    if params.temperature is None:
        return Decision(name, "default", "Temperature is not sent: the model's default is 1.")
    why = f"Sent with API {SAMPLING_VERSION}"
    if not model.is_known:
        return Decision(name, "sent", why + ".")
    return Decision(name, "sent", why + f"; {CURRENT_VERSION} refuses it.")


def _no_sampling(model: Model, thinks: bool) -> str:
    if model.takes_sampling and thinks:
        return f"Temperature is not sent: {model.name} takes only the default while it thinks."
    if model.efforts and model.is_known:
        return f"Temperature is not sent: {model.name} takes only the default; use effort."
    return f"Temperature is not sent: nothing says that {model.name} takes one."


def _effort(params: Params, model: Model) -> Decision:
    name = "effort"
    if not model.efforts:
        return Decision(name, "unavailable", f"Not sent: {model.name} has no effort levels.")
    if params.effort is None:
        default = f"the default is {model.default_effort}" if model.default_effort else ""
        return Decision(name, "default", f"Not sent: {default or 'the API decides'}.")
    if params.effort not in model.efforts:
        levels = ", ".join(model.efforts)
        why = f"Not sent: {model.name} has no effort {params.effort}, only {levels}."
        return Decision(name, "unavailable", why)
    return Decision(name, "sent", "Sent in output_config.")


def _thinking(params: Params, model: Model) -> tuple[Decision, bool]:
    """What becomes of thinking, and whether the model will think."""
    name = "thinking"
    by_default = model.thinking_default != "off"
    if params.thinking == "default":
        state = {"on": "on", "off": "off", "always": "always on"}[model.thinking_default]
        if not model.is_known:
            return Decision(name, "default", "Not sent: the API decides."), False
        return Decision(name, "default", f"Not sent: thinking is {state} by default."), by_default
    if params.thinking != "off":
        kind = "adaptive" if params.thinking == "adaptive" else "enabled"
        if kind not in model.thinking_types:
            why = f"Not sent: {model.name} takes no {params.thinking} thinking."
            return Decision(name, "unavailable", why), by_default
        return Decision(name, "sent", "Sent."), True
    if "disabled" not in model.thinking_types:
        why = f"Not sent: thinking cannot be turned off on {model.name}."
        return Decision(name, "unavailable", why), True
    if _too_much_effort(params, model):
        why = f"Not sent: {model.name} always thinks above effort {model.thinking_off_up_to}."
        return Decision(name, "unavailable", why), True
    return Decision(name, "sent", "Sent: thinking is turned off."), False


def _too_much_effort(params: Params, model: Model) -> bool:
    if model.thinking_off_up_to is None or params.effort not in EFFORTS:
        return False
    return EFFORTS.index(params.effort) > EFFORTS.index(model.thinking_off_up_to)


def _thinking_block(params: Params, model: Model) -> dict[str, Any]:
    if params.thinking == "off":
        return {"type": "disabled"}
    block: dict[str, Any] = {"type": "adaptive"}
    if params.thinking == "budget":
        budget = params.thinking_budget_tokens
        block = {"type": "enabled", "budget_tokens": budget or MIN_THINKING_BUDGET_TOKENS}
    if params.thinking_display != "default":
        block["display"] = params.thinking_display
    return block


def _stop_sequences(params: Params) -> Decision:
    if params.stop_sequences:
        return Decision("stop_sequences", "sent", "The answer ends before the first of them.")
    return Decision("stop_sequences", "default", "Not sent: none are set.")
