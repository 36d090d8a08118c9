"""The nouns of a call: messages, a prompt, parameters, a request. Frozen values.

They know nothing of where they are kept, shown or sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from playground.core.request.body_shapes import Role
from playground.core.request.extra_json import Extra, read_extra
from playground.core.request.model_catalogue import EFFORT_5
from playground.core.request.sent_blocks import last_text, read_blocks, texts_in, write_blocks
from playground.core.request.tool_results import result_block
from playground.core.text.json_text import JsonObject

Thinking = Literal["default", "adaptive", "budget", "between_tools", "off"]
ThinkingDisplay = Literal["default", "summarized", "omitted"]
Cache = Literal["off", "5m", "1h"]
ServiceTier = Literal["default", "auto", "standard_only"]
ApiVersion = Literal["auto", "2023-06-01", "2026-10-21"]
SAMPLING_VERSION: Final = "2023-06-01"
"""The last API version under which any model takes a temperature."""
CURRENT_VERSION: Final = "2026-10-21"
"""The version SDK 2 sends; it refuses temperature, top_p and top_k on every model."""

EFFORTS = EFFORT_5
MAX_STOPS = 100
"""Stop sequences of one variant."""
MIN_THINKING_BUDGET_TOKENS = 1024
"""The smallest `thinking.budget_tokens` the API takes; it must be below `max_tokens`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation: its text, and before that the content blocks of an answer
    that go back as they came, as JSON (sent_blocks.py); empty: none. `result_of`: the id of the
    tool call whose result this is, a user's turn; empty: of none."""

    role: Role
    text: str
    blocks_json: str = ""
    result_of: str = ""

    @property
    def content(self) -> str | list[dict[str, Any]]:
        """What is sent. Beside blocks a text without a letter is none: the API refuses it."""
        if self.result_of:
            return [result_block(self.result_of, self.text)]
        if not self.blocks_json:
            return self.text
        return [*read_blocks(self.blocks_json), *self.text_block()]

    @property
    def whole(self) -> str:
        """All of it in one text, to be read, searched and measured."""
        result_json = write_blocks([result_block(self.result_of, "")]) if self.result_of else ""
        return "\n".join(filter(None, (self.blocks_json, result_json, self.text)))

    @property
    def is_empty(self) -> bool:
        return not self.blocks_json and not self.result_of and not self.text.strip()

    def is_sent_with(self, before: "Message") -> bool:
        """Whether it goes out in one turn with the message before it: results of tools do, and
        the text behind them."""
        if not before.result_of or self.role != "user":
            return False
        return bool(self.result_of or self.text.strip())

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
        blocks = [*before, *self.text_block(), *read_blocks(later.blocks_json)]
        return Message(self.role, later.text, write_blocks(blocks))

    def text_block(self) -> list[dict[str, Any]]:
        """Its text as it stands beside blocks."""
        return [{"type": "text", "text": self.text}] if self.text.strip() else []


@dataclass(frozen=True, slots=True)
class Prompt:
    """The system prompt (empty: none is sent) and the messages, oldest first."""

    system: str
    messages: tuple[Message, ...]

    @property
    def turns(self) -> list[JsonObject]:
        """The messages as a body has them."""
        turns: list[dict[str, Any]] = []
        for at, message in enumerate(self.messages):
            content = message.content
            if at and message.is_sent_with(self.messages[at - 1]):
                turns[-1]["content"] += message.text_block() if content is message.text else content
            else:
                turns.append({"role": message.role, "content": content})
        return [*turns]

    @property
    def contents(self) -> list[JsonObject]:
        """What each message sends, by itself."""
        return [{"role": message.role, "content": message.content} for message in self.messages]

    def as_typed(self) -> "Prompt":
        """The prompt as the editor's fields for text hold and show it."""
        messages = (
            replace(message, text=with_typed_breaks(message.text)) for message in self.messages
        )
        return Prompt(with_typed_breaks(self.system), tuple(messages))

    @property
    def prefill(self) -> str | None:
        """The beginning of the answer with which the conversation ends; None: there is none.
        After a last block that is no text the API goes on with the turn."""
        last = self.messages[-1] if self.messages else None
        return last_text(last.content) if last and last.role == "assistant" else None

    @property
    def is_prefilled(self) -> bool:
        return self.prefill is not None

    def continued(
        self, answer: str, blocks_json: str, following: "tuple[Message, ...]"
    ) -> "Prompt":
        """The conversation with its answer, and the messages that follow."""
        messages, turn = self.messages, Message("assistant", answer, blocks_json)
        if messages and messages[-1].role == "assistant":
            # A prefill is the beginning of its answer: the two are one turn.
            messages, turn = messages[:-1], messages[-1].joined(turn)
        return Prompt(self.system, (*messages, turn, *following))


def with_typed_breaks(text: str) -> str:
    """The text as a field for text holds and shows it: there each line break is a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_line(text: str) -> bool:
    """Whether a field that holds one a line shows this as one."""
    return bool(text) and "\n" not in with_typed_breaks(text)


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

    def with_values(self, values: Mapping[str, Any]) -> "Params":
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
