"""What the API refuses for a model under an API version, and in which words.

Words are quoted only where somebody saw them: the deprecations, errors and thinking pages
of platform.claude.com, and published answers of the API. The rest says it is not known.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playground.core.request.model_catalogue import Model
from playground.core.request.request import EFFORTS

SAMPLING_VERSION = "2023-06-01"
"""The last API version under which any model takes a temperature."""
CURRENT_VERSION = "2026-10-21"
"""The version SDK 2 sends; it refuses temperature, top_p and top_k on every model."""
SAMPLING = ("temperature", "top_p", "top_k")
ONLY_VALUE = {"temperature": 1.0, "top_p": 0.99}
"""What models without sampling still take under the older version: their own default."""
LEAST_TOP_P_THINKING = 0.95
NAMES = {"temperature": "Temperature", "top_p": "top_p", "top_k": "top_k"}
_INSTEAD = (
    '"thinking.type.{}" is not supported for this model. Use "thinking.type.adaptive" and'
    ' "output_config.effort" to control thinking behavior.'
)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a value is refused: in our words, and in the API's own where they are known."""

    why: str
    text: str | None = None

    @property
    def answer(self) -> str:
        """What to expect of the API, as the end of a sentence."""
        reason = f"“{self.text}”" if self.text else f"{self.why}."
        return f"the API refuses it: {reason}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where values go. Of a model that is foreign, on another's server, nothing is known."""

    model: Model
    version: str
    is_foreign: bool = False


def sampling(
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
    if not model.takes_sampling:
        if not model.is_known or value == ONLY_VALUE.get(name):
            return _beside(name, model, beside_temperature)
        why = f"{model.name} takes only the default"
        return Unavailable(why, f"`{name}` is deprecated for this model.")
    if thinks:
        return _while_thinking(name, value, model) or _beside(name, model, beside_temperature)
    return _beside(name, model, beside_temperature)


def _while_thinking(name: str, value: float, model: Model) -> Unavailable | None:
    if name == "top_p":
        if value >= LEAST_TOP_P_THINKING:
            return None
        return Unavailable(f"{model.name} takes {LEAST_TOP_P_THINKING} to 1 while it thinks")
    if name == "temperature" and value == 1:
        return None
    text = "`temperature` may only be set to 1 when thinking is enabled."
    why = f"{model.name} takes only the default while it thinks"
    return Unavailable(why, text if name == "temperature" else None)


def _beside(name: str, model: Model, beside_temperature: bool) -> Unavailable | None:
    if name != "top_p" or not beside_temperature or not model.takes_one_of_two:
        return None
    return Unavailable(f"{model.name} takes temperature or top_p, not both")


def effort(level: str, target: Target) -> Unavailable | None:
    """Why an effort level is refused; None: it is not."""
    levels = target.model.efforts
    if level in levels:
        return None
    if not levels:
        return Unavailable(f"{target.model.name} has no effort levels")
    return Unavailable(f"{target.model.name} has no effort {level}, only {', '.join(levels)}")


def thinking(kind: str, level: str | None, target: Target) -> Unavailable | None:
    """Why a thinking type ("adaptive", "enabled", "between_tools", "disabled") is refused at
    an effort; None: it is not."""
    return _THINKING[kind](level, target.model)


def _adaptive(_level: str | None, model: Model) -> Unavailable | None:
    if "adaptive" in model.thinking_types:
        return None
    text = "adaptive thinking is not supported on this model"
    return Unavailable(f"{model.name} thinks only with a budget", text)


def _enabled(_level: str | None, model: Model) -> Unavailable | None:
    if "enabled" in model.thinking_types:
        return None
    return Unavailable(f"{model.name} takes no budget: use effort", _INSTEAD.format("enabled"))


def _disabled(level: str | None, model: Model) -> Unavailable | None:
    if "disabled" not in model.thinking_types:
        if "between_tools" in model.thinking_types:
            return Unavailable(f"{model.name} takes between_tools in its place")
        # Only models that always think were seen to say it in these words.
        is_seen = model.thinking_default == "always"
        text = _INSTEAD.format("disabled") if is_seen else None
        return Unavailable(f"thinking cannot be turned off on {model.name}", text)
    return _above_effort(level, model)


def _between_tools(level: str | None, model: Model) -> Unavailable | None:
    if "between_tools" not in model.thinking_types:
        return Unavailable(f"{model.name} does not take thinking between tools alone")
    return _above_effort(level, model)


def _above_effort(level: str | None, model: Model) -> Unavailable | None:
    highest = model.thinking_off_up_to
    # An effort that is not set is the default, which no model has above its limit.
    if highest is None or level not in EFFORTS or EFFORTS.index(level) <= EFFORTS.index(highest):
        return None
    return Unavailable(f"{model.name} always thinks above effort {highest}")


_THINKING: dict[str, Callable[[str | None, Model], Unavailable | None]] = {
    "adaptive": _adaptive,
    "enabled": _enabled,
    "between_tools": _between_tools,
    "disabled": _disabled,
}


def prefill(target: Target, *, thinks: bool) -> Unavailable | None:
    """Why a last message from the assistant is refused; None: it is not."""
    if not target.model.takes_prefill:
        text = (
            "This model does not support assistant message prefill."
            " The conversation must end with a user message."
        )
        return Unavailable(f"{target.model.name} takes no prefill", text)
    if thinks and "adaptive" not in target.model.thinking_types:
        return Unavailable(f"{target.model.name} takes no prefill while it thinks")
    return None
