"""The nouns of a call: messages, a prompt, parameters, a request. Frozen values.

They know nothing of where they are kept, shown or sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

from playground.core.request.extra_json import Extra, read_extra

Role = Literal["user", "assistant", "system"]
ROLES: tuple[Role, ...] = get_args(Role)
Thinking = Literal["default", "adaptive", "budget", "between_tools", "off"]
ThinkingDisplay = Literal["default", "summarized", "omitted"]
Cache = Literal["off", "5m", "1h"]
ServiceTier = Literal["default", "auto", "standard_only"]
ApiVersion = Literal["auto", "2023-06-01", "2026-10-21"]

EFFORTS = ("low", "medium", "high", "xhigh", "max")
MOST_STOPS = 100
"""Stop sequences of one variant."""
MIN_THINKING_BUDGET_TOKENS = 1024
"""The smallest `thinking.budget_tokens` the API takes; it must be below `max_tokens`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt (empty: none is sent) and the messages, oldest first."""

    system: str
    messages: tuple[Message, ...]

    @property
    def is_prefilled(self) -> bool:
        """Whether the conversation ends with the beginning of the answer."""
        return bool(self.messages) and self.messages[-1].role == "assistant"

    def continued(self, answer: str) -> "Prompt":
        """The conversation with its answer, and an empty turn for what the user says next."""
        messages = self.messages
        if self.is_prefilled:
            messages, answer = messages[:-1], messages[-1].text + answer
        turns = (*messages, Message("assistant", answer), Message("user", ""))
        return Prompt(self.system, turns)


@dataclass(frozen=True)
class Params:
    """The parameters as chosen. None, "default" and "off" of `cache` mean: not sent.

    With `api_version` "auto" only what the API accepts is sent; with a version chosen,
    everything that was set, so that the API's refusal can be seen. `extra_json` is an
    object, merged shallowly into the body, where it wins.
    """

    model: str
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    effort: str | None = None
    thinking: Thinking = "default"
    thinking_budget_tokens: int | None = None
    thinking_display: ThinkingDisplay = "default"
    stop_sequences: tuple[str, ...] = ()
    cache: Cache = "off"
    service_tier: ServiceTier = "default"
    api_version: ApiVersion = "auto"
    extra_json: str = ""

    @cached_property
    def extra(self) -> Extra:
        """The extra JSON, parsed once."""
        return read_extra(self.extra_json)

    def swept(self, values: Mapping[str, Any]) -> "Params":
        """These parameters with other values; extra JSON that stays is not parsed again."""
        changed = replace(self, **values)
        if changed.extra_json == self.extra_json:
            vars(changed)["extra"] = self.extra
        return changed


@dataclass(frozen=True, slots=True)
class Request:
    """Everything a person asked for in one run."""

    prompt: Prompt
    params: Params
