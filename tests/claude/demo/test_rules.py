"""The rules of the real API, one row each."""

from datetime import UTC, date, datetime

import pytest

from playground.claude.demo.rules import check, check_count, check_in_batch
from playground.core.money.pricing import has_fast_price
from playground.core.request.model_catalogue import CATALOGUE

OLD, NEW = "2023-06-01", "2026-10-21"
USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "1."}
SYSTEM = {"role": "system", "content": "Be terse from now on."}
_ANYWHERE = "the directive-only form (content: [] with output_config) is accepted at any position"
FOLLOWS = (
    "must follow a 'user' message or an 'assistant' message ending in a server tool result;"
    f" {_ANYWHERE}"
)
PRECEDES = f"must precede an 'assistant' message or end the array; {_ANYWHERE}"
NOT_PERMITTED = "Extra inputs are not permitted"
PREFILL = (
    "This model does not support assistant message prefill."
    " The conversation must end with a user message."
)
TOOL = {"name": "get_weather", "input_schema": {"type": "object"}}
FORCED = {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "get_weather"}}
TEXT = {"type": "text", "text": "Hello"}
SEARCHED = {
    "role": "assistant",
    "content": [{"type": "web_search_tool_result", "tool_use_id": "s", "content": []}],
}
EFFORT_ALONE = {"role": "system", "content": [], "output_config": {"effort": "low"}}
CALLS = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t", "name": "get_weather", "input": {}}],
}
WITHOUT_RESULT = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t. "
)
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
EMPTY = "messages: text content blocks must be non-empty"


def body(model="claude-haiku-5-5", **changes):
    found = {"model": model, "max_tokens": 2000, "messages": [USER], **changes}
    return {name: value for name, value in found.items() if value is not ...}


def returned(*ids):
    blocks = [{"type": "tool_result", "tool_use_id": each, "content": "9 °C"} for each in ids]
    return {"role": "user", "content": blocks}


def instead(kind):
    return (
        f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive"'
        ' and "output_config.effort" to control thinking behavior.'
    )


def enabled(budget):
    return {"type": "enabled", "budget_tokens": budget}


REFUSED = [
    (None, body(), "anthropic-version: header is required"),
    ("1999-01-01", body(), 'anthropic-version: "1999-01-01" is not a valid version.'),
    (NEW, [], "The request body is not a JSON object."),
    (NEW, body(model=...), "model: Field required"),
    (NEW, body(model=7), "model: Input should be a valid string"),
    (NEW, body(max_tokens=...), "max_tokens: Field required"),
    (NEW, body(max_tokens="9"), "max_tokens: Input should be a valid integer"),
    (NEW, body(max_tokens=-1), "max_tokens: must be greater than or equal to 0"),
    (NEW, body(max_tokens=0, stream=True), "max_tokens: 0 is not supported with `stream`."),
    (
        NEW,
        body(max_tokens=0, output_config={"format": {"type": "json_schema", "schema": {}}}),
        "max_tokens: 0 is not supported with `output_config.format`.",
    ),
    (
        NEW,
        body(max_tokens=0, tools=[TOOL], tool_choice={"type": "any"}),
        "max_tokens: 0 is not supported with `tool_choice`.",
    ),
    (
        NEW,
        body(max_tokens=128_001),
        "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens"
        " for claude-haiku-5-5",
    ),
    (NEW, body(messages=...), "messages: Field required"),
    (NEW, body(messages="Hello"), "messages: Input should be a valid list"),
    (NEW, body(messages=[]), "messages: at least one message is required"),
    (NEW, body(messages=["Hello"]), "messages.0: Input should be an object"),
    (NEW, body(messages=[{"role": "user"}]), "messages.0.content: Field required"),
    (NEW, body(messages=[{"role": "user", "content": ""}]), EMPTY),
    (NEW, body(messages=[{"role": "user", "content": []}]), EMPTY),
    (NEW, body(messages=[{"role": "user", "content": [{"type": "text", "text": ""}]}]), EMPTY),
    (
        NEW,
        body(messages=[{"role": "user", "content": " \n"}]),
        "messages: text content blocks must contain non-whitespace text",
    ),
    (
        NEW,
        body(messages=[USER, {"role": "developer", "content": "x"}]),
        "messages.1.role: Input should be 'user', 'assistant' or 'system'",
    ),
    (
        NEW,
        body("claude-sonnet-5", messages=[USER, SYSTEM]),
        "role 'system' is not supported on this model",
    ),
    (NEW, body(messages=[SYSTEM, USER]), f"messages.0: role 'system' {FOLLOWS}"),
    (NEW, body(messages=[USER, ASSISTANT, SYSTEM, USER]), f"messages.2: role 'system' {FOLLOWS}"),
    (NEW, body(messages=[USER, ASSISTANT, SYSTEM]), f"messages.2: role 'system' {FOLLOWS}"),
    (NEW, body(messages=[USER, SYSTEM, USER]), f"messages.1: role 'system' {PRECEDES}"),
    (NEW, body(messages=[USER, SYSTEM, SYSTEM, USER]), f"messages.2: role 'system' {PRECEDES}"),
    (
        NEW,
        body(
            "claude-sonnet-5-5",
            thinking={"type": "between_tools"},
            output_config={"effort": "xhigh"},
        ),
        '"thinking.type.between_tools" is not supported with effort "xhigh".',
    ),
    (
        NEW,
        body("claude-haiku-4-5", inference_geo="us"),
        "inference_geo: not supported by this model",
    ),
    (NEW, body(colour="red"), f"colour: {NOT_PERMITTED}"),
    (
        NEW,
        body(stop_sequences=[" "]),
        "stop_sequences: each stop sequence must contain non-whitespace",
    ),
    (NEW, body(service_tier="priority"), "service_tier: Input should be 'auto' or 'standard_only'"),
    (NEW, body(cache_control=1), "cache_control: Input should be an object"),
    (NEW, body(cache_control={"ttl": "5m"}), "cache_control.type: Input should be 'ephemeral'"),
    (
        NEW,
        body(cache_control={"type": "ephemeral", "ttl": "1d"}),
        "cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
    (
        NEW,
        body(thinking={"type": "adaptive", "display": "all"}),
        "thinking.display: Input should be 'summarized' or 'omitted'",
    ),
    (NEW, body(tools={}), "tools: Input should be a valid list"),
    (NEW, body(tools=[{"input_schema": {}}]), "tools.0.custom.name: Field required"),
    (
        NEW,
        body(tools=[TOOL | {"name": "get weather"}]),
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    (NEW, body(tools=[{"name": "t"}]), "tools.0.custom.input_schema: Field required"),
    (NEW, body(tools=[TOOL, TOOL]), "tools: Tool names must be unique."),
    (
        NEW,
        body(tool_choice={"type": "auto"}),
        "tool_choice: may only be specified while providing tools.",
    ),
    (
        NEW,
        body(tools=[TOOL], tool_choice={"type": "must"}),
        "tool_choice.type: Input should be one of 'auto', 'any', 'tool', 'none'",
    ),
    (
        NEW,
        body(tools=[TOOL], tool_choice={"type": "tool", "name": "other"}),
        "Tool 'other' not found in provided tools",
    ),
    (
        NEW,
        body(thinking={"type": "adaptive"}, **FORCED),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    (
        NEW,
        body("claude-haiku-4-5", thinking={"type": "enabled", "budget_tokens": 1024}, **FORCED),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    *(
        (NEW, body(model, **FORCED), "tool_choice: forced tool use is not supported on this model")
        for model in (
            "claude-opus-5-5",
            "claude-sonnet-5-5",
            "claude-fable-5-1",
            "claude-fable-5-2",
            "claude-mythos-5-2",
        )
    ),
    (NEW, body(speed="warp"), "speed: Input should be 'standard' or 'fast'"),
    (NEW, body(speed="fast"), "speed: 'fast' is not supported on this model"),
    (
        NEW,
        body("claude-opus-4-7", speed="fast"),
        "speed: 'fast' is not supported on this model",
    ),
    (NEW, body(metadata="me"), "metadata: Input should be an object"),
    (NEW, body(metadata={"user_id": 7}), "metadata.user_id: Input should be a valid string"),
    (NEW, body(metadata={"name": "me"}), f"metadata.name: {NOT_PERMITTED}"),
    (NEW, body(inference_geo=1), "inference_geo: Input should be a valid string"),
    (NEW, body(fallback_credit_token="t"), f"fallback_credit_token: {NOT_PERMITTED}"),
    (
        NEW,
        body(messages=[USER, {"role": "assistant", "content": [DOCUMENT]}, USER]),
        "messages.1.content.0: document blocks are not permitted in assistant messages",
    ),
    (
        NEW,
        body(messages=[{"role": "user", "content": [{**TEXT, "citations": [{}]}]}]),
        "messages.0.content.0.text.citations: not permitted in user messages",
    ),
    (
        NEW,
        body(
            "claude-haiku-4-5",
            messages=[USER, ASSISTANT],
            output_config={"format": {"type": "json_schema", "schema": {}}},
        ),
        "output_config.format: not supported with assistant prefill",
    ),
    (NEW, body(stream="yes"), "stream: Input should be a valid boolean"),
    (NEW, body("claude-sonnet-4-6", temperature=0.5), f"temperature: {NOT_PERMITTED}"),
    (NEW, body(temperature=1), f"temperature: {NOT_PERMITTED}"),
    (NEW, body(top_p=0.9), f"top_p: {NOT_PERMITTED}"),
    (NEW, body(top_k=5), f"top_k: {NOT_PERMITTED}"),
    (OLD, body(temperature=0), "`temperature` is deprecated for this model."),
    (OLD, body(top_p=1.0), "`top_p` is deprecated for this model."),
    (OLD, body(top_k=5), "`top_k` is deprecated for this model."),
    (
        OLD,
        body("claude-haiku-4-5", temperature=None),
        "temperature: Input should be a valid number",
    ),
    (OLD, body("claude-haiku-4-5", top_k=1.5), "top_k: Input should be a valid integer"),
    (
        OLD,
        body("claude-haiku-4-5", top_k=-1),
        "top_k: Input should be greater than or equal to 0",
    ),
    (
        OLD,
        body(temperature=1, top_p=0.99),
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    (OLD, body("claude-haiku-4-5", temperature=1.01), "temperature: range: 0..1"),
    (OLD, body("claude-haiku-4-5", temperature=-0.1), "temperature: range: 0..1"),
    (OLD, body("claude-haiku-4-5", temperature=float("nan")), "temperature: range: 0..1"),
    (
        OLD,
        body("claude-sonnet-4-5", temperature=0.5, top_p=0.9),
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    (NEW, body(messages=[USER, ASSISTANT]), PREFILL),
    (NEW, body("claude-sonnet-4-6", messages=[USER, ASSISTANT]), PREFILL),
    (
        NEW,
        body("claude-haiku-4-5", messages=[USER, {"role": "assistant", "content": "1. "}]),
        "messages: final assistant content cannot end with trailing whitespace",
    ),
    (NEW, body(thinking=enabled(1024)), instead("enabled")),
    (NEW, body("claude-opus-5-5", thinking={"type": "disabled"}), instead("disabled")),
    (
        NEW,
        body("claude-haiku-4-5", thinking={"type": "adaptive"}),
        "adaptive thinking is not supported on this model",
    ),
    (
        NEW,
        body("claude-haiku-4-5", thinking=enabled(1023)),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
    ),
    (
        NEW,
        body("claude-haiku-4-5", thinking={"type": "enabled"}),
        "thinking.enabled.budget_tokens: Field required",
    ),
    (
        NEW,
        body("claude-haiku-4-5", output_config={"effort": "low"}),
        "This model does not support the effort parameter.",
    ),
    (
        NEW,
        body("claude-sonnet-4-6", output_config={"effort": "xhigh"}),
        "output_config.effort: 'xhigh' is not supported by this model."
        " Use 'low', 'medium', 'high', 'max'.",
    ),
    (
        NEW,
        body(thinking={"type": "disabled"}, output_config={"effort": "max"}),
        '"thinking.type.disabled" is not supported with effort "max".',
    ),
]


@pytest.mark.parametrize(("version", "request_body", "message"), REFUSED)
def test_the_api_refuses_with_a_400_and_says_why(version, request_body, message):
    error = check(version, request_body)
    assert error is not None
    assert (error.status, error.type, error.message) == (400, "invalid_request_error", message)


@pytest.mark.parametrize(
    ("messages", "start"),
    [
        ([USER, CALLS], WITHOUT_RESULT),
        ([USER, CALLS, USER], WITHOUT_RESULT),
        ([USER, CALLS, USER, returned("t")], WITHOUT_RESULT),
        ([USER, CALLS, EFFORT_ALONE, USER], WITHOUT_RESULT),
        ([USER, returned("t")], "messages.1.content.0: unexpected `tool_use_id` found in"),
        ([USER, CALLS, returned("u")], "messages.2.content.0: unexpected `tool_use_id` found in"),
        ([USER, CALLS, returned("t", "t")], "messages.2.content.1: unexpected `tool_use_id`"),
        ([USER, CALLS, returned("t"), ASSISTANT, returned("t")], "messages.4.content.0: unexp"),
    ],
)
def test_each_call_of_a_tool_needs_its_result_right_behind_it(messages, start):
    error = check(NEW, body(messages=messages))
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert error.message.startswith(start)


def test_temperature_must_be_1_while_thinking():
    error = check(OLD, body("claude-sonnet-4-6", temperature=0.5, thinking={"type": "adaptive"}))
    assert error.message.startswith("`temperature` may only be set to 1 when thinking is enabled.")


def test_the_thinking_budget_must_leave_room_for_an_answer():
    error = check(NEW, body("claude-haiku-4-5", thinking=enabled(2000)))
    assert error.message.startswith("`max_tokens` must be greater than `thinking.budget_tokens`.")


@pytest.mark.parametrize(
    ("version", "request_body"),
    [
        (NEW, body("claude-haiku-4-5", **FORCED)),
        (NEW, body("claude-sonnet-5", **FORCED)),
        (NEW, body("claude-opus-5-5", tools=[TOOL], tool_choice={"type": "auto"})),
        (NEW, body(tools=[{"type": "web_search_20260318", "name": "web_search"}])),
        (NEW, body("claude-opus-5-5", speed="fast")),
        (NEW, body("claude-fable-5-2", speed="fast")),
        (NEW, body(speed="standard", metadata={"user_id": "u"}, inference_geo="us")),
        (NEW, body(messages=[{"role": "user", "content": [DOCUMENT, {**TEXT, "citations": []}]}])),
        (OLD, body(messages=[USER, {"role": "assistant", "content": [DOCUMENT]}, USER])),
        (OLD, body(messages=[{"role": "user", "content": [{**TEXT, "citations": [{}]}]}])),
        (NEW, body("claude-haiku-4-5", messages=[USER, {"role": "assistant", "content": ""}])),
        (NEW, body("claude-haiku-4-5", messages=[USER, {"role": "assistant", "content": []}])),
        (NEW, body("claude-opus-5", messages=[USER, SEARCHED, SYSTEM])),
        (NEW, body(messages=[USER, CALLS, returned("t")])),
        (NEW, body(messages=[USER, CALLS, returned("t"), USER, ASSISTANT, USER])),
        (NEW, body("claude-opus-5", messages=[EFFORT_ALONE, USER, EFFORT_ALONE, USER])),
        (NEW, body(system=[])),
        (
            NEW,
            body(
                "claude-sonnet-5",
                tools=[{"type": "browser_toolset_20260801"}],
                tool_choice={"type": "tool", "name": "screenshot"},
            ),
        ),
    ],
)
def test_beside_what_is_refused_there_is_what_the_api_takes(version, request_body):
    assert check(version, request_body, date(2026, 11, 29)) is None


def test_fast_answers_come_from_the_models_with_a_price_for_them_but_one_whose_ended():
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    sold = {model.id for model in CATALOGUE if has_fast_price(model.id, at)}
    refused = {m.id for m in CATALOGUE if check(NEW, body(m.id, speed="fast"))}
    assert {model.id for model in CATALOGUE} - refused == sold - {"claude-opus-4-8"}


def test_an_unknown_model_is_a_404():
    error = check(NEW, body("claude-nonesuch"))
    assert (error.status, error.type) == (404, "not_found_error")
    assert error.message == "model: claude-nonesuch"


def test_a_model_past_its_date_is_a_404_like_one_that_never_was():
    last, first_without = date(2026, 11, 29), date(2026, 11, 30)
    for model in ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"):
        assert check(NEW, body(model), last) is None
        error = check(NEW, body(model), first_without)
        assert (error.status, error.type, error.message) == (
            404, "not_found_error", f"model: {model}",
        )  # fmt: skip
        assert check_count(NEW, body(model, max_tokens=...), first_without).status == 404
    assert check(NEW, body("claude-opus-4-5"), date(2027, 1, 21)) is None
    assert check(NEW, body("claude-opus-4-5"), date(2027, 1, 22)).status == 404


def test_a_batch_takes_no_request_for_no_answer():
    assert check_in_batch(NEW, body(max_tokens=0), date.min).status == 400
    assert check_in_batch(NEW, body(max_tokens=1), date.min) is None
    assert check_in_batch(NEW, body(max_tokens=-1), date.min).status == 400


def test_a_prompt_must_fit_into_the_context():
    text = "dosa " * 200_001
    error = check(NEW, body("claude-haiku-4-5", messages=[{"role": "user", "content": text}]))
    assert error.message.startswith("prompt is too long: 200")
    assert error.message.endswith(" tokens > 200000 maximum")


@pytest.mark.parametrize(
    ("version", "request_body"),
    [
        (NEW, body()),
        (OLD, body()),
        (OLD, body(temperature=1)),
        (OLD, body("claude-haiku-4-5", temperature=0)),
        (OLD, body("claude-opus-4-6", temperature=0.3, top_p=0.9, top_k=5)),
        (OLD, body("claude-haiku-4-5-20251001", temperature=1.0)),
        (OLD, body("claude-sonnet-4-6", temperature=1, thinking={"type": "adaptive"})),
        (NEW, body("claude-haiku-4-5", messages=[USER, ASSISTANT])),
        (NEW, body("claude-haiku-4-5", thinking=enabled(1024))),
        (NEW, body(thinking={"type": "disabled"}, output_config={"effort": "high"})),
        (NEW, body(cache_control={"type": "ephemeral"}, service_tier="standard_only")),
        (NEW, body(cache_control={"type": "ephemeral", "ttl": "1h"}, service_tier="auto")),
        (NEW, body(thinking={"type": "adaptive", "display": "summarized"})),
        (NEW, body(system=[{"type": "text", "text": "Be terse."}])),
        (NEW, body(messages=[USER, USER])),
        (NEW, body(messages=[ASSISTANT, USER])),
        (OLD, body("claude-haiku-4-5", messages=[ASSISTANT, USER], temperature=0)),
        (NEW, body("claude-haiku-4-5", messages=[ASSISTANT])),
        (NEW, body(max_tokens=0)),
        (NEW, body(max_tokens=0, stream=False, cache_control={"type": "ephemeral"})),
        (NEW, body(messages=[USER, SYSTEM])),
        (NEW, body("claude-opus-4-8", messages=[USER, SYSTEM, SYSTEM, ASSISTANT, USER])),
        (
            NEW,
            body(
                "claude-sonnet-5-5",
                thinking={"type": "between_tools"},
                output_config={"effort": "high"},
            ),
        ),
        (NEW, body(output_config={"effort": None})),
        (NEW, body("claude-sonnet-4-6", inference_geo="us")),
    ],
)
def test_the_api_takes_what_is_right(version, request_body):
    assert check(version, request_body) is None


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)
def test_every_model_takes_what_the_catalogue_says(model):
    assert check(NEW, body(model.id, max_tokens=model.max_output_tokens)) is None
    assert (check(OLD, body(model.id, temperature=0.5)) is None) is model.takes_sampling
    prefilled = check(NEW, body(model.id, messages=[USER, ASSISTANT]))
    assert (prefilled is None) is model.takes_prefill
    going_on = {"role": "assistant", "content": [TEXT, {"type": "web_search_tool_result"}]}
    assert check(NEW, body(model.id, messages=[USER, going_on])) is None
    for effort in model.efforts:
        assert check(NEW, body(model.id, output_config={"effort": effort})) is None
    for kind in ("adaptive", "disabled", "between_tools"):
        error = check(NEW, body(model.id, thinking={"type": kind}))
        assert (error is None) is (kind in model.thinking_types)


def test_counting_takes_no_max_tokens_and_no_temperature():
    fields = body(max_tokens=...)
    assert check_count(NEW, fields) is None
    assert check_count(NEW, body()).message == f"max_tokens: {NOT_PERMITTED}"
    error = check_count(OLD, {**fields, "temperature": 1})
    assert error.message == f"temperature: {NOT_PERMITTED}"
