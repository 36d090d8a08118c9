"""Why the API refuses what stands in a body beside the parameters: messages, tools, a region.

A refusal is given in the API's own words only where somebody saw them. Sources: the
migration-2026-10-21, tool use and structured outputs pages of platform.claude.com, and published
answers of the API.
"""

from dataclasses import dataclass

from playground.core.request.model_catalogue import Model
from playground.core.request.request import CURRENT_VERSION
from playground.core.request.sent_blocks import last_text
from playground.core.text.json_text import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a value is refused: in our words, and in the API's own where they are known."""

    why: str
    text: str | None = None

    @property
    def answer(self) -> str:
        """What to expect of the API, as the end of a sentence."""
        reason = f"“{self.text}”" if self.text else f"{self.why}."
        return f"the API rejects it: {reason}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where values go. Of a model that is foreign, on another's server, nothing is known."""

    model: Model
    version: str
    is_foreign: bool = False


_FILLS_CACHE = Unavailable("with max_tokens 0 there is no answer")


def body_refusals(
    body: JsonObject, target: Target, *, thinks: bool, asks_to_think: bool
) -> dict[str, Unavailable | None]:
    """Why the API refuses fields of a body, by their names; None: it does not. `thinks`: the model
    will think; `asks_to_think`: the body says so."""
    model = target.model
    return {
        "output_config": _format_refusal(body),
        "messages": _messages_refusal(body, target, thinks=thinks),
        "tool_choice": _tool_choice_refusal(body, model, asks_to_think=asks_to_think),
        "inference_geo": _geo_refusal(body, model),
        "speed": _speed_refusal(body, model),
        "stream": _FILLS_CACHE if fills_cache(body) and body.get("stream") else None,
    }


def fills_cache(body: JsonObject) -> bool:
    """Whether a request asks for no answer but for its prompt to be cached."""
    # Not isinstance: false is an int to Python, and equals 0.
    return type(body.get("max_tokens")) is int and body["max_tokens"] == 0


def _messages_refusal(body: JsonObject, target: Target, *, thinks: bool) -> Unavailable | None:
    messages = body.get("messages")
    turns = messages if isinstance(messages, list) else []
    if not target.model.takes_system_turns and any(_role(turn) == "system" for turn in turns):
        return Unavailable(f"{target.model.name} takes no system messages within the conversation")
    blocks = [(_role(turn), block) for turn in turns for block in _blocks(turn)]
    # What the current version refuses since it came (migration page).
    if target.version == CURRENT_VERSION:
        if any(role == "assistant" and block.get("type") == "document" for role, block in blocks):
            return Unavailable(f"API {CURRENT_VERSION} takes no documents from the assistant")
        texts = [block for role, block in blocks if role == "user" and block.get("type") == "text"]
        if any(block.get("citations") for block in texts):
            return Unavailable(f"API {CURRENT_VERSION} takes no citations in the user's texts")
    prefill = _prefill_of(body)
    return None if prefill is None else prefill_refusal(prefill, target, thinks=thinks)


def _role(turn: Json) -> Json:
    return turn.get("role") if isinstance(turn, dict) else None


def _blocks(turn: Json) -> list[JsonObject]:
    content = turn.get("content") if isinstance(turn, dict) else None
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if isinstance(block, dict)]


def _prefill_of(body: JsonObject) -> str | None:
    """The beginning of an answer with which the messages of a body end; None: there is none."""
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "assistant":
        return None
    return last_text(last.get("content"))


def _format_refusal(body: JsonObject) -> Unavailable | None:
    config = body.get("output_config")
    if not isinstance(config, dict) or not config.get("format"):
        return None
    if fills_cache(body):
        return _FILLS_CACHE
    return (
        None if _prefill_of(body) is None else Unavailable("a prefill can't be used with a format")
    )


def _tool_choice_refusal(
    body: JsonObject, model: Model, *, asks_to_think: bool
) -> Unavailable | None:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") not in ("any", "tool"):
        return None
    if not model.takes_forced_tools:
        return Unavailable(f"{model.name} cannot be made to call a tool")
    if fills_cache(body):
        return _FILLS_CACHE
    # Known only of thinking that was asked for, not of a model's own.
    if asks_to_think:
        text = "Thinking may not be enabled when tool_choice forces tool use."
        return Unavailable(f"{model.name} cannot be made to call a tool while it thinks", text)
    return None


def _geo_refusal(body: JsonObject, model: Model) -> Unavailable | None:
    if body.get("inference_geo") != "us" or model.takes_inference_geo:
        return None
    return Unavailable(f"{model.name} cannot be tied to a region")


def _speed_refusal(body: JsonObject, model: Model) -> Unavailable | None:
    if body.get("speed") != "fast" or model.takes_fast:
        return None
    return Unavailable(f"{model.name} has no fast answers")


def prefill_refusal(prefill: str, target: Target, *, thinks: bool) -> Unavailable | None:
    """Why a last message from the assistant is refused; None: it is not."""
    if not target.model.takes_prefill:
        text = (
            "This model does not support assistant message prefill."
            " The conversation must end with a user message."
        )
        return Unavailable(f"{target.model.name} takes no prefill", text)
    if thinks and "adaptive" not in target.model.thinking_types:
        return Unavailable(f"{target.model.name} takes no prefill while it thinks")
    if prefill != prefill.rstrip() and not target.is_foreign:
        text = "messages: final assistant content cannot end with trailing whitespace"
        return Unavailable("a prefill must not end with a space", text)
    return None
