"""A request of OpenAI's Responses API as a request of the editor."""

from typing import Final

from playground.core.importing.import_result import (
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
    texts_of,
)
from playground.core.importing.messages_body import of_messages_api
from playground.core.importing.openai_body import INSTEAD, SAME, conversation
from playground.core.request.request import EFFORTS
from playground.core.text.json_text import Json

SOURCE: Final = "OpenAI response request"
_TAKEN: Final = (*SAME, "input", "instructions", "max_output_tokens")


def is_responses(call: Call) -> bool:
    """Whether a body is meant for the Responses API."""
    is_named = "/v1/responses" in call.url or "input" in call.body
    return is_named and "messages" not in call.body


def of_responses(call: Call) -> Imported:
    """The request that says the same. Raises `ImportingError`."""
    left_out = list(call.left_out)
    # Null stands there for what is not set.
    asked = {name: value for name, value in call.body.items() if value is not None}
    body: dict[str, Json] = {name: asked[name] for name in SAME if name in asked}
    if "max_output_tokens" in asked:
        body["max_tokens"] = asked["max_output_tokens"]
    system, body["messages"] = conversation(_messages(asked.get("input")), left_out)
    instructions = texts_of(asked.get("instructions"), "instructions", left_out)
    body["system"] = "\n\n".join(filter(None, (instructions, system)))
    if instructions and system:
        left_out.append(LeftOut("system", "Its instructions and messages become one prompt."))
    rest = {name: asked[name] for name in asked if name not in _TAKEN}
    match rest.get("reasoning"):
        case {"effort": effort, **others} if effort in EFFORTS and not others:
            body["output_config"] = {"effort": effort}
            del rest["reasoning"]
    for name in rest:
        left_out.append(LeftOut(short(str(name)), INSTEAD.get(name, "Not in the Messages API.")))
    return of_messages_api(Call(body, {}, call.url, tuple(left_out)), SOURCE)


def _messages(found: object) -> list[Json]:
    if isinstance(found, str):
        return [{"role": "user", "content": found}]
    if not isinstance(found, list):
        raise ImportingError("Its input is neither a text nor a list.")
    return found
