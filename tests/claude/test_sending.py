"""What a person gets from each thing a server can do."""

import json
from dataclasses import replace

import anthropic
import httpx2
import pytest
from fake_api import answer, block, delta, end, error, sse, start
from scripted import NOW, REQUEST, Script, play

from playground.claude.errors import failure_of, retry_after_s
from playground.core.answer.events import (
    AttemptFailed,
    Connecting,
    Finished,
    Reported,
    TextDelta,
    ThinkingDelta,
)
from playground.core.answer.failures import KINDS
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import Connection

SERVER = Connection("server", "localhost", "http://localhost:1234")
BROKEN = httpx2.RemoteProtocolError("peer closed connection")


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def failures_of(events):
    return [event for event in events if isinstance(event, AttemptFailed)]


def refusal(status, kind="api_error", *headers, **more):
    return (status, error(kind, "No.", **more).encode(), *headers)


def test_an_answer_arrives_with_its_usage_and_stop_reason():
    events, waits = play(Script((200, answer("Hello"))))
    assert text_of(events) == "Hello"
    assert events[0] == Connecting(1)
    assert events[-1] == Finished("end_turn")
    assert waits == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request"),
        (401, "authentication"),
        (402, "billing"),
        (403, "permission"),
        (404, "not_found"),
        (409, "conflict"),
        (413, "too_large"),
        (422, "invalid_request"),
    ],
)
def test_a_refused_request_is_sent_once(status, kind):
    script = Script(refusal(status, "some_error"))
    events, waits = play(script)
    [call_failure] = failures_of(events)
    assert (call_failure.failure.kind, call_failure.failure.http_status) == (kind, status)
    assert call_failure.failure.message == "No."
    assert call_failure.failure.billed == "no"
    assert call_failure.wait_s is None
    assert len(script.requests) == 1
    assert waits == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rate_limit"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (504, "timeout"),
        (529, "overloaded"),
    ],
)
def test_a_transient_failure_is_tried_four_times_with_growing_waits(status, kind):
    script = Script(refusal(status))
    events, waits = play(script)
    assert [call_failure.failure.kind for call_failure in failures_of(events)] == [kind] * 4
    assert waits == [1, 2, 4]
    assert len(script.requests) == 4


def test_the_second_attempt_may_succeed():
    script = Script(refusal(529), (200, answer("Here")))
    events, waits = play(script, jitter=0.5)
    assert text_of(events) == "Here"
    assert waits == [1.5]
    retry_counts = [request.headers["x-stainless-retry-count"] for request in script.requests]
    assert retry_counts == ["0", "1"]


def test_a_spend_limit_is_not_retried_although_it_is_a_429():
    details = {"error_code": "enforced_spend_limit_reached"}
    script = Script(refusal(429, "rate_limit_error", details=details))
    [call_failure] = failures_of(play(script)[0])
    assert call_failure.failure.kind == "spend_limit"
    assert len(script.requests) == 1


def test_retry_after_is_waited_out():
    _, waits = play(Script(refusal(429, "x", {"retry-after": "7"}), (200, answer())))
    assert waits == [7]


def test_a_retry_after_of_an_hour_ends_the_run_at_once():
    events, waits = play(Script(refusal(429, "x", {"retry-after": "3600"})))
    assert waits == []
    assert "1 hour" in failures_of(events)[0].why
    assert "Run again in 1 hour" in failures_of(events)[0].failure.step


def test_an_error_event_before_any_text_is_retried():
    overloaded = b"event: error\ndata: " + error("overloaded_error", "Busy").encode() + b"\n\n"
    events, waits = play(Script((200, start() + overloaded), (200, answer("Now"))))
    assert text_of(events) == "Now"
    assert failures_of(events)[0].failure.kind == "overloaded"
    assert failures_of(events)[0].failure.billed == "partly"
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (
            [b"event: error\ndata: " + error("overloaded_error", "Busy").encode() + b"\n\n"],
            "overloaded",
        ),
        ([BROKEN], "dropped"),
        ([httpx2.ReadError("reset")], "dropped"),
        ([httpx2.ReadTimeout("silence")], "timeout"),
        ([], "truncated"),
        ([b"data: {not json\n\n"], "damaged"),
        ([b"data: [1]\n\n"], "damaged"),
        ([b"data: \xff\xfe\n\n"], "damaged"),
    ],
    ids=["error", "closed", "reset", "silence", "end", "garbage", "array", "bytes"],
)
def test_a_shown_part_of_an_answer_is_kept_and_never_sent_for_again(ending, kind):
    script = Script((200, [start() + block() + delta("Part"), *ending]))
    events, waits = play(script)
    assert text_of(events) == "Part"
    [call_failure] = failures_of(events)
    assert call_failure.failure.kind == kind
    assert call_failure.failure.billed == "partly"
    assert waits == []
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("error_", "kind", "billed"),
    [
        (httpx2.ConnectError("refused"), "connection", "no"),
        (httpx2.ConnectTimeout("slow"), "connection", "no"),
        (httpx2.ReadTimeout("silence"), "timeout", "possibly"),
        (BROKEN, "closed", "possibly"),
    ],
)
def test_a_lost_connection_is_retried_and_says_what_may_have_been_billed(error_, kind, billed):
    script = Script(error_)
    events, _ = play(script)
    assert {(f.failure.kind, f.failure.billed) for f in failures_of(events)} == {(kind, billed)}
    assert len(script.requests) == 4


def test_the_policy_decides_how_many_attempts_there_are():
    script = Script(refusal(529))
    play(script, policy=RetryPolicy(attempts=2))
    assert len(script.requests) == 2


def test_a_web_page_instead_of_the_api_is_named_as_such():
    script = Script((200, b"<html>Welcome</html>", {"content-type": "text/html"}))
    [call_failure] = failures_of(play(script)[0])
    assert call_failure.failure.kind == "not_the_api"
    assert len(script.requests) == 1


def test_a_redirect_is_not_followed():
    script = Script((307, b"", {"location": "http://elsewhere.example/v1/messages"}))
    [call_failure] = failures_of(play(script)[0])
    assert call_failure.failure.kind == "not_the_api"
    assert len(script.requests) == 1


def test_a_server_that_cannot_stream_is_understood():
    message = {
        "type": "message",
        "content": [{"type": "text", "text": "Whole"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    body = json.dumps(message).encode()
    events, _ = play(Script((200, body, {"content-type": "application/json"})))
    assert text_of(events) == "Whole"
    assert events[-1] == Finished("end_turn")


def test_events_without_a_name_are_understood():
    body = b"\n".join(line for line in answer("Hi").split(b"\n") if not line.startswith(b"event"))
    assert text_of(play(Script((200, body)))[0]) == "Hi"


def test_the_answer_is_the_same_however_it_is_cut_into_packets():
    body = start() + block() + delta("héllo 😀 తెలుగు\n") + delta("more") + end()
    for size in (1, 2, 3, 7, 64):
        pieces = [body[i : i + size] for i in range(0, len(body), size)]
        events, _ = play(Script((200, pieces)))
        assert text_of(events) == "héllo 😀 తెలుగు\nmore"


def test_half_of_a_character_waits_for_its_other_half():
    body = start() + block() + delta("\ud83d") + delta("\ude00 and \ud83d alone") + end()
    assert text_of(play(Script((200, body)))[0]) == "😀 and \ufffd alone"


def test_thinking_is_kept_apart_and_unknown_things_are_passed_over():
    body = (
        sse("future_event", usage={"output_tokens": 999})
        + start()
        + sse("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""})
        + sse("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm"})
        + sse("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "x"})
        + sse("content_block_start", index=1, content_block={"type": "redacted_thinking"})
        + sse("ping")
        + delta("Yes")
        + end(7)
    )
    events, _ = play(Script((200, body)))
    assert [event.text for event in events if isinstance(event, ThinkingDelta)] == ["Hm"]
    assert text_of(events) == "Yes"


def test_both_ways_to_send_a_key_reach_a_server_of_ones_own_but_one_the_claude_api():
    script = Script((200, answer()))
    play(script, connection=SERVER, key="secret-1")
    play(script)
    server, claude = script.requests
    assert server.headers["x-api-key"] == "secret-1"
    assert server.headers["authorization"] == "Bearer secret-1"
    assert "x-api-key" not in claude.headers
    assert claude.headers["authorization"] == "Bearer sk-test"


def test_the_body_on_the_wire_is_the_body_that_was_planned():
    script = Script((200, answer()))
    play(script)
    assert json.loads(script.requests[0].content) == {
        "max_tokens": 300,
        "messages": [{"role": "user", "content": "Hi"}],
        "model": REQUEST.params.model,
        "stream": True,
    }
    assert script.requests[0].headers["anthropic-version"] == "2026-10-21"


@pytest.mark.parametrize("key", ["sk-ant-secret\n", "sk-ant-schlüssel", "sk ant \x00"])
def test_a_key_that_cannot_be_sent_fails_once_without_being_repeated(key):
    script = Script((200, answer()))
    events, waits = play(script, key=key)
    [call_failure] = failures_of(events)
    assert call_failure.failure.kind == "bad_key"
    assert "secret" not in repr(events)
    assert waits == []


def test_headers_of_the_environment_and_cookies_never_travel_with_a_visitors_key(monkeypatch):
    custom = "x-api-key: owner-1\nAuthorization: Bearer owner-2\nx-other: owner-3"
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", custom)
    cookie = {"set-cookie": "session=first"}
    script = Script((529, b"{}", cookie), (200, answer(), cookie))
    play(script)
    for request in script.requests:
        assert "owner" not in str(request.headers.raw)
        assert "cookie" not in request.headers
        assert request.headers["authorization"] == "Bearer sk-test"


@pytest.mark.parametrize(("status", "kind"), [(400, "overloaded_error"), (422, "rate_limit_error")])
def test_the_status_decides_whether_a_refusal_is_final(status, kind):
    script = Script(refusal(status, kind))
    play(script)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "answer_",
    [
        (200, b'event: error\ndata: {"error": {"type": "api_error"}, "request_id": 7}\n\n'),
        (429, b"{}", {"retry-after": "Mon, 01 Jan 2024 00:00:00 +99999999999999"}),
        (200, b"data: " + b"[" * 200_000 + b"\n\n"),
    ],
    ids=["request id", "retry-after", "nesting"],
)
def test_nothing_that_a_server_sends_is_an_error_of_our_own(answer_):
    [*_, call_failure] = failures_of(play(Script(answer_))[0])
    assert call_failure.failure.kind != "internal"


def usage_of(*events):
    reports = [e for e in play(Script((200, b"".join(events))))[0] if isinstance(e, Reported)]
    return reports[-1].usage


def test_usage_is_complete_only_when_both_sides_were_reported():
    assert usage_of(start(input_tokens=9), block(), delta("Hi"), end(4)).is_complete
    bare = sse("message_delta", delta={"stop_reason": "end_turn"}) + sse("message_stop")
    assert not usage_of(start(), block(), delta("Hi"), bare).is_complete
    assert not usage_of(block(), delta("Hi"), end(4)).is_complete


def test_usage_never_shrinks_and_absurd_counts_are_capped():
    shrunk = sse("message_delta", delta={}, usage={"input_tokens": 0, "output_tokens": 10**400})
    usage = usage_of(start(input_tokens=1000), shrunk, sse("message_stop"))
    assert usage.input_tokens == 1000
    assert usage.output_tokens == 10**12
    assert not usage.is_complete, "what it would cost is not exact: the count was cut"


@pytest.mark.parametrize("count", [None, "1000", 100.5, -5, True, [], {}])
def test_an_unreadable_count_leaves_what_was_reported_before_and_is_not_whole(count):
    ended = sse("message_delta", delta={}, usage={"output_tokens": count}) + sse("message_stop")
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended)
    assert (usage.input_tokens, usage.output_tokens, usage.is_complete) == (9, 1, False)


@pytest.mark.parametrize(
    "report",
    [
        {"cache_read_input_tokens": "5000"},
        {"cache_creation": {"ephemeral_1h_input_tokens": 1.5}},
        {"server_tool_use": {"web_search_requests": "2"}},
        {"output_tokens_details": {"thinking_tokens": -1}},
        {"iterations": [{"type": "message", "input_tokens": "9"}]},
    ],
)
def test_whatever_counts_and_is_no_number_makes_a_report_incomplete(report):
    ended = sse("message_delta", delta={}, usage=report | {"output_tokens": 4})
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended, sse("message_stop"))
    assert (usage.output_tokens, usage.is_complete) == (4, False)


def test_a_count_that_is_left_out_or_a_whole_number_with_a_point_is_readable():
    report = {"output_tokens": 4.0, "cache_read_input_tokens": None, "server_tool_use": None,
              "time_per_output_tokens": 0.03}  # fmt: skip
    ended = sse("message_delta", delta={}, usage=report) + sse("message_stop")
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended)
    assert (usage.output_tokens, usage.is_complete) == (4, True)


@pytest.mark.parametrize(
    ("report", "unpriced"),
    [
        ({"image_tokens": 1_000}, ("1,000 image_tokens",)),
        ({"image_tokens": 0, "sample_tokens": None, "note": "7", "is_new": True}, ()),
        ({"server_tool_use": {"maps_requests": 2, "web_fetch_requests": 9}},
         ("2 server_tool_use.maps_requests",)),
        ({"server_tool_use": {"code_execution": {"hours": 0.5}}},
         ("0.5 server_tool_use.code_execution.hours",)),
        ({"cache_creation": {"ephemeral_24h_input_tokens": 5, "ephemeral_5m_input_tokens": 3}},
         ("5 cache_creation.ephemeral_24h_input_tokens",)),
        ({"iterations": [{"type": "message", "model": "m", "input_tokens": 1, "pages": 3}]},
         ("3 iterations.pages",)),
        ({"iterations": {"0": {"input_tokens": 4}}}, ("4 iterations.0.input_tokens",)),
        ({"output_tokens_details": {"thinking_tokens": 2, "draft_tokens": 7}}, ()),
        ({"iterations": [{"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 2}}]},
         ()),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 9}},
         ()),
        ({"audio": [{"seconds": 3}, {"seconds": 4}]}, ("3 audio.seconds", "4 audio.seconds")),
        ({"x" * 99: 1}, (f"1 {'x' * 99}",)),
        ({"\ud800": 1}, ("1 \ufffd",)),
        ({f"n{n}": n for n in range(1, 9)}, ("1 n1", "2 n2", "3 n3", "4 n4", "5 n5")),
    ],
)  # fmt: skip
def test_what_a_report_counts_and_nobody_here_knows_is_named(report, unpriced):
    ended = sse("message_delta", delta={}, usage=report | {"output_tokens": 4})
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended, sse("message_stop"))
    assert usage.unpriced == unpriced


@pytest.mark.parametrize(
    ("report", "unclear"),
    [
        ({"cache_creation_input_tokens": 9}, 9),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 4}}, 5),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_5m_input_tokens": 9}}, 0),
        ({"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_24h_input_tokens": 9}},
         0),
        ({"cache_creation_input_tokens": None, "cache_creation": None}, 0),
    ],
)  # fmt: skip
def test_cache_writes_whose_lifetime_a_report_leaves_out_are_counted(report, unclear):
    ended = sse("message_delta", delta={}, usage=report | {"output_tokens": 4})
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended, sse("message_stop"))
    assert usage.unclear_cache_write_tokens == unclear
    parts = {"output_tokens": 4, "iterations": [{"type": "message", **report}]}
    ended = sse("message_delta", delta={}, usage=parts)
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended, sse("message_stop"))
    assert usage.iterations[0].usage.unclear_cache_write_tokens == unclear


@pytest.mark.parametrize("value", ["x", "3", True, [["x"]], [{"web_search_requests": 3}], {}])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("server_tool_use", dict), ("cache_creation", dict), ("iterations", list),
     ("speed", str), ("service_tier", str), ("inference_geo", str)],
)  # fmt: skip
def test_what_decides_on_a_price_and_is_of_another_type_leaves_a_report_incomplete(
    name, kind, value
):
    ended = sse("message_delta", delta={}, usage={"output_tokens": 4, name: value})
    usage = usage_of(start(input_tokens=9), block(), delta("Hi"), ended, sse("message_stop"))
    assert usage.is_complete == isinstance(value, kind)


def test_of_two_messages_without_ids_both_are_paid_for():
    started = sse("message_start", message={"usage": {"input_tokens": 9, "output_tokens": 1}})
    once = usage_of(started, started, block(), delta("Hi"), end(5))
    assert (once.input_tokens, once.is_complete) == (9, True)
    twice = usage_of(started, block(), delta("Hi"), started, block(), delta("Hi"), end(5))
    assert (twice.input_tokens, twice.is_complete) == (18, False)


def test_counts_within_a_report_never_shrink_either():
    written = {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 1000}
    steps = [{"type": "compaction", "input_tokens": 7, "output_tokens": 3},
             {"type": "message", "input_tokens": 9, "output_tokens": 4}]  # fmt: skip
    whole = {
        "cache_creation": written, "server_tool_use": {"web_search_requests": 2},
        "output_tokens_details": {"thinking_tokens": 3}, "iterations": steps, "output_tokens": 1,
    }  # fmt: skip
    less = {
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 0},
        "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 1},
        "output_tokens_details": {}, "iterations": [], "output_tokens": 4,
    }  # fmt: skip
    reports = [sse("message_delta", delta={}, usage=usage) for usage in (whole, less)]
    usage = usage_of(start(), block(), delta("Hi"), *reports, sse("message_stop"))
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (20, 1000)
    assert (usage.web_searches, usage.thinking_tokens, usage.output_tokens) == (2, 3, 4)
    assert len(usage.iterations) == 2


@pytest.mark.parametrize("usage", [None, [], {}, "many"])
def test_an_answer_without_a_report_has_no_usage_rather_than_none_used(usage):
    message = {"id": "m", "type": "message", "content": "whole", "usage": usage}
    streamed = sse("message_start", message=message) + sse("message_stop")
    for body in (json.dumps(message).encode(), streamed):
        events, _ = play(Script((200, body)))
        assert not [event for event in events if isinstance(event, Reported)]


@pytest.mark.parametrize("content", ["whole", {"type": "text", "text": "whole"}])
def test_content_that_is_no_list_is_shown_all_the_same(content):
    message = {"id": "m", "type": "message", "content": content, "stop_reason": "end_turn",
               "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
    streamed = sse("message_start", message=message) + sse("message_stop")
    for body in (json.dumps(message).encode(), streamed):
        events, _ = play(Script((200, body)))
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "whole"
        assert not events[-1].is_empty


@pytest.mark.parametrize("content", [7, ["whole"], True])
def test_content_that_can_t_be_read_is_damage_and_no_empty_answer(content):
    message = {"type": "message", "content": content, "usage": {}}
    events, _ = play(Script((200, json.dumps(message).encode())))
    assert failures_of(events)[-1].failure.kind == "damaged"


def test_cache_writes_are_counted_from_either_form():
    split = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200}
    usage = usage_of(
        sse("message_delta", delta={}, usage={"cache_creation": split, "output_tokens": 1})
    )
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (100, 200)
    usage = usage_of(sse("message_delta", delta={}, usage={"cache_creation_input_tokens": 300}))
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (300, 0)


def test_a_key_that_the_server_echoes_is_cut_out_of_the_error():
    body = error("authentication_error", "bad key: sk-test!").encode()
    [call_failure] = failures_of(play(Script((401, body)))[0])
    assert call_failure.failure.message == "bad key: …!"


def test_a_key_at_the_place_where_a_long_message_is_cut_is_cut_out_first():
    body = error("authentication_error", "x" * 1995 + "sk-test").encode()
    [call_failure] = failures_of(play(Script((401, body)))[0])
    assert "sk-t" not in call_failure.failure.message
    assert len(call_failure.failure.message) <= 2000


def every_sdk_error():
    found, queue = set(), [anthropic.AnthropicError]
    while queue:
        cls = queue.pop()
        found.add(cls)
        queue += cls.__subclasses__()
    return sorted(found, key=lambda cls: cls.__name__)


def instance_of(cls):
    request = httpx2.Request("POST", "http://x")
    if issubclass(cls, anthropic.APIStatusError):
        status = getattr(cls, "status_code", 418)
        status = status if isinstance(status, int) else 418
        return cls("No.", response=httpx2.Response(status, request=request), body=None)
    if issubclass(cls, anthropic.APIResponseValidationError):
        return cls(httpx2.Response(200, request=request), None)
    if issubclass(cls, anthropic.APIConnectionError):
        return cls(request=request)
    if issubclass(cls, anthropic.APIError):
        return cls("No.", request, body=None)
    return cls.__new__(cls)


@pytest.mark.parametrize("cls", every_sdk_error())
def test_every_error_of_the_sdk_becomes_a_failure_with_a_kind(cls):
    failure = failure_of(instance_of(cls), "possibly", NOW)
    assert failure.kind in KINDS
    assert failure.sentence
    if issubclass(cls, anthropic.APIError | anthropic.CredentialsError):
        assert failure.kind != "internal"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_the_wait_that_a_server_asks_for_is_read_in_all_its_forms(headers, wait_s):
    assert retry_after_s(headers, NOW) == wait_s


@pytest.mark.parametrize("content", [b"", sse("content_block_start", index=0, content_block={})])
def test_a_refusal_is_free_only_before_any_block_of_content(content):
    stream = start() + content + end(30_000, "refusal")
    events, _ = play(Script((200, stream)))
    assert events[-1].is_free is (content == b"")


@pytest.mark.parametrize(("extra", "read_s"), [("", 60.0), ('{"stream": false}', 1800.0)])
def test_an_answer_in_one_piece_may_be_silent_as_long_as_it_may_take(extra, read_s):
    params = replace(REQUEST.params, max_tokens=64_000, extra_json=extra)
    script = Script((200, start() + block() + delta("Hi") + end()))
    play(script, request=replace(REQUEST, params=params))
    [sent] = script.requests
    assert sent.extensions["timeout"]["read"] == read_s
    assert sent.headers["x-stainless-read-timeout"] == str(read_s)
