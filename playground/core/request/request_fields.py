"""A request as JSON has it, and read back with one error for whatever is wrong."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final, get_type_hints

from playground.core.request.body_shapes import ROLES
from playground.core.request.model_catalogue import MODEL_ID, is_model_id
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.request.sent_blocks import BlocksError, read_blocks
from playground.core.text.json_text import Json, is_of_type

MAX_MESSAGES: Final = 200
_ALWAYS: Final = ("role", "text")
_BLOCKS: Final = "blocks_json"
_RESULT: Final = "result_of"
_PARAMS: Final = get_type_hints(Params)


class FieldsError(ValueError):
    """Why some JSON cannot be used; its text can be shown."""


def request_to_fields(request: Request) -> dict[str, Json]:
    """The request without what is at its default."""
    params = asdict(request.params)
    left_out = asdict(Params(request.params.model, request.params.max_tokens))
    # These two stay whatever they are: without them a request is not read back.
    for name in set(params) - {"model", "max_tokens"}:
        if params[name] == left_out[name]:
            del params[name]
    return {
        "system": request.prompt.system,
        "messages": [_message_fields(message) for message in request.prompt.messages],
        "params": params,
    }


def request_from_fields(found: object) -> Request:
    """The request that JSON has. Raises `FieldsError`."""
    # Refused, not skipped: a field of a newer edition would be lost without a word.
    if not isinstance(found, dict) or set(found) != {"system", "messages", "params"}:
        raise FieldsError("A request must have system, messages and params.")
    messages = found["messages"]
    if not isinstance(messages, list) or len(messages) > MAX_MESSAGES:
        raise FieldsError(f"The messages must be a list of at most {MAX_MESSAGES}.")
    system = text_of(found["system"], "system")
    return Request(Prompt(system, tuple(map(_message, messages))), _params(found["params"]))


def text_of(value: object, name: str) -> str:
    """A text that can be sent and stored. Raises `FieldsError`."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise FieldsError(f"{name} contains half of a character (a lone surrogate).") from None
        return value
    raise FieldsError(f"{name} must be a text.")


def _message_fields(message: Message) -> dict[str, str]:
    return {name: value for name, value in asdict(message).items() if value or name in _ALWAYS}


def _message(data: object) -> Message:
    if not isinstance(data, dict) or not set(_ALWAYS) <= set(data) <= {*_ALWAYS, _BLOCKS, _RESULT}:
        raise FieldsError("A message must have a role and a text.")
    if data["role"] not in ROLES:
        raise FieldsError(f"A message's role must be one of {', '.join(ROLES)}.")
    return Message(data["role"], text_of(data["text"], "text"), _blocks(data), _result_of(data))


def _blocks(data: Mapping[str, Json]) -> str:
    if _BLOCKS not in data:
        return ""
    text = text_of(data[_BLOCKS], _BLOCKS)
    if data["role"] != "assistant":
        raise FieldsError("Only an assistant message can have blocks of an answer.")
    try:
        read_blocks(text)
    except BlocksError as error:
        raise FieldsError(str(error)) from None
    return text


def _result_of(data: Mapping[str, Json]) -> str:
    call_id = text_of(data.get(_RESULT, ""), _RESULT)
    if call_id and (data["role"] != "user" or _BLOCKS in data):
        raise FieldsError("Only a user message can be a tool's result.")
    return call_id


def _params(data: object) -> Params:
    if not isinstance(data, dict) or not {"model", "max_tokens"} <= set(data) <= set(_PARAMS):
        raise FieldsError("The params must have a model, max_tokens and no other fields.")
    for name, value in data.items():
        if not is_of_type(value, _PARAMS[name]):
            # Cut, for it is shown: what a link brings may be any length.
            raise FieldsError(f"{name} cannot be {str(value)[:40]!r}.")
    if not is_model_id(text_of(data["model"], "model")):
        raise FieldsError(MODEL_ID)
    stops = tuple(data.get("stop_sequences", ()))
    return Params(**{**data, "stop_sequences": stops})


def is_whole(value: object) -> bool:
    """Whether this is a number of JSON without a fraction; true and false are none."""
    return is_of_type(value, int)
