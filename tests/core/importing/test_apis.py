"""A body is read as the API that it was written for, other clouds' included; nothing is dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground.core.importing.import_result import Imported
from playground.core.importing.read_any import read_request
from playground.core.request.request import Message
from tests.core.importing.snippets_of_people import HAIKU, user

TOOL = {"name": "weather", "description": "Now", "input_schema": {"type": "object"}}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": {}}}
SYSTEM = {"role": "system", "content": "From now on in French."}


def read(body: dict[str, Any]) -> Imported:
    return read_request(json.dumps(body))


def why(found: Imported, name: str) -> str:
    return next(each.why for each in found.left_out if each.name == name)


def test_a_system_message_makes_no_openai_request_of_one_of_the_messages_api() -> None:
    body = {
        "model": HAIKU,
        "max_tokens": 2_000,
        "system": "Be terse.",
        "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "budget_tokens": 1_024},
        "tools": [TOOL],
        "metadata": {"user_id": "7"},
        "messages": [user("Hi"), SYSTEM, user("And now?")],
    }
    found = read(body)
    assert found.source == "Anthropic request"
    prompt, params = found.request.prompt, found.request.params
    assert prompt.system == "Be terse."
    assert prompt.messages == (
        Message("user", "Hi"), Message("system", SYSTEM["content"]), Message("user", "And now?"),
    )  # fmt: skip
    assert params.stop_sequences == ("END",)
    assert (params.thinking, params.thinking_budget_tokens) == ("budget", 1_024)
    assert json.loads(params.extra_json) == {"tools": [TOOL], "metadata": {"user_id": "7"}}
    assert not [each for each in found.left_out if each.name == "Message 2"]


MESSAGES_API = {
    "system": {"system": "Be terse."},
    "stop_sequences": {"stop_sequences": ["END"]},
    "thinking": {"thinking": {"type": "adaptive"}},
    "tools": {"tools": [TOOL]},
    "a tool of the server": {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "anthropic_version": {"anthropic_version": "bedrock-2023-05-31"},
    "output_config": {"output_config": {"effort": "low"}},
    "blocks": {"messages": [user("Hi"), {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "1", "content": "9 °C"}]}, SYSTEM]},
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES_API)
def test_one_field_of_the_messages_api_tells_it_from_openais(name: str) -> None:
    body = {"model": "m", "max_tokens": 5, "messages": [user("Hi"), SYSTEM]}
    found = read(body | MESSAGES_API[name])
    assert found.source == "Anthropic request"
    assert not [each for each in found.left_out if "Not in the Messages API" in each.why]


OPENAI = {
    "system first": {"messages": [SYSTEM, user("Hi")]},
    "tools": {"tools": [FUNCTION]},
    "stop": {"stop": ["END"]},
    "a tool's answer": {"messages": [user("Hi"), {"role": "tool", "content": "9"}]},
    "a picture": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {}}]}]},
    "a model": {"model": "gpt-4o"},
    "Claude through a gateway": {"model": "anthropic/claude-sonnet-4.5", "max_tokens": 5,
        "messages": [SYSTEM, user("Hi")]},
}  # fmt: skip


@pytest.mark.parametrize("name", OPENAI)
def test_what_only_openai_has_tells_a_chat_request(name: str) -> None:
    found = read({"model": "m", "messages": [user("Hi")]} | OPENAI[name])
    assert found.source == "OpenAI chat request"
    assert found.request.prompt.messages == (Message("user", "Hi"),)


def test_a_gateways_own_fields_of_the_messages_api_are_taken_along() -> None:
    thinking = {"type": "enabled", "budget_tokens": 1_024}
    body = {"model": "openai/x", "messages": [user("Hi")], "max_completion_tokens": 2_000}
    found = read(body | {"thinking": thinking, "system": "Be terse."})
    assert found.request.params.thinking_budget_tokens == 1_024
    assert found.request.prompt.system == "Be terse."


def test_a_system_message_before_the_first_turn_is_the_system_prompt() -> None:
    body = {"model": "m", "max_tokens": 5, "tools": [TOOL], "messages": [SYSTEM, user("Hi")]}
    found = read(body)
    assert found.source == "Anthropic request"
    assert found.request.prompt.system == SYSTEM["content"]
    assert "system prompt" in why(found, "Message 1")


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
CALL = {"type": "tool_use", "id": "1", "name": "weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "1", "content": "9 °C"}
WITHOUT_TEXT = {
    "an image": ({"role": "user", "content": [IMAGE]}, "image"),
    "a failed result": ({"role": "user", "content": [RESULT | {"is_error": True}]}, "tool_result"),
    "a picture of a tool's": (
        {"role": "user", "content": [RESULT | {"content": [IMAGE]}]},
        "tool_result",
    ),
    "OpenAI's call": (
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        "tool_calls",
    ),
    "OpenAI's picture": ({"role": "user", "content": [{"type": "image_url"}]}, "image_url"),
}


@pytest.mark.parametrize("name", WITHOUT_TEXT)
def test_a_message_without_text_is_listed_and_leaves_no_empty_turn(name: str) -> None:
    message, kind = WITHOUT_TEXT[name]
    found = read({"model": "m", "max_tokens": 5, "messages": [user("Hi"), message, user("Bye")]})
    assert [each.text for each in found.request.prompt.messages] == ["Hi", "Bye"]
    assert why(found, f"Message 2: {kind}")
    assert "no text" in why(found, "Message 2")


ASKED = {"role": "assistant", "content": [{"type": "text", "text": "Hm."}, CALL]}


def test_results_of_tools_are_taken_with_their_calls_and_go_out_again_as_they_were() -> None:
    other = {"type": "tool_use", "id": "2", "name": "time", "input": {"zone": "GMT"}}
    turn = [RESULT, {"type": "tool_result", "tool_use_id": "2"}, {"type": "text", "text": "So?"}]
    messages = [
        user("Hi"), {"role": "assistant", "content": [*ASKED["content"], other]},
        {"role": "user", "content": turn}, {"role": "assistant", "content": "Cold."}, user("Bye"),
    ]  # fmt: skip
    found = read({"model": "m", "max_tokens": 5, "messages": messages, "stream": True})
    assert found.request.prompt.messages[2:5] == (
        Message("user", "9 °C", result_of="1"),
        Message("user", "", result_of="2"),
        Message("user", "So?"),
    )
    assert found.request.prompt.turns == messages
    assert found.left_out == ()


@pytest.mark.parametrize(
    "part",
    [{"content": [{"type": "text", "text": "9 °C"}]}, {"content": ""}, {"is_error": False},
     {"cache_control": {"type": "ephemeral"}}],
)  # fmt: skip
def test_what_a_result_has_beside_its_text_is_named(part: dict[str, object]) -> None:
    turn = {"role": "user", "content": [RESULT | part]}
    found = read({"model": "m", "max_tokens": 5, "messages": [user("Hi"), ASKED, turn]})
    text = "" if part == {"content": ""} else "9 °C"
    assert found.request.prompt.messages[2] == Message("user", text, result_of="1")
    assert "id and the text" in why(found, "Message 3: tool_result")


def test_a_turn_that_goes_out_with_the_results_before_it_is_named() -> None:
    turn = {"role": "user", "content": [RESULT]}
    found = read({"model": "m", "max_tokens": 5, "messages": [user("?"), ASKED, turn, user("So?")]})
    assert [each["role"] for each in found.request.prompt.turns] == ["user", "assistant", "user"]
    assert "one turn" in why(found, "Message 4")


def test_results_behind_a_text_are_not_moved_before_it() -> None:
    turn = {"role": "user", "content": [{"type": "text", "text": "Well:"}, RESULT]}
    found = read({"model": "m", "max_tokens": 5, "messages": [user("Hi"), ASKED, turn]})
    assert found.request.prompt.messages[2] == Message("user", "Well:")
    assert why(found, "Message 3: tool_result")


def test_a_message_whose_text_is_empty_stays_as_it_is() -> None:
    found = read({"model": "m", "max_tokens": 5, "messages": [user("")]})
    assert found.request.prompt.messages == (Message("user", ""),)


CLOUDS = {
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4-5-20251001",
    "anthropic.claude-sonnet-4-5-20250929-v1:0": "claude-sonnet-4-5-20250929",
    "eu.anthropic.claude-opus-4-6-v1": "claude-opus-4-6",
    "global.anthropic.claude-sonnet-4-6": "claude-sonnet-4-6",
    "anthropic.claude-3-sonnet-20240229-v1:0:200k": "claude-3-sonnet-20240229",
    "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1": (
        "claude-opus-4-6"
    ),
    "claude-haiku-4-5@20251001": "claude-haiku-4-5-20251001",
    "claude-3-5-sonnet-v2@20241022": "claude-3-5-sonnet-20241022",
    "claude-opus-4-6@default": "claude-opus-4-6",
    "vertex_ai/claude-opus-4-5@20251101": "claude-opus-4-5-20251101",
    "anthropic/claude-sonnet-4.5": "claude-sonnet-4-5",
    "openrouter/anthropic/claude-opus-4.6": "claude-opus-4-6",
    "anthropic:claude-haiku-4-5": "claude-haiku-4-5",
    "anthropic/claude-4.5-sonnet-20250929": "claude-sonnet-4-5-20250929",
    "databricks-claude-sonnet-4-5": "claude-sonnet-4-5",
}


@pytest.mark.parametrize("model", CLOUDS)
def test_another_clouds_model_id_is_mapped_and_the_line_says_so(model: str) -> None:
    found = read({"model": model, "max_tokens": 5, "messages": [user("Hi")]})
    assert found.request.params.model == CLOUDS[model]
    assert CLOUDS[model] in why(found, "model")


@pytest.mark.parametrize(
    "model", [HAIKU, "claude-haiku-4-5-20251001", "claude-3-5-sonnet-latest", "us/claude-distill"]
)
def test_any_other_model_id_stays_as_it_is(model: str) -> None:
    found = read({"model": model, "max_tokens": 5, "messages": [user("Hi")]})
    assert found.request.params.model == model
    assert "model" not in [each.name for each in found.left_out]


def test_a_variant_of_a_gateway_is_listed() -> None:
    model = "anthropic/claude-3.7-sonnet:thinking"
    found = read({"model": model, "max_tokens": 5, "messages": [user("Hi")]})
    assert found.request.params.model == "claude-3-7-sonnet"
    assert why(found, "model: :thinking")


@pytest.mark.parametrize("version", ["bedrock-2023-05-31", "vertex-2023-10-16"])
def test_a_body_of_another_cloud_loses_its_version_and_says_so(version: str) -> None:
    body = {"anthropic_version": version, "anthropic_beta": ["x"], "max_tokens": 5}
    found = read(body | {"messages": [user("Hi")]})
    assert found.request.params.extra_json == ""
    assert version in why(found, "anthropic_version")
    assert why(found, "anthropic_beta")


@pytest.mark.parametrize(
    "url",
    [
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-opus-4-6-v1/invoke",
        "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/"
        "publishers/anthropic/models/claude-opus-4-6@default:streamRawPredict",
    ],
)
def test_the_model_in_another_clouds_address_is_taken(url: str) -> None:
    body = {"anthropic_version": "x-1", "max_tokens": 5, "messages": [user("Hi")]}
    found = read_request(f"curl {url} -d '{json.dumps(body)}'")
    assert found.request.params.model == "claude-opus-4-6"
    assert "claude-opus-4-6" in why(found, "model")


def test_a_system_message_further_down_is_no_sign_of_openai() -> None:
    turns = [{"role": role, "content": role} for role in ("user", "system", "user")]
    body = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": turns}
    found = read_request(json.dumps(body))
    roles = [message.role for message in found.request.prompt.messages]
    assert (found.source, roles) == ("Anthropic request", ["user", "system", "user"])
    first = read_request(json.dumps(body | {"messages": turns[1:]}))
    assert first.source == "OpenAI chat request"


def test_null_among_messages_is_nothing_that_could_be_lost() -> None:
    turns = [user("Hi") | {"system": None, "name": None}, {"role": "assistant", "content": "Yes"}]
    found = read_request(json.dumps({"model": HAIKU, "max_tokens": 9, "messages": turns}))
    assert [line.name for line in found.left_out] == ["stream"]


@pytest.mark.parametrize("model", ["gpt-4o", HAIKU])
def test_system_messages_without_text_leave_no_empty_lines(model: str) -> None:
    empty: list[dict[str, Any]] = [
        {"role": "system", "content": None},
        {"role": "system", "content": ""},
    ]
    for systems, expected in ((empty, ""), ([*empty, {"role": "system", "content": "S"}], "S")):
        body = {"model": model, "max_tokens": 9, "messages": [*systems, user("Hi")]}
        found = read_request(json.dumps(body))
        assert found.request.prompt.system == expected
        assert "system" not in [line.name for line in found.left_out]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tool_choice", "auto"),
        ("max_tokens", 5),
        ("metadata", {"a": "b"}),
        ("service_tier", "flex"),
        ("reasoning_effort", "minimal"),
        ("parallel_tool_calls", False),
    ],
)
def test_what_the_messages_api_has_in_another_form_is_not_called_unknown_to_it(
    name: str, value: object
) -> None:
    body = {"model": "gpt-4o", "max_completion_tokens": 7, "messages": [user("Hi")], name: value}
    found = read_request(json.dumps(body))
    assert found.request.params.max_tokens == 7
    [why] = [line.why for line in found.left_out if line.name == name]
    assert "Not in the Messages API" not in why
