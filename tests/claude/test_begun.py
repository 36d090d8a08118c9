"""An answer that has begun is never asked for again, and what attempts report is summed."""

import asyncio
import json
import os
from dataclasses import replace
from decimal import Decimal

import httpx2
import pytest
from fake_api import answer, block, delta, end, error, sse, start
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import NOW, REQUEST, Script, Sleeps

from playground.claude.sending import Clients, Timing, send
from playground.core.answer.retry import RetryPolicy
from playground.core.request.connection import CLAUDE
from playground.core.runs.outcome import outcome
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.engine.run import Run
from playground.engine.run_rows import cost_of, log_record

STREAMS = int(os.environ.get("CUT_STREAMS", "40"))
"""How many generated streams are cut at each of their events; by hand: CUT_STREAMS=2000."""
OVERLOADED = b"event: error\ndata: " + error("overloaded_error", "Busy").encode() + b"\n\n"
RESET = httpx2.ReadError("reset")
INPUT_USD = Decimal("0.000003")


class Scripts(httpx2.AsyncBaseTransport):
    """Plays one script after another for the same clients."""

    script = Script()

    async def handle_async_request(self, request):
        return await self.script.handle_async_request(request)


def runs_of(scripts, request=REQUEST):
    """A run against each script, folded as the engine folds it."""
    runs, scripted, sleeps = [], Scripts(), Sleeps()
    timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: 0.0)
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", request))

    async def drive():
        clients = Clients(transport=scripted)
        for scripted.script in scripts:
            runs.append(Run("o", "v", planned))
            async for event in send(clients, CLAUDE, "k", planned.wire, planned.policy, timing):
                runs[-1].fold(event, 1.0)
        await clients.close()

    asyncio.run(drive())
    return runs


def run_of(*answers, request=REQUEST):
    """A run against answers, and how often it was asked for."""
    script = Script(*answers)
    [run] = runs_of([script], request)
    return run, len(script.requests)


def waiting_run(first):
    """A run whose first attempt failed, before the second goes out."""
    sleeps, request = Sleeps(), REQUEST
    timing = Timing(sleeps.sleep, lambda: sleeps.now_s, lambda: NOW, lambda: 0.0)
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", request))
    run = Run("o", "v", planned)

    async def drive():
        clients = Clients(transport=Script(first))
        events = send(clients, CLAUDE, "k", planned.wire, planned.policy, timing)
        async for event in events:
            run.fold(event, 1.0)
            if run.status == "waiting":
                break
        await events.aclose()
        await clients.close()

    asyncio.run(drive())
    return run


def begin(kind, **more):
    return sse("content_block_start", index=0, content_block={"type": kind, **more})


def piece(kind, **more):
    return sse("content_block_delta", index=0, delta={"type": kind, **more})


THINKING = begin("thinking", thinking="", signature="")
TOOL = begin("tool_use", id="t", name="get_weather", input={})
INPUT = piece("input_json_delta", partial_json='{"a":')


@pytest.mark.parametrize(
    ("body", "input_tokens"),
    [
        ([start(input_tokens=50_000), THINKING], 50_000),
        ([start(input_tokens=50_000), THINKING, OVERLOADED], 50_000),
        ([start(), TOOL, *[INPUT] * 30], 10),
        ([start(input_tokens=100_000), begin("redacted_thinking", data="x"), RESET], 100_000),
        ([start(input_tokens=7), begin("server_tool_use", id="s", name="web_search")], 7),
        ([start(input_tokens=7), begin("block_of_2027"), RESET], 7),
        ([start(input_tokens=7), block(), RESET], 7),
        ([start(input_tokens=7), INPUT], 7),
    ],
    ids=["hidden", "hidden, error", "tool", "redacted", "server tool", "unknown", "text", "delta"],
)
def test_a_block_of_any_kind_is_the_beginning_of_an_answer(body, input_tokens):
    run, requests = run_of((200, body))
    assert (requests, run.status) == (1, "interrupted")
    assert run.why == "Not retried: the answer had begun, and would be billed twice."
    cost, _ = cost_of(run)
    assert cost.kind == "at least"
    assert cost.usd >= input_tokens * INPUT_USD
    assert run.usage.input_tokens == input_tokens


def test_before_it_has_begun_it_is_retried_and_what_all_attempts_reported_is_summed():
    run, requests = run_of((200, [start(input_tokens=100_000), RESET]))
    assert (requests, run.status) == (4, "failed")
    assert run.usage.input_tokens == 400_000
    cost, _ = cost_of(run)
    assert (cost.kind, cost.usd) == ("at least", Decimal("1.20006"))
    row, _ = log_record(run)
    assert (row.input_tokens, row.cost_usd, row.cost_kind) == (400_000, cost.usd, "at least")
    assert [attempt.prompt_tokens for attempt in run.attempts] == [100_000] * 4
    assert "400,000 tokens in were reported" in outcome(run).billed


def test_the_answer_that_comes_at_last_is_billed_together_with_what_failed_before():
    run, _ = run_of((200, start(input_tokens=50_000) + OVERLOADED), (200, answer()))
    assert (run.status, run.usage.input_tokens, run.usage.output_tokens) == ("done", 50_010, 6)
    cost, _ = cost_of(run)
    assert cost.kind == "at least"
    assert cost.usd == 50_010 * INPUT_USD + 6 * 5 * INPUT_USD
    assert "50,000 tokens in that failed attempts reported" in outcome(run).billed


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
@pytest.mark.parametrize(
    ("value", "asked"), [("false", 1), ("False ", 1), ("true", 4), ("", 4), ("0", 4)]
)
def test_a_server_that_asks_for_no_other_attempt_gets_none(status, value, asked):
    says = error("overloaded_error", "Busy").encode()
    run, requests = run_of((status, says, {"x-should-retry": value}))
    assert (run.status, requests) == ("failed", asked)


def test_a_server_cannot_ask_for_what_no_attempt_mends():
    says = error("invalid_request_error", "No").encode()
    assert run_of((400, says, {"x-should-retry": "true"}))[1] == 1


def test_a_free_refusal_does_not_hide_what_an_earlier_attempt_reported():
    run, _ = run_of(
        (200, start(input_tokens=50_000) + OVERLOADED), (200, start() + end(9, "refusal"))
    )
    assert run.refusal == "free"
    cost, _ = cost_of(run)
    assert (cost.kind, cost.usd) == ("at least", 50_000 * INPUT_USD + 5 * INPUT_USD)


def test_an_answer_without_a_usage_report_costs_at_least_what_earlier_attempts_reported():
    whole = {name: value for name, value in MESSAGE.items() if name != "usage"}
    body = sse("message_start", message=whole) + sse("message_stop")
    run, _ = run_of((200, start(input_tokens=50_000) + OVERLOADED), (200, body))
    cost, _ = cost_of(run)
    assert (run.status, run.usage.input_tokens) == ("done", 50_000)
    assert (cost.kind, cost.usd) == ("at least", 50_000 * INPUT_USD + 5 * INPUT_USD)


def test_an_attempt_that_reports_nothing_adds_nothing_and_takes_nothing_away():
    lost = (200, start(input_tokens=1_000) + OVERLOADED)
    run, requests = run_of(lost, (529, error("overloaded_error", "Busy").encode()), lost, lost)
    assert (requests, run.status, run.usage.input_tokens) == (4, "failed", 3_000)
    assert [each.prompt_tokens for each in run.attempts] == [1_000, None, 1_000, 1_000]
    assert cost_of(run)[0].usd == 3 * (1_000 * INPUT_USD + 5 * INPUT_USD)


@pytest.mark.parametrize(
    ("first", "kind", "usd"),
    [
        ((529, error("overloaded_error", "Busy").encode()), "exact", 0),
        ((200, start(input_tokens=1_000) + OVERLOADED), "at least", 1_005 * INPUT_USD),
    ],
    ids=["refused", "lost"],
)
def test_a_run_that_is_stopped_while_it_waits_costs_what_its_attempts_did(first, kind, usd):
    run = waiting_run(first)
    run.stop(2.0)
    cost, _ = cost_of(run)
    assert (run.status, cost.kind, cost.usd) == ("stopped", kind, usd)


def test_each_attempt_is_priced_as_a_prompt_of_its_own():
    # A stepped price is one of prompts above 200,000 tokens, and none of these is.
    request = replace(REQUEST, params=replace(REQUEST.params, model="claude-sonnet-4-5"))
    run, _ = run_of((200, [start(input_tokens=150_000), RESET]), request=request)
    assert cost_of(run)[0].usd == 4 * (150_000 * INPUT_USD + 5 * INPUT_USD)


@pytest.mark.parametrize(
    ("answer_", "kind", "requests"),
    [
        ((204, b"", {"content-type": ""}), "no_content", 1),
        ((205, b"", {"content-type": ""}), "no_content", 1),
        ((200, b"", {"content-type": ""}), "empty", 4),
        ((200, b""), "empty", 4),
        ((200, b" \r\n "), "empty", 4),
    ],
)
def test_a_response_without_a_body_is_said_to_be_that(answer_, kind, requests):
    run, asked = run_of(answer_)
    assert (asked, run.status, run.failure.kind) == (requests, "failed", kind)
    found = outcome(run)
    assert f"({answer_[0]}): neither an answer nor an error." in found.happened
    assert found.billed == "The request was sent; whether it was billed is not known."
    assert cost_of(run)[0].kind == "at least"


MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "content": [{"type": "text", "text": "Whole"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


@pytest.mark.parametrize("kind", ["", "text/plain", "text/event-stream", "application/json"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n "])
def test_a_message_that_comes_whole_is_one_whatever_its_label_says(kind, before):
    body = before + json.dumps(MESSAGE).encode()
    run, requests = run_of((200, [body[:1], body[1:]], {"content-type": kind}))
    assert (requests, run.status, run.text) == (1, "done", "Whole")
    assert cost_of(run)[0].kind == "exact"


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain"])
def test_a_stream_is_one_whatever_its_label_says(kind):
    body = answer("Hi")
    pieces = [body[i : i + 1] for i in range(len(body))]
    run, _ = run_of((200, pieces, {"content-type": kind}))
    assert (run.status, run.text) == ("done", "Hi")


def test_content_and_the_end_may_come_in_the_first_event():
    tool = {"type": "tool_use", "id": "t", "name": "lookup_customer", "input": {"id": 1}}
    first = sse("message_start", message=MESSAGE | {"content": [tool], "stop_reason": "tool_use"})
    run, _ = run_of((200, first + sse("message_stop")))
    assert (run.status, run.stop_reason) == ("done", "tool_use")
    assert cost_of(run)[0].kind == "exact"
    assert "calls lookup_customer" in outcome(run).happened
    run, requests = run_of((200, [sse("message_start", message=MESSAGE), RESET]))
    assert (run.status, run.text, requests) == ("interrupted", "Whole", 1)


def test_a_null_at_the_end_does_not_undo_the_stop_reason_of_the_beginning():
    body = sse("message_start", message=MESSAGE)
    body += sse("message_delta", delta={"stop_reason": None}) + sse("message_stop")
    assert run_of((200, body))[0].stop_reason == "end_turn"


def test_a_gateway_that_begins_twice_before_any_content_is_understood():
    again = start(input_tokens=99) + block() + delta("Hi") + end()
    run, _ = run_of((200, start(input_tokens=10) + again))
    assert (run.status, run.text, run.usage.input_tokens) == ("done", "Hi", 99)
    other = start(input_tokens=10).replace(b"msg_1", b"msg_2")
    run, _ = run_of((200, other + again))
    assert (run.usage.input_tokens, run.usage.output_tokens) == (109, 6)
    assert cost_of(run)[0].kind == "at least"


def test_however_often_a_gateway_begins_each_beginning_is_counted_once():
    firsts = [start(input_tokens=100).replace(b"msg_1", b"msg_%d" % n) for n in (2, 3, 4)]
    run, _ = run_of((200, b"".join(firsts) + firsts[2] + block() + delta("Hi") + end()))
    assert (run.usage.input_tokens, run.usage.output_tokens) == (300, 7)
    assert cost_of(run)[0].kind == "at least"


def test_prompts_that_a_gateway_sent_one_by_one_are_not_priced_as_a_long_one():
    request = replace(REQUEST, params=replace(REQUEST.params, model="claude-haiku-5-5"))
    firsts = [start(input_tokens=90_000).replace(b"msg_1", b"msg_%d" % n) for n in (2, 3)]
    run, _ = run_of((200, b"".join(firsts) + block() + delta("Hi") + end()), request=request)
    cost, _ = cost_of(run)
    assert (cost.kind, cost.usd) == ("at least", Decimal("0.018003"))


DAMAGED = {
    "name": b'event: content_block_delta\ndxta: {"type": "content_block_delta"}\n\n',
    "name alone": b'dxta: {"type": "content_block_delta"}\n\n',
    "no data": b"event: content_block_delta\n\n",
    "cut": b'event: content_block_delta\ndata: {"type": "content_block_de\n\n',
    "type": b'event: content_block_delta\ndata: {"type": "content_bXock_delta"}\n\n',
    "delta": b'data: {"type": "content_block_delta", "delta": "Hel"}\n\n',
    "no delta": b'data: {"type": "content_block_delta"}\n\n',
    "text": sse("content_block_delta", index=0, delta={"type": "text_delta", "text": 7}),
    "untyped": sse("content_block_delta", index=0, delta={"text": "lo"}),
    "bytes": b"data: \xff\xfe\n\n",
    "array": b"data: [1]\n\n",
    "nested": b"data: " + b"[" * 100_000 + b"\n\n",
    "block": sse("content_block_start", index=1, content_block=None),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_in_mid_stream_interrupts_the_answer(damage):
    body = start() + block() + delta("Hel") + damage + delta("lo") + end()
    run, requests = run_of((200, body))
    assert (run.status, run.failure.kind, requests) == ("interrupted", "damaged", 1)
    assert (run.text, cost_of(run)[0].kind) == ("Hel", "at least")


OF_CONTENT = [name for name, damage in DAMAGED.items() if b"content_block_" in damage]


@pytest.mark.parametrize("damage", [DAMAGED[name] for name in OF_CONTENT], ids=OF_CONTENT)
def test_an_answer_whose_first_block_is_damaged_has_begun(damage):
    run, requests = run_of((200, start(input_tokens=50_000) + damage))
    assert (run.status, run.failure.kind, requests) == ("interrupted", "damaged", 1)
    cost, _ = cost_of(run)
    assert (cost.kind, run.usage.input_tokens) == ("at least", 50_000)


def test_an_answer_whose_first_block_is_cut_at_any_letter_has_begun():
    before, first = start(input_tokens=50_000), begin("thinking", thinking="", signature="")
    named = len(b"event: content_b")
    for ending in ([], [RESET]):
        answers = [(200, [before + first[:at], *ending]) for at in range(len(first))]
        for at, run in enumerate(runs_of([Script(answer_) for answer_ in answers])):
            is_begun = at >= named
            expected_end = ("interrupted", 1) if is_begun else ("failed", 4)
            assert (run.status, len(run.attempts)) == expected_end, at
            assert run.usage.input_tokens == (50_000 if is_begun else 200_000)


def test_the_name_of_a_block_may_come_in_any_pieces():
    body = start() + b'data: {"type": "content_block_start", "ind'
    run, requests = run_of((200, [*[body[i : i + 1] for i in range(len(body))], RESET]))
    assert (run.status, requests) == ("interrupted", 1)


def test_an_error_that_speaks_of_blocks_begins_no_answer():
    says = error("overloaded_error", 'event: content "type": "content_block_start"').encode()
    run, requests = run_of((200, [start(), b"event: error\ndata: " + says + b"\n\n"]))
    assert (run.status, requests) == ("failed", 4)


@pytest.mark.parametrize(
    "details",
    [
        {"message": "event: content_block_start"},
        {"message": "no", "details": {"type": "content_blocked"}},
        {"message": "no", "details": {"type": "content_block_start", "content": "x"}},
    ],
)
def test_what_only_speaks_of_content_begins_no_answer(details):
    says = json.dumps({"type": "error", "error": {"type": "overloaded_error", **details}}).encode()
    odd = sse("ping", about={"type": "content_block_start"})
    run, requests = run_of((200, [start(), odd, b"event: error\ndata: " + says + b"\n\n"]))
    assert (run.status, run.failure.kind, requests) == ("failed", "overloaded", 4)
    pieces = [bytes([letter]) for letter in start() + odd + says[:-2]]
    assert run_of((200, [*pieces, RESET]))[1] == 4
    run, requests = run_of((200, [says[:-2], RESET], {"content-type": "application/json"}))
    assert (run.status, requests) == ("failed", 4)


@pytest.mark.parametrize(
    "line",
    [
        "event: content_block_start",
        "event:content_block_start",
        'data:{"type":"content_block_start"',
        'data: {"index": 0, "type": "content_block_start"',
        'data: {"content_block": {"type": "text"',
    ],
)
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_a_block_begins_however_a_server_writes_its_first_line(line, end_of_line):
    body = start().replace(b"\n", end_of_line.encode()) + line.encode()
    for pieces in ([body], [bytes([letter]) for letter in body]):
        run, requests = run_of((200, [*pieces, RESET]))
        assert (run.status, requests) == ("interrupted", 1)


def test_an_answer_in_one_piece_that_breaks_off_is_not_asked_for_again():
    body = json.dumps(MESSAGE).encode()
    for pieces in ([body[:70], RESET], [body[:70]]):
        run, requests = run_of((200, pieces, {"content-type": "application/json"}))
        assert (run.status, requests, cost_of(run)[0].kind) == ("interrupted", 1, "at least")
    says = b'{"type": "error", "error": {"type": "overloaded_error", "mess'
    run, requests = run_of((200, [says, RESET], {"content-type": "application/json"}))
    assert (run.status, requests) == ("failed", 4)


def test_comments_unknown_events_and_blanks_are_no_damage():
    odd = b": keep-alive\n\nid: 7\nretry: 10\n\n  \nevent: news\n\nevent: ping\ndata: {}\n\n"
    odd += sse("future_event", usage={"output_tokens": 99})
    run, _ = run_of((200, odd + start() + odd + block() + delta("Hi") + odd + end()))
    assert (run.status, run.text, run.usage.output_tokens) == ("done", "Hi", 5)


DONE = b"data: [DONE]\n\n"


def test_a_stream_of_another_api_is_asked_for_once():
    chunk = b'data: {"object": "chat.completion.chunk", "choices": []}\n\n'
    for body in (chunk, chunk + DONE, DONE):
        run, requests = run_of((200, body))
        assert (run.status, run.failure.kind, requests) == ("failed", "undecodable", 1)


def test_an_answer_that_ends_as_other_apis_end_theirs_is_cut_off_or_whole_and_not_damaged():
    run, requests = run_of((200, start() + block() + delta("Hi") + DONE))
    assert (run.status, run.failure.kind, run.text, requests) == (
        "interrupted",
        "truncated",
        "Hi",
        1,
    )
    run, requests = run_of((200, start() + block() + delta("Hi") + end() + DONE))
    assert (run.status, run.failure, run.text) == ("done", None, "Hi")


KINDS = {
    "text": [block(), delta("Hi"), delta(" there")],
    "thinking": [THINKING, piece("thinking_delta", thinking="Hm"), piece("signature_delta")],
    "hidden": [THINKING, piece("signature_delta", signature="s")],
    "tool": [TOOL, INPUT, INPUT],
    "redacted": [begin("redacted_thinking", data="x")],
    "server tool": [begin("server_tool_use", id="s", name="web_search", input={})],
    "unknown": [begin("block_of_2027"), piece("delta_of_2027")],
}
ENDINGS = {"eof": [], "error": [OVERLOADED], "reset": [RESET], "damage": [b"data: {not\n\n"]}
STOP = sse("content_block_stop", index=0)


@st.composite
def attempts(draw):
    """The wire's events of four attempts at the same answer, and where the later three end."""
    found = []
    for _ in range(4):
        input_tokens = draw(st.integers(0, 300_000))
        blocks = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=3))
        events = [start(input_tokens=input_tokens)]
        for kind in blocks:
            events += [sse("ping")] * draw(st.integers(0, 1)) + [*KINDS[kind], STOP]
        events += [end(draw(st.integers(0, 999)))]
        cut = draw(st.one_of(st.integers(0, 2), st.integers(0, len(events))))
        found.append((events, cut, draw(st.sampled_from(sorted(ENDINGS)))))
    return found


def expected(each):
    """By the rule: how many attempts there are, how the run ends, and what was reported."""
    input_tokens = 0
    for number, (events, cut, ending) in enumerate(each, 1):
        came = b"".join(events[:cut])
        if cut:
            first = json.loads(events[0].partition(b"data: ")[2])
            input_tokens += first["message"]["usage"]["input_tokens"]
        if cut == len(events):
            return number, "done", input_tokens
        if b"content_block_start" in came:
            return number, "interrupted", input_tokens
        if not cut and ending == "damage":  # Nothing of it was ever a stream.
            return number, "failed", input_tokens
    return len(each), "failed", input_tokens


@settings(max_examples=STREAMS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(attempts())
def test_wherever_streams_are_cut_attempts_and_usage_are_as_the_rule_says(drawn):
    (events, _, ending), *later = drawn
    cases = [[(events, cut, ending), *later] for cut in range(len(events) + 1)]
    scripts = [
        Script(*((200, [*came[:at], *(ENDINGS[how] if at < len(came) else [])])
                 for came, at, how in each))
        for each in cases
    ]  # fmt: skip
    for each, script, run in zip(cases, scripts, runs_of(scripts), strict=True):
        requests, reported = len(script.requests), run.usage.input_tokens if run.usage else 0
        assert (requests, run.status, reported) == expected(each)
        cost, _ = cost_of(run)
        assert cost.usd >= reported * INPUT_USD
        assert (cost.kind == "exact") == (requests == 1 and run.status == "done")
