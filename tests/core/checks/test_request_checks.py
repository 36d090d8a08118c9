"""What is wrong with a request is said before anything is sent."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import REQUEST

from playground.core.answer.retry import RetryPolicy
from playground.core.checks.problems import apply_edit
from playground.core.checks.request_checks import problems
from playground.core.request.connection import CLAUDE, DEMO, Connection
from playground.core.request.model_catalogue import CATALOGUE, find, unknown
from playground.core.request.request import EFFORTS, Message, Params, Prompt, Request
from playground.core.runs.run_plan import RunContext, Variant, plan
from playground.core.visitors.access import NO_CAPS, Caps
from playground.core.wire.wire import model_id_of, wire

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
"""How many are tried; set it to thousands for a long look."""

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def fixed(fix, request):
    """The request with a fix applied, as the page does it part by part."""
    return Request(
        apply_edit(fix.edit, request.prompt), replace(request.params, **dict(fix.params))
    )


def found(prompt=None, today=TODAY, model="claude-sonnet-4-6", **params):
    prompt = prompt or Prompt("", (Message("user", "Hi"),))
    request = Request(prompt, Params(**{"model": model, "max_tokens": 300, **params}))
    return of(request, today)


def of(request, today=TODAY):
    model = find(model_id_of(request.params)) or unknown(request.params.model)
    return problems(request, model, today, wire(request, model, CLAUDE).decisions)


def chat(*turns):
    return Prompt("", tuple(Message(role, text) for role, text in turns))


def calling(*ids):
    """An answer that calls a tool with each of these ids."""
    blocks = [{"type": "tool_use", "id": each, "name": f"tool_{each}", "input": {}} for each in ids]
    return Message("assistant", "", json.dumps(blocks))


def result(call, text="9 °C"):
    return Message("user", text, result_of=call)


def test_an_ordinary_request_has_no_problem():
    assert found() == ()


HI = Message("user", "Hi")


def test_a_conversation_in_which_each_call_has_its_result_has_no_problem():
    assert found(Prompt("", (HI, calling("t", "u"), result("u"), result("t")))) == ()
    assert found(Prompt("", (HI, calling("t"), result("t"), HI))) == ()


@pytest.mark.parametrize(
    ("messages", "words", "mended"),
    [
        ((HI, calling("t")), "Message 2 is not followed by what tool_t returned",
         (HI, calling("t"), result("t", ""))),
        ((HI, calling("t", "u"), result("u"), HI), "what tool_t returned",
         (HI, calling("t", "u"), result("t", ""), result("u"), HI)),
        ((HI, calling("t"), HI, result("t")), "what tool_t returned",
         (HI, calling("t"), result("t"), HI)),
        ((result("t"), HI, calling("t"), HI, calling("u")), "Messages 3 and 5 are not followed by",
         (HI, calling("t"), result("t"), HI, calling("u"), result("u", ""))),
        ((HI, result("t")), "Message 2 is sent as a tool's result, but no tool call",
         (HI, Message("user", "9 °C"))),
        ((HI, calling("t"), result("t"), result("t", "8")), "Message 4 is sent as a tool",
         (HI, calling("t"), result("t"), Message("user", "8"))),
    ],
)  # fmt: skip
def test_a_call_without_its_result_and_a_result_without_its_call_are_mended_by_a_click(
    messages, words, mended
):
    [problem] = [each for each in found(Prompt("", messages)) if each.severity == "error"]
    assert words in problem.text
    assert apply_edit(problem.fix.edit, Prompt("", messages)).messages == mended
    chosen = found(Prompt("", messages), api_version="2023-06-01")
    assert problem.text in [each.text for each in chosen if each.severity == "warning"]


def test_an_empty_result_is_sent_and_said():
    [problem] = found(Prompt("", (HI, calling("t"), result("t", ""))))
    assert problem.severity == "warning"
    assert "Message 3 is sent as a tool's result without content" in problem.text


def test_results_are_neither_joined_nor_removed_for_being_empty():
    messages = HI, calling("t", "u"), result("t", ""), result("u"), HI, HI
    prompt = Prompt("", messages)
    assert "Messages 5 and 6 are both from the user" in found(prompt)[0].text
    assert apply_edit("drop_empty", prompt) == prompt
    assert apply_edit("join", prompt).messages == (*messages[:4], Message("user", "Hi\n\nHi"))


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (chat(), "no message"),
        (chat(("user", "  ")), "Message 1 is empty"),
        (chat(("user", "Hi"), ("assistant", "{")), "takes no prefill"),
    ],
)
def test_a_prompt_that_the_api_would_refuse_is_an_error(prompt, words):
    [problem] = found(prompt)
    assert problem.severity == "error"
    assert words in problem.text


def test_a_prefill_is_fine_where_it_is_taken_but_must_not_end_with_a_space():
    assert found(chat(("user", "Hi"), ("assistant", "{")), model="claude-haiku-4-5") == ()
    [problem] = found(chat(("user", "Hi"), ("assistant", "{ ")), model="claude-haiku-4-5")
    assert "must not end with a space" in problem.text


@pytest.mark.parametrize(
    ("kinds", "is_prefill"),
    [
        (("thinking", "text"), True),
        (("text",), True),
        (("text", "server_tool_use"), False),
        (("server_tool_use", "web_search_tool_result"), False),
        (("thinking",), False),
    ],
)
def test_a_last_message_of_blocks_is_a_prefill_where_its_last_block_is_text(kinds, is_prefill):
    blocks = json.dumps([{"type": kind, "text": "So "} for kind in kinds])
    prompt = Prompt("", (Message("user", "Hi"), Message("assistant", "", blocks)))
    said = [(each.severity, each.text, each.fix.slug) for each in found(prompt)]
    text = "Claude Sonnet 4.6 takes no prefill. The last message must be from the user."
    assert said == [("error", text, "drop_prefill")] * is_prefill
    # A block goes back as it came: there is nothing to trim it in.
    said = [(each.text, each.fix.slug) for each in found(prompt, model="claude-haiku-4-5")]
    text = "The last message, a prefill, must not end with a space."
    assert said == [(text, "drop_prefill")] * is_prefill


def test_a_prefill_and_thinking_exclude_each_other():
    prefilled = chat(("user", "Hi"), ("assistant", "{"))
    [problem] = found(prefilled, model="claude-haiku-4-5", thinking="budget", max_tokens=2000)
    assert "while it thinks" in problem.text


def test_two_turns_of_one_role_are_only_a_warning():
    [problem] = found(chat(("user", "Hi"), ("user", "there")))
    assert problem.severity == "warning"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"max_tokens": 0}, "at least 1"),
        ({"max_tokens": 200_000}, "at most 128,000"),
        ({"temperature": 1.1}, "from 0 to 1"),
        ({"temperature": -0.1}, "0 or more"),
        ({"model": "claude-haiku-4-5", "thinking": "budget"}, "above the budget of 1,024"),
        ({"model": "claude-haiku-4-5", "thinking": "budget", "thinking_budget_tokens": 9}, "1,024"),
        ({"thinking": "budget", "thinking_budget_tokens": 2000, "max_tokens": 2000}, "2,000"),
        ({"top_p": 1.1}, "from 0 to 1"),
        ({"top_k": -1}, "0 or more"),
        ({"extra_json": '{"a": 1,}'}, "line 1, column 9"),
        ({"extra_json": "[]"}, "must be an object"),
        ({"extra_json": '{"stream": false}'}, "streams"),
        ({"stop_sequences": ("a", " ")}, "white space"),
        ({"model": ""}, "No model"),
    ],
)
def test_a_parameter_out_of_its_range_is_an_error(params, words):
    errors = [problem.text for problem in found(**params) if problem.severity == "error"]
    assert any(words in text for text in errors)


@pytest.mark.parametrize(
    "params",
    [
        {"temperature": 1.5, "thinking": "adaptive"},
        {"temperature": -1.0, "thinking": "budget", "thinking_budget_tokens": 1024,
         "max_tokens": 2000},
        {"top_k": -1, "thinking": "adaptive"},
        {"model": "claude-opus-5-5", "temperature": -1.0, "top_p": 7.0, "top_k": -1},
    ],
)  # fmt: skip
def test_a_value_that_is_not_sent_and_whose_field_is_closed_keeps_nothing_back(params):
    request = replace(REQUEST, params=replace(REQUEST.params, **params))
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", request))
    assert planned.why_not is None
    assert not {"temperature", "top_p", "top_k"} & planned.wire.body.keys()
    # Where it is sent all the same it is worth a word.
    insists = replace(request, params=replace(request.params, api_version="2023-06-01"))
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW), Variant("A", insists))
    assert any("must be" in problem.text for problem in planned.problems)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"model": "claude-haiku-4-5", "temperature": 0.5, "top_p": 0.9}, "not both"),
        ({"temperature": 0.5, "thinking": "adaptive"}, "not sent while"),
        ({"effort": "xhigh"}, "no effort xhigh"),
        ({"model": "claude-haiku-4-5", "effort": "low"}, "no effort levels"),
    ],
)
def test_a_value_that_is_kept_but_not_sent_is_only_mentioned(params, words):
    [problem] = found(**params)
    assert problem.severity == "info"
    assert words in problem.text


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
@pytest.mark.parametrize(
    "params",
    [
        {"max_tokens": 200_000},
        {"temperature": 1.1},
        {"model": "claude-haiku-4-5", "thinking": "budget"},
        {"stop_sequences": (" ",)},
        {"effort": "xhigh"},
        {"thinking": "budget", "model": "claude-opus-5-5"},
    ],
    ids=str,
)
def test_with_a_version_chosen_what_the_api_will_refuse_may_be_tried(version, params):
    severities = {problem.severity for problem in found(**params, api_version=version)}
    assert severities == {"warning"}


def test_with_a_version_chosen_a_refused_prefill_may_be_tried():
    prefilled = chat(("user", "Hi"), ("assistant", "{"))
    [problem] = found(prefilled, model="claude-opus-5-5", api_version="2026-10-21")
    assert problem.severity == "warning"
    assert "rejects it" in problem.text


def test_a_model_that_retires_soon_is_named_with_its_date():
    [problem] = found(model="claude-sonnet-4-5")
    assert problem.severity == "warning"
    assert "2026-11-30" in problem.text
    [problem] = found(model="claude-sonnet-4-5", today=date(2026, 11, 30))
    assert "was retired" in problem.text


@pytest.mark.parametrize(
    ("model", "today", "name"),
    [
        ("claude-sonnet-4-5", date(2026, 11, 1), "Claude Sonnet 5.5"),
        ("claude-sonnet-4-5", date(2027, 1, 1), "Claude Sonnet 5.5"),
    ],
)
def test_a_model_that_goes_can_be_switched_to_the_newest_of_its_line(model, today, name):
    [problem] = found(model=model, today=today)
    assert problem.fix.label == f"Switch to {name}"


@pytest.mark.parametrize("model", [each for each in CATALOGUE if each.retires_on])
def test_a_model_is_called_retiring_in_its_last_sixty_days_and_never_before(model):
    for days, said in ((61, ""), (60, "retires on"), (1, "retires on"), (0, "was retired on")):
        texts = [each.text for each in found(model=model.id, today=model.retires_on
                 - timedelta(days=days))]  # fmt: skip
        assert len(texts) == bool(said)
        assert said in "".join(texts)


def test_a_conversation_that_begins_with_the_assistant_is_only_noted():
    prompt = chat(("assistant", "Ask me."), ("user", "Hi"))
    [problem] = found(prompt)
    assert (problem.severity, "The API accepts that" in problem.text) == ("info", True)
    assert fixed(problem.fix, Request(prompt, Params("m", 1))).prompt.messages[0].role == "user"


@pytest.mark.parametrize(
    ("roles", "model", "words"),
    [
        ("us", "claude-opus-5-5", ""),
        ("ussau", "claude-fable-5", ""),
        ("us", "somebodys-own", ""),
        ("su", "claude-opus-5-5", "first message from the system"),
        ("us", "claude-sonnet-5", "takes no system messages"),
        ("us", "claude-haiku-4-5", "takes no system messages"),
        ("usu", "claude-opus-5-5", "Message 2, from the system"),
        ("usauasu", "claude-opus-5-5", "Message 6, from the system"),
    ],
)
def test_a_system_message_is_refused_only_where_the_api_refuses_it(roles, model, words):
    names = {"u": "user", "s": "system", "a": "assistant"}
    prompt = chat(*((names[role], f"Turn {number}") for number, role in enumerate(roles)))
    for version, severity in (("auto", "error"), ("2026-10-21", "warning")):
        problems = found(prompt, model=model, api_version=version)
        assert [each.severity for each in problems] == [severity] * bool(words)
        assert words in "".join(each.text for each in problems)


@pytest.mark.parametrize(
    ("typed", "is_refused"), [("", False), (" ", False), ("And then", True)], ids=repr
)
def test_a_system_message_may_follow_what_a_tool_of_the_apis_brought(typed, is_refused):
    result = '[{"type": "web_search_tool_result", "tool_use_id": "s", "content": []}]'
    turns = (Message("user", "Hi"), Message("assistant", typed, result), Message("system", "Go on"))
    problems = found(Prompt("", turns), model="claude-opus-5-5")
    assert ["Message 3, from the system" in each.text for each in problems] == [True] * is_refused


def test_no_answer_may_be_asked_for_to_fill_the_cache_and_for_nothing_else():
    [problem] = found(max_tokens=0)
    assert (problem.severity, "caching is off" in problem.text) == ("error", True)
    for params in ({"cache": "5m"}, {"extra_json": '{"cache_control": {"type": "ephemeral"}}'}):
        [problem] = found(max_tokens=0, **params)
        assert (problem.severity, "only cached" in problem.text) == ("info", True)
    assert "caching" not in found(max_tokens=-1)[0].text


@pytest.mark.parametrize(
    "extra",
    [
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "x"}]}',
        '{"messages": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "x"}]}',
        '{"max_tokens": 0}',
        '{"max_tokens": 0, "stream": false}',
    ],
)
def test_what_the_extra_json_sends_and_the_api_takes_is_no_error(extra):
    assert found(extra_json=extra, model="claude-opus-5") == ()
    # What stands in the fields is not sent, so nothing is wrong with it.
    names = json.loads(extra)
    prompt = chat(("user", "")) if "messages" in names else None
    form = {"model": "claude-opus-5"} | ({"max_tokens": 0} if len(names) == 2 else {})
    assert found(prompt, extra_json=extra, **form) == ()


def test_a_model_in_no_list_is_named_before_the_api_says_404_but_not_on_a_server_of_ones_own():
    def said(model, connection=CLAUDE, models=()):
        request = Request(chat("Hi"), Params(model, 9))
        planned = plan(RunContext(connection, RetryPolicy(), models, NOW), Variant("A", request))
        return [each.text for each in planned.problems if "not in" in each.text]

    [text] = said("claude-3-5-sonnet-latest")
    assert text.startswith("claude-3-5-sonnet-latest is")
    assert said("claude-3-5-sonnet-latest", DEMO)
    assert not said("claude-sonnet-4-6")
    assert not said("mine", models=(unknown("mine"),))
    assert not said("mine", Connection("server", "Mine", "http://127.0.0.1:1"))
    assert not said("")


def test_a_prompt_that_surely_does_not_fit_is_an_error_and_one_that_may_not_a_warning():
    [problem] = found(chat(("user", "word " * 400_000)), model="claude-haiku-4-5")
    assert (problem.severity, "does not fit" in problem.text) == ("error", True)
    assert problem.fix.label == "Switch to Claude Haiku 5.5"
    [problem] = found(chat(("user", "word " * 200_000)), model="claude-haiku-4-5")
    assert (problem.severity, "may not fit" in problem.text) == ("warning", True)


def test_a_prompt_larger_than_any_model_reads_is_refused_with_the_reason():
    texts = [problem.text for problem in found(chat(("user", "x" * 9_000_000)), model="mine")]
    assert "The prompt has 9.0 MB. At most 8 MB are sent" in texts[0]


def test_an_empty_system_prompt_is_nothing_to_mention():
    assert found(Prompt("", (Message("user", "Hi"),))) == ()


def test_a_key_in_the_prompt_is_a_warning_that_never_repeats_it():
    key = "sk-ant-api03-0123456789abcdef"
    [problem] = found(Prompt(f"Use {key}", (Message("user", f"My key: {key}"),)))
    assert problem.severity == "warning"
    assert problem.text.startswith("The system prompt and 1 more seem to hold an API key")
    assert "0123" not in problem.text + problem.fix.label


@pytest.mark.parametrize(
    "extra_json",
    [
        '{"metadata": {"user_id": "sk-ant-api03-0123456789abcdef"}}',
        '{"metadata": {"user_id": "\\u0073k-ant-api03-0123456789abcdef"}}',
        '{"mcp_servers": [{"authorization_token": "ghp_0123456789abcdefghij0123"}]}',
        '{"sk-ant-api03-0123456789abcdef": 1}',
    ],
)
def test_a_key_in_the_extra_json_is_a_warning_that_never_repeats_it(extra_json):
    [problem] = [each for each in found(extra_json=extra_json) if "API key" in each.text]
    assert problem.severity == "warning"
    assert problem.text.startswith("The extra JSON seems to hold an API key")
    assert "0123" not in problem.text


def test_several_messages_of_one_kind_are_one_problem():
    empty, again = found(chat(("user", "Hi"), ("user", ""), ("user", " ")))
    assert empty.text.startswith("Messages 2 and 3 are empty.")
    assert again.text.startswith("Messages 2 and 3 repeat the role before them.")


def test_joining_keeps_every_word_and_the_order():
    prompt = chat(("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d"), ("user", "e"))
    [problem] = found(prompt, model="claude-haiku-4-5")
    joined = fixed(problem.fix, Request(prompt, Params("m", 1))).prompt
    assert joined == chat(("user", "a\n\nb"), ("assistant", "c"), ("user", "d\n\ne"))


def test_what_the_extra_json_overrides_is_not_offered_as_a_fix():
    old = Params("claude-opus-4-5", 9, extra_json='{"model": "claude-opus-4-5"}')
    [problem] = of(Request(chat(("user", "Hi")), old))
    assert problem.fix is None
    shadowed = Params("claude-opus-5-5", 0, temperature=-1.0, top_p=2.0,
                      extra_json='{"max_tokens": 9, "temperature": 1, "top_p": 0.99}')  # fmt: skip
    assert of(Request(chat(("user", "Hi")), shadowed)) == ()


@pytest.mark.parametrize(
    ("params", "extra"),
    [
        ({"thinking": "budget"}, {"thinking": {"type": "disabled"}}),
        ({"thinking": "budget"}, {"max_tokens": 3000}),
        ({"thinking": "adaptive", "temperature": 0.5}, {"thinking": {"type": "disabled"}}),
        ({"effort": "xhigh"}, {"output_config": {"effort": "low"}}),
        ({"model": ""}, {"model": "claude-opus-5-5"}),
    ],
)
def test_a_field_whose_place_the_extra_json_takes_is_not_held_against_a_request(params, extra):
    assert found(**params, extra_json=json.dumps(extra)) == ()


@pytest.mark.parametrize(
    ("params", "extra", "words"),
    [
        ({}, {"output_config": {"effort": "xhigh"}}, "Claude Sonnet 4.6 has no effort xhigh"),
        ({"model": "claude-haiku-4-5", "temperature": 0.5}, {"top_p": 0.9}, "not both"),
        ({"model": "claude-opus-5-5"}, {"temperature": 0.5}, "deprecated for this model"),
        ({"model": "claude-opus-5-5"}, {"tool_choice": {"type": "any"}}, "cannot be made to call"),
        ({"model": "claude-haiku-4-5"}, {"inference_geo": "us"}, "cannot be tied to a region"),
        ({}, {"stop_sequences": [" "]}, "only white space"),
        ({}, {"max_tokens": 200_000}, "at most 128,000"),
        ({}, {"temperature": "hot"}, "it must be a number"),
        ({}, {"thinking": {"type": "enabled", "budget_tokens": 9}}, "at least 1,024"),
        ({}, {"messages": [{"role": "assistant", "content": "So"}]}, "assistant message prefill"),
    ],
)
def test_what_the_extra_json_makes_refused_is_said_without_a_fix_that_changes_nothing(
    params, extra, words
):
    said = found(**params, extra_json=json.dumps(extra))
    assert any(words in each.text and each.fix is None for each in said)


def test_a_parameter_is_sent_or_not_by_what_the_extra_json_makes_of_the_others():
    def body_of(extra, **params):
        request = Request(chat(("user", "Hi")), Params(extra_json=json.dumps(extra), **params))
        return wire(request, find(params["model"]), CLAUDE).body

    enabled, off = {"type": "enabled", "budget_tokens": 1024}, {"thinking": {"type": "disabled"}}
    form = {"model": "claude-sonnet-4-6", "max_tokens": 3000, "temperature": 0.2}
    assert "temperature" not in body_of({"thinking": enabled}, **form)
    assert found(**form, extra_json=json.dumps({"thinking": enabled}))[0].severity == "info"
    assert body_of(off, **form, thinking="adaptive")["temperature"] == 0.2
    highest = {"output_config": {"effort": "max"}}
    form = {"model": "claude-haiku-5-5", "max_tokens": 300, "thinking": "off"}
    assert "thinking" in body_of({}, **form)
    assert "thinking" not in body_of(highest, **form)


TEXTS = st.sampled_from(["", " ", "Hi", "Hi ", "my key is sk-ant-0123456789", "AKIA" + "A1" * 8])
PROMPTS = st.builds(
    Prompt,
    system=TEXTS,
    messages=st.lists(
        st.builds(Message, st.sampled_from(["user", "assistant"]), TEXTS)
        | st.builds(Message, st.just("user"), TEXTS, result_of=st.sampled_from("tuv"))
        | st.sampled_from([calling("t"), calling("t", "u")]),
        max_size=5,
    ).map(tuple),
)
PARAMS = st.builds(
    Params,
    model=st.sampled_from([model.id for model in CATALOGUE] + ["mine"]),
    max_tokens=st.sampled_from([0, 1, 300, 1024, 5000, 64_000, 128_001, 2_000_000]),
    temperature=st.sampled_from([None, -1.0, 0.0, 0.5, 1.0, 1.5]),
    top_p=st.sampled_from([None, -0.1, 0.5, 0.99, 1.1]),
    top_k=st.sampled_from([None, -1, 40]),
    effort=st.sampled_from([None, *EFFORTS]),
    thinking=st.sampled_from(["default", "adaptive", "budget", "off"]),
    thinking_budget_tokens=st.sampled_from([None, 1, 1024, 100_000]),
    stop_sequences=st.sampled_from([(), ("a", " "), ("",)]),
    api_version=st.sampled_from(["auto", "2023-06-01", "2026-10-21"]),
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.builds(Request, PROMPTS, PARAMS), st.dates(date(2026, 9, 1), date(2027, 6, 1)))
def test_a_fix_mends_its_problem_and_has_a_name_of_its_own(request, today):
    before = of(request, today)
    for problem in before:
        if problem.fix is None:
            continue
        after = of(fixed(problem.fix, request), today)
        assert problem.text not in [other.text for other in after]
    slugs = [problem.fix.slug for problem in before if problem.fix]
    assert len(slugs) == len(set(slugs)), "each button has a key of its own"


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.builds(Request, PROMPTS, PARAMS))
def test_pressing_every_fix_in_turn_comes_to_an_end(request):
    # A first call becomes a text of the user's without its result, and so on to the last one.
    for _ in range(40):
        fixes = [problem.fix for problem in of(request) if problem.fix]
        if not fixes:
            return
        request = fixed(fixes[0], request)
    pytest.fail(f"still {fixes[0]}")


CAPS = Caps(max_tokens=4096, prompt_chars=1000, variants=2)


def too_large(request, caps=CAPS):
    planned = plan(RunContext(CLAUDE, RetryPolicy(), (), NOW, caps=caps), Variant("A", request))
    assert planned.can_run == (not any(p.severity == "error" for p in planned.problems))
    return [problem for problem in planned.problems if "This app" in problem.text]


def with_params(**changes):
    return replace(REQUEST, params=replace(REQUEST.params, **changes))


def test_what_is_within_the_caps_runs():
    assert too_large(with_params(max_tokens=4096)) == []


def test_too_many_tokens_are_named_and_mended_by_a_click():
    request = with_params(max_tokens=4097)
    [problem] = too_large(request)
    assert "4,096 max_tokens" in problem.text
    params = replace(request.params, **dict(problem.fix.params))
    assert too_large(replace(request, params=params)) == []
    assert too_large(request, NO_CAPS) == []


@pytest.mark.parametrize("value", ["true", "4097", "1e9", '"5000"', "99999.0", "null", "[1]"])
def test_the_extra_json_is_no_way_around(value):
    [problem] = too_large(with_params(extra_json=f'{{"max_tokens": {value}}}'))
    assert problem.fix is None


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, prompt=Prompt("", (Message("user", "x" * 1001),))),
        replace(REQUEST, prompt=Prompt("x" * 600, (Message("user", "x" * 600),))),
        with_params(extra_json='{"metadata": {"user_id": "%s"}}' % ("x" * 1000)),
        with_params(stop_sequences=("x" * 1000,)),
    ],
    ids=["message", "system", "extra", "stops"],
)
def test_all_that_is_written_counts_into_the_size(request_):
    [problem] = too_large(request_)
    assert "characters. This app accepts 1,000" in problem.text
