"""What an answer used, from the reports of its stream."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from playground.claude.wire_values import MAX_TOKEN_COUNT, count_of, dict_of, is_count, text_of
from playground.core.answer.events import Iteration, Usage
from playground.core.text.json_text import Json, JsonObject, with_whole_characters

_SEARCHES = "web_search_requests"
_COUNTS = re.compile(
    r"(?:cache_(?:read|creation)_)?input_tokens|output_tokens|thinking_tokens|\w+_requests"
    r"|ephemeral_\w+_tokens"
)
"""Fields of a report that count what is paid for."""
_TOKENS: JsonObject = {
    "input_tokens": None,
    "output_tokens": None,
    "cache_read_input_tokens": None,
    "cache_creation_input_tokens": None,
    "cache_creation": {"ephemeral_5m_input_tokens": None, "ephemeral_1h_input_tokens": None},
    # How the counts above are made up.
    "input_tokens_details": None,
    "output_tokens_details": None,
}
_KNOWN_COUNTS: JsonObject = {
    **_TOKENS,
    # A fetch is free (pricing page).
    "server_tool_use": {_SEARCHES: None, "web_fetch_requests": None},
    "iterations": _TOKENS,
}
"""The counts of a report that have a price, or none; those within each as a mapping."""
_TYPES: Mapping[str, type] = {
    **{name: dict for name, within in _KNOWN_COUNTS.items() if within},
    "iterations": list,
    **dict.fromkeys(("speed", "service_tier", "inference_geo"), str),
}
"""The other fields on which a bill depends."""
MAX_UNPRICED = 5


class UsageReports:
    """Adds up what the API reports about the usage of one answer: of one message, or of several
    where a gateway asked again."""

    def __init__(self) -> None:
        self.used_container = False
        self._model_id: str | None = None
        self._earlier: Usage | None = None
        self._reported: dict[str, Json] = {}
        self._has_output = False
        self._is_readable = True
        self._used_tools = False

    def begin_message(self, model_id: str | None, usage: JsonObject, *, is_over: bool) -> None:
        """Take the report of `message_start`, which only says how much output there is so far,
        mostly 1 token. `is_over`: the message has come whole."""
        self._model_id = model_id
        self._has_output |= is_over and is_count(usage.get("output_tokens"))
        self._take(usage)

    def replace_message(self) -> None:
        """Another message follows, and both are paid for."""
        replaced = self.usage()
        self._earlier = self._earlier + replaced if self._earlier else replaced
        self._reported, self._has_output = {}, False

    def update(self, usage: JsonObject) -> None:
        """Take the report of a `message_delta`."""
        if not self._has_output and is_count(usage.get("output_tokens")):
            self._reported.pop("output_tokens", None)
            self._has_output = True
        self._take(usage)

    def _take(self, usage: JsonObject) -> None:
        self._reported = _merged(self._reported, usage)
        self._is_readable &= _is_readable(usage)

    def total(self) -> Usage | None:
        """The usage of all messages as far as it is known; None while there was no report."""
        if not self._reported and self._earlier is None:
            return None
        return self._earlier + self.usage() if self._earlier else self.usage()

    def usage(self) -> Usage:
        """That of the latest message as reported so far; only the last report has all output."""
        u = self._reported
        tools = {name: count_of(count) for name, count in dict_of(u.get("server_tool_use")).items()}
        iterations, credit = u.get("iterations"), dict_of(u.get("fallback_credit"))
        return replace(
            _counts(u),
            thinking_tokens=count_of(
                dict_of(u.get("output_tokens_details")).get("thinking_tokens")
            ),
            web_searches=tools.get(_SEARCHES, 0),
            speed=text_of(u.get("speed")),
            inference_geo=text_of(u.get("inference_geo")),
            is_complete=self._has_output and "input_tokens" in u and self._is_readable,
            service_tier=text_of(u.get("service_tier")),
            is_summed=self._used_tools or any(tools.values()),
            iterations=tuple(map(_iteration, iterations)) if isinstance(iterations, list) else (),
            used_container=self.used_container,
            unpriced=tuple(_unpriced(u)),
            model_id=self._model_id,
            has_credit=dict_of(credit.get("status")).get("type") not in (None, "not_applied"),
        )

    def note_tools(self, block: JsonObject) -> None:
        """Tools that the API runs itself send each result to the model in another request."""
        kind, name = str(block.get("type")), str(block.get("name"))
        is_result = kind.endswith("_tool_result")
        self._used_tools |= is_result or kind in ("server_tool_use", "mcp_tool_use")
        # The hours of a container are billed apart, and no usage reports them.
        is_code = kind == "server_tool_use" and name.endswith("code_execution")
        is_result_of_code = is_result and "code_execution" in kind
        self.used_container |= is_code or is_result_of_code or kind == "container_upload"


def _unpriced(usage: JsonObject) -> Iterator[str]:
    """What a report counts whose price is not known here: it may be billed."""
    counted = itertools.islice(_unknown_counts(usage, _KNOWN_COUNTS, ""), MAX_UNPRICED)
    for count, place in counted:
        yield with_whole_characters(f"{count:,} {place[1:]}")


def _unknown_counts(value: Json, known: Json, place: str) -> Iterator[tuple[float, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _unknown_counts(item, known, place)
    elif isinstance(value, dict):
        for name, field in value.items():
            is_known = isinstance(known, dict) and name in known
            if not is_known or known[name]:
                within = known[name] if is_known else None
                yield from _unknown_counts(field, within, f"{place}.{name}")
    elif type(value) in (int, float) and value > 0:
        yield value, place


def _counts(usage: JsonObject) -> Usage:
    """The tokens of one report. A cache write of unknown lifetime counts as a short one."""
    written = dict_of(usage.get("cache_creation"))
    long = count_of(written.get("ephemeral_1h_input_tokens"))
    written_tokens = count_of(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count_of(usage.get("input_tokens")),
        output_tokens=count_of(usage.get("output_tokens")),
        cache_read_tokens=count_of(usage.get("cache_read_input_tokens")),
        cache_write_5m_tokens=max(
            written_tokens - long, count_of(written.get("ephemeral_5m_input_tokens"))
        ),
        cache_write_1h_tokens=long,
        # The last report of a stream has only the sum, which a server tool's turns make larger.
        unclear_cache_write_tokens=max(0, written_tokens - sum(map(count_of, written.values()))),
    )


def _merged(earlier: JsonObject, later: JsonObject) -> dict[str, Json]:
    """What two reports on one answer say: counts and lists only grow, and a null undoes nothing."""
    merged = {**earlier}
    for name, value in later.items():
        before = merged.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[name] = _merged(before, value)
        elif value is not None and not _is_less(value, before):
            merged[name] = value
    return merged


def _is_less(value: Json, before: Json) -> bool:
    if isinstance(before, list):
        return not isinstance(value, list) or len(value) < len(before)
    return is_count(before) and (not is_count(value) or value < before)


def _is_readable(usage: Json) -> bool:
    """Whether everything in a report that counts something, or decides on its price, is of the
    type that it has. What is left out or null was not counted."""
    if isinstance(usage, list):
        return all(map(_is_readable, usage))
    if not isinstance(usage, dict):
        return True
    return all(value is None or _fits(name, value) for name, value in usage.items())


def _fits(name: str, value: Json) -> bool:
    if _COUNTS.fullmatch(name):
        # A larger one is nonsense, and only its bound is added up.
        return is_count(value) and count_of(value) < MAX_TOKEN_COUNT
    return isinstance(value, _TYPES.get(name, object)) and _is_readable(value)


def _iteration(value: object) -> Iteration:
    if not isinstance(value, dict):
        return Iteration("unreadable", None, Usage())
    return Iteration(text_of(value.get("type")) or "", text_of(value.get("model")), _counts(value))
