"""From the bytes of an answer to every place where its cost passes: row, export, saved page,
budget, totals, batch."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from fake_api import sse
from scripted import NOW, Script, play

from playground.claude.batch.results import result_of
from playground.core.answer.retry import RetryPolicy
from playground.core.batch.submission import PlannedRequest, Submission, to_row
from playground.core.log.history import LoggedRun
from playground.core.log.run_file import cells_of, columns, line_of, run_of
from playground.core.money.budget import Budget, Reservation, Spender, windows
from playground.core.request.connection import CLAUDE, DEMO
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.saved_pages.answers_page import share_page
from playground.core.sharing.shared_run import shared_run, to_json
from playground.engine.run import Run
from playground.engine.run_rows import cost_of, log_record
from playground.store.log import RunLog
from playground.ui.answer.card import metrics_of

BILLED = {"input_tokens": 100, "output_tokens": 0}


def answered(usage=BILLED, *, blocks=(), model="claude-opus-5-5", **stop):
    """The bytes of an answer, whole usage in its last report."""
    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": model}
    parts = [sse("message_start", message={**message, "usage": {**usage, "output_tokens": 1}})]
    for index, block in enumerate(blocks):
        parts.append(sse("content_block_start", index=index, content_block=block))
        parts.append(sse("content_block_stop", index=index))
    stop = {"stop_reason": "end_turn", "stop_sequence": None, **stop}
    return b"".join([*parts, sse("message_delta", delta=stop, usage=usage), sse("message_stop")])


def refusal(category):
    return {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": category}}


def ran(*bodies, model="claude-opus-5-5", connection=CLAUDE, key="sk-test", **params):
    """The run that these answers, one an attempt, make."""
    request = Request(Prompt("", (Message("user", "Hi"),)), Params(model, 300, **params))
    script = Script(*[body if isinstance(body, tuple) else (200, body) for body in bodies])
    events, _ = play(script, connection=connection, request=request, key=key)
    run = Run(
        "o", "ada", plan(RunContext(connection, RetryPolicy(), (), NOW), Variant("A", request))
    )
    for now_s, event in enumerate(events):
        run.fold(event, float(now_s))
    return run


SEARCHED = {
    "input_tokens": 404_500, "output_tokens": 967,
    "server_tool_use": {"web_search_requests": 10, "web_fetch_requests": 0},
}  # fmt: skip
COMPACTED = {
    "input_tokens": 0, "output_tokens": 0,
    "iterations": [{"type": "compaction", "input_tokens": 64_000, "output_tokens": 8_200,
                    "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}],
}  # fmt: skip
KEPT_LONG = {
    "input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 1_000,
    "cache_creation": {"ephemeral_24h_input_tokens": 1_000},
}  # fmt: skip
TEXT = {"type": "text", "text": "Hello"}
CODE = {"type": "server_tool_use", "id": "t", "name": "bash_code_execution", "input": {}}
CODE_RESULT = {"type": "code_execution_tool_result", "tool_use_id": "t", "content": {}}


@pytest.mark.parametrize(
    ("body", "model", "usd", "kind", "says"),
    [
        (answered(**refusal("bio")), "claude-opus-5-5", "0.0004", "exact", "reported"),
        (answered(**refusal("frontier_llm")), "claude-opus-5-5", "0.0004", "exact", ""),
        (answered(**refusal("reasoning_extraction")), "claude-opus-5-5", "0.0004", "exact", ""),
        (answered(**refusal("cyber")), "claude-opus-5-5", "0", "exact", "not billed"),
        (answered(**refusal("general_harms")), "claude-opus-5-5", "0", "exact", "not billed"),
        (answered(**refusal(None)), "claude-opus-5-5", "0", "exact", "not billed"),
        (answered(stop_reason="refusal"), "claude-opus-5-5", "0", "exact", "not billed"),
        (answered(**refusal("alchemy")), "claude-opus-5-5", "0.0004", "at most", "category"),
        (answered(**refusal(7)), "claude-opus-5-5", "0.0004", "at most", "category"),
        (answered(stop_reason="refusal", stop_details="bio"), "claude-opus-5-5", "0.0004",
         "exact", "reported"),
        (answered(stop_reason="refusal", stop_details=["bio"]), "claude-opus-5-5", "0.0004",
         "at most", "category"),
        (answered(blocks=[TEXT], **refusal("cyber")), "claude-opus-5-5", "0.0004", "exact", ""),
        (answered(SEARCHED, blocks=[TEXT], model="claude-sonnet-4-5"), "claude-sonnet-4-5",
         "1.328005", "exact", "10 web searches · $0.10"),
        # A fallback served it, and the report doesn't tell its prompts apart.
        (answered(blocks=[TEXT], model="claude-haiku-4-5"), "claude-opus-5-5", "0.0001",
         "at least", "claude-haiku-4-5 answered instead"),
        (answered(blocks=[TEXT], model="claude-fable-5-2"), "claude-opus-5-5", "0.0004",
         "at least", "claude-fable-5-2 answered instead"),
        (answered(blocks=[TEXT], model="claude-haiku-4-5-20251001"), "claude-haiku-4-5", "0.0001",
         "exact", "reported"),
        (answered(blocks=[TEXT], model="a-name-of-its-own"), "claude-opus-5-5", "0.0004", "exact",
         "reported"),
        (answered(COMPACTED, blocks=[TEXT]), "claude-sonnet-4-6", "0.315", "exact", "iteration"),
        (answered(blocks=[CODE, TEXT]), "claude-opus-5-5", "0.0004", "at least", "container"),
        (answered(blocks=[CODE_RESULT]), "claude-opus-5-5", "0.0004", "at least", "container"),
        (answered(blocks=[TEXT], container={"id": "c", "expires_at": "x"}), "claude-opus-5-5",
         "0.0004", "at least", "container"),
        (answered({**BILLED, "service_tier": "priority"}, blocks=[TEXT]), "claude-opus-5-5",
         "0.0004", "at least", "priority"),
        (answered(KEPT_LONG, blocks=[TEXT]), "claude-opus-5-5", "0.005", "at least",
         "1,000 cache_creation.ephemeral_24h_input_tokens, whose price isn't known"),
        (answered({**BILLED, "cache_creation_input_tokens": 1_000}, blocks=[TEXT]),
         "claude-opus-5-5", "0.0054", "at least", "1,000 cache_creation_input_tokens of unknown"),
        (answered({**BILLED, "server_tool_use": [{"web_search_requests": 3}]}, blocks=[TEXT]),
         "claude-opus-5-5", "0.00042", "at least", "not reported to the end"),
        (answered({"input_tokens": 150_000, "output_tokens": 0}, blocks=[
            {"type": "server_tool_use", "id": "t", "name": "web_fetch", "input": {}}]),
         "claude-haiku-5-5", "0.015", "at least", "several prompts"),
    ],
)  # fmt: skip
def test_an_answer_costs_the_same_and_says_why_wherever_its_cost_is_told(
    body, model, usd, kind, says, tmp_path
):
    run = ran(body, model=model)
    cost, prices = cost_of(run)
    assert (cost.usd, cost.kind) == (Decimal(usd), kind)
    assert says in cost.why
    row, texts = log_record(run)
    assert (row.cost, row.cost.why) == (cost, cost.why)
    assert json.loads(row.unit_prices_json)["source"] == prices.source
    kept = run_of(line_of(LoggedRun(row, texts)), "ada")
    assert (kept.row.cost, kept.row.cost.why) == (cost, cost.why)
    cells = dict(zip(names := columns(with_texts=False), cells_of(kept, names), strict=True))
    assert (Decimal(cells["cost_usd"]), cells["cost_kind"]) == (cost.usd, kind)
    assert cells["cost_why"] == cost.why
    [shared] = json.loads(to_json([shared_run(row, texts)], NOW))["runs"]
    assert (Decimal(shared["cost_usd"]), shared["cost_why"]) == (cost.usd, cost.why)
    page = share_page([shared_run(row, texts)], NOW)
    assert f"({kind}): " in page
    used = settled(tmp_path, row, texts)
    assert used == (cost.usd if kind == "exact" else max(row.worst_case_usd, cost.usd))


@pytest.mark.parametrize(("cache", "usd"), [("5m", "0.0104"), ("1h", "0.0164")])
def test_a_cache_write_that_only_the_last_report_counts_lasts_as_the_request_asked(cache, usd):
    # The SDK's type of the last report has the sum alone: a server tool's turns wrote 1,500 more.
    first = {**BILLED, "cache_creation_input_tokens": 500,
             "cache_creation": {f"ephemeral_{cache}_input_tokens": 500}}  # fmt: skip
    message = {"id": "m", "type": "message", "content": [], "usage": first}
    last = {"output_tokens": 0, "input_tokens": 100, "cache_creation_input_tokens": 2_000}
    body = b"".join([
        sse("message_start", message=message),
        sse("content_block_start", index=0, content_block=TEXT),
        sse("message_delta", delta={"stop_reason": "end_turn"}, usage=last),
        sse("message_stop"),
    ])  # fmt: skip
    cost, _ = cost_of(ran(body, cache=cache))
    assert (cost.usd, cost.kind) == (Decimal(usd), "exact")


@pytest.mark.parametrize("cache", [{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}])
def test_a_batch_knows_how_long_its_cache_writes_last_from_its_request(cache):
    usage = {**BILLED, "cache_creation_input_tokens": 1_000}
    line = {"custom_id": "r1", "result": {"type": "succeeded", "message": {
        "type": "message", "content": [TEXT], "usage": usage}}}  # fmt: skip
    request = {"headers": {}, "body": {"system": [{"type": "text", "cache_control": cache}]}}
    asked = PlannedRequest(custom_id="r1", model="claude-opus-5-5", params_json="{}",
                           request_json=json.dumps(request))  # fmt: skip
    submission = Submission(
        visitor="ada", submission_id="s", connection_kind="claude", connection_label="Claude API",
        models=(), requests=1, submitted_at=NOW,
    )  # fmt: skip
    row, _ = to_row(asked, result_of(json.dumps(line).encode(), ""), submission, CLAUDE)
    usd = "0.0042" if "ttl" in cache else "0.0027"
    assert (row.cost_usd, row.cost_kind) == (Decimal(usd), "exact")


def settled(path, row, texts):
    """What a run that was reserved at its worst case counts for a budget once it has ended."""
    log = RunLog(f"sqlite:///{path}/runs.db", clock=lambda: row.started_at)
    most = row.worst_case_usd or Decimal(10)
    row = replace(row, worst_case_usd=most)
    caps = windows(Budget(day_usd=Decimal(100)), Budget(), Spender("ada", "ada", row.started_at),
                   row.started_at)  # fmt: skip
    reserved = Reservation(row.run_id, "ada", "ada", row.started_at, most)
    assert log.budgets.reserve([reserved], caps) is None
    log.record(row, texts)
    assert log.flush(5)
    [balance] = log.budgets.balances(caps)
    totals = log.totals("ada")
    assert (totals.spent.usd, totals.spent.kind) == (row.cost_usd, row.cost_kind)
    log.close()
    return balance.used_usd


def test_the_card_names_the_searches_with_their_price():
    said = metrics_of(ran(answered(SEARCHED, blocks=[TEXT]), model="claude-sonnet-4-5"))
    assert "10 web searches · $0.10" in said


def test_what_a_fallback_served_before_the_stream_broke_cost_at_least_its_own_price():
    whole = answered(blocks=[TEXT], model="claude-haiku-4-5")
    cut = whole[: whole.index(b"event: message_delta")]
    cost, _ = cost_of(ran(cut, model="claude-opus-5-5"))
    # 100 tokens in at $1 and one out at $5 a million.
    assert (cost.usd, cost.kind) == (Decimal("0.000105"), "at least")


LONG = "x" * 90_000
KEY = "sk-ant-canary-key"
NAMING = {
    "tier": lambda name: {"service_tier": name},
    "speed": lambda name: {"speed": name},
    "region": lambda name: {"inference_geo": name},
    "count": lambda name: {name: 5},
    "count within": lambda name: {"server_tool_use": {name: 5}},
    "iteration": lambda name: {"iterations": [{"type": name, "input_tokens": 100}]},
    "model of a part": lambda name: {
        "iterations": [{"type": "message", "model": name, "input_tokens": 100}]
    },
}
"""Where a report may have a name of the server's own that its cost repeats."""


@pytest.mark.parametrize("naming", NAMING.values(), ids=NAMING)
@pytest.mark.parametrize("around", ["", "a" * 70])
def test_a_key_in_a_usage_report_is_in_no_cost(naming, around):
    usage = {**BILLED, **naming(around + KEY)}
    run = ran(answered(usage, blocks=[TEXT]), key=KEY)
    message = {"type": "message", "content": [TEXT], "usage": usage}
    line = {"custom_id": "r1", "result": {"type": "succeeded", "message": message}}
    result = result_of(json.dumps(line).encode(), KEY)
    for usage in (run.usage, result.usage):
        assert "…" in str(usage)
        assert "canary" not in str(usage)
    assert "canary" not in str(log_record(run))
    assert "sk-ant" not in cost_of(run)[0].why


@pytest.mark.parametrize("naming", NAMING.values(), ids=NAMING)
def test_a_long_name_in_a_usage_report_makes_no_long_reason(naming):
    why = cost_of(ran(answered({**BILLED, **naming(LONG)}, blocks=[TEXT])))[0].why
    assert "xxx" in why
    assert len(why) < 400


@pytest.mark.parametrize("category", ["bio", "cyber", "alchemy"])
def test_the_outcome_of_a_refusal_says_whether_it_is_billed(category):
    from playground.core.runs.outcome import outcome

    words = {"bio": "billed like any answer", "cyber": "not billed", "alchemy": "not known"}
    assert words[category] in outcome(ran(answered(**refusal(category)))).billed


@pytest.mark.parametrize(
    ("message", "usd", "kind"),
    [
        ({"content": [], "usage": BILLED, **refusal("bio")}, "0.0002", "exact"),
        ({"content": [], "usage": BILLED, **refusal("cyber")}, "0", "exact"),
        ({"content": [], "usage": BILLED, **refusal("alchemy")}, "0.0002", "at most"),
        ({"content": [TEXT, CODE], "usage": BILLED}, "0.0002", "at least"),
        ({"content": [TEXT], "usage": {**BILLED, "service_tier": "batch"}}, "0.0002", "exact"),
        ({"content": [TEXT]}, None, "unknown"),
    ],
)
def test_a_result_of_a_batch_is_billed_by_the_same_rules_at_half_the_price(message, usd, kind):
    line = {"custom_id": "r1", "result": {"type": "succeeded", "message": {
        "type": "message", "stop_reason": "end_turn", **message}}}  # fmt: skip
    result = result_of(json.dumps(line).encode(), "")
    submission = Submission(
        visitor="ada", submission_id="s", connection_kind="claude", connection_label="Claude API",
        models=(), requests=1, submitted_at=NOW,
    )  # fmt: skip
    asked = PlannedRequest(
        custom_id="r1", model="claude-opus-5-5", params_json="{}", request_json="{}"
    )
    row, _ = to_row(asked, result, submission, CLAUDE)
    assert (row.cost_usd, row.cost_kind) == (None if usd is None else Decimal(usd), kind)
    assert row.cost_why
    simulated, _ = to_row(asked, result, submission, DEMO)
    assert simulated.cost_kind == ("unknown" if usd is None else "simulated")
