"""What a request body says: its texts, and how many tokens they are."""

from collections.abc import Sequence

from playground.claude.demo.tokens import count_tokens
from playground.core.request.sent_blocks import last_text
from playground.core.request.tool_results import content_texts
from playground.core.text.json_text import JsonObject

Body = JsonObject
Turns = Sequence[tuple[str, str]]

TOKENS_PER_REQUEST = 4
TOKENS_PER_MESSAGE = 3
"""A conversation costs a few tokens beside its texts, as it does on real models."""


def text_of(content: object) -> str:
    """The text of a message's content, which is a string or a list of blocks."""
    return "\n\n".join(content_texts(content))


def system_of(body: Body) -> str:
    """The system prompt and the system messages within the conversation; may be empty."""
    system_turns = [
        text_of(message["content"]) for message in body["messages"] if message["role"] == "system"
    ]
    return "\n\n".join(filter(None, [text_of(body.get("system")), *system_turns]))


def turns_of(body: Body) -> Turns:
    """What user and assistant said, as pairs of role and text."""
    return [
        (message["role"], text_of(message["content"]))
        for message in body["messages"]
        if message["role"] != "system"
    ]


def prefill_of(body: Body) -> str | None:
    """The beginning of the answer, if the conversation ends with one. A last assistant turn that
    ends with a block other than text is no prefill: the API goes on from it."""
    turns = [message for message in body["messages"] if message["role"] != "system"]
    if not turns or turns[-1]["role"] != "assistant":
        return None
    content = turns[-1]["content"]
    return None if last_text(content) is None else text_of(content)


def input_tokens(body: Body) -> int:
    """How many tokens a prompt is billed for."""
    system, turns = system_of(body), turns_of(body)
    texts = [system, *(text for _, text in turns)]
    return (
        TOKENS_PER_REQUEST
        + TOKENS_PER_MESSAGE * len(body["messages"])
        + sum(count_tokens(text) for text in texts)
    )
