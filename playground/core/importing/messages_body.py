"""The body of a Messages API call as a request of the editor, nothing lost on the way.

What has no control, or a value that no control takes, goes out as extra JSON unchanged.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast, get_args

from playground.core.editor.page_state import MOST_STOPS
from playground.core.importing.import_result import (
    Call,
    Imported,
    ImportingError,
    LeftOut,
    short,
    texts_of,
)
from playground.core.request.extra_json import read_extra
from playground.core.request.model_catalogue import is_model_id
from playground.core.request.request import (
    EFFORTS,
    ApiVersion,
    Message,
    Params,
    Prompt,
    Request,
    Role,
    ServiceTier,
    Thinking,
    ThinkingDisplay,
)
from playground.core.request.request_fields import is_whole
from playground.core.wire.decisions import NO_THINKING
from playground.core.wire.wire import fills_cache

MAX_TOKENS: Final = 1_024
"""Where a source names none: another API does not ask for one."""
_THINKING: Final[Mapping[str, Thinking]] = {
    "adaptive": "adaptive",
    "enabled": "budget",
    "between_tools": "between_tools",
    "disabled": "off",
}
NO_ROLE: Final = "Its role is none of user, assistant and system."
ONLY_TEXTS: Final = "Only texts can be edited."
WITHOUT_TEXT: Final = "It has no text, and is no message here."
KEYS: Final = frozenset({"api_key", "apikey", "authorization", "x-api-key"})
ABOUT_THE_CALL: Final = frozenset(
    {"accept", "content-type", "user-agent", "content-length", "host", "connection"}
)


def of_messages_api(call: Call, source: str) -> Imported:
    """The request that a call of the Messages API makes. Raises `ImportingError`."""
    left_out = list(call.left_out)
    body = {str(name): value for name, value in call.body.items()}
    for name in [name for name in body if name.lower() in KEYS]:
        del body[name]
        left_out.append(LeftOut(name, "A key is never kept."))
    system = texts_of(body.pop("system", ""), "system", left_out)
    moved, messages = _messages(body.pop("messages", []), left_out, has_system=bool(system))
    system = system or moved
    if body.pop("stream", False) is not True and not fills_cache(body):
        left_out.append(LeftOut("stream", "The playground always streams the answer."))
    params = _take(body, left_out)
    version = _version(call.headers, left_out)
    extra = json.dumps(body, ensure_ascii=False, indent=2) if body else ""
    problem = read_extra(extra).problem
    if problem:
        left_out += [LeftOut(name, f"Not kept as extra JSON: {problem}.") for name in body]
        body, extra = {}, ""
    params = replace(params, api_version=version, extra_json=extra)
    return Imported(source, Request(Prompt(system, messages), params), tuple(body), tuple(left_out))


def _messages(
    found: object, left_out: list[LeftOut], *, has_system: bool
) -> tuple[str, tuple[Message, ...]]:
    """The system prompt that stands before the first turn, and the turns."""
    if not isinstance(found, list):
        raise ImportingError("The messages are no list.")
    systems: list[str] = []
    messages: list[Message] = []
    for number, each in enumerate(found, 1):
        if not isinstance(each, dict):
            raise ImportingError(f"Message {number} is no object.")
        where, role, content = f"Message {number}", each.get("role"), each.get("content")
        if role not in get_args(Role):
            left_out.append(LeftOut(where, NO_ROLE))
            continue
        for name in sorted(set(each) - {"role", "content"}, key=str):
            left_out.append(LeftOut(f"{where}: {short(str(name))}", ONLY_TEXTS))
        text = texts_of(content, where, left_out)
        if role == "system" and not has_system and not messages:
            systems.append(text)
            left_out.append(LeftOut(where, "It moves up into the system prompt."))
        elif text or content == "":
            messages.append(Message(cast(Role, role), text))
        else:
            left_out.append(LeftOut(where, WITHOUT_TEXT))
    return "\n\n".join(systems), tuple(messages)


def _take(body: dict[str, Any], left_out: list[LeftOut]) -> Params:
    """Take out of the body what the controls hold; the rest stays in it."""
    if "model" not in body:
        left_out.append(LeftOut("model", "None is named: choose one."))
    if "max_tokens" not in body:
        left_out.append(LeftOut("max_tokens", f"None is named: {MAX_TOKENS:,} is set."))
    model = body.pop("model") if _is_model(body.get("model")) else ""
    max_tokens = body.pop("max_tokens") if _is_max_tokens(body.get("max_tokens")) else None
    params = Params(
        model,
        MAX_TOKENS if max_tokens is None else max_tokens,
        temperature=_number(body, "temperature", 2.0),
        top_p=_number(body, "top_p", 1.0),
        top_k=body.pop("top_k") if _is_whole_to(body.get("top_k"), 10**9) else None,
        stop_sequences=_stops(body),
        effort=_effort(body),
    )
    if body.get("service_tier") in get_args(ServiceTier)[1:]:
        params = replace(params, service_tier=body.pop("service_tier"))
    return _with_cache(_with_thinking(params, body), body)


def _is_model(value: object) -> bool:
    return isinstance(value, str) and is_model_id(value) and value == value.strip()


def _is_max_tokens(value: object) -> bool:
    return _is_whole_to(value, 1_000_000) and value != 0


def _is_whole_to(value: object, most: int) -> bool:
    return is_whole(value) and 0 <= cast(int, value) <= most


def _number(body: dict[str, Any], name: str, most: float) -> float | None:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # The controls keep four places.
    if not 0 <= value <= most or round(value, 4) != value:
        return None
    return float(body.pop(name))


def _stops(body: dict[str, Any]) -> tuple[str, ...]:
    stops = body.get("stop_sequences")
    if not isinstance(stops, list) or len(stops) > MOST_STOPS:
        return ()
    if not all(isinstance(each, str) and each and "\n" not in each for each in stops):
        return ()
    return tuple(body.pop("stop_sequences"))


def _effort(body: dict[str, Any]) -> str | None:
    config = body.get("output_config")
    # With more than an effort in it the extra JSON's one would win over the control's.
    if not isinstance(config, dict) or set(config) != {"effort"}:
        return None
    if config["effort"] not in EFFORTS:
        return None
    return str(body.pop("output_config")["effort"])


def _with_thinking(params: Params, body: dict[str, Any]) -> Params:
    block = body.get("thinking")
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return params
    kind = _THINKING.get(block["type"])
    budget, display = block.get("budget_tokens"), block.get("display", "default")
    allowed = {"type"}
    allowed |= {"budget_tokens"} if kind == "budget" else set()
    allowed |= {"display"} if kind not in NO_THINKING else set()
    has_budget = _is_whole_to(budget, 10**9) and budget != 0
    is_plain = set(block) <= allowed and has_budget == (kind == "budget")
    if kind is None or not is_plain or display not in get_args(ThinkingDisplay):
        return params
    del body["thinking"]
    return replace(params, thinking=kind, thinking_budget_tokens=budget, thinking_display=display)


def _with_cache(params: Params, body: dict[str, Any]) -> Params:
    block = body.get("cache_control")
    if not isinstance(block, dict) or block.get("type") != "ephemeral":
        return params
    if not set(block) <= {"type", "ttl"} or block.get("ttl", "5m") not in ("5m", "1h"):
        return params
    del body["cache_control"]
    return replace(params, cache=block.get("ttl", "5m"))


def _version(headers: Mapping[str, str], left_out: list[LeftOut]) -> ApiVersion:
    version: ApiVersion = "auto"
    for name, value in headers.items():
        lower = name.lower()
        if lower == "anthropic-version" and value in get_args(ApiVersion):
            version = cast(ApiVersion, value)
        elif lower not in ABOUT_THE_CALL and lower not in KEYS:
            left_out.append(LeftOut(f"Header {lower[:60]}", "It is not sent from here."))
    return version
