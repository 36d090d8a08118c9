"""What becomes of each parameter that a person may set: sent or not, and why in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from playground.core.request.model_catalogue import Model
from playground.core.request.request import (
    MIN_THINKING_BUDGET_TOKENS,
    Params,
    Prompt,
    Request,
    Thinking,
)
from playground.core.wire import refusals
from playground.core.wire.refusals import NAMES, SAMPLING_VERSION, Target, Unavailable

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
_MAX_TOKENS = {0: "0 only fills the prompt cache: no answer is written."}
_BY_DEFAULT = {"on": "on", "off": "off", "always": "always on"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one parameter. `refusal`: sent all the same, the API will refuse it."""

    parameter: str
    state: State
    why: str
    refusal: Unavailable | None = None


@dataclass(frozen=True, slots=True)
class Asked:
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


def asked_of(params: Params, model: Model, *, is_foreign: bool) -> Asked:
    """Automatically, sampling goes out under the one version that has it."""
    version = SAMPLING_VERSION if params.api_version == "auto" else params.api_version
    return Asked(params, Target(model, version, is_foreign))


def decide(request: Request, asked: Asked) -> tuple[Decision, ...]:
    """A decision about every parameter of a request."""
    # Decided first: whether the model thinks limits sampling, budget, display and prefill.
    thinking = _thinking(asked)
    thinks = _thinks(asked, thinking)
    return (
        Decision("model", "sent", REQUIRED),
        Decision("max_tokens", "sent", _MAX_TOKENS.get(request.params.max_tokens, REQUIRED)),
        *(_sampling(name, asked, thinks=thinks) for name in refusals.SAMPLING),
        _effort(asked),
        thinking,
        _budget(asked, thinking),
        _display(asked, thinking),
        _stop_sequences(asked.params),
        _prefill(request.prompt, asked, thinks=thinks),
        _cache(asked.params),
        _service_tier(asked.params),
        Decision("stream", "sent", "The answer is shown while it is written."),
    )


def _sampling(name: str, asked: Asked, *, thinks: bool) -> Decision:
    value = getattr(asked.params, name)
    model = asked.model
    # While a model thinks, top_p keeps a range (0.95 to 1); temperature and top_k have none.
    takes_default_only = not model.takes_sampling or (thinks and name != "top_p")
    if takes_default_only and not asked.insists:
        why = f"{NAMES[name]} is not sent: {_no_sampling(name, model)}."
        return Decision(name, "unavailable", why)
    # Only now: an empty field that the model does not take is disabled, and says why.
    if value is None:
        default = ": the model's default is 1" if name == "temperature" else ""
        return Decision(name, "default", f"{NAMES[name]} is not sent{default}.")
    # While it thinks the temperature stays behind, and top_p goes out alone.
    beside = asked.params.temperature is not None and not (thinks and not asked.insists)
    refusal = refusals.sampling(name, value, asked.target, thinks=thinks, beside_temperature=beside)
    subject = "Sent" if name == "temperature" else f"{name} is sent"
    why = f"{subject} under API version {asked.target.version}"
    refuses = f"; the current version no longer accepts {name}" if model.is_known else ""
    return asked.decide(name, refusal, f"{why}{'' if asked.insists else refuses}.")


def _no_sampling(name: str, model: Model) -> str:
    if model.takes_sampling:
        return f"{model.name} takes only the default while it thinks"
    if not model.is_known:
        return f"nothing says that {model.name} takes one"
    instead = "; use effort" if model.efforts and name == "temperature" else ""
    return f"{model.name} takes only the default{instead}"


def _effort(asked: Asked) -> Decision:
    name, model = "effort", asked.model
    level = asked.params.effort
    if level is None:
        if not model.efforts and not asked.insists:
            return Decision(name, "unavailable", f"Not sent: {model.name} has no effort levels.")
        default = f"the default is {model.default_effort}" if model.default_effort else ""
        return Decision(name, "default", f"Not sent: {default or 'the API decides'}.")
    return asked.decide(
        name, refusals.effort(level, asked.target), "Effort is sent, in output_config."
    )


def _thinking(asked: Asked) -> Decision:
    name, params, model = "thinking", asked.params, asked.model
    if params.thinking == "default":
        if not model.is_known:
            return Decision(name, "default", "Not sent: the API decides.")
        state = _BY_DEFAULT[model.thinking_default]
        return Decision(name, "default", f"Not sent: thinking is {state} by default.")
    kind = THINKING_TYPES[params.thinking]
    refusal = refusals.thinking(kind, params.effort, asked.target)
    why = {
        "disabled": "it is turned off",
        "between_tools": "it is turned off but between tool calls",
    }.get(kind, "it is billed as output")
    return asked.decide(name, refusal, f"Thinking is sent: {why}.")


def _thinks(asked: Asked, decision: Decision) -> bool:
    """Whether the model will think, as far as that is known."""
    if decision.state == "sent":
        return asked.params.thinking not in NO_THINKING
    return asked.model.is_known and asked.model.thinking_default != "off"


def _budget(asked: Asked, thinking: Decision) -> Decision:
    name, budget = "thinking_budget_tokens", asked.params.thinking_budget_tokens
    is_sent = asked.params.thinking == "budget" and thinking.state == "sent"
    if is_sent and not budget:
        least = f"{MIN_THINKING_BUDGET_TOKENS:,}"
        return Decision(name, "sent", f"None was entered: the smallest budget, {least}, is sent.")
    if is_sent:
        return Decision(name, "sent", "The budget is sent; it must be below max_tokens.")
    if "enabled" not in asked.model.thinking_types and not asked.insists:
        return Decision(name, "unavailable", f"Not sent: {asked.model.name} takes no budget.")
    if budget is None:
        return Decision(name, "default", "Not sent.")
    return Decision(name, "unavailable", "The budget is not sent: it needs thinking with a budget.")


def _display(asked: Asked, thinking: Decision) -> Decision:
    name, display = "thinking_display", asked.params.thinking_display
    if display == "default":
        # No list of models tells this default: the models that take a budget show their thinking.
        shown = "shown" if "enabled" in asked.model.thinking_types else "hidden"
        why = f"Not sent: the thinking is {shown} by default." if asked.model.is_known else ""
        return Decision(name, "default", why or "Not sent: the API decides.")
    if thinking.state != "sent" or asked.params.thinking in NO_THINKING:
        return Decision(
            name, "unavailable", "The display is not sent: it needs thinking adaptive or a budget."
        )
    shown = "a summary is shown" if display == "summarized" else "its text is left out"
    return Decision(name, "sent", f"The display is sent: {shown}, all of it is billed.")


def _stop_sequences(params: Params) -> Decision:
    if params.stop_sequences:
        return Decision("stop_sequences", "sent", "The answer ends before the first of them.")
    return Decision("stop_sequences", "default", "Not sent: none are set.")


def _prefill(prompt: Prompt, asked: Asked, *, thinks: bool) -> Decision:
    if not prompt.is_prefilled:
        return Decision("prefill", "default", "None: no answer is begun.")
    refusal = refusals.prefill(asked.target, thinks=thinks)
    return asked.decide("prefill", refusal, "The answer continues the last message.")


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
