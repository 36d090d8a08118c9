"""Imports the body of a Messages API call as a request of the editor, without loss.

What has no control, or a value that no control takes, goes out as extra JSON unchanged.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast, get_args

from playground.core.importing.import_result import (
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
    texts_of,
)
from playground.core.request.body_shapes import ROLES, Role
from playground.core.request.extra_json import read_extra
from playground.core.request.request import (
    ApiVersion,
    Message,
    Params,
    Prompt,
    Request,
)
from playground.core.request.sent_blocks import holds_answer, write_blocks
from playground.core.text.json_text import Json
from playground.core.wire.body_refusals import fills_cache
from playground.core.wire.from_body import take_params, take_results

MAX_TOKENS: Final = 1_024
"""Where a source names none: another API does not ask for one."""
NO_ROLE: Final = "Its role is not user, assistant or system."
ONLY_TEXTS: Final = "Only texts can be edited."
ONLY_RESULTS: Final = "Only the call's id and the text of a result are kept."
ONE_TURN: Final = "It is sent in one turn with the results before it."
WITHOUT_TEXT: Final = "It has no text, so it is left out."
KEYS: Final = frozenset({"api_key", "apikey", "authorization", "x-api-key"})
ABOUT_THE_CALL: Final = frozenset(
    {"accept", "content-type", "user-agent", "content-length", "host", "connection"}
)


def request_from_messages_body(call: Call, source: str) -> Imported:
    """The request that a call of the Messages API makes. Raises `ImportingError`."""
    left_out = list(call.left_out)
    body = {str(name): value for name, value in call.body.items()}
    for name in [name for name in body if name.lower() in KEYS]:
        del body[name]
        left_out.append(LeftOut(name, "Keys are never kept."))
    has_system = "system" in body
    given = body.pop("system", "")
    system = texts_of(given, "system", left_out)
    at = len(left_out)
    moved, messages = _messages(body.pop("messages", []), left_out, has_system=bool(system))
    system = system or moved
    if has_system and not system:
        what = "null" if given is None else "empty"
        left_out.insert(at, LeftOut("system", f"It is {what}, so none is sent."))
    # A request that only fills the cache has no answer to stream.
    if body.pop("stream", False) is not True and not fills_cache(body):
        left_out.append(LeftOut("stream", "The playground always streams the answer."))
    params = _take(body, left_out)
    version = _version(call.headers, left_out)
    extra = json.dumps(body, ensure_ascii=False, indent=2) if body else ""
    # A run is refused for what the reader of extra JSON does not take.
    problem = read_extra(extra).problem
    if problem:
        left_out += [LeftOut(name, f"It can't be kept as extra JSON: {problem}.") for name in body]
        body, extra = {}, ""
    params = replace(params, api_version=version, extra_json=extra)
    return Imported(source, Request(Prompt(system, messages), params), tuple(body), tuple(left_out))


def _messages(
    entries: object, left_out: list[LeftOut], *, has_system: bool
) -> tuple[str, tuple[Message, ...]]:
    """The system prompt that stands before the first turn, and the turns."""
    if not isinstance(entries, list):
        raise ImportingError("The messages are not a list.")
    systems: list[str] = []
    messages: list[Message] = []
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise ImportingError(f"Message {number} is not an object.")
        where, role = f"Message {number}", entry.get("role")
        content: Json = entry.get("content")
        if role not in ROLES:
            left_out.append(LeftOut(where, NO_ROLE))
            continue
        # Null says nothing, so nothing is lost with it.
        named = {name for name, value in entry.items() if value is not None}
        for name in sorted(named - {"role", "content"}, key=str):
            left_out.append(LeftOut(f"{where}: {short(str(name))}", ONLY_TEXTS))
        if role == "system" and not has_system and not messages:
            systems += filter(None, [texts_of(content, where, left_out)])
            left_out.append(LeftOut(where, "It moves up into the system prompt."))
            continue
        turn = _turn(cast(Role, role), content, where, left_out)
        if turn and messages and turn[0].is_sent_with(messages[-1]):
            left_out.append(LeftOut(where, ONE_TURN))
        messages += turn
    return "\n\n".join(systems), tuple(messages)


def _turn(role: Role, content: Json, where: str, left_out: list[LeftOut]) -> list[Message]:
    """The messages of one entry: one, or one for each result of a tool and one for its text."""
    if role == "assistant" and _needs_blocks(content):
        return [Message("assistant", "", write_blocks(content))]
    results, rest = take_results(content) if role == "user" else ([], [])
    if any(block not in content for result in results for block in result.content):
        left_out.append(LeftOut(f"{where}: tool_result", ONLY_RESULTS))
    text = texts_of(rest if results else content, where, left_out)
    # An empty text was meant that way; a message that lost its content could not be sent.
    if text or content == "":
        return [*results, Message(role, text)]
    if not results:
        left_out.append(LeftOut(where, WITHOUT_TEXT))
    return results


def _needs_blocks(content: Json) -> bool:
    """Whether an answer's content has blocks other than text."""
    return holds_answer(content) and any(
        block["type"] != "text" or block.get("citations") for block in content
    )


def _take(body: dict[str, Json], left_out: list[LeftOut]) -> Params:
    """The parameters; what is not named is listed."""
    if "model" not in body:
        left_out.append(LeftOut("model", "No model is named. Choose one."))
    if "max_tokens" not in body:
        left_out.append(LeftOut("max_tokens", f"It is not named, so {MAX_TOKENS:,} is set."))
    return take_params(body, MAX_TOKENS)


def _version(headers: Mapping[str, str], left_out: list[LeftOut]) -> ApiVersion:
    version: ApiVersion = "auto"
    for name, value in headers.items():
        lower = name.lower()
        if lower == "anthropic-version" and value in get_args(ApiVersion):
            version = cast(ApiVersion, value)
        # Headers about the call are set for each one anew, and keys are never kept.
        elif lower not in ABOUT_THE_CALL and lower not in KEYS:
            left_out.append(LeftOut(f"Header {lower[:60]}", "It is not sent from here."))
    return version
