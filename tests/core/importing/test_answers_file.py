"""A file of answers brings back the prompt and the variants that asked for them."""

import json
from dataclasses import replace

import pytest
from core.editor.test_page_state import MESSAGES, PARAMS, TEXTS
from core.saved_pages.test_answers_page import NOW, ROW, run_of
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.importing.answers_file import read_runs
from playground.core.importing.import_result import ImportingError
from playground.core.request.connection import CLAUDE
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.sharing.shared_run import FORMAT, to_json
from playground.core.wire.wire import VERSION_HEADER, model_on, wire

ASKED = Request(Prompt("Be brief.", (Message("user", "Why?"),)), Params("claude-haiku-4-5", 300))


def sent(request):
    return wire(request, model_on(CLAUDE, request.params.model), CLAUDE)


def answered(letter, request):
    found = sent(request)
    run = run_of("An answer", replace(ROW, variant=letter), json.dumps(found.body))
    return replace(run, api_version=found.headers[VERSION_HEADER])


def file_of(**requests):
    return to_json([answered(letter, each) for letter, each in requests.items()], NOW)


def requests_of(page):
    prompt = page.prompt
    return {
        each.letter: Request(Prompt(each.system or prompt.system, prompt.messages), each.params)
        for each in page.variants
    }


@settings(max_examples=150, deadline=None)
@given(MESSAGES.map(tuple), st.lists(st.tuples(TEXTS, PARAMS), min_size=1, max_size=3))
def test_what_comes_back_sends_what_was_sent(messages, asked):
    asked = [(system, replace(params, extra_json="")) for system, params in asked]
    requests = {
        letter: Request(Prompt(system, messages), params)
        for letter, (system, params) in zip("BFA", asked, strict=False)
    }
    found = read_runs(file_of(**requests))
    back = requests_of(found.page)
    assert found.left_out == ()
    assert list(back) == list(requests)
    for letter, request in requests.items():
        assert sent(back[letter]).body == sent(request).body
        assert sent(back[letter]).headers == sent(request).headers


def test_a_variant_comes_back_as_it_was_chosen():
    warm = replace(ASKED, params=replace(ASKED.params, temperature=0.4))
    own = Request(Prompt("Own", ASKED.prompt.messages), ASKED.params)
    page = read_runs(file_of(A=ASKED, C=warm, D=own)).page
    assert page.prompt == ASKED.prompt
    assert [each.params for each in page.variants] == [ASKED.params, warm.params, ASKED.params]
    assert [each.system for each in page.variants] == ["", "", "Own"]
    none = Request(Prompt("", ASKED.prompt.messages), ASKED.params)
    assert requests_of(read_runs(file_of(A=own, B=none)).page) == {"A": own, "B": none}


def test_what_is_lost_is_said():
    other = Request(Prompt("", (Message("user", "Other"),)), ASKED.params)
    found = read_runs(file_of(A=ASKED, B=other))
    assert [each.name for each in found.left_out] == ["B: messages"]
    key = "sk-ant-api03-canary-of-a-file"
    secret = Request(Prompt(f"Use\n{key}", ASKED.prompt.messages), ASKED.params)
    text = file_of(A=secret).replace("sk-ant", "\\u0073k-ant")
    assert key not in text
    found = read_runs(text)
    assert found.page.prompt.system == "Use\nsk-ant-[masked]"
    assert [each.name for each in found.left_out] == ["Key"]


ODD_BODIES = [
    {"messages": 3},
    {"messages": ["a", None]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}]},
    {"system": 4},
    {"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]},
    {"temperature": 0, "top_p": 1, "tools": [{"name": "t", "maximum": 1e22}]},
    {"thinking": {"type": "enabled"}, "output_config": {"effort": "low", "format": None}},
    {"made_up": [1, 1.0, True, -0.0, 2**53 + 1, "\u2028"], "": None, "model": {}},
]


@pytest.mark.parametrize("fields", ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_a_request_with_odd_extra_json_comes_back_to_the_letter(fields):
    asked = replace(ASKED, params=replace(ASKED.params, extra_json=json.dumps(fields)))
    found = read_runs(file_of(A=asked))
    [back] = requests_of(found.page).values()
    assert json.dumps(sent(back).body) == json.dumps(sent(asked).body)
    assert (sent(back).headers, found.left_out) == (sent(asked).headers, ())


def test_blocks_of_an_answer_that_called_a_tool_come_back_and_other_differences_are_said():
    call = '[{"type": "tool_use", "id": "a", "name": "n", "input": {"x": 1}}]'
    turns = (Message("user", "Why?"), Message("assistant", "", call), Message("user", "So?"))
    found = read_runs(file_of(A=Request(Prompt("", turns), ASKED.params)))
    assert (found.page.prompt.messages, found.left_out) == (turns, ())
    text = json.dumps({"messages": [], "model": "m", "max_tokens": 5, "x": float("inf")})
    found = read_runs(_run(request_body=text, anthropic_version="1999-01-01"))
    assert [part.name for part in found.left_out] == [
        "A: stream", "A: x", "A: anthropic-version", "A: Extra JSON"
    ]  # fmt: skip


def test_a_name_twice_is_said_of_the_file_and_of_a_request_in_it():
    twice = '{"model": "a", "model": "b"}'
    for text in (
        _run(request_body=twice),
        _run().replace('"version": 1', '"version": 1, "version": 1'),
    ):
        with pytest.raises(ImportingError, match="one name occurs twice in an object"):
            read_runs(text)


def _file(**fields):
    return json.dumps({"format": FORMAT, "version": 1} | fields)


def _run(**fields):
    run = {"variant": "A", "request_body": '{"messages":[]}', "anthropic_version": "x"}
    return _file(runs=[run | fields])


BROKEN = [
    f'"{FORMAT}"',
    f'{{"format": "{FORMAT}"',
    f'{{"format": "{FORMAT}", "x": {"[" * 100_000}',
    f'{{"format": "{FORMAT}", "x": [{"{}," * 100_000}',
    f'"{FORMAT}""' + '\\"' * 100_000,
    f'"{FORMAT}"' + "x" * 8_000_000,
    _file(version=True, runs=[]),
    json.dumps({"x": FORMAT, "format": ["x"], "version": 1, "runs": []}),
    _file(runs=[]),
    _file(runs={}),
    _file(runs=[{}] * 7),
    _run(variant="G"),
    _run(variant=["A"]),
    _run(request_body=""),
    _run(request_body="[]"),
    _run(request_body="[" * 100_000),
    _run(request_body='{"messages": [{"role": "user", "content": "\\ud800"}]}'),
    _run(request_body=json.dumps({"messages": [], "system": "é" * 600_000})),
    _run(anthropic_version=None),
    json.dumps(json.loads(_run()) | {"runs": json.loads(_run())["runs"] * 2}),
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_file_of_answers_is_one_sentence(text):
    with pytest.raises(ImportingError, match=r"^[^\n]+\.$"):
        read_runs(text)


def test_a_newer_file_says_so_and_any_other_text_is_left_to_others():
    with pytest.raises(ImportingError, match="newer playground"):
        read_runs(_file(version=2, runs=[]))
    for text in ("", "{}", "x" * 1_000 + FORMAT, '{"playground": "page"}'):
        assert read_runs(text) is None
