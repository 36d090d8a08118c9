"""Every call of the SDK is found; what is known of it is taken, also where its messages are not."""

from __future__ import annotations

import pytest

from playground.core.importing.import_result import Imported, ImportingError
from playground.core.importing.read_any import read_request
from playground.core.request.request import Message

HI = '[{"role": "user", "content": "Hi"}]'
UNKNOWN = (Message("user", "{{messages}}"),)


def why(found: Imported, name: str) -> str:
    return next(each.why for each in found.left_out if each.name == name)


SETTINGS = 'model="claude-haiku-4-5", max_tokens=700, temperature=0.25, system="Be terse."'
LATER = {
    "a name": (SETTINGS, "history"),
    "an argument of a function": (SETTINGS, "conversation"),
    "a call": (SETTINGS, "build(question)"),
    "an attribute": (SETTINGS, "self.messages"),
    "a sum": (SETTINGS, 'history + [{"role": "user", "content": question}]'),
    "a comprehension": (SETTINGS, '[{"role": r, "content": t} for r, t in turns]'),
}


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("method", ["create", "stream"])
def test_all_settings_are_taken_where_the_messages_are_known_only_later(
    name: str, method: str
) -> None:
    settings, messages = LATER[name]
    found = read_request(f"client.messages.{method}({settings}, messages={messages})")
    params, prompt = found.request.params, found.request.prompt
    assert (params.model, params.max_tokens, params.temperature) == ("claude-haiku-4-5", 700, 0.25)
    assert (prompt.system, prompt.messages) == ("Be terse.", UNKNOWN)
    assert "{{messages}}" in why(found, "messages")


def test_a_post_whose_messages_are_known_only_later_is_taken_too() -> None:
    body = '{"model": "m", "max_tokens": 3, "messages": history}'
    for given in (f"json={body}", f"data=json.dumps({body})"):
        found = read_request(f'requests.post("https://api.anthropic.com/v1/messages", {given})')
        assert (found.request.params.model, found.request.prompt.messages) == ("m", UNKNOWN)


def test_unknown_settings_beside_known_ones_are_listed() -> None:
    found = read_request('client.messages.create(model="m", **settings)')
    assert found.request.params.model == "m"
    assert found.request.prompt.messages == UNKNOWN
    assert why(found, "**settings")
    assert "{{messages}}" in why(found, "messages")


@pytest.mark.parametrize("given", ["**settings", "messages=history"])
def test_a_call_of_which_nothing_is_known_says_so(given: str) -> None:
    with pytest.raises(ImportingError, match="only when the code runs"):
        read_request(f"client.messages.create({given})")


CALLS = (
    "client.messages.parse",
    "client.beta.messages.create",
    "client.beta.messages.stream",
    "client.beta.messages.parse",
    "client.beta.messages.tool_runner",
    "await client.beta.messages.tool_runner",
    "client.messages.with_raw_response.create",
    "client.with_options(max_retries=5).messages.create",
    "anthropic.Anthropic().messages.create",
    "self._client.messages.create",
    "messages = client.messages\nmessages.create",
)


@pytest.mark.parametrize("call", CALLS)
def test_each_way_to_call_the_sdk_is_found(call: str) -> None:
    found = read_request(f'{call}(model="m", max_tokens=9, messages={HI})')
    assert found.request.prompt.messages == (Message("user", "Hi"),)
    assert (found.request.params.model, found.request.params.max_tokens) == ("m", 9)


def test_what_a_tool_runner_does_beyond_one_request_is_listed() -> None:
    given = f"max_iterations=3, tools=[weather], model='m', max_tokens=9, messages={HI}"
    found = read_request(f"client.beta.messages.tool_runner({given})")
    names = [each.name for each in found.left_out]
    assert names == ["tools", "max_iterations", "stream"]


def test_a_body_for_bedrock_in_python_is_read() -> None:
    source = f"""
body = json.dumps({{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 5, "messages": {HI}}})
client.invoke_model(modelId="us.anthropic.claude-haiku-4-5-20251001-v1:0", body=body)
"""
    found = read_request(source)
    assert found.request.params.model == "claude-haiku-4-5-20251001"
    assert found.request.prompt.messages == (Message("user", "Hi"),)
