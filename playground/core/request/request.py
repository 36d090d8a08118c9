"""The nouns of a call: messages, a prompt, parameters, a request. Frozen values.

They know nothing of where they are kept, shown or sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

from playground.core.request.extra_json import Extra, read_extra
from playground.core.request.sent_blocks import read_blocks, texts_in, write_blocks

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
    """One turn of the conversation: its text, and before that the content blocks of an answer
    that go back as they came, as JSON (sent_blocks.py); empty: none."""

    role: Role
    text: str
    blocks_json: str = ""

    @property
    def content(self) -> str | list[dict[str, Any]]:
        """What is sent. Beside blocks a text without a letter is none: the API refuses it."""
        if not self.blocks_json:
            return self.text
        return [*read_blocks(self.blocks_json), *self._text_block()]

    @property
    def whole(self) -> str:
        """All of it in one text, to be read, searched and measured."""
        return "\n".join(filter(None, (self.blocks_json, self.text)))

    @property
    def is_empty(self) -> bool:
        return not self.blocks_json and not self.text.strip()

    def without_blocks(self) -> "Message":
        """The same with nothing but text."""
        if not self.blocks_json:
            return self
        texts = texts_in(self.blocks_json), self.text
        return Message(self.role, "\n\n".join(filter(None, texts)))

    def joined(self, later: "Message", between: str = "") -> "Message":
        """This turn and a later one of the same role as one turn."""
        if not later.blocks_json:
            return replace(self, text=f"{self.text}{between if self.text else ''}{later.text}")
        before = read_blocks(self.blocks_json) if self.blocks_json else []
        # What was typed becomes a block, or it would go out behind the blocks that follow it.
        blocks = [*before, *self._text_block(), *read_blocks(later.blocks_json)]
        return Message(self.role, later.text, write_blocks(blocks))

    def _text_block(self) -> list[dict[str, Any]]:
        return [{"type": "text", "text": self.text}] if self.text.strip() else []


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt (empty: none is sent) and the messages, oldest first."""

    system: str
    messages: tuple[Message, ...]

    @property
    def is_prefilled(self) -> bool:
        """Whether the conversation ends with the beginning of the answer; an answer's blocks
        are its end, or a turn that the API goes on with."""
        last = self.messages[-1:]
        return any(
            message.role == "assistant" and not (message.blocks_json and not message.text.strip())
            for message in last
        )

    def continued(self, answer: str, blocks_json: str = "", *, is_over: bool = True) -> "Prompt":
        """The conversation with its answer and, where that is over, an empty turn for what the
        user says next."""
        messages, turn = self.messages, Message("assistant", answer, blocks_json)
        if messages and messages[-1].role == "assistant":
            # A prefill is the beginning of its answer: the two are one turn.
            messages, turn = messages[:-1], messages[-1].joined(turn)
        following = (Message("user", ""),) if is_over else ()
        return Prompt(self.system, (*messages, turn, *following))


# No slots: a cached property needs the `__dict__`.
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
            # Where the cached property keeps its value; a frozen class takes no assignment.
            vars(changed)["extra"] = self.extra
        return changed


@dataclass(frozen=True, slots=True)
class Request:
    """Everything a person asked for in one run."""

    prompt: Prompt
    params: Params
