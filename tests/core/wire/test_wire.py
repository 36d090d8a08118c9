"""A request becomes exactly the headers and the body that the API's rules allow."""

import pytest

from playground.core.request.connection import CLAUDE, Connection
from playground.core.request.model_catalogue import CATALOGUE, find
from playground.core.request.request import Message, Params, Prompt, Request
from playground.core.wire.wire import model_on, wire

SAMPLING = {
    "claude-sonnet-4-6",
    "claude-opus-4-6",
    "claude-haiku-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-5",
}
PROMPT = Prompt("Be terse.", (Message("user", "Hi"),))
SERVER = Connection("server", "localhost:11434", "http://localhost:11434")


def wired(connection=CLAUDE, prompt=PROMPT, **params):
    params = Params(**{"model": "claude-sonnet-4-6", "max_tokens": 300, **params})
    return wire(Request(prompt, params), model_on(connection, params.model), connection)


@pytest.mark.parametrize("temperature", [None, 0.0, 0.2, 1.0])
@pytest.mark.parametrize("model", [model.id for model in CATALOGUE])
@pytest.mark.parametrize("connection", [CLAUDE, SERVER], ids=["claude", "server"])
def test_only_five_models_are_sent_a_temperature_and_only_by_the_old_version(
    model, temperature, connection
):
    sent = wired(connection, model=model, temperature=temperature)
    takes_it = model in SAMPLING and temperature is not None
    assert sent.headers == {"anthropic-version": "2023-06-01" if takes_it else "2026-10-21"}
    assert ("temperature" in sent.body) == takes_it
    if takes_it:
        assert sent.body["temperature"] == temperature
    assert sent.decision("temperature").why


def test_dated_ids_follow_the_rules_of_their_model():
    sent = wired(model="claude-haiku-4-5-20251001", temperature=0.2)
    assert sent.body["temperature"] == 0.2


def test_a_model_of_another_server_is_sent_its_temperature_by_the_old_version():
    sent = wired(SERVER, model="llama4:8b", temperature=1.5)
    assert sent.body["temperature"] == 1.5
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert wired(SERVER, model="llama4:8b").headers["anthropic-version"] == "2023-06-01"


def test_an_unknown_model_of_the_claude_api_is_sent_no_temperature():
    sent = wired(model="claude-next-9", temperature=0.5)
    assert "temperature" not in sent.body
    assert sent.decision("temperature").state == "unavailable"


def test_thinking_takes_the_temperature_away_and_says_so():
    sent = wired(temperature=0.2, thinking="adaptive")
    assert "temperature" not in sent.body
    assert "while it thinks" in sent.decision("temperature").why


def test_an_empty_system_prompt_is_not_sent():
    assert "system" not in wired(prompt=Prompt("  \n", PROMPT.messages)).body
    assert wired().body["system"] == "Be terse."


def test_the_body_holds_the_messages_with_their_roles_and_asks_for_a_stream():
    prompt = Prompt(
        "", (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "?"))
    )
    body = wired(prompt=prompt).body
    assert [(m["role"], m["content"]) for m in body["messages"]] == [
        ("user", "Hi"), ("assistant", "Hello"), ("user", "?"),
    ]  # fmt: skip
    assert body["stream"] is True
    assert body["max_tokens"] == 300


@pytest.mark.parametrize(
    ("model", "effort", "state"),
    [
        ("claude-opus-5-5", "max", "sent"),
        ("claude-sonnet-4-6", "xhigh", "unavailable"),
        ("claude-sonnet-4-6", "max", "sent"),
        ("claude-opus-4-5", "max", "unavailable"),
        ("claude-haiku-4-5", "low", "unavailable"),
        ("claude-haiku-4-5", None, "unavailable"),
        ("claude-opus-5-5", None, "default"),
        ("claude-next-9", "low", "sent"),
    ],
)
def test_effort_is_sent_to_models_that_have_the_level(model, effort, state):
    sent = wired(model=model, effort=effort)
    assert sent.decision("effort").state == state
    assert ("output_config" in sent.body) == (state == "sent")


@pytest.mark.parametrize(
    ("model", "thinking", "effort", "block"),
    [
        ("claude-opus-5-5", "adaptive", None, {"type": "adaptive"}),
        ("claude-opus-5-5", "off", None, None),
        ("claude-opus-5", "off", "high", {"type": "disabled"}),
        ("claude-opus-5", "off", "xhigh", None),
        ("claude-sonnet-5", "off", "max", {"type": "disabled"}),
        ("claude-sonnet-5-5", "off", None, None),
        ("claude-haiku-4-5", "budget", None, {"type": "enabled", "budget_tokens": 1024}),
        ("claude-sonnet-4-6", "adaptive", None, {"type": "adaptive"}),
        ("claude-sonnet-4-6", "default", None, None),
    ],
)
def test_thinking_is_asked_for_in_the_form_that_the_model_takes(model, thinking, effort, block):
    sent = wired(model=model, thinking=thinking, effort=effort, max_tokens=4000)
    assert sent.body.get("thinking") == block
    if thinking == "off" and block is None:
        assert sent.decision("thinking").state == "unavailable"


def test_the_parameters_as_sent_leave_out_the_texts():
    sent = wired(temperature=0.2, stop_sequences=("END",)).parameters()
    assert sent == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 300,
        "temperature": 0.2,
        "stop_sequences": ["END"],
    }


def test_the_catalogue_agrees_with_itself():
    for model in CATALOGUE:
        assert find(model.id) is model
        assert model.default_effort in (None, *model.efforts)
        assert model.takes_sampling == ("enabled" in model.thinking_types)
        assert model.max_output_tokens < model.context_tokens
